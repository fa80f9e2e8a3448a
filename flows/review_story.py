"""The flow in which a person decides about a held story. It waits for nobody: held is a row, and so is a decision."""

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.tasks.review import Result, Review
from flows.tasks.review_steps import review_chosen, show_review

LOOK = Review()


@flow(name="review-story")
async def review_story(review: Review = LOOK) -> State[Result]:
    """Look at the stories that are held, and decide: publish as cleaned, with removals put back, or raw; or drop.

    Afterwards open “Artifacts” of the run: the list of held stories, or the story before and after. A decision is kept with your
    name and your reason, and cannot be changed; what it publishes is a new edition.

    Args:
        review: Leave everything as it is to see what is held.
    """
    result = await review_chosen(review)
    if result.refused:
        return Failed(message=result.message)
    await show_review(result)
    return Completed(message=result.message, data=result)
