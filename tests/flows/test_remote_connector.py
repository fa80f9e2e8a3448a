"""The seam for connectors: a CMS with drafts and versions (as Ghost has ``updated_at``) is a Remote, and nothing more is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from publications import publication

from flows.destinations import Publication, PublishError, Receipt
from flows.destinations.conditional import publish_conditionally
from flows.destinations.remote import Conflict, Found, Mark, Remote


@dataclass
class Drafting:
    """Creates as often as it is asked to; updates and publishes only the version that it holds.

    ``lost``: the answers to these calls do not arrive, though they are carried out.
    """

    held: dict[str, Found] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    leaves_notes: bool = False

    def find(self, publication: Publication) -> Sequence[Found]:
        self.calls.append("find")
        return list(self.held.values())

    def create(self, publication: Publication) -> Found:
        return self._keep(Found(f"n{len(self.held)}", "/n", False), publication, "create")

    def update(self, found: Found, publication: Publication) -> Found:
        self._check(found)
        return self._keep(self.held[found.id], publication, "update")

    def publish(self, found: Found, publication: Publication) -> Found:
        self._check(found)
        return self._keep(replace(self.held[found.id], public=True), publication, "publish")

    def unpublish(self, found: Found, publication: Publication) -> None:
        self._check(found)
        self.calls.append("unpublish")
        del self.held[found.id]

    def edit(self) -> None:
        [(id, found)] = self.held.items()
        self.held[id] = replace(found, version=f"{found.version}, edited")

    def _check(self, found: Found) -> None:
        if found.id not in self.held or self.held[found.id].version != found.version:
            raise Conflict("UPDATE_COLLISION")

    def _keep(self, found: Found, publication: Publication, call: str) -> Found:
        self.calls.append(call)
        mark = Mark(publication.idempotency_key, publication.edition, publication.ledger)
        self.held[found.id] = replace(found, mark=mark, version=f"{len(self.calls)}")
        if call in self.lost:
            self.lost.remove(call)
            raise PublishError("no answer")
        return self.held[found.id]


def act(cms: Drafting, act: Publication, last: Receipt | None = None, **options: Any) -> Receipt:
    remote: Remote = cms
    given = replace(act, last=last.as_json() if last else {})
    return publish_conditionally(remote, given, "digest", look_first=True, **options)


def test_a_story_is_looked_for_drafted_and_published_then_updated_by_its_version() -> None:
    cms = Drafting()
    first = act(cms, publication(1))
    assert cms.calls == ["find", "create", "publish"]
    second = act(cms, publication(2), first)
    assert cms.calls[3:] == ["update", "publish"]
    assert [found.public for found in cms.held.values()] == [True]
    assert act(cms, publication(1)).did == "newer"
    assert act(cms, publication(3, "unpublish"), second).did == "removed"
    assert cms.held == {}


@pytest.mark.parametrize("call", ["create", "publish"])
def test_a_lost_answer_leaves_one_story_that_is_public_in_the_end(call: str) -> None:
    cms = Drafting(lost=[call])
    with pytest.raises(PublishError, match="no answer"):
        act(cms, publication(1))
    assert act(cms, publication(1)).did == "wrote"
    assert [found.public for found in cms.held.values()] == [True]
    assert cms.calls.count("create") == 1


def test_an_editor_s_change_is_a_conflict_until_it_may_be_overwritten() -> None:
    cms = Drafting()
    first = act(cms, publication(1))
    cms.edit()
    with pytest.raises(Conflict, match="somebody else since edition 1"):
        act(cms, publication(2), first)
    assert act(cms, publication(2), first, overwrite=True).did == "wrote"
