"""Where in a JSON document something stands: dotted paths, and the part of JSONPath (RFC 9535) that names one place."""

from __future__ import annotations

import re
from functools import lru_cache

_STEP = re.compile(
    r"""\.?(?P<name>[^.\[\]'"]+) | \[ (?P<number>\d{1,5}) \] | \[ '(?P<single>[^']+)' \] | \[ "(?P<double>[^"]+)" \]""",
    re.VERBOSE,
)


class BadPath(ValueError):
    """A path that does not name one place. The message says what to write."""


@lru_cache(maxsize=1024)
def steps_of(path: str) -> tuple[str, ...]:
    """The steps of a path; a number steps into a list. Raises BadPath.

    >>> steps_of("post.current.html"), steps_of("posts.0.html"), steps_of("items[0]['body.html']")
    (('post', 'current', 'html'), ('posts', '0', 'html'), ('items', '0', 'body.html'))
    >>> steps_of('$.post["html"]'), steps_of("id.$oid")
    (('$', 'post', 'html'), ('id', '$oid'))
    >>> steps_of("posts[*].html")
    Traceback (most recent call last):
    flows.settings.paths.BadPath: 'posts[*].html' does not name one place: write names and numbers, such as post.html or posts[0].html
    """
    steps: list[str] = []
    at = 0
    while at < len(path):
        found = _STEP.match(path, at)
        # "post..html" would be every html below post; ".html" alone is a slip.
        if found is None or (path[at] == "." and not steps) or found[0].strip(".") in ("", "*"):
            raise _bad(path)
        steps.append(next(part for part in found.groups() if part is not None).strip())
        at = found.end()
    if not steps or "" in steps:
        raise _bad(path)
    return tuple(steps)


def _bad(path: str) -> BadPath:
    return BadPath(
        f"{path!r} does not name one place: write names and numbers, such as post.html or posts[0].html"
    )
