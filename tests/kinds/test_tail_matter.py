from __future__ import annotations

from conftest import LEAD, NEXT  # type: ignore[import-not-found]


def test_names_without_a_label_stay(said):
    assert said("tail_matter", [LEAD, NEXT, "Amira Haddad", "Walnut Creek"]) == {}


def test_a_label_between_paragraphs_stays(said):
    assert said("tail_matter", [LEAD, "Topics", NEXT]) == {}


def test_topics_under_their_label(said):
    found = said("tail_matter", [LEAD, NEXT, "Related topics", "Harbour", "Ferry"])
    assert found == {"Related topics": "remove", "Harbour": "lift tags", "Ferry": "lift tags"}


def test_the_writer_s_box(said):
    found = said("tail_matter", [LEAD, NEXT, "About the author", "Writes about tides"])
    assert found == {"About the author": "remove", "Writes about tides": "remove"}
