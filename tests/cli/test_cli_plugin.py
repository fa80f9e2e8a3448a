"""The plugin that is put into a CMS comes out of an installed cleancopy as it lies in it."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

import flows
from flows.cli import app


def test_the_plugin_is_printed_byte_for_byte() -> None:
    result = CliRunner().invoke(app, ["plugin", "wordpress"])
    assert result.exit_code == 0
    shipped = Path(flows.__file__).parent / "cms_plugins" / "cleancopy.php"
    assert result.stdout.encode() == shipped.read_bytes()
    assert result.stdout.startswith("<?php")


def test_a_cms_without_a_plugin_is_refused_by_name() -> None:
    result = CliRunner().invoke(app, ["plugin", "typo3"])
    assert result.exit_code == 2
    assert "wordpress" in result.output
