"""Wire messages and saved e-mails as raw stories, for files and standard input. What cannot be read is told as of any record."""

from __future__ import annotations

from pathlib import Path

from cleaners.model import Raw
from cleaners.read import UnreadableStory
from cleaners.read.mail import BrokenMail, is_mail, read_mail
from cleaners.read.wire import BrokenWire, Item, read_wire
from flows.sources.records import BrokenRecord

WIRE_ENDINGS = (".xml", ".nitf", ".rss", ".atom", ".ninjs")
MAIL_ENDINGS = (".eml",)


def wire_items(content: bytes, place: str) -> tuple[Item, ...]:
    """The items of a message. Raises BrokenRecord where nothing can be read of it."""
    if not content.strip():
        raise BrokenRecord("is empty")
    try:
        return read_wire(content, place)
    except (BrokenWire, UnreadableStory) as error:
        raise BrokenRecord(str(error)) from None


def is_mail_file(name: str, content: bytes) -> bool:
    """Whether the file holds a saved e-mail: its name says so, or its headers do."""
    return Path(name).suffix.lower() in MAIL_ENDINGS or is_mail(content)


def mail_story(content: bytes, name: str) -> Raw:
    """The story in a saved e-mail. Raises BrokenRecord."""
    try:
        return read_mail(content, name)
    except (BrokenMail, UnreadableStory) as error:
        raise BrokenRecord(str(error)) from None
