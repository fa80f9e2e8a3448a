"""Saved e-mails: the text that a person sees, in any charset; subject and date as fields, the rest noted."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from cleaners.read import read
from cleaners.read.mail import BrokenMail, is_mail, read_mail

TEXT = "The ferry will sail again on Monday, said Zoë Åkesson of the port.\n\nTickets cost 9 €."


def mail(**headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Ana Duarte <ana@coastwire.example>"
    message["Subject"] = "Fwd: Re: Fähre fährt wieder – ab Montag"
    message["Date"] = "Thu, 05 Mar 2026 13:00:00 +0100"
    message["Message-ID"] = "<77@coastwire.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return message


def test_a_plain_mail() -> None:
    message = mail()
    message.set_content(TEXT)
    message["Content-Language"] = "en"
    raw = read_mail(message.as_bytes(), "mail.eml")
    assert (raw.id, raw.form, raw.content, raw.language) == (
        "77@coastwire.example",
        "text",
        TEXT + "\n",
        "en",
    )
    assert (raw.headline, raw.published) == ("Fähre fährt wieder – ab Montag", "2026-03-05T13:00:00+01:00")
    assert raw.ednote == "From: Ana Duarte <ana@coastwire.example>"
    assert [signal.kind for signal in read(raw).signals] == ["note"]


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-15", "windows-1252"])
@pytest.mark.parametrize("cte", ["quoted-printable", "base64"])
def test_charsets_and_transfer_encodings(charset: str, cte: str) -> None:
    message = mail()
    message.set_content(TEXT, charset=charset, cte=cte)
    content = read_mail(message.as_bytes(), "mail.eml").content
    assert isinstance(content, str)
    assert content.split() == TEXT.split()


def test_a_charset_that_is_declared_wrong() -> None:
    head = b"MIME-Version: 1.0\nSubject: Ferry\nContent-Type: text/plain; charset=us-ascii\n\n"
    assert read_mail(head + "Zoë sails.".encode(), "m").content == "Zoë sails."
    head = head.replace(b"us-ascii", b"x-unknown")
    assert read_mail(head + "Zoë sails.".encode(), "m").content == "Zoë sails."


def test_the_part_that_says_more_and_attachments_as_notes() -> None:
    message = mail()
    message.set_content("Your program cannot show this mail.")
    message.add_alternative(f"<html><body><p>{TEXT * 3}</p></body></html>", subtype="html")
    message.add_attachment(b"\xff\xd8\xff", maintype="image", subtype="jpeg", filename="kai früh.jpg")
    raw = read_mail(message.as_bytes(), "mail.eml")
    assert raw.form == "body"
    assert raw.ednote is not None
    assert raw.ednote.splitlines()[1:] == ["Attachment: kai früh.jpg (image/jpeg, 3 bytes)"]
    message = mail()
    message.set_content(TEXT)
    message.add_alternative(f"<html><body><p>{TEXT}</p></body></html>", subtype="html")
    assert read_mail(message.as_bytes(), "mail.eml").form == "text"


def test_a_subject_may_stop_the_story() -> None:
    message = mail()
    message.replace_header("Subject", "Fwd: EMBARGOED UNTIL 0001 GMT FRIDAY 6 MARCH 2026")
    message.set_content(TEXT)
    assert ("embargo", "2026-03-06T00:01:00+00:00") in [
        (signal.kind, signal.until) for signal in read(read_mail(message.as_bytes(), "m")).signals
    ]


def test_a_mail_inside_the_mail() -> None:
    inner = mail()
    inner.set_content(TEXT)
    message = EmailMessage()
    message["Subject"] = "WG: Ferry"
    message["MIME-Version"] = "1.0"
    message.add_attachment(inner)
    assert read_mail(message.as_bytes(), "m").content == TEXT + "\n"


def test_what_is_no_mail_is_told() -> None:
    assert is_mail(mail(MIME_Version="1.0").as_bytes() + b"x")
    assert not is_mail(b"From the quay: nothing.\n\nFerry.")
    with pytest.raises(BrokenMail, match="has no e-mail headers"):
        read_mail(b"\n\nFerry.", "m")
    message = mail()
    message.add_attachment(b"PK", maintype="application", subtype="zip", filename="copy.docx")
    with pytest.raises(
        BrokenMail, match=r"has no text, only copy.docx \(application/zip, 2 bytes\); save the text"
    ):
        read_mail(message.as_bytes(), "m")


@pytest.mark.parametrize(
    "content",
    [
        b"Subject: =?bad?q?x\nMIME-Version: 1\nDate: when\n\nFerry.",
        b"MIME-Version: 1\nContent-Type: multipart/mixed\n\nFerry.",
    ],
)
def test_broken_headers_do_not_hide_the_text(content: bytes) -> None:
    assert read_mail(content, "m").content == "Ferry."
