"""Editorial instructions in the raw copy: kill, withdrawn, embargo, hold, correction, advisory.

They are read before anything is cut (law 8), from the blocks and from the raw document's own lines: what the reader takes
for furniture may be the desk's note. Every shape is anchored to a whole line, or to its first sentence, so that a sentence
about a kill or an embargo is no signal. Wire forms: Reuters and dpa style guides, AP's alert lines.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from html import unescape
from typing import Any

import re2

from cleaners.model import Raw, Signal, Span
from cleaners.model.story import SignalKind
from cleaners.read.moment import moment_of
from cleaners.read.wire_forms import FOREIGN, FORMS, GRAVE, LABEL, TAIL
from cleaners.read.zones import is_prose

_LONGEST = 300
"""Of a longer line its first so many characters: "KILL KILL KILL: …" with the whole paragraph behind it."""
_FRAME = " *+-–—=#/\\|•!<>^"
_OPENS, _CLOSES = _FRAME + "([{", _FRAME + ")]}"
_SENTENCE = re.compile(r"(.{3,}?[.!?])[\s)\]*]")
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

# No shape can match a line without one of these: most lines are done after this one search. A set, for it is asked for no place.
_CUE_WORDS = (
    "(?i)kill|spike|withdr|retract|remov|zur(?:ü|ue)ck|gestrich|storno|annul|anul|embarg|wycof|drar tillb|sperr|hold|advance|"
    "not (?:for|to)|do not|don['’]t|ver(?:ö|oe)ff|verwend|ne pas|no publi|non pubb|correc|refil|bericht|korrekt|rectif|"
    "clarif|fe de err|eds|editor|redaktion|attention|attn|advisor|"
    "annul|anule|not[ií]cia|notizia|retir|intrekken|dras|trekk|trækk|ambargo|klausul|julkaisuvapaa|zakaz|utilizar|publi[ck]|публик|diffus|"
    "for release|disregard|legal|lawyer|\\btk\\b|draft|حظر|प्रकाशित|eilmeldung|meldung|"
    "perut|peruut|(?:i|İ)ptal|stažen|zrušen|visszavon|frei (?:für|fuer|ab|zur)|adv ?\\d|release|"
    "эмбарго|ембарго|аннул|снято|отзыв|解禁|エンバーゴ|取り消し|撤|禁|금지|엠바고|기사|보도|yayınla"
)
_CUE = re2.Set.SearchSet()
_CUE.Add(_CUE_WORDS)
_CUE.Compile()
_CUED = re2.compile(f"(?:{_CUE_WORDS})[^\n]*")
# A line of these characters alone is read as it stands: nothing of it is an entity, a wide letter or a space of another kind.
_ODD = re2.compile(r"(?:[^ -%'-~\nÀ-ÖØ-öø-ÿ‐‒-―‘’“”„‚«»·©®]|  )[^\n]*")
# A desk note opens with a bracket, a star, capitals or a word for editors, and is short.
_NOTE_CUE = re.compile(
    r"\W|[A-Z]{2}|\d|(?i:eds|ednote|editor|note|nota|for int|intern|hinweis|redakt|take|more|ends|hr |corrects|refiles|clarifies|fixes|deletes|removes)"
)
_NOTE_ENDS = (")", "]")
_LONGEST_NOTE = 300
_SHORT = 20
_STOPS = ("kill", "withdrawn", "embargo", "hold")
"""What the raw document is searched for as well."""
_TIMED = ("embargo", "hold", "advisory")
_LABELS = ("correction", "update")
"""What a label before a headline may say."""
_SENTENCE_ENDS = (".", "!", "?", "。")
_TO_EDITORS = re.compile(r"(?i:eds\.?|editors|ednote|(?:eds\.?|desk) note|note to \w+)\s*[:–—-]+\s*")
_FOR_READERS = re.compile(
    r"\W*(?i:corrections?|corrected|clarifications?|update|berichtigung|korrektur|rectificatif|corrección|fe de errores)\s*[:–—]"
)
_END = re.compile(r"#{3,}|#(?: #){2}|-{1,3} ?30 ?-{1,3}")

_NAMES = "STORY|ARTICLE|REPORT|HEADLINE|ITEM|PICTURE|PHOTO|COPY|ADVANCE|BULLETIN|ALERT|NEWSALERT|SLUG|VIDEO|GRAPHIC"
_SENDERS = "AP|AFP|DPA|PA|UPI|EFE|ANSA|APA|REUTERS|BLOOMBERG|KYODO|TASS|PTI|IANS|ANI|NEWSWIRE|DESK|EDITORS?|EDS|ATTN|ATTENTION|NOTE"
_RANKS = "URGENT|BULLETIN|FLASH|ALERT|MANDATORY|STORY|NEWS|PICTURE|PHOTO|VIDEO|HEADLINE|ADVISORY|EDITORIAL"
_DAYS = "MON|TUE|WED|THU|FRI|SAT|SUN|TODAY|TOMORROW|TONIGHT|NOON|MIDNIGHT"
_WHEN = rf"(?:\d|(?:{_DAYS})|(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)[A-Z]*\.? \d)"
_HOUR = r"\d{1,2}(?:[:.]?\d{2})?(?: ?(?:hours|hrs|h|am|pm|a\.m\.|p\.m\.|uhr|gmt|utc|bst|cet|cest|est|edt|et|pst|ist|local|z)\b.*)"
_CLOCK = r"\d{1,2}[:.hH]\d{2}\b"
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_GERMAN_DAY = r"(?:(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|sonnabend|\d{1,2}\.\s?(?:\d|jan|feb|mär|apr|mai|jun|jul|aug|sep|okt|nov|dez))"

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
    (
        "kill",
        re.compile(r"(?:BC|AM|PM|AS|AP|URGENT)-+(?:\S.{0,80}?[-, ]+)??KILL(?:-.*| *\(.*|, ?\d{1,4}\b.*)?"),
    ),
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
        re.compile(
            rf"(?i:{_NAMES}) (?i:is |has been )?(?i:withdrawn|retracted|killed)(?:[.!]*|\s*[:–—]\s*(?:BC|AM|PM|AS)-.*)"
        ),
    ),
    # "Story withdrawn: how a magazine lost its nerve" is a headline, "Story withdrawn: the ferry" may be a kill: a person decides.
    ("hold", re.compile(rf"(?i:{_NAMES}) (?i:is |has been )?(?i:withdrawn|retracted|killed)\s*[:–—].*")),
    # An agency on itself; but others tell of it as well: "The agency has withdrawn its story …, its editor said".
    (
        "hold",
        re.compile(
            r"(?:The )?(?:Associated Press|AP|Reuters|Agence France-Presse|AFP|PA(?: Media)?|Bloomberg(?: News)?|UPI|EFE|ANSA|dpa|Kyodo(?: News)?) "
            r"(?:has|have|is|are) (?:withdrawn|withdrawing|retracted|retracting|killed|killing|deleted|removed) (?:its|the|this|an?|our) (?:[\w’'-]+ ){0,4}?"
            r"(?:story|stories|report|article|dispatch|item|photos?|pictures?)\b.*"
        ),
    ),
    ("hold", re.compile(r"KILL(?:ED)? - .*")),
    # Less usual words of the desk, in capitals, in brackets or to the editors.
    (
        "kill",
        re.compile(
            r"KILL ADVISORY\b.*|(?i:kill)\s*[:–—]\s*(?:BC|AM|PM|AS)-.*|(?i:kill) (?i:the|this) (?i:story|item|report) (?:BC|AM|PM|AS)-.*"
        ),
    ),
    (
        "withdrawn",
        re.compile(
            r"(?:(?:ATTN|ATTENTION|EDITORS?|EDS|NOTE|DESKS?)[ :,.–—-]+)+(?:THIS|THE) (?:STORY|ARTICLE|REPORT|ITEM) (?:HAS BEEN|IS|WAS) (?:WITHDRAWN|KILLED|RETRACTED)\b.*"
            r"|(?:THIS|THE) (?:STORY|ARTICLE|REPORT|ITEM) (?:HAS BEEN|IS|WAS) (?:WITHDRAWN|KILLED|RETRACTED)\b.*"
            r"|(?:EILMELDUNG|MELDUNG|BERICHT) ZUR(?:Ü|UE)CKGEZOGEN\b.*|ANULACIÓN|ANNULATION|ANNULE ET REMPLACE\b.*"
        ),
    ),
    (
        "hold",
        re.compile(
            r"HOLD FOR (?:LAWYERS?|LEGAL|DESK|EDITORS?|REVIEW|APPROVAL|CLEARANCE)\b.*|HOLD\W+(?:DO NOT|DON'T) (?:PUBLISH|USE|RUN)\b.*"
            r"|(?:PLEASE )?(?:DO NOT USE|DISREGARD)\b.*|(?:DRAFT|INTERNAL|CONFIDENTIAL)\W+NOT FOR PUBLICATION\b.*"
            r"|(?:CHECK|CLEAR|CONFIRM) WITH (?:LEGAL|LAWYERS?|DESK|EDITORS?)\b.*|TK(?: TK)+"
            r"|(?i:(?:achtung[:,!]? )?(?:meldung|artikel|bericht) (?:bitte )?nicht (?:mehr )?(?:verwenden|ver(?:ö|oe)ffentlichen))[.! ]*"
        ),
    ),
    (
        "embargo",
        re.compile(
            r"(?i:this (?:story|article|report|release) is (?:strictly )?(?:under embargo|embargoed)\b.*)"
            r"|.*[(\[]EMBARGO(?:ED)? (?:UNTIL|TILL|FOR|TO)\b[^()\[\]]*[)\]]?|(?i:embargo(?:ed)?\s*[:–—-]\s*(?:until|till)\b.*)"
            r"|ADV ?\d{2}\W.*(?i:for release)\b.*|.*حظر (?:ال)?نشر حتى.*|.*तक प्रकाशित न करें.*"
        ),
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
            r"(?i:news |achtung\W+|eil\W+)*(?i:sperrfrist|sperrvermerk|sperre bis)\s*[:\-–—]?\s*(?:\d|(?i:bis|frei|heute|morgen|sonn|mon|diens|mitt|donn|frei|sams)).*"
            rf"|(?i:frei (?:für|fuer|ab|zur veröffentlichung (?:ab|am)) {_GERMAN_DAY}\b.*)"
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
    # "For release Sunday, March 8, and thereafter", "For immediate release after 9am on Friday"; "For release: nine seals" is a headline.
    (
        "embargo",
        re.compile(
            rf"(?i:for (?:immediate )?release (?:(?:on|at|after|from|not before|until) .{{0,24}}?)?(?:{_WEEKDAY}|{_MONTH}\.? \d|\d{{1,2}} {_MONTH})\b.*)"
            r"|\W*ADV ?\d{2}|(?:BC|AM|PM|AP)-\S.{0,80}, ?ADV ?\d{2}\b.*"
        ),
    ),
    (
        "embargo",
        re.compile(
            rf"EMBARGO (?i:lifts?|lifted|ends|expires)(?i: at| on|:)* (?:(?i:{_HOUR})|{_CLOCK}.*|(?:{_DAYS}|(?i:{_MONTH}\.? \d|\d{{1,2}} {_MONTH}))\b.*)"
            r"|[^a-z]{2,80}[-–—:*|/] ?EMBARGO(?:ED)? (?:UNTIL|TILL)\b.*"
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
            r"|(?i:(?:achtung[:,!]? )?bitte (?:die|diese) (?:meldung|korrespondenz|nachricht)\b.{0,60} nicht (?:mehr )?(?:ver(?:ö|oe)ffentlichen|verwenden))[.! ]*"
            r"|(?i:(?:achtung[:,!]? )?bitte verwenden sie (?:die|diese) (?:meldung|korrespondenz|nachricht)\b.{0,60} nicht(?: mehr)?)[.! ]*"
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
            r"ADVISORY\s?(?:[-–—]|: )\s?\S.*|(?i:attention|attn)[:,]? (?i:editors|eds|desks|clients|subscribers|redaktionen)\b.*|(?:MEDIA|EDITORIAL|EDITORS'?|EDITOR’S) ADVISORY\b.*|(?i:achtung redaktionen)\b.*"
        ),
    ),
    *FOREIGN,
)


def _any(shapes: Iterable[re.Pattern[str]]) -> re.Pattern[str]:
    """All of them in one, to be asked before each of them is."""
    return re.compile("|".join(f"(?:{shape.pattern})" for shape in shapes), re.DOTALL)


_SOME_SHAPE = _any(shape for _, shape in _SHAPES)
_SOME_FORM = _any(form.shape for form in FORMS)


def signals_in(
    lines: Iterable[str], raw: Iterable[str] = (), sent: str | None = None, language: str | None = None
) -> tuple[Signal, ...]:
    """The signals in the story's ``lines``, then those that stop a story in the ``raw`` document's; each once, in order.

    Corrections, versions and notes are read from the story's lines alone: a page names those of its neighbours, too.
    ``sent``, the day the story was sent, and its ``language`` help to read the time of an embargo.

    >>> signals_in(["KILL KILL KILL", "Police said the kill was lawful."])
    (Signal(kind='kill', text='KILL KILL KILL', until=None),)
    >>> signals_in(["Embargoed goods from the port were seized on Monday."])
    ()
    """
    lines, raw = list(lines), list(raw)
    found: dict[Signal, None] = dict.fromkeys(_signals(lines))
    if raw != lines:
        # What stands in both was looked at; a bare "HOLD" may stand nearer to the edge of the document.
        known = set(lines)
        for signal in _signals([line if len(line) <= _SHORT or line not in known else "" for line in raw]):
            if signal.kind in _STOPS:
                found[signal] = None
    return tuple(
        signal._replace(until=moment_of(signal.text, sent, language)) if signal.kind in _TIMED else signal
        for signal in found
    )


def signals_of(
    raw: Raw, lines: Iterable[str], document: Iterable[str], language: str | None
) -> tuple[Signal, ...]:
    """The signals of a story: those of the sender's note first, then as ``signals_in``. No line of the note is passed over."""
    noted: list[Signal] = []
    for line in (raw.ednote or "").splitlines():
        text = _normal(line)
        if text:
            kind = _kind(text, True) or ("advisory" if GRAVE.search(text) is not None else "note")
            until = moment_of(text, raw.published, language) if kind in _TIMED else None
            noted.append(Signal(kind, text, until))
    heads = [raw.headline] if raw.headline else []
    return (*noted, *signals_in([*heads, *lines], document, raw.published, language))


def says_stop(raw: Raw) -> bool:
    """Whether the sender's note kills, withdraws, embargoes or holds the story, whatever there is of it."""
    return any(signal.kind in _STOPS for signal in signals_of(raw, (), (), raw.language))


def signal_of(line: str, edge: bool = True) -> SignalKind | None:
    """What ``line`` instructs, or None. ``edge``: the line is one of the first or last."""
    return _kind(_normal(line), edge)


def desk_span(line: str, signals: Sequence[Signal]) -> Span | None:
    """What of ``line`` is for the desk and not for readers, if the line is one of ``signals``; None: nothing.

    A label goes from before its headline, an instruction from before the paragraph that follows on the same line. A published
    correction stays whole.

    >>> desk_span("REFILE-Ferry to sail again", [Signal("correction", "REFILE-Ferry to sail again")])
    Span(start=0, end=7)
    """
    normal = _normal(line)
    if not any(signal.text == normal for signal in signals):
        return None
    label = LABEL.match(line)
    # "CORRECTED: Ferry to sail again" is a label before its headline; "CORRECTED: It was nine boats." is for readers.
    if _FOR_READERS.match(line) is not None and (label is None or normal.endswith(_SENTENCE_ENDS)):
        return None
    if label is not None:
        return Span(0, label.end())
    tail = TAIL.search(line)
    if tail is not None and tail.start() > 0:
        return Span(tail.start(), len(line))
    first = _SENTENCE.match(line)
    if first is not None and is_prose(line[first.end() :].strip()) and _first_sentence(normal) is not None:
        return Span(0, first.end())
    return Span(0, len(line))


def without_label(headline: str) -> tuple[str, str]:
    """A headline, and the desk's label before or behind it: what readers see, and what editors do.

    >>> without_label("UPDATE 2-Ferry to sail again")
    ('Ferry to sail again', 'UPDATE 2-')
    >>> without_label("Ferry to sail again")
    ('Ferry to sail again', '')
    """
    kind = signal_of(headline)
    span = desk_span(headline, [Signal(kind, _normal(headline))]) if kind in _LABELS else None
    if span is None or span == Span(0, len(headline)):
        return headline, ""
    return (headline[: span.start] + headline[span.end :]).strip(), headline[slice(*span)].strip()


def _signals(lines: Sequence[str]) -> list[Signal]:
    found: list[Signal] = []
    for number, normal, cued in _worth_reading(lines):
        line = lines[number]
        edge = number < _EDGE or number >= len(lines) - _EDGE
        kind = _kind(normal, edge, cued=cued)
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


def _worth_reading(lines: Sequence[str]) -> list[tuple[int, str, bool]]:
    """The lines that may be a signal, by number, as they are read, and whether there may be a cue in it: all that are, and few more.

    Two searches through the whole text do for most of its lines. A line in which a character is read differently than it stands is
    read itself; where a line has breaks of its own, each is.
    """
    bare = [line.strip() for line in lines]
    document = "\n".join(bare).encode(errors="replace")
    if document.count(b"\n") >= len(lines):
        return [(number, _normal(line), True) for number, line in enumerate(lines) if line]
    odd = _lines_of(_ODD.finditer(document), document)
    cued = _lines_of(_CUED.finditer(document), document)
    worth = []
    for number, line in enumerate(lines):
        if not bare[number]:  # the indentation between two tags
            continue
        if number in odd:
            worth.append((number, _normal(line), True))
            continue
        like_a_note = _NOTE_CUE.match(line) is not None or line.endswith(_NOTE_ENDS) or line[-1:] == " "
        if like_a_note or number in cued or "|" in line:
            normal = _normal(line, plain=True)
            if len(normal) < _LONGEST_NOTE or number in cued or "|" in line:
                worth.append((number, normal, number in cued))
    return worth


def _lines_of(matches: Iterable[Any], document: bytes) -> set[int]:
    """The numbers of the lines in which the matches begin. Breaks are counted from one match to the next, so that it takes linear time."""
    numbers: set[int] = set()
    number = at = 0
    for found in matches:
        number += document.count(b"\n", at, found.start())
        at = found.start()
        numbers.add(number)
    return numbers


def _normal(line: str, plain: bool = False) -> str:
    """The first 300 characters of ``line`` as they are read: entities, wide letters and spaces of every kind made plain.

    ``plain``: it is known that nothing in it is read differently than it stands.
    """
    text = line.strip()[: 4 * _LONGEST]
    if text.isascii() and text.isprintable() and "&" not in text and "  " not in text:
        return text[:_LONGEST].strip()
    if plain:
        return text[:_LONGEST]
    for _ in range(2):
        if "&" in text:
            text = unescape(text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text if text.isprintable() else _UNSEEN.sub("", text))
    return " ".join(text.split())[:_LONGEST]


def _kind(text: str, edge: bool, alone: bool = True, cued: bool = True) -> SignalKind | None:
    like_a_note = len(text) < _LONGEST_NOTE and (
        _NOTE_CUE.match(text) is not None or text.endswith(_NOTE_ENDS)
    )
    form = _form(text, edge) if like_a_note else None
    if not cued or _CUE.Match(text.encode(errors="replace")) is None:
        return form
    bare = _bare(text)
    word = bare.rstrip(".:! ")
    if alone and word in _BARE:
        return _BARE[word]
    if edge and word in _BARE_AT_EDGE:
        return _BARE_AT_EDGE[word]
    found = _behind_label(text) or _instruction(text, bare) or _first_sentence(text)
    if found == "hold" and bare.startswith("KILL") and text[0] in "*#=+" and text[-1] in "*#=+":
        return "kill"  # "Kill - Film Review" is a headline; between stars it is an instruction
    if found in (None, "correction"):
        return form or found
    return found


def _form(text: str, edge: bool) -> SignalKind | None:
    """The kind of a desk note that says nothing against publishing; ``advisory`` where it says something that may."""
    if _END.fullmatch(text) is not None:
        return "part" if edge else None
    label = LABEL.match(text) or (TAIL.search(text) if text.endswith((")", "]")) else None)
    if label is not None and edge:
        return "correction" if label["mended"] else "update"
    bare = _bare(text)
    framed = not text[0].isalnum() and bare != text
    for form in FORMS if _SOME_FORM.fullmatch(bare) is not None else ():
        if (edge or not form.edge) and (framed or not form.framed) and form.shape.fullmatch(bare) is not None:
            if form.kind != "note" or GRAVE.search(text) is None:
                return form.kind
            said = _TO_EDITORS.match(bare)
            return (_kind(bare[said.end() :], edge) if said is not None else None) or "advisory"
    return None


def _behind_label(text: str) -> SignalKind | None:
    """ "REFILE-STORY WITHDRAWN-Dredger back in the estuary": what stops the story behind the desk's label."""
    label = LABEL.match(text)
    found = _instruction(text, _bare(text[label.end() :])) if label is not None else None
    return found if found in _STOPS else None


def _first_sentence(text: str) -> SignalKind | None:
    """ "This story has been withdrawn. The ferry …": what the first sentence instructs."""
    found = _SENTENCE.match(text)
    return _instruction(text, _bare(found[1])) if found is not None else None


def _bare(text: str) -> str:
    """Without the brackets, dashes and stars around it."""
    return text.lstrip(_OPENS).rstrip(_CLOSES)


def _instruction(line: str, bare: str) -> SignalKind | None:
    for kind, shape in _SHAPES if _SOME_SHAPE.fullmatch(bare) is not None else ():
        if shape.fullmatch(bare) is not None and not (kind == "correction" and _is_ordinary(line, bare)):
            return kind
    return None


def _is_ordinary(line: str, bare: str) -> bool:
    """ "Corrects paragraph 3" is an instruction only in brackets or with its paragraph: "(Corrects name in para 2)"."""
    return bare.startswith(
        ("Corrects ", "Corrected ", "Refiles ", "Refile ")
    ) and not line.lstrip().startswith(("(", "["))
