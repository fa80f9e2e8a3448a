"""What a run shows in Prefect: one table of its stories, and for each story what was removed and why.

The texts are made here as plain values; ``show`` hands them to Prefect.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from cleaners.write.escapes import code, markdown_text
from flows.tasks.against import against_markdown
from flows.tasks.jobs import Job
from flows.tasks.publishing import NotMade, told
from flows.tasks.summary import RunSummary, StoryLine

MOST_BYTES = 100_000
"""Prefect's page grows slow with artifacts above this."""

MOST_STORIES = 25
"""Stories that get a before/after of their own; the HTML report has them all."""

NOTHING = "Nothing to clean"
"""A retried run whose stories are done, a look that brought nothing new, a wish that no story fits."""

_ORDER = {"hold": 0, "failed": 1, "kill": 2, "embargo": 3, "publish": 4}
_NEXT = {
    "hold": "**Decide:** Deployments → review-story → Run, with {key} pasted as its key; or `cleancopy review`.",
    "failed": "**When the cause is mended:** Deployments → clean-stories → Run, with {key} among the stories.",
}
_NOT_DONE = {"publish": "not published", "unpublish": "not taken down", "hold": "not told that it is held"}
UNDONE = {
    "unpublish": ("killed story is", "killed stories are", "NOT TAKEN DOWN yet"),
    "publish": ("is", "are", "not published yet"),
    "hold": ("hold is", "holds are", "not told yet"),
}
WORDS = {
    "publish": "published",
    "hold": "held",
    "embargo": "under embargo",
    "kill": "killed",
    "failed": "failed",
}


class Shown(NamedTuple):
    """One artifact: ``key`` as Prefect wants it (small letters, digits, dashes), and a title in words."""

    key: str
    title: str
    text: str


def headline_of(job: Job) -> str:
    """The run in one line.

    It is the message of the run's last state, so that a list of runs can be read without opening one.
    """
    summary = job.summary
    parts = [f"{count} {word}" for word, count in _outcomes(summary).items()]
    total = len(summary.stories)
    line = f"{total} {'story' if total == 1 else 'stories'}" + (f": {', '.join(parts)}" if parts else "")
    if summary.own:
        came = f"{summary.own} came back from a CMS as our own writing"
        line = f"{line}; {came}" if total else came
    elif not total:
        # Said in full: this run did nothing else.
        return ("Dry run. " if summary.preview else "") + (told(summary.published) or NOTHING) + _refused(job)
    line += _refused(job)
    if summary.published.not_made:
        line += "; " + "; ".join(_not_made(summary.published.not_made))
    if dry := summary.dry_runs:
        what = f"ry run of {', '.join(dry)}"
        all_of_it = all(one.dry_run for one in summary.stories)
        line = f"D{what}. {line}" if all_of_it else f"{line}; d{what}"
    return ("Dry run. " if summary.preview else "") + line


def _not_made(acts: Sequence[NotMade]) -> Iterator[str]:
    """What is still to be done, counted in stories, and how: a kill that is not done comes first, and is never called done."""
    for act, (one, several, what) in UNDONE.items():
        late = [missed for missed in acts if missed.act == act]
        if not late:
            continue
        stories = len({missed.story for missed in late})
        places = ", ".join(dict.fromkeys(missed.destination for missed in late))
        given_up = all(missed.next_attempt_at is None for missed in late)
        then = "given up, see `cleancopy outbox`" if given_up else "will be tried again"
        yield f"{stories} {one if stories == 1 else several} {what} ({places}), {then}"


def _refused(job: Job) -> str:
    return f"; {len(job.problems)} could not be taken in" if job.problems else ""


def table_rows(summary: RunSummary, most_bytes: int = MOST_BYTES) -> list[dict[str, str | int]]:
    """The table of a run: what is held or failed first; rows that no longer fit are left to the report."""
    rows: list[dict[str, str | int]] = []
    size = 2
    for line in _by_interest(summary):
        row = _row(line)
        size += len(json.dumps(row)) + 2
        if size > most_bytes:
            break
        rows.append(row)
    return rows


def table_text(job: Job, reports_url: str | None = None) -> str:
    """What stands beside the table, as Markdown: totals, rules, what went wrong, and the way to the report.

    ``reports_url`` is where reports are served; without it their place on disk is told.
    """
    summary = job.summary
    parts = [f"**{markdown_text(headline_of(job), 'code', at_start=False)}** ({summary.seconds:.1f} s)"]
    if summary.removals:
        most = list(summary.removals.items())[:20]
        parts.append("Removals by rule: " + ", ".join(f"{code(rule)} {count}" for rule, count in most))
    parts += _next_steps(summary)
    if summary.suspects:
        parts.append(f"Lines in doubt, kept and marked in the report: {summary.suspects}")
    told = [
        *job.problems,
        *job.notes,
        *(
            f"{one.destination}: {one.story}: {_NOT_DONE[one.act]}: {one.error}"
            for one in summary.published.not_made
        ),
    ]
    if told:
        parts.append("\n".join(f"- {_plain(problem, 300)}" for problem in told[:50]))
    if summary.report is not None:
        where = report_address(summary, reports_url)
        shown = f"[{where}]({where})" if where else code(str(summary.report))
        parts.append(f"Report with every story: {shown}")
    hidden = len(summary.stories) - len(table_rows(summary))
    if hidden > 0:
        parts.append(f"{hidden} more stories are in the report only.")
    return "\n\n".join(parts)


def _next_steps(summary: RunSummary) -> list[str]:
    """What a person has to do because of this run; of a dry run nothing is left."""
    counts = Counter(line.row.outcome for line in summary.stories if line.state in ("done", "failed"))
    parts = []
    if counts["hold"]:
        how = "decide in Deployments → review-story → Run, which lists them; or with `cleancopy review`"
        parts.append(f"**{counts['hold']} held**: {how}")
    if counts["failed"]:
        how = "when the cause is mended: Deployments → clean-stories → Run, with {} in “Of the run” and “failed” in “Which of them”"
        parts.append(f"**{counts['failed']} failed**: {how.format(code(summary.run))}")
    return parts


def report_address(summary: RunSummary, reports_url: str | None) -> str | None:
    """Where a run's report is opened, or None: there is none, or it is not served."""
    if summary.report is None or not reports_url:
        return None
    return f"{reports_url.rstrip('/')}/{quote(summary.report.parent.name)}/"


def stories_shown(summary: RunSummary, most: int = MOST_STORIES) -> list[Shown]:
    """The before/after of stories, the held and failed ones first."""
    lines = _by_interest(summary)
    return [
        Shown(story_key(line.key), _plain(line.row.headline or line.row.id, 120), _story(line))
        for line in lines[:most]
    ]


def story_key(story: str) -> str:
    """The artifact key of the story ``source:id``: the same in every run, so that its history stands together.

    >>> story_key("cms:42")
    'story-cms-42'
    >>> story_key("by-hand:/srv/desk/ferry.txt")[:-6]
    'story-by-hand-ferry-txt-'
    """
    source, _, name = story.partition(":")
    shown = f"{source}:{Path(name).name}" if Path(name).is_absolute() else story
    plain = re.sub(r"[^a-z0-9]+", "-", shown.lower()).strip("-")
    if plain == story.replace(":", "-") and len(plain) <= 60:
        return f"story-{plain}"
    return f"story-{plain[:50].strip('-')}-{hashlib.sha256(story.encode()).hexdigest()[:6]}"


def _by_interest(summary: RunSummary) -> list[StoryLine]:
    return sorted(
        summary.stories,
        key=lambda line: (
            _ORDER[line.row.outcome],
            line.against is not None and line.against.same,
            not line.row.removals,
        ),
    )


def _row(line: StoryLine) -> dict[str, str | int]:
    # Prefect does not wrap the cells of a table, and shows five or six of them: short ones first, and what is most wanted. Why a story is
    # held is wanted more than all the rest, and takes no room where none is.
    row = line.row
    return {
        "Verdict": row.outcome,
        "Story": _cut(row.headline or row.id, 48),
        "Why": _cut("; ".join(row.reasons), 300),
        "Cuts": sum(count for _, count in row.removals),
        "Words": row.words_removed + row.words_lifted,
        "Copy": _cut(_copy(line), 60),
        "In doubt": row.suspects,
        "Key": _cut(line.key, 300),
        "Rules": _cut(
            ", ".join(f"{rule} × {count}" if count > 1 else rule for rule, count in row.removals), 200
        ),
        "Details": story_key(line.key),
    }


def _copy(line: StoryLine) -> str:
    """What becomes of the copy that was there before."""
    if line.against is not None:
        return line.against.said
    if line.state == "preview":
        return "first"
    if line.edition is None:
        return ""
    said = f"edition {line.edition}" + ("" if line.changed else ", as before")
    return f"{said}; dry run: not published" if line.dry_run else said


def _story(line: StoryLine) -> str:
    parts = [_before_after(line).rstrip()]
    if line.against is not None:
        parts.append(against_markdown(line.against))
    if line.row.outcome in _NEXT and line.state in ("done", "failed"):
        seen = f"{line.key}, edition {line.edition}" if line.row.outcome == "hold" else line.key
        parts.append(_NEXT[line.row.outcome].format(key=code(seen)))
    return "\n\n".join(parts) + "\n"


def _before_after(line: StoryLine) -> str:
    if line.artifact is not None:
        return line.artifact
    title = f"## {_plain(line.row.headline or line.row.id, 300)}"
    if line.row.outcome == "failed":
        return f"{title}\n\n**FAILED**: {_plain('; '.join(line.row.reasons), 1000)}\n"
    what = (
        f"{sum(count for _, count in line.row.removals)} removals"
        if line.row.removals
        else "Nothing was removed"
    )
    where = f" The whole story is in {code(str(line.report))}." if line.report else ""
    return f"{title}\n\n{what}.{where}\n"


def _outcomes(summary: RunSummary) -> dict[str, int]:
    """How many stories of each outcome, in words: of a dry run what would have become of them."""
    counts = Counter[tuple[str, bool]](
        (line.row.outcome, summary.preview or line.dry_run) for line in summary.stories
    )
    return {
        ("would be " if dry and outcome != "failed" else "") + word: counts[outcome, dry]
        for outcome, word in WORDS.items()
        for dry in (False, True)
        if counts[outcome, dry]
    }


def _plain(text: str, most: int) -> str:
    return markdown_text(_cut(" ".join(text.split()), most), "code", at_start=False)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
