"""Who wrote a story: names out of "By Ana Holm and Per Lind, Harbour Reporter | 3 March 2026", agencies told apart.

A name is never completed or put in another order; what is no name (an address, an account, a role, a date) is left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_LONGEST = 60
_MOST_WORDS = 7
_MOST_NAMES = 12
_CUT = re.compile(
    # Who else had a hand in it is no author: "Ana Holm. Edited by Per Lind"
    r"[,.;|]?\s*\b(?:medically |clinically |expert |fact[- ]?)?(?:reviewed|edited|checked|verified|photographed|illustrated|translated|curated) by\b.*"
    r"|\s*[|•·▪–—]\s*(?=\d|\w{3,12}\.? \d|published|posted|updated|last).*"
    r"|\s*\b(?:(?:first |last )?(?:published|posted|updated|modified)|publié|veröffentlicht|aktualisiert|publicado|actualizado|aggiornato)\b.*"
    r"|\s*[,|–—-]?\s*\b(?:on\s+)?(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?\s+)?(?:\d{1,2}(?:st|nd|rd|th)?\s+)?"
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?\s+\d.*"
    r"|\s*[,|–—-]?\s*\b\d{1,4}[./-]\d{1,2}[./-]\d{1,4}.*"
    r"|\s*[,|–—-]?\s*\b\d+ ?(?:min(?:ute)?s?|hours?|days?|weeks?|months?|years?) (?:read|ago)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_BY = re.compile(
    r"\s*(?:(?:(?:this|article|story|post|guide|recipe|report|words|text|blog) )*(?:was )?(?:written|posted|published|created|authored|contributed|reported|submitted)"
    r"(?: and \w+)? (?:by|on)\b|(?:article|story|post|recipe|words|text|report|review|analysis|opinion|column|commentary) by\b|[a-z]{3,14} by\b(?!\s*$)|by\b(?!\s*$)"
    r"|(?:the |about the )?(?:author|authors|writer|reporter|words|byline|autor|autora|autoren|auteur|autore|author name)\s*(?:of the article\s*)?:"
    r"|author\s+(?=[A-Z])|(?:von|par|por|di|door|av|af|przez|автор:?|avtor:|tekst:|text:|texte:|testo:|texto:|redacción:|foto und text:|記者|文[:：]|作者[:：]|記者[:：])\s+(?=\w)|от автора:?)\s*",
    re.IGNORECASE,
)
_GLUED_BY = re.compile(r"\b([Bb])y(?=[A-Z])")  # "Written byAna Holm": a label without a space
_AND = re.compile(r"&|\w")
_BETWEEN = re.compile(
    r"(\s*[;|•·▪\n\t]\s*|\s*[,、，]\s*(?:and\s+|&\s+)?|\s+&\s+|\s+/\s+|\s+[–—-]\s+"
    r"|\s+(?:and|with|und|mit|et|avec|con|och|og|ja|en|i|и|та)\s+(?=[^\W\d_])|\s+[yeé]\s+(?=[^\W\d_])|(?<=[a-z])\s+For\s+(?=[A-Z]))",
)
_ADDRESS = re.compile(
    r"https?:|www\.|@|\.(?:com|org|net|co|de|fr|es|it|uk|in|info|io|edu|gov)\b(?:/|\Z)", re.IGNORECASE
)
_MAIL = re.compile(r"\(?\b[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,4}\)?|(?<!\w)@\w{2,40}")
_ROLE = re.compile(
    r"(?:^|[\s,]+)(?:(?:senior|staff|contributing|chief|managing|deputy|associate|assistant|executive|special|lead|head|guest|freelance|former|international|foreign|"
    r"political|business|sports?|science|health|news|travel|technology|tech|web|digital|online|copy|features?|culture|arts?|food|city|state|national|crime|court|"
    r"education|environment|economics?|legal|licensed|certified|registered)[\s&]+)*"
    r"(?:reporters?|correspondents?|editors?(?:[- ]in[- ]chief|[- ]at[- ]large)?|writers?|journalists?|contributors?|columnists?|producers?|publishers?|photographers?|"
    r"freelancers?|authors?|bloggers?|interns?|analysts?|specialists?|strategists?|managers?|directors?|(?:co-?)?founders?|ceo|cto|coo|cmo|reviewers?|"
    r"presidents?|owners?|consultants?|experts?|professors?|lecturers?|researchers?|dietitians?|nutritionists?|agenc(?:y|ies)|agenturen|agentur|agencias|agenzie|"
    r"redakteure?|redakteurin|redaktion|korrespondent(?:in)?|reporterin|journaliste?|rédaction|rédacteur|rédactrice|redacci[oó]n|periodista|corresponsal|redazione|giornalista|redaktor|redaktör)\Z",
    re.IGNORECASE,
)
_OF_A_ROLE = re.compile(
    r"(?:(?:vice )?president|ceo|cto|coo|cmo|head|director|(?:senior )?manager|editor|chief|founder|co-?founder|professor|dean|chair(?:man|woman)?|"
    r"member|correspondent|reporter|writer|candidate)\b.{0,12}\b(?:of|at|for|in|to|the)\b",
    re.IGNORECASE,
)
_DEGREE = re.compile(
    r"(?:Ph\.?\s?D|M\.?D|R\.?N|R\.?D|J\.?D|M\.?B\.?A|M\.?S|M\.?A|B\.?A|B\.?Sc|M\.?Sc|B\.?S|D\.?O|C\.?P\.?A|Esq|[A-Z]{2,6}[®™]?|[A-Z]{1,3}-[A-Z]{2,4}(?: \d+)?)"
    r"\.?(?:,?\s+[A-Z]{2,8}[®™]?)*\Z"
)
_KEPT = {"jr", "sr", "ii", "iii", "iv"}
_NOBODY = {
    *("admin", "administrator", "author", "authors", "editor", "editors", "editorial", "editorial team", "webmaster", "root", "user"),
    *("guest", "guest author", "staff", "staff reporter", "staff writer", "staff writers", "staff report", "team", "news", "newsroom"),
    *("news desk", "web desk", "online desk", "unknown", "unknown author", "anonymous", "text link", "none", "null", "undefined", "n/a", "na", "-"),
    *("redaktion", "redazione", "rédaction", "la rédaction", "redacción", "redactie", "redakcja", "redação", "redaksi"),
    *("wordpress", "website", "wp", "superuser", "super user", "super admin", "site admin", "siteadmin", "default", "test", "contributor"),
    *("contributors", "view all posts", "more", "share", "follow", "subscribe", "read more", "see more", "about", "contact", "by"),
    *("facebook", "twitter", "linkedin", "instagram", "youtube", "written by", "posted by", "the author", "author name", "see all articles"),
    *("agency", "agencies", "comments", "no comments", "leave a comment", "home", "published", "updated", "sponsored", "advertisement", "article", "posted"),
}  # fmt: skip
_AGENCIES = {
    "associated press": "AP|The Associated Press|Associated Press|AP News",
    "reuters": "Reuters|Thomson Reuters",
    "afp": "AFP|Agence France-Presse|Agence France Presse",
    "dpa": "dpa|Deutsche Presse-Agentur|dpa-infocom",
    "pa": "PA|PA Media|Press Association|PA News Agency",
    "pti": "PTI|Press Trust of India",
    "ani": "ANI|Asian News International",
    "ians": "IANS|Indo-Asian News Service",
    "upi": "UPI|United Press International",
    "efe": "EFE|Agencia EFE",
    "ansa": "ANSA|Agenzia ANSA",
    "apa": "APA|Austria Presse Agentur",
    "xinhua": "Xinhua|Xinhua News Agency|新华社|新華社",
    "tass": "TASS|ТАСС|ITAR-TASS",
    "ria": "RIA Novosti|РИА Новости|Interfax|Интерфакс",
    "kyodo": "Kyodo|Kyodo News|共同通信|時事通信|Jiji Press",
    "yonhap": "Yonhap|Yonhap News Agency|연합뉴스",
    "cp": "The Canadian Press|Canadian Press",
    "aap": "AAP|Australian Associated Press",
    "europa press": "Europa Press",
    "lusa": "Lusa|Agência Lusa",
    "pap": "PAP|Polska Agencja Prasowa",
    "ctk": "ČTK|TASR",
    "mti": "MTI",
    "belga": "Belga|Agence Belga",
    "anp": "ANP",
    "ntb": "NTB",
    "tt": "TT|TT Nyhetsbyrån",
    "ritzau": "Ritzau",
    "stt": "STT",
    "anadolu": "Anadolu Agency|Anadolu Ajansı|Anadolu|AA",
    "bss": "BSS|UNB",
    "antara": "Antara",
    "bernama": "Bernama",
    "sda": "sda|Keystone-SDA|ATS|Keystone-ATS",
    "sid": "SID|Sport-Informations-Dienst",
    "cnn wire": "CNN Wire|CNN Newsource|Tribune News Service|Bloomberg News",
}  # fmt: skip
_AGENCY_KEYS = {name.casefold(): agency for agency, all_ in _AGENCIES.items() for name in all_.split("|")}


@dataclass(frozen=True, slots=True)
class Authors:
    """``people`` in the order they are named, each once; ``agencies`` that are named as writers, as they are written."""

    people: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.people or self.agencies)


def authors_of(said: Iterable[str], houses: Iterable[str] = ()) -> Authors:
    """The authors in what a page says of them; ``houses`` are names of the publisher, which is no author of its own.

    >>> authors_of(["By ANA HOLM and Per Lind, Harbour Reporter | 3 March 2026"]).people
    ('ANA HOLM', 'Per Lind')
    >>> authors_of(["Ana Holm, The Norrby Beacon", "Reuters"], houses=["Norrby Beacon"])
    Authors(people=('Ana Holm',), agencies=('Reuters',))
    >>> authors_of(["admin", "https://example.org/author/ana", "desk@example.org"]).people
    ()
    """
    own = {_key(house) for house in houses} - {""}
    people: dict[str, str] = {}
    agencies: dict[str, str] = {}
    for text in said:
        for name in _split(text):
            agency = agency_of(name)
            if agency is not None:
                agencies.setdefault(agency, name)
            elif not _is_house(name, own) and is_person(name):
                people.setdefault(_key(name), name)
    few = list(people.values())[:_MOST_NAMES]
    return Authors(tuple(few), tuple(agencies.values()))


def agency_of(name: str) -> str | None:
    """The news agency that ``name`` is, under one name; None for anybody else.

    >>> agency_of("The Associated Press"), agency_of("AP"), agency_of("Pa Lind")
    ('associated press', 'associated press', None)
    """
    bare = name.strip(" ()[].,/")
    found = _AGENCY_KEYS.get(bare.casefold())
    # "aa", "tt" and "sid" in small letters are somebody's account; so is "Sid", but not "dpa".
    if (
        found is not None
        and len(bare) <= 4
        and bare.isascii()
        and not bare.isupper()
        and bare not in ("dpa", "sda", "Lusa")
    ):
        return None
    return found


def is_person(name: str) -> bool:
    """Whether ``name`` can be somebody's name: no address, no account, no role, no date, no number."""
    key = name.casefold().strip(" .:-")
    words = name.split()
    return (
        1 < len(name) <= _LONGEST
        and len(words) <= _MOST_WORDS
        and key not in _NOBODY
        and not _ADDRESS.search(name)
        and not _ROLE.search(key)
        and not _OF_A_ROLE.match(name)
        and sum(character.isdigit() for character in name) <= 2
        and any(character.isalpha() for character in name)
        and not any(character in "{}<>[]=_|#$%?!" for character in name)
    )


def _split(text: str) -> Iterator[str]:
    text = _MAIL.sub(" ", text.replace("\xa0", " ").replace("\u200b", ""))
    text = _CUT.sub("", text)
    text = _GLUED_BY.sub(r"\1y ", text)
    for _ in range(2):  # "Author: By Ana Holm"
        text = _BY.sub("", text, count=1) if _BY.match(text) else text
    parts = _BETWEEN.split(text)
    names = [_bare(part) for part in parts[::2]]
    joined = [False, *(_AND.search(between) is not None for between in parts[1::2])]
    roles = [bool(at) and _is_role(name) for at, name in enumerate(names)]
    for at in range(
        1, len(names)
    ):  # "Ana Holm, Head of Ferries and Piers"; "Per Lind, Harbour Master & Editor"
        if joined[at] and roles[at - 1]:
            roles[at] = True
        elif joined[at] and roles[at] and at > 1:
            roles[at - 1] = True
    yield from (name for name, role in zip(names, roles, strict=True) if name and not role)


def _is_role(name: str) -> bool:
    """What stands behind a name and is none: "Ana Holm, MD"; but "BSS" alone is an agency."""
    return _is_degree(name) or _OF_A_ROLE.match(name) is not None or _ROLE.search(name) is not None


def _bare(part: str) -> str:
    name = " ".join(part.split())
    name = _BY.sub("", name, count=1) if _BY.match(name) else name
    name = re.sub(r"\s*[(\[][^()\[\]]{0,80}[)\]]\s*\Z", "", name)  # "Ana Holm (Norrby)"
    name = name.strip(' ,;:|/–—-•·*"“”„')
    role = _ROLE.search(name)
    if role is not None and len(name[: role.start()].split()) > 1:  # "Ana Holm Staff Writer"
        name = name[: role.start()].rstrip(" ,")
    words = name.split()
    while len(words) > 2 and _is_degree(words[-1].strip(",")) and not name.isupper():
        words.pop()
    return " ".join(words).rstrip(",:").removesuffix("'s") if words else ""


def _is_house(name: str, own: set[str]) -> bool:
    """ "The Norrby Beacon", and "Beacon Business" of the Beacon."""
    key = _key(name)
    return key in own or any(len(house) > 2 and _key(name.split()[0]) == house for house in own)


def _is_degree(text: str) -> bool:
    return (
        _DEGREE.match(text) is not None
        and text.rstrip(".").casefold() not in _KEPT
        and agency_of(text) is None
    )


def _key(name: str) -> str:
    bare = unicodedata.normalize("NFKC", name).casefold().removeprefix("the ")
    return "".join(character for character in bare if character.isalnum())
