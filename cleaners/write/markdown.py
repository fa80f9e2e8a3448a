"""Markdown: headline, standfirst, byline and date, then the story, readable in any editor."""

from __future__ import annotations

from collections.abc import Iterator

from cleaners.model import Cleaned, Picture
from cleaners.read.shortcodes import is_shortcodes
from cleaners.write.escapes import markdown_text, one_line
from cleaners.write.html import cells
from cleaners.write.order import Run, reading_order


def markdown(cleaned: Cleaned) -> str:
    """The clean copy as CommonMark (tables as GitHub writes them), every special character escaped, ending in a line break."""
    return "\n\n".join([*_head(cleaned), *_body(cleaned)]) + "\n"


def _head(cleaned: Cleaned) -> Iterator[str]:
    fields = cleaned.copy.fields
    if fields.headline:
        yield f"# {one_line(fields.headline)}"
    if fields.standfirst:
        yield f"*{markdown_text(fields.standfirst, at_start=False)}*"
    line = [part for part in (fields.byline, fields.published) if part]
    if line:
        yield " · ".join(markdown_text(part, at_start=part is line[0]) for part in line)


def _body(cleaned: Cleaned) -> Iterator[str]:
    for part in reading_order(cleaned):
        if isinstance(part, Picture):
            yield from _picture(part)
        else:
            yield from _run(part)


def _run(run: Run) -> Iterator[str]:
    blocks = run.blocks
    match run.kind:
        case "item":
            signs = ["- " if run.first is None else f"{run.first + at}. " for at in range(len(blocks))]
            yield "\n".join(
                sign + markdown_text(block.text).replace("\n", "\n" + " " * len(sign))
                for sign, block in zip(signs, blocks, strict=True)
            )
        case "quote":
            yield "\n>\n".join("> " + markdown_text(block.text).replace("\n", "\n> ") for block in blocks)
        case "row":
            yield _table([cells(block.text) for block in blocks], blocks[0].level > 0)
        case "heading":
            for block in blocks:
                yield f"{'#' * min(max(block.level, 2), 6)} {one_line(block.text)}"
        case "caption":
            for block in blocks:
                yield from _picture(Picture(caption=block.text))
        case "paragraph" | "embed":
            for block in blocks:
                if not is_shortcodes(block.text):  # "[gallery]" is nothing outside its CMS
                    yield markdown_text(block.text)


def _table(rows: list[list[str]], headed: bool) -> str:
    """The rows as a table; without a header row of its own, with an empty one, for Markdown knows no other tables."""
    width = max(len(row) for row in rows)
    shown = [[one_line(cell) for cell in row] for row in rows]
    head = shown.pop(0) if headed else [""] * width
    lines = [head, ["---"] * width, *shown]
    return "\n".join("| " + " | ".join(line + [""] * (width - len(line))) + " |" for line in lines)


def _picture(picture: Picture) -> Iterator[str]:
    caption = f"*{markdown_text(picture.caption, at_start=False)}*" if picture.caption else ""
    credit = f"({markdown_text(picture.credit, at_start=False)})" if picture.credit else ""
    if caption or credit:
        yield f"{caption} {credit}".strip()
