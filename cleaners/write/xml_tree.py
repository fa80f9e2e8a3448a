"""Trees of XML by lxml: no format is put together of strings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree


def add(
    parent: Any, tag: str, text: str | None = None, attributes: Mapping[str, str | None] | None = None
) -> Any:
    """A child of ``parent`` in its namespace; attributes that are None are left out."""
    namespace = etree.QName(parent).namespace
    child = etree.SubElement(parent, f"{{{namespace}}}{tag}" if namespace else tag)
    child.text = text
    for name, value in (attributes or {}).items():
        if value is not None:
            child.set(name, value)
    return child


def add_each(parent: Any, tag: str, texts: tuple[str | None, ...]) -> None:
    """A child for each text that there is."""
    for text in texts:
        if text:
            add(parent, tag, text)


def document(root: Any) -> str:
    """The tree as a document in UTF-8, with its declaration; nothing is indented, as spaces between words count."""
    written: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return written.decode() + "\n"
