"""The flow that does the work: clean and publish whatever waits in the inbox."""

from prefect import flow
from prefect.client.schemas.objects import State

from flows.tasks.jobs import Job
from flows.tasks.steps import clean, final_state, show


@flow(name="drain-inbox")
async def drain_inbox() -> State[Job]:
    """Clean and publish whatever waits in the inbox. The webhook starts it; a schedule sweeps behind."""
    job = await clean()
    await show(job)
    return final_state(job)
