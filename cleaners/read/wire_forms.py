"""The forms of desk notes that no agency means for readers, and that say nothing against publishing: as a table.

Corrected and new versions, notes to editors, takes. Reuters, AP, AFP, dpa, EFE, ANSA, PA and Lusa write them above the copy, below it,
or before its headline. Each form names its near miss where it has a dangerous one.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from cleaners.model.story import SignalKind


class WireForm(NamedTuple):
    """``shape`` matches a whole line in its frame of brackets, dashes and stars. ``edge``: near the top or the foot alone."""

    kind: SignalKind
    shape: re.Pattern[str]
    edge: bool = False
    framed: bool = False
    """Only in brackets, or after a star or dashes: "Adds quotes" may be a sentence, "(Adds quotes)" is none."""


_DONE = (
    r"adds?|adding|recasts?|updates?|updating|rewrites?|writes (?:through|thru)|repeats?|clarifies|deletes?|fixes|rephrases|trims|"
    r"restores|releads?|subs|minor edits|no change|changes? (?:headline|dateline|slug|media|byline|story|keyword)|"
    r"actualiza|amplía|añade|reescribe|repite|actualisé|actualise|ajoute|réécrit|répétition|"
    r"neu|aktualisiert|aktualisierung|ergänzt|ergänzung|wiederholung|wiederholt|aggiorna|aggiunge|atualiza|acrescenta|repete"
)
_MENDED = r"corrects|corrected|correcting|refiles?|refiled|refiling|corrige|korrigiert|berichtigt|corregge|rectifie|rectifica"
_ORDINAL = r"(?:\d{1,2}(?:st|nd|rd|th)|first|second|third|fourth|fifth)"

FORMS: tuple[WireForm, ...] = (
    # "(Corrects name of captain in paragraph 3)"; "Corrects paragraph 3" alone is a sentence.
    WireForm("correction", re.compile(rf"(?i:{_MENDED})\b.{{3,}}", re.DOTALL), framed=True),
    # Without brackets, but nobody else speaks of the paragraph so, and in no other sentence is nobody the one who corrects.
    WireForm(
        "correction",
        re.compile(
            r"(?:Corrects|Refiles)\b[^.!?]{2,140}\b(?:para(?:graph)?s?|grafs?|headline|dateline|byline|lede?|bullet points?|reference|slug|keyword|name|spelling|typo|"
            r"first|second|third|fourth|fifth|last)\b[^.!?]{0,80}[.]?"
            r"|(?:Clarifies|Fixes|Deletes|Removes)\b[^.!?]{2,140}\b(?:paragraphs?|paras?|grafs?|headline|dateline|byline|first reference)\b[^.!?]{0,80}[.]?"
        ),
        edge=True,
    ),
    WireForm(
        "correction",
        re.compile(r"(?:CORRECTED|CORRECTS|REFILED?|REFILES|REFILING|CORREGIDO|CORRIGÉ|KORRIGIERT)"),
        edge=True,
    ),
    # "(Adds quotes, background)", "(Recasts with vote)", "* Updates with closing prices".
    WireForm("update", re.compile(rf"(?i:{_DONE})\b.{{3,}}", re.DOTALL), edge=True, framed=True),
    WireForm("update", re.compile(rf"(?i:{_DONE})", re.DOTALL), edge=True, framed=True),
    WireForm("update", re.compile(r"(?:ADDS|RECASTS|UPDATES WITH|REPEATS)(?: [A-Z]|:).{2,120}"), edge=True),
    # "BC-Ferry-Returns, 2nd Ld-Writethru", "AP-EU--Ferry,1st Ld", "Ferry-Returns 3rd Lead".
    WireForm(
        "update", re.compile(rf"[^.!?]{{2,100}}[,\s-]\s*{_ORDINAL}[ -]+(?i:ld)\b[^.!?]{{0,40}}"), edge=True
    ),
    WireForm("update", re.compile(rf"(?i:{_ORDINAL}[ -]+(?:ld|lead))(?:[ -]+(?i:write-?thru))?"), edge=True),
    WireForm("update", re.compile(r"[^.!?]{0,100}\b(?i:write-?thru)\b[^.!?]{0,40}"), edge=True),
    WireForm("update", re.compile(r"(?:UPDATE|WRAPUP|WRAP) \d{1,2}"), edge=True),
    # "BC-Ferry-Returns", "^BC-EU--Ferry": a slug and nothing else.
    WireForm(
        "note",
        re.compile(r"\^?(?:BC|AM|PM)-(?:[A-Z]{2,3}-{1,2})?[A-Z][\w'’.&-]+(?: [A-Z][\w'’-]*){0,4}\^?"),
        edge=True,
    ),
    # "Eds: Adds quotes", "EDITORS: …", "Ednote: …". "Editor's note: …" is for readers, and stays.
    WireForm(
        "note",
        re.compile(
            r"(?i:eds\.?|editors|ednote|eds\.? note|note to (?:eds|editors|desks)|desk note)\s*(?::|--|–|—)\s*\S.*",
            re.DOTALL,
        ),
    ),
    WireForm(
        "note",
        re.compile(
            r"(?i:editors?['’]?s?['’]? note|editorial note|internal note|note) (?i:for internal use)(?i: only)?\b.*|(?i:for internal use only)[.! ]*|INTERNAL NOTE\s*[:–—-].*",
            re.DOTALL,
        ),
    ),
    WireForm(
        "note",
        re.compile(
            r"(?i:nota (?:a|para) (?:los|las|os) (?:editores|redacciones|redações)|nota interna|note aux rédactions|note interne|hinweis für (?:die )?redaktionen|interner hinweis|redaktioneller hinweis für)\s*[:–—-].*",
            re.DOTALL,
        ),
    ),
    # "TAKE 2", "2nd take", "-more-", "(MORE)", "-30-", "###", "ENDS".
    WireForm(
        "part",
        re.compile(
            r"(?:TAKE|Take) \d{1,2}(?: (?:OF|of) \d{1,2})?|(?i:\d(?:st|nd|rd|th) (?:and final )?take)"
        ),
        edge=True,
    ),
    WireForm(
        "part",
        re.compile(r"MORE|(?i:more (?:to )?follows?)|(?i:mehr folgt)|(?i:suite)|(?i:sigue|seguirá|segue)"),
        edge=True,
        framed=True,
    ),
    WireForm("part", re.compile(r"(?i:more)"), edge=True, framed=True),
    WireForm("part", re.compile(r"MORE TO (?:COME|FOLLOW)|MORE FOLLOWS"), edge=True),
    WireForm("part", re.compile(r"(?i:ends?(?: all)?|ende)"), edge=True, framed=True),
)

# "CORRECTED-Ferry to sail again", "REFILE-UPDATE 2-…": a label before a headline, which stays. "UPDATE 2-0 WIN" has no headline after
# the dash, "UPDATE: Since this article …" is for readers.
LABEL = re.compile(
    r"(?:(?:(?P<mended>CORRECTED|REFILE)|RPT|REPEAT|UPDATE \d{1,2}|WRAPUP \d{1,2})(?: \((?:OFFICIAL|CORRECTED|REPEAT)\))?"
    r"(?:\s?[-–—]\s?|: ))+(?=[^\W\d_]|[\"“‘'«„$€£])"
)
# "Ferry to sail again (CORRECTED)".
TAIL = re.compile(
    r"\s*[(\[](?:(?P<mended>CORRECTED|CORRECTION|REFILED?)|UPDATED?|RECASTS|REPEAT|ADDS [A-Z ,]{3,40})[)\]]$"
)

# What a note to editors must not say without a person: the rest of it is no instruction that is known.
GRAVE = re.compile(
    r"\bkill|\bembarg|\bwithdr|\bwithh|\bretract|\bspike\b|\bhold\b|\bmandator|\bdo not\b|\bdon['’]t\b|\bnot (?:for|to be)\b|"
    r"\blegal|\blibel|\binjunction|\bnicht (?:zur|ver|vor)|sperrfrist|\bne pas\b|\bno publi|\bnon pubb|\bnão publi|\bbefore (?:\d|noon|midnight|mon|tue|wed|thu|fri|sat|sun)",
    re.IGNORECASE,
)

# Capitals of a whole line in other agencies' languages; what is written differently holds as an unknown advisory, or is not seen.
FOREIGN: tuple[tuple[SignalKind, re.Pattern[str]], ...] = (
    (
        "kill",
        re.compile(
            r"(?i:annullare|annullamento|anular|anule[nm]?)(?:[ ,.!*–—-]+(?i:annullare|anular))*(?i: (?:la|esta|a) (?:notizia|noticia|notícia|nota).*)?|ANNULÉE?[ .!]*|ANULAD[AO][ .!]*"
        ),
    ),
    (
        "withdrawn",
        re.compile(
            r"【?(?:全文取り消し|出稿取り消し|記事取り消し|撤稿|撤稿通知|撤回)】?(?:[:：].*)?|(?:АННУЛИРОВАНО|АННУЛИРУЕТСЯ|СНЯТО С ЛЕНТЫ|ОТЗЫВ СООБЩЕНИЯ)\b.*|기사 ?(?:삭제|취소)(?:[:：].*)?"
        ),
    ),
    (
        "withdrawn",
        re.compile(
            r"(?:ATTENTION\W+|URGENT\W+)*(?i:annuler|annulez|prière d[’']annuler|merci d[’']annuler) (?i:la|notre|cette|les) (?i:dépêches?|information|papier|article)\b.*"
            r"|DEPESZA (?:ANULOWANA|WYCOFANA)\b.*|(?:ANULUJEMY|WYCOFUJEMY) DEPESZĘ\b.*|(?:TT|NTB|RITZAU) (?:DRAR TILLBAKA|TREKKER|TRÆKKER)\b.*"
            r"|(?:JUTTU|UUTINEN|STT) (?:ON )?(?:PERUTTU|PERUUTETTU|PERUUTTAA)\b.*|HABER(?:İMİZ)? (?:İPTAL|GERİ ÇEKİLDİ)\b.*|ZPRÁVA (?:JE )?(?:STAŽENA|ZRUŠENA)\b.*"
            r"|(?:HÍR|TUDÓSÍTÁS) VISSZAVONVA\b.*"
            r"|(?:NOTIZIA|NOTÍCIA|NOTICIA) (?:ANNULLATA|CANCELADA|ANULADA|RETIRADA|RITIRATA)\b.*|(?:DÉPÊCHE|INFORMATION) (?:RETIRÉE|ANNULÉE)\b.*|BERICHT INTREKKEN\b.*|(?:TT |NTB )?(?:DRAS TILLBAKA|TREKKES TILBAKE|TRÆKKES TILBAGE)\b.*"
        ),
    ),
    (
        "embargo",
        re.compile(
            r"(?i:onder embargo|embargo) (?i:tot|till|til|do|asti)\b.*\d.*|(?:EMBARGAD[OA]|EMBARGATO|SOTTO EMBARGO|SOB EMBARGO|SOUS EMBARGO|ONDER EMBARGO|AMBARGOLU|ЭМБАРГО|ЕМБАРГО)\b.*"
        ),
    ),
    (
        "embargo",
        re.compile(
            r"(?i:sperrefrist|klausul(?:eret|erad|ert)?|sperrad)\s*(?i:til|till|:|–|-).*\d.*|(?i:julkaisuvapaa|vapaa julkaistavaksi)\b.*\d.*|(?i:эмбарго|ембарго)\s*(?i:до)\b.*|(?i:embargo|zakaz publikacji) (?i:do)\b.*\d.*|AMBARGO\s*[:–—-].*|(?i:achtung[:,!]? )?(?i:sperrfrist)[.:! ]*(?i:beachten|!)?[.! ]*|ACHTUNG[:,!]? SPERRFRIST\b.*"
        ),
    ),
    (
        "embargo",
        re.compile(
            r"[【＝\[（(]?(?:報道)?解禁(?:日時|指定|前|は|：|:|＝).*|【?エンバーゴ.*|.{0,20}\d+[時日]\s?(?:以降)?解禁[】＝)）]?|엠바고(?:[:：\s].*)?|【?禁发.*|.{0,10}(?:보도|엠바고) ?(?:시점|해제)[:：].*"
        ),
    ),
    (
        "hold",
        re.compile(
            r"(?:NO UTILIZAR|NÃO PUBLICAR|NÃO UTILIZAR|NE PAS DIFFUSER|NE PAS UTILISER|NON DIFFONDERE|NIET PUBLICEREN|NIET VOOR PUBLICATIE|FÅR EJ PUBLICERAS|MÅ IKKE PUBLISERES|НЕ ПУБЛИКОВАТЬ|НЕ ДЛЯ ПУБЛИКАЦИИ|NIE PUBLIKOWAĆ|YAYINLAMAYIN)\b.*|【?(?:使用禁止|公開禁止|発表禁止|禁止发布|보도 ?금지)】?(?:[:：].*)?"
        ),
    ),
)
