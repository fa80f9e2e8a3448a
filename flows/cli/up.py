"""``cleancopy up``: server, schedules and webhook on one machine."""

from __future__ import annotations

from flows.cli.config import find_config
from flows.cli.options import ConfigOption


def up(config: ConfigOption = None) -> None:
    """Bring up the Prefect server with its UI, the deployments, the webhook receiver and the reports; Ctrl-C ends all of them.

    Everything is bound to this machine alone unless $CLEANCOPY_HOST says otherwise. Ports: $CLEANCOPY_UI_PORT (4200),
    $CLEANCOPY_REPORTS_PORT (4201) and $CLEANCOPY_WEBHOOK_PORT (8787).
    """
    from flows.cli.rules import stop_at_mistakes

    directory = find_config(config)
    stop_at_mistakes(directory, "nothing was started")
    from flows.up import up as bring_up

    bring_up(directory)
