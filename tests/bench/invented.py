"""Invented rules and stories for the speed measure: plausible lines of houses that do not exist, from a seed.

Nothing here is taken from a benchmark: speed is measured on texts that no rule was written for.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

from cleaners.model import Raw

HOUSES = 300
_A_FILE = 2_000
"""Rules in one file: a file of rules has a largest size."""
PLACES = ("Kesten", "Vorre", "Halmby", "Ostrava Bay", "Lindmoor", "Sarn", "Port Ellery", "Tarnholm")
NAMES = (
    "Ilse Brandvik",
    "Marta Oyelaran",
    "Tomas Reyl",
    "Ana Duarte",
    "Joon Park",
    "Leila Haddad",
    "Per Holm",
)
THINGS = (
    "ferry",
    "harbour",
    "library",
    "reservoir",
    "tramway",
    "orchard",
    "lighthouse",
    "market",
    "archive",
    "quarry",
)
ACTS = ("closed", "reopened", "was sold", "was surveyed", "lost its grant", "found a buyer", "changed hands")
DESKS = ("business", "weekend", "culture", "harbour", "science", "motoring", "gardening", "opinion", "local")
VERBS = ("Get", "Try", "Discover", "Support", "Download", "Rate", "Explore", "Unlock", "Gift", "Renew")
OFFERS = (
    "briefing",
    "digest",
    "almanac",
    "quiz",
    "bulletin",
    "planner",
    "podcast",
    "archive",
    "magazine",
    "app",
)
LINKS = ("and", "while", "although", "because", "after", "before", "since")


def house(number: int) -> str:
    return f"house-{number:03d}"


def write_config(base: Path, folder: Path, rules: int, *, houses: int = HOUSES, seed: int = 7) -> Path:
    """A copy of ``base`` with so many invented rules, shared out among ``houses`` publishers' files; with no houses they hold for
    every English story.
    """
    shutil.copytree(base, folder)
    for old in (folder / "publishers").glob("*.yaml"):
        old.unlink()
    for first in range(0, rules if not houses else 0, _A_FILE):
        chance = random.Random(seed * 1_000_003 + first)
        text = "\n".join(["language: en", *_rules(range(first, min(first + _A_FILE, rules)), chance)])
        (folder / "rules" / f"invented-{first}.yaml").write_text(text + "\n", encoding="utf-8")
    for number in range(houses):
        count = rules // houses + (number < rules % houses)
        (folder / "publishers" / f"{house(number)}.yaml").write_text(
            _publisher(number, count, random.Random(seed * 1_000_003 + number)), encoding="utf-8"
        )
    return folder


def _publisher(number: int, count: int, chance: random.Random) -> str:
    lines = [f"name: House {number}", f"hosts: [{house(number)}.example]", "language: en"]
    return "\n".join([*lines, *(_rules(range(count), chance) if count else ())]) + "\n"


def _rules(indexes: range, chance: random.Random) -> Iterator[str]:
    yield "rules:"
    for index in indexes:
        shape, text, hit, miss = _rule(index, chance)
        yield f"  invented-{index:05d}:"
        yield "    why: An invented line of an invented house."
        yield f"    {shape}: {json.dumps(text)}"
        yield f"    matches: {json.dumps(hit)}"
        yield f"    spares: {json.dumps(miss)}"


def _rule(index: int, chance: random.Random) -> tuple[str, str, str, str]:
    """Of ten rules five are whole lines, three begin a line, one has a slot and one opens with one."""
    verb, desk, offer = chance.choice(VERBS), chance.choice(DESKS), chance.choice(OFFERS)
    what = f"{verb} the {desk} {offer} {_word(index, chance)}"
    miss = f"The {offer} for {desk} was late."
    match index % 10:
        case 5 | 6 | 7:
            return "starts", what, f"{what} every morning", miss
        case 8:
            return "line", f"{what} until {{date}}", f"{what} until 3 March 2026", miss
        case 9:
            return "line", f"{{number}} {what} offers", f"12 {what} offers", miss
        case _:
            return "line", what, what, miss


def _word(number: int, chance: random.Random) -> str:
    return "".join(
        chance.choice(("ka", "ro", "lin", "ta", "mo", "ves", "dor", "el")) for _ in range(3)
    ) + str(number)


def stories(count: int, *, blocks: int = 30, houses: int = HOUSES, seed: int = 11) -> Iterator[Raw]:
    """Text stories of so many blocks, grouped by publisher: head matter, prose with junk between, a tail of furniture."""
    for number in range(count):
        chance = random.Random(seed * 1_000_003 + number)
        publisher = house(number * houses // count) if houses else None
        lines = list(_story(chance, blocks))
        yield Raw(f"invented-{number}", "text", "\n".join(lines), None, publisher, "en")


def _story(chance: random.Random, blocks: int) -> Iterator[str]:
    thing, place, name = chance.choice(THINGS), chance.choice(PLACES), chance.choice(NAMES)
    head = [
        chance.choice(DESKS).title(),
        f"{place} {thing} {chance.choice(ACTS)} as council weighs what to do next",
        f"By {name}",
        f"{chance.randint(1, 28)} March 2026",
    ]
    middle = [
        "Advertisement",
        f"READ MORE: {chance.choice(PLACES)} {chance.choice(THINGS)} {chance.choice(ACTS)}, and nobody is told",
        "What the surveyors found",
    ]
    tail = [
        "Follow us on: Facebook, Twitter, Google News, Instagram",
        "Sign up for our daily newsletter",
        f"{chance.choice(VERBS)} the {chance.choice(DESKS)} {chance.choice(OFFERS)} today",
        "Share this story",
        "© 2026 House Post. All rights reserved.",
    ]
    body = [_paragraph(chance, place, thing) for _ in range(blocks - len(head) - len(middle) - len(tail))]
    for line in middle:
        body.insert(chance.randint(2, len(body) - 2), line)
    yield from (*head, *body, *tail)


def _paragraph(chance: random.Random, place: str, thing: str) -> str:
    said = [_sentence(chance, place, thing) for _ in range(chance.randint(1, 3))]
    if chance.random() < 0.3:
        said[0] = (
            f"“{said[0][:-1]},” said {chance.choice(NAMES)}, who keeps the {chance.choice(THINGS)} at {place}."
        )
    return " ".join(said)


def _sentence(chance: random.Random, place: str, thing: str) -> str:
    other = chance.choice(THINGS)
    return (
        f"The {thing} at {place} {chance.choice(ACTS)} in {chance.randint(1950, 2025)}, {chance.choice(LINKS)} "
        f"the {other} near {chance.choice(PLACES)} {chance.choice(ACTS)} {chance.choice(LINKS)} nobody had asked for it."
    )
