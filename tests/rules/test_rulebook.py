"""Packs and publishers: what is refused, what applies to which story, what a publisher changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from textwrap import dedent

import pytest

from cleaners.rules import ConfigError, Hit, Rulebook, Ruleset, check_rules, load_rulebook

Write = Callable[..., Path]

ENGLISH = """
    language: en
    words:
      by: [By, Written by]
    rules:
      share:
        why: A row of buttons.
        line: [Share, Share this story]
        matches: Share
        spares: Share prices fell
      byline:
        why: The writer's name has a field.
        action: lift
        field: byline
        value: name
        line: "{by} {name}"
        longest: 40
        matches: By Ana Duarte
        spares: By the river
      telegram:
        why: Channel promotion.
        kind: channel
        starts: Join our {official |}telegram channel
        beside: share
        matches: Join our telegram channel (@desk)
        spares: They asked to join our channel
"""
GERMAN = """
    language: de
    words:
      months: [Januar, März]
    rules:
      teilen:
        why: Eine Schaltfläche.
        line: Teilen
        matches: Teilen
        spares: Teilen wir
"""
COMMON = """
    rules:
      undefined-date:
        why: The CMS prints the label without a date.
        case: exact
        line: ["Published: undefined", "Published: {date}"]
        matches: "Published: undefined"
        spares: "Published: today"
"""


def names(hits: tuple[Hit, ...]) -> list[str]:
    return [hit.rule.name for hit in hits]


@pytest.fixture
def book(write_config: Write) -> Rulebook:
    desk = """
        name: The Harbour Desk
        hosts: [harbour.example, harbour-news.example]
        language: en
        inherits: [german]
        disable: [english/share]
        change:
          english/byline: {longest: , zone: head, value: by}
        words:
          by: [Words by]
        rules:
          ferry:
            why: A house advert.
            line: "Take the ferry, says {by} {name}"
            matches: "Take the ferry, says Words by Ana Duarte"
            spares: Take the ferry
    """
    return load_rulebook(
        write_config(english=ENGLISH, german=GERMAN, common=COMMON, publishers={"desk": desk})
    )


def test_a_rule_is_read_whole(book: Rulebook) -> None:
    rules = {rule.name: rule for rule in book.ruleset(None, "en").rules}
    byline = rules["english/byline"]
    assert (byline.pack, byline.kind, byline.action, byline.field, byline.value) == (
        "english",
        "byline",
        "lift",
        "byline",
        "name",
    )
    assert byline.longest == 40
    assert byline.matches == ("By Ana Duarte",)
    assert (Path(byline.source.file).name, byline.source.line, byline.source.column) == (
        "english.yaml",
        10,
        3,
    )
    assert rules["english/telegram"].beside == ("share",)
    assert rules["english/telegram"].kind == "channel"


@pytest.mark.parametrize(
    ("language", "packs"),
    [
        ("en", {"english", "common"}),
        ("de-AT", {"german", "common"}),
        ("DE_ch", {"german", "common"}),
        ("ca", {"common"}),
        (None, {"common"}),
    ],
)
def test_packs_of_a_language(book: Rulebook, language: str | None, packs: set[str]) -> None:
    assert {rule.pack for rule in book.ruleset(None, language).rules} == packs


def test_a_german_rule_does_not_fire_in_an_english_story(book: Rulebook) -> None:
    assert names(book.ruleset(None, "de").hits("Teilen")) == ["german/teilen"]
    assert names(book.ruleset(None, "en").hits("Teilen")) == []


def test_month_names_of_the_packs_that_apply(book: Rulebook) -> None:
    line = "Published: 3. März 2026"
    assert names(book.ruleset(None, "de").hits(line)) == ["common/undefined-date"]
    assert names(book.ruleset(None, "en").hits(line)) == []


@pytest.mark.parametrize(
    ("publisher", "url"),
    [
        ("desk", None),
        ("the harbour desk", None),
        ("harbour.example", None),
        ("www.harbour.example", None),
        (None, "https://live.harbour-news.example/story?x=1"),
        ("https://harbour.example/", None),
        ("unheard of", "https://harbour.example:8080/"),
    ],
)
def test_a_publisher_by_name_stem_host_or_address(
    book: Rulebook, publisher: str | None, url: str | None
) -> None:
    ruleset = book.ruleset(publisher, "en", url)
    assert ruleset.publisher is not None
    assert ruleset.publisher.stem == "desk"


@pytest.mark.parametrize("url", ["https://xharbour.example/", "https://example/", "http://[", "", None])
def test_no_publisher(book: Rulebook, url: str | None) -> None:
    assert book.ruleset(None, "en", url).publisher is None


def test_a_publisher_inherits_disables_changes_and_adds(book: Rulebook) -> None:
    ruleset = book.ruleset("desk", None)
    rules = {rule.name: rule for rule in ruleset.rules}
    assert set(rules) == {
        "common/undefined-date",
        "desk/ferry",
        "english/byline",
        "english/telegram",
        "german/teilen",
    }
    assert (rules["english/byline"].longest, rules["english/byline"].zone) == (None, ("head",))
    assert ruleset.words["by"] == ("By", "Written by", "Words by")
    assert names(ruleset.hits("Take the ferry, says words by Ana Duarte")) == ["desk/ferry"]
    assert names(ruleset.hits("Share")) == []
    assert names(book.ruleset(None, "en").hits("Share")) == ["english/share"]
    line = "Words by Ana Duarte"
    (hit,) = ruleset.hits(line)
    assert hit.value is not None
    assert line[hit.value.start : hit.value.end] == "Words by"
    assert book.ruleset(None, "en").hits(line) == ()


def test_rulesets_are_kept_and_their_version_is_their_content(book: Rulebook, tmp_path: Path) -> None:
    english = book.ruleset(None, "en")
    assert book.ruleset(None, "en-GB") is english
    assert book.ruleset("unheard of", "en") is english
    assert len({english.version, book.ruleset(None, "de").version, book.ruleset("desk", "en").version}) == 3
    file = tmp_path / "rules" / "english.yaml"
    before = file.read_text()
    file.write_text("# a comment, and all lines one further\n" + before)
    assert load_rulebook(tmp_path).ruleset(None, "en").version == english.version
    assert load_rulebook(tmp_path).version == book.version
    file.write_text(before.replace("Share prices fell", "Share prices rose"))
    assert load_rulebook(tmp_path).ruleset(None, "en").version != english.version
    assert load_rulebook(tmp_path).version != book.version


def test_the_examples_of_this_file_hold(book: Rulebook, tmp_path: Path) -> None:
    assert check_rules(tmp_path) == []


def test_an_empty_configuration_has_no_rules(tmp_path: Path) -> None:
    ruleset = load_rulebook(tmp_path).ruleset(None, None)
    assert isinstance(ruleset, Ruleset)
    assert ruleset.rules == ()
    assert ruleset.hits("Published: undefined") == ()


def test_dates_and_flags(write_config: Write) -> None:
    book = load_rulebook(
        write_config(
            common="""
            rules:
              old:
                why: w
                line: Old
                since: 2024-01-01
                until: 2024-12-31
                may_exceed: yes
                run: 3
                forms: text
                matches: Old
                spares: New
            """
        )
    )
    (rule,) = book.ruleset(None, None).rules
    assert (rule.since, rule.until, rule.may_exceed) == (date(2024, 1, 1), date(2024, 12, 31), True)
    assert (rule.run, rule.forms) == (3, ("text",))


RULE = "rules:\n  share:\n    why: w\n    {}\n    matches: Share\n    spares: Share prices\n"


@pytest.mark.parametrize(
    ("text", "line", "column", "said", "hint"),
    [
        (RULE.format("lnie: Share"), 4, 5, "the key 'lnie' is not known here", "Did you mean line?"),
        (RULE.format("kind: share"), 3, 10, "says no line to look for", "Add line:"),
        (RULE.format("line: Share\n    action: delete"), 5, 13, "action", "Write one of: cue, lift"),
        (RULE.format("line: Share\n    action: protcet"), 5, 13, "action", "Did you mean protect?"),
        (RULE.format("line: Share\n    action: lift"), 5, 13, "a lift needs its field", "byline"),
        (RULE.format("line: Share\n    field: byline"), 5, 12, "only a lift has a field", "Add action: lift"),
        (RULE.format("line: Share\n    action: lift\n    field: by-line"), 6, 12, "no field 'by-line'", "byline?"),
        (RULE.format("line: '{dat}'"), 4, 11, "there is no slot {dat}", "Did you mean {date}?".replace("{date}", "date")),
        (RULE.format("line: [Share, '{date']"), 4, 19, "is not closed", "Add }"),
        (RULE.format("pattern: '\\bShare'"), 4, 14, r"\b knows ASCII", "starts:"),
        (RULE.format("pattern: ['a', 'a{1,2000}']"), 4, 20, "repetition size", "longest:"),
        (RULE.format("line: Share\n    cut: match"), 5, 10, "for starts and ends", "a rule of their own"),
        (RULE.format("line: Share\n    value: name"), 5, 12, "only a lift has a value", ""),
        (
            RULE.format("line: ['By {name}', By]\n    action: lift\n    field: byline\n    value: name"),
            4, 25, "has no {name}, which value: names", "",
        ),
        (RULE.format("line: Share\n    shortest: 9\n    longest: 8"), 5, 15, "longer than longest", "Swap"),
        (RULE.format("line: Share\n    longest: many"), 5, 14, "longest: ", ""),
        (RULE.format("line: Share\n    run: 1"), 5, 10, "run: ", ""),
        (RULE.format("line: Share\n    since: 1.1.2024"), 5, 12, "2026-03-31", ""),
        (RULE.format("line: Share\n    zone: [head, foot]"), 5, 18, "zone.1", "head"),
        (RULE.format("line: Share\n    beside: shrae"), 5, 13, "no rule is of the kind 'shrae'", "Did you mean share?"),
        (RULE.format("line: ''"), 4, 11, "line", ""),
        (RULE.format("line: [{a: b}]"), 4, 12, "line", ""),
        ("rules:\n  share:\n    line: Share\n    matches: Share\n    spares: x\n", 2, 3, "needs the key 'why'", ""),
        ("rules:\n  share:\n    why: w\n    line: Share\n    matches: Share\n", 2, 3, "needs the key 'spares'", ""),
        (
            "rules:\n  share:\n    why: w\n    line: Share\n    matches: []\n    spares: x\n", 5, 14, "matches", "",
        ),
        ("rules:\n  Share this: {why: w}\n", 2, 15, "Share this", ""),
        ("rules:\n  share: Share\n", 2, 10, "must be a mapping", "Begin with why:"),
        ("ruels: {}\n", 1, 1, "'ruels' is not known", "Did you mean rules?"),
        ("language: German\n", 1, 11, "language", ""),
        ("words: {date: [x]}\n", 1, 9, "{date} has a meaning of its own", "another name"),
        ("words: {by: []}\n", 1, 13, "words.by", ""),
        ("- x\n", 1, 1, "must be a mapping", "Begin with rules:"),
        ("rules:\n  share:\n", 2, 9, "must be a mapping", "Begin with why:"),
        ("words: {by: }\n", 1, 13, "words.by", ""),
        ("words: {related: [Share], relatd: [See also]}\n" + RULE.format("line: '{related}'"), 1, 27, "no rule has a slot {relatd}", "Did you mean related?"),
        ("words: {publishd: [Posted]}\n", 1, 9, "no rule has a slot {publishd}", "Did you mean published?"),
    ],
)  # fmt: skip
def test_faults_of_a_pack(
    write_config: Write, text: str, line: int, column: int, said: str, hint: str
) -> None:
    folder = write_config()
    (folder / "rules" / "common.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_rulebook(folder)
    error = caught.value
    assert (Path(error.file).name, error.line, error.column) == ("common.yaml", line, column), str(error)
    assert said in error.message
    assert hint in error.hint
    assert check_rules(folder)


@pytest.mark.parametrize(
    ("text", "line", "column", "said", "hint"),
    [
        ("disable: [english/shrae]", 1, 11, "no rule 'english/shrae'", "Did you mean english/share?"),
        ("disable: [share]", 1, 11, "disable.0", ""),
        ("change:\n  english/absent: {longest: 3}", 2, 3, "no rule 'english/absent'", ""),
        ("change:\n  english/share: {longst: 3}", 2, 19, "'longst' is not known", "Did you mean longest?"),
        ("change:\n  english/share: {line: '{bye} x'}", 2, 25, "no slot {bye}", "Did you mean by?"),
        ("change:\n  english/share: {action: lift}", 2, 27, "a lift needs its field", ""),
        ("change:\n  english/share: {line: }", 2, 18, "says no line to look for", ""),
        ("change:\n  english/share: x", 2, 18, "must be a mapping", ""),
        (
            "disable: english/share\nchange:\n  english/share: {longest: 3}",
            3,
            18,
            "disabled and changed",
            "one",
        ),
        ("inherits: [english, englsh]", 1, 21, "no rule file 'englsh'", "Did you mean english?"),
        ("hosts: [https://x.example/]", 1, 9, "hosts.0", ""),
        ("hots: [x.example]", 1, 1, "'hots' is not known", "Did you mean hosts?"),
    ],
)
def test_faults_of_a_publisher(
    write_config: Write, text: str, line: int, column: int, said: str, hint: str
) -> None:
    folder = write_config(english=ENGLISH)
    (folder / "publishers" / "desk.yaml").write_text(text + "\n")
    with pytest.raises(ConfigError) as caught:
        load_rulebook(folder)
    error = caught.value
    assert (Path(error.file).name, error.line, error.column) == ("desk.yaml", line, column), str(error)
    assert said in error.message
    assert hint in error.hint


def test_clashes_between_files(write_config: Write) -> None:
    folder = write_config(
        english=ENGLISH,
        publishers={
            "a": "hosts: [x.example]\n",
            "b": "name: A\nhosts: [y.example, x.example]\n",
            "english": "name: E\n",
        },
    )
    (folder / "rules" / "more.yml").write_text("rules: {}\n")
    (folder / "rules" / "My Rules.yaml").write_text("rules: {}\n")
    said = sorted(
        f"{Path(error.file).name}:{error.line}:{error.column} {error.message}"
        for error in check_rules(folder)
    )
    assert said == [
        "My Rules.yaml:1:1 'My Rules' cannot be the name of a rule file",
        "b.yaml:1:7 the name 'a' belongs to 'a' already",
        "b.yaml:2:20 the host x.example belongs to 'a' already",
        "english.yaml:1:1 a rule file is called 'english', too",
        "more.yml:1:1 rule files end in .yaml",
    ]


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such folder"):
        load_rulebook(tmp_path / "absent")


def test_check_rules_tries_every_example(write_config: Write) -> None:
    desk = """
        inherits: [english]
        change:
          english/share: {longest: 4}
        rules:
          ferry: {why: w, line: Ferry, matches: Ferries, spares: ferry}
    """
    pack = """
        rules:
          read-more:
            why: w
            starts: Read
            longest: 20
            matches:
              - Read more
              - Read more about this long affair
            spares:
              - Reading is fun
              - Read the small print
    """
    folder = write_config(english=ENGLISH, common=pack, publishers={"desk": desk})
    found = [
        (Path(error.file).name, error.line, error.column, error.message) for error in check_rules(folder)
    ]
    assert found == [
        ("desk.yaml", 3, 18, "rule english/share must match 'Share', but does not"),
        ("desk.yaml", 5, 41, "rule desk/ferry must match 'Ferries', but does not"),
        ("desk.yaml", 5, 58, "rule desk/ferry must spare 'ferry', but matches 'ferry'"),
        (
            "common.yaml",
            8,
            9,
            "rule common/read-more must match 'Read more about this long affair', but does not",
        ),
        (
            *("common.yaml", 11, 9),
            "rule common/read-more must spare 'Read the small print', but matches 'Read the small print'",
        ),
    ]


def test_several_faults_are_all_shown(write_config: Write) -> None:
    pack = dedent("""
        rules:
          one: {why: w, line: A, matches: A}
          two: {why: w, line: B, matches: B, spares: C}
          three: {why: w, lines: C, matches: C, spares: D}
    """)
    assert [error.line for error in check_rules(write_config(common=pack))] == [2, 4]


def test_a_file_that_cannot_be_read_is_the_only_fault_told(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "publishers").mkdir()
    (tmp_path / "rules" / "english.yaml").write_text("language: en\nlanguage: fr\n", encoding="utf-8")
    (tmp_path / "publishers" / "post.yaml").write_text(
        "name: Post\nhosts: [post.example]\ninherits: [english]\n", encoding="utf-8"
    )
    found = check_rules(tmp_path)
    assert [(Path(error.file).name, error.line) for error in found] == [("english.yaml", 2)]
