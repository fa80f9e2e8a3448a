"""Which leaves of a page are the story's: a linear model over what the page's markup knows and trafilatura does not say.

Each leaf gets a lead, in hundredths of the model's own unit (log odds): above 0 the story has it. The reader adds leaves that trafilatura
dropped and that lead far enough; the cleaner ``page_model`` marks blocks that trail. The weights stand in ``page_model.tsv``, one feature a line;
they are whole numbers, so that the sum is the same on any machine, and made by ``python -m tests.bench.page_model`` from pages whose story
was checked by people: no word is there that fewer than eight publishers use.

Features are of two sorts. Numbers fall into steps, and each step has one weight where trafilatura has the leaf ("own") and one where
it has not ("other"): ``above>=4 other``. Words are names of tags, of classes and ids, and the words of short lines: ``class share``.
After Kohlschütter, Fankhauser and Nejdl, "Boilerplate Detection using Shallow Text Features" (2010), with the extractor as a witness.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain, islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleaners.read.leaves import Leaf
from cleaners.read.metadata import Claims
from cleaners.read.plain import key

Numbers = NDArray[Any]

_FAR = 60
_SHARES = (0.01, 0.15, 0.35, 0.5, 0.65, 0.85, 0.99)
_LETTERS = (3, 8, 15, 25, 40, 60, 90, 130, 200, 350, 600)
_STEPS = (1, 2, 3, 4, 6, 9, 14, 22, 35, 60)
_COUNTS = (1, 2, 3, 5, 8, 13, 21, 40, 80)
_YES = (1,)
_MINUS = (0, *_SHARES)
"""A share of nothing is -1."""
_NEAR = ("-2", "-1", "+1", "+2")
_REGIONS = (
    *("article", "main", "aside", "nav", "footer", "header", "form", "li", "table", "figure", "figcaption"),
    *("blockquote", "section", "h1", "h2", "h3", "h4", "p", "div", "td", "dl", "pre", "details", "button"),
)
GROUPS = ("class", "look", "parent")
NUMBERS: dict[str, tuple[float, ...]] = {
    "above": _STEPS,
    "below": _STEPS,
    **{f"own within {reach}": _SHARES for reach in (1, 2, 4, 8, 16)},
    "own letters near": _SHARES,
    "links near": _SHARES,
    "letters": _LETTERS,
    "linked": (0.01, 0.1, 0.3, 0.6, 0.95),
    "links": (1, 2, 3, 5),
    "sentence": _YES,
    **{f"own {at}": (0, 1) for at in _NEAR},
    **{f"letters {at}": (0, *_LETTERS) for at in _NEAR},
    **{f"linked {at}": (0, 0.01, 0.3, 0.95) for at in _NEAR},
    **{f"sentence {at}": (0, 1) for at in _NEAR},
    **{f"heading {at}": (0, 1) for at in _NEAR},
    "inside": _YES,
    "through the story": (0, 0.02, 0.1, 0.3, 0.6, 0.9, 1.0, 1.1, 1.5, 3.0),
    "before": _STEPS,
    "behind": _STEPS,
    **{f"own of its {of}": _MINUS for of in GROUPS},
    **{f"company in its {of}": _COUNTS for of in GROUPS},
    **{f"own company in its {of}": _COUNTS for of in GROUPS},
    "again in the story": _YES,
    "through the page": (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.85, 0.95),
    "leaves": (20, 40, 80, 130, 200, 300, 500, 900),
    "own leaves": (1, 4, 8, 14, 22, 35, 60, 110),
    "own letters": (1, 500, 1200, 2200, 3500, 5500, 9000, 16000),
    "own share of the page": _SHARES,
    "depth": (5, 7, 9, 11, 13, 15, 18, 22),
    "level": (1, 2, 3, 4, 5),
    "times": (2, 3, 5),
    "under the headline": (-999, -40, -8, -2, 0, 1, 2, 3, 5, 8, 14, 30, 80, 200),
    "is headline": _YES,
    "is description": _YES,
    "in the JSON-LD body": (0, 1),
    **{f"in {tag}": _YES for tag in _REGIONS},
}
"""Each number and where its steps begin."""

_LEADS = (-900, -400, -250, -150, -80, -30, 0, 30, 80, 150, 250, 400)
"""Where the steps of a lead begin; -1000 is that of nobody."""
COMPANY: dict[str, tuple[float, ...]] = {
    **{f"lead {at}": _LEADS for at in _NEAR},
    **{f"leads within {reach}": _LEADS for reach in (2, 5, 12)},
    **{f"leads of its {of}": _LEADS for of in GROUPS},
}
"""The numbers of the second pass: how a leaf's company leads."""

_EDGES = [np.asarray(edges, dtype=float) for edges in NUMBERS.values()]
_FIRST = np.cumsum([0, *(2 * (len(edges) + 1) for edges in _EDGES)])
COLUMNS = int(_FIRST[-1])
_COMPANY_EDGES = [np.asarray(edges, dtype=float) for edges in COMPANY.values()]
_COMPANY_FIRST = np.cumsum([0, *(2 * (len(edges) + 1) for edges in _COMPANY_EDGES)])
SINGLE = ("always", "share of the first lead", "always in company")
COMPANY_COLUMNS = int(_COMPANY_FIRST[-1])

_WORD = re.compile(r"[A-Za-z][a-z]+|[A-Z]+(?![a-z])")
_TEXT_WORD = re.compile(r"\w+")
_SENTENCE_END = re.compile(r"[.!?…。！？][»”\"’')\]]*$")
_ANCESTORS = 6
_SHORT = 12
_MOST_CUES = 3
TELLING = 20
"""So many letters and digits do not come twice by chance."""
_NO_WORDS: frozenset[str] = frozenset()
_Names = tuple[str | None, str | None, str | None, str | None]
_STEPS_OF_WORDS = (5, 10, 20, 40, 70, 110, 160, 250, 400)


class Words(NamedTuple):
    """The words of a leaf: those of the elements around it, which it has in common with its neighbours, those of its own element, and
    those of its text. No word is in two of them."""

    around: frozenset[str]
    look: frozenset[str]
    text: Set[str]


@dataclass(frozen=True, slots=True)
class Seen:
    """A page's leaves as the model sees them: for each the columns of its numbers, its words, whether trafilatura has it, and
    the numbers of the groups (``GROUPS``) that it stands in."""

    columns: Numbers
    words: Sequence[Words]
    own: Numbers
    groups: tuple[Numbers, ...]


class Standing(NamedTuple):
    """A leaf's lead in hundredths, and, of one that trafilatura has and that trails, what speaks most against it."""

    lead: int
    cues: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PageWeights:
    """``numbers`` has one weight for each column, ``words`` one for each word, ``company`` one for each column of the second pass, in
    which a leaf keeps ``share`` hundredths of its first lead. ``always`` and ``company_always`` every leaf has."""

    numbers: Numbers
    words: Mapping[str, int]
    always: int
    company: Numbers
    share: int = 100
    company_always: int = 0


def standings(page: Sequence[Leaf], own: Set[int], claims: Claims, weights: PageWeights) -> list[Standing]:
    """For each leaf how it stands; ``own`` are the indexes of those that trafilatura has."""
    seen = see(page, own, claims)
    first = first_leads(seen, weights)
    company = see_company(first, seen)
    return [
        Standing(lead, _cues(seen, company, at, weights) if lead < 0 and at in own else ())
        for at, lead in enumerate(_final(first, company, weights).tolist())
    ]


def final_leads(seen: Seen, weights: PageWeights) -> Numbers:
    """The leads of both passes."""
    first = first_leads(seen, weights)
    return _final(first, see_company(first, seen), weights)


def first_leads(seen: Seen, weights: PageWeights) -> Numbers:
    """The leads of the first pass, which looks at each leaf and at what trafilatura has around it."""
    weigh = weights.words.__getitem__
    weighed = weights.words.keys()
    sums: dict[Set[str], int] = {}
    said = []
    for around, look, text in seen.words:
        for known in (around, look):
            if known not in sums:
                sums[known] = sum(map(weigh, known & weighed))
        said.append(sums[around] + sums[look] + sum(map(weigh, text & weighed)))
    words = np.array(said, dtype=np.int64)
    leads: Numbers = weights.numbers[seen.columns].sum(axis=1) + words + weights.always
    return leads


def _final(first: Numbers, company: Numbers, weights: PageWeights) -> Numbers:
    leads: Numbers = (
        first * weights.share // 100 + weights.company[company].sum(axis=1) + weights.company_always
    )
    return leads


def _cues(seen: Seen, company: Numbers, at: int, weights: PageWeights) -> tuple[str, ...]:
    """What speaks most against a leaf, the strongest first."""
    names = _column_names()
    against = [(int(weights.numbers[column]), names[column]) for column in seen.columns[at]]
    against += [(int(weights.company[column]), names[COLUMNS + column]) for column in company[at]]
    # "is a paragraph" and "has 40 letters" tell nobody anything, whatever they weigh.
    told = [word for word in chain(*seen.words[at]) if not word.startswith(("kind ", "length "))]
    against += [(weights.words.get(word, 0), word) for word in told]
    return tuple(name for weight, name in sorted(against)[:_MOST_CUES] if weight < 0)


def see_company(leads: Numbers, seen: Seen) -> Numbers:
    """The columns of the second pass: how the company of each leaf led in the first."""
    n = len(leads)
    one = np.ones(n)
    near = [_shifted(leads, step, -1000.0) for step in (-2, -1, 1, 2)]
    around = []
    for reach in (2, 5, 12):
        others = _window(one, reach) - 1
        around.append(np.where(others > 0, (_window(leads, reach) - leads) / np.maximum(others, 1), -1000.0))
    of = []
    for group in seen.groups:
        others = np.bincount(group)[group] - 1
        sums = np.bincount(group, weights=leads)[group] - leads
        of.append(np.where(others > 0, sums / np.maximum(others, 1), -1000.0))
    return _columns((*near, *around, *of), _COMPANY_EDGES, _COMPANY_FIRST, seen.own)


def see(page: Sequence[Leaf], own: Set[int], claims: Claims) -> Seen:
    """The features of all leaves."""
    kept = np.zeros(len(page), dtype=bool)
    kept[list(own)] = True
    groups = _groups(page)
    numbers = _numbers(page, kept, claims, groups)
    return Seen(_columns(numbers, _EDGES, _FIRST, kept), _words(page), kept, groups)


def _columns(numbers: Sequence[Numbers], edges: Sequence[Numbers], first: Numbers, kept: Numbers) -> Numbers:
    """The column of each number of each leaf: of its step, where trafilatura has the leaf ("own") or has not. A yes is a step."""
    steps = [
        values if values.dtype == bool else np.searchsorted(begin, values, side="right")
        for begin, values in zip(edges, numbers, strict=True)
    ]
    columns: Numbers = (first[:-1, None] + 2 * np.array(steps) + kept).T
    return columns


@cache
def _column_names() -> tuple[str, ...]:
    return tuple(column_names())


def column_names() -> list[str]:
    """The name of each column, of the first pass and then of the second: ``above>=4 other``."""
    names = []
    for name, edges in (*NUMBERS.items(), *COMPANY.items()):
        for edge in ("", *(f">={edge:g}" for edge in edges)):
            names += [f"{name}{edge} other", f"{name}{edge} own"]
    return names


def read_weights(text: str) -> PageWeights:
    """Weights from the text of a file: a feature, a tab and a whole number on each line but the first."""
    number = {name: at for at, name in enumerate(column_names())}
    columns = np.zeros(len(number), dtype=np.int64)
    words: dict[str, int] = {}
    single: dict[str, int] = {}
    for line in text.splitlines()[1:]:
        name, _, value = line.rpartition("\t")
        if name in number:
            columns[number[name]] = int(value)
        elif name in SINGLE:
            single[name] = int(value)
        else:
            words[name] = int(value)
    always, share, company_always = (single.get(name, 0) for name in SINGLE)
    return PageWeights(columns[:COLUMNS], words, always, columns[COLUMNS:], share or 100, company_always)


@cache
def shipped_page_weights() -> PageWeights:
    return read_weights(files("cleaners.read").joinpath("page_model.tsv").read_text(encoding="utf-8"))


def _groups(page: Sequence[Leaf]) -> tuple[Numbers, ...]:
    """Leaves of one look and of one parent's look, of one look, of one parent."""
    owners = [leaf.owner for leaf in page]
    looks = [(owner.tag, owner.get("class")) for owner in owners]
    parents = [owner.getparent() for owner in owners]
    above = [None if parent is None else (parent.tag, parent.get("class")) for parent in parents]
    return tuple(
        _numbered(kinds)
        for kinds in (list(zip(looks, above, strict=True)), looks, [id(parent) for parent in parents])
    )


def _numbered(kinds: Sequence[object]) -> Numbers:
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(kind, len(numbers)) for kind in kinds], dtype=np.intp)


def _numbers(page: Sequence[Leaf], kept: Numbers, claims: Claims, groups: Sequence[Numbers]) -> list[Numbers]:
    """The numbers of all leaves, in the order of ``NUMBERS``."""
    n = len(page)
    here = np.arange(n)
    own = kept.astype(float)
    letters = np.array([len(leaf.text) for leaf in page], dtype=float)
    linked = np.minimum(np.array([leaf.linked for leaf in page]) / np.maximum(letters, 1), 1.0)
    sentence = np.array([_SENTENCE_END.search(leaf.text[-6:]) is not None for leaf in page], dtype=float)
    level = np.array([leaf.level for leaf in page], dtype=float)
    known = np.flatnonzero(kept)
    first, last = (known[0], known[-1]) if len(known) else (n, -1)
    above = np.minimum(here - _before(np.where(kept, here, -_FAR)), _FAR)
    below = np.minimum(-_before(np.where(kept, here, n + _FAR)[::-1] * -1)[::-1] - here, _FAR)
    keys = [key(leaf.text) for leaf in page]
    times = Counter(keys)
    headlines = {key(claim.value) for claim in claims.headline}
    descriptions = {key(claim.value) for claim in claims.description}
    named = [at for at, leaf in enumerate(page) if leaf.level and keys[at] in headlines]
    named = named or [at for at, leaf in enumerate(page) if leaf.level == 1]
    shares = [_shares(of, own) for of in groups]
    body = claims.body
    witness = key(body) if body else ""
    of_the_story = " ".join(told for told, mine in zip(keys, kept, strict=True) if mine)
    again = np.array(
        [
            not mine and len(told) >= TELLING and told in of_the_story
            for told, mine in zip(keys, kept, strict=True)
        ]
    )
    near = [
        _shifted(values, step)
        for values in (own, letters, linked, sentence, (level > 0).astype(float))
        for step in (-2, -1, 1, 2)
    ]
    own_letters = letters * own
    total = np.full(n, own_letters.sum())
    return [
        above,
        below,
        *(
            (_window(own, reach) - own) / np.maximum(_window(np.ones(n), reach) - 1, 1)
            for reach in (1, 2, 4, 8, 16)
        ),
        _window(own_letters, 5) / np.maximum(_window(letters, 5), 1),
        _window(letters * linked, 5) / np.maximum(_window(letters, 5), 1),
        letters,
        linked,
        np.array([leaf.links for leaf in page], dtype=float),
        sentence,
        *near,
        (first <= here) & (here <= last),
        (here - first) / max(1, last - first),
        np.maximum(first - here, 0),
        np.maximum(here - last, 0),
        *(share for share, _, _ in shares),
        *(count for _, count, _ in shares),
        *(count for _, _, count in shares),
        again,
        here / max(n, 1),
        np.full(n, n),
        np.full(n, len(known)),
        total,
        total / max(letters.sum(), 1),
        np.array([len(leaf.tags) for leaf in page], dtype=float),
        level,
        np.array([times[told] for told in keys], dtype=float),
        here - named[0] if named else np.full(n, -1000),
        np.array([told in headlines for told in keys]),
        np.array([told in descriptions for told in keys]),
        np.array([told in witness for told in keys], dtype=float) if witness else np.full(n, -1.0),
        *_regions(page),
    ]


def _regions(page: Sequence[Leaf]) -> Numbers:
    """For each of the regions whether leaves stand in it."""
    numbers: dict[tuple[str, ...], int] = {}
    kinds = [numbers.setdefault(leaf.tags, len(numbers)) for leaf in page]
    known = np.array([[tag in tags for tag in _REGIONS] for tags in map(frozenset, numbers)])
    regions: Numbers = known[kinds].T
    return regions


def _before(places: Numbers) -> Numbers:
    """For each place the largest number before it."""
    return np.concatenate([[-(10**6)], np.maximum.accumulate(places)[:-1]])


def _window(values: Numbers, reach: int) -> Numbers:
    """For each place the sum over it and ``reach`` places on both sides."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    here = np.arange(len(values))
    window: Numbers = sums[np.minimum(here + reach + 1, len(values))] - sums[np.maximum(here - reach, 0)]
    return window


def _shifted(values: Numbers, step: int, outside: float = -1.0) -> Numbers:
    """For each place the value ``step`` places on."""
    moved = np.full(len(values), outside)
    if step > 0:
        moved[:-step] = values[step:]
    else:
        moved[-step:] = values[:step]
    return moved


def _shares(of: Numbers, own: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Of each leaf's company in its group, itself not counted: the share that is trafilatura's, how many, how many of trafilatura's."""
    counts = np.bincount(of, minlength=1)[of] - 1
    owned = np.bincount(of, weights=own, minlength=1)[of] - own
    return np.where(counts > 0, owned / np.maximum(counts, 1), -1.0), counts, owned


def _words(page: Sequence[Leaf]) -> list[Words]:
    names: dict[Any, _Names] = {}
    around: dict[Any, frozenset[str]] = {None: _NO_WORDS}
    looks: dict[tuple[frozenset[str], frozenset[str]], frozenset[str]] = {}
    words = []
    for leaf in page:
        parent = leaf.owner.getparent()
        if parent not in around:
            around[parent] = _above(parent, names)
        above = around[parent]
        look = _look(
            leaf.owner.tag, leaf.kind, bisect_right(_STEPS_OF_WORDS, len(leaf.text)), _names(leaf.owner)
        )
        if (look, above) not in looks:
            looks[look, above] = look - above
        words.append(Words(above, looks[look, above], _text_words(leaf.text)))
    return words


def _text_words(text: str) -> set[str]:
    said = _TEXT_WORD.findall(text[:400].lower())
    if len(said) <= _SHORT:
        words = {"word " + word for word in said}
    else:
        words = {"first " + word for word in said[:3]}
        words.update(["last " + word for word in _TEXT_WORD.findall(text[-60:].lower())[-2:]])
    if ":" in text[-2:]:
        words.add("colon")
    return words


# A page has hundreds of leaves of a few dozen looks.
@lru_cache(maxsize=20_000)
def _look(tag: str, kind: str, length: int, names: _Names) -> frozenset[str]:
    return _names_in(names, ("own class ", "class ")) | {f"tag {tag}", f"kind {kind}", f"length {length}"}


def _above(parent: Any, names: dict[Any, _Names]) -> frozenset[str]:
    """The words of a parent and of those above it; ``names`` are those of elements that were asked before."""
    chain = [parent, *islice(parent.iterancestors(), _ANCESTORS - 2)]
    for element in chain:
        if element not in names:
            names[element] = _names(element)
    return _around(parent.tag, tuple([names[element] for element in chain]))


# Most parents stand in the same few elements.
@lru_cache(maxsize=20_000)
def _around(tag: str, chain: tuple[_Names, ...]) -> frozenset[str]:
    own, *far = chain
    return frozenset([f"parent {tag}"]).union(
        _names_in(own, ("class ", "parent class ")),
        *[_names_in(names, ("class ", "far class ")) for names in far],
    )


def _names(element: Any) -> _Names:
    get = element.get
    return get("class"), get("id"), get("role"), get("itemprop")


@lru_cache(maxsize=20_000)
def _names_in(names: _Names, as_what: tuple[str, ...]) -> frozenset[str]:
    """The words of class, id, role and itemprop: "ArticleBody__share-bar" has article, body, share, bar."""
    found = {word.lower() for name in names if name for word in _WORD.findall(name[:200])}
    return frozenset(what + word for word in found if 3 <= len(word) <= 14 for what in as_what)
