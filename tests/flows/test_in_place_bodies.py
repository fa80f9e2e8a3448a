"""What of a clean story goes back into its CMS: captions stay in their figures, lines become the lead picture's caption."""

from __future__ import annotations

import pytest

from cleaners.model import Cleaned, Raw
from cleaners.pipeline import Pipeline
from cleaners.write import record
from flows.destinations.cms_wordpress import lifted_caption
from flows.destinations.in_place import bodies_of

FIRST = "<p>The last ferry of the season left the northern quay shortly after six, with eleven passengers and a piano aboard.</p>"
SECOND = "<p>Its captain, who has made the crossing for thirty years, said that she had never carried an instrument before.</p>"
JUNK = "<p>Published: undefined</p>"
FIGURE = '<figure><img src="/quay.jpg"/><figcaption>The northern quay at dawn. Photo: Ilse Marrow / Harbour Post</figcaption></figure>'
SHORTCODE = (
    '[caption id="7"]<img src="/quay.jpg"/> The northern quay at dawn, before the piano came.[/caption]'
)
LINE = "<p>The piano waits on the quay in the first light. Photo: Ilse Marrow / Harbour Post</p>"


def cleaned(pipeline: Pipeline, *parts: str) -> Cleaned:
    return pipeline.clean(Raw(id="41", form="body", content="\n".join(parts), headline="A piano crosses"))


@pytest.mark.parametrize("figure", [FIGURE, SHORTCODE])
def test_a_caption_stays_in_its_figure_and_junk_goes(pipeline: Pipeline, figure: str) -> None:
    story = cleaned(pipeline, FIRST, figure, JUNK, SECOND)
    assert "caption" in {removal.field for removal in story.removals}, "elsewhere it is the picture's"
    before, clean = bodies_of(record(story))
    assert before == "\n".join([FIRST, figure, JUNK, SECOND])
    assert clean == before.replace(JUNK, "")
    assert lifted_caption(story) is None


def test_a_caption_that_is_a_line_goes_and_is_the_lead_picture_s(pipeline: Pipeline) -> None:
    story = cleaned(pipeline, LINE, FIRST, FIGURE, SECOND)
    _, clean = bodies_of(record(story))
    assert (LINE in clean, FIGURE in clean) == (False, True)
    assert (
        lifted_caption(story)
        == "The piano waits on the quay in the first light. (Photo: Ilse Marrow / Harbour Post)"
    )


def test_a_story_without_captions_has_none_for_its_picture(pipeline: Pipeline) -> None:
    assert lifted_caption(cleaned(pipeline, FIRST, JUNK, SECOND)) is None
