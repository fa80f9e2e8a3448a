"""Hostile pages by name: how each is made, and what must become of it. Every word is invented.

``publish``: the story's own sentences come out. ``hold``: a person looks first; nothing goes out by itself. ``unreadable``: the input
is refused with words. ``safe``: any of these, but what is published holds the story. None may hang, crash or publish a wall.
"""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Callable
from typing import Literal, NamedTuple

Fate = Literal["publish", "hold", "unreadable", "safe"]

FIRST = "The harbour master of Lindhaven said on Friday that the ferry would sail again on Monday, weather allowing."
SECOND = "Repairs to the pier took three weeks longer than planned, because two of the new piles had been cut too short."
THIRD = "About forty islanders waited at the quay in the rain, and most of them brought their own umbrellas and sandwiches."
PROSE = f"<p>{FIRST}</p><p>{SECOND}</p><p>{THIRD}</p>"
FURNITURE = "<nav><a href=/>Home</a><a href=/sport>Sport</a></nav>"


class Case(NamedTuple):
    name: str
    fate: Fate
    make: Callable[[], str | bytes]


def page(body: str, head: str = "") -> str:
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>Ferry to sail again</title>{head}</head><body>{FURNITURE}"
        f"{body}<footer>Copyright Lindhaven Courier</footer></body></html>"
    )


def story(before: str = "", after: str = "", head: str = "") -> str:
    return page(f"<article><h1>Ferry to sail again</h1>{before}{PROSE}{after}</article>", head)


def only(text: str) -> str:
    return page(f"<main><h1>Lindhaven Courier</h1>{text}</main>")


def _deep_json(depth: int) -> str:
    return '<script type="application/ld+json">' + '{"a":' * depth + "1" + "}" * depth + "</script>"


def _zalgo() -> str:
    return "".join(letter + "\u0301\u0489\u0336" * 60 for letter in "The ferry sails on Monday. " * 20)


CASES = [
    # Too much of something: held with the reason, or read in time.
    Case("one text line of 10 MB", "hold", lambda: story("<p>" + "word " * 2_000_000 + "</p>")),
    Case(
        "nearly 3 MB in one paragraph",
        "safe",
        lambda: story("", "<p>" + "The ferry sails. " * 170_000 + "</p>"),
    ),
    Case("64,000 paragraphs", "hold", lambda: story("", "<p>The ferry sails again.</p>" * 64_000 * 2)),
    Case("400,000 tiny tags", "hold", lambda: story("", "<i></i>" * 400_000)),
    Case("99,000 elements", "safe", lambda: story("", "<b>a</b>" * 90_000)),
    Case("100,000 line breaks", "hold", lambda: story("", "a<br>" * 101_000)),
    Case("60,000 line breaks", "hold", lambda: story("", "The tide<br>" * 60_000)),
    Case("40,000 lines that are all the same", "hold", lambda: story("", "<p>Read more</p>" * 40_000)),
    Case("100,000 metas", "hold", lambda: story(head="<meta name=a content=b>" * 100_001)),
    Case(
        "50,000 metas",
        "safe",
        lambda: story(head="<meta property=og:title content='Ferry to sail again'>" * 50_000),
    ),
    Case(
        "10,000 links",
        "hold",
        lambda: story("", "<ul>" + "<li><a href=/a>Other story</a></li>" * 10_000 + "</ul>"),
    ),
    Case("10,000 equal ids", "safe", lambda: story("", "<div id=a>Tide table</div>" * 10_000)),
    Case("an attribute of 2 MB", "safe", lambda: story(f"<div data-state='{'x' * 2_000_000}'></div>")),
    Case(
        "20,000 attributes",
        "safe",
        lambda: story("<div " + " ".join(f"a{n}=b" for n in range(20_000)) + "></div>"),
    ),
    Case(
        "a picture of 2 MB in the page",
        "publish",
        lambda: story(
            f"<img alt='' src='data:image/png;base64,{base64.b64encode(bytes(1_500_000)).decode()}'>"
        ),
    ),
    Case(
        "a script of 2 MB",
        "publish",
        lambda: story(head="<script>" + "var a = '<p>not copy</p>';" * 80_000 + "</script>"),
    ),
    Case(
        "a style of 2 MB",
        "publish",
        lambda: story(head="<style>" + ".a > b { color: red }\n" * 90_000 + "</style>"),
    ),
    Case("a comment of 2 MB", "publish", lambda: story("<!--" + "the tide " * 220_000 + "-->")),
    # Nested.
    Case("10,000 divs inside each other", "hold", lambda: page("<div>" * 10_000 + PROSE)),
    Case("300 divs around the story", "hold", lambda: page("<div>" * 300 + PROSE + "</div>" * 300)),
    Case("150 divs around the story", "safe", lambda: page("<div>" * 150 + PROSE + "</div>" * 150)),
    Case("tables in tables", "safe", lambda: page("<table><tr><td>" * 500 + PROSE)),
    Case("fonts in fonts", "safe", lambda: page("<font>" * 5_000 + PROSE)),
    Case("forms in forms", "safe", lambda: page("<form>" * 5_000 + PROSE)),
    Case("spans in spans", "safe", lambda: story("<p>" + "<span>" * 3_000 + "x</p>")),
    Case("lists in lists", "safe", lambda: story("", "<ul><li>a" * 3_000)),
    Case("quotations in quotations", "safe", lambda: story("", "<blockquote>" * 3_000)),
    Case("links in links", "safe", lambda: story("", "<a href=/>a" * 20_000)),
    Case("selects in selects", "safe", lambda: story("", "<select><option>a" * 10_000)),
    # Never ended.
    Case(
        "nothing is ever closed",
        "safe",
        lambda: "<html><body><article><h1>Ferry to sail again" + PROSE.replace("</p>", ""),
    ),
    Case("a comment that never ends, below", "safe", lambda: story("", "<!-- " + "-- > " * 1_000)),
    Case("a comment that never ends, above", "safe", lambda: page("<!-- <article>" + PROSE)),
    Case("a script that never ends, above", "safe", lambda: page("<script> <article>" + PROSE)),
    Case("a title that never ends", "safe", lambda: "<html><head><title>Ferry<body>" + PROSE),
    Case("a textarea that never ends", "safe", lambda: page("<textarea>" + PROSE)),
    Case("an attribute that never ends", "safe", lambda: page("<a href='" + PROSE)),
    Case("plaintext", "safe", lambda: page("<plaintext>" + PROSE)),
    Case("xmp", "safe", lambda: page("<xmp>" + PROSE + "</xmp>")),
    Case("half tags", "safe", lambda: story("", "<a " * 20_000)),
    Case("only less-than signs", "safe", lambda: story("", "<" * 300_000)),
    # Characters.
    Case("NUL between all letters", "safe", lambda: story().replace("ferry", "f\0e\0r\0r\0y")),
    Case("control characters", "safe", lambda: story("<p>" + "".join(map(chr, range(1, 32))) * 50 + "</p>")),
    Case("half a character", "hold", lambda: story().replace("ferry", "f\ud83drry")),
    Case("a lost character", "hold", lambda: story().replace("harbour", "harb\ufffdur")),
    Case(
        "mojibake that can be mended",
        "publish",
        lambda: story(
            "",
            "<p>Die GrÃ¶ÃŸe der FÃ¤hre, sagte die KapitÃ¤nin am Montag, sei kein Hindernis fÃ¼r den Hafen.</p>",
        ),
    ),
    Case(
        "Cyrillic that was taken for Latin",
        "hold",
        lambda: only(
            "<p>"
            + ("Паром снова пойдёт в понедельник, сообщила капитан порта. " * 4)
            .encode("cp1251")
            .decode("latin-1")
            + "</p>"
        ),
    ),
    Case(
        "bytes that are no UTF-8",
        "safe",
        lambda: story().encode().replace(b"umbrellas", b"umbr\xff\xfeellas"),
    ),
    Case(
        "right-to-left overrides",
        "publish",
        lambda: story(
            "",
            "<p>The captain said \u202eerolpxe\u202c that the crew was \u2066ready\u2069 to leave on Monday morning at nine.</p>",
        ),
    ),
    Case(
        "a flood of zero-width characters",
        "publish",
        lambda: story("", "<p>" + "\u200b\u2060\ufeff" * 100_000 + "</p>"),
    ),
    Case(
        "a zero-width space in every word",
        "publish",
        lambda: story(
            "",
            "<p>"
            + "\u200b".join("The tide table hangs at the pier, beside the kiosk of the island's only baker.")
            + "</p>",
        ),
    ),
    Case(
        "soft hyphens between all letters",
        "publish",
        lambda: story(
            "",
            "<p>"
            + "\xad".join("The tide table hangs at the pier, beside the kiosk of the island's only baker.")
            + "</p>",
        ),
    ),
    Case("a flood of combining marks", "safe", lambda: story("", f"<p>{_zalgo()}</p>")),
    Case("Cyrillic letters for Latin ones", "safe", lambda: story().replace("umbrellas", "umbrеllаs")),
    Case("private use letters", "safe", lambda: story("", "<p>" + "\ue000\uf8ff" * 5_000 + "</p>")),
    Case(
        "a span for every letter",
        "safe",
        lambda: page(
            "<article><p>"
            + "".join(f"<span>{letter}</span>" for letter in FIRST * 20)
            + f"</p>{PROSE}</article>"
        ),
    ),
    # Not HTML.
    Case("nothing", "unreadable", lambda: b""),
    Case("spaces", "unreadable", lambda: b" \n\t " * 1_000),
    Case("gzip", "unreadable", lambda: gzip.compress(story().encode())),
    Case("zlib", "unreadable", lambda: zlib.compress(story().encode() * 20)),
    Case("a PDF", "unreadable", lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj <</Type /Catalog>>"),
    Case("a PNG", "unreadable", lambda: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(200)),
    Case("a ZIP", "unreadable", lambda: b"PK\x03\x04" + bytes(500)),
    Case("a JPEG", "unreadable", lambda: b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(500)),
    Case("a WebP", "unreadable", lambda: b"RIFF\x24\x08\0\0WEBPVP8 " + bytes(range(256)) * 8),
    Case("a program", "unreadable", lambda: b"\x7fELF\x02\x01\x01" + bytes(500)),
    Case("JSON", "unreadable", lambda: json.dumps({"message": "not found", "items": list(range(2_000))})),
    Case("deep JSON", "unreadable", lambda: "[" * 100_000 + "]" * 100_000),
    Case(
        "an entity bomb",
        "safe",
        lambda: (
            '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
            + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12))
            + "]><html><body><article>&m;"
            + PROSE
            + "</article></body></html>"
        ),
    ),
    Case(
        "a file named as an entity",
        "safe",
        lambda: (
            '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><html><body><p>&a;</p>'
            + PROSE
            + "</body></html>"
        ),
    ),
    Case("UTF-16 without a mark", "publish", lambda: story().encode("utf-16-le")),
    Case("UTF-32 without a mark", "publish", lambda: story().encode("utf-32-be")),
    Case(
        "UTF-16 that names itself Latin-1",
        "publish",
        lambda: story(head="<meta charset=latin1>").encode("utf-16"),
    ),
    Case(
        "a charset that Python would execute",
        "publish",
        lambda: (
            story(head="<meta charset=unicode_escape>")
            .replace("charset=utf-8", "charset=unicode_escape")
            .encode()
        ),
    ),
    Case(
        "a charset of UTF-7",
        "publish",
        lambda: story("", "<p>+ADw-script+AD4-</p>").replace("charset=utf-8", "charset=utf-7").encode(),
    ),
    # Text, but not the page's.
    Case(
        "only a script writes",
        "unreadable",
        lambda: (
            page("<div id=root></div><script>document.write('" + PROSE + "')</script>")
            .replace(FURNITURE, "")
            .replace("<footer>Copyright Lindhaven Courier</footer>", "")
        ),
    ),
    Case(
        "a script writes, furniture stays",
        "hold",
        lambda: page("<div id=root></div><script>document.write('" + PROSE + "')</script>"),
    ),
    Case("only in noscript", "safe", lambda: page(f"<noscript>{PROSE}</noscript>")),
    Case("only in a template", "safe", lambda: page(f"<template>{PROSE}</template>")),
    Case(
        "only in a shadow root",
        "safe",
        lambda: page(f"<x-story><template shadowrootmode=open>{PROSE}</template></x-story>"),
    ),
    Case("only in attributes", "hold", lambda: page(f"<div title='{FIRST}' data-text='{SECOND}'></div>")),
    Case("only in a comment", "hold", lambda: page(f"<!-- {PROSE} -->")),
    Case(
        "only in JSON",
        "hold",
        lambda: page(f"<script type=application/json>{json.dumps({'body': PROSE})}</script>"),
    ),
    Case("hidden", "safe", lambda: page(f"<div hidden>{PROSE}</div>")),
    Case("not displayed", "safe", lambda: page(f"<div style='display:none'>{PROSE}</div>")),
    Case(
        "frames",
        "unreadable",
        lambda: (
            "<html><head><title>Courier</title></head><frameset cols='20%,*'><frame src=a.html><frame src=b.html></frameset></html>"
        ),
    ),
    Case("an inline frame", "hold", lambda: page(f"<iframe srcdoc='{PROSE}'></iframe>")),
    Case(
        "a meta refresh",
        "hold",
        lambda: page("<p>You are being redirected.</p>", "<meta http-equiv=refresh content='0;url=/new'>"),
    ),
    Case("SVG text", "safe", lambda: page(f"<svg><text>{FIRST}</text></svg>")),
    Case("MathML text", "safe", lambda: page(f"<math><mtext>{FIRST}</mtext></math>")),
    Case("CDATA", "safe", lambda: story(f"<![CDATA[<p>{SECOND}</p>]]>")),
    Case("processing instructions", "publish", lambda: story("<?php echo 'x' ?><?import a>")),
    Case(
        "XHTML served as HTML",
        "publish",
        lambda: (
            '<?xml version="1.0" encoding="UTF-8"?>'
            + story().replace("<html", '<html xmlns="http://www.w3.org/1999/xhtml"')
        ),
    ),
    Case(
        "self-closing oddities",
        "safe",
        lambda: story("<div/><p/><script/>", "<br/></br></p></div></div></body></html>"),
    ),
    Case(
        "a base that leads astray",
        "publish",
        lambda: story(head="<base href='javascript:alert(1)//'><base target=x>"),
    ),
    Case(
        "markup in the title",
        "publish",
        lambda: story(head="<title></title><title><script>alert(1)</script></title>"),
    ),
    Case(
        "a huge JSON-LD",
        "publish",
        lambda: story(
            head='<script type="application/ld+json">'
            + json.dumps([{"@type": "NewsArticle", "headline": "Ferry to sail again"}] * 20_000)
            + "</script>"
        ),
    ),
    Case("a deep JSON-LD", "publish", lambda: story(head=_deep_json(50_000))),
    Case(
        "a broken JSON-LD",
        "publish",
        lambda: story(
            head='<script type="application/ld+json">{"@type": "NewsArticle", "headline": }</script>'
        ),
    ),
    Case(
        "a JSON-LD of odd kinds",
        "publish",
        lambda: story(
            head='<script type="application/ld+json">{"@type": ["NewsArticle", 7, null], "headline": {"a": 1}, "author": [[[]]], "datePublished": 1e999, "image": true, "keywords": {"x": []}}</script>'
        ),
    ),
    Case(
        "a JSON-LD with half a character",
        "hold",
        lambda: story(
            head='<script type="application/ld+json">{"@type": "NewsArticle", "articleSection": "\\ud83d", "keywords": "a\\u0000b"}</script>'
        ),
    ),
    # Walls.
    Case(
        "a consent wall",
        "hold",
        lambda: only(
            "<p>We and our 842 partners store and access information on your device, such as cookies, to show personalised advertising.</p><p>You can change your choice at any time in our privacy centre, which you find at the foot of every page.</p><button>Accept all</button>"
        ),
    ),
    Case(
        "a German consent wall",
        "hold",
        lambda: only(
            "<p>Wir und unsere 120 Partner verwenden auf dieser Seite Cookies, um Ihnen passende Anzeigen zu zeigen und die Nutzung zu messen.</p><p>Mit Werbung weiterlesen oder ein Abo ohne Werbung abschließen.</p>"
        ),
    ),
    Case(
        "a paywall with a teaser",
        "hold",
        lambda: page(
            f"<article><h1>Ferry to sail again</h1><p>{FIRST}</p><p>Subscribe to continue reading this story and all others of the Lindhaven Courier.</p></article>"
        ),
    ),
    Case(
        "a French paywall",
        "hold",
        lambda: page(
            "<article><h1>Le bac repart</h1><p>Le bac reprendra son service lundi, a annoncé vendredi la capitainerie de Port-Linden, si le temps le permet.</p><p>Cet article est réservé aux abonnés. Il vous reste 80 % de cet article à lire.</p></article>"
        ),
    ),
    Case(
        "a page that says it is not free",
        "hold",
        lambda: page(
            f"<article><h1>Ferry</h1><p>{FIRST}</p></article>",
            '<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":false}</script>',
        ),
    ),
    Case(
        "a robot check",
        "hold",
        lambda: only(
            "<p>Please verify that you are a human by completing the check below. This process is automatic and takes a few seconds.</p>"
        ),
    ),
    Case(
        "access denied",
        "hold",
        lambda: only(
            "<h2>Access denied</h2><p>You do not have permission to view this address on the server, reference number eighteen.</p>"
        ),
    ),
    Case(
        "please enable JavaScript",
        "hold",
        lambda: only(
            "<p>Please enable JavaScript in your browser to use this site, and then load the page again to see its content.</p>"
        ),
    ),
    Case(
        "a log-in page",
        "hold",
        lambda: only(
            "<p>Sign in with your account to manage newsletters, saved stories and the delivery of your printed paper.</p><form><input name=a><a href=/lost>Forgot your password?</a></form>"
        ),
    ),
    Case(
        "an error page with text",
        "hold",
        lambda: only(
            "<h1>404</h1><p>The page you are looking for could not be found. It may have been moved, or its address may have been mistyped.</p><p>You can go back to our front page or use the search to find what you were looking for.</p>"
        ),
    ),
    Case(
        "a server error",
        "hold",
        lambda: only(
            "<h1>Service unavailable</h1><p>The server is temporarily unable to answer your request because of maintenance; please try again later.</p>"
        ),
    ),
    Case(
        "menus and nothing else",
        "hold",
        lambda: page("<ul>" + "".join(f"<li><a href=/{n}>Section {n}</a></li>" for n in range(80)) + "</ul>"),
    ),
    Case(
        "a story about cookies",
        "publish",
        lambda: page(
            "<article><h1>Data office fines bakery portal</h1>"
            + "".join(
                f"<p>In step {word} of the procedure the office asked the portal why it says “We use cookies” on a page about bread, and the portal answered that its bakers had asked the same question before.</p>"
                for word in ("one", "two", "three", "four", "five", "six")
            )
            + "</article>"
        ),
    ),
    Case(
        "a whole story behind a banner",
        "publish",
        lambda: page(
            "<div class=banner><p>We use cookies. Accept all cookies.</p></div><article><h1>Ferry to sail again</h1>"
            + PROSE * 1
            + "".join(
                f"<p>Witness number {word} told the court that the gangway had been wet since the morning and that no rope was there to hold on to.</p>"
                for word in ("one", "two", "three", "four")
            )
            + "</article>"
        ),
    ),
    # Strings that a careless pattern would never finish with.
    Case("a run of spaces", "safe", lambda: story("", "<p>a" + " \u00a0" * 100_000 + "b</p>")),
    Case("a run of brackets", "safe", lambda: story("", "<p>" + "(" * 100_000 + "</p>")),
    Case("a run of digits", "safe", lambda: story("", "<p>" + "1" * 100_000 + "</p>")),
    Case("a run of labels", "safe", lambda: story("", "<p>" + "a:" * 50_000 + "</p>")),
    Case("a run of capitals", "safe", lambda: story("", "<p>" + "KI LL " * 30_000 + "</p>")),
    Case("a run of dashes and stars", "safe", lambda: story("", "<p>" + "-*" * 50_000 + "</p>")),
    Case(
        "a run of times and dates", "safe", lambda: story("", "<p>" + "12:30 3 March 2026, " * 5_000 + "</p>")
    ),
    Case("a run of addresses", "safe", lambda: story("", "<p>" + "http://a.example/" * 10_000 + "</p>")),
    Case("a run of ampersands", "safe", lambda: story("", "<p>" + "&amp;" * 50_000 + "&" * 50_000 + "</p>")),
    Case(
        "many short lines of figures",
        "safe",
        lambda: story("", "".join(f"<p>{n}:{n % 60:02d}</p>" for n in range(5_000))),
    ),
    Case(
        "many names in capitals",
        "safe",
        lambda: story("", "".join(f"<p>By Ana Duarte {n} and Li Wei</p>" for n in range(5_000))),
    ),
]
