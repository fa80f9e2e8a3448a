"""The deployments: one list, served by ``cleancopy up`` and written down in ``prefect.yaml`` for work pools.

``python -m flows.deployments serve`` serves them (it needs PREFECT_API_URL), with ``--alone`` where no other program does;
``python -m flows.deployments write`` writes ``prefect.yaml`` anew, after a schedule in ``sources.yaml`` was changed.
"""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import yaml
from prefect import aserve, get_client
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import ConcurrencyLimitConfig
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound
from prefect.flows import Flow
from prefect.schedules import Cron, Schedule
from prefect.types.entrypoint import EntrypointType

from cleaners.pipeline import pipeline_version
from flows.backfill import backfill
from flows.clean_stories import clean_stories
from flows.drain_inbox import drain_inbox
from flows.housekeeping import housekeeping
from flows.poll_sources import poll_sources
from flows.prefect_home import TAG, marker
from flows.prefect_runs import crash_unfinished, end_silent_runs, wait_for_prefect
from flows.review_story import review_story
from flows.settings import Settings, asked, load_settings, load_sources
from flows.settings.names import holds_password

SWEEP = "*/5 * * * *"
"""How often the inbox is drained when nobody asks. The webhook asks at once; this finds what it could not ask for."""

NIGHTLY = "30 3 * * *"
"""When housekeeping runs."""

POOL = "cleancopy"
"""The work pool that ``prefect.yaml`` deploys to."""


class Planned(NamedTuple):
    """One deployment. It is called like its flow. ``one_at_a_time``: a second run waits for the first."""

    flow: Flow[..., Any]
    schedules: tuple[Schedule, ...] = ()
    one_at_a_time: bool = False

    @property
    def name(self) -> str:
        return self.flow.name

    @property
    def entrypoint(self) -> str:
        return f"{self.flow.fn.__module__}.{self.flow.fn.__name__}"


def planned(settings: Settings) -> tuple[Planned, ...]:
    """The deployments, with the schedules of ``sources.yaml``. Raises cleaners.rules.ConfigError."""
    return (
        Planned(clean_stories),
        Planned(poll_sources, tuple(_looks(settings))),
        Planned(review_story),
        Planned(drain_inbox, (Cron(SWEEP, timezone="UTC", slug="sweep"),), one_at_a_time=True),
        Planned(housekeeping, (Cron(NIGHTLY, timezone="UTC", slug="nightly"),), one_at_a_time=True),
        Planned(backfill),
    )


async def deploy(settings: Settings, pool: str = POOL) -> dict[str, UUID]:
    """Apply the deployments to the server of PREFECT_API_URL, for workers of ``pool``, which is made (of type process) where it
    is missing, with the automation that ends runs which were killed. Again changes nothing; a schedule that is no longer in
    ``sources.yaml`` goes.

    Their names with their ids. Raises cleaners.rules.ConfigError, and what Prefect's client raises.
    """
    async with get_client() as client:
        try:
            await client.read_work_pool(pool)
        except ObjectNotFound:
            await client.create_work_pool(WorkPoolCreate(name=pool, type="process"))
        what = deployed_version(settings)
        applied = {}
        for one in planned(settings):
            deployment = _deployment(one, what)
            deployment.job_variables = {"env": _where(settings)}
            applied[one.name] = await deployment.aapply(work_pool_name=pool)
            await _forget_schedules(client, applied[one.name], one)
        await end_silent_runs()
        return applied


def _where(settings: Settings) -> dict[str, str]:
    """Where things lie, for a worker: it starts each run in a temporary folder, in which ./cleancopy-data would be lost."""
    found = {"CLEANCOPY_CONFIG": str(settings.config_dir), "CLEANCOPY_DATA": str(settings.data_dir)}
    # Prefect shows job variables to whoever looks: an address with a password stays in the worker's own environment.
    return found if holds_password(settings.ledger_url) else found | {"CLEANCOPY_LEDGER": settings.ledger_url}


async def _forget_schedules(client: PrefectClient, id: UUID, one: Planned) -> None:
    """Prefect changes the schedules that are named again, and leaves those of sources that are no more."""
    wanted = {schedule.slug for schedule in one.schedules}
    for schedule in await client.read_deployment_schedules(id):
        if schedule.slug not in wanted:
            await client.delete_deployment_schedule(id, schedule.id)


def deployed_version(settings: Settings) -> str:
    """What runs: the code's commit (or cleancopy's version, outside a checkout) and the rules' hash."""
    return f"{_commit() or version('cleancopy')}+rules.{pipeline_version(settings.config_dir)}"


def _commit() -> str | None:
    root = Path(__file__).resolve().parents[1]
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return None

    def ask(*words: str) -> str:
        said = subprocess.run(  # noqa: S603
            [git, "-C", str(root), *words], capture_output=True, text=True, check=False
        )
        return said.stdout.strip()

    commit = ask("describe", "--always")
    # The program alone: what newsroom people write in config/ is told by the rules' hash.
    changed = ask("status", "--porcelain", "--", "cleaners", "flows")
    return (commit and commit + ("-dirty" if changed else "")) or None


async def serve(
    settings: Settings, when_ready: Callable[[], None] = lambda: None, *, alone: bool = False
) -> None:
    """Register the deployments and run what they are asked for, until SIGTERM. ``when_ready`` is called in between.

    ``alone``: no other program runs them, so what is unfinished now was left behind by one that was killed.
    """
    started = datetime.now(UTC)
    what, plan = deployed_version(settings), planned(settings)
    deployments = [_deployment(one, what) for one in plan]
    await wait_for_prefect()
    # aserve registers them too, and again changes nothing; here we learn when that is done.
    ids = []
    async with get_client() as client:
        for one, deployment in zip(plan, deployments, strict=True):
            ids.append(await deployment.aapply())
            await _forget_schedules(client, ids[-1], one)
    if alone:
        await crash_unfinished(started, deployments=ids)
    when_ready()
    # Schedules stay on: what was missed while nothing ran is one late run, and the next `up` need not switch them on.
    await aserve(*deployments, pause_on_shutdown=False, print_starting_message=False)


def prefect_yaml(settings: Settings) -> str:
    """The same deployments for ``prefect deploy --all``."""
    deployments = []
    for one in planned(settings):
        entry: dict[str, Any] = {"name": one.name, "entrypoint": one.entrypoint}
        if one.schedules:
            entry["schedules"] = [_written(schedule) for schedule in one.schedules]
        if one.one_at_a_time:
            entry["concurrency_limit"] = 1
        entry["tags"] = [TAG]
        deployments.append({**entry, "work_pool": {"name": POOL}})
    head = (
        "# The deployments of flows/deployments.py, for work pools:\n"
        f"#   prefect work-pool create {POOL} --type process && prefect --no-prompt deploy --all\n"
        "# A worker starts runs in a temporary folder: give it CLEANCOPY_CONFIG, CLEANCOPY_DATA and CLEANCOPY_LEDGER as whole paths\n"
        "# in its environment. (`cleancopy deploy` does all this, and stamps the version.)\n"
        "# Schedules come from config/sources.yaml. After a change there:\n"
        "#   uv run python -m flows.deployments write\n"
    )
    return head + yaml.safe_dump({"name": "cleancopy", "deployments": deployments}, sort_keys=False)


def _looks(settings: Settings) -> Iterator[Schedule]:
    for name, source in load_sources(settings.config_dir).items():
        looked_at = asked(source)
        if looked_at is not None and looked_at.enabled and looked_at.schedule:
            yield Cron(
                looked_at.schedule, timezone="UTC", slug=name, parameters={"look_at": {"source": name}}
            )


def _deployment(one: Planned, what: str) -> RunnerDeployment:
    return RunnerDeployment.from_flow(
        one.flow,
        name=one.name,
        version=what,
        tags=[TAG],
        schedules=list(one.schedules),
        concurrency_limit=ConcurrencyLimitConfig(limit=1) if one.one_at_a_time else None,
        # By module: an installed cleancopy is found wherever the run is started.
        entrypoint_type=EntrypointType.MODULE_PATH,
    )


def _written(schedule: Schedule) -> dict[str, Any]:
    entry: dict[str, Any] = {"cron": schedule.cron, "timezone": schedule.timezone, "slug": schedule.slug}
    return entry | ({"parameters": schedule.parameters} if schedule.parameters else {})


def main(words: list[str]) -> int:
    settings = load_settings()
    if words == ["write"]:
        target = settings.config_dir.parent / "prefect.yaml"
        target.write_text(prefect_yaml(settings), "utf-8")
        print(f"{target} is written.")
        return 0
    if words[:1] == ["serve"] and words[1:] in ([], ["--alone"]):
        asyncio.run(serve(settings, marker(settings).touch, alone="--alone" in words))
        return 0
    print("Usage: python -m flows.deployments serve [--alone] | write", file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
