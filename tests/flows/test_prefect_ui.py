"""A person in front of the real thing: `cleancopy up`, a browser, the form, the run, what it shows."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from running_newsroom import ask, children_of, free_ports, start_run

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

STORY = """Council keeps the night bus

The night bus to Quarry Hill will run for another year, the town council decided on Tuesday.

Published: undefined

Most of its riders are nurses on the late shift, said Ida Brandvold, who drives it.
"""

pytestmark = [pytest.mark.browser, pytest.mark.prefect]


class Newsroom:
    """A running `cleancopy up`."""

    def __init__(self, process: subprocess.Popen[str], ports: list[int], data: Path) -> None:
        self.process, self.data = process, data
        self.ui, self.webhook, self.reports = (f"http://127.0.0.1:{port}" for port in ports)

    def ask(self, path: str, body: object) -> Any:
        return ask(self.ui, path, body)

    def until(self, run: str, true: Callable[[Any], bool], seconds: float = 120) -> Any:
        """The run as it is when it has ended and something is ``true`` of it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            [found] = self.ask("/flow_runs/filter", {"flow_runs": {"id": {"any_": [run]}}})
            if found["state_type"] in ("COMPLETED", "FAILED", "CRASHED") and true(found):
                return found
            time.sleep(0.3)
        raise AssertionError(f"run {run} did not come to that in {seconds} seconds")

    def finished_run(self, flow: str, seconds: float = 300) -> Any:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            newest = {"flows": {"name": {"any_": [flow]}}, "sort": "EXPECTED_START_TIME_DESC"}
            runs = self.ask("/flow_runs/filter", newest)
            if runs and runs[0]["state_type"] in ("COMPLETED", "FAILED", "CRASHED"):
                return runs[0]
            time.sleep(0.3)
        raise AssertionError(f"no run of {flow} came to an end in {seconds} seconds")


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory, config_dir: Path) -> Iterator[Newsroom]:
    data = tmp_path_factory.mktemp("newsroom")
    ports = free_ports(3)
    env = {**os.environ, "CLEANCOPY_DATA": str(data), "CLEANCOPY_CONFIG": str(config_dir)}
    env |= {
        "CLEANCOPY_UI_PORT": str(ports[0]),
        "CLEANCOPY_REPORTS_PORT": str(ports[2]),
        "CLEANCOPY_WEBHOOK_PORT": str(ports[1]),
        "PYTHONUNBUFFERED": "1",
    }
    said = (data / "up.txt").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-c", "from flows.up import up; up()"],
        env=env,
        stdout=said,
        stderr=said,
        text=True,
        cwd=data,
    )
    try:
        deadline = time.monotonic() + 240
        while "cleancopy is up." not in (words := (data / "up.txt").read_text()):
            assert process.poll() is None, words
            assert time.monotonic() < deadline, words
            time.sleep(0.2)
        yield Newsroom(process, ports, data)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(90)
        said.close()


@pytest.fixture(scope="module")
def chromium() -> Path:
    if not CHROMIUM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"needs {CHROMIUM}")
        pytest.skip(f"needs {CHROMIUM}")
    return CHROMIUM


def test_an_editor_cleans_a_story_by_hand(newsroom: Newsroom, chromium: Path, tmp_path: Path) -> None:
    from playwright.sync_api import expect, sync_playwright

    shots = Path(os.environ.get("CLEANCOPY_SCREENSHOTS") or tmp_path)
    shots.mkdir(parents=True, exist_ok=True)
    story = tmp_path / "night-bus.txt"
    story.write_text(STORY)
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1300, "height": 1400})
        open_form(page, newsroom, "clean-stories")
        # The first form item with this title is the box to paste into; the lists come from the configuration.
        page.get_by_label("Stories: web addresses, files or ids").fill(str(story))
        dry_run = page.get_by_role("switch", name="Dry run: show, do not publish")
        expect(dry_run).to_be_checked()
        dry_run.click()
        page.get_by_label("Publish to").click()
        page.get_by_role("option", name="copy-folder").click()
        # While the list folds away the form takes no clicks: on a busy machine Submit was lost, and no run ever came.
        expect(page.get_by_role("listbox")).to_have_count(0)
        page.screenshot(path=shots / "form.png", full_page=True)
        submit(page)

        run = newsroom.finished_run("clean-stories")
        assert (run["state_type"], run["state"]["message"]) == ("COMPLETED", "1 story: 1 published")

        page.goto(f"{newsroom.ui}/v2/runs/flow-run/{run['id']}")
        page.get_by_role("tab", name="Artifacts").click()
        table = page.get_by_text("run-of-clean-stories").last
        before_after = page.get_by_text("story-by-hand-night-bus").last
        expect(table).to_be_visible()
        expect(before_after).to_be_visible()
        page.screenshot(path=shots / "run.png")

        table.click()
        newest = page.get_by_role("link", name=re.compile("^[0-9a-f]{8}$")).first
        newest.click()
        expect(page.get_by_role("cell", name="Council keeps the night bus")).to_be_visible()
        expect(page.get_by_role("cell", name="publish", exact=True)).to_be_visible()
        page.screenshot(path=shots / "table.png")
        page.goto(f"{newsroom.ui}/v2/runs/flow-run/{run['id']}?tab=Artifacts")
        page.get_by_text("story-by-hand-night-bus").last.click()
        newest.click()
        shown = page.get_by_test_id("markdown-display")
        expect(shown.locator("del", has_text="Published: undefined")).to_be_visible()
        expect(shown.get_by_text("template_residue/a-label-with-nothing-behind-it")).to_be_visible()
        expect(shown.get_by_text("said Ida Brandvold, who drives it.")).to_be_visible()
        page.screenshot(path=shots / "story.png", full_page=True)
        browser.close()
    # By its name: at each quarter of an hour the demo stories are published beside it.
    (copy,) = (newsroom.data / "published").glob("*night-bus*.txt")
    assert "Published: undefined" not in copy.read_text()
    assert "said Ida Brandvold" in copy.read_text()


def test_an_editor_pastes_several_stories_and_picks_a_day(
    newsroom: Newsroom, chromium: Path, tmp_path: Path
) -> None:
    from playwright.sync_api import expect, sync_playwright

    shots = Path(os.environ.get("CLEANCOPY_SCREENSHOTS") or tmp_path)
    for vehicle in ("ferry", "cable car"):
        (tmp_path / f"{vehicle.replace(' ', '-')}.txt").write_text(STORY.replace("night bus", vehicle))
    pasted = [str(tmp_path / "ferry.txt"), "", f"  {tmp_path / 'cable-car.txt'}", "cms:not-there"]
    said = []
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1300, "height": 1400})
        for by_day in (False, True):
            open_form(page, newsroom, "clean-stories")
            page.get_by_label("Publisher").first.fill("quay-weekly")
            if by_day:
                page.get_by_label("Arrived since").first.click()
                page.screenshot(path=shots / "day.png", full_page=True)
                page.locator("[data-today]").first.click()
                page.keyboard.press("Escape")
            else:
                page.get_by_label("Stories: web addresses, files or ids").fill("\n".join(pasted))
                page.get_by_role("switch", name="Dry run: show, do not publish").click()
            page.screenshot(path=shots / f"several-{by_day}.png", full_page=True)
            submit(page)
            run = newsroom.finished_run("clean-stories")
            said.append((run["state_type"], run["state"]["message"]))
        browser.close()
    assert said == [
        ("COMPLETED", "2 stories: 2 published; 1 could not be taken in"),
        ("COMPLETED", "Dry run. 2 stories: 2 would be published"),
    ]


def test_an_editor_looks_into_an_archive_and_then_goes_through_it(
    newsroom: Newsroom, chromium: Path, tmp_path: Path
) -> None:
    from playwright.sync_api import expect, sync_playwright

    shots = Path(os.environ.get("CLEANCOPY_SCREENSHOTS") or tmp_path)
    archive = tmp_path / "quarry.jsonl"
    archive.write_text(json.dumps({"id": "night-bus", "text": STORY}) + "\n{broken\n")
    said = []
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1300, "height": 2000})
        for preview in (True, False):
            open_form(page, newsroom, "backfill")
            page.get_by_label("Archive (Optional)").fill(str(archive))
            dry_run = page.get_by_role("switch", name="Preview: show, do not publish")
            expect(dry_run).to_be_checked()
            if not preview:
                dry_run.click()
            page.screenshot(path=shots / f"backfill-form-{preview}.png", full_page=True)
            submit(page)
            run = newsroom.finished_run("backfill")
            said.append(run["state"]["message"])
            page.goto(f"{newsroom.ui}/v2/runs/flow-run/{run['id']}")
            page.get_by_role("tab", name="Logs").click()
            expect(page.get_by_text("quarry.jsonl, line 2 (byte", exact=False).first).to_be_visible()
            page.screenshot(path=shots / f"backfill-run-{preview}.png")
        browser.close()
    assert said == [
        "Preview of 1 story: nothing was stored or published; 1 could not be taken in",
        "1 new story (1 published); 1 could not be taken in",
    ]


def test_an_editor_publishes_a_held_story_with_a_removal_put_back(
    newsroom: Newsroom, chromium: Path, tmp_path: Path
) -> None:
    from held_newsroom import Desk, cleaner
    from playwright.sync_api import expect, sync_playwright

    from flows.ledger import open_ledger

    ledger = open_ledger(f"sqlite:///{newsroom.data / 'ledger.sqlite'}")
    # After the form was made: its list does not have it, so its key is pasted.
    Desk(ledger, cleaner(tmp_path / "few-rules")).arrives(headline="Harbour of Kesten closed")
    ledger.dispose()
    shots = Path(os.environ.get("CLEANCOPY_SCREENSHOTS") or tmp_path)
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1300, "height": 1400})
        open_form(page, newsroom, "review-story")
        page.get_by_label("Or paste its key").fill("desk:ferry, edition 1")
        page.get_by_label("Decision").click()
        page.get_by_role("option", name="publish with some removals put back").click()
        expect(page.get_by_role("listbox")).to_have_count(0)
        page.get_by_label("Removals to put back").fill("2")
        page.get_by_label("Why").first.fill("The harbour master said it.")
        page.get_by_label("Who decides").fill("Ida Holm")
        page.screenshot(path=shots / "review-form.png", full_page=True)
        submit(page)
        run = newsroom.finished_run("review-story")
        assert run["state"]["message"] == (
            "desk:ferry: published by Ida Holm with 1 removal put back (#2): The harbour master said it. At copy-folder now"
        )
        browser.close()
    (shown,) = newsroom.ask("/artifacts/filter", {"artifacts": {"key": {"any_": ["story-desk-ferry"]}}})
    assert "~~Published: undefined~~" in shown["data"]
    assert "Join us on the mole at six" in shown["data"].replace("~~Join", "")
    (copy,) = (newsroom.data / "published").glob("*harbour-of-kesten*.txt")
    assert "Join us on the mole at six" in copy.read_text()
    assert "undefined" not in copy.read_text()


def test_an_editor_does_a_run_again(newsroom: Newsroom, chromium: Path, tmp_path: Path) -> None:
    """Retry, and Copy to new run with one thing changed."""
    from playwright.sync_api import expect, sync_playwright

    shots = Path(os.environ.get("CLEANCOPY_SCREENSHOTS") or tmp_path)
    wish = {"stories": {"addresses": str(tmp_path / "tram.txt"), "run": "evening-otter", "dry_run": False}}
    (tmp_path / "tram.txt").write_text(STORY.replace("night bus", "tram"))
    start_run(newsroom.ui, "clean-stories", wish)
    failed = newsroom.finished_run("clean-stories")
    refused = "there is no run 'evening-otter' that cleaned stories"
    assert failed["state"]["message"].startswith(refused)
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1300, "height": 1400})
        page.goto(f"{newsroom.ui}/v2/runs/flow-run/{failed['id']}")
        expect(page.get_by_text(refused, exact=False).first).to_be_visible()
        page.screenshot(path=shots / "refused.png")
        menu = page.locator("button[aria-haspopup='menu']").first
        menu.click()
        page.screenshot(path=shots / "menu.png")
        page.get_by_role("menuitem", name="Retry").click()
        page.screenshot(path=shots / "retry.png")
        page.get_by_role("alertdialog").get_by_role("button", name="Retry").click()
        again = newsroom.until(failed["id"], lambda run: run["run_count"] > 1)
        assert again["state"]["message"] == failed["state"]["message"]

        page.goto(f"{newsroom.ui}/v2/runs/flow-run/{failed['id']}")
        menu.click()
        page.get_by_role("menuitem", name="Copy to new run").click()
        page.wait_for_timeout(2_000)
        page.screenshot(path=shots / "copy.png", full_page=True)
        expect(page.get_by_label("Stories: web addresses, files or ids")).to_have_value(
            str(tmp_path / "tram.txt")
        )
        page.get_by_label("Of the run").fill("")
        submit(page)
        run = newsroom.finished_run("clean-stories")
        assert (run["state_type"], run["state"]["message"]) == ("COMPLETED", "1 story: 1 published")
        browser.close()


def test_a_foreign_page_cannot_start_a_run(newsroom: Newsroom) -> None:
    request = urllib.request.Request(
        f"{newsroom.ui}/api/flow_runs/filter", b"{}", {"Content-Type": "application/json"}
    )
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request, timeout=30)


def test_the_sweep_is_scheduled_and_the_receiver_answers(newsroom: Newsroom) -> None:
    """With SQLAlchemy 2.1 the scheduler of Prefect 3.8 makes no run at all, and says so in its log only."""
    wanted = {"flows": {"name": {"any_": ["drain-inbox"]}}}
    deadline = time.monotonic() + 60
    while not (runs := newsroom.ask("/flow_runs/filter", wanted)) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert {run["state_type"] for run in runs} >= {"SCHEDULED"}
    assert "Traceback" not in (newsroom.data / "logs" / "server.log").read_text()
    with urllib.request.urlopen(f"{newsroom.webhook}/readyz", timeout=30) as answer:
        assert json.load(answer)["status"] == "ready"


def test_everything_ends_when_asked(newsroom: Newsroom) -> None:
    """The last test of this file: Ctrl-C ends all of it, with exit code 0 and nobody left behind."""
    family = children_of(newsroom.process.pid)
    assert len(family) >= 3
    newsroom.process.send_signal(signal.SIGINT)
    assert newsroom.process.wait(90) == 0
    # A run's workers end when they see that their parent has: a moment later.
    deadline = time.monotonic() + 20
    while left := [pid for pid in family if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() < deadline, left
        time.sleep(0.1)
    assert (newsroom.data / "up.txt").read_text().endswith("Stopped.\n")


def open_form(page: Page, newsroom: Newsroom, deployment: str) -> None:
    page.goto(f"{newsroom.ui}/v2/deployments")
    page.get_by_role("link", name=deployment).first.click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("Custom run").click()


def submit(page: Page) -> None:
    """Press the button until the form is gone, as a person does who sees that nothing happened."""
    from playwright.sync_api import expect

    form = re.compile(r"/run(\?|$)")
    expect(page).to_have_url(form)
    # The form is checked a moment after the last change, and with a fault it cannot be sent: a person is slower than a test.
    page.wait_for_timeout(2_000)
    assert page.get_by_text(re.compile("^'.*' is not ")).all_inner_texts() == []
    for tries_left in (2, 1, 0):
        page.get_by_role("button", name="Submit").click()
        try:
            expect(page).not_to_have_url(form, timeout=30_000)
            return
        except AssertionError:
            if not tries_left:
                raise
