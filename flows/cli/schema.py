"""``cleancopy schema``: the contract of records as JSON Schema."""

from __future__ import annotations

import typer


def schema() -> None:
    """Print the JSON Schema of records: what `--to json` and `jsonl`, the format json of destinations and the table's column hold."""
    from cleaners.write.record_schema import record_schema_text

    typer.echo(record_schema_text(), nl=False)
