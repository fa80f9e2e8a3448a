"""The configuration a command works with, opened once; a mistake in it stops the command with file, line and column."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flows.cli.terminal import say, stop

if TYPE_CHECKING:
    from cleaners.pipeline import Pipeline


def find_config(config: Path | None) -> Path:
    """``--config``, else what the settings say. Stops with a message where that is no configuration."""
    from flows.settings import load_settings

    try:
        directory = load_settings(config).config_dir
    except ValueError as error:
        stop(str(error))
    if not (directory / "pipeline.yaml").is_file():
        stop(
            f"{directory}: there is no pipeline.yaml here. Name a configuration with --config DIR or $CLEANCOPY_CONFIG."
        )
    return directory


def open_pipeline(config: Path | None, publisher: str | None = None) -> Pipeline:
    """``publisher`` is who the command names; nobody's rules bear a misspelt name, and that is said."""
    from cleaners.pipeline import ConfigError
    from flows.settings.tried_rules import load_tried_pipeline

    directory = find_config(config)
    try:
        pipeline = load_tried_pipeline(directory)
    except ConfigError as error:
        stop(f"{error}\nNothing was done. `cleancopy rules check` shows every mistake at once.")
    book = pipeline.rulebook
    if publisher and book.publisher(publisher) is None:
        names = ", ".join(sorted(book.publishers)) or "none"
        say(
            f"No publisher's rules bear the name {publisher}; there are: {names}. The general rules apply.",
            "yellow",
        )
    return pipeline
