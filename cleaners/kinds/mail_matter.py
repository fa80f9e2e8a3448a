"""What a mail program puts around a story that was pasted from a mail: headers, forwarding marks, quoted replies, signatures.

Only texts have it. The subject is lifted as the headline and the date as the day of publication where nobody knows better; who
sent it is for editors. Where everything is a quotation, the quotation is the story, and stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from cleaners.kinds.registry import Context, Settings, cleaner, whole
from cleaners.model import Block, Mark, Story
from cleaners.read.mail import SUBJECT, bare_subject

_SENT = "date|sent|datum|gesendet|envoyé|enviado(?: el)?|fecha|data|inviato|verzonden|skickat|sendt|wysłano"
_SENDER = "from|von|de|da|van|från|fra|od|expéditeur"
_OTHERS = (
    "to|cc|bcc|an|kopie|à|para|a|aan|till|til|do|reply-to|importance|attachments?|anlagen?|pièces jointes"
)
_HEADER = re.compile(
    rf"\*{{0,2}}(?:(?P<subject>{SUBJECT})|(?P<sent>{_SENT})|(?P<sender>{_SENDER})|(?P<other>{_OTHERS}))\s?:\*{{0,2}}\s*(?P<value>.*)",
    re.IGNORECASE,
)
_MARK = re.compile(
    r"[-_*]{2,}\s*(?:forwarded message|original message|weitergeleitete nachricht|urspr[üu](?:e)?ngliche nachricht|originalnachricht|"
    r"message (?:transféré|d'origine|original)|mensaje (?:reenviado|original)|messaggio (?:inoltrato|originale)|"
    r"doorgestuurd bericht|oorspronkelijk bericht|mensagem encaminhada|vidarebefordrat meddelande)\s*[-_*]{2,}"
    r"|begin forwarded message:|anfang der weitergeleiteten (?:nachricht|e-mail):|début du message (?:transféré|réexpédié) ?:|"
    r"inicio del mensaje reenviado:",
    re.IGNORECASE,
)
_WROTE = re.compile(
    r"(?:on|am|le|el|il|op|em)\b.{6,160}(?:wrote|schrieb.{0,80}|a écrit|escribió|ha scritto|schreef.{0,80}|escreveu)\s?:",
    re.IGNORECASE,
)
_DEVICE = re.compile(
    r"(?:sent from (?:my|outlook|yahoo|mail|proton|the all)|von meinem \S+(?: \S+)? gesendet|gesendet mit|envoyé de(?:puis)? mon|"
    r"enviado desde mi|inviato da(?:l mio)?|verzonden vanaf mijn|get outlook for)\b.{0,60}",
    re.IGNORECASE,
)
_QUOTED = re.compile(r">")
_LEAST_HEADERS = 2
_LONGEST_HEADER = 400
_MOST_SIGNED = 10

_WHY_HEADER = "A header of the mail that the story came in."
_WHY_QUOTED = "A reply quotes the mail before it; that is no part of the story."
_WHY_SIGNED = "The signature of the mail, under its two dashes."


@cleaner()
def mail_matter(story: Story, context: Context, settings: Settings) -> Iterable[Mark]:
    """Mark headers, forwarding marks, quoted replies and signatures."""
    if story.form != "text":
        return
    blocks = story.blocks
    yield from _headers(story, blocks)
    yield from _replies(blocks, context)
    yield from _signature(blocks, context)


def _headers(story: Story, blocks: Sequence[Block]) -> Iterable[Mark]:
    """Runs of headers above the story's first sentence, or under a forwarding mark."""
    at, open_to = 0, True
    while at < len(blocks):
        block = blocks[at]
        if _MARK.fullmatch(block.text) is not None:
            yield whole(block, "remove", "mail_matter/forwarded", "The mark of a forwarded mail.")
            open_to = True
            at += 1
            continue
        run = _run(blocks, at) if open_to else []
        if run:
            for one, found in run:
                yield from _header(story, one, found)
            at += len(run)
            continue
        open_to = open_to and block.zone == "head"
        at += 1


def _run(blocks: Sequence[Block], at: int) -> list[tuple[Block, re.Match[str]]]:
    """At least two headers of different names, one of them a subject, a date or a sender: "A: We shall see." is none."""
    run: list[tuple[Block, re.Match[str]]] = []
    for block in blocks[at:]:
        found = _HEADER.fullmatch(block.text) if len(block.text) <= _LONGEST_HEADER else None
        if found is None:
            break
        run.append((block, found))
    names = {name for _, found in run for name in ("subject", "sent", "sender", "other") if found[name]}
    return run if len(names) >= _LEAST_HEADERS and len(names - {"other"}) >= _LEAST_HEADERS else []


def _header(story: Story, block: Block, found: re.Match[str]) -> Iterable[Mark]:
    name = "subject" if found["subject"] else "sent" if found["sent"] else "sender"
    field = {"subject": "headline", "sent": "published", "sender": "ednote"}[name]
    start = found.start("value")
    if name == "subject":
        start = len(block.text) - len(bare_subject(found["value"]))
    if name == "sender" or start >= len(block.text) or getattr(story.fields, field):
        yield whole(block, "lift", "mail_matter/header", _WHY_HEADER, "ednote")
        return
    yield Mark(block.number, 0, start, "remove", "mail_matter/header", _WHY_HEADER)
    yield Mark(block.number, start, len(block.text), "lift", f"mail_matter/{name}", _WHY_HEADER, field)


def _replies(blocks: Sequence[Block], context: Context) -> Iterable[Mark]:
    quoted = [at for at, block in enumerate(blocks) if _QUOTED.match(block.text) is not None]
    if not quoted or not any(
        context.is_prose(block) and _QUOTED.match(block.text) is None for block in blocks
    ):
        return
    for at in quoted:
        yield whole(blocks[at], "remove", "mail_matter/reply", _WHY_QUOTED)
        if at and at - 1 not in quoted and _WROTE.fullmatch(blocks[at - 1].text) is not None:
            yield whole(blocks[at - 1], "remove", "mail_matter/reply", _WHY_QUOTED)


def _signature(blocks: Sequence[Block], context: Context) -> Iterable[Mark]:
    for block in blocks[-3:]:
        if _DEVICE.fullmatch(block.text) is not None:
            yield whole(block, "remove", "mail_matter/device", "A mail program tells where it runs.")
    at = max((at for at, block in enumerate(blocks) if block.text == "--"), default=None)
    if at is None or len(blocks) - at - 1 > _MOST_SIGNED or at == 0:
        return
    if any(context.is_prose(block) or context.protected(block) for block in blocks[at + 1 :]):
        return
    for block in blocks[at:]:
        yield whole(block, "remove", "mail_matter/signature", _WHY_SIGNED)
