"""The slots of templates: what {date}, {name}, {handle} and the others stand for, as RE2 on ``norm``-ed lines.

Each is written to be used under "ignore case" too, and says itself where case matters.
"""

from __future__ import annotations

from functools import lru_cache

from cleaners.rules.literals import alternation

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
    *("Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sep", "Sept", "Oct", "Nov", "Dec"),
)
WEEKDAYS = (
    *("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    *("Mon", "Tue", "Tues", "Wed", "Thu", "Thur", "Thurs", "Fri", "Sat", "Sun"),
)

# The digits of dates: ASCII, Arabic, Persian, Devanagari, Bengali, Thai, full width. \p{Nd} forty times over makes a
# program of 46,000 instructions, for which RE2 gives up its fast path.
_DIGITS = "[0-9٠-٩۰-۹०-९০-৯๐-๙０-９]"

# "Ana Duarte", "J. R. O'Neil", "Ahmed al-Sharaa", "Ursula von der Leyen", "MARIA LOPEZ", "王小明", "अमित शाह"
_PARTICLE = r"(?:de|da|do|dos|das|del|della|di|du|des|la|le|van|von|der|den|ter|ten|zu|zum|bin|ibn|bint|al|el|af|av|y|e)"
_PREFIX = r"(?:(?i:al|el|an|as|ad|ar|at|az|ul|d|l|ibn|bin)['-])?"
# A full stop belongs to initials and the shortest abbreviations only ("J. R.", "J.R.", "Jr."): it may end a sentence.
_INITIALS = r"(?:\p{Lu}\p{M}*\.-?){1,3}|\p{Lu}\p{L}\."
_NAME_WORD = rf"{_PREFIX}(?:{_INITIALS}|[\p{{Lu}}\p{{Lt}}\p{{Lo}}][\p{{L}}\p{{M}}\x{{200c}}\x{{200d}}'-]*)"
_NAME = rf"(?-i:(?:{_PARTICLE} +){{0,2}}{_NAME_WORD}(?: +(?:{_PARTICLE} +){{0,2}}{_NAME_WORD}){{0,4}})"

# "@nationalherald", "@maikol_king18732", "@desk@example.social"
_HANDLE_WORD = r"[\p{L}\p{Nd}_](?:[\p{L}\p{M}\p{Nd}_.-]{0,60}[\p{L}\p{M}\p{Nd}_])?"
_HANDLE = rf"@{_HANDLE_WORD}(?:@{_HANDLE_WORD})?"

_HOST = r"(?:[\p{L}\p{Nd}](?:[\p{L}\p{M}\p{Nd}-]{0,62})\.)+\p{L}[\p{L}\p{M}]{1,23}"
_URL = rf"(?:https?://[^ <>\x22]+|{_HOST}(?::{_DIGITS}{{1,5}})?(?:[/?#][^ <>\x22]*)?)"
_EMAIL = rf"[\p{{L}}\p{{Nd}}._%+'-]+@{_HOST}"

# "7", "1,200", "1.200,50", "12 500", "१२"
_NUMBER = r"\p{Nd}+(?:[.,' ]\p{Nd}+)*"

# A zone's letters are capitals: "10:45 CET", "(IST)", "GMT+5:30", "+05:30", "Z".
_ZONE = rf"(?: ?\(?(?:(?-i:[A-Z]{{1,5}})(?: ?[+-]{_DIGITS}{{1,2}}(?::?{_DIGITS}{{2}})?)?|[+-]{_DIGITS}{{2}}:?{_DIGITS}{{2}})\)?)"
_HALF = r"(?: ?[ap]\.? ?m\.?)"
_TIME = (
    rf"(?:(?:(?:午前|午後|上午|下午|오전|오후) ?)?"
    rf"(?:{_DIGITS}{{1,2}} ?[:.h] ?{_DIGITS}{{2}}(?:[:.]{_DIGITS}{{2}}(?:[.,]{_DIGITS}{{1,9}})?)?{_HALF}?"
    rf"|{_DIGITS}{{1,2}}{_HALF}"
    rf"|{_DIGITS}{{1,2}} ?[時时点點시] ?(?:{_DIGITS}{{1,2}} ?[分분]?)?)"
    rf"(?: ?(?:Uhr|hrs?|h)\.?)?{_ZONE}?)"
)

# A day of this year, as an edition's own pages print it: "4.3.", "04/03", "4-3". Beside a time alone, for it may be a score.
_DAY = rf"{_DIGITS}{{1,2}}(?:\. ?{_DIGITS}{{1,2}}\.|[./-]{_DIGITS}{{1,2}})"

# A headline, not a sentence: it begins with a capital, a digit, a quotation mark or a letter of a script without case,
# and does not end in a full stop. "Related: the word was circled twice." is prose.
_TITLE_START = r"(?-i:[\p{Lu}\p{Lt}\p{Lo}\p{N}\x22'#@(\[«‹¿¡])"
_TITLE = rf"(?:{_TITLE_START}(?:.{{0,198}}[^.。।॥ ])?)"

BETWEEN = (
    r"(?: *[,;/|&+·•–-] *| +)(?:(?:and|or|und|oder|et|ou|y|o|e|en|og|och|i|a|ja|ve|dan|và|и|й|та|और|या) +)?"
)
"""What stands between the members of a list: "Facebook, X and WhatsApp", "Facebook/X", "Facebook X"."""

SLOTS: dict[str, str] = {
    "time": _TIME,
    "day": _DAY,
    "number": _NUMBER,
    "name": _NAME,
    "handle": _HANDLE,
    "url": _URL,
    "email": _EMAIL,
    "title": _TITLE,
    "any": r".{0,200}?",
}
"""The slots with one meaning everywhere. ``{date}`` depends on the month names of the packs that apply."""

BUILT_IN = frozenset({*SLOTS, "date"})

# What a slot matches and more, in a handful of instructions: what it says of ASCII, and any other character. A slot that
# narrowed nothing (".*") named nine rules for each paragraph of prose, and each had to be refused one by one. Case is
# written out: without it "any other character" has K (Kelvin) and ſ in it, and so k and s.
_HIGH = r"\x{80}-\x{10ffff}"
_LOOSE_WORD = rf"(?:[A-Za-z]{{1,4}}['-])?[A-Z{_HIGH}][A-Za-z{_HIGH}'.-]*"
_LOOSE_PARTICLES = rf"(?:{_PARTICLE} +)*"
LOOSE_SLOTS: dict[str, str] = {
    "time": rf"(?-i:[\d{_HIGH}][A-Za-z\d{_HIGH} :.,()+-]*)",
    "day": rf"(?-i:[\d{_HIGH}][\d{_HIGH}./ -]*)",
    "number": rf"(?-i:[\d{_HIGH}][\d{_HIGH}., ']*)",
    "name": rf"(?-i:{_LOOSE_PARTICLES}{_LOOSE_WORD}(?: +{_LOOSE_PARTICLES}{_LOOSE_WORD})*)",
    "handle": r"@[^ ]+",
    "url": r"[^ ]*[.:][^ ]+",
    "email": r"[^ ]+@[^ ]+",
    "title": rf"(?-i:[A-Z\d\x22'#@(\[{_HIGH}]).*",
    "any": ".*",
}
"""For narrowing: whatever ``SLOTS`` matches is matched here."""


@lru_cache(maxsize=64)
def loose_date_pattern(months: tuple[str, ...] = (), weekdays: tuple[str, ...] = ()) -> str:
    """More than ``date_pattern``: a digit after at most the words of a weekday and a month, and what dates are written with."""
    spaces = sum(max((len(word.split()) for word in words), default=1) for words in (months, weekdays))
    own = "".join(
        rf"\x{{{ord(char):x}}}" for char in sorted({*"".join(months + weekdays)}) if not char.isalnum()
    )
    # Before the first digit stand at most weekday, article, month and "of".
    before = rf"(?:[^ ]* +){{0,{max(spaces, 2) + 4}}}[^ ]*"
    return rf"(?-i:{before}[\d{_HIGH}][A-Za-z\d{_HIGH} .,/':;|@()+{own}-]*)"


@lru_cache(maxsize=64)
def date_pattern(months: tuple[str, ...] = (), weekdays: tuple[str, ...] = ()) -> str:
    """``{date}``: with optional weekday, optional time before or after, optional zone. English names always count.

    Numeric ("3.3.2026", "03/03/26", "2026-03-03"), with a month's name in any order ("3 March 2026", "Mar. 3",
    "3. März 2026", "3 de marzo de 2026", "2026. március 3."), and CJK ("2026年3月3日").
    """
    month = rf"(?i:{alternation(MONTHS + months)})\.?"
    weekday = rf"(?:(?i:{alternation(WEEKDAYS + weekdays)})\.?,? ?(?:,|den|the|le|el)? ?)?"
    day = rf"{_DIGITS}{{1,2}}(?:st|nd|rd|th|er|re|[ºª.])?"
    year = rf"(?:{_DIGITS}{{4}}|'{_DIGITS}{{2}})(?: ?(?:г\.?|р\.?|года|року|م))?"
    gap = r"(?: ?[,،./-]? ?)"
    of = r"(?:(?:de|del|of|di|da|ng) |d')?"
    day_month = rf"{day}{gap}{of}{month}(?:{gap}{of}(?:{year}|{_DIGITS}{{2}}))?"
    month_day = rf"{month} ?{day}(?:{gap}{year})?"
    month_year = rf"{month} {of}{year}"
    year_month = rf"{_DIGITS}{{4}}{gap}{month} {day}"
    numeric = rf"{_DIGITS}{{1,2}} ?[./-] ?{_DIGITS}{{1,2}} ?[./-] ?(?:{_DIGITS}{{4}}|{_DIGITS}{{2}})\.?"
    iso = rf"{_DIGITS}{{4}} ?[./-] ?{_DIGITS}{{1,2}} ?[./-] ?{_DIGITS}{{1,2}}\.?"
    cjk = rf"(?:{_DIGITS}{{2,4}} ?[年년] ?)?{_DIGITS}{{1,2}} ?[月월] ?{_DIGITS}{{1,2}} ?[日일号號]?"
    cjk += r"(?: ?\(?(?:[月火水木金土日월화수목금토일](?:曜日|요일)?|(?:星期|周|週)[一二三四五六日天])\)?)?"
    core = rf"{weekday}(?:{cjk}|{iso}|{numeric}|{year_month}|{day_month}|{month_day}|{month_year})"
    joint = r"(?:T| ?[,،;:.|/·•–—@-]? ?(?:(?:at|um|à|às|a las|a la|alle|alle ore|ore|kl\.?|klo|om|o|в|об|о|को|बजे) )?\(?)"
    return rf"(?:(?:{_TIME}{joint})?{core}(?:{joint}{_TIME}\)?)?)"
