"""Raw input in, a story out: a page, a CMS body, a text or a list of lines."""

from cleaners.read.reader import guess_form, not_read, read
from cleaners.read.unreadable import UnreadableStory

__all__ = ["UnreadableStory", "guess_form", "not_read", "read"]
