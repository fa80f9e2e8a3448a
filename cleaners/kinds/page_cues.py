"""The page model's features in words an editor reads: "linked>=0.6 own" is "is mostly links"."""

from __future__ import annotations

import re

from cleaners.read.page_model import COMPANY, NUMBERS

_STEP = re.compile(r"(?P<name>.+?)(?:>=(?P<edge>-?[\d.]+))? (?:own|other)")
_STATES = {
    "above": ("stands close under a line of the story", "stands far under the story's next line"),
    "below": ("stands close above a line of the story", "stands far above the story's next line"),
    "own letters near": ("has hardly any of the story around it", "has the story around it"),
    "links near": ("has few links around it", "stands among links"),
    "letters": ("is short", "is long"),
    "linked": ("has hardly any links", "is mostly links"),
    "links": ("has few links", "has many links"),
    "sentence": ("does not end like a sentence", "ends like a sentence"),
    "inside": ("stands outside the story", "stands inside the story"),
    "through the story": ("stands early in the story", "stands late in the story or under it"),
    "before": ("stands just above the story", "stands far above the story"),
    "behind": ("stands just under the story", "stands far under the story"),
    "through the page": ("stands near the page's top", "stands near the page's foot"),
    "leaves": ("the page is small", "the page is large"),
    "own leaves": ("the story has few lines", "the story has many lines"),
    "own letters": ("the story is short", "the story is long"),
    "own share of the page": ("the story is little of the page", "the story is most of the page"),
    "depth": ("stands in few elements", "stands deep in other elements"),
    "level": ("is no subhead", "is a subhead"),
    "times": ("comes once", "comes several times on the page"),
    "under the headline": ("stands above the headline or close under it", "stands far under the headline"),
    "is headline": ("is not the headline", "is the headline again"),
    "is description": ("is not the page's description", "is the page's description"),
    "again in the story": ("says what the story does not say", "says again what the story says"),
    "in the JSON-LD body": ("is not in the story's JSON-LD", "is in the story's JSON-LD"),
}
"""What each number says in the lower half of its steps and in the upper half."""
_OF_GROUP = {
    "own of its": ("lines of its {} are not the story's", "lines of its {} are the story's"),
    "company in its": ("few lines share its {}", "many lines share its {}"),
    "own company in its": ("few lines of the story share its {}", "many lines of the story share its {}"),
    "leads of its": ("lines of its {} trail", "lines of its {} lead"),
}
_GROUPS = {"class": "class and place", "look": "class", "parent": "box"}
_AT = {
    "-2": "the second line above",
    "-1": "the line above",
    "+1": "the line below",
    "+2": "the second line below",
}
_NEIGHBOURS = {
    "own": ("is not the story's", "is the story's"),
    **{name: _STATES[name] for name in ("letters", "linked", "sentence")},
    "heading": ("is no subhead", "is a subhead"),
    "lead": ("trails", "leads"),
}
_WORDS = {
    "own class": "its class says “{}”",
    "parent class": "the class of its box says “{}”",
    "far class": "the class of a box around it says “{}”",
    "class": "its class, or that of a box around it, says “{}”",
    "word": "has “{}” in it",
    "first": "begins with “{}”",
    "last": "ends with “{}”",
    "tag": "stands in <{}>",
    "parent": "its box is a <{}>",
    "kind": "is a {}",
    "length": "is of that length",
}


def in_words(feature: str) -> str:
    """A feature of ``cleaners.read.page_model`` as it is told in a reason.

    >>> in_words("linked>=0.6 own"), in_words("own class share"), in_words("leads of its look own")
    ('is mostly links', 'its class says “share”', 'lines of its class trail')
    """
    if feature == "colon":
        return "ends in a colon"
    found = _STEP.fullmatch(feature)
    if found is not None and (steps := {**NUMBERS, **COMPANY}.get(found["name"])) is not None:
        return _of_number(found["name"], found["edge"], steps)
    kind = next((kind for kind in _WORDS if feature.startswith(f"{kind} ")), None)
    return _WORDS[kind].format(feature.removeprefix(f"{kind} ")) if kind else feature


def _of_number(name: str, edge: str | None, steps: tuple[float, ...]) -> str:
    high = edge is not None and 2 * (1 + [f"{step:g}" for step in steps].index(edge)) > len(steps)
    if name in _STATES:
        return _STATES[name][high]
    if name.startswith("in "):
        return f"stands {'in' if high else 'in no'} <{name.removeprefix('in ')}>"
    for start, said in _OF_GROUP.items():
        if name.startswith(f"{start} "):
            return said[high].format(_GROUPS[name.removeprefix(f"{start} ")])
    if name.startswith(("own within ", "leads within ")):
        verb = "lead" if name.startswith("leads") else "are the story's"
        return f"{'most' if high else 'few'} of the lines around it {verb}"
    what, _, at = name.rpartition(" ")
    return f"{_AT[at]} {_NEIGHBOURS[what][high]}"
