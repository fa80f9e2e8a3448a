"""Raw patterns from YAML, made to mean in RE2 what their writer means.

RE2's ``\\w``, ``\\d``, ``\\s`` know ASCII only (no "ä", no no-break space): they become Unicode classes. ``\\b`` cannot be
translated and is refused, as is all that RE2 or Python's ``re`` refuses. Linear time is RE2's own promise.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping

import re2

MAX_PATTERN = 1_000
_MAX_MEMORY = 8 << 20

_INSIDE = {"w": r"\p{L}\p{M}\p{N}_", "d": r"\p{Nd}", "s": r"\s\x0b\x{85}\p{Z}", "D": r"\P{Nd}"}
_OUTSIDE = {
    **{name: f"[{inside}]" for name, inside in _INSIDE.items() if name != "D"},
    "D": r"\P{Nd}",
    "W": r"[^\p{L}\p{M}\p{N}_]",
    "S": r"[^\s\x0b\x{85}\p{Z}]",
}
# For narrowing: what the class means in ASCII, and every other character. Small, and never less than the class.
_LOOSE = {
    "w": r"[\w\x{80}-\x{10ffff}]",
    "d": r"[\d\x{80}-\x{10ffff}]",
    "s": r"[\s\x0b\x{80}-\x{10ffff}]",
    "D": r"\D",
    "W": r"\W",
    "S": r"\S",
}
_COUNT = re.compile(r"\{(\d+)(,(\d*))?\}")
_FEW = 4
_REFUSED = {
    "b": (
        "\\b knows ASCII letters only",
        r"Write (?:^|[^\p{L}\p{N}]) or (?:$|[^\p{L}\p{N}]), or use starts: or ends:",
    ),
    "B": ("\\B knows ASCII letters only", r"Write [\p{L}\p{N}] where a letter must follow"),
    "Z": ("\\Z is not RE2", "Leave it out: a pattern always matches the whole line"),
    "C": ("\\C matches half a character", "Write . for any character"),
    "Q": ("\\Q…\\E is not supported", "Put a backslash before each special character"),
    "E": ("\\Q…\\E is not supported", "Put a backslash before each special character"),
    "u": ("\\u is not RE2", r"Write the character itself, or \x{00e4}"),
    "N": ("\\N is not RE2", "Write the character itself"),
}
_NO_BACK = ("back-references are not RE2", "Write the words out, e.g. (?:a a|b b)")
_NO_LOOK = (
    "RE2 has no look-ahead or look-behind",
    "Match the whole line and add what must stay to spares:, or write a rule with action: protect",
)


class PatternError(ValueError):
    """A pattern that is refused: the message and what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint


def options(max_memory: int = _MAX_MEMORY) -> re2.Options:
    """RE2 options: quiet, and with a limit of memory."""
    chosen = re2.Options()
    chosen.log_errors = False
    chosen.max_mem = max_memory
    return chosen


def translate_pattern(pattern: str) -> str:
    """The pattern with Unicode classes, checked by RE2 and by ``re``. Raises ``PatternError``.

    >>> translate_pattern(r"\\d+ [\\w.]+")
    '[\\\\p{Nd}]+ [\\\\p{L}\\\\p{M}\\\\p{N}_.]+'
    """
    if len(pattern) > MAX_PATTERN:
        raise PatternError(f"the pattern has {len(pattern)} characters; {MAX_PATTERN} are allowed")
    translated, lint = _translate(pattern)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(lint)
    except (re.error, FutureWarning, DeprecationWarning, OverflowError, RecursionError) as error:
        raise PatternError(
            f"Python's re refuses the pattern {pattern!r}: {error}", _hint(str(error))
        ) from error
    try:
        re2.compile(translated, options())
    except re2.error as error:
        said = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise PatternError(f"RE2 refuses the pattern {pattern!r}: {said}", _hint(said)) from error
    return translated


def loosen_pattern(pattern: str) -> str:
    """A pattern that ``translate_pattern`` took, for narrowing: it matches all that the translated one does, and more.

    Only outside of classes: ``[^\\w]`` means less when ``\\w`` means more. What may come more than a few times may come any
    number of times: ".*, the [^,.]{3,60} said" counts from every comma of the line, each new line of prose brings RE2 new
    states, and soon its memory holds none of them long enough to be met again.

    >>> loosen_pattern(r"a{1,3} .{0,80}b{20,}")
    'a{1,3} .*b+'
    """
    return _translate(pattern, _LOOSE)[0]


def _hint(said: str) -> str:
    if "repetition size" in said:
        return "Repeat at most 1000 times; for a length of the line write longest:"
    if "too large" in said or "too big" in said:
        return "Make the repetitions smaller"
    if "nested" in said or "set difference" in said or "set union" in said:
        return r"Put a backslash before [ and - inside a class"
    if "unknown extension" in said or "invalid perl operator" in said:
        return "Write (?:…) for a group and (?P<name>…) for one with a name"
    return "Mend the pattern, or write a template with line:, starts: or ends:"


def _translate(pattern: str, outside: Mapping[str, str] = _OUTSIDE) -> tuple[str, str]:
    """The RE2 pattern, and a stand-in of the same structure for Python's ``re``, which has no ``\\p``."""
    out: list[str] = []
    lint: list[str] = []
    at, in_class, class_start = 0, False, 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            piece, stand_in, at = _escape(pattern, at, in_class, outside)
            out.append(piece)
            lint.append(stand_in)
            continue
        if in_class:
            if char == "[" and pattern[at : at + 2] == "[:":
                raise PatternError(
                    f"[:…:] at character {at + 1} of {pattern!r} knows ASCII only",
                    r"Write \p{L} for letters, \d for digits",
                )
            first = at == class_start + 1 or (at == class_start + 2 and pattern[at - 1] == "^")
            if char == "]" and not first:
                in_class = False
            stand_in = f"\\{char}" if char in "[&~|" else char
        else:
            if char == "[":
                in_class, class_start = True, at
            elif char == "(" and pattern[at : at + 2] == "(?":
                _check_group(pattern, at)
            elif outside is _LOOSE and (count := _COUNT.match(pattern, at)) and _is_large(count):
                out.append("+" if int(count[1]) else "*")
                at = count.end()
                continue
            stand_in = char
        out.append(char)
        lint.append(stand_in)
        at += 1
    return "".join(out), "".join(lint)


def _is_large(count: re.Match[str]) -> bool:
    return int(count[3] or count[1]) > _FEW or count[2] == ","


def _check_group(pattern: str, at: int) -> None:
    head = pattern[at : at + 4]
    if head.startswith(("(?=", "(?!", "(?<=", "(?<!")):
        raise PatternError(f"{_NO_LOOK[0]} (character {at + 1} of {pattern!r})", _NO_LOOK[1])
    if head.startswith("(?P="):
        raise PatternError(f"{_NO_BACK[0]} (character {at + 1} of {pattern!r})", _NO_BACK[1])
    flags = re.match(r"\(\?([a-zA-Z-]+)[:)]", pattern[at:])
    if flags and set(flags[1]) - set("is-"):
        raise PatternError(
            f"the flags {flags[0]!r} at character {at + 1} of {pattern!r} are not allowed",
            "Leave them out: a line has no line breaks, and case: exact says that case matters",
        )


def _escape(pattern: str, at: int, in_class: bool, outside: Mapping[str, str]) -> tuple[str, str, int]:
    name = pattern[at + 1 : at + 2]
    where = f"(character {at + 1} of {pattern!r})"
    if not name:
        raise PatternError(f"the pattern {pattern!r} ends with a backslash", r"Write \\ for a backslash")
    if name.isdigit():
        raise PatternError(f"{_NO_BACK[0]} {where}", _NO_BACK[1])
    if name in _REFUSED:
        message, hint = _REFUSED[name]
        raise PatternError(f"{message} {where}", hint)
    if in_class and name in "WS":
        raise PatternError(
            f"\\{name} cannot stand inside a class {where}", f"Write it outside: (?:\\{name}|[…])"
        )
    if name in "pP":
        found = re.compile(r"\\[pP](?:\{\^?[A-Za-z_]+\}|[A-Z])").match(pattern, at)
        if not found:
            raise PatternError(
                f"\\{name} needs the name of a class {where}", r"Write \p{L}, \p{Lu}, \p{Greek}, …"
            )
        return found[0], r"\w", found.end()
    if name == "x" and (
        found := re.compile(r"\\x(?:\{[0-9A-Fa-f]{1,6}\}|[0-9A-Fa-f]{2})").match(pattern, at)
    ):
        code = int(found[0][2:].strip("{}"), 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise PatternError(f"{found[0]} is not a character {where}", "Write the character itself")
        return found[0], f"\\U{code:08x}", found.end()
    if name == "z":
        return r"\z", r"\Z", at + 2
    if name in _OUTSIDE:
        return (_INSIDE if in_class else outside)[name], f"\\{name}", at + 2
    return pattern[at : at + 2], pattern[at : at + 2], at + 2
