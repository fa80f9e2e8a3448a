"""The flow that a person starts: clean these stories."""

from prefect import flow
from prefect.client.schemas.objects import State

from flows.tasks.jobs import Job
from flows.tasks.selection import Selection
from flows.tasks.steps import clean_chosen, final_state, show

NOTHING_CHOSEN = Selection()


@flow(name="clean-stories")
async def clean_stories(stories: Selection = NOTHING_CHOSEN) -> State[Job]:
    """Clean the stories that you choose, look at what would be removed, and publish them if you say so.

    Afterwards open “Artifacts” of the run: a table of all stories, and for each one what was removed and why.

    Args:
        stories: Leave everything empty to see what waits in the inbox.
    """
    job = await clean_chosen(stories)
    await show(job)
    return final_state(job)
