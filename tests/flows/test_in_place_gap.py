"""A CMS in which no write can be made to depend on a version (Strapi): we wrote over an editor's save, in the milliseconds before our write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from publications import publication

from cleaners.model import Fields, Raw
from cleaners.pipeline import Pipeline
from cleaners.write import record
from flows.destinations.in_place import Post, publish_in_place
from flows.destinations.publication import Publication

JUNK = "<p>Published: undefined</p>"
FIRST = (
    "<p>The ferry left the northern quay at noon, with a piano aboard, the harbour master said on Monday.</p>"
)
LATER = (
    FIRST + "<p>It came back at six in the evening, without the piano, which had been sold on the island.</p>"
)
CLEANED_AT = "2026-03-03T06:10:00.120Z"
OURS_AT = "2026-03-03T06:10:00.480Z"


class OneEntry:
    """The post, which anybody may write over."""

    def __init__(self, body: str, version: str) -> None:
        self.post = Post("7", "https://cms.example/7", body, version)

    def read(self, id: str) -> Post:
        return self.post

    def write(self, post: Post, body: str, publication: Publication) -> Post:
        self.post = replace(post, body=body, version="2026-03-03T06:10:01.000Z")
        return self.post

    def take_down(self, post: Post) -> None:
        raise AssertionError("nobody asked for that")


@pytest.fixture
def first_kept(pipeline: Pipeline) -> Mapping[str, Any]:
    """What the receipt of our write says, which was made of the first version."""
    entry = OneEntry(JUNK + FIRST, CLEANED_AT)
    kept = publish_in_place(entry, edition(pipeline, FIRST, CLEANED_AT)).kept
    assert entry.post.body == FIRST
    return {**kept, "version": OURS_AT}


def edition(
    pipeline: Pipeline, body: str, updated: str, kept: Mapping[str, Any] | None = None
) -> Publication:
    cleaned = pipeline.clean(Raw("7", "body", JUNK + body, language="en", given=Fields(updated=updated)))
    assert cleaned.verdict == "publish"
    act = publication(story="cms:7")
    return replace(act, record=record(cleaned), last={"kept": kept} if kept else {})


@pytest.mark.parametrize(
    ("updated", "stands"),
    [("2026-03-03T06:10:00.300Z", LATER), ("2026-03-03T06:09:59.900Z", FIRST), (CLEANED_AT, FIRST)],
)
def test_a_save_that_we_wrote_over_goes_back_and_one_that_came_late_does_not(
    pipeline: Pipeline, first_kept: Mapping[str, Any], updated: str, stands: str
) -> None:
    entry = OneEntry(FIRST, OURS_AT)
    receipt = publish_in_place(entry, edition(pipeline, LATER, updated, first_kept))
    assert entry.post.body == stands
    assert receipt.did == ("wrote" if stands == LATER else "left")
