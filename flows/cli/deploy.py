"""``cleancopy deploy``: the deployments on a Prefect server of one's own, for workers of a pool."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from flows.cli.config import find_config
from flows.cli.options import ConfigOption
from flows.cli.terminal import say, stdout, stop

POOL = "cleancopy"


def deploy(
    pool: Annotated[
        str,
        typer.Option(
            "--pool",
            metavar="NAME",
            help="The work pool whose workers run the flows. A process pool is made where it is missing.",
        ),
    ] = POOL,
    config: ConfigOption = None,
) -> None:
    """Apply all deployments, with the schedules of sources.yaml, to the Prefect server of $PREFECT_API_URL.

    Again changes nothing. `cleancopy up` needs no deploy: it serves the same deployments itself.
    """
    from flows.cli.rules import stop_at_mistakes

    directory = find_config(config)
    stop_at_mistakes(directory, "nothing was deployed")
    import httpx
    from prefect.exceptions import PrefectHTTPStatusError
    from prefect.settings import PREFECT_API_URL

    from flows.deployments import deploy as apply
    from flows.deployments import deployed_version
    from flows.settings import load_settings

    url = PREFECT_API_URL.value()
    if not url:
        stop(
            "There is no Prefect server to deploy to: set PREFECT_API_URL=http://HOST:4200/api, or use cleancopy up."
        )
    settings = load_settings(directory)
    try:
        done = asyncio.run(apply(settings, pool))
    except (httpx.HTTPError, PrefectHTTPStatusError, RuntimeError) as error:
        stop(
            f"{url}: {error or type(error).__name__}\nLook whether the server runs, and whether PREFECT_API_AUTH_STRING is right.",
            code=1,
        )
    for name, id in done.items():
        stdout().print(f"{name}  {id}", highlight=False)
    say(
        f"{len(done)} deployments, version {deployed_version(settings)}. Start a worker: prefect worker start --pool {pool}",
        "green",
    )
