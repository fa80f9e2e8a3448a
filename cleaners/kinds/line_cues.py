"""The line model's features in words an editor reads: "before:ends=colon" is "the line above ends in a colon"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cleaners.kinds.line_shape import COUNTS, LENGTHS, STEPS

_ENDS = {
    "sentence": "ends like a sentence",
    "dots": "ends in dots",
    "letter": "ends without a full stop",
    "digit": "ends in a digit",
    "colon": "ends in a colon",
    "bracket": "ends in a bracket",
    "quote": "ends in a quotation mark",
    "sign": "ends in a sign",
}
_STARTS = {
    "quote": "begins with a quotation",
    "bullet": "begins with a bullet",
    "at": "begins with @",
    "hash": "begins with #",
    "copyright": "begins with ©",
    "bracket": "begins with a bracket",
    "digit": "begins with a digit",
    "capital": "begins with a capital",
    "small": "begins with a small letter",
    "letter": "begins with a letter",
    "sign": "begins with a sign",
}
_CAPITALS = {"all": "is in capitals", "none": "has no long word", "0/4": "has no capitalised words"}
_WHOLE = {
    "head": "stands above the story",
    "body": "stands between paragraphs",
    "tail": "stands under the story",
    "paragraph": "reads like a paragraph",
    "line": "is no paragraph",
    "touching": "touches the story",
    "apart": "is parted from the story",
    "repeated": "comes more than once",
    "no-paragraph": "stands where there is no paragraph",
}
_NEIGHBOURS = {
    "before": "the line above",
    "before2": "the second line above",
    "after": "the line below",
    "after2": "the second line below",
}
_PLACES = {
    "above-story": (STEPS, "{} above the story"),
    "under-story": (STEPS, "{} under the story"),
    "inside": (STEPS, "{} below the first paragraph"),
    "from-top": (STEPS, "{} from the top"),
    "from-end": (STEPS, "{} from the end"),
    "place": (STEPS, "{} into its row"),
    "run": (STEPS, "in a row of {}"),
}
_AMOUNTS = {
    "gone-above": "of what stands above goes",
    "known-above": "of what stands above is known",
    "known-below": "of what stands below is known",
    "known": "of its row is known",
    "digits": "of it is digits",
}
_SOME = {
    "furniture-above": "page furniture above",
    "list": "open lines inside the story",
    "above": "paragraphs above",
    "below": "paragraphs below",
    "left": "of the story below",
}
_SHARES = {
    "none": "nothing",
    **{
        f"{part}/{whole}": text
        for whole in (4, 5)
        for part, text in ((0, "hardly any"), (1, "little"), (2, "some"), (3, "much"), (4, "most"))
    },
    "4/4": "all",
    "5/5": "all",
}


# "body&short=for", but not the sign in "word=&" and "first=q & a"
_JOINT = re.compile(r"&(?=[a-z-]+(?:[=&:]|$))")
_ASIDE = frozenset({"head", "body", "tail", "paragraph", "line"})
"""Where it stands, which the reason tells already, and what it looks like at first sight; said only when there is nothing else."""


def in_words(name: str) -> str:
    """One feature as a phrase whose subject is the line, unless it names its own.

    >>> in_words("tail&ends=letter")
    'ends without a full stop'
    >>> in_words("before:ends=colon")
    'the line above ends in a colon'
    >>> in_words("before:length=5&length=4")
    'the line above has 20 to 29 letters and this one has 12 to 19 letters'
    >>> in_words("word=newsletter")
    'has “newsletter” in it'
    """
    parts = _JOINT.split(name)
    parts = [part for part in parts if part not in _ASIDE] or parts
    first, *rest = [_phrase(part) for part in parts]
    own = "this one " if parts[0].partition("=")[0].partition(":")[0] in _NEIGHBOURS else ""
    return " and ".join([first, *(own + phrase for phrase in rest)])


def _phrase(part: str) -> str:
    key, _, value = part.partition("=")
    neighbour, _, own = key.partition(":")
    if own or part.endswith(":same-start"):
        return f"{_NEIGHBOURS[neighbour]} {_shape(own, value)}"
    if key in _NEIGHBOURS:
        return _neighbour(_NEIGHBOURS[key], value)
    if key in _PLACES:
        steps, text = _PLACES[key]
        return "stands " + text.format(f"{_span(steps, int(value))} lines")
    if key in _AMOUNTS:
        return f"{_SHARES[value]} {_AMOUNTS[key]}"
    if key in _SOME:
        return f"has {_FEW[min(int(value), len(_FEW) - 1)]} {_SOME[key]}"
    if key in ("nearest-above", "nearest-below"):
        where = key.removeprefix("nearest-")
        return (
            f"nothing known stands {where}"
            if value in ("none", "far")
            else f"the nearest known line {where} is {value}"
        )
    return _WHOLE.get(part) or _shape(key, value)


_FEW = ("no", "hardly any", "few", "some", "some", "many", "many", "most")


def _shape(key: str, value: str) -> str:
    match key:
        case "length":
            return f"has {_span(LENGTHS, int(value))} letters"
        case "words":
            return f"has {_span(COUNTS, int(value))} words"
        case "form":
            length, ends = value.split(",")
            return f"has {_span(LENGTHS, int(length))} letters and {_ENDS[ends]}"
        case "ends":
            return _ENDS[value]
        case "starts":
            return _STARTS[value]
        case "capitals":
            return _CAPITALS.get(value) or f"has {_SHARES[value]} of its words capitalised"
        case "has":
            return f"has {value if len(value) == 1 else 'a ' + value} in it"
        case "word" | "short" | "pair":
            return f"has “{value}” in it"
        case "first":
            return f"begins with “{value}”"
        case "last":
            return f"ends with “{value}”"
        case "kind":
            return f"is {'nothing a rule knows' if value == 'unknown' else 'known as ' + value}"
        case "same-start":
            return "begins alike"
    return f"{key} {value}".strip()


def _neighbour(where: str, value: str) -> str:
    match value:
        case "edge":
            return f"{where} is the page's edge"
        case "gone":
            return f"{where} goes"
        case "paragraph" | "line":
            return f"{where} {_WHOLE[value]}"
    return f"{where} is known as {value}"


def _span(steps: Sequence[int], number: int) -> str:
    """The numbers that a step stands for: its number counts the bounds that are not above it.

    >>> _span((0, 1, 2, 3, 5), 4), _span((0, 1, 2, 3, 5), 5), _span((0, 1, 2, 3, 5), 2)
    ('3 to 4', '5 or more', '1')
    """
    if number >= len(steps):
        return f"{steps[-1]} or more"
    low, high = steps[number - 1] if number else 0, steps[number] - 1
    return str(low) if low >= high else f"{low} to {high}"
