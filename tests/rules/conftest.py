"""A configuration folder from texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

Write = Callable[..., Path]


@pytest.fixture
def write_config(tmp_path: Path) -> Write:
    """``write_config(english="rules: …", publishers={"desk": "name: …"})`` → the folder."""

    def write(publishers: dict[str, str] | None = None, **packs: str) -> Path:
        for folder, texts in (("rules", packs), ("publishers", publishers or {})):
            (tmp_path / folder).mkdir(exist_ok=True)
            for stem, text in texts.items():
                (tmp_path / folder / f"{stem}.yaml").write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return tmp_path

    return write
