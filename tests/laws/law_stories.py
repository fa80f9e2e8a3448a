"""Random stories that look like newsroom copy: prose, junk that the shipped rules know, and anything at all."""

from __future__ import annotations

from hypothesis import strategies as st

from cleaners.model import Raw

PROSE = [
    "The dredger came back to the estuary on Monday, nine years after it had left, and nobody was on the quay to see it.",
    "“We were told to wait,” said the harbour master, who had waited since the spring and meant to wait until the next.",
    "Der Bagger kam am Montag in die Mündung zurück, neun Jahre nachdem er sie verlassen hatte, und niemand stand am Kai.",
    "Der Hafenmeister sagte, man habe ihm nichts gesagt. Er habe gewartet und werde weiter warten, bis jemand anrufe.",
    "市は月曜日、九年ぶりに河口へ戻った浚渫船の写真を公開し、港の再開は来年の春になると発表した。",
]
SHORT = [
    "World",
    "A second step",
    "Not any more.",
    "Ferry returns to the estuary after nine years away",
    "By Marta Oyelaran",
    "3 March 2026",
    "Published: undefined",
    "Share this story",
    "Facebook",
    "Twitter",
    "Advertisement",
    "Read more",
    "READ MORE: Harbour town prepares for the last ferry",
    "Follow us on: Facebook, Twitter, Google News, Instagram",
    "The quay at dawn",
    "The quay at dawn  @harbourlens/X",
    "Marta Oyelaran/Reuters",
    "Photo: Marta Oyelaran",
    "Sign up for our daily newsletter",
    "Sign up",
    "Tags",
    "Correction: An earlier version of this story gave the wrong year.",
    "Share this storyPublished: undefined",
    "NaN",
    "{{ article.title }}",
    "© 2026 Harbour Post. All rights reserved.",
    "Newsletter",
]

line = st.one_of(
    st.sampled_from(PROSE),
    st.sampled_from(SHORT),
    st.sampled_from(SHORT).flatmap(lambda one: st.sampled_from(SHORT).map(lambda other: one + other)),
    st.text(
        st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\u2028\u2029"),
        min_size=1,
        max_size=60,
    ),
)
lines = (
    st.lists(line, min_size=1, max_size=14)
    .map(tuple)
    .filter(lambda content: any(character.isalnum() for text in content for character in text))
)


def raw_lines(content: tuple[str, ...], language: str | None = "en") -> Raw:
    return Raw(id="law", form="lines", content=content, language=language)


def raw_body(content: tuple[str, ...], language: str | None = "en") -> Raw:
    """A CMS body, a paragraph a line, with markup that must survive."""
    escaped = (text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for text in content)
    html = "\n".join(
        f'<p data-n="{number}">{text}</p><!-- {number} -->' for number, text in enumerate(escaped)
    )
    return Raw(
        id="law",
        form="body",
        content=f'<div class="body">{html}<iframe src="https://x.example/e"></iframe></div>',
        language=language,
    )
