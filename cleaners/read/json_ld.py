"""JSON-LD as pages really have it: graphs, references, several stories, and JSON that no parser takes.

Mended: comments, trailing commas, raw line breaks, HTML entities in place of quotes, several objects one after the other,
a comment or CDATA around it all. What stays broken is left out; a page has other witnesses.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from html import unescape
from typing import Any

from cleaners.read.plain import key, plain

Node = dict[str, Any]

_ARTICLE = re.compile(r"(?:Article|Posting|Report|Review|Blog Post)\Z")
_OTHER_WORKS = re.compile(r"(?:Recipe|HowTo|CreativeWork|Guide|Course|Dataset|Thesis|Chapter|VideoObject)\Z")
_PAGE = re.compile(r"(?:WebPage|ItemPage|MedicalWebPage)\Z")
_CRUMBS = re.compile(r"BreadcrumbList\Z")
_PICTURE = re.compile(r"ImageObject\Z")
# Teasers of other stories, readers' comments and lists hang under these.
_ELSEWHERE = frozenset(
    (
        "hasPart",
        "itemListElement",
        "mentions",
        "relatedLink",
        "comment",
        "comments",
        "review",
        "reviews",
        "isRelatedTo",
        "citation",
        "isBasedOn",
    )
)
_MOST_NODES = 5_000
_DEEPEST = 40
_OPENS = ("<!--", "<![CDATA[", "//<![CDATA[", "// <![CDATA[", "/*<![CDATA[*/", "/* <![CDATA[ */")
_CLOSES = (";", "-->", "//-->", "]]>", "//]]>", "// ]]>", "/*]]>*/", "/* ]]> */")
_LONGEST_MENDED = 200_000
_STRING_OR_NOISE = re.compile(
    r'"(?:[^"\\]|\\.)*"|/\*.{0,500}?\*/|(?<![:\w])//[^\n]*|,(?=\s*[}\]])|,(?=\s*,)', re.DOTALL
)
_BAD_ESCAPE = re.compile(r'\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})')


class Linked:
    """All objects of a page's JSON-LD, and those of them that have an ``@id``."""

    def __init__(self, scripts: Iterable[str]) -> None:
        self.nodes: list[Node] = []
        self._by_id: dict[str, Node] = {}
        for script in scripts:
            for value in values(script):
                self._gather(value)

    def _gather(self, value: Any) -> None:
        queue: deque[tuple[Any, int]] = deque([(value, 0)])
        while queue and len(self.nodes) < _MOST_NODES:
            each, depth = queue.popleft()
            if depth > _DEEPEST:
                continue
            if isinstance(each, dict):
                self.nodes.append(each)
                name = each.get("@id")
                if isinstance(name, str) and len(each) > len(self._by_id.get(name, ())):
                    self._by_id[name] = each
                queue += [(child, depth + 1) for word, child in each.items() if word not in _ELSEWHERE]
            elif isinstance(each, list):
                queue += [(child, depth + 1) for child in each]

    def resolved(self, value: Any) -> Any:
        """``value``, or the object of the graph that it refers to."""
        if isinstance(value, dict) and isinstance(value.get("@id"), str) and len(value) <= 2:
            return self._by_id.get(value["@id"], value)
        if isinstance(value, str) and value in self._by_id and ("#" in value or "://" in value):
            return self._by_id[value]
        return value

    def each(self, value: Any) -> Iterator[Any]:
        """The members of a list, or the one value, references resolved."""
        for one in value if isinstance(value, list) else (value,):
            if one is not None:
                yield self.resolved(one)

    def article(self, titles: Collection[str], address: str | None) -> Node:
        """The object that describes this page's story, by its address or its headline; an empty one if there is none.

        ``titles`` are the keys of what the page calls itself.
        """
        articles = [node for node in self.nodes if _is(node, _ARTICLE) and not _is_bare(node)]
        for node in articles:
            if _says(node, titles):
                return node
        if address:
            for node in articles:
                if any(
                    each == address or (address[0] == "/" and each.endswith(address))
                    for each in self._addresses(node)
                ):
                    return node
        with_headline = [node for node in articles if plain(node.get("headline"))]
        # Without any sign which of two is ours, neither is.
        if len({plain(node.get("headline")) for node in with_headline}) > 1 and titles:
            with_headline = [node for node in with_headline if not _is(node, re.compile(r"Review\Z"))][:1]
        best = (with_headline or articles)[:1]
        if best and not _is(best[0], re.compile(r"Review\Z")):
            return best[0]
        return next((node for node in self.nodes if _is(node, _OTHER_WORKS) and _says(node, titles)), {})

    def page(self) -> Node:
        """The object that describes the page as such: its dates hold where there is no article's."""
        return next((node for node in self.nodes if _is(node, _PAGE) and not _is_bare(node)), {})

    def crumbs(self) -> list[str]:
        """The names of the page's breadcrumbs, from the front page down."""
        found = next((node for node in self.nodes if _is(node, _CRUMBS)), {})
        names = []
        for one in self.each(found.get("itemListElement")):
            if isinstance(one, dict):
                item = self.resolved(one.get("item"))
                name = plain(one.get("name")) or (plain(item.get("name")) if isinstance(item, dict) else None)
                if name:
                    names.append((str(one.get("position", "")).zfill(3), name))
        return [name for _, name in sorted(names, key=lambda pair: pair[0])]

    def pictures(self) -> Iterator[Node]:
        return (node for node in self.nodes if _is(node, _PICTURE))

    def _addresses(self, node: Node) -> set[str]:
        found = {node.get("url"), node.get("@id")}
        for main in self.each(node.get("mainEntityOfPage")):
            found |= {main.get("@id"), main.get("url")} if isinstance(main, dict) else {main}
        return {bare_address(each) for each in found if isinstance(each, str)}


def values(script: str) -> Iterator[Any]:
    """The JSON values of one script, mended where they need it.

    >>> list(values('{"a": 1, /* one */ "b": [2,],}'))
    [{'a': 1, 'b': [2]}]
    >>> list(values('{&quot;a&quot;: &quot;b&quot;}'))
    [{'a': 'b'}]
    """
    text = script.strip()
    try:
        yield json.loads(text, strict=False)
        return
    except (ValueError, RecursionError):
        pass
    if len(text) > _LONGEST_MENDED:
        return
    for _ in range(3):
        for opens in _OPENS:
            text = text.removeprefix(opens).lstrip()
        for closes in sorted(_CLOSES, key=len, reverse=True):
            text = text.removesuffix(closes).rstrip()
    if "&quot;" in text and text.count("&quot;") > text.count('"'):
        text = unescape(text)
    for mend in (_unmended, _without_noise, _with_escapes):
        text = mend(text)
        found = list(_one_after_the_other(text))
        if found:
            yield from found
            return


def _unmended(text: str) -> str:
    return text


def _without_noise(text: str) -> str:
    return _STRING_OR_NOISE.sub(lambda found: found[0] if found[0][0] == '"' else "", text)


def _with_escapes(text: str) -> str:
    return _BAD_ESCAPE.sub(r"\\\\", text)


def _one_after_the_other(text: str) -> Iterator[Any]:
    decoder = json.JSONDecoder(strict=False)
    at = 0
    while at < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return
        yield value
        while at < len(text) and text[at] in " \t\r\n,;":
            at += 1


def bare_address(address: str) -> str:
    """An address without what may differ: scheme, ``www.``, query, fragment, a slash at the end."""
    bare = re.sub(r"\A(?:https?:)?//(?:www\.)?", "", address.strip(), flags=re.IGNORECASE)
    return re.split(r"[?#]", bare, maxsplit=1)[0].rstrip("/").casefold()


def _is(node: Node, pattern: re.Pattern[str]) -> bool:
    kinds = node.get("@type")
    return any(
        isinstance(kind, str) and pattern.search(kind) is not None
        for kind in (kinds if isinstance(kinds, list) else (kinds,))
    )


def _is_bare(node: Node) -> bool:
    return all(word.startswith("@") for word in node)


def _says(node: Node, titles: Collection[str]) -> bool:
    return any(
        (mine := key(plain(node.get(name)) or "")) and mine in titles
        for name in ("headline", "name", "alternativeHeadline")
    )
