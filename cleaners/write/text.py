"""Plain text: the story's paragraphs and nothing else."""

from __future__ import annotations

from cleaners.model import Cleaned


def text(cleaned: Cleaned) -> str:
    """The copy's paragraphs joined by one line break, without headline, standfirst or captions, without a final line break."""
    return "\n".join(block.text for block in cleaned.copy.blocks if block.text)
