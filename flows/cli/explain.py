"""``cleancopy explain``: each line of a story with its mark, rule and reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from flows.cli.options import ConfigOption, From, FromOption, LanguageOption, PublisherOption, UrlOption
from flows.cli.terminal import printable, say, stdout

if TYPE_CHECKING:
    from cleaners.model import Cleaned
    from cleaners.write import Line, Piece

_STYLES = {
    "kept": "",
    "removed": "red strike",
    "lifted": "cyan",
    "protected": "green",
    "suspect": "yellow",
}
_WORDS = {
    "removed": "remove",
    "lifted": "lift",
    "protected": "protect",
    "suspect": "suspect",
    "trimmed": "trim",
}
_VERDICTS = {"publish": "green", "hold": "yellow", "kill": "red"}


def explain(
    files: Annotated[
        list[str] | None,
        typer.Argument(help="Stories to explain; - or none: standard input.", show_default=False),
    ] = None,
    from_: FromOption = From.auto,
    publisher: PublisherOption = None,
    url: UrlOption = None,
    lang: LanguageOption = None,
    config: ConfigOption = None,
) -> None:
    """Show each line of a story with what is done to it, by which rule, and why. Nothing is changed or written."""
    from flows.cli.clean import try_clean
    from flows.cli.config import open_pipeline
    from flows.cli.inputs import STDIN, Defaults, open_input

    pipeline = open_pipeline(config, publisher)
    broken = False
    for name in files or [STDIN]:
        for arrival in open_input(name, from_, Defaults(url, publisher, lang)).arrivals:
            cleaned, problem = try_clean(pipeline, arrival)
            if cleaned is None:
                broken = True
                say(f"{arrival.place}: {problem}", "red")
            else:
                stdout().print(explained(cleaned, arrival.place))
    if broken:
        raise typer.Exit(1)


def explained(cleaned: Cleaned, place: str) -> RenderableType:
    """A story's lines with their fate, the fields it ended with, and the verdict."""
    from cleaners.write import changes

    lines = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1))
    lines.add_column(justify="right", style="dim", no_wrap=True)
    lines.add_column(no_wrap=True)
    lines.add_column(ratio=1)
    for line in changes(cleaned):
        lines.add_row(str(line.index + 1), _fate(line), _told(line))
    parts: list[RenderableType] = [Text(printable(place), style="bold"), lines, _fields(cleaned)]
    verdict = Text(cleaned.verdict, style=f"bold {_VERDICTS[cleaned.verdict]}")
    doubt = len({mark.block for mark in cleaned.suspects})
    if doubt:
        verdict.append(
            f"\n  {doubt} {'line' if doubt == 1 else 'lines'} in doubt, kept", style="not bold yellow"
        )
    for signal in cleaned.source.signals:
        until = f", until {signal.until}" if signal.until else ""
        verdict.append(f"\n  {signal.kind} signal{until}: {printable(signal.text)}", style="not bold dim")
    for reason in cleaned.reasons:
        verdict.append(f"\n  {printable(reason)}", style="not bold default")
    for note in cleaned.source.notes:
        verdict.append(f"\n  for the desk: {printable(note)}", style="not bold yellow")
    return Group(*parts, verdict, Text())


def _fate(line: Line) -> Text:
    effect = line.effect
    if effect == "kept":
        return Text("keep", style="dim")
    word = _WORDS[effect] + (f" → {line.field}" if effect == "lifted" else "")
    style = _STYLES["removed" if effect == "trimmed" else effect].replace(" strike", "")
    return Text(word, style=style)


def _told(line: Line) -> Text:
    """The line with its pieces coloured, and below it each rule that had a say, with its reason.

    What was cut has its number, for ``cleancopy undo --removal``.
    """
    told = Text()
    reasons: dict[tuple[str, ...], Piece] = {}
    numbers: dict[tuple[str, ...], str] = {}
    for piece in line.pieces:
        told.append(printable(piece.text), style=_STYLES[piece.effect])
        if piece.rules:
            reasons.setdefault(piece.rules, piece)
        if piece.number is not None:
            numbers[piece.rules] = f"{numbers.get(piece.rules, '')}#{piece.number} "
    for rules, piece in reasons.items():
        said = f"{numbers.get(rules, '')}{', '.join(rules)}: {printable(piece.why)}"
        told.append(f"\n  {said}", style="dim")
        if piece.overruled:
            told.append(f"\n  stands against {', '.join(piece.overruled)}", style="dim")
    return told


def _fields(cleaned: Cleaned) -> RenderableType:
    from cleaners.model import TEXT_FIELDS

    fields = cleaned.copy.fields
    sources = dict(fields.sources)
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1))
    for name in TEXT_FIELDS:
        value = getattr(fields, name)
        if value:
            origin = f"  ({sources[name]})" if name in sources else ""
            table.add_row(Text(name, style="cyan"), Text(printable(value)).append(origin, style="dim"))
    paid = {True: "yes", False: "no", None: None}[fields.paywalled]
    others = {
        "authors": "; ".join(fields.authors),
        "tags": ", ".join(fields.tags),
        "canonical": fields.canonical,
        "site": fields.site,
        "paywalled": paid,
        "language": cleaned.copy.language,
    }
    for name, shown in others.items():
        if shown:
            source = sources.get("byline" if name == "authors" else name)
            told = Text(printable(shown)).append(f"  ({source})" if source else "", style="dim")
            table.add_row(Text(name, style="cyan"), told)
    for picture in fields.pictures:
        said = [
            part for part in (picture.caption, picture.credit and f"[{picture.credit}]", picture.url) if part
        ]
        if said:
            table.add_row(Text("picture", style="cyan"), Text(printable("  ".join(said))))
    return table if table.row_count else Text("no fields", style="dim")
