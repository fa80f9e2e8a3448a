"""Options that several commands have in common."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class From(StrEnum):
    """What the input is."""

    auto = "auto"
    page = "page"
    body = "body"
    text = "text"
    jsonl = "jsonl"
    wire = "wire"
    mail = "mail"


class To(StrEnum):
    """What the output shall be."""

    text = "text"
    html = "html"
    markdown = "markdown"
    json = "json"
    jsonl = "jsonl"
    decisions = "decisions"
    ninjs = "ninjs"
    nitf = "nitf"
    newsml_g2 = "newsml-g2"
    json_ld = "json-ld"


FromOption = Annotated[
    From,
    typer.Option(
        "--from",
        help="What comes in: a whole web page, the HTML body of a CMS story, plain text, JSON lines, wire items (ninjs, NITF, "
        "NewsML-G2, RSS, Atom), or a saved e-mail. auto looks at the name and the content.",
    ),
]
PublisherOption = Annotated[
    str | None,
    typer.Option(
        help="The publisher whose rules apply (its name, host or file), for stories that do not say their own.",
        show_default=False,
    ),
]
UrlOption = Annotated[
    str | None,
    typer.Option(help="The story's address, for stories that do not say their own.", show_default=False),
]
LanguageOption = Annotated[
    str | None,
    typer.Option(
        "--lang",
        help='The story\'s language ("en", "hi"), for stories that do not say their own; otherwise it is found out.',
        show_default=False,
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="DIR",
        help="The configuration to use. Otherwise $CLEANCOPY_CONFIG, ./config, or the one that came with cleancopy.",
        show_default=False,
    ),
]
OutputOption = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help="Write here instead of to standard output. A folder (or a name ending in /) gets one file a story.",
        show_default=False,
    ),
]
