"""The flow that a person starts: go through an archive."""

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.tasks.backfill import Backfill, Backfilled, headline_of
from flows.tasks.backfill_steps import go_through, show_backfill


@flow(name="backfill")
async def backfill(archive: Backfill) -> State[Backfilled]:
    """Go through a web archive or a file of JSON lines: a preview first, then all of it.

    A run that was interrupted goes on where it stopped when it is started again (Retry, or the same form): no story is lost or
    published twice.

    Args:
        archive: The archive, whose stories it holds, and which of them to take.
    """
    done = await go_through(archive)
    if done.refused:
        return Failed(message=done.refused)
    await show_backfill(done)
    return Completed(message=headline_of(done), data=done)
