"""One of each of Ghost's cards, as its editor writes them, and texts as editors shape them."""

from __future__ import annotations

from typing import Any

from tests.flows.small_ghost import block, heading, html_card, paragraph, text

IMAGES = "https://harbour.example/content/images"


def card(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "version": 1, **more}


def link(url: str, words: str) -> dict[str, Any]:
    return block("link", text(words), url=url, rel="noopener", target=None, title=None)


def item(*children: dict[str, Any]) -> dict[str, Any]:
    return block("listitem", *children, value=1)


def bullets(*items: dict[str, Any], tag: str = "ul") -> dict[str, Any]:
    kind = "bullet" if tag == "ul" else "number"
    return block("list", *items, listType=kind, tag=tag, start=1)


TWEET = (
    '<blockquote class="twitter-tweet"><p lang="en" dir="ltr">The ferry is back at the quay of Kesten.</p>&mdash; Harbour (@harbour) '
    '<a href="https://twitter.com/harbour/status/7">March 3, 2026</a></blockquote>\n'
    '<script async src="https://platform.twitter.com/widgets.js" charset="utf-8"></script>'
)
IMAGE = card(
    "image",
    src=f"{IMAGES}/ferry.jpg",
    width=1600,
    height=900,
    title="",
    alt="A ferry at a quay",
    caption="The ferry <i>Kesten</i> at the quay",
    cardWidth="wide",
    href="https://harbour.example/ferry",
)
GALLERY = card(
    "gallery",
    caption="Nine days in the yard",
    images=[
        {
            "row": 0,
            "fileName": f"{n}.jpg",
            "src": f"{IMAGES}/{n}.jpg",
            "width": 800,
            "height": 600,
            "alt": f"No. {n}",
        }
        for n in range(3)
    ],
)
BOOKMARK = card(
    "bookmark",
    url="https://harbour.example/timetable",
    caption="All <b>times</b>",
    metadata={
        "icon": f"{IMAGES}/icon.png",
        "title": "Timetable & fares",
        "description": "When the ferry goes.",
        "author": "Harbour office",
        "publisher": "Harbour Post",
        "thumbnail": f"{IMAGES}/thumb.png",
    },
)
EMBED = card(
    "embed",
    url="https://video.example/watch?v=7",
    embedType="video",
    caption="",
    metadata={"title": "The ferry", "author_name": "Harbour"},
    html='<iframe width="200" height="113" src="https://video.example/embed/7?feature=oembed" frameborder="0" allowfullscreen></iframe>',
)
TWITTER = card(
    "embed",
    url="https://twitter.com/harbour/status/7",
    embedType="twitter",
    html=TWEET,
    caption="",
    metadata={"type": "rich"},
)
HTML = html_card(
    '<div class="weather" data-kind=storm>The weather: <b>storm</b><br/>\n<p>Unclosed\n</div><script>if (a < b && c) { run("<p>") }</script>'
)
BUTTON = card(
    "button", buttonText="Book a crossing", alignment="center", buttonUrl="https://harbour.example/book"
)
CALLOUT = card(
    "callout",
    calloutText='The ferry runs <b>on weekdays</b> only, <a href="https://harbour.example">until April</a>.',
    calloutEmoji="⛴",
    backgroundColor="blue",
)
TOGGLE = card(
    "toggle",
    heading="How long was it away?",
    content="<p>Nine days, <em>said the yard</em>.</p><p>And a night.</p>",
)
CODE = card("codeblock", code="ferry --to <kesten> && echo back", language="bash", caption="As it is called")
MARKDOWN = card("markdown", markdown="## In short\n\nThe *ferry* is back.\n\n- six o'clock\n- noon\n")
HEADER = card(
    "header",
    size="small",
    style="dark",
    buttonEnabled=False,
    header="The yard",
    subheader="Nine days",
    version=2,
    alignment="center",
    backgroundColor="#000000",
    textColor="#FFFFFF",
    layout="full",
    backgroundImageSrc="",
    buttonText="",
)
FILE = card(
    "file",
    src="https://harbour.example/content/files/times.pdf",
    fileTitle="Times",
    fileCaption="As of March",
    fileName="times.pdf",
    fileSize=7000,
)
AUDIO = card(
    "audio",
    src="https://harbour.example/content/media/horn.mp3",
    title="The horn",
    duration=7.5,
    mimeType="audio/mp3",
    thumbnailSrc="",
)
VIDEO = card(
    "video",
    src="https://harbour.example/content/media/ferry.mp4",
    caption="",
    fileName="ferry.mp4",
    mimeType="video/mp4",
    width=640,
    height=360,
    duration=12,
    thumbnailSrc=f"{IMAGES}/v.jpg",
    customThumbnailSrc="",
    thumbnailWidth=640,
    thumbnailHeight=360,
    cardWidth="regular",
    loop=False,
)
PRODUCT = card(
    "product",
    productImageSrc="",
    productTitle="A model ferry",
    productDescription="Of wood",
    productRatingEnabled=True,
    productStarRating=4,
    productButtonEnabled=True,
    productButton="Buy",
    productUrl="https://harbour.example/shop",
)
SIGNUP = card(
    "signup",
    alignment="left",
    backgroundColor="#F0F0F0",
    header="The harbour letter",
    subheader="Each Friday",
    disclaimer="No spam",
    labels=[],
    layout="wide",
    buttonText="Subscribe",
    buttonColor="accent",
    textColor="#000000",
    buttonTextColor="#FFFFFF",
    successMessage="Sent!",
    backgroundImageSrc="",
    backgroundSize="cover",
    swapped=False,
)
CTA = card(
    "call-to-action",
    layout="minimal",
    alignment="left",
    textValue="<p>Cross today.</p>",
    showButton=True,
    showDividers=True,
    buttonText="Book",
    buttonUrl="https://harbour.example/book",
    buttonColor="#000000",
    buttonTextColor="#ffffff",
    hasSponsorLabel=True,
    sponsorLabel="<p>SPONSORED</p>",
    backgroundColor="grey",
    linkColor="text",
    imageUrl="",
    imageWidth=None,
    imageHeight=None,
)
EMAIL = card("email", html="<p>Dear readers of the letter,</p>")
EMAIL_CTA = card(
    "email-cta",
    alignment="left",
    buttonText="Book",
    buttonUrl="https://harbour.example",
    html="<p>Members cross free.</p>",
    segment="status:free",
    showButton=True,
    showDividers=True,
)
PAYWALL = card("paywall")
RULE = card("horizontalrule")
CARDS = (
    IMAGE,
    GALLERY,
    BOOKMARK,
    EMBED,
    TWITTER,
    HTML,
    BUTTON,
    CALLOUT,
    TOGGLE,
    CODE,
    MARKDOWN,
    HEADER,
    FILE,
    AUDIO,
    VIDEO,
    PRODUCT,
    SIGNUP,
    CTA,
    EMAIL,
    EMAIL_CTA,
    RULE,
)

MIXED = block(
    "paragraph",
    text("The yard had "),
    text("mended", 1),
    text(" the "),
    text("rudder", 3),
    text(" by hand, said "),
    link("https://harbour.example/ana?a=1&b=2", "Ana Duarte"),
    text(", for R&D <costs> nothing\u00a0there."),
    {"type": "linebreak", "version": 1},
    text("A new one comes in the summer.", 2),
)
QUOTE = block("extended-quote", text("“We had no rudder, and no one who makes rudders,” she said."))
ASIDE = block("aside", text("The yard is the last of its kind on this coast."))
LIST = bullets(
    item(text("From Kesten at six")),
    item(bullets(item(text("on Sundays at eight")), item(text("in fog not at all")))),
    item(text("From the mole at "), text("noon", 1)),
)
NUMBERS = bullets(item(text("Buy a ticket")), item(text("Wait on the quay")), tag="ol")
TEXTS = (MIXED, heading("A rudder mended by hand"), QUOTE, ASIDE, LIST, NUMBERS, paragraph())
