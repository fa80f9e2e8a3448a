"""A page that shows something in place of its story: a consent wall, a paywall, a robot check, a log-in, an error page.

Such a page has sentences, and they look like a short story. What is told apart is the words: a story says hardly ever to its reader
what these pages say, and if it does, it goes on for longer than they do.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from cleaners.model import Story
from cleaners.read.raw_lines import raw_lines
from cleaners.read.zones import is_prose

_WORD = re.compile(r"\w+")
_DENSE = re.compile("[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")
_STOP = re.compile(r"[.!?…。！？｡．।॥؟۔።։]")
_UNMARKED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_LONGEST = 400
"""A line of a wall is short; of a longer one its first so many characters are looked at."""
_SENTENCE = 100
_TEASER = 80
"""Words in sentences below which a story is looked for a wall in the rest of its page, too."""


class Wall(NamedTuple):
    """``most``: so many words in other sentences make the page a story after all. ``alone``: hardly any page with a whole story says
    this around it, as nearly all say "We use cookies" and "Log in"."""

    what: str
    says: re.Pattern[str]
    most: int
    alone: bool = True


def _any(*forms: str) -> re.Pattern[str]:
    return re.compile("|".join(forms), re.IGNORECASE)


# Each language as its sites say it; what another language says is found by hand once, and added here.
_WALLS = (
    Wall(
        "an empty frame that a script fills",
        _any(
            r"(?:enable|activate|turn on|allow|requires?|needs?|without) (?:cookies and )?java ?script",
            r"java ?script (?:is |has been |must be |seems to be |appears to be )?(?:currently )?(?:disabled|required|not enabled|turned off|enabled to)",
            r"javascript (?:zu )?aktivieren|aktivieren sie (?:bitte )?javascript|javascript (?:ist|wurde) deaktiviert",
            r"(?:activez|activer|autoriser) (?:le )?javascript|javascript est désactivé",
            r"(?:active|activar|habilite|habilitar|ative|ativar|attiva|attivare|abilita|abilitare) (?:o |il )?javascript",
            r"(?:schakel|zet) javascript|włącz(?:yć)? (?:obsługę )?javascript|включите javascript|aktivera javascript|aktivér javascript",
            r"javascript ?を有効|javascript ?를 활성화|启用 ?javascript|啟用 ?javascript",
        ),
        80,
    ),
    Wall(
        "a robot check",
        _any(
            r"(?:verify|verifying|confirm|checking) (?:that )?(?:if )?you(?:['’]re| are)? (?:not a robot|a? ?human)",
            r"i['’]?m not a robot|are you a (?:robot|human)|checking your browser|performing a? ?security (?:check|verification)",
            r"unusual (?:traffic|activity) from your|complete the (?:captcha|security check)|solve (?:the|this) captcha|access to this page has been denied",
            r"you have been blocked|(?:^|\W)access denied\W*$|pardon our interruption|your request has been blocked",
            r"ich bin kein roboter|sicherheitsüberprüfung|je ne suis pas un robot|no soy un robot|non sono un robot|я не робот",
        ),
        80,
    ),
    Wall(
        "a consent wall",
        _any(
            r"\bwe (?:and (?:our )?(?:\d+ )?(?:\w+ )?(?:partners|vendors) )?(?:use|store|process|value|care about)\b.{0,60}\b(?:cookies?|your privacy)",
            r"\b(?:accept|allow|reject|manage) (?:all )?(?:optional )?cookies|cookie (?:settings|preferences|policy)|consent to (?:the use of )?cookies",
            r"(?:wir|diese (?:web)?seite) (?:und unsere (?:\d+ )?partner )?(?:verwende[nt]|nutz(?:en|t)|benutzen) .{0,40}cookies|cookies (?:zustimmen|akzeptieren)|mit werbung (?:und tracking )?(?:weiter)?lesen",
            r"nous (?:et nos (?:\d+ )?partenaires )?(?:utilisons|stockons) .{0,40}cookies|accepter (?:tous )?les cookies|continuer sans accepter",
            r"(?:utilizamos|usamos|utilizziamo) .{0,40}cookies?|aceptar (?:todas )?(?:las )?cookies|accetta (?:tutti )?i cookie|aceitar (?:todos )?(?:os )?cookies",
            r"(?:wij|we) gebruiken .{0,40}cookies|(?:używamy|korzystamy z) .{0,40}(?:cookies|ciasteczek)|мы используем .{0,40}cookie|vi använder .{0,40}(?:cookies|kakor)",
        ),
        80,
        alone=False,
    ),
    Wall(
        "a paywall",
        _any(
            r"(?:subscribe|register|sign (?:in|up)|log ?in|create an account|become a member)(?: now| today| for free| or (?:log|sign) in)* to (?:continue|keep|read|finish|access|unlock|view)",
            r"to (?:continue|keep|finish) reading|(?:continue|keep) reading (?:this|with a)\b|(?:read|unlock) the (?:full|rest of (?:the|this)) (?:story|article)",
            r"(?:article|story|content|page) is (?:only |exclusively )?(?:available |reserved )?(?:to|for) (?:our )?(?:\w+ )?(?:subscribers|members)",
            r"already (?:a |have a )?(?:subscriber|subscription|member|registered)|subscriber[- ]only|you(?:['’]ve| have) (?:reached|used|read) (?:your|all|the) .{0,30}(?:limit|free)",
            r"(?:nur|exklusiv) für (?:abonnent|mitglieder|plus-)|(?:jetzt )?(?:weiterlesen|abonnieren) (?:mit|und)|um (?:den (?:ganzen )?(?:artikel|text) )?(?:weiterzulesen|weiterlesen)|bereits (?:abonnent|kunde|registriert)|sie haben bereits ein .{0,12}abo",
            r"(?:article|contenu) (?:est )?réservé aux|réservé à nos abonnés|il vous reste .{0,20}à lire|(?:abonnez|connectez|inscrivez)-vous pour|déjà abonné",
            r"(?:suscríbete|suscríbase|regístrate|inicia sesión|assine|cadastre-se) (?:y|para|e)\b|(?:solo|sólo|exclusivo) para (?:suscriptores|assinantes)|exclusivo para assinantes|ya eres suscriptor|já é assinante",
            r"(?:contenuto |articolo )?riservato agli abbonati|(?:abbonati|accedi|registrati) per (?:continuare|leggere)|sei già abbonato",
            r"(?:alleen|exclusief) voor (?:abonnees|leden)|(?:om verder te lezen|verder lezen\?)|dostęp(?:ny|ne)? (?:tylko )?dla (?:subskrybentów|prenumeratorów)|только для подписчиков|оформите подписку|(?:endast|bara) för prenumeranter",
            r"この記事は(?:有料)?会員|続きを読むには|会員限定|(?:구독자|회원) ?전용|订阅(?:后|以)(?:继续)?阅读|付费(?:阅读|内容)",
        ),
        150,
    ),
    Wall(
        "a log-in page",
        _any(
            r"forgot(?:ten)? (?:your )?password|passwort vergessen|mot de passe oublié|olvidaste tu contraseña|password dimenticata|esqueceu (?:a|sua) senha|wachtwoord vergeten",
            r"(?:sign|log) ?in (?:to|with) your (?:\w+ )?account|don['’]t have an account",
        ),
        60,
        alone=False,
    ),
    Wall(
        "an error page",
        _any(
            r"(?:page|story|article|content|file|url|address) (?:that )?(?:you (?:are looking for|requested|were looking for|tried to reach)|was not found|not found|(?:could|can) ?not be found|does(?:n['’]t| not) exist|(?:is )?no longer (?:available|exists?)|has been (?:moved or )?(?:removed|deleted))",
            r"we (?:can['’]t|could(?:n['’]t| not)|cannot) (?:seem to )?find (?:that|the|this) page|^\W*(?:error |fehler |erreur )?404\W*(?:$|not found|error|page|seite)|(?:^|\W)(?:internal server error|bad gateway|service unavailable|gateway time-?out)",
            r"seite (?:wurde )?(?:leider )?nicht gefunden|(?:diese|die(?: gewünschte)?) seite (?:existiert nicht|ist nicht (?:mehr )?verfügbar)|page (?:introuvable|non trouvée)|cette page n['’]existe",
            r"página (?:no (?:encontrada|existe)|não encontrada)|pagina non trovata|pagina niet gevonden|страница не найдена|strona nie (?:istnieje|została znaleziona)|sidan (?:kunde inte hittas|finns inte)",
            r"ページが見つかりません|페이지를 찾을 수 없|(?:页面不存在|找不到(?:该|您)?.{0,6}页)",
        ),
        60,
    ),
)
# Example: "To play this video you need to enable JavaScript in your browser." The story stands around it.
_OF_A_PART = _any(
    r"(?:this|the) (?:video|slideshow|gallery|map|chart|comments?|podcast|audio)\b.{0,60}java ?script",
    r"java ?script.{0,60}(?:this|the) (?:video|slideshow|gallery|map|chart|comments?|podcast|audio)\b",
)
_NOT_FREE = re.compile(r'"isAccessibleForFree"\s*:\s*"?false', re.IGNORECASE)
_TEASERS_ONLY = 60


def walls(story: Story) -> tuple[str, ...]:
    """Why a page is no story, or only the beginning of one; nothing for other forms, which are the story by their sender's word."""
    if story.form != "page" or not story.blocks:
        return ()
    sentences = [block.text for block in story.blocks if block.kind != "row" and _is_sentence(block.text)]
    said = sum(_words(text) for text in sentences)
    if said >= max(wall.most for wall in _WALLS) * 2:
        return ()
    texts = [block.text for block in story.blocks if not _OF_A_PART.search(block.text[:_LONGEST])]
    headline = story.fields.headline
    for wall in _WALLS:
        told = [text for text in (*texts, *filter(None, [headline])) if wall.says.search(text[:_LONGEST])]
        rest = said - sum(_words(text) for text in told if _is_sentence(text))
        if told and rest < wall.most and said < 2 * wall.most:
            return (
                f"the page seems to be {wall.what}: “{told[0][:80]}”; open it in a browser and give the story's text",
            )
    if said < _TEASER:
        if _NOT_FREE.search(story.raw) is not None and said < _TEASERS_ONLY:
            return (
                f"the page says that it is not free, and shows {said} words of it; give the story's whole text",
            )
        for line in raw_lines(story.raw):
            if len(line) > _LONGEST or _OF_A_PART.search(line):
                continue
            for wall in _WALLS:
                if wall.alone and wall.says.search(line):
                    return (
                        f"only {said} words in sentences were read, and the page says “{line[:80]}” ({wall.what}?); "
                        "open it in a browser and look whether that is the whole story",
                    )
    if not sentences:
        return (
            "not one sentence was read from the page; open it in a browser and look whether it is a story",
        )
    return ()


def _is_sentence(text: str) -> bool:
    # A menu in one line is long enough for prose, and has no full stop. Thai and Lao end no sentence with a mark.
    return (len(text) >= _SENTENCE or is_prose(text)) and (
        _STOP.search(text) is not None or _UNMARKED.search(text) is not None
    )


def _words(text: str) -> int:
    dense = 0 if text.isascii() else len(_DENSE.findall(text))
    return len(_WORD.findall(_DENSE.sub(" ", text) if dense else text)) + dense // 2
