"""Bytes in, the right letters out, or a hold: never garbled copy. All texts are invented."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaners.model import Raw, Story
from cleaners.read import UnreadableStory, read
from cleaners.read.charset import codec_of, declared, detected
from cleaners.read.decode import decode

TEXTS = {
    "de": "Die Fähre nach Möwenhafen fährt ab Montag wieder, teilte die Reederei mit. Während der Überfahrt müssen die Gäste an Bord "
    "bleiben. Die Schäden seien größtenteils behoben, sagte Kapitänin Käthe Süßmilch.",
    "fr": "Le bac reprendra son service lundi, a annoncé la capitainerie. Les dégâts ont été réparés, a déclaré Hélène Forêt, maîtresse "
    "du port. L'été dernier, près de mille élèves avaient traversé le détroit à pied, très tôt le matin.",
    "ru": "Паром снова пойдёт в понедельник, сообщила капитан порта Зоя Берегова. По её словам, повреждения устранены, и пассажиры "
    "могут вернуться на пристань к девяти часам утра.",
    "uk": "Пором знову вийде в море у понеділок, повідомила капітанка порту Їванна Ґалаган. За її словами, пошкодження усунено, і "
    "пасажири можуть повернутися на пристань.",
    "ja": "フェリーは月曜日に運航を再開すると、港長の浜田さくらさんが発表した。損傷は修理され、乗客は午前九時に桟橋へ戻ることができるという。",
    "ko": "여객선이 월요일부터 다시 운항한다고 항만장이 밝혔다. 파손된 부분은 수리되었으며 승객들은 오전 아홉 시까지 부두로 돌아오면 된다.",
    "zh": "港口负责人宣布，渡轮将于星期一恢复航行。受损部分已经修好，乘客可以在上午九点回到码头。去年有一千多名学生乘船过海。",
    "zh-TW": "港口負責人宣布，渡輪將於星期一恢復航行。受損部分已經修好，乘客可以在上午九點回到碼頭。去年有一千多名學生乘船過海。",
    "pl": "Prom znów wypłynie w poniedziałek, ogłosiła kapitan portu Żaneta Śliwińska. Szkody zostały usunięte, a pasażerowie mogą wrócić na "
    "nabrzeże o dziewiątej. Zeszłego lata przeprawiło się tysiąc uczniów.",
    "cs": "Přívoz znovu vypluje v pondělí, oznámila správkyně přístavu Žofie Černá. Škody byly odstraněny a cestující se mohou vrátit na "
    "nábřeží v devět hodin ráno.",
    "hu": "A komp hétfőn újra közlekedik, közölte Szőke Tünde kikötőkapitány. A károkat kijavították, az utasok reggel kilenckor térhetnek "
    "vissza a mólóra. Tavaly nyáron ezer diák kelt át.",
    "tr": "Vapur pazartesi günü yeniden sefere başlayacak, liman müdürü Şükran Yıldız açıkladı. Hasarlar giderildi, yolcular saat dokuzda "
    "iskeleye dönebilir. Geçen yıl bin öğrenci karşıya geçmişti.",
    "el": "Το πλοίο θα ταξιδέψει ξανά τη Δευτέρα, ανακοίνωσε η λιμενάρχης. Οι ζημιές αποκαταστάθηκαν και οι επιβάτες μπορούν να επιστρέψουν "
    "στην αποβάθρα στις εννέα το πρωί.",
    "he": "המעבורת תחזור להפליג ביום שני, הודיעה מנהלת הנמל. הנזקים תוקנו והנוסעים יכולים לחזור לרציף בתשע בבוקר.",
    "ar": "ستعود العبّارة إلى الإبحار يوم الاثنين، كما أعلنت مديرة الميناء. وقد أُصلحت الأضرار ويمكن للركاب العودة إلى الرصيف في التاسعة صباحا.",
    "th": "เรือข้ามฟากจะกลับมาแล่นอีกครั้งในวันจันทร์ นายท่าเรือประกาศ ความเสียหายได้รับการซ่อมแซมแล้ว ผู้โดยสารกลับมาที่ท่าเรือได้ตอนเก้าโมงเช้า",
}
ENCODED = [
    *(("de", "windows-1252"), ("de", "iso-8859-1"), ("fr", "iso-8859-1"), ("fr", "windows-1252")),
    *(
        ("ru", "windows-1251"),
        ("ru", "koi8-r"),
        ("ru", "iso-8859-5"),
        ("ru", "ibm866"),
        ("ru", "x-mac-cyrillic"),
    ),
    *(("uk", "windows-1251"), ("uk", "koi8-u"), ("ja", "shift_jis"), ("ja", "euc-jp"), ("ja", "iso-2022-jp")),
    *(("ko", "euc-kr"), ("zh", "gb2312"), ("zh", "gb18030"), ("zh-TW", "big5")),
    *(("pl", "iso-8859-2"), ("pl", "windows-1250"), ("cs", "iso-8859-2"), ("cs", "windows-1250")),
    *(("hu", "iso-8859-2"), ("tr", "windows-1254"), ("el", "windows-1253"), ("he", "windows-1255")),
    *(("ar", "windows-1256"), ("th", "windows-874")),
]


def page(language: str, codec: str, head: str = "") -> bytes:
    text = TEXTS[language]
    return (
        f"<!doctype html><html><head>{head}<title>{text[:30]}</title></head><body><nav><a href=/>Home</a></nav>"
        f"<article><h1>{text[:30]}</h1><p>{text}</p><p>{text}</p></article><footer>Copyright Example</footer></body></html>"
    ).encode(codec)


def read_bytes(content: bytes, encoding: str | None = None) -> Story:
    return read(Raw("e", "page", content, encoding=encoding))


@pytest.mark.parametrize(("language", "label"), ENCODED)
def test_a_page_that_names_no_encoding_is_read_right(language: str, label: str) -> None:
    story = read_bytes(page(language, str(codec_of(label))))
    assert TEXTS[language] in story.text
    assert story.problems == ()


@pytest.mark.parametrize(("language", "label"), ENCODED)
@pytest.mark.parametrize(
    "head",
    [
        '<meta charset="{}">',
        "<META HTTP-EQUIV=Content-Type CONTENT='text/html; charset={}'>",
        '<meta content="text/html;charset={}" http-equiv="content-type">',
    ],
)
def test_a_page_that_names_its_encoding_is_read_in_it(language: str, label: str, head: str) -> None:
    story = read_bytes(page(language, str(codec_of(label)), head.format(label)))
    assert TEXTS[language] in story.text
    assert story.problems == ()


@pytest.mark.parametrize(("language", "label"), ENCODED)
def test_the_transport_names_the_encoding_and_goes_before_the_page(language: str, label: str) -> None:
    wrong = "windows-1251" if label != "windows-1251" else "big5"
    story = read_bytes(page(language, str(codec_of(label)), f"<meta charset={wrong}>"), label.upper())
    assert TEXTS[language] in story.text
    assert story.problems == ()


@pytest.mark.parametrize(
    "codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-32", "utf-8-sig"]
)
@pytest.mark.parametrize("language", ["de", "ja"])
def test_unicode_with_and_without_a_mark(language: str, codec: str) -> None:
    for encoding in (None, "windows-1252"):
        story = read_bytes(page(language, codec, "<meta charset=latin1>"), encoding)
        assert TEXTS[language] in story.text
        assert story.problems == ()


@pytest.mark.parametrize(
    "claimed", ["iso-8859-1", "windows-1251", "big5", "utf-16", "x-user-defined", "ascii", "none-such"]
)
def test_utf_8_is_known_whatever_the_page_claims(claimed: str) -> None:
    for language in TEXTS:
        assert TEXTS[language] in decode(page(language, "utf-8", f"<meta charset={claimed}>"), claimed).text


@pytest.mark.parametrize(
    ("language", "label", "claimed"),
    [
        ("ru", "windows-1251", "iso-8859-1"),
        ("ru", "koi8-r", "windows-1251"),
        ("pl", "iso-8859-2", "iso-8859-1"),
        ("cs", "windows-1250", "windows-1252"),
        ("ja", "shift_jis", "iso-8859-1"),
        ("ja", "shift_jis", "utf-8"),
        ("ko", "euc-kr", "latin1"),
        ("zh-TW", "big5", "gb2312"),
        ("zh", "gb2312", "big5"),
        ("el", "windows-1253", "windows-1252"),
        ("he", "windows-1255", "iso-8859-1"),
        ("de", "windows-1252", "utf-8"),
        ("fr", "iso-8859-1", "koi8-r"),
    ],
)
def test_a_page_in_another_encoding_than_it_names_is_read_right_or_held(
    language: str, label: str, claimed: str
) -> None:
    content = page(language, str(codec_of(label)), f"<meta charset={claimed}>")
    for told in (content, page(language, str(codec_of(label)))):
        story = read_bytes(told, claimed)
        assert TEXTS[language] in story.text or story.problems


@pytest.mark.parametrize(("language", "label"), ENCODED)
def test_what_is_sure_is_right(language: str, label: str) -> None:
    """Parts of sentences: few letters to tell an encoding by. Which encoding they are in may be unsure, but not wrong.

    In CI all parts of up to 120 letters, of which there are hundreds or a few thousand: to draw them took longer than to try them.
    """
    sentence, codec = TEXTS[language], str(codec_of(label))
    parts = sorted({sentence[start : start + length] for start in range(61) for length in range(20, 121)})
    for part in parts[:: 1 if os.environ.get("CI") == "true" else 25]:
        text = f"<p>{part}</p>"
        content = text.encode(codec)
        guess = detected(content)
        if guess.sure:
            assert content.decode(guess.codec) == text


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        *(
            ("latin1", "sloppy-windows-1252"),
            ("ISO-8859-1", "sloppy-windows-1252"),
            ("us-ascii", "sloppy-windows-1252"),
        ),
        *(
            ("iso-8859-9", "sloppy-windows-1254"),
            ("tis-620", "cp874"),
            ("gb2312", "gb18030"),
            ("x-gbk", "gb18030"),
        ),
        *(
            ("ks_c_5601-1987", "cp949"),
            ("x-sjis", "cp932"),
            ("big5-hkscs", "big5hkscs"),
            ("unicode-1-1-utf-8", "utf-8"),
        ),
        *(("iso-8859-8-i", "iso8859-8"), ("x-user-defined", "x-user-defined"), (" utf8\t", "utf-8")),
        *(
            ("utf-7", None),
            ("base64", None),
            ("unicode_escape", None),
            ("iso-2022-kr", None),
            ("", None),
            (None, None),
        ),
    ],
)
def test_labels_are_those_of_the_standard(label: str | None, codec: str | None) -> None:
    assert codec_of(label) == codec


@pytest.mark.parametrize(
    ("head", "codec"),
    [
        (b"<meta charset=koi8-r>", "koi8-r"),
        (b"<meta charset='koi8-r'/>", "koi8-r"),
        (b"<!-- <meta charset=big5> --><meta charset=koi8-r>", "koi8-r"),
        (b"<!-- > <meta charset=big5>", None),
        (b'<meta name=x content="text/html; charset=big5"><meta charset=koi8-r>', "koi8-r"),
        (b'<meta content="text/html; charset=big5">', None),
        (b'<meta http-equiv=refresh content="0; charset=big5">', None),
        (b'<a title="<meta charset=big5>"><meta charset=koi8-r>', "koi8-r"),
        (b"<meta charset=none-such><meta charset=koi8-r>", "koi8-r"),
        (b"<metadata charset=big5><meta charset=koi8-r>", "koi8-r"),
        (b'<?xml version="1.0" encoding="koi8-r"?><html>', "koi8-r"),
        (b"<meta charset=utf-16>", "utf-8"),
        (b"<meta charset=x-user-defined>", "sloppy-windows-1252"),
        (b"<meta charset=unicode_escape>", None),
        (b"<meta charset=koi8-r charset=big5>", "koi8-r"),
        (b" " * 5_000 + b"<meta charset=koi8-r>", None),
        (b"<meta " * 600 + b"charset=koi8-r", None),
    ],
)
def test_the_prescan_is_that_of_the_standard(head: bytes, codec: str | None) -> None:
    assert declared(head) == codec


def test_a_lost_character_in_the_story_holds_and_its_place_is_named() -> None:
    broken = page("de", "utf-8").replace("Süßmilch".encode(), "Sü\ufffdmilch".encode(), 2)
    problems = read_bytes(broken).problems
    assert any(
        "block 1 holds a character that was lost" in one and "“…e Kapitänin Käthe Sü\ufffdmilch.”" in one
        for one in problems
    )


def test_a_lost_character_beside_the_story_does_not_hold() -> None:
    broken = page("de", "utf-8", "<script>var a = '\ufffd'</script>").replace(
        b"Copyright", b"\xff Copyright <!-- \xc3 -->"
    )
    story = read_bytes(broken)
    assert TEXTS["de"] in story.text
    assert story.problems == ()


@pytest.mark.parametrize("form", ["page", "body", "text"])
def test_mojibake_is_mended_and_recorded_or_holds(form: str) -> None:
    text = TEXTS["ru"]
    once = f"<p>{text}</p><p>{text}</p>".encode().decode("cp1252", "ignore" if form == "none" else "replace")
    story = read(Raw("m", form, f"<html><body>{once}</body></html>" if form == "page" else once))  # type: ignore[arg-type]
    assert any("garbled" in one or "lost" in one for one in story.problems)
    mended = read(
        Raw(
            "m",
            form,
            f"<html><body><article><p>{'GrÃ¶ÃŸe der FÃ¤hre, sagte die Kapitänin am Montag der Zeitung. ' * 3}</p></article></body></html>"
            if form == "page"
            else "GrÃ¶ÃŸe der FÃ¤hre",
        )
    )  # type: ignore[arg-type]
    assert "Größe der Fähre" in mended.text
    assert mended.problems == ()
    assert {note.what for note in mended.repairs} == {"mojibake"}


def test_latin_that_was_cyrillic_holds() -> None:
    story = read(Raw("m", "text", TEXTS["ru"].encode("cp1251").decode("latin-1")))
    assert "block 0 looks garbled" in story.problems[0]


def test_a_mangled_headline_is_mended_and_recorded() -> None:
    head = "<meta property='og:title' content='Die GrÃ¶ÃŸe der FÃ¤hre'>"
    story = read_bytes(page("de", "utf-8", head).replace(b"<h1>", b"<h1 hidden>"))
    assert "Ã" not in str(story.fields.headline)


@pytest.mark.parametrize(
    "content",
    [
        b"\x7fELF\x02\x01\x01" + bytes(60),
        bytes(range(256)) * 20,
        b"\x00" * 5_000,
        b"RIFF\x10\x00\x00\x00WEBPVP8 " + bytes(range(32)) * 30,
    ],
)
def test_bytes_that_are_no_text_say_so(content: bytes) -> None:
    with pytest.raises(UnreadableStory, match="story e: th"):
        read_bytes(content)


@given(
    st.binary(max_size=300),
    st.none() | st.sampled_from(["utf-8", "big5", "x-user-defined", "utf-16", "koi8-r", "none-such"]),
)
def test_any_bytes_are_decoded_or_refused(content: bytes, encoding: str | None) -> None:
    try:
        decoded = decode(content, encoding)
    except UnreadableStory:
        return
    assert decode(content, encoding) == decoded
