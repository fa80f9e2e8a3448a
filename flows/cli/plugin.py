"""``cleancopy plugin``: what is put into a CMS so that it tells of its posts."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Cms(StrEnum):
    wordpress = "wordpress"


_FILES = {Cms.wordpress: "cleancopy.php"}


def plugin(cms: Annotated[Cms, typer.Argument(help="The CMS that it is for.")]) -> None:
    """Print the plugin for a CMS: `cleancopy plugin wordpress > wp-content/mu-plugins/cleancopy.php`."""
    from importlib.resources import files

    typer.echo(files("flows").joinpath("cms_plugins", _FILES[cms]).read_text("utf-8"), nl=False)
