"""Head matter: kicker, headline, standfirst, byline and date above the first paragraph, lifted by order and shape.

The order is the newsroom's own: kicker, headline, standfirst, byline, date, picture, body. Which line is the headline is told by
witnesses: the document's own headline, or the words of its address. Without one the first title is it, where a byline or a date
stands in the head or the case is plain (one title on top of the story), because a raw copy may begin anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import Field

from cleaners.kinds.dates import dates_in, name_before_dates, says_when, without_noon
from cleaners.kinds.picture_credits import credit_at_end
from cleaners.kinds.registry import Context, Settings, cleaner, whole
from cleaners.kinds.shapes import ends_sentence, is_capitals, is_quotation, is_title, reach
from cleaners.kinds.titles import (
    SENTENCE_INSIDE,
    leads_to,
    may_be_headline,
    same_line,
    share,
    slug_words,
    words_of,
)
from cleaners.model import Block, Mark, Span, Story
from cleaners.read.signals import desk_span
from cleaners.read.zones import is_prose

_DATED = ("published", "dated")
_SIGNED = ("byline", "signed", *_DATED)
_OTHER = {
    "byline",
    "byline-label",
    "dated",
    "signed",
    "published",
    "published-label",
    "share",
    "follow",
    "credit",
    "agency-name",
    "picture-label",
    "role",
    "share-word",
}
_FROM_HEAD = ("headline", "standfirst", "section", "byline", "published", "updated")
_LONGEST_HEAD = 40
_LONGEST_BELOW = 12
"""Lines between a standfirst and the paragraph below it that still belong to the head."""
_VOUCHED = 0.8
"""So much of a headline stands in the address where something like prose stands above it: a promotion, a glued menu."""
_MOST_PROSE_ABOVE = 2
_COLON = (":", "：")
_GOES_ON = ("-", "…", "•", "...")
"""How a short standfirst begins: as one of several points, or as a sentence that the headline began."""


class HeadMatter(Settings):
    longest_kicker: int = Field(default=40, description="Longest kicker, in characters.")
    longest_standfirst: int = Field(default=400, description="Longest standfirst, in characters.")
    reach: int = Field(
        default=6, description="How far under a standfirst like prose a byline or a date may stand, in lines."
    )


@dataclass(frozen=True)
class _Head:
    """The blocks above the story, those that no rule claims, and the headline's lines among them."""

    blocks: list[Block]
    free: list[Block]
    headlines: list[Block]
    witnessed: bool


@cleaner(HeadMatter)
def head_matter(story: Story, context: Context, settings: HeadMatter) -> Iterable[Mark]:
    """Lift what stands above the story."""
    # When the head was read in an earlier round, what is left on top of the story is the story.
    read = any(source == "line" and name in _FROM_HEAD for name, source in story.fields.sources)
    if read and context.all_kinds.isdisjoint(_SIGNED):
        return
    story, context = _without_desk_notes(story, context)
    blocks = _head_blocks(story, context, settings)
    yield from _bylines_and_dates(blocks, context)
    if read:
        return
    if not blocks:
        return
    head = _read_head(blocks, story, context)
    if head.headlines:
        first = head.blocks.index(head.headlines[0])
        last = head.blocks.index(head.headlines[-1])
        for block in head.headlines:
            said = _said(block, story)
            why = "The story's headline stands above it."
            yield Mark(block.number, said.start, said.end, "lift", "head_matter/headline", why, "headline")
        above = [block for block in head.blocks[:first] if block in head.free]
        yield from _above(above, head, context, settings)
        below = [block for block in head.blocks[first + 1 :] if block not in head.headlines]
    elif any(_is_meta(block, context) for block in head.blocks):
        kickers = [block for block in head.free if _is_kicker(block, settings)]
        at = head.blocks.index(kickers[0]) if kickers else -1
        if at == 0 and not _is_name(kickers[0], context):
            yield whole(
                kickers[0], "lift", "head_matter/section", "A section's name opens the story.", "section"
            )
        below, last = head.blocks[1 if at == 0 else 0 :], -1
    else:
        return
    names = list(_names(below, head, context))
    yield from names
    taken = {mark.block for mark in names}
    yield from _standfirsts(
        [block for block in below if block in head.free and block.number not in taken],
        head,
        context,
        story,
        settings,
        last,
    )


def _without_desk_notes(story: Story, context: Context) -> tuple[Story, Context]:
    """The story as readers will see it: an embargo above the headline is neither headline nor kicker."""
    notes = {
        block.number
        for block in (story.blocks if story.signals else ())
        if desk_span(block.text, story.signals) == Span(0, len(block.text))
    }
    left = context.without(notes) if notes else context
    return left.story, left


def _said(block: Block, story: Story) -> Span:
    """Of a headline what readers see: "UPDATE 2-" is before it, "(CORRECTED)" behind it."""
    label = desk_span(block.text, story.signals) if story.signals else None
    if label is None or label == Span(0, len(block.text)):
        return Span(0, len(block.text))
    return Span(0, label.start) if label.start else Span(label.end, len(block.text))


# --- where the head ends -------------------------------------------------------------------------------------------


def _read_head(blocks: list[Block], story: Story, context: Context) -> _Head:
    free = [block for block in blocks if not context.protected(block) and not _taken(block, context)]
    headlines, witnessed = _headlines(free, blocks, story, context)
    return _Head(blocks, free, headlines, witnessed)


def _head_blocks(story: Story, context: Context, settings: HeadMatter) -> list[Block]:
    """Down to the first prose below the headline; or, where that is a standfirst that reads like prose, to the next.

    A standfirst like prose is told only where it is the one line between the headline and a byline or a date. A label
    without a date is no witness: "Published: undefined" may stand under the story's first paragraph.
    """
    blocks = list(story.blocks)
    title = _title_at(story, context)
    prose = [
        position
        for position, stands in enumerate(context.prose)
        if stands
        and position > title
        and not (title >= 0 and same_line(blocks[position].text, blocks[title].text))
    ]
    if not prose:
        return []
    end = first = prose[0]
    if (
        story.fields.standfirst is None
        and len(prose) > 2
        and len(blocks[first].text) <= settings.longest_standfirst
        and _only_title_above(blocks[title + 1 : first], title >= 0, context)
        and any(
            _is_dated_or_signed(blocks[position], context) and not _after_colon(blocks, position, context)
            for position in range(first + 1, min(prose[1], first + 1 + settings.reach))
        )
    ):
        end = min(prose[1], first + _LONGEST_BELOW)
    # A head is short; a hundred lines above the first sentence are results or a table, and the story's.
    return blocks[:end] if end <= _LONGEST_HEAD else []


def _title_at(story: Story, context: Context) -> int:
    """Where the headline stands that a witness vouches for, else one that reads like prose; -1 where neither does.

    What stands above it is never the story's, and it is itself no prose, though it may end like a sentence: "Who owns the quay?"
    """
    known, slug = story.fields.headline, slug_words(story.url)
    best, found, above = 0.0, -1, 0
    for position, block in enumerate(story.blocks[:_LONGEST_HEAD]):
        vouched = 0.0
        if not context.protected(block) and not _taken(block, context):
            if known:
                vouched = float(same_line(block.text, known))
            elif may_be_headline(block) and not _captions(block, context):
                vouched = share(block.text, slug)
        # A first paragraph, or a subhead under it, may say what the address says; a byline or a date tells the headline.
        doubt = bool(above) or (context.prose[position] and not known)
        if vouched >= (_VOUCHED if above else 0.5) and (
            not doubt or _signed_near(position, story, context) or _mostly(block.text, slug, above)
        ):
            if vouched > best:
                best, found = vouched, position
        elif context.prose[position]:
            above += 1
            if above > _MOST_PROSE_ABOVE:
                break
    return found if found >= 0 else _question_at(story, context)


def _signed_near(position: int, story: Story, context: Context) -> bool:
    near = story.blocks[max(0, position - 2) : position] + story.blocks[position + 1 : position + 5]
    return any(_is_dated_or_signed(block, context) for block in near)


def _mostly(text: str, slug: frozenset[str], above: int) -> bool:
    """On top, and most of the line's own words stand in the address: a paragraph says more than an address."""
    own = words_of(text)
    return not above and len(own & slug) >= _VOUCHED * len(own)


def _question_at(story: Story, context: Context) -> int:
    """A headline that ends like a sentence, for a byline or a date stands right below it, and no other title above."""
    first = context.prose.index(True) if True in context.prose else -1
    if first < 0 or story.fields.headline:
        return -1
    block, above = story.blocks[first], story.blocks[:first]
    if (
        may_be_headline(block)
        and not is_quotation(block.text)
        and not SENTENCE_INSIDE.search(block.text)
        and not any(may_be_headline(other) and not _taken(other, context) for other in above)
        and any(_is_dated_or_signed(other, context) for other in story.blocks[first + 1 : first + 3])
        and sum(context.prose) > 2
    ):
        return first
    return -1


def _captions(block: Block, context: Context) -> bool:
    """It ends in a picture's credit: no headline does."""
    return block.kind == "caption" or credit_at_end(block, context, last=False)


def _only_title_above(above: list[Block], titled: bool, context: Context) -> bool:
    """Nothing but kickers and a headline stands on top: the line that follows may be the standfirst.

    ``titled``: the headline is known, and ``above`` is what stands between it and the line.
    """
    open_lines = [
        position
        for position, block in enumerate(above)
        if not context.claimed(block) and reach(block.text) >= 40 and not _captions(block, context)
    ]
    # The date above the one open line, which then is the headline, does not part it from what follows.
    under = above[open_lines[-1] + 1 :] if open_lines else above
    return len(open_lines) <= (0 if titled else 1) and not any(
        context.is_kind(block, *_SIGNED) for block in under
    )


def _is_dated_or_signed(block: Block, context: Context) -> bool:
    return len(block.text) <= 140 and context.is_kind(block, *_SIGNED)


def _is_meta(block: Block, context: Context) -> bool:
    return len(block.text) <= 140 and context.is_kind(block, *_SIGNED, "published-label")


def _after_colon(blocks: list[Block], position: int, context: Context) -> bool:
    """A date under a label of the story's own ("Date of the hearing:") is the story's."""
    above = blocks[position - 1] if position else None
    return above is not None and above.text.endswith(_COLON) and not context.claimed(above)


def _taken(block: Block, context: Context) -> bool:
    """Another rule or cleaner speaks for this line."""
    return (
        block.kind in ("caption", "row")
        or context.is_kind(block, *_OTHER)
        or any(
            hit.rule.action in ("remove", "lift") and (not hit.rule.zone or "head" in hit.rule.zone)
            for hit in context.facts(block).hits
        )
    )


def _bylines_and_dates(head: list[Block], context: Context) -> Iterator[Mark]:
    signed = any(context.is_kind(block, "byline") and not context.is_kind(block, "credit") for block in head)
    for position, block in enumerate(head):
        if context.protected(block) or _is_sentence(block, context) or _after_colon(head, position, context):
            continue
        byline = context.is_kind(block, "byline", "signed")
        dated = context.is_kind(block, *_DATED) and not context.is_kind(block, "signed")
        if dated or (not byline and not context.claimed(block) and says_when(block.text)):
            yield from _dates(block, context)
        elif byline and not (signed and context.is_kind(block, "credit")):
            # "Jon Blythe/Reuters" is a byline or a credit: beside a plain byline it is the picture's.
            yield whole(
                block, "lift", "head_matter/byline", "The writer's name stands above the story.", "byline"
            )


def _dates(block: Block, context: Context) -> Iterator[Mark]:
    """When the story came out, and when it was changed: two fields, and what stands between them is neither."""
    words = context.ruleset.words
    labels = words.get("published", ()), words.get("updated", ())
    rule, begin = "head_matter/date", 0
    if context.is_kind(block, "byline"):
        # "By Ilse Brandvik | Published: 3 March 2026"
        name, begin = name_before_dates(block.text, *labels)
        why = "The writer's name stands above the story."
        if name:
            yield Mark(block.number, 0, name, "lift", "head_matter/byline", why, "byline")
            yield Mark(block.number, name, begin, "remove", rule, "It parts the name from the date.")
    end = begin
    for part in dates_in(block.text[begin:], *labels):
        part = part._replace(start=part.start + begin, end=part.end + begin)
        why = "When the story came out stands above it."
        if part.field == "updated":
            why = "When the story was changed stands above it."
        if end < part.start:
            yield Mark(block.number, end, part.start, "remove", rule, "It parts one date from the other.")
        yield Mark(block.number, part.start, part.end, "lift", rule, why, part.field)
        end = part.end
    if end < len(block.text):
        yield Mark(block.number, end, len(block.text), "remove", rule, "It parts one date from the other.")


def _is_sentence(block: Block, context: Context) -> bool:
    return is_prose(without_noon(block.text) if context.is_kind(block, "published") else block.text)


# --- which line is the headline ------------------------------------------------------------------------------------


def _headlines(
    free: list[Block], head: list[Block], story: Story, context: Context
) -> tuple[list[Block], bool]:
    """The headline's line and its repeats in the head, and whether a witness stands for it."""
    known = story.fields.headline
    said = {block.number: block.text[slice(*_said(block, story))] for block in free}
    labelled = next((said[block.number] for block in free if said[block.number] != block.text), None)
    known = known or labelled  # no other line has the desk's label
    if known:
        return [block for block in free if same_line(said[block.number], known)], True
    slug = slug_words(story.url)
    # The address may vouch for what else would be two sentences: "Ferry returns. Harbour master resigns".
    titles = [
        block
        for block in free
        if may_be_headline(block)
        and not _captions(block, context)
        and (not SENTENCE_INSIDE.search(block.text) or share(block.text, slug) >= 0.5)
    ]
    # No headline stands under its own byline; what does is the story's.
    writer = next(
        (
            at
            for at, block in enumerate(head)
            if context.is_kind(block, "byline") and not context.is_kind(block, *_DATED)
        ),
        len(head),
    )
    titles = [block for block in titles if head.index(block) < writer] or titles
    if not titles:
        return [], False
    named = [block for block in titles if share(block.text, slug) >= 0.5]
    titles = [block for block in titles if not leads_to(block, titles)]
    named = [block for block in named if block in titles]
    best = (
        max(named, key=lambda block: (share(block.text, slug), -block.number))
        if named
        else _nearest_title(titles, free, head, context)
    )
    plain = _plain_case(best, free, head) and not _spoken_against(best, slug)
    if named or any(_is_meta(block, context) for block in head) or plain:
        return [block for block in titles if same_line(block.text, best.text)], bool(named)
    return [], False


def _nearest_title(titles: list[Block], free: list[Block], head: list[Block], context: Context) -> Block:
    """The first title, or a later one that labels part from it: links and menus stand above kicker and headline.

    Example: "Ferry company wins the spring vote", "Harbour", "Courts", headline, byline. Under a headline stands its standfirst,
    and nothing between.
    """
    best = titles[0]
    for title in titles[1:]:
        between = head[head.index(best) + 1 : head.index(title)]
        if not between or not all(block in free and reach(block.text) < 40 for block in between):
            break
        best = title
    return best


def _plain_case(best: Block, free: list[Block], head: list[Block]) -> bool:
    """One title on top, under at most a kicker, over at most one standfirst: no witness is needed."""
    at = head.index(best)
    if best.text[:1].islower() or any(len(block.text) > 40 for block in head[:at]) or at > 3:
        return False
    below = [block for block in free if head.index(block) > at]
    single = [block for block in below if not _comes_twice(block, below)]
    return len(single) <= 1


def _spoken_against(best: Block, slug: frozenset[str]) -> bool:
    """The address has words, and none of them is the title's: then it may be a subhead, for more may be missing above."""
    return sum(word.isalpha() for word in slug) >= 2 and not words_of(best.text) & slug


def _comes_twice(block: Block, others: list[Block]) -> bool:
    """A caption comes twice in a row, the second time perhaps with its credit: it speaks for a head, and is no standfirst."""
    return any(
        other is not block
        and (
            other.text.startswith(block.text)
            # "Jon Blythe" is a kicker above "Jon Blythe heard for nine hours"
            or (2 * len(other.text) > len(block.text) and block.text.startswith(other.text))
        )
        for other in others
    )


# --- what stands above and below it --------------------------------------------------------------------------------


def _is_kicker(block: Block, settings: HeadMatter) -> bool:
    return (
        len(block.text) <= settings.longest_kicker
        and len(block.text.split()) <= 5
        and not ends_sentence(block.text)
        and block.text[:1] not in "@#"
        and not block.text.endswith(_COLON)
        and any(character.isalpha() for character in block.text)
    )


def _is_label(block: Block, settings: HeadMatter) -> bool:
    """Right above the headline it may be a little longer, or a question in capitals: "WHO OWNS THE QUAY?"."""
    text = block.text
    return (
        len(text) <= 1.5 * settings.longest_kicker
        and len(text.split()) <= 6
        and (is_capitals(text) or text[-1] not in ".。!?！？:：")
        and text[:1] not in "@#"
        and any(character.isalpha() for character in text)
    )


def _is_between(block: Block, head: _Head, context: Context) -> bool:
    return _captions(block, context) or any(
        len(title.text) >= 20 and len(block.text) > len(title.text) and title.text in block.text
        for title in head.headlines
    )


def _above(above: list[Block], head: _Head, context: Context, settings: HeadMatter) -> Iterator[Mark]:
    """Short lines close above the headline name the section, the nearest best; what stands further up is the page's."""
    top = head.blocks.index(head.headlines[0])
    for block in above:
        at = head.blocks.index(block)
        # Captions and the trail to the headline stand between, too.
        far = top - at - sum(_is_between(other, head, context) for other in head.blocks[at + 1 : top])
        if (_is_kicker(block, settings) and far <= 3) or (far == 1 and _is_label(block, settings)):
            yield _section(block)
        elif _is_kicker(block, settings):
            yield whole(
                block,
                "remove",
                "head_matter/navigation",
                "A short line above headline and section is the page's navigation.",
            )
        elif head.witnessed and is_title(block.text) and not _captions(block, context):
            yield whole(
                block,
                "remove",
                "head_matter/other-story",
                "A title above the story's own headline leads to another story.",
            )


def _section(block: Block) -> Mark:
    why = "The section's name stands above the headline."
    return whole(block, "lift", "head_matter/section", why, "section")


def _names(below: list[Block], head: _Head, context: Context) -> Iterator[Mark]:
    """A bare name, role or agency under the headline or beside a byline or date is the byline."""
    marked: set[int] = set()
    last = head.blocks.index(head.headlines[-1]) if head.headlines else 0
    above_last = head.blocks[last - 1] if last else None
    for position, block in enumerate(below):
        if block is above_last and block in head.free and _is_name(block, context):
            # headline, "Harbour", headline: the second headline has its kicker, too
            marked.add(block.number)
            yield _section(block)
            continue
        near = _neighbours(position, below, context)
        beside = any(_is_meta(other, context) or other.number in marked for other in near)
        if context.is_kind(block, "role") or (
            context.is_kind(block, "agency-name") and not context.is_kind(block, "byline", "credit")
        ):
            dated = position + 1 < len(below) and context.is_kind(below[position + 1], *_DATED)
            if dated or not any(
                other.kind == "caption" or context.is_kind(other, "credit") for other in near
            ):
                marked.add(block.number)
                yield whole(
                    block, "lift", "head_matter/role", "A role or an agency stands above the story.", "byline"
                )
        elif position and _is_named_by(block, below[position - 1], context):
            marked.add(block.number)
            yield whole(block, "lift", "head_matter/name", "It stands under a label of the byline.", "byline")
        elif block in head.free and _is_name(block, context):
            if _is_pictured(position, below, context):
                marked.add(block.number)
                yield whole(block, "lift", "head_matter/caption", _CAPTION, "caption")
                continue
            first = not any(_is_meta(other, context) for other in below[:position])
            if beside or (head.headlines and first and len(block.text.split()) in (2, 3)):
                marked.add(block.number)
                if (
                    len(block.text.split()) == 1
                    and reach(block.text) == len(block.text)
                    and block.text[0] != "@"
                ):
                    # "Harbour" or "Norwegen": nobody signs with one word, where words are parted by spaces
                    yield whole(
                        block,
                        "lift",
                        "head_matter/section",
                        "A single word stands above the story.",
                        "section",
                    )
                else:
                    yield whole(
                        block, "lift", "head_matter/name", "A bare name stands above the story.", "byline"
                    )


def _neighbours(position: int, below: list[Block], context: Context) -> list[Block]:
    """The lines above and below; a picture's caption and credit between two lines of the head part nothing.

    A credit right beside the line is told, too: it may be the line's own.
    """
    near = below[max(0, position - 1) : position] + below[position + 1 : position + 2]
    for way in (reversed(below[:position]), iter(below[position + 1 :])):
        beyond = next((block for block in way if not _of_picture(block, context)), None)
        if beyond is not None and beyond not in near:
            near.append(beyond)
    return near


def _of_picture(block: Block, context: Context) -> bool:
    return context.is_kind(block, "credit", "picture-label") or _captions(block, context)


def _is_pictured(position: int, below: list[Block], context: Context) -> bool:
    """A name right above a picture's credit, where another line says who wrote the story, is the picture's."""
    under = below[position + 1 : position + 2]
    others = below[:position] + below[position + 2 :]
    return any(context.is_kind(other, "credit") for other in under) and any(
        context.is_kind(other, "byline") or _is_name(other, context) for other in others
    )


def _is_named_by(block: Block, above: Block, context: Context) -> bool:
    """ "Article by", "harbournews": under the label stands who it is, be it a name or not."""
    return (
        context.is_kind(above, "byline-label")
        and not context.claimed(block)
        and not context.protected(block)
        and len(block.text) <= 40
        and len(block.text.split()) <= 4
        and not ends_sentence(block.text)
    )


def _is_name(block: Block, context: Context) -> bool:
    return (
        len(block.text) <= 60
        and context.is_kind(block, "name")
        # "@harbourlens" under a byline is the writer's; rules know it as an address of the writer's box.
        and (not context.claimed(block) or block.text.startswith("@"))
        and not block.text.endswith(_COLON)
    )


def _standfirsts(
    below: list[Block], head: _Head, context: Context, story: Story, settings: HeadMatter, last: int
) -> Iterator[Mark]:
    """Lines under the headline, above byline, date and story, long enough to be no label.

    Where the headline is not among the lines (a page's reader took it), a line on top may as well be the story's
    first: then only the document's own standfirst, or a byline or date below, tells one.
    """
    at = {block.number: position for position, block in enumerate(head.blocks)}
    meta = [
        position for position, block in enumerate(head.blocks) if position > last and _is_meta(block, context)
    ]
    known = story.fields.standfirst
    lifted: list[int] = []
    for block in below:
        text, position = block.text, at[block.number]
        if len(text) > settings.longest_standfirst:
            continue
        if known and same_line(text, known):
            lifted.append(position)
            yield _standfirst(block)
        elif (
            position < last
            or _comes_twice(block, head.free)
            or text.endswith(_COLON)
            or "//" in text
            or reach(text) < (25 if text.startswith(_GOES_ON) else 40)
            or (is_quotation(text) and ends_sentence(text))
        ):
            continue
        elif meta and position > meta[0] and not (head.headlines and text.startswith(("…", "..."))):
            yield _caption_or_doubt(block, head.blocks[max(0, position - 1) : position + 2], context)
        elif head.headlines or (meta and position < meta[0]):
            if lifted and _is_picture_s(position, lifted, head, context):
                yield whole(block, "lift", "head_matter/caption", _CAPTION, "caption")
                continue
            titled = head.headlines or story.fields.headline or lifted or text.startswith(_GOES_ON)
            if not titled and is_title(text) and not is_prose(text):
                # No standfirst without a headline: "Pilots. More than nine of them stay ashore", "3 March 2026"
                why = "The first title above byline or date is the headline, where no other was found."
                lifted.append(position)
                yield whole(block, "lift", "head_matter/headline", why, "headline")
                continue
            lifted.append(position)
            yield _standfirst(block)


def _standfirst(block: Block) -> Mark:
    why = "The standfirst stands between headline and story."
    return whole(block, "lift", "head_matter/standfirst", why, "standfirst")


_CAPTION = "Between headline, standfirst, byline or date and the story stands the picture's caption."


def _is_picture_s(position: int, standfirsts: list[int], head: _Head, context: Context) -> bool:
    """Under a standfirst, parted from it by another line or with a credit right below: a picture's, for standfirsts stand together."""
    below = head.blocks[position + 1 : position + 2]
    return position - 1 not in standfirsts or any(context.is_kind(other, "credit") for other in below)


def _caption_or_doubt(block: Block, near: list[Block], context: Context) -> Mark:
    """Kicker, headline, standfirst, byline, date, picture, body: under the date a caption may stand, or the story's first line."""
    if any(context.is_kind(other, "credit", "picture-label") for other in near):
        return whole(block, "lift", "head_matter/caption", _CAPTION, "caption")
    return whole(block, "suspect", "head_matter/caption", _CAPTION)
