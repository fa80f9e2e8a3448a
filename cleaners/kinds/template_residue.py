"""What a template prints when it has nothing to print: "Published: undefined", "NaN", "{{ article.dateHour }}"; and a menu with no space between its items.

Whole lines only, and exact in case: "Nan Goldin" is a person and "undefined behaviour" a subject.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import re2

from cleaners.kinds.registry import Context, Settings, cleaner, whole
from cleaners.model import Mark, Story

_VALUE = r"(?:undefined|NaN|null|\[object [A-Z][A-Za-z]*\]|Invalid Date|Invalid date|%[sd]|\?\?\?)"
_LABEL = r"[^\W\d_]+(?:[ ’'-][^\W\d_]+){0,2}"  # at most three words: "Last updated on"
_RESIDUE = (
    # "Published: undefined", "Updated undefined", "By: null"
    (re.compile(rf"{_LABEL}[ ]?[:|–-][ ]*{_VALUE}(?:[ ,.:/|-]*{_VALUE})*"), "a label with nothing behind it"),
    # "undefined", "NaN:NaN", "[object Object]", "NaN min read"
    (
        re.compile(rf"{_VALUE}(?:[ ,.:/|-]*{_VALUE})*(?: (?:min|minute|minutes)(?: read)?)?"),
        "a value that is none",
    ),
    # "{{ article.dateHour }}", "<%= title %>", "${headline}", "{% if premium %}", "[/cta"
    (
        re.compile(r"(?:[\w ]{1,20}: ?)?(?:\{\{[^{}]*\}\}|<%.*%>|\$\{[^{}]*\}|\{%[^{}]*%\}|\[/?[a-z_-]+)"),
        "an unexpanded template",
    ),
    # "[button link=”https://harbourpost.example/” type=”big”] Send us your photos[/button]"
    (re.compile(r"\[(?P<tag>[a-z_-]{2,20})(?: [^\]]*)?\].*\[/(?P=tag)\]"), "a shortcode"),
    (re.compile(r"(?i:lorem ipsum)\b.*"), "a designer's dummy text"),
    # "+", "×", "☰": a picture's zoom, a box's corner, a menu; "* * *" and "—" part the story's own chapters
    (re.compile(r"[+×✕✖☰|.›»‹«⌄]"), "a button's sign"),
)
# "https://quay.example/media/2026/03/interview.mp3": in a CMS's body the player itself
_MEDIA = re.compile(r"https?://\S+\.(?:mp3|mp4|m4a|m3u8|wav|ogg|webm|mov)(?:[?#]\S*)?", re.IGNORECASE)
_LONGEST = 160


# Each pattern wants one of these.
_CUE = re2.compile(r"[\[%{]|undefined|NaN|null|Invalid|\?\?\?|(?i:lorem)|(?m:^[^\w\s]$)|(?m:^https?:)")


@cleaner()
def template_residue(story: Story, context: Context, settings: Settings) -> Iterable[Mark]:
    """Mark lines that are template residue from end to end."""
    for block, line in zip(story.blocks, context.lines, strict=True):
        if not line.ends_sentence and not line.protected and is_glued(block.text):
            why = "The items of a menu stand there with nothing between them."
            yield whole(block, "remove", "template_residue/glued-menu", why)
    short = [block for block in story.blocks if len(block.text) <= _LONGEST]
    if not _CUE.search("\n".join([block.text for block in short]).encode(errors="replace")):
        return
    for block in short:
        if story.form != "body" and _MEDIA.fullmatch(block.text):
            why = "The line is the address of a sound or a film that the page plays."
            yield whole(block, "remove", "template_residue/media-file", why)
        for pattern, what in _RESIDUE:
            if pattern.fullmatch(block.text.replace("\u00a0", " ")):
                yield whole(
                    block,
                    "remove",
                    "template_residue/" + what.replace(" ", "-").replace("'", ""),
                    f"The page printed {what}.",
                )
                break


_SEAM = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-ZÀ-ÖØ-Þ][^\W\d_A-Z])")


def is_glued(text: str) -> bool:
    """Whether in a line without commas words run into one another, three or more at a time.

    >>> is_glued("HomeHarbourFerriesTide tablesFish marketWeather"), is_glued("FaceApp TikTok SnapChat WeChat")
    (True, False)
    """
    if "," in text:
        return False
    seams = sorted(len(_SEAM.findall(word)) for word in text.split())
    return len(seams) > 1 and (seams[-1] >= 3 or seams[-2] >= 2)
