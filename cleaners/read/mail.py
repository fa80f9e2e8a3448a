"""An e-mail as it was saved (RFC 5322, MIME): its text is the story, its subject the headline; the rest is noted for editors."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from cleaners.model import Form, Raw
from cleaners.read.decode import decode, storable
from cleaners.read.raw_lines import raw_lines

MAIL_BYTES = 50_000_000
"""With its attachments, which are not read."""
_REPLY = re.compile(
    r"\A(?:\s*(?:re|fwd?|aw|wg|tr|rv|sv|vs|antw|i|r|enc)\s*(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE
)
_HEADER = re.compile(
    rb"\A(?:>?From [^\n]*\r?\n)?(?:[A-Za-z][A-Za-z0-9-]*:[^\n]*\r?\n(?:[ \t][^\n]*\r?\n)*)+\r?\n"
)
_MAIL_ONLY = re.compile(rb"(?im)^(?:mime-version|message-id|received|return-path|content-transfer-encoding):")
_SHARE = 2
"""HTML is taken where it has so many times the text of the plain part: "Your program cannot show HTML"."""


SUBJECT = "subject|betreff|objet|asunto|oggetto|onderwerp|assunto|ämne|emne|temat"
_SUBJECT = re.compile(rf"[\s>*]*(?:{SUBJECT})\s?:\**\s*(.*)", re.IGNORECASE)


class BrokenMail(ValueError):
    """No e-mail with a text. The message says what was found and what to do."""


def is_mail(content: bytes) -> bool:
    """Whether ``content`` begins with the headers of a saved e-mail. A pasted "From: … Subject: …" is not enough.

    >>> is_mail(b"Message-ID: <1@example.org>\\nSubject: Ferry\\n\\nIt sails."), is_mail(b"From: Ana\\nSubject: Ferry\\n\\nIt sails.")
    (True, False)
    """
    head = _HEADER.match(content[:60_000].removeprefix(b"\xef\xbb\xbf"))
    return head is not None and _MAIL_ONLY.search(head[0]) is not None


def read_mail(content: bytes, name: str) -> Raw:
    """The story in an e-mail; ``name`` is its id where it has no Message-ID. Raises BrokenMail."""
    if len(content) > MAIL_BYTES:
        raise BrokenMail(f"is larger than {MAIL_BYTES:,} bytes; save it without its attachments")
    message = BytesParser(policy=policy.default).parsebytes(content.removeprefix(b"\xef\xbb\xbf"))
    if not isinstance(message, EmailMessage) or not message.keys():
        raise BrokenMail("has no e-mail headers; save the mail as .eml, or give its text as .txt")
    found = _text(message)
    attached = list(_attachments(message))
    if found is None:
        there = f", only {', '.join(attached)}" if attached else ""
        raise BrokenMail(
            f"has no text{there}; save the text of what is attached as .txt or .html and give that"
        )
    text, form = found
    subject = _line(message, "subject")
    sender = _line(message, "from")
    notes = [f"From: {sender}"] if sender else []
    notes += [f"Attachment: {one}" for one in attached]
    return Raw(
        id=_line(message, "message-id").strip("<> ") or name or _digest(content),
        form=form,
        content=text,
        language=_line(message, "content-language").partition(",")[0].strip() or None,
        headline=bare_subject(subject) or None,
        published=_date(message),
        ednote="\n".join(notes) or None,
    )


def bare_subject(subject: str) -> str:
    """Without "Re:" and "Fwd:" before it.

    >>> bare_subject("Fwd: AW: Ferry to sail again")
    'Ferry to sail again'
    """
    return _REPLY.sub("", subject).strip()


def subject_of(line: str) -> str | None:
    """The subject in a header that was pasted with the text: it may say what its mail's copy does not.

    >>> subject_of("Subject: Fwd: EMBARGOED UNTIL FRIDAY"), subject_of("The subject is closed.")
    ('EMBARGOED UNTIL FRIDAY', None)
    """
    found = _SUBJECT.fullmatch(line)
    return bare_subject(found[1]) or None if found is not None else None


def _text(message: EmailMessage) -> tuple[str, Form] | None:
    """The plain part, or the HTML where that says more; last the text of a mail inside the mail."""
    plain, html = _part(message, "plain"), _part(message, "html")
    if html and (not plain or _length(html) > _SHARE * len("".join(plain.split()))):
        return html, "body"
    if plain:
        return plain, "text"
    for part in message.walk():
        if part is not message and part.get_content_type() == "message/rfc822":
            inner = part.get_payload(0) if part.is_multipart() else None
            if isinstance(inner, EmailMessage):
                return _text(inner)
    whole = message.get_payload()
    if message.get_content_maintype() == "multipart" and isinstance(whole, str) and whole.strip():
        return whole, "text"  # it says that it has parts, and has none
    return None


def _part(message: EmailMessage, kind: str) -> str | None:
    try:
        part = message.get_body(preferencelist=(kind,))
    except (KeyError, ValueError, AttributeError):  # a multipart that is none
        part = None
    if part is None and message.get_content_type() == f"text/{kind}":
        part = message
    if not isinstance(part, EmailMessage):
        return None
    payload = part.get_payload(decode=True)
    text = _decoded(payload, part.get_content_charset()) if isinstance(payload, bytes) else ""
    return text if text.strip() else None


def _decoded(payload: bytes, charset: str | None) -> str:
    """By the charset that the part declares, if it fits; else as any document is decoded."""
    if charset not in (None, "us-ascii", "utf-8"):
        try:
            return payload.decode("cp1252" if charset in ("iso-8859-1", "latin1") else charset or "utf-8")
        except (LookupError, UnicodeDecodeError):
            pass
    return decode(payload).text


def _length(html: str) -> int:
    return sum(len("".join(line.split())) for line in raw_lines(html))


def _attachments(message: EmailMessage) -> Iterator[str]:
    for part in message.walk():
        name = part.get_filename()
        inner = part.get_content_type() == "message/rfc822" and part is not message
        if not inner and not name and part.get_content_disposition() != "attachment":
            continue
        payload = part.get_payload(decode=True)
        size = f", {len(payload):,} bytes" if isinstance(payload, bytes) and payload else ""
        yield f"{_clean(name or 'without a name')} ({part.get_content_type()}{size})"


def _line(message: EmailMessage, name: str) -> str:
    """A header on one line; one that cannot be decoded counts as absent."""
    try:
        return _clean(str(message.get(name) or ""))
    except (ValueError, LookupError, IndexError, AttributeError):
        return ""


def _clean(text: str) -> str:
    return " ".join(storable(text)[0].split())


def _date(message: EmailMessage) -> str | None:
    try:
        moment = getattr(message["date"], "datetime", None)
    except (ValueError, TypeError, IndexError, AttributeError):
        return None
    return moment.isoformat() if moment is not None else None


def _digest(content: bytes) -> str:
    return "mail-" + hashlib.sha256(content).hexdigest()[:16]
