"""What content systems put between paragraphs comes back byte for byte, and no cleaner takes its words for the story's."""

from __future__ import annotations

import pytest
from cms_embeds import EMBEDS  # type: ignore[import-not-found]

from cleaners.apply import cut_raw
from cleaners.model import Raw, Removal, Story
from cleaners.pipeline import Pipeline
from cleaners.read import read

FIRST = "<p class='lead'>The ferry will sail <a href='/x?a=1&b=2'>again</a> on Monday,&#32;said the port.</p>"
JUNK = "<p class=share>Share this story</p>"
LAST = "<P>Nobody stood&nbsp;there\t when she came.</P>"


def without_junk(story: Story) -> str:
    (junk,) = [block for block in story.blocks if block.text == "Share this story"]
    removal = Removal(junk.number, 0, len(junk.text), junk.text, "remove", None, ("t/t",), "test")
    return cut_raw(story, [removal])


@pytest.mark.parametrize("name", EMBEDS)
@pytest.mark.parametrize(
    "order", ["{junk}{embed}", "{embed}{junk}", "{embed}\n{junk}\r\n", "<div>{embed}{junk}</div>"]
)
def test_a_removal_beside_it_leaves_everything_else_as_it_was(name: str, order: str) -> None:
    html = f"{FIRST}\n{order.format(junk=JUNK, embed=EMBEDS[name][0])}\n{LAST}"
    assert without_junk(read(Raw("b", "body", html))) == html.replace(JUNK, "")


@pytest.mark.parametrize("name", EMBEDS)
def test_only_the_storys_own_words_are_its_text(name: str) -> None:
    embed, own = EMBEDS[name]
    story = read(Raw("b", "body", f"{FIRST}\n{embed}\n{LAST}"))
    between = story.blocks[1:-1]
    assert [block.text for block in between if block.kind != "embed"] == own


@pytest.mark.parametrize("name", EMBEDS)
def test_its_own_words_go_without_its_markup_reaching_out(name: str) -> None:
    """Whatever of its blocks is cut, the paragraphs around it stay as they are."""
    embed, _ = EMBEDS[name]
    story = read(Raw("b", "body", f"{FIRST}\n{embed}\n{LAST}"))
    for block in story.blocks[1:-1]:
        removal = Removal(block.number, 0, len(block.text), block.text, "remove", None, ("t/t",), "test")
        left = cut_raw(story, [removal])
        assert left.startswith(FIRST)
        assert left.endswith(LAST)


def test_the_shortcode_of_a_caption_stays_with_its_picture() -> None:
    embed, _ = EMBEDS["shortcode-caption"]
    story = read(Raw("b", "body", f"{FIRST}\n{embed}\n{LAST}"))
    caption = story.blocks[1]
    assert (caption.kind, caption.text) == ("caption", "The quay at dawn")
    removal = Removal(1, 0, len(caption.text), caption.text, "lift", "caption", ("t/t",), "test")
    assert cut_raw(story, [removal]) == story.raw.replace("The quay at dawn", "")


def test_a_picture_of_amp_is_a_picture() -> None:
    html = f'{FIRST}<figure><amp-img src="/q.jpg" alt="Quay"></amp-img><figcaption>The quay</figcaption></figure>'
    (picture,) = read(Raw("b", "body", html)).fields.pictures
    assert (picture.url, picture.alt) == ("/q.jpg", "Quay")


@pytest.mark.parametrize("name", EMBEDS)
def test_cleaning_with_the_shipped_rules_keeps_the_embed(name: str, pipeline: Pipeline) -> None:
    embed, own = EMBEDS[name]
    sentence = "<p>Nobody was on the quay to see it but the harbour master, who had waited since the spring, he said.</p>"
    html = f"{sentence}\n{embed}\n{sentence.replace('Nobody', 'No one')}\n{JUNK}"
    cleaned = pipeline.clean(Raw("b", "body", html, language="en"))
    left = cut_raw(cleaned.source, cleaned.removals)
    for words in own:
        embed, left = embed.replace(words, ""), left.replace(words, "")
    if "figcaption" not in embed:
        assert embed in left
    assert "Share this story" not in left
