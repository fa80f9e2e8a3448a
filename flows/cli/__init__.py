"""The command line: ``cleancopy``. One module a command.

Every command imports what it works with when it runs, so that ``cleancopy clean`` never waits for Prefect or a database
and ``--help`` is there at once.
"""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli import (
    backup,
    clean,
    deploy,
    doctor,
    event,
    explain,
    outbox,
    plugin,
    review,
    rules,
    run,
    schema,
    status,
    undo,
    up,
    webhook,
)

app = typer.Typer(
    name="cleancopy",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_show_locals=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"cleancopy {version('cleancopy')}")
        raise typer.Exit


@app.callback()
def _cleancopy(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Takes the boilerplate out of news stories, and gives a reason for every line it removes."""


app.command("clean")(clean.clean)
app.command("explain")(explain.explain)
app.command("undo")(undo.undo)
app.command("review")(review.review)
app.command("outbox")(outbox.outbox)
app.add_typer(rules.app, name="rules")
app.command("schema")(schema.schema)
app.command("plugin")(plugin.plugin)
app.command("run")(run.run)
app.command("up")(up.up)
app.command("webhook")(webhook.webhook)
app.command("deploy")(deploy.deploy)
app.command("status")(status.status)
app.command("event")(event.event)
app.command("doctor")(doctor.doctor)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
