"""The one error of reading: the input is no story at all."""

from __future__ import annotations


class UnreadableStory(ValueError):
    """The input holds no text that could be a story. The message says what was found and what to do next."""
