"""An edition: its name for receivers, its status, and what it says of the one before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented_news import NOON, killed, whole_edition, whole_story  # type: ignore[import-not-found]

from cleaners.model import Cleaned, Fields, Signal
from cleaners.write import Edition, edition_of, json_ld, newsml_g2, ninjs, nitf
from cleaners.write.moments import moment, norm, rfc3339, truncated
from cleaners.write.safe_text import web_uri


def test_a_story_keeps_its_name_through_its_editions_and_shares_it_with_no_other() -> None:
    first = Edition("cms:ferry-7", ledger="one")
    assert {replace(first, number=2, made=NOON, status="canceled").uri, first.uri} == {
        "urn:uuid:0c8d1dcf-c430-5bb2-b045-64f7d42ad89e"
    }
    others = [
        Edition("cms:ferry-8", ledger="one"),
        Edition("cms:ferry-7", ledger="two"),
        Edition("cms:ferry-7"),
    ]
    names = {one.uri for one in (first, *others)} | {first.uri_of("picture 1"), first.uri_of("picture 2")}
    assert len(names) == 6


@pytest.mark.parametrize("write", [ninjs, nitf, newsml_g2, json_ld])
def test_no_path_of_our_machine_is_in_a_news_format(write: Callable[[Cleaned, Edition], str]) -> None:
    by_hand = replace(whole_edition(), story="by-hand:/home/ilse/bridge.html")
    document = write(whole_story(), by_hand)
    assert "bridge.html" not in document
    assert by_hand.uri in document
    assert "cms:swan-7" in write(whole_story(), whole_edition()), "a key that is no path is told"


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="made of cms:1 has no time zone"):
        Edition("cms:1", made=datetime(2026, 3, 5))
    with pytest.raises(ValueError, match="embargo of cms:1 has no time zone"):
        Edition("cms:1", embargo=datetime(2026, 3, 5))


def story(verdict: str = "publish", *signals: Signal, **fields: str) -> Cleaned:
    whole = whole_story()
    source = replace(whole.source, signals=signals, fields=Fields(**fields))
    return replace(whole, source=source, copy=source, verdict=verdict)  # type: ignore[arg-type]


def test_without_a_ledger_the_story_says_when_it_was_made() -> None:
    dates = {"published": "2026-03-05T09:00:00Z", "updated": "2026-03-05T11:00:00+01:00"}
    assert edition_of(story(**dates)).made == datetime(2026, 3, 5, 10, tzinfo=UTC)
    assert edition_of(story(published=dates["published"], updated="yesterday")).made == datetime(
        2026, 3, 5, 9, tzinfo=UTC
    )
    assert edition_of(story(published="2026-03-05")).made is None, "a day is no moment"
    assert edition_of(story(**dates), NOON).made == NOON


def test_the_status_is_the_verdicts() -> None:
    assert [edition_of(story(verdict)).status for verdict in ("publish", "hold", "kill")] == [
        "usable",
        "withheld",
        "canceled",
    ]


def test_an_embargo_is_told_while_the_story_is_held_and_only_if_it_can_be_read_without_doubt() -> None:
    early, late = "2026-03-06T00:01:00Z", "2026-03-07T00:01:00+01:00"
    embargo, later = Signal("embargo", "…", early), Signal("embargo", "…", late)
    assert edition_of(story("hold", embargo, later)).embargo == moment(late), "the last of them"
    assert edition_of(story("hold", embargo, Signal("embargo", "…"))).embargo is None
    assert edition_of(story("hold", Signal("embargo", "…", "2026-03-06T00:01:00"))).embargo is None, "no zone"
    assert edition_of(story("publish", embargo)).embargo is None


def test_an_update_names_the_edition_before_and_a_first_one_none() -> None:
    update, first = whole_edition(), whole_edition(previous=None)
    plain = replace(whole_story(), protected=())
    assert 'rel="irel:previousVersion" residref="' + update.uri + '" version="2"' in newsml_g2(plain, update)
    assert '<signal qcode="sig:update"/>' in newsml_g2(plain, update)
    assert '<signal qcode="sig:correction"/>' in newsml_g2(whole_story(), update)
    assert 'management-doc-idref="' + update.uri in nitf(plain, update)
    for write in (newsml_g2, nitf):
        assert "previousVersion" not in write(plain, first)
        assert "management-doc-idref" not in write(plain, first)
        assert "sig:" not in write(plain, first)
    assert '"version": "3"' in ninjs(plain, update)
    assert 'version="3"' in newsml_g2(plain, update)
    assert '<du-key version="3"/>' in nitf(plain, update)


def test_an_embargo_stands_where_each_format_has_it() -> None:
    until = datetime(2026, 3, 9, 0, 1, tzinfo=UTC)
    held = whole_edition(status="withheld", embargo=until)
    assert '"embargoedUntil": "2026-03-09T00:01:00Z"' in ninjs(whole_story(), held)
    assert "<embargoed>2026-03-09T00:01:00Z</embargoed>" in newsml_g2(whole_story(), held)
    document = nitf(whole_story(), held)
    assert 'management-status="embargoed"' in document
    assert '<date.release norm="20260309T000100+0000"/>' in document
    assert '"conditionsOfAccess": "Embargoed until 2026-03-09T00:01:00Z"' in json_ld(whole_story(), held)
    assert "Withheld from publication" in json_ld(whole_story(), replace(held, embargo=None))
    assert 'management-status="withheld"' in nitf(whole_story(), replace(held, embargo=None))
    assert 'management-status="canceled"' in nitf(None, killed())


@given(st.datetimes(timezones=st.timezones()) | st.datetimes(timezones=st.just(UTC)))
def test_a_moment_is_written_so_that_it_is_the_same_moment(when: datetime) -> None:
    try:
        written, exact = rfc3339(when), when.astimezone(UTC)
    except OverflowError:
        return
    assert datetime.fromisoformat(written) == exact
    assert len(written.rpartition("T")[2].partition("+")[2]) in (0, 5)


@given(st.text() | st.datetimes().map(datetime.isoformat) | st.dates().map(str))
def test_no_date_is_made_more_exact_than_it_is_said(said: str) -> None:
    exact = truncated(said)
    if exact is not None:
        assert exact[:4] == said.strip()[:4]
        assert ("T" in exact) == (len(said.strip()) > 10)
        assert norm(said) is not None
    if moment(said) is None and exact is not None:
        assert not exact.endswith("Z")


@given(
    st.text(st.characters(), max_size=30)
    | st.sampled_from(["a b", "ü", "%zz", "%41", "?a=[1]", "#x#y", "//h/p", "\\x"])
)
def test_an_address_is_a_uri_or_none(path: str) -> None:
    from rfc3986_validator import validate_rfc3986  # type: ignore[import-untyped]

    address = web_uri("https://x.example/" + path)
    assert address is not None
    assert validate_rfc3986(address), address
    assert web_uri(address) == address
