"""Editorial instructions in the raw copy: kill, withdrawn, embargo, hold, correction, advisory.

They are read before anything is cut (law 8). Every shape is anchored to a whole line, so that a sentence about a kill or
an embargo is no signal. Wire forms: Reuters and dpa style guides, AP's alert lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cleaners.model import Signal
from cleaners.model.story import SignalKind

_LONGEST = 300
_FRAME = re.compile(r"^[\s*\-–—=#/\\|•!>(\[{<]+|[\s*\-–—=#/\\|•!)\]}>]+$")
_TOP = 12
"""A single bare word ("KILL") is an instruction only among the first lines; further down it may be a heading."""

_BARE: dict[str, SignalKind] = {
    "KILL": "kill",
    "WITHDRAWN": "withdrawn",
    "HOLD": "hold",
    "EMBARGO": "embargo",
    "EMBARGOED": "embargo",
}

_SHAPES: tuple[tuple[SignalKind, re.Pattern[str]], ...] = (
    # Exact case: capitals are what makes the line an instruction.
    (
        "kill",
        re.compile(
            r"(?:BULLETIN |MANDATORY |URGENT |STORY |NEWS |PICTURE |PHOTO )*KILL(?:ED)?(?:[ ,.\-–—*!:]+KILL)+\b.*"
        ),
    ),
    ("kill", re.compile(r"(?:BULLETIN|MANDATORY|STORY|NEWS|URGENT)[ -]KILL(?:ED)?\b.*")),
    ("kill", re.compile(r"KILL(?:ED)?\s*(?::|--|–|—|/)\s*\S.*")),
    (
        "kill",
        re.compile(
            r"(?i:(?:attention |attn:? )?(?:editors|eds|desks|clients|subscribers|all points))\s*[:,.–—-]+\s*(?i:please )?(?i:kill|spike) (?i:the|this|our|all) .*"
        ),
    ),
    (
        "kill",
        re.compile(
            r"(?i:please )?(?i:kill) (?i:this|the) (?i:story|item|report|article|bulletin|advance)(?i: immediately| at once)?[.! ]*(?:(?i:it|a kill|there|do not|no substitute)\b.*)?"
        ),
    ),
    (
        "withdrawn",
        re.compile(
            r"(?:STORY|ARTICLE|REPORT|HEADLINE|ITEM|PICTURE|COPY) (?:IS |HAS BEEN )?(?:WITHDRAWN|REMOVED|RETRACTED)\b.*"
        ),
    ),
    ("withdrawn", re.compile(r"(?:WITHDRAWN|WITHDRAWAL|RETRACTED|RETRACTION)\s*(?::|--|–|—)\s*\S.*")),
    (
        "withdrawn",
        re.compile(
            r"(?i:(?:editor.?s.? note|note|update)[:.]? )?(?i:this|the) (?i:story|article|item|dispatch) (?i:has been|was|is) (?i:withdrawn|retracted|killed)(?i: by [\w .]{2,30})?[.!;,]?(?: *| (?i:because|due to|pending|as it|after|at the request|and should|please|a corrected|it|there will).*)"
        ),
    ),
    (
        "withdrawn",
        re.compile(
            r"(?i:achtung: )?(?i:diese|die) (?i:meldung|nachricht)(?i: [\w\"„“ -]{1,60})? (?i:wird|wurde|ist) (?i:zurückgezogen|zurueckgezogen|gestrichen).*"
        ),
    ),
    (
        "withdrawn",
        re.compile(
            r"(?:MELDUNG|BERICHT) (?:WIRD |IST )?(?:ZURÜCKGEZOGEN|GESTRICHEN).*|(?:DÉPÊCHE|ARTICLE) ANNULÉE?\b.*|ANNULATION\s*[:–—-].*|(?:NOTA|NOTICIA) ANULADA\b.*|ANULACIÓN\s*[:–—-].*"
        ),
    ),
    # "Embargo: what it means for the port" is a headline; an instruction in small letters names a time.
    (
        "embargo",
        re.compile(
            r"(?:STRICTLY |STRICT |UNDER )*EMBARGO(?:ED)?\s*(?:(?:UNTIL|TILL|TO|FOR|NOT FOR|BY|AT)\b|[:–—-]).*"
        ),
    ),
    (
        "embargo",
        re.compile(
            r"(?i:(?:strictly |strict |under )*embargo(?:ed)?\s*(?:(?:until|till|for release|for publication|not for)\b.*|[:–—-].*\d.*))"
        ),
    ),
    (
        "embargo",
        re.compile(
            r"(?i:news )?(?i:sperrfrist|sperrvermerk|sperre bis)\s*[:\-–—]?\s*(?:\d|(?i:bis|frei|heute|morgen|sonn|mon|diens|mitt|donn|frei|sams)).*"
        ),
    ),
    (
        "embargo",
        re.compile(
            r"(?i:sous embargo|embargo) (?i:jusqu).*|(?i:embargad[oa]|embargo) (?i:hasta).*|(?i:embargo) (?i:fino|até|tot)\b.*"
        ),
    ),
    (
        "embargo",
        re.compile(
            r"(?:HOLD|ADVANCE) FOR (?:RELEASE\b|(?:USE )?(?:MON|TUES|WEDNES|THURS|FRI|SATUR|SUN)DAY|AMS\b|PMS\b).*|(?i:hold for release) (?i:until|at|on|till|:|mon|tue|wed|thu|fri|sat|sun|\d).*"
        ),
    ),
    (
        "embargo",
        re.compile(
            r"(?i:not (?:for|to be) (?:release|released|publication|published|broadcast|use|used)(?: or \w+)?) (?i:before|until|till|prior to)\b.*"
        ),
    ),
    ("hold", re.compile(r"HOLD(?:[ ,.\-–—*!:]+HOLD)+\b.*")),
    (
        "hold",
        re.compile(
            r"(?i:(?:strictly )?not for publication)(?i: or (?:broadcast|distribution|release))?[.! ]*|(?:DO NOT|DON'T|DON’T) (?:PUBLISH|USE|RUN|RELEASE|POST)\b.*|(?:NICHT ZUR VERÖFFENTLICHUNG|NICHT VERÖFFENTLICHEN|NE PAS PUBLIER|NO PUBLICAR|NON PUBBLICARE)\b.*"
        ),
    ),
    ("hold", re.compile(r"(?i:do not (?:publish|use|run))(?i: (?:this|yet|until|before)\b.*)?[.! ]*")),
    (
        "correction",
        re.compile(
            r"(?:CORRECTED|CORRECTION|CORRECTIVE|CORRECTS|REFILE|REFILING|BERICHTIGUNG|KORREKTUR|RECTIFICATIF|CORRECCIÓN)\b\s*(?:[-–—:(.].*|$)"
        ),
    ),
    (
        "correction",
        re.compile(
            r"(?i:correction|clarification|berichtigung|korrektur|rectificatif|corrección|fe de errores)\s*[:–—].+|(?:Corrects|Corrected|Refiles|Refile) .{3,}"
        ),
    ),
    (
        "advisory",
        re.compile(
            r"(?i:eds|editors)\s*(?::|--|–|—)\s*\S.*|(?i:attention|attn)[:,]? (?i:editors|eds|desks|clients|subscribers|redaktionen)\b.*|(?:MEDIA|EDITORIAL|EDITORS'?|EDITOR’S) ADVISORY\b.*|(?i:achtung redaktionen)\b.*"
        ),
    ),
)


def signals_in(lines: Iterable[str]) -> tuple[Signal, ...]:
    """The signals in the raw document's lines, each once, in order.

    >>> signals_in(["KILL KILL KILL", "Police said the kill was lawful."])
    (Signal(kind='kill', text='KILL KILL KILL'),)
    >>> signals_in(["Embargoed goods from the port were seized on Monday."])
    ()
    """
    found: dict[Signal, None] = {}
    for number, line in enumerate(lines):
        kind = signal_of(line, top=number < _TOP)
        if kind is not None:
            found[Signal(kind, line.strip())] = None
    return tuple(found)


def signal_of(line: str, top: bool = True) -> SignalKind | None:
    """What ``line`` instructs, or None. ``top``: the line is one of the first."""
    if len(line) > _LONGEST:
        return None
    bare = _FRAME.sub("", line)
    if top and bare.rstrip(".:! ") in _BARE:
        return _BARE[bare.rstrip(".:! ")]
    for kind, shape in _SHAPES:
        if shape.fullmatch(bare) is not None and not (kind == "correction" and _is_ordinary(line, bare)):
            return kind
    return None


def _is_ordinary(line: str, bare: str) -> bool:
    """ "Corrects paragraph 3" is an instruction only in brackets or with its paragraph: "(Corrects name in para 2)"."""
    return bare.startswith(
        ("Corrects ", "Corrected ", "Refiles ", "Refile ")
    ) and not line.lstrip().startswith(("(", "["))
