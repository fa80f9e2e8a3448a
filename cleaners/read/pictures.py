"""The pictures of a page: address, alternative text, caption and credit, each once, in the order they stand in the story.

From ``figure`` (or what a CMS without it writes), plain images among the story's paragraphs, and, where the story shows none,
JSON-LD's ``image`` or ``og:image``. JSON-LD also completes a shown picture that it describes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from cleaners.model import Picture
from cleaners.read.addresses import absolute
from cleaners.read.json_ld import Linked, Node
from cleaners.read.leaves import FURNITURE, Leaf
from cleaners.read.metadata import Claims
from cleaners.read.plain import key, plain

_IMAGES = {"img", "amp-img"}
_BOX = re.compile(
    r"(?:^|\s)(?:wp-caption|image-with-caption|captioned-image|media-with-caption|article-image|story-image|photo-box|imagebox)(?:\s|$)"
)
_CAPTION = re.compile(
    r"caption|legend|legende|bildunterschrift|bildtext|didascalia|pie-de-foto|image-text|cutline",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    r"credit|copyright|source\b|quelle|photographer|fotograf|photo-?by|byline|agency|rights|attribution|urheber|crédit|author|photog",
    re.IGNORECASE,
)
_CREDIT_TAGS = {"cite", "small"}
_LAZY = (
    "data-src",
    "data-lazy-src",
    "data-original",
    "data-srcset",
    "data-lazy-srcset",
    "srcset",
    "src",
    "data-lazyload",
    "data-url",
    "data-hi-res-src",
)
_PLACEHOLDER = re.compile(
    r"\Adata:|about:blank|(?:^|/)(?:(?:image|img|lazy|post)[-_])?(?:placeholder|spacer|blank|pixel|transparent|lazy|loading|1x1|empty|grey|gray)"
    r"(?:[-_]?(?:image|img|load|\d+(?:x\d+)?))?\.(?:gif|png|svg|jpe?g|webp)",
    re.IGNORECASE,
)
_NO_PICTURE = re.compile(
    r"avatar|icon|logo|emoji|author|share|social|sprite|badge|pixel|tracking|advert|\bads?\b|sponsor|rating|thumb|related|promo",
    re.IGNORECASE,
)
_CANDIDATE = re.compile(r"\s*([^\s,]\S*?)(?:\s+(\d+(?:\.\d+)?)([wxh]))?\s*(?:,(?=\s|https?:|//|/)|,?\Z)")
_MODERN = re.compile(r"avif|webp|jxl", re.IGNORECASE)
_SIZE = re.compile(
    r"[-_@.](?:\d{2,4}x\d{2,4}|\d{2,4}(?:w|px|h)?|[1-4]x|scaled|small|medium|large|thumb|square|original|full|master|[wh]\d{2,4})(?=[-_@.]|\Z)",
    re.IGNORECASE,
)
_LEAST = 100
"""A picture with a side of fewer pixels is an icon."""
_LONGEST_CAPTION = 1_500
_MOST = 300
"""Pictures of a page, described ones of its JSON-LD, elements of a figure: what has more is a gallery's index."""
_LONGEST_CREDIT = 200
_BOXES = 2
"""So many elements around a caption are looked at for its image."""


class _Candidate(NamedTuple):
    address: str
    width: float


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures, and which of them each figure element became."""

    pictures: tuple[Picture, ...]
    figures: dict[Any, int]

    def of(self, leaf: Leaf | None) -> int | None:
        """The picture in whose figure a leaf stands; of a caption without a figure, the one image in the box around it."""
        figure = figure_of(leaf)
        if figure is not None:
            return self.figures.get(figure)
        return self._beside(leaf) if leaf is not None and leaf.kind == "caption" else None

    def _beside(self, leaf: Leaf) -> int | None:
        for box in islice(leaf.owner.iterancestors(), _BOXES):
            there = {self.figures[image] for image in box.iter(*_IMAGES) if image in self.figures}
            if there:
                return there.pop() if len(there) == 1 else None
        return None


def figure_of(leaf: Leaf | None) -> Any:
    """The figure of a caption, or None."""
    if leaf is None:
        return None
    boxes = (element for element in (leaf.owner, *leaf.owner.iterancestors()) if _is_figure(element))
    if leaf.kind == "caption" or "figure" in leaf.tags:
        return next(boxes, None)
    return next(boxes, None) if _CAPTION.search(leaf.owner.get("class") or "") else None


def pictures_of(
    elements: Sequence[Any],
    page: Sequence[Leaf],
    shown: Iterable[int],
    headline_at: int | None,
    claims: Claims,
    url: str | None = None,
) -> Pictures:
    """The pictures between headline and last line of the story, whose lines are the leaves ``shown``."""
    bases = (claims.base, url, *(claim.value for claim in claims.canonical[:1]))
    described = list(islice(_described(claims, bases), _MOST))
    pictures: list[Picture] = []
    figures: dict[Any, int] = {}
    names: dict[str, int] = {}
    lines = [page[at] for at in shown]
    captioned = {id(figure) for leaf in lines if (figure := figure_of(leaf)) is not None}
    for element in _in_the_story(
        elements, lines, page[headline_at] if headline_at is not None else None, captioned
    ):
        if len(pictures) >= _MOST and id(element) not in captioned:
            continue
        picture = _figure(element, bases) if _is_figure(element) else _image([element], bases)
        if picture is None:
            if id(element) in captioned:
                picture = Picture()
            else:
                continue
        name = picture_key(picture.url) if picture.url else None
        known = names.get(name) if name else None
        if known is None:
            known = len(pictures)
            pictures.append(picture)
            if name:
                names[name] = known
        else:
            pictures[known] = _completed(pictures[known], picture)
        figures[element] = known
    pictures = [
        _described_by(picture, described) if at < _MOST else picture for at, picture in enumerate(pictures)
    ]
    if not pictures:
        pictures = _lead(claims, described, bases)
    return Pictures(tuple(pictures), figures)


def _is_figure(element: Any) -> bool:
    return element.tag == "figure" or (element.tag == "div" and _is_box(element.get("class") or ""))


# A page has hundreds of divs of a few dozen classes.
@lru_cache(maxsize=20_000)
def _is_box(names: str) -> bool:
    return _BOX.search(names) is not None


def _in_the_story(
    elements: Sequence[Any], lines: list[Leaf], headline: Leaf | None, captioned: set[int]
) -> Iterator[Any]:
    """Figures, and images outside of any, in the story; ``captioned`` figures are those of its lines."""
    owners = {id(leaf.owner) for leaf in lines}
    left = len(owners)
    inside = False
    figure: Any = None
    for element in elements:
        if id(element) in owners:
            left -= 1
        if not inside and (id(element) in owners or (headline is not None and element is headline.owner)):
            inside = True
        tag = element.tag
        if tag == "figure" or (tag == "div" and _is_figure(element)):
            if id(element) in captioned or (inside and left and not _is_apart(element)):
                figure = element
                if not any(_is_figure(each) for each in element.iterdescendants("figure", "div")):
                    yield element
        elif tag in _IMAGES and inside and left:
            if figure is not None and any(each is figure for each in element.iterancestors()):
                continue
            if _is_large(element) and not _is_apart(element) and element.getparent().tag != "noscript":
                yield element


def _is_apart(element: Any) -> bool:
    """Whether a picture belongs to a teaser, a box or a list rather than to the story."""
    for up, each in enumerate(element.iterancestors()):
        tag = each.tag
        if tag in ("body", "html", "main", "article") and up:
            return False
        if tag in FURNITURE or tag in ("li", "header", "picture-gallery"):
            return tag != "header" or _NO_PICTURE.search(each.get("class") or "") is not None
        if _NO_PICTURE.search(f"{each.get('class') or ''} {each.get('id') or ''}") and tag not in (
            "body",
            "html",
        ):
            return True
        if (
            tag == "a"
            and not re.search(r"\.(?:jpe?g|png|gif|webp|avif)\b", each.get("href") or "", re.IGNORECASE)
            and element.tag != "figure"
        ):
            return True  # a picture that leads elsewhere is a teaser's
    return False


def _is_large(image: Any) -> bool:
    for side in ("width", "height"):
        size = re.match(r"\d+", image.get(side) or "")
        if size is not None and int(size[0]) < _LEAST:
            return False
    names = f"{image.get('class') or ''} {image.get('id') or ''} {image.get('src') or ''}"
    return _NO_PICTURE.search(names) is None and not (image.get("src") or "").endswith((".svg", ".gif"))


def _figure(figure: Any, bases: Sequence[str | None]) -> Picture | None:
    images = [each for each in islice(figure.iter(), _MOST) if each.tag in _IMAGES]
    picture = _image(images, bases, list(figure.iter("source")))
    caption, credit = caption_and_credit(figure)
    if picture is None:
        return None
    return replace(picture, caption=picture.caption or caption, credit=picture.credit or credit)


def _image(images: Sequence[Any], bases: Sequence[str | None], sources: Sequence[Any] = ()) -> Picture | None:
    """One picture out of the forms it stands in: lazily loaded, in sizes, in formats, for browsers without scripts."""
    candidates: list[_Candidate] = []
    for element in (*images, *sorted(sources, key=_is_modern)):
        if element.tag == "source" and (_is_modern(element) and candidates):
            continue
        for name in _LAZY:
            value = (element.get(name) or "").strip()
            if value and "srcset" in name:
                candidates += candidates_of(value)
            elif value and not _PLACEHOLDER.search(value):
                width = re.match(r"\d+", element.get("width") or "") if name == "src" else None
                candidates.append(_Candidate(value, float(width[0]) if width is not None else 0.0))
    usable = [one for one in candidates if not _PLACEHOLDER.search(one.address)]
    if not usable:
        return None
    best = max(usable, key=lambda one: one.width)  # the first of the largest
    first = images[0] if images else None
    alt = next((text for image in images if (text := plain(image.get("alt")))), None)
    credit = plain(first.get("data-credit") or first.get("data-copyright")) if first is not None else None
    caption = plain(first.get("data-caption")) if first is not None else None
    return Picture(
        url=absolute(best.address, *bases) or best.address, alt=alt, caption=caption, credit=credit
    )


def candidates_of(srcset: str) -> list[_Candidate]:
    """The addresses of a ``srcset`` with their widths; densities count as a thousandth.

    >>> [one.address for one in candidates_of("a.jpg 320w, b,c.jpg 1280w")]
    ['a.jpg', 'b,c.jpg']
    """
    found = []
    for one in _CANDIDATE.finditer(srcset[:20_000]):
        size = float(one[2]) if one[2] else 0.0
        found.append(_Candidate(one[1].rstrip(","), size / 1000 if one[3] == "x" else size))
    return found


def _is_modern(source: Any) -> bool:
    return _MODERN.search(source.get("type") or "") is not None


def caption_and_credit(figure: Any) -> tuple[str | None, str | None]:
    """Caption and credit of a figure, told apart where its markup does: class names, ``cite``, ``small``."""
    caption = next(figure.iter("figcaption"), None)
    if caption is None:
        caption = next(
            (
                each
                for each in islice(figure.iterdescendants(), _MOST)
                if isinstance(each.tag, str) and _CAPTION.search(each.get("class") or "")
            ),
            None,
        )
    credits: list[Any] = []
    inside: set[int] = set()
    for each in islice(figure.iterdescendants(), _MOST):
        if not isinstance(each.tag, str) or id(each) in inside or each.tag in _IMAGES:
            continue
        names = f"{each.get('class') or ''} {each.get('itemprop') or ''}"
        if (
            each is not caption
            and (each.tag in _CREDIT_TAGS or _CREDIT.search(names))
            and each.tag not in ("picture", "source", "a", "button")
        ):
            if caption is not None and any(up is each for up in caption.iterancestors()):
                continue
            credits.append(each)
            inside |= {id(one) for one in each.iterdescendants()}
    told = _line(caption, without=credits) if caption is not None else None
    said = [text for one in credits if (text := _line(one))]
    credit = ", ".join(dict.fromkeys(said)) or None
    if credit is not None and len(credit) > _LONGEST_CREDIT:  # <small> may be nothing but small
        told, credit = _line(caption) if caption is not None else told, None
    if (
        credit is not None
        and told is None
        and caption is not None
        and _line(caption) == credit
        and not _CREDIT.search(" ".join(f"{one.get('class') or ''}" for one in credits))
    ):
        return credit, None  # <figcaption><small>all of it</small></figcaption>
    return told, credit.strip(" ()[]|–—-•·,;") or None if credit else None


def _line(element: Any, without: Sequence[Any] = ()) -> str | None:
    """The text of an element but that of some below it."""
    parts: list[str] = []
    skipped = {id(each) for one in without for each in one.iter()}
    for each in element.iter():
        if (
            id(each) not in skipped
            and isinstance(each.tag, str)
            and each.tag not in ("script", "style", "button", "svg", "noscript", "title")
        ):
            parts.append(each.text or "")
        if each is not element and (id(each) not in skipped or any(each is one for one in without)):
            parts.append(" " if each.tag in ("br", "p", "div", "span") and id(each) in skipped else "")
            parts.append(each.tail or "")
        if each.tag in ("br", "p", "div"):
            parts.append(" ")
    text = plain(" ".join("".join(parts)[: _LONGEST_CAPTION * 2].split()))
    return text.strip(" |•·") or None if text and len(text) <= _LONGEST_CAPTION else None


def _described(claims: Claims, bases: Sequence[str | None]) -> Iterator[Picture]:
    """The pictures that the story's own JSON-LD names, then other image objects of it that say more than an address."""
    linked, story = claims.linked, claims.story
    if linked is None:
        return
    for image in linked.each((story or {}).get("image")):
        address = image if isinstance(image, str) else _address(image) if isinstance(image, dict) else None
        whole = absolute(address, *bases)
        if whole:
            yield _told(image, whole, linked) if isinstance(image, dict) else Picture(url=whole)
    for node in linked.pictures():
        whole = absolute(_address(node), *bases)
        if whole and (
            node.get("caption")
            or node.get("creditText")
            or node.get("creator")
            or node.get("copyrightNotice")
        ):
            yield _told(node, whole, linked)


def _address(node: Node) -> str | None:
    for name in ("contentUrl", "url", "@id"):
        value = node.get(name)
        if isinstance(value, list):
            value = value[0] if value else None
        if isinstance(value, str) and value:
            return value
    return None


def _told(node: Node, url: str, linked: Linked) -> Picture:
    credit = plain(node.get("creditText"))
    for name in ("creator", "author", "copyrightHolder", "copyrightNotice"):
        if credit is None:
            names = [
                text for one in linked.each(node.get(name)) if (text := plain(one)) and "://" not in text
            ]
            credit = ", ".join(dict.fromkeys(names)) or None
    return Picture(url=url, caption=plain(node.get("caption")), credit=credit)


def _described_by(picture: Picture, described: Sequence[Picture]) -> Picture:
    for other in described:
        if _same(picture.url, other.url):
            return _completed(picture, other)
    return picture


def _completed(picture: Picture, other: Picture) -> Picture:
    return replace(
        picture,
        url=picture.url or other.url,
        caption=picture.caption or other.caption,
        credit=picture.credit or other.credit,
        alt=picture.alt or other.alt,
    )


def _lead(claims: Claims, described: Sequence[Picture], bases: Sequence[str | None]) -> list[Picture]:
    """The page's own picture, as its metadata names it."""
    shared = next(
        (whole for claim in claims.image if (whole := absolute(claim.value, *bases) or claim.value)), None
    )
    story = next((one for one in described if (claims.story or {}).get("image")), None)
    if story is not None and not _NO_PICTURE.search(story.url or ""):
        alt = claims.image_alt if shared is None or _same(shared, story.url) else None
        return [replace(story, alt=alt)]
    if shared is None:
        return []
    return [_described_by(Picture(url=shared, alt=claims.image_alt), described)]


def _same(one: str | None, other: str | None) -> bool:
    """Whether two addresses are one picture, perhaps in two sizes.

    >>> _same("https://a.example/quay-300x200.jpg?w=300", "https://img.a.example/fit/quay-1024x768.jpg")
    True
    """
    if not one or not other:
        return False
    return one == other or (picture_key(one) == picture_key(other))


def picture_key(address: str) -> str:
    """A picture's file name without what names its size; the whole address where it has none of its own.

    >>> picture_key("https://example.org/2026/quay_1200w.jpg"), picture_key("https://example.org/i?id=7")
    ('quay', 'https://example.org/i?id=7')
    """
    try:
        path = urlsplit(address).path
    except ValueError:
        return address
    name = path.rstrip("/").rpartition("/")[2]
    stem = name.rpartition(".")[0] or name
    bare = _SIZE.sub("", stem)
    return (
        bare.casefold()
        if len(key(bare)) >= 4
        and not re.fullmatch(r"(?:image|img|photo|default|main|file|picture)s?", bare, re.IGNORECASE)
        else address
    )
