"""The flow that fetches: look at sources, take in what is new, and clean it."""

import asyncio

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import Field

from flows.settings import load_settings
from flows.tasks.forms import ANY, Form, offer_sources
from flows.tasks.intake import Intake
from flows.tasks.jobs import Job, pollable
from flows.tasks.owners import at_work
from flows.tasks.steps import clean, final_state, look, show


class Look(Form):
    """Which source to look at."""

    source: str = Field(
        default=ANY,
        title="Source",
        description="A folder, a feed, a sitemap, a list of pages, a CMS, an archive. “any” looks at all that are switched on.",
        json_schema_extra=offer_sources,
    )


ALL = Look()


@flow(name="poll-sources")
async def poll_sources(look_at: Look = ALL) -> State[Job]:
    """Look at sources, take in what is new, clean it and publish it.

    Args:
        look_at: One source, or all of them.
    """
    names = pollable(load_settings()) if look_at.source == ANY else (look_at.source,)
    # What this run brings it cleans itself: the drain that stands by would be quicker, and the run would show nothing.
    with at_work(load_settings()) as owner:
        looked = await asyncio.gather(*(look(name, owner) for name in names), return_exceptions=True)
        brought = sum((one for one in looked if isinstance(one, Intake)), Intake())
        job = await clean(brought.ids, owner)
    job = job._replace(problems=brought.problems, notes=brought.gone + brought.back)
    await show(job)
    return final_state(job, [str(one) for one in looked if isinstance(one, BaseException)])
