"""No command uses a rule that does not do what its own examples say; and none is tried twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_newsroom import CLEAN, RULES, STORY, Run

from cleaners.rules import ConfigError, check, check_examples, fingerprints, load_rulebook
from flows.settings.tried_rules import FILE, load_tried_pipeline

FALSE = RULES.replace('spares: ["The correction came late."]', 'spares: ["Correction: the tide came late."]')


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLEANCOPY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / FILE


def test_a_rule_false_to_its_example_stops_every_command(run: Run, small_config: Path) -> None:
    (small_config / "rules" / "english.yaml").write_text(FALSE)
    for command in (["clean", "--from", "text"], ["explain", "--from", "text"], ["rules", "check"]):
        result = run(*command, stdin=STORY)
        assert result.exit_code != 0, command
        said = result.stderr + result.stdout
        assert "english.yaml:13:14" in said.replace("\n", ""), said
        assert "must spare" in said


def test_a_rule_that_held_is_not_tried_again(
    run: Run, small_config: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("clean", "--from", "text", stdin=STORY).stdout == CLEAN
    assert len(cache.read_text().split()) == 2
    tried: list[str] = []
    real = check._check
    monkeypatch.setattr(
        check,
        "_check",
        lambda rules, words: tried.extend(one.rule.name for one in rules) or real(rules, words),
    )
    load_tried_pipeline(small_config)
    assert tried == []
    (small_config / "rules" / "english.yaml").write_text(
        RULES.replace("it was nine boats", "it was ten boats")
    )
    load_tried_pipeline(small_config)
    assert tried == ["english/correction"]


def test_a_changed_word_list_is_a_changed_rule(small_config: Path) -> None:
    words = "words:\n  published: [Published]\n"
    text = RULES.replace("rules:\n", words + "rules:\n").replace('line: "Published:', 'line: "{published}:')
    path = small_config / "rules" / "english.yaml"
    path.write_text(text)
    load_tried_pipeline(small_config)
    path.write_text(text.replace("published: [Published]", "published: [Posted]"))
    with pytest.raises(ConfigError, match="must match 'Published: undefined'"):
        load_tried_pipeline(small_config)


def test_a_word_list_of_a_publisher_counts(small_config: Path) -> None:
    path = small_config / "publishers" / "kestpress.yaml"
    path.write_text(
        "words: {town: [Kesten]}\nrules:\n  town:\n    why: w\n    line: '{town} today'\n    matches: Kesten today\n    spares: Kesten\n"
    )
    load_tried_pipeline(small_config)
    path.write_text(path.read_text().replace("[Kesten]", "[Vorre]"))
    with pytest.raises(ConfigError, match="kestpress/town must match"):
        load_tried_pipeline(small_config)


def test_a_cache_that_cannot_be_used_costs_only_time(small_config: Path, cache: Path) -> None:
    cache.parent.write_text("a file where the folder should be")
    load_tried_pipeline(small_config)
    cache.parent.unlink()
    cache.parent.mkdir()
    cache.write_bytes(b"\xff\xfe")
    load_tried_pipeline(small_config)
    assert len(cache.read_text().split()) == 2


def test_after_rules_check_nothing_is_left_to_try(run: Run, small_config: Path, cache: Path) -> None:
    assert run("rules", "check").exit_code == 0
    book = load_rulebook(small_config)
    assert fingerprints(book) == set(cache.read_text().split())
    assert check_examples(book, fingerprints(book)) == []


def test_the_shipped_rules_are_told_apart_in_no_time(config_dir: Path) -> None:
    book = load_rulebook(config_dir)
    known = fingerprints(book)
    rules = sum(len(pack.rules) for pack in book.packs.values())
    rules += sum(len(file.rules) + len(file.changed) for file in book.publishers.values())
    assert len(known) == rules
    assert check_examples(book, known) == []
