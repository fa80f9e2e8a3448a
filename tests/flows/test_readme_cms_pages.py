"""The README's page for each CMS, as a stranger pastes it into the shipped configuration: it loads, its stories reach the CMS, and
doctor says what is still to be done."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple, get_args

import pytest
from newsroom import NOON, arrival, outcome_of

from flows.cli.doctor import secrets
from flows.cli.doctor_destinations import destinations
from flows.cli.findings import State
from flows.ledger import claim, open_ledger, receive, record_outcomes
from flows.ledger.stories import where_to
from flows.settings import CmsSource, Settings, load_destinations, load_sources
from flows.tasks.publishing import by_source

README = Path(__file__).parents[2] / "README.md"
PAGES = ("Ghost 5", "WordPress", "Strapi 5", "Superdesk", "Anything else")


class CmsPage(NamedTuple):
    """What a page says: its text, and the lines for the two files."""

    text: str
    source: str
    destination: str

    @property
    def names(self) -> tuple[str, str]:
        """Of the source and of the destination."""
        return self.source.partition(":")[0], self.destination.partition(":")[0]


def section(title: str) -> str:
    """What stands under a heading of the README."""
    [found] = re.findall(
        rf"^### {re.escape(title)}.*?\n(.*?)(?=^##)", README.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    return str(found)


def cms_page(title: str) -> CmsPage:
    pages = re.split(r"^\*\*(.+?)\*\*", section("Into the CMS and back"), flags=re.MULTILINE)[1:]
    texts = dict(zip(pages[::2], pages[1::2], strict=True))
    assert tuple(texts) == PAGES
    lines = [re.findall(rf"`{file}\.yaml`: `([^`]+)`", texts[title]) for file in ("sources", "destinations")]
    [source], [destination] = lines
    return CmsPage(texts[title], source, destination)


def pasted(root: Path, shipped: Path, source: str, destination: str) -> Path:
    """The shipped configuration with one line more in each of the two files."""
    config = root / "config"
    config.mkdir()
    for one in shipped.iterdir():
        (config / one.name).symlink_to(one.resolve(), target_is_directory=one.is_dir())
    for name, line in (("sources", source), ("destinations", destination)):
        (config / f"{name}.yaml").unlink()
        (config / f"{name}.yaml").write_text(f"{(shipped / f'{name}.yaml').read_text()}\n  {line}\n")
    return config


def found_by_doctor(config: Path) -> list[str]:
    """What doctor finds to mend or to look at in sources and destinations."""
    settings = Settings(config_dir=config, data_dir=config.parent / "data", ledger_url="sqlite://")
    found = [*secrets(settings), *destinations(settings)]
    return [f"{what}: {said}" for state, what, said in found if state is not State.ok]


@pytest.mark.parametrize("title", PAGES)
def test_a_page_brings_the_stories_of_its_source_to_its_cms(
    title: str, tmp_path: Path, config_dir: Path
) -> None:
    page = cms_page(title)
    name, place = page.names
    # As the page's last step says: what is tried first is taken out again.
    config = pasted(tmp_path, config_dir, page.source.replace(", dry_run: yes", ""), page.destination)
    goes = by_source(load_destinations(config), load_sources(config))
    engine = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    try:
        receive(engine, [arrival("ferry", source=name)], NOON)
        outcomes = [outcome_of(row) for row in claim(engine, "one", now=NOON)]
        [done] = record_outcomes(engine, "one", outcomes, goes, NOON)
    finally:
        engine.dispose()
    assert place in done.owed
    # Superdesk cannot be written to where a story stands: it gets what other CMSs get back as an item of its own.
    assert where_to(goes, name, None).in_place == (() if title == "Superdesk" else (place,))


@pytest.mark.parametrize("title", PAGES)
def test_no_other_story_becomes_a_post_because_of_a_page(
    title: str, tmp_path: Path, config_dir: Path
) -> None:
    page = cms_page(title)
    config = pasted(tmp_path, config_dir, page.source, page.destination)
    goes = by_source(load_destinations(config), load_sources(config))
    for other in ("demo", "by-hand"):
        assert where_to(goes, other, None).publish_to == ("copy-folder",)


@pytest.mark.parametrize("title", PAGES)
def test_the_address_on_a_page_is_its_sources(title: str) -> None:
    page = cms_page(title)
    assert set(re.findall(r"cleancopy\.example/webhooks/([a-z0-9-]+)", page.text)) == {page.names[0]}


@pytest.mark.parametrize("title", PAGES)
def test_doctor_names_the_secrets_that_a_page_still_needs(
    title: str, tmp_path: Path, config_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = cms_page(title)
    variables = set(re.findall(r"secret_env: ([A-Z_]+)", page.source + page.destination))
    for variable in variables:
        monkeypatch.delenv(variable, raising=False)
        said = page.text.count(variable) - (page.source + page.destination).count(variable)
        assert said, f"the page does not say what belongs into {variable}"
    found = found_by_doctor(pasted(tmp_path, config_dir, page.source, page.destination))
    assert {one for one in variables if any(f"{one} is not set" in said for said in found)} == variables
    assert any("a dry run" in said for said in found) == ("dry_run: yes" in page.source)
    assert not any("in place" in said or "not reached" in said for said in found)


@pytest.mark.parametrize("title", PAGES)
def test_doctor_tells_of_a_page_whose_source_does_not_name_the_destination(
    title: str, tmp_path: Path, config_dir: Path
) -> None:
    page = cms_page(title)
    name, place = page.names
    source = page.source.replace(f"destinations: [{place}]", "enabled: yes")
    assert source != page.source
    found = found_by_doctor(pasted(tmp_path, config_dir, source, page.destination))
    if title == "Superdesk":
        [said] = [one for one in found if one.startswith("not reached: ")]
        assert said.startswith("not reached: newshub: ")
    else:
        [said] = [one for one in found if one.startswith(f"in place {name}: ")]
        assert f"destinations: [copy-folder, {place}] at {name}" in said


def test_every_cms_that_can_be_asked_has_its_row() -> None:
    _, *rows = re.findall(r"^\| `([a-z]+)` \|", section("From a CMS that sends nothing"), re.MULTILINE)
    assert sorted(rows) == sorted(get_args(CmsSource.model_fields["api"].annotation))
    assert "private_addresses: yes" in section("From a CMS that sends nothing")
    assert "private_addresses: yes" in section("Into the CMS and back")
