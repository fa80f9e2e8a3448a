"""The golden documents: what the demo stories and an invented one come to in every news format, byte for byte.

Who changes them on purpose looks at each and writes them anew: ``python tests/news_formats/news_golden.py write``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from invented_news import NOON, killed, whole_edition, whole_story  # type: ignore[import-not-found]

from cleaners.model import Cleaned
from cleaners.pipeline import Pipeline, load_pipeline
from cleaners.write import Edition, edition_of, json_ld, newsml_g2, ninjs, nitf
from flows.cli.inputs import Defaults, open_input
from flows.cli.options import From

GOLDEN = Path(__file__).parent / "golden"
CONFIG = Path(__file__).resolve().parents[2] / "config"
SUFFIXES = {ninjs: ".ninjs.json", nitf: ".nitf.xml", newsml_g2: ".newsml.xml", json_ld: ".ld.json"}


def editions(pipeline: Pipeline) -> Iterator[tuple[str, Cleaned | None, Edition]]:
    """The documents' names, and what they are made of."""
    until = datetime(2026, 3, 9, 0, 1, tzinfo=UTC)
    yield "swan-first", whole_story(), whole_edition(number=2, previous=None)
    yield "swan-corrected", whole_story(), whole_edition()
    yield "swan-embargoed", whole_story(), whole_edition(status="withheld", embargo=until)
    yield "swan-killed", None, killed()
    for path in sorted((CONFIG / "demo").iterdir()):
        arrivals = list(open_input(str(path), From.auto, Defaults()).arrivals)
        for number, arrival in enumerate(arrivals, start=1):
            assert arrival.raw is not None
            name = path.stem if len(arrivals) == 1 else f"{path.stem}-{number}"
            # The id would be the path of this checkout.
            cleaned = pipeline.clean(replace(arrival.raw, id=name))
            yield f"demo-{name}", cleaned, edition_of(cleaned, NOON)


def documents(pipeline: Pipeline) -> dict[str, str]:
    """Every golden document by its file's name."""
    return {
        name + suffix: write(cleaned, edition)
        for name, cleaned, edition in editions(pipeline)
        for write, suffix in SUFFIXES.items()
    }


if __name__ == "__main__" and sys.argv[1:] == ["write"]:
    for old in GOLDEN.iterdir():
        old.unlink()
    for name, document in documents(load_pipeline(CONFIG)).items():
        (GOLDEN / name).write_text(document, encoding="utf-8")
