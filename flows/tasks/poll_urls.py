"""Looking at pages that are named one by one, in sources.yaml or in a text file beside it."""

from __future__ import annotations

from pathlib import Path

from flows.ledger.sightings import Listed, leave, sight
from flows.settings import UrlsSource
from flows.sources.identity import page_identities
from flows.tasks.following import Look, take_pages, tell_left
from flows.tasks.taking import Intake, SourceDown

THE_LIST = "list:"
"""Stands for the list's address: it has none."""


def poll_urls(look: Look, source: UrlsSource, config_dir: Path) -> Intake:
    """Look at a source's pages once: each is asked whether it has changed. Raises SourceDown where the list cannot be read."""
    urls, problems = listed_urls(source, config_dir)
    stories = [Listed(page_identities(url), url, url) for url in urls]
    now = look.clock()
    sight(look.engine, look.name, look.scope, THE_LIST, stories, now, look.living)
    present = {THE_LIST: [words for one in stories for words in one.identities]}
    left = leave(look.engine, look.name, look.scope, present, now)
    return (
        Intake(problems=tuple(problems)) + tell_left(look, left, "no longer in the list") + take_pages(look)
    )


def listed_urls(source: UrlsSource, config_dir: Path) -> tuple[list[str], list[str]]:
    """The pages, each once, and sentences about lines of the file that name none. Raises SourceDown."""
    urls, problems = [str(url) for url in source.urls], []
    if source.file:
        path = config_dir / source.file
        try:
            lines = path.read_text("utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise SourceDown(
                f"{source.name}: {path} cannot be read ({error}). Create it, or mend file: in sources.yaml"
            ) from None
        for number, line in enumerate(lines, start=1):
            url = line.split(" #", 1)[0].strip()
            if url.lower().startswith(("http://", "https://")):
                urls.append(url)
            elif url and not url.startswith("#"):
                problems.append(
                    f"{source.name}: {path.name}, line {number}: {url[:80]!r} is no address. Write one such as https://…"
                )
    return list(dict.fromkeys(urls)), problems
