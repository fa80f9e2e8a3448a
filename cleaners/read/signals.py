"""Editorial instructions in the raw copy: kill, withdrawn, embargo, hold, correction, advisory.

They are read before anything is cut (law 8), from the blocks and from the raw document's own lines: what the reader takes
for furniture may be the desk's note. Every shape is anchored to a whole line, or to its first sentence, so that a sentence
about a kill or an embargo is no signal. Wire forms: Reuters and dpa style guides, AP's alert lines.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from html import unescape

import re2

from cleaners.model import Signal
from cleaners.model.story import SignalKind

_LONGEST = 300
"""Of a longer line its first so many characters: "KILL KILL KILL: …" with the whole paragraph behind it."""
_FRAME = re.compile(r"^[\s*\-–—=#/\\|•!>(\[{<]+|[\s*\-–—=#/\\|•!)\]}>]+$")
_SENTENCE = re.compile(r"(.{3,}?[.!?])[\s)\]*]")
_SPACES = re.compile(r"\s+")
_UNSEEN = re.compile("[\xad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_EDGE = 12
"""A bare "HOLD" is an instruction only among the first or last lines; elsewhere it may be a heading."""

_BARE: dict[str, SignalKind] = {
    "KILL": "kill",
    "KILLED": "kill",
    "STORNO": "withdrawn",
    "WITHDRAWN": "withdrawn",
    "EMBARGO": "embargo",
    "EMBARGOED": "embargo",
    "ADVISORY": "advisory",
}
_BARE_AT_EDGE: dict[str, SignalKind] = {"HOLD": "hold"}

# No shape can match a line without one of these: most lines are done after this one search.
_CUE = re.compile(
    "kill|spike|withdr|retract|remov|zur(?:ü|ue)ck|gestrich|storno|annul|anula|embarg|sperr|hold|advance|"
    "not (?:for|to)|do not|don['’]t|ver(?:ö|oe)ff|verwend|ne pas|no publi|non pubb|correc|refil|bericht|korrekt|rectif|"
    "clarif|fe de err|eds|editor|redaktion|attention|attn|advisor"
)

_CUES = re2.compile(_CUE.pattern.replace(" ", r"[\s\x0b\x1c-\x1f]+"))

_NAMES = "STORY|ARTICLE|REPORT|HEADLINE|ITEM|PICTURE|PHOTO|COPY|ADVANCE|BULLETIN|ALERT|NEWSALERT|SLUG|VIDEO|GRAPHIC"
_SENDERS = "AP|AFP|DPA|PA|UPI|EFE|ANSA|APA|REUTERS|BLOOMBERG|KYODO|TASS|PTI|IANS|ANI|NEWSWIRE|DESK|EDITORS?|EDS|ATTN|ATTENTION|NOTE"
_RANKS = "URGENT|BULLETIN|FLASH|ALERT|MANDATORY|STORY|NEWS|PICTURE|PHOTO|VIDEO|HEADLINE|ADVISORY|EDITORIAL"
_DAYS = "MON|TUE|WED|THU|FRI|SAT|SUN|TODAY|TOMORROW|TONIGHT|NOON|MIDNIGHT"
_WHEN = rf"(?:\d|(?:{_DAYS})|(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)[A-Z]*\.? \d)"
_HOUR = r"\d{1,2}(?:[:.]?\d{2})?(?: ?(?:hours|hrs|h|am|pm|a\.m\.|p\.m\.|uhr|gmt|utc|bst|cet|cest|est|edt|et|pst|ist|local|z)\b.*)"
_CLOCK = r"\d{1,2}[:.]\d{2}\b"

_SHAPES: tuple[tuple[SignalKind, re.Pattern[str]], ...] = (
    # Exact case: capitals are what makes the line an instruction.
    (
        "kill",
        re.compile(
            r"(?:BULLETIN |MANDATORY |URGENT |STORY |NEWS |PICTURE |PHOTO )*KILL(?:ED)?(?:[ ,.\-–—*!:]+KILL)+\b.*"
        ),
    ),
    ("kill", re.compile(r"(?:BULLETIN|MANDATORY|STORY|NEWS|URGENT)[ -]KILL(?:ED)?\b.*")),
    # "AP KILL", "URGENT: KILL", "KILL STORY", "BC-KILL-Ferry", "BC-Ferry-KILL".
    (
        "kill",
        re.compile(
            rf"(?:(?:{_SENDERS}|{_RANKS})[ :,/–—-]+)+KILL(?:ED)?(?:[ :,/–—-]+(?:{_NAMES}|NOTICE|NOTE|ORDER))?(?:[.!:(–—-].*)?"
        ),
    ),
    (
        "kill",
        re.compile(
            rf"KILL (?:(?:THE|THIS|ALL|OUR|ABOVE|PREVIOUS|LAST) )?(?:{_NAMES}|NOTICE|ORDER)S?(?: (?:IMMEDIATELY|AT ONCE|NOW))?(?:[.!:(–—-].*)?"
        ),
    ),
    ("kill", re.compile(r"(?:BC|AM|PM|AS|URGENT)-+(?:\S.{0,80}?[-, ]+)??KILL(?:-.*| *\(.*)?")),
    (
        "kill",
        re.compile(
            rf"(?i:kill|spike|killed|spiked)\s*[:–—]\s*.{{0,80}}\b(?i:{_NAMES}|all versions)s?(?i: slugged .*)?[.!]*"
        ),
    ),
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
    (
        "withdrawn",
        re.compile(rf"(?i:{_NAMES}) (?i:is |has been )?(?i:withdrawn|retracted|killed)(?:[.!]*|\s*[:–—].*)"),
    ),
    (
        "withdrawn",
        re.compile(
            r"(?:ACHTUNG[:,!]? |EIL[:,!]? )*STORNO(?:[ ,.!*–—-]+STORNO)*(?:\s*[:!–—].*|(?: DER)? (?:MELDUNG|BERICHT).*)?"
        ),
    ),
    (
        "withdrawn",
        re.compile(
            r"(?i:achtung[:,!]? )?(?i:dpa|afp|apa|ap|sid|epd|kna|reuters|die (?:redaktion|agentur)|wir) (?i:zieht|ziehen|zog|zogen) "
            r"(?i:die|diese|ihre|unsere|den|seinen|ihren) (?i:\w{0,20}(?:meldung|nachricht|bericht|beitrag|korrespondenz))\b.{0,80} (?i:zurück|zurueck)\b.*"
            r"|(?i:achtung[:,!]? )?(?i:dpa|afp|apa|ap|sid|epd|kna|reuters|die (?:redaktion|agentur)|wir) (?i:zieht|ziehen) "
            r"(?i:die|diese|ihre|unsere|den|seinen|ihren) (?i:\w{0,20}(?:meldung|nachricht|bericht|beitrag)) (?i:zurück|zurueck)\b.*"
        ),
    ),
    # "Embargo: what it means for the port" is a headline; an instruction in small letters names a time.
    (
        "embargo",
        re.compile(
            rf"(?:STRICTLY |STRICT |UNDER )*EMBARGO(?:ED)?\s*(?:(?:UNTIL|TILL|NOT FOR)\b.*"
            rf"|(?:TO|FOR|BY|AT)\b\s*(?:{_WHEN}|RELEASE|PUBLICATION|BROADCAST|USE\b).*"
            rf"|[:–—-]\s*(?:{_WHEN}|UNTIL|TILL|NOT |NONE|STRICT|SEE |RELEASE|HOLD).*|(?:{_DAYS})[A-Z]*\b.{{0,40}})"
            rf"|EMBARGOED\s*(?:[:–—]|TO\b|FOR\b|BY\b|AT\b).*"
            rf"|(?i:(?:strictly |strict |under )*embargo(?:ed)?:? (?:{_HOUR}|{_CLOCK}.*))"
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
            r"(?i:(?:strictly )?not for publication)(?i: or (?:broadcast|distribution|release))?[.! ]*|(?:DO NOT|DON'T|DON’T) (?:PUBLISH|USE|RUN|RELEASE|POST)\b.*|(?:BITTE |ACHTUNG[:,!]? )*(?:NICHT ZUR VER(?:Ö|OE)FFENTLICHUNG|NICHT (?:MEHR )?(?:VER(?:Ö|OE)FFENTLICHEN|VERWENDEN)|NE PAS PUBLIER|NO PUBLICAR|NON PUBBLICARE)\b.*"
            r"|(?i:(?:achtung[:,!]? )?bitte nicht (?:mehr )?(?:ver(?:ö|oe)ffentlichen|verwenden))[.! ]*"
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


def signals_in(lines: Iterable[str], raw: Iterable[str] = ()) -> tuple[Signal, ...]:
    """The signals in the story's ``lines``, then those that hold a story in the ``raw`` document's; each once, in order.

    Corrections and advisories are read from the story's lines alone: a page names those of its neighbours, too.

    >>> signals_in(["KILL KILL KILL", "Police said the kill was lawful."])
    (Signal(kind='kill', text='KILL KILL KILL'),)
    >>> signals_in(["Embargoed goods from the port were seized on Monday."])
    ()
    """
    known = list(lines)
    cued = _cued(known)
    found: dict[Signal, None] = dict.fromkeys(_signals(known, cued))
    others = list(raw)
    if not cued and {line.strip() for line in others} <= {line.strip() for line in known} | {""}:
        return ()  # a text: its blocks are its lines, and none has a cue
    for signal in _signals(others, _cued(others)):
        if signal.kind not in ("correction", "advisory"):
            found[signal] = None
    return tuple(found)


def signal_of(line: str, edge: bool = True) -> SignalKind | None:
    """What ``line`` instructs, or None. ``edge``: the line is one of the first or last."""
    return _kind(_normal(line), edge)


def _signals(lines: list[str], cued: dict[int, str]) -> list[Signal]:
    found: list[Signal] = []
    for number, normal in cued.items():
        line = lines[number]
        edge = number < _EDGE or number >= len(lines) - _EDGE
        kind = _kind(normal, edge)
        if kind is not None:
            found.append(Signal(kind, normal))
            continue
        # "Note | KILL KILL KILL": a cell ends a line. A column's heading "KILL" among many is a table of scores.
        cells = line.split("|") if "|" in line else []
        for cell in cells:
            normal = _normal(cell)
            kind = _kind(normal, edge and len(cells) == 2, alone=len(cells) == 2)
            if kind is not None:
                found.append(Signal(kind, normal))
    return found


def _cued(lines: list[str]) -> dict[int, str]:
    """The lines with a cue, and those with cells, as they are read. One linear search through all: most stories have hardly any."""
    tables = {number for number, line in enumerate(lines) if "|" in line}
    text = "\n".join([_shown(line) for line in lines]).casefold().encode("utf-8", "replace")
    cued: set[int] = set()
    number = at = 0
    while found := _CUES.search(text, at):
        number += text.count(b"\n", at, found.start())
        cued.add(number)
        at = text.find(b"\n", found.start())
        if at < 0:
            break
    return {number: _normal(lines[number]) for number in sorted(tables | cued)}


def _shown(line: str) -> str:
    """A line that has a cue wherever ``_normal(line)`` has one, at less cost where the line is plain but for its quotation marks."""
    text = line
    if not text.isascii():
        for odd, plain in _PLAINLY:
            text = text.replace(odd, plain)
    return text if text.isascii() and "&" not in text and "\n" not in text else _normal(line)


# In no cue but "don’t".
_PLAINLY = (*((odd, "'") for odd in "’‘“”–—…"), ("\u00a0", " "))


def _normal(line: str) -> str:
    """The first 300 characters of ``line`` as they are read: entities, wide letters and spaces of every kind made plain."""
    text = line.strip()[: 4 * _LONGEST]
    if text.isascii() and "&" not in text:
        return " ".join(text.split())[:_LONGEST]
    for _ in range(2):
        if "&" in text:
            text = unescape(text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _UNSEEN.sub("", text))
    return _SPACES.sub(" ", text).strip()[:_LONGEST]


def _kind(text: str, edge: bool, alone: bool = True) -> SignalKind | None:
    if _CUE.search(text.casefold()) is None:
        return None
    bare = _FRAME.sub("", text)
    word = bare.rstrip(".:! ")
    if alone and word in _BARE:
        return _BARE[word]
    if edge and word in _BARE_AT_EDGE:
        return _BARE_AT_EDGE[word]
    return _instruction(text, bare) or _first_sentence(text)


def _first_sentence(text: str) -> SignalKind | None:
    """ "This story has been withdrawn. The ferry …": what the first sentence instructs."""
    found = _SENTENCE.match(text)
    return _instruction(text, _FRAME.sub("", found[1])) if found is not None else None


def _instruction(line: str, bare: str) -> SignalKind | None:
    for kind, shape in _SHAPES:
        if shape.fullmatch(bare) is not None and not (kind == "correction" and _is_ordinary(line, bare)):
            return kind
    return None


def _is_ordinary(line: str, bare: str) -> bool:
    """ "Corrects paragraph 3" is an instruction only in brackets or with its paragraph: "(Corrects name in para 2)"."""
    return bare.startswith(
        ("Corrects ", "Corrected ", "Refiles ", "Refile ")
    ) and not line.lstrip().startswith(("(", "["))
