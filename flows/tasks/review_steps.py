"""Review as a Prefect task, and what it shows.

No ``from __future__ import annotations`` here: Prefect reads the annotations.
"""

import asyncio

from prefect import task
from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.cache_policies import NO_CACHE

from flows.ledger import NotDecided
from flows.settings import load_settings
from flows.tasks.review import Result, Review, review
from flows.tasks.steps import PATIENT


@task(name="review", **PATIENT)
async def review_chosen(form: Review) -> Result:
    """Do what a person chose. Tried again, a decision that was made is found made."""
    try:
        return await asyncio.to_thread(review, load_settings(), form)
    except NotDecided as refused:
        # A sentence for the person; raised, it would stand in the run's log under a stack.
        return Result(str(refused), refused=True)


@task(name="show", cache_policy=NO_CACHE)
async def show_review(result: Result) -> None:
    """Leave the list of held stories as a table, or the story's before/after, as artifacts."""
    if result.rows:
        await acreate_table_artifact(list(result.rows), key="held-stories", description=result.message)
    for page in result.shown:
        await acreate_markdown_artifact(page.text, key=page.key, description=page.title)
