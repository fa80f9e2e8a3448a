"""From a post in a CMS's event to a raw story."""

from __future__ import annotations

from cleaners.model import Raw
from flows.settings import WebhookSource
from flows.sources.cms import Post, withdrawn
from flows.sources.records import filled
from flows.webhook.refusal import Refused


def posted(post: Post, source: WebhookSource) -> Raw:
    """The raw story of a post. Raises Refused (400)."""
    if post.raw is None:
        raise _no_story(post.problem or "it has no text")
    return filled(post.raw, source.publisher, source.language)


def taken_down(id: str | None, source: WebhookSource, updated: str | None = None) -> Raw:
    """A story that its CMS does not show any more: a kill, in the words of ninjs. Raises Refused (400).

    ``updated`` is when its CMS says that this was: a version that was saved before, and comes after it, does not bring the story back.
    """
    if id is None:
        raise _no_story("it has no id")
    return withdrawn(id, source.publisher, source.language, updated)


def _no_story(what: str) -> Refused:
    return Refused(
        400, "bad-story", f"The event is no story: {what}.", "Correct the post in the CMS, and save it again."
    )
