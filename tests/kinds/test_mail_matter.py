"""A story pasted from a mail: what the mail program put around it goes, and the story's own lines stay."""

from __future__ import annotations

import pytest
from around import LAST, LEAD, NEXT  # type: ignore[import-not-found]

from cleaners.kinds.registry import look
from cleaners.model import Raw
from cleaners.pipeline import Pipeline


@pytest.fixture(scope="module")
def marked(shipped: Pipeline):
    def run(lines: list[str], form: str = "text", **known: object) -> dict[str, str]:
        content = "\n".join(lines) if form == "text" else tuple(lines)
        story = shipped.read(Raw("t", form, content, language="en", **known))  # type: ignore[arg-type]
        context = look(story, shipped.rulebook.ruleset(None, "en", None))
        kind, settings = next(pair for pair in shipped.cleaners if pair[0].name == "mail_matter")
        texts = {block.number: block.text for block in story.blocks}
        return {
            texts[mark.block][mark.start : mark.end]: " ".join(filter(None, (mark.action, mark.field)))
            for mark in kind.mark(story, context, settings)
        }

    return run


STORY = [LEAD, NEXT, LAST]


@pytest.mark.parametrize(
    "lines",
    [
        STORY,
        # Questions and answers, a cast, a text about a mail.
        ["Q: Will she sail?", "A: We shall see.", "To: be decided", *STORY],
        ["From: the harbour", LEAD, "Subject: ferries", NEXT],
        [LEAD, "From: Ana Duarte", "Subject: The ferry", NEXT],
        [LEAD, "> she sails"],
        ["--", *STORY],
        [LEAD, "--", NEXT, LAST],
        ["> " + line for line in STORY],
        ["On Monday, the mayor of Kesten wrote:", *STORY],
    ],
)
def test_the_storys_own_lines_stay(marked, lines):
    assert {text for text in marked(lines) if not text.startswith("> she")} == set()


def test_headers_become_fields_or_notes(marked):
    head = [
        "From: Ana Duarte <ana@x.example>",
        "Sent: 5 March 2026 12:00",
        "To: desk@x.example",
        "Subject: Fwd: RE: Ferry to sail",
    ]
    assert marked([*head, "", *STORY]) == {
        head[0]: "lift ednote",
        "Sent: ": "remove",
        "5 March 2026 12:00": "lift published",
        head[2]: "lift ednote",
        "Subject: Fwd: RE: ": "remove",
        "Ferry to sail": "lift headline",
    }
    assert marked([*head, *STORY], headline="Known", published="2026-03-05") == dict.fromkeys(
        head, "lift ednote"
    )
    # A line of the form ``lines`` is what it is.
    assert marked([*head, *STORY], form="lines") == {}


def test_forwarded_in_another_language(marked):
    head = ["-------- Weitergeleitete Nachricht --------", "Betreff: Fähre", "Von: Ana Duarte"]
    assert marked(["Zur Kenntnis.", *head, *STORY]) == {
        head[0]: "remove",
        "Betreff: ": "remove",
        "Fähre": "lift headline",
        head[2]: "lift ednote",
    }


def test_a_reply_and_a_signature_go(marked):
    reply = [
        "On Thu, 5 Mar 2026 at 12:00, Ben Ito <ben@x.example> wrote:",
        "> When does she sail?",
        "> And why?",
    ]
    signature = ["--", "Ana Duarte", "Harbour correspondent"]
    assert marked([*STORY, "-- ", *signature[1:], *reply]) == dict.fromkeys([*signature, *reply], "remove")
    assert marked([*STORY, "Sent from my iPhone"]) == {"Sent from my iPhone": "remove"}


def test_a_subject_may_stop_the_story(shipped: Pipeline):
    content = "From: Ana Duarte\nSubject: EMBARGOED UNTIL 0001 GMT FRIDAY 6 MARCH 2026\n\n" + "\n".join(STORY)
    cleaned = shipped.clean(Raw("t", "text", content, language="en"))
    assert cleaned.verdict == "hold"
    assert [(one.kind, one.until) for one in cleaned.source.signals] == [
        ("embargo", "2026-03-06T00:01:00+00:00")
    ]
    assert [block.text for block in cleaned.copy.blocks] == STORY
