"""Servers that say yes and have done nothing: a proxy that answers 200 with a page of its own. Found by the crash harness."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fake_cms import FakeCms, Fault, Plan, fake_cms
from publications import answers, publication

from flows.destinations import Answer, Publication, Receipt
from flows.settings import HttpDestination


def one(cms: FakeCms, act: Publication, last: Answer | None = None) -> Answer:
    destination = HttpDestination(kind="http", name="cms", url=cms.stories, seconds=2, withdrawn="update")
    kept = last.as_json() if isinstance(last, Receipt) else {}
    [answer] = answers(destination, Path("/nowhere"), [replace(act, last=kept)])
    return answer


def next_writes(cms: FakeCms, *faults: Fault | None) -> None:
    """What befalls the next writes; looks are answered."""
    object.__setattr__(cms.plan, "methods", ("PUT", "POST", "DELETE"))
    cms._script = list(faults)


def test_a_write_that_was_refused_behind_a_yes_is_no_write() -> None:
    with fake_cms(Plan()) as cms:
        first = one(cms, publication(1, text="One."))
        one(cms, publication(2, "unpublish"), first)
        # Refused, for the note of the withdrawal is there; and answered 200 by something in between.
        next_writes(cms, "garbage")
        assert isinstance(one(cms, publication(3, text="Three.")), Receipt)
        assert [document.mark["edition"] for document in cms.public("desk:ferry")] == [3]


def test_a_story_is_down_when_a_look_says_so() -> None:
    with fake_cms(Plan()) as cms:
        first = one(cms, publication(1, text="One."))
        [document] = cms.documents.values()
        asked, real = [], cms.carry_out

        def lies_once(method: str, *more: object) -> object:
            asked.append(method)
            if asked.count("PUT") == 1 and method == "PUT":
                return 200, {}, b"<html>Welcome to the hotel"
            return real(method, *more)

        cms.carry_out = lies_once  # type: ignore[assignment, method-assign]
        down = one(cms, publication(2, "unpublish"), first)
        assert isinstance(down, Receipt)
        assert down.did == "removed"
        assert cms.public("desk:ferry") == []
        assert asked == ["GET", "PUT", "GET", "PUT", "GET"]
        assert document.mark["edition"] == 1
