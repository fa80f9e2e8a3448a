"""What is left of a mail's quoted-printable coding in a text: "don=E2=80=99t", "=20", lines that end in "="."""

from __future__ import annotations

import re

from cleaners.read.pieces import Edit

_CODES = r"=[0-9A-F]{2}(?:(?:=[ \t]*\r?\n)?=[0-9A-F]{2})*"
_ANY = re.compile(rf"(?P<codes>{_CODES})|(?P<soft>=[ \t]*\r?\n)")
_LETTER = re.compile(r"=[C-F][0-9A-F](?:(?:=\r?\n)?=[89AB][0-9A-F])+")
_SOFT = re.compile(r"(?m)^.{40,76}[^=\r\n]=\r?$(?=\n\S)")
_SPACE = re.compile(r"(?m)\S=20\r?$|^=20\r?$")
_CONTROLS = frozenset(range(32)) - {9} | {127}
_LEAST = 2


def quoted_printable(text: str) -> list[Edit]:
    """The edits that decode ``text``, where it is coded: where letters are, or where two line ends look like it.

    >>> quoted_printable("don=E2=80=99t")
    [Edit(start=3, end=12, after='’')]
    >>> quoted_printable("In the survey n=20 of a=3D, https://x.example/?a=20&b=E2")
    []
    """
    if "=" not in text or not _is_coded(text):
        return []
    edits = []
    for found in _ANY.finditer(text):
        after = "" if found["soft"] is not None else _decoded(found["codes"])
        if after is not None:
            edits.append(Edit(found.start(), found.end(), after))
    return edits


def _is_coded(text: str) -> bool:
    if any(_utf8(found[0]) is not None for found in _LETTER.finditer(text)):
        return True
    return sum(1 for _ in _SOFT.finditer(text)) + sum(1 for _ in _SPACE.finditer(text)) >= _LEAST


def _utf8(codes: str) -> str | None:
    try:
        return _bytes(codes).decode()
    except UnicodeDecodeError:
        return None


def _decoded(codes: str) -> str | None:
    """None where the codes stand for controls and line breaks: those are left as they are."""
    content = _bytes(codes)
    if not _CONTROLS.isdisjoint(content):
        return None
    return _utf8(codes) or content.decode("cp1252", errors="replace")


def _bytes(codes: str) -> bytes:
    return bytes.fromhex("".join(re.findall(r"=([0-9A-F]{2})", codes)))
