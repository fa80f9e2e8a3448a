"""``cleancopy webhook``: the receiver alone."""

from __future__ import annotations

import typer

from flows.cli.options import ConfigOption


def webhook(config: ConfigOption = None) -> None:
    """Receive the signed events of CMSs at /webhooks/SOURCE, and store them in the ledger; Ctrl-C ends it.

    `cleancopy up` has a receiver among the rest; this is for a machine of its own. Where PREFECT_API_URL is set the drain is woken
    after each event, otherwise events wait for the drain that stands by or for the schedule. It listens on this machine alone
    unless $CLEANCOPY_HOST says otherwise, at $CLEANCOPY_WEBHOOK_PORT (8787). GET /healthz, /readyz, /metrics (Prometheus), /openapi.json.
    """
    from flows.webhook.__main__ import main

    code = main(config)
    if code:
        raise typer.Exit(code)
