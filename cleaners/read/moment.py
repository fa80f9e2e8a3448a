"""The time that an instruction names: "EMBARGOED UNTIL 0001 GMT FRIDAY 6 MARCH 2026".

Nothing is guessed. A date without a year is completed from the day the story was sent, and from no clock; a weekday
must fit its date; zones that several countries share ("IST", "CST") and dates such as 06/03/2026 are not read. What
cannot be read without doubt is None, and the embargo holds all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from importlib import import_module
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_HOURS = {
    **dict.fromkeys(("gmt", "utc", "z", "tu"), 0.0),
    **dict.fromkeys(("bst", "cet", "mez", "wat", "hnec"), 1.0),
    **dict.fromkeys(("cest", "mesz", "eet", "sast", "cat", "oez"), 2.0),
    **dict.fromkeys(("eest", "msk", "мск", "eat", "oesz"), 3.0),
    **dict.fromkeys(("edt",), -4.0),
    **dict.fromkeys(("est", "cdt"), -5.0),
    **dict.fromkeys(("mdt",), -6.0),
    **dict.fromkeys(("mst", "pdt"), -7.0),
    **dict.fromkeys(("pst",), -8.0),
    **dict.fromkeys(("pkt",), 5.0),
    **dict.fromkeys(("hkt", "sgt", "awst"), 8.0),
    **dict.fromkeys(("jst", "kst"), 9.0),
    **dict.fromkeys(("aest",), 10.0),
    **dict.fromkeys(("aedt",), 11.0),
    **dict.fromkeys(("nzst",), 12.0),
    **dict.fromkeys(("nzdt",), 13.0),
}
_PLACES = {"et": "America/New_York", "pt": "America/Los_Angeles", "uk time": "Europe/London"}
_ZONE = re.compile(
    r"(?:\b|(?<=\d))(?P<name>"
    + "|".join(map(re.escape, sorted([*_HOURS, *_PLACES], key=len, reverse=True)))
    + r")\b"
    r"(?P<off>[+-]\d{1,2}(?::?\d{2})?)?",
    re.IGNORECASE,
)
_SHARED = re.compile(r"\b(?:ist|cst|ast|gst|ct|mt|sst|bdt|local time|ortszeit)\b", re.IGNORECASE)
_ISO = re.compile(
    r"(?<!\d)(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:?\d{2}(?::?\d{2})?(?:\.\d+)?\s?(?:Z|[+-]\d{2}:?\d{2})?))?"
)
_CLOCKS = (
    re.compile(
        r"(?<![\d:.])(?P<h>\d{1,2})(?:[:.](?P<m>\d{2}))?\s?(?:(?P<a>a)|p)\.?m\b\.?(?![\w])", re.IGNORECASE
    ),
    re.compile(r"(?<![\d:./-])(?P<h>\d{1,2})[:.h](?P<m>\d{2})(?![\d./-])(?P<a>)", re.IGNORECASE),
    re.compile(
        r"(?<![\d:./-])(?P<h>\d{2})(?P<m>\d{2})(?=\s?(?:hours|hrs|h\b|hr\b|uhr|local))(?P<a>)", re.IGNORECASE
    ),
    re.compile(
        r"(?<![\d:./-])(?P<h>\d{1,2})()(?P<m>)\s?(?:uhr|heures|uur|h|時|시|点)(?P<a>)(?!\w)", re.IGNORECASE
    ),
    re.compile(
        r"\b(?:kl|klo|godz|alle ore|alle|ore|às|a las|om)\.?\s(?P<h>\d{1,2})(?P<m>)(?P<a>)(?![\d./:-]|\s?[^\W\d_]{3})",
        re.IGNORECASE,
    ),
    re.compile(r"(?<![\d:./-])(?P<h>\d{2})(?P<m>\d{2})(?![\d./-])(?P<a>)"),
)
_WORDS = re.compile(
    r"\b(?:(?P<noon>noon|midday|mediodía|mezzogiorno|meio-dia|полдень|полудня)|"
    r"midnight|mitternacht|minuit|medianoche|mezzanotte|meia-noite|middernacht|midnatt|midnat|midnattstid|północ|północy|полночь|полуночи|keskiyö\w*)\b",
    re.IGNORECASE,
)
_DOTTED = re.compile(r"(?<![\d.])(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})(?!\d)")
# "6.3., 6.00 Uhr": with both full stops, for "6.00" is an hour
_DOTTED_SHORT = re.compile(r"(?<![\d.:])(\d{1,2})\.\s?(\d{1,2})\.(?!\s?\d{4})(?!\d)")
_ASIAN = re.compile(r"(?:(\d{4})\s?[年년]\s?)?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]")
_DAY_MONTH = re.compile(
    r"(?<![\d:.])(?P<d>\d{1,2})(?:st|nd|rd|th|er|º|\.)?\s+(?:de\s+|of\s+)?(?P<m>[^\W\d_]{3,12})\.?(?:,?\s+(?:de\s+|del\s+)?(?P<y>20\d{2}))?(?!\d)",
    re.IGNORECASE,
)
_MONTH_DAY = re.compile(
    r"\b(?P<m>[^\W\d_]{3,12})\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(?P<y>20\d{2}))?(?![\d:])(?!\.\d)"
)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY = re.compile(r"\b(mon|tue|wed|thu|fri|sat|sun)(?:s|nes|rs|ur)?(?:day)?\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_LEAST_NAME = 4
_SPOKEN = {"no": "nb", "nn": "nb"}
"""What dateparser calls a language."""
_NEAR, _PAST = timedelta(days=183), timedelta(days=30)
"""An embargo without a year is over for days at the most: "6 September" in a story of March is none of last year's."""


class Unclear(ValueError):
    """What is missing of a moment, in words for the desk: "it names no year"."""


def moment_of(text: str, sent: str | None = None, language: str | None = None) -> str | None:
    """The moment that ``text`` names, in ISO 8601; with its zone if it names one, a date alone if it names no hour.

    ``sent`` is the day the story was sent (ISO), for dates that leave out the year. Dates are read by dateparser.

    >>> moment_of("EMBARGOED UNTIL 0001 GMT FRIDAY 6 MARCH 2026")
    '2026-03-06T00:01:00+00:00'
    >>> moment_of("Sperrfrist: 6. März, 10 Uhr MEZ", sent="2026-03-03", language="de")
    '2026-03-06T10:00:00+01:00'
    >>> moment_of("EMBARGOED UNTIL THURSDAY 6 MARCH 2026") is None
    True
    """
    try:
        return _moment(text, sent, language)
    except Unclear:
        return None


def doubt_of(text: str, sent: str | None = None, language: str | None = None) -> str | None:
    """Why ``moment_of`` finds no moment; None where it finds one.

    >>> doubt_of("EMBARGOED UNTIL 0001 GMT 6 MARCH")
    'it names no year, and the story does not say when it was sent'
    """
    try:
        _moment(text, sent, language)
    except Unclear as doubt:
        return str(doubt)
    return None


def has_zone(moment: str | None) -> bool:
    """Whether a moment as ``moment_of`` gives it is one and the same everywhere: it has an hour and a zone.

    >>> has_zone("2026-03-06T00:01:00+00:00"), has_zone("2026-03-06T00:01:00"), has_zone("2026-03-06"), has_zone(None)
    (True, False, False, False)
    """
    return moment is not None and datetime.fromisoformat(moment).tzinfo is not None


def _moment(text: str, sent: str | None, language: str | None) -> str:
    found = _ISO.search(text)
    if found is not None:
        return _iso(found, text)
    day, rest = _day(text, _date(sent), language)
    clock = _clock(rest)
    if clock is None:
        return day.isoformat()
    _check_zone(rest)
    hour, minute = clock
    if hour == 24:
        raise Unclear("midnight may begin the day or end it")
    if hour > 23 or minute > 59:
        raise Unclear(f"there is no hour {hour:02}:{minute:02}")
    moment = datetime.combine(day, time(hour, minute))
    return moment.replace(tzinfo=_zone(rest, moment)).isoformat()


def _check_zone(text: str) -> None:
    shared = _SHARED.search(text)
    if shared is not None:
        raise Unclear(f"several countries have a time called {shared[0]}")


def _iso(found: re.Match[str], text: str) -> str:
    try:
        if found[2] is None:
            day = date.fromisoformat(found[1])
            clock = _clock(text[found.end() :])
            if clock is None:
                return day.isoformat()
            moment = datetime.combine(day, time(clock[0], clock[1]))
        else:
            moment = datetime.fromisoformat(f"{found[1]}T{found[2].replace(' ', '')}")
    except ValueError:
        raise Unclear(f"there is no such time as {found[0]}") from None
    if moment.tzinfo is None:
        _check_zone(text)
        moment = moment.replace(tzinfo=_zone(text[found.end() :], moment))
    return moment.isoformat()


def _date(sent: str | None) -> date | None:
    try:
        return date.fromisoformat((sent or "")[:10])
    except ValueError:
        return None


def _day(text: str, sent: date | None, language: str | None) -> tuple[date, str]:
    """The day that ``text`` names, and the text without it. ``Unclear`` where it names none, or two."""
    days: set[date] = set()
    rest = text
    doubts: list[str] = []
    for found, wanted in _written(text):
        try:
            day = _parsed(wanted, sent, language)
        except Unclear as doubt:
            doubts.append(str(doubt))
            continue
        if day is not None:
            days.add(day)
            rest = rest.replace(found, " ", 1)
    weekdays = _weekdays(rest, language)
    if len(days) > 1:
        raise Unclear("it names several days")
    if days:
        (day,) = days
        if not weekdays <= {day.weekday()}:
            raise Unclear(f"{day.isoformat()} is no such day of the week")
        return day, rest
    if doubts:
        raise Unclear(doubts[0])
    if re.search(r"\d{1,2}/\d{1,2}", text):
        raise Unclear("of its numbers it does not say which is the month")
    if len(weekdays) != 1:
        raise Unclear("it names several days of the week" if weekdays else "it names no day")
    if sent is None:
        raise Unclear("it names no date, and the story does not say when it was sent")
    # "EMBARGOED UNTIL FRIDAY", sent on a Tuesday. On a Friday it may mean today.
    ahead = (weekdays.pop() - sent.weekday()) % 7
    if not ahead:
        raise Unclear("it names the weekday on which the story was sent: that day, or a week later")
    return sent + timedelta(days=ahead), rest


def _weekdays(text: str, language: str | None) -> set[int]:
    found = {_WEEKDAYS.index(name.lower()) for name in _WEEKDAY.findall(text)}
    known = _weekday_names(language) if language else {}
    return found | {known[word] for word in _WORD.findall(text.casefold()) if word in known}


@lru_cache(maxsize=100)
def _weekday_names(language: str) -> dict[str, int]:
    """A language's days of the week, as dateparser has them. Of two or three letters they may be other words ("om", "pe", "mar")."""
    try:
        locale = import_module(
            f"dateparser.data.date_translation_data.{_SPOKEN.get(language, language)}"
        ).info
    except ImportError:
        return {}
    full = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    return {
        name.casefold(): number
        for number, day in enumerate(full)
        for name in locale.get(day, ())
        if len(name) >= _LEAST_NAME
    }


def _written(text: str) -> Iterator[tuple[str, tuple[int | None, str, int]]]:
    for found in _DOTTED.finditer(text):
        yield found[0], (int(found[3]), found[2], int(found[1]))
    for found in _DOTTED_SHORT.finditer(text):
        yield found[0], (None, found[2], int(found[1]))
    for found in _ASIAN.finditer(text):
        yield found[0], (int(found[1]) if found[1] else None, found[2], int(found[3]))
    for shape in (_DAY_MONTH, _MONTH_DAY):
        for found in shape.finditer(text):
            yield found[0], (int(found["y"]) if found["y"] else None, found["m"], int(found["d"]))


def _parsed(wanted: tuple[int | None, str, int], sent: date | None, language: str | None) -> date | None:
    """The date; None where the word beside the number is no month."""
    year, name, day = wanted
    month = int(name) if name.isdigit() else _month(name.casefold(), language)
    if month is None:
        return None
    try:
        if year is not None:
            return date(year, month, day)
        date(2000, month, day)
        if sent is None:
            raise Unclear("it names no year, and the story does not say when it was sent")
        near = [date(sent.year + step, month, day) for step in (-1, 0, 1)]
    except Unclear:
        raise
    except ValueError:
        raise Unclear(f"that month has no {day}.") from None
    found = next((one for one in near if -_PAST < one - sent < _NEAR), None)
    if found is None:
        raise Unclear("it names no year, and the day is not near to when the story was sent")
    return found


@lru_cache(maxsize=1000)
def _month(name: str, language: str | None) -> int | None:
    import dateparser  # a quarter of a second, and few stories are embargoed

    known = dict.fromkeys([_SPOKEN.get(language, language), "en"]) if language else {"en": None}
    for one in known:
        try:
            found = dateparser.parse(
                f"1 {name} 2000", languages=[one], settings={"STRICT_PARSING": True, "TIMEZONE": "UTC"}
            )
        except ValueError:  # a language that dateparser does not know
            continue
        if found is not None and found.day == 1 and found.year == 2000:
            return int(found.month)
    return None


def _clock(text: str) -> tuple[int, int] | None:
    """Hour and minute; None where no hour is named. Midnight, which may begin or end its day, is no hour of the clock."""
    word = _WORDS.search(text)
    if word is not None:
        return (12, 0) if word["noon"] else (24, 0)
    for shape in _CLOCKS:
        found = shape.search(text)
        if found is not None:
            hour, minute = int(found["h"]), int(found["m"] or 0)
            if shape is _CLOCKS[0]:
                hour = hour % 12 + (0 if found["a"] else 12)
            return hour, minute
    return None


def _zone(text: str, moment: datetime) -> tzinfo | None:
    found = _ZONE.search(text)
    if found is None:
        return None
    name = found["name"].lower()
    if name in _PLACES:
        try:
            return timezone(ZoneInfo(_PLACES[name]).utcoffset(moment) or timedelta())
        except ZoneInfoNotFoundError:
            return None
    hours = _HOURS[name]
    if found["off"]:
        sign = -1 if found["off"][0] == "-" else 1
        digits = found["off"][1:].replace(":", "")
        hours += sign * (int(digits[:2]) + int(digits[2:] or 0) / 60)
    return timezone(timedelta(hours=hours)) if abs(hours) < 24 else None
