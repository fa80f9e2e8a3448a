"""Plain text: the story's paragraphs and nothing else."""

from __future__ import annotations

from cleaners.model import Block, Cleaned
from cleaners.read.addresses import is_address
from cleaners.read.shortcodes import is_shortcodes


def text(cleaned: Cleaned) -> str:
    """The copy's paragraphs joined by one line break, without headline, standfirst or captions, without a final line break.

    A player, a chart or a gallery is left out, unless it has words, as a post has.
    """
    return "\n".join(block.text for block in cleaned.copy.blocks if block.text and has_words(block))


def has_words(block: Block) -> bool:
    """Whether there is anything to read in a block: an embed may be nothing but an address ("https://www.youtube.com/embed/1") or "[gallery]"."""
    return block.kind != "embed" or not (is_address(block.text) or is_shortcodes(block.text))
