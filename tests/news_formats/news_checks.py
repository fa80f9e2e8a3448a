"""Whether a document is what its format says: ninjs and NewsML-G2 by IPTC's own schemas, NITF and JSON-LD by what is written here of theirs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from lxml import etree

FORMATS = ("ninjs", "nitf", "newsml-g2", "json-ld")
ADDRESSES = ("http://", "https://", "mailto:", "tel:")
XHTML = "{http://www.w3.org/1999/xhtml}"
SAFE = {
    *("body", "p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "table", "tr", "th", "td"),
    *("figure", "figcaption", "img", "a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "del", "em", "i"),
    *("ins", "kbd", "mark", "q", "s", "small", "strong", "sub", "sup", "time", "u"),
}
SAFE_ATTRIBUTES = {"src", "alt", "href", "hreflang", "title", "datetime", "start", "dir", "lang"}
PROPERTIES = {
    "NewsArticle": {
        *(
            "@context",
            "@type",
            "@id",
            "identifier",
            "version",
            "creativeWorkStatus",
            "conditionsOfAccess",
            "url",
        ),
        *(
            "mainEntityOfPage",
            "headline",
            "description",
            "articleSection",
            "author",
            "creditText",
            "keywords",
        ),
        *(
            "sourceOrganization",
            "publisher",
            "sdPublisher",
            "datePublished",
            "dateModified",
            "sdDatePublished",
        ),
        *("inLanguage", "isAccessibleForFree", "copyrightNotice", "image", "correction", "articleBody"),
        "wordCount",
    },
    "Person": {"@type", "name"},
    "Organization": {"@type", "name"},
    "WebPage": {"@type", "@id"},
    "ImageObject": {
        *("@type", "@id", "url", "contentUrl", "encodingFormat", "caption", "description", "creditText"),
    },
    "CorrectionComment": {"@type", "text"},
}
"""What schema.org has for these types, as far as it is used (schema.org/NewsArticle, /ImageObject, /CorrectionComment)."""


class Checks:
    """The schemas, loaded once. ``iptc`` is the folder of IPTC's."""

    def __init__(self, iptc: Path) -> None:
        schema = json.loads((iptc / "ninjs-schema_3.1.json").read_text("utf-8"))
        Draft202012Validator.check_schema(schema)
        # Formats count: a date without a zone, or "harbour.jpg" for a URI, is a fault.
        self.ninjs = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
        self.newsml = etree.XMLSchema(etree.parse(iptc / "NewsML-G2_2.35-spec-All-Power.xsd"))
        with Path(__file__).with_name("nitf-subset.dtd").open() as file:
            self.nitf = etree.DTD(file)

    def faults(self, format: str, document: str) -> list[str]:
        """What is wrong with the document; nothing, if it is valid."""
        document.encode("utf-8")
        if format == "ninjs":
            item = json.loads(document)
            found = [f"{error.json_path}: {error.message}" for error in self.ninjs.iter_errors(item)]
            return found + [fault for body in item.get("bodies", ()) for fault in _body_faults(body)]
        if format == "json-ld":
            assert "<" not in document, "it could end the <script> that it stands in"
            return list(_ld_faults(json.loads(document)))
        root = etree.fromstring(document.encode())
        if format == "nitf":
            found = [] if self.nitf.validate(root) else [str(one) for one in self.nitf.error_log]
            return found + list(_address_faults(root))
        found = [] if self.newsml.validate(root) else [str(one) for one in self.newsml.error_log]
        return found + [fault for body in root.iter(f"{XHTML}body") for fault in tree_faults(body)]


def _body_faults(body: dict[str, Any]) -> list[str]:
    if body["contentType"] != "text/html":
        return []
    return list(tree_faults(etree.fromstring(f"<body>{body['value']}</body>")))


def tree_faults(body: Any) -> Iterator[str]:
    """Elements, attributes and addresses that no body may have."""
    for element in body.iter():
        name = etree.QName(element).localname
        if name not in SAFE:
            yield f"<{name}> is not safe"
        for key in element.attrib:
            if key not in SAFE_ATTRIBUTES:
                yield f"<{name} {key}> is not safe"
    yield from _address_faults(body)


def _address_faults(tree: Any) -> Iterator[str]:
    for element in tree.iter():
        for key, value in element.attrib.items():
            if key in ("href", "src", "source") and not value.startswith(ADDRESSES):
                yield f"{key}={value} is no address"


def _ld_faults(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _ld_faults(one)
    if isinstance(value, dict):
        known = PROPERTIES.get(value.get("@type", ""))
        if known is None:
            yield f"{value.get('@type')!r} is no type that is used"
        else:
            yield from (f"{value['@type']} has no property {key}" for key in value if key not in known)
        for key, one in value.items():
            if key in ("url", "contentUrl") and not one.startswith(ADDRESSES):
                yield f"{key}={one} is no address"
            if one in (None, "", [], {}):
                yield f"{key} says nothing"
            yield from _ld_faults(one)
