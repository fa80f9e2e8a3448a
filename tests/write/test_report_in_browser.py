"""The reports as a browser shows them: walked by keyboard, filtered, on a phone, in the dark; and nothing of a story runs or loads."""

from __future__ import annotations

import functools
import http.server
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cleaners.model import Block, Cleaned, Fields, Mark, Picture, Removal, Repair, Signal, Story
from cleaners.write import ListedRun, RunRow, record, run_list, run_report, run_row, story_report

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
DESK, PHONE = (1300, 900), (360, 740)

pytestmark = pytest.mark.browser


@dataclass
class Watched:
    """A page, and whatever a report must never do."""

    page: Page
    requests: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.page, name)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def focused(self) -> str:
        """The number of the line that has the focus."""
        found: str = self.page.evaluate(
            "document.activeElement.closest('.line')?.querySelector('.number').textContent ?? ''"
        )
        return found

    def texts(self, selector: str) -> list[str]:
        """The words of what can be seen."""
        found: list[str] = self.page.evaluate(
            "selector => [...document.querySelectorAll(selector)].filter(e => e.offsetParent).map(e => e.innerText.trim())",
            selector,
        )
        return found


Open = Callable[..., Watched]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"needs {CHROMIUM}")
        pytest.skip(f"needs {CHROMIUM}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """``show(html, size, …)`` opens a report from disk. Afterwards: it loaded, ran and complained of nothing."""
    opened: list[Watched] = []

    def show(html: str, size: tuple[int, int] = DESK, at: str = "", **more: Any) -> Watched:
        path = tmp_path / f"report-{len(opened)}.html"
        path.write_text(html, encoding="utf-8", errors="replace")
        width, height = size
        context = browser.new_context(viewport={"width": width, "height": height}, **more)
        context.set_default_timeout(60_000)
        watched = Watched(context.new_page())
        opened.append(watched)
        watched.page.on("request", lambda request: watched.requests.append(request.url))
        watched.page.on("console", lambda message: watched.said.append(message.text))
        watched.page.on("pageerror", lambda error: watched.said.append(str(error)))
        watched.page.on(
            "dialog", lambda dialog: (watched.said.append("dialog " + dialog.message), dialog.dismiss())
        )
        watched.page.goto(path.as_uri() + at)
        return watched

    yield show
    for number, watched in enumerate(opened):
        page = (tmp_path / f"report-{number}.html").as_uri()
        assert [url.split("#")[0] for url in watched.requests] == [page]
        assert watched.said == []
        watched.page.context.close()


@pytest.fixture
def rows(harbour: Cleaned, page: Cleaned) -> list[RunRow]:
    return [
        run_row(record(page), 0.2, "stories/p1.html", source="cms"),
        run_row(record(harbour), 0.1, "stories/harbour 1.html", source="cms"),
        run_row(
            {"id": "feed/7", "publisher": "brandvik.example"}, 65.0, error="no story in it", source="feed"
        ),
    ]


# The story, walked and looked at.


def test_the_next_and_the_previous_change_take_the_focus(show: Open, harbour: Cleaned) -> None:
    seen = show(story_report(harbour))
    assert seen.texts("#place") == ["8 changes"]
    walked = []
    for key in ("n", "j", "n", "n", "n", "n", "n", "n", "n", "p", "k"):
        seen.press(key)
        walked.append(seen.focused())
    # Lines 4 and 7 are plainly kept; after the last change there is no next one.
    assert walked == ["1", "2", "3", "5", "6", "8", "9", "10", "10", "9", "8"]
    assert seen.texts("#place") == ["6 of 8 changes"]
    focused = seen.evaluate(
        "[document.activeElement.ariaLabel, getComputedStyle(document.activeElement).outlineStyle]"
    )
    assert focused == ["Line 8: In doubt", "solid"]
    seen.click("#next")
    assert seen.focused() == "9"


def test_a_link_to_a_place_goes_there_and_the_walk_goes_on_from_it(show: Open, harbour: Cleaned) -> None:
    seen = show(story_report(harbour))
    seen.press("3")
    seen.click(".fate.removed a[href='#b5']")
    # The clean copy does not show the line: the view changes, or the link would lead nowhere.
    assert (seen.focused(), seen.is_checked("#inline")) == ("6", True)
    seen.press("n")
    assert seen.focused() == "8"
    assert show(story_report(harbour), at="#b8").focused() == "9"


def test_side_by_side_lays_the_copy_beside_its_source(show: Open, harbour: Cleaned) -> None:
    seen = show(story_report(harbour))
    seen.press("2")
    assert seen.texts(".columns span") == ["Before", "After"]
    sides = seen.evaluate(
        """[...document.querySelectorAll(".line")].filter(line => line.querySelector(".after")).map(line => {
            const [before, after] = line.querySelectorAll(".text");
            const a = before.getBoundingClientRect(), b = after.getBoundingClientRect();
            return [+line.id.slice(1), after.innerText.trim(), b.left > a.right && Math.abs(a.top - b.top) < 3];
        })"""
    )
    assert sides == [[block.number, block.text, True] for block in harbour.copy.blocks]
    seen.press("1")
    assert seen.texts(".after") == []
    seen.press("3")
    assert seen.texts(".line .text") == [block.text for block in harbour.copy.blocks]
    assert seen.texts(".notes") == []
    seen.press("n")
    assert seen.focused() == ""
    assert not seen.is_visible("#next")


def test_on_a_phone_the_sides_stand_one_under_the_other(show: Open, harbour: Cleaned) -> None:
    seen = show(story_report(harbour), PHONE)
    seen.click("label:has(#side)")
    (after,) = seen.texts(".after")
    assert after.endswith("work would resume on Monday.")
    before, after = (seen.locator(f"#b4 {path}").bounding_box() for path in (".text >> nth=0", ".after"))
    assert after["y"] >= before["y"] + before["height"]
    assert after["x"] == before["x"]


def test_changes_are_chosen_by_kind_and_by_rule(show: Open, harbour: Cleaned) -> None:
    seen = show(story_report(harbour))
    lit = "[...document.querySelectorAll('.line:not(.dim) .number')].map(n => n.textContent).join(' ')"
    seen.press("f")
    assert seen.evaluate("document.activeElement.value") == "removed"
    seen.press(" ")
    assert seen.evaluate(lit) == "5 6 10"
    seen.check("[value='suspect']")
    assert seen.evaluate(lit) == "5 6 8 10"
    seen.click("text=show all")
    seen.check("[value='lifted captions/credited']")
    seen.check("[value='removed social/channel']")
    assert seen.evaluate(lit) == "3 10"
    assert seen.texts("#place") == ["2 changes"]
    seen.press("n", "n", "n")
    assert seen.focused() == "10"
    seen.click("text=show all")
    assert len(seen.evaluate(lit).split()) == 10
    assert not seen.is_visible("text=show all")


def test_the_keys_are_told_and_can_be_switched_off(show: Open, harbour: Cleaned) -> None:
    seen = show(story_report(harbour))
    seen.press("?")
    assert "next change" in seen.inner_text("dialog")
    seen.press("n")
    assert seen.is_visible("dialog")
    seen.press("Escape")
    assert not seen.is_visible("dialog")
    # Nothing is focused yet, so a step would go to the first change.
    seen.press("Control+j", "Alt+n")
    assert seen.texts("#place") == ["8 changes"]
    seen.click(".help")
    seen.uncheck("#single")
    seen.click("dialog >> text=Close")
    seen.press("n", "2", "?")
    assert (seen.texts("#place"), seen.is_checked("#inline")) == (["8 changes"], True)
    assert not seen.is_visible("dialog")


def test_the_first_tab_leads_past_the_summary(show: Open, harbour: Cleaned) -> None:
    seen = show(story_report(harbour))
    seen.press("Tab")
    assert seen.texts(".skip") == ["Skip to the story"]
    seen.press("Enter", "Tab")
    assert seen.evaluate("document.activeElement.id") == "inline"


def test_what_is_struck_out_is_said(show: Open, harbour: Cleaned) -> None:
    seen = show(story_report(harbour))
    said = seen.locator(".story").aria_snapshot()
    for line in (
        '- deletion: "[removed] Published: undefined"',
        '- mark: "[lifted] Coast"',
        '"[protected] Correction: an earlier version misnamed the survey vessel."',
        '"[in doubt] 1. Read _every_ page',
        '- complementary "Summary":',
        "- main:",
        '- checkbox "removed 3"',
        '- checkbox "english/share-end"',
        '- radio "Side by side"',
        "- status: 8 changes",
        '- button "Next change"',
    ):
        assert line in said, line


def test_without_scripts_everything_is_there(show: Open, harbour: Cleaned, rows: list[RunRow]) -> None:
    seen = show(story_report(harbour), java_script_enabled=False)
    assert seen.locator("p.text").all_inner_texts() == [block.text for block in harbour.source.blocks]
    for hidden in ("label:has(#side)", ".steps", ".filter input >> nth=0"):
        assert not seen.is_visible(hidden)
    assert seen.locator(".places").first.is_visible()
    seen.click("label:has(#clean)")
    assert not seen.is_visible("p.text del >> nth=0")
    run = show(run_report(rows), java_script_enabled=False)
    assert not run.is_visible(".find")
    assert run.locator("tbody tr:visible").count() == 3 + len(harbour.removals) - 1 + 1


def test_printed_it_is_the_story_and_no_buttons(show: Open, harbour: Cleaned) -> None:
    seen = show(story_report(harbour))
    seen.emulate_media(media="print")
    assert not seen.is_visible(".bar")
    assert seen.locator("p.text:visible").count() == 10


# The run.


def test_stories_are_found_by_words_verdict_rule_and_publisher(show: Open, rows: list[RunRow]) -> None:
    seen = show(run_report(rows))
    names = ".stories .headline"
    dredging, failed, reopens = seen.texts(names)
    assert (failed, reopens) == ("feed/7", "Harbour reopens")
    seen.press("f")
    seen.keyboard.type("HARBOUR person")
    assert seen.texts(names) == [dredging]
    assert seen.texts("#found") == ["1 of 3 stories"]
    seen.click("text=show all")
    seen.select_option("[name=publisher]", "brandvik.example")
    assert seen.texts(names) == [failed]
    seen.select_option("[name=verdict]", "hold")
    assert seen.texts(names) == []
    seen.click(".counts >> text=english/related")
    assert seen.texts(names) == [reopens]
    seen.click(".tiles .hold a")
    assert seen.texts(names) == [dredging]
    again = show(run_report(rows), at="#" + seen.url.partition("#")[2])
    assert again.texts(names) == [dredging]


def test_stories_are_ordered_and_the_columns_say_how(show: Open, rows: list[RunRow]) -> None:
    seen = show(run_report(rows))
    names = ".stories .headline"
    usual = seen.texts(names)
    seen.click("th >> text=time")
    assert seen.texts(names)[0] == "feed/7"
    assert seen.get_attribute("[data-sort=seconds]", "aria-sort") == "descending"
    seen.click("th >> text=time")
    assert seen.texts(names)[-1] == "feed/7"
    seen.select_option("[name=sort]", "-headline")
    assert seen.texts(names) == ["Harbour reopens", "feed/7", usual[0]]
    assert seen.locator("[aria-sort]").count() == 1
    seen.click("text=show all")
    assert seen.texts(names) == usual
    assert seen.locator("[aria-sort]").count() == 0


def test_a_run_is_walked_to_its_stories_and_back_from_disk_and_over_http(
    browser: Browser, harbour: Cleaned, rows: list[RunRow], tmp_path: Path
) -> None:
    (tmp_path / "stories").mkdir()
    (tmp_path / "index.html").write_text(run_report(rows))
    (tmp_path / "stories" / "harbour 1.html").write_text(story_report(harbour, "../index.html"))
    asked: list[str] = []

    class Folder(http.server.SimpleHTTPRequestHandler):
        def log_request(self, *_: object) -> None:
            asked.append(self.path)

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Folder, directory=str(tmp_path))
    )
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        for start in (
            (tmp_path / "index.html").as_uri(),
            f"http://127.0.0.1:{server.server_port}/index.html",
        ):
            page = browser.new_page()
            page.goto(start)
            page.keyboard.press("n")
            page.keyboard.press("Enter")
            page.wait_for_selector(".story")
            page.click("text=All stories of this run")
            page.wait_for_selector(".run")
            assert page.url.split("#")[0] == start
            page.close()
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
    assert asked == ["/index.html", "/stories/harbour%201.html", "/index.html"]


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_the_list_of_runs_is_read_and_leads_on(show: Open, size: tuple[int, int]) -> None:
    runs = [
        ListedRun(f"fierce-otter-{number}a2b3c4d", f"fierce-otter-{number}/index.html", "3 March 2026, 06:10")
        for number in range(1, 4)
    ]
    seen = show(run_list(runs), size)
    assert seen.texts("th a") == [run.name for run in runs]
    heights = seen.evaluate("[...document.querySelectorAll('tbody tr')].map(row => row.offsetHeight)")
    assert max(heights) < 80, "a name is broken over lines"  # on a phone the time stands under it
    assert seen.evaluate("document.querySelector('h1').getBoundingClientRect().left") >= 12
    assert seen.evaluate("document.documentElement.scrollWidth <= innerWidth")
    seen.press("?")
    assert seen.evaluate("document.querySelector('#keys').open")


def test_two_thousand_stories_are_found_at_once(show: Open, rows: list[RunRow]) -> None:
    many = [
        replace(rows[n % 3], id=f"story/{n}", headline=f"Pier {n} reopens", seconds=n / 1000)
        for n in range(2000)
    ]
    seen = show(run_report(many))
    assert seen.evaluate("getComputedStyle(document.querySelector('tbody tr')).contentVisibility") == "auto"
    took = seen.evaluate(
        """() => {
            const find = document.querySelector("[name=words]"), sort = document.querySelector("[name=sort]");
            return [[find, "1999"], [find, ""], [sort, "-seconds"]].map(([field, value]) => {
                const before = performance.now();
                field.value = value;
                field.dispatchEvent(new Event("input", { bubbles: true }));
                document.body.offsetHeight;
                return performance.now() - before;
            });
        }"""
    )
    assert seen.inner_text(".headline >> nth=0") == "Pier 1999 reopens"
    assert max(took) < 5000, took  # milliseconds; about 200 where nothing else runs


# Everyone can read it.

_CONTRAST = """() => {
    const channels = color => color.match(/[\\d.]+/g).map(Number);
    const light = rgb => rgb.slice(0, 3).map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
        .reduce((sum, v, n) => sum + v * [.2126, .7152, .0722][n], 0);
    const behind = element => {
        for (let at = element; at; at = at.parentElement) {
            const color = channels(getComputedStyle(at).backgroundColor);
            if (color.length < 4 || color[3] > 0) return color;
        }
    };
    const weak = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.matches("script, option")) continue;
        const style = getComputedStyle(element);
        const [a, b] = [light(channels(style.color)), light(behind(element))].sort((x, y) => y - x);
        const ratio = (a + .05) / (b + .05);
        if (ratio < 4.5 || style.opacity !== "1")
            weak.push([walker.currentNode.data.trim().slice(0, 30), element.className, ratio.toFixed(2), style.opacity]);
    }
    return weak;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_stands_out_from_its_ground(
    show: Open, harbour: Cleaned, rows: list[RunRow], scheme: str
) -> None:
    verdicts = [replace(harbour, verdict=verdict) for verdict in ("publish", "hold", "kill")]
    for cleaned in verdicts:
        seen = show(story_report(cleaned), color_scheme=scheme)
        assert seen.evaluate(_CONTRAST) == []
    seen.press("2")
    seen.check("[value=removed]")
    assert seen.evaluate("document.querySelectorAll('.dim').length") == 7
    assert seen.evaluate(_CONTRAST) == []
    seen.press("?")
    assert seen.evaluate(_CONTRAST) == []
    run = show(run_report(rows), color_scheme=scheme)
    assert run.evaluate(_CONTRAST) == []


def test_a_phone_scrolls_down_only(show: Open, harbour: Cleaned, page: Cleaned, rows: list[RunRow]) -> None:
    wide = "overflow-wrap" * 40
    blocks = (
        *harbour.source.blocks,
        *(replace(block, text=wide, number=20 + n) for n, block in enumerate(page.source.blocks)),
    )
    story = replace(harbour.source, blocks=blocks, url="https://example.org/" + wide, id=wide, publisher=wide)
    removals = (
        replace(harbour.removals[0], rules=(f"english/{wide}", "b" * 300), why=wide),
        *harbour.removals[1:],
    )
    long = replace(
        harbour, source=story, copy=replace(story, fields=replace(page.source.fields, section=wide))
    )
    long = replace(long, removals=removals, reasons=(wide,))
    runs = [
        *rows,
        run_row(record(long), 1.0, source="cms"),
        run_row({"id": wide}, 1.0, error=wide, source=wide),
    ]
    width = "[document.scrollingElement.scrollWidth, innerWidth]"
    for report in (story_report(long, "../index.html"), run_report(runs, title=wide, note=wide)):
        seen = show(report, PHONE)
        for key in "213":
            assert seen.evaluate(width) == [360, 360]
            seen.press(key)


def test_on_a_phone_the_summary_stays_in_sight(show: Open, harbour: Cleaned) -> None:
    seen = show(story_report(harbour), PHONE)
    for _ in range(4):
        seen.press("n")
    bar, line = seen.locator(".bar").bounding_box(), seen.locator(".line:focus").bounding_box()
    assert bar["y"] + bar["height"] == pytest.approx(740, abs=1)
    assert 0 < line["y"] < line["y"] + line["height"] < bar["y"]
    assert seen.inner_text(".short").split() == ["hold", "81", "→", "54", "words"]


# Nothing of a story runs, loads, or breaks out of its place.

EVIL = [
    "</script><script>window.hit = 1</script>",
    '<img src="https://evil.example/x.png" onerror="window.hit=1">',
    "javascript:window.hit=1",
    '"><svg onload="window.hit=1">',
    "' autofocus onfocus='window.hit=1' x='",
    "</style><style>body { display: none }</style>",
    "</title><body onload=window.hit=1>",
    "<!-- --><iframe srcdoc='<script>parent.hit=1</script>'></iframe>",
    "{{ 7 * 7 }}{% raw %} ${alert(1)} `alert(1)`",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202egnp.exe\u202c \u2066x\u2069 ",
    "<base href=https://evil.example/><meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "__proto__",
]


def _hostile() -> Cleaned:
    texts = [text.strip() for text in EVIL] * 4
    blocks = tuple(Block(n, text, "heading" if n % 5 == 0 else "paragraph") for n, text in enumerate(texts))
    evil = iter(EVIL * 20)
    fields = Fields(*(next(evil) for _ in range(9)), tags=tuple(EVIL), authors=tuple(EVIL), canonical=EVIL[2])
    fields = replace(fields, pictures=tuple(Picture(text, text, text, text + ".") for text in EVIL))
    fields = replace(fields, sources=(("headline", EVIL[0]), ("byline", EVIL[1])))
    story = Story(EVIL[0], "page", "", blocks, fields, EVIL[2], EVIL[1], EVIL[4])
    story = replace(story, signals=tuple(Signal("hold", text, text) for text in EVIL), notes=tuple(EVIL))
    story = replace(story, repairs=tuple(Repair(n, text, text, text) for n, text in enumerate(EVIL)))
    here = len(EVIL)
    cuts = [
        Removal(n, 0, len(text), text, "remove", None, (text, EVIL[0]), text)
        for n, text in enumerate(texts[:here])
    ]
    cuts += [
        Removal(n, 0, 3, texts[n][:3], "lift", texts[n], (texts[n],), texts[n]) for n in range(here, 2 * here)
    ]
    noted = [Mark(n, 0, 5, "protect", texts[n], texts[n]) for n in range(2 * here, 3 * here)]
    doubted = [Mark(n, 0, 5, "suspect", texts[n], texts[n]) for n in range(3 * here, 4 * here)]
    return Cleaned(
        story, story, tuple(cuts), "hold", tuple(EVIL), EVIL[0], 1,
        protected=tuple(noted), overruled=tuple(replace_rule(mark) for mark in noted), suspects=tuple(doubted),
    )  # fmt: skip


def replace_rule(mark: Mark) -> Mark:
    return mark._replace(action="remove", rule=EVIL[1])


def test_nothing_of_a_hostile_story_runs_or_loads(show: Open) -> None:
    cleaned = _hostile()
    seen = show(story_report(cleaned, EVIL[2] and "../index.html"))
    assert seen.locator("p.text").all_text_contents() == [block.text for block in cleaned.source.blocks]
    for box in seen.locator(".filter input").all():
        box.check()
    seen.press("n", "n", "p", "2", "n", "3", "1", "f", "?", "Escape")
    assert seen.locator(".line.dim").count() == 0
    assert len(seen.texts(".note")) == 4 * len(EVIL)
    assert seen.evaluate("[window.hit, document.scripts.length, document.styleSheets.length]") == [None, 1, 1]
    assert (
        seen.locator(
            "img, svg, iframe, base, [onload], [onerror], [onfocus], [autofocus], a[href^=java]"
        ).count()
        == 0
    )


@pytest.mark.parametrize(
    "at", ["#<img src=x onerror=window.hit=1>", "#words=<script>window.hit=1</script>&sort=__proto__", "#b1"]
)
def test_nothing_of_a_hostile_run_runs_or_loads(show: Open, at: str) -> None:
    removals = tuple((text, 2) for text in EVIL)
    rows = [
        RunRow(
            text,
            text if n % 2 else None,
            text,
            outcome,
            (text,),
            1,
            1,
            1,
            removals[n % 9 :],
            1.0,
            text,
            1,
            text,
        )
        for n, text in enumerate(EVIL)
        for outcome in ("hold", "failed", "publish")
    ]
    seen = show(run_report(rows, title=EVIL[0], when=EVIL[1], note=EVIL[3]), at=at)
    for link in seen.locator("[data-choose]").all():
        link.click()
        assert seen.locator(".stories tbody tr:visible").count() > 0
    for name in ("publisher", "rule", "sort"):
        for value in seen.evaluate(
            "name => [...document.getElementsByName(name)[0].options].map(o => o.value)", name
        ):
            seen.select_option(f"[name={name}]", value)
    seen.fill("[name=words]", EVIL[1])
    assert seen.evaluate("[window.hit, document.scripts.length, document.styleSheets.length]") == [None, 1, 1]
    assert seen.locator("img, iframe, base, [onload], [onerror], [onfocus], [autofocus]").count() == 0
    # A path is quoted as a path; only a web address stays as it is.
    assert [a for a in seen.evaluate("[...document.links].map(a => a.protocol)") if a != "file:"] == []


def test_the_policy_stops_what_a_mistake_in_a_template_would_let_through(
    show: Open, harbour: Cleaned
) -> None:
    broken = story_report(harbour).replace(
        "</h1>",
        "</h1><img src=https://evil.example/x.png onerror='window.hit=1'><script>window.hit = 1</script>"
        "<a id=click href='javascript:window.hit=1'>x</a>",
    )
    seen = show(broken)
    seen.click("#click")
    assert seen.evaluate("window.hit") is None
    assert (
        seen.evaluate("(() => { try { document.body.innerHTML = ''; } catch (e) { return e.name } })()")
        == "TypeError"
    )
    assert len([line for line in seen.said if "Content Security Policy" in line]) >= 4
    seen.said.clear()
    seen.requests[:] = seen.requests[:1]


def test_a_story_of_five_megabytes_and_ten_thousand_lines_can_be_walked(show: Open) -> None:
    text = "The tide <b>turns</b> at six and the ferry waits for nobody. " * 8
    blocks = tuple(Block(n, f"{n} {text}".strip()) for n in range(10_000))
    removals = tuple(
        Removal(n, 0, 20, blocks[n].text[:20], "remove", None, ("a/b",), "w", number=n)
        for n in range(0, 10_000, 2)
    )
    story = Story("long", "text", "", blocks)
    html = story_report(Cleaned(story, story, removals, "publish", (), "r", 1))
    assert len(html) > 5_000_000
    seen = show(html)
    seen.press("n", "n")
    assert seen.focused() == "3"
    seen.press("2")
    assert seen.locator(".after").count() == 10_000
    seen.check("[value=removed] >> nth=0")
    assert seen.locator(".dim").count() == 5_000
    # Only what is in sight is laid out; without that the page took six times as long to come up.
    assert seen.evaluate("getComputedStyle(document.querySelector('.line')).contentVisibility") == "auto"
