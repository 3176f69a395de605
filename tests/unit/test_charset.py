# ruff: noqa: RUF001 (texts in many scripts have letters that look like Latin ones)
import io
import random
import re
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.charset.snippets import Snippet, phrases, snippets
from tests.cost import least_seconds
from tests.sampling import number

from picasso import charset
from picasso.charset import (
    Decoder,
    classify,
    declared_encoding,
    decode_bytes,
    decode_together,
    detect,
    detect_in_file,
    encoding_by_label,
    guess_encoding,
    repair_latin1,
)
from picasso.charset.wide import unmarked_encoding


def share_right(texts: Iterable[Snippet], languages: tuple[str, ...] = ()) -> float:
    right = [guess_right(snippet, languages) for snippet in texts]
    return sum(right) / len(right)


def guess_right(snippet: Snippet, languages: tuple[str, ...]) -> bool:
    guess = guess_encoding(snippet.content, languages)
    return guess is not None and snippet.content.decode(guess[0], "replace") == snippet.text


# The guess. docs/decisions has the same measure for other libraries.


def test_most_short_texts_of_all_languages_are_read_right() -> None:
    assert share_right(snippets(1_000)) >= 0.97


@pytest.mark.parametrize(("languages", "bar"), [((), 0.97), (("ru", "en"), 0.98)])
def test_nearly_all_short_texts_in_russian_are_read_right(languages: tuple[str, ...], bar: float) -> None:
    assert share_right(snippets(500, ("ru",), seed=2), languages) >= bar


def test_a_guess_that_is_sure_is_right() -> None:
    some = list(snippets(number(500, 200), seed=3))
    sure = [snippet for snippet in some if (guess_encoding(snippet.content, ()) or ("", False))[1]]
    assert len(sure) > 0.8 * len(some)
    assert share_right(sure) >= 0.99


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Привет, мир\n", "cp1251"),
        ('АКТ ВЫПОЛНЕННЫХ РАБОТ № 7\r\nЗАКАЗЧИК: ООО "РОМАШКА"\r\n', "cp1251"),
        ("Установка программы\r\n1. Запустите setup.exe\r\n", "cp1251"),
        ("id;name;qty\r\n1;Болт М8;10\r\n2;Гайка М8;20\r\n", "cp1251"),
        ("id;Товар\r\n1;Гвоздь\r\n2;Шуруп\r\n3;Болт\r\n", "cp1251"),
        ("Имя;Город\r\nИван;Москва\r\nПётр;Омск\r\n", "koi8-r"),
        ("ИМЯ;ГОРОД\r\nИВАН;МОСКВА\r\n", "koi8-r"),
        ("Отчёт_12.txt", "cp866"),
        ("Съешь же ещё этих мягких французских булок, да выпей чаю.", "iso8859-5"),
        ("Привіт, друже! Сьогодні чудовий день, і ми їдемо до моря.", "koi8-u"),
        ("Dzień dobry! Dziś jest piękny dzień i jedziemy nad morze. Żółw", "iso8859-2"),
        ("Jó napot! Ma gyönyörű nap van, és a tengerhez megyünk.", "cp1250"),
        ("Labas rytas! Šiandien graži diena, mes važiuojame prie jūros", "cp1257"),
        ("Bonjour à tous ! C'est une très belle journée et nous irons à la plage.", "mac-roman"),
        ("Die Größe beträgt 5 m.", "cp1252"),
        ("“Quotes” don’t make it Chinese", "cp1252"),
        ("吾輩は猫である。名前はまだ無い。", "cp932"),
        ("吾輩は猫である。名前はまだ無い。", "euc_jp"),
        ("我爱北京天安门,天安门上太阳升。", "gb18030"),
        ("我愛台灣，台灣的天氣很好。", "cp950"),
        ("안녕하세요, 오늘은 날씨가 좋습니다.", "cp949"),
        ("สวัสดีครับ วันนี้อากาศดีมาก", "cp874"),
        ("╔══════════╗\r\n║  Отчёт   ║\r\n╚══════════╝\r\n", "cp866"),
    ],
)
def test_a_text_in_an_older_encoding_is_read_right(text: str, encoding: str) -> None:
    for languages in ((), ("ru", "en")):
        guess = guess_encoding(text.encode(encoding), languages)
        assert guess is not None
        assert text.encode(encoding).decode(guess[0]) == text


def test_expected_languages_tip_the_scales() -> None:
    charset.prefer_languages(["ru"])
    try:
        assert guess_encoding(b"\xcc\xe8\xf0") == guess_encoding(b"\xcc\xe8\xf0", ["ru"])
        assert b"\xcc\xe8\xf0".decode((guess_encoding(b"\xcc\xe8\xf0") or ("ascii",))[0]) == "Мир"
    finally:
        charset.prefer_languages([])


def test_random_bytes_are_no_text(rng_bytes: bytes) -> None:
    guess = guess_encoding(rng_bytes, ())
    assert guess is None or not guess[1]


@pytest.fixture(params=range(5))
def rng_bytes(request: pytest.FixtureRequest) -> bytes:
    return random.Random(request.param).randbytes(1_000)


def test_what_follows_the_sample_speaks_against_an_encoding() -> None:
    """ISO 8859-2 and windows-1250 have the same letters in the first part."""
    text = "Jó napot kívánok, gyönyörű idő van. " * 20
    assert detect((text + "„Árvíz”").encode("cp1250")).name == "cp1250"


@pytest.mark.parametrize("unit", [b"\xff", b"\xe0 ", b"\x1b$B", b"<meta ", b"coding:", b"\0A", b" \t\xff", b"\x81\x30"])
def test_time_is_bounded(unit: bytes) -> None:
    content = unit * (131_072 // len(unit))
    charset.prepare_guessing()
    assert least_seconds(lambda: detect(content), 0.5) < 0.5


# Validity


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "ascii"),
        (b"a", "ascii"),
        ("Größe".encode(), "utf-8"),
        ("Größe".encode()[:-3], "utf-8"),
        (b"\xef\xbb\xbfa", "utf-8"),
        ("Größe".encode("utf-16"), "utf-16-le"),
        ("a".encode("utf-32"), "utf-32-le"),
        ("Привет".encode("cp1251"), "unknown-8bit"),
        (b"some\0thing", "utf-8"),
    ],
)
def test_the_first_bytes_are_classified(content: bytes, kind: str) -> None:
    assert classify(content) == kind


GREETINGS = (
    "Hi",
    "Привет, мир",
    "我爱北京，天安门上太阳升。\n",
    "吾輩は猫である。\N{IDEOGRAPHIC SPACE}名前はまだ無い。\r\n",
    "안녕 하세요",
    "Καλημέρα σας",
    "שלום עולם",
    "مرحبا بالعالم",
    "สวัสดี ชาวโลก",
    "Zażółć gęślą jaźń",
)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", GREETINGS)
def test_utf_16_and_32_are_known_without_a_mark(text: str, encoding: str) -> None:
    assert unmarked_encoding(text.encode(encoding)) == encoding
    assert decode_bytes(text.encode(encoding)).text == text


def test_other_data_is_not_utf_16() -> None:
    rng = random.Random(4)
    samples = [rng.randbytes(1_000) for _ in range(50)] + [
        bytes(rng.choices(b"\0\0\0\1\2\xff", k=500)) for _ in range(50)
    ]
    assert not any(map(unmarked_encoding, samples))


def test_iso_2022_is_ascii_with_escape_sequences() -> None:
    assert decode_bytes("こんにちは".encode("iso2022_jp")).text == "こんにちは"
    assert decode_bytes("안녕하세요".encode("iso2022_kr")).text == "안녕하세요"
    assert detect(b"\x1b[31mred\x1b[0m").name == "utf-8"


def test_one_wrong_byte_does_not_make_utf_8_another_encoding() -> None:
    found = decode_bytes("Größe und Höhe".encode() + b" \xfc")
    assert (found.encoding, found.text) == ("utf-8", "Größe und Höhe ü")


# Declarations


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        (b'<?xml version="1.0" encoding="windows-1251"?><a/>', "cp1251"),
        (b"<?xml version='1.0' encoding='KOI8-R' standalone='yes'?><a/>", "koi8-r"),
        (b'<?xml version="1.0" encoding="punycode"?><a/>', None),
        (b'<?xml version="1.0" encoding="UTF-16"?><a/>', "utf-8"),
        (b'<html><meta charset="koi8-r">', "koi8-r"),
        (b'<META HTTP-EQUIV=Content-Type CONTENT="text/html; charset=windows-1251">', "cp1251"),
        (b'<meta charset="iso-8859-1">', "cp1252"),
        (b"<p>charset=koi8-r</p>", None),
        (b"# -*- coding: cp1251 -*-\n", "cp1251"),
        (b"#!/usr/bin/python3\n# vim: set fileencoding=cp866 :\n", "cp866"),
        (b"\n\n\n# coding: cp866\n", "cp866"),
        (b"a\nb\n# coding: cp866\n", None),
        (b'print("coding: cp866")\n', None),
        (b'@charset "windows-1251";\n', "cp1251"),
        (b"Meet at the usual place, charset=cp866\n", None),
        (b"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=windows-1251:\xc8;\xc8\r\nEND:VCARD\r\n", "cp1251"),
        (b"BEGIN:VCALENDAR\r\nVERSION:1.0\r\nSUMMARY;LANGUAGE=ru;charset=koi8-r;X=1:a\r\n", "koi8-r"),
        (b"BEGIN:VCARD\r\nNOTE:a;CHARSET=koi8-r:b\r\n", None),
        (b'# Ru\nmsgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=koi8-r\\n"\n', "koi8-r"),
        (b'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=CHARSET\\n"\n', None),
        (b'"Content-Type: text/plain; charset=koi8-r\\n"\n', None),
        (b"\\documentclass{article}\n\\usepackage[cp1251]{inputenc}\n", "cp1251"),
        (b"\\documentclass{article}\n% \\usepackage[cp1251]{inputenc}\n", None),
    ],
)
def test_a_text_declares_its_encoding(head: bytes, encoding: str | None) -> None:
    assert declared_encoding(head) == encoding


def test_a_declaration_counts_unless_it_is_wrong() -> None:
    head = '<?xml version="1.0" encoding="{}"?>\n<Файл/>'
    assert detect(head.format("windows-1251").encode("cp1251")).evidence == "declaration"
    assert detect(head.format("utf-8").encode("cp1251")).name == "cp1251"


@pytest.mark.parametrize(
    ("label", "encoding"),
    [
        ("Windows-1251", "cp1251"),
        ("cp-866", None),
        ("ibm866", "cp866"),
        ("macintosh", "mac-roman"),
        ("x-mac-cyrillic", "mac-cyrillic"),
        ("gbk", "gb18030"),
        ("GB_2312-80", "gb18030"),
        ("ks_c_5601-1987", "cp949"),
        ("shift-jis", "cp932"),
        ("UTF8", "utf-8"),
        ("zip", None),
        ("idna", None),
        ("unicode_escape", None),
        ("../../etc/passwd", None),
        ("", None),
        ("x" * 1_000, None),
    ],
)
def test_labels_name_encodings_of_text_only(label: str, encoding: str | None) -> None:
    assert encoding_by_label(label) == encoding


# Nothing is lost


@given(st.binary(max_size=300))
@settings(max_examples=number(300, 75), deadline=None)
def test_any_bytes_become_text(content: bytes) -> None:
    found = decode_bytes(content)
    found.text.encode()
    if found.encoding is None or not found.encoding.startswith(("utf-16", "utf-32")):
        assert found.text.count("\ufffd") == content.count("\ufffd".encode())


@given(
    st.binary(max_size=60),
    st.sampled_from(["utf-8", "cp932", "gb18030", "big5hkscs", "cp949", "iso2022_jp_2", "cp874"]),
)
@settings(max_examples=number(300, 75), deadline=None)
def test_a_decoder_takes_any_bytes_in_pieces(content: bytes, encoding: str) -> None:
    pieces, whole = Decoder(encoding), Decoder(encoding)
    text = "".join(map(pieces.decode, (content[:9], content[9:]))) + pieces.decode(b"", final=True)
    text.encode()
    assert pieces.undecodable == 0 or text
    assert (whole.decode(content, final=True) == text) or encoding.startswith("iso2022")


def test_names_share_their_encoding() -> None:
    names = ["Отчёт.txt", "а.txt", "README", "Größe.txt"]
    contents = [name.encode("cp866") for name in names[:3]] + [names[3].encode()]
    assert decode_together(contents) == names


@pytest.mark.parametrize("text", ["Группа крови", "Отчёт", "Größe", "plain"])
def test_latin_1_that_is_something_else_is_repaired(text: str) -> None:
    encoding = "cp1252" if text == "Größe" else "cp1251"
    assert repair_latin1([text.encode(encoding).decode("latin-1")]) == [text]


def test_text_beyond_latin_1_needs_no_repair() -> None:
    assert repair_latin1(["Привет", "Ãðóïïà êðîâè"]) == ["Привет", "Группа крови"]


@pytest.mark.parametrize(
    "text", ["Motörhead", "Café del Mar", "Sigur Rós", "Ænima", "Björk", "Mötley Crüe", "Señorita"]
)
def test_latin_1_that_is_right_stays(text: str) -> None:
    assert repair_latin1([text]) == [text]


def test_the_encoding_of_a_file_is_found_after_its_ascii_beginning() -> None:
    file = io.BytesIO(b"plain text\n" * 50_000 + "Здравствуйте, это проверка.\n".encode("koi8-r"))
    assert detect_in_file(file).name == "koi8-r"


# The model


def test_the_model_covers_every_candidate_and_is_small() -> None:
    from importlib.resources import files

    from picasso.charset.candidates import EAST_ASIAN, ONE_BYTE
    from picasso.charset.model import character_costs, letters, pair_table

    for candidate in ONE_BYTE:
        for language in candidate.languages:
            assert len(set(letters(language))) == len(letters(language))
            assert len(pair_table(language)) == 2**16
    assert all(len(character_costs(language)) > 1_000 for each in EAST_ASIAN for language in each.languages)
    assert len(files("picasso.charset").joinpath("model.json").read_bytes()) < 300_000


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("naïve café", "cp1252"),
        ("just some words, and again some words. " * 200 + "café", "cp1252"),
        ("id;name\n1;Gérard\n2;José", "cp1252"),
        ("Да", "cp1251"),
        ("Привет", "cp866"),
        ("회의", "cp949"),
        ("Иван Иванов", "cp1251"),
    ],
)
def test_a_last_letter_is_no_character_of_utf_8_that_is_cut_off(text: str, encoding: str) -> None:
    content = text.encode(encoding)
    found = detect(content)
    assert content.decode(found.name or "") == text
    assert classify(content) == "unknown-8bit"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Итого: 5", "cp866"),
        ("id;Итого;5\n", "cp866"),
        ("«oui»", "mac-roman"),
        ("l’été", "mac-roman"),
        ("Счёт", "koi8-r"),
        ("ёлка", "cp866"),
        ("The committee discussed the budget of the next year. " * 5 + "20 °C, Å", "cp1252"),
        ("The committee discussed the budget of the next year. " * 5 + "½ cup", "cp1252"),
    ],
)
def test_characters_of_utf_8_by_chance_do_not_make_it_utf_8(text: str, encoding: str) -> None:
    content = text.encode(encoding)
    assert content.decode(detect(content).name or "") == text


@pytest.mark.parametrize("encoding", ["cp866", "koi8-r", "cp1251"])
@pytest.mark.parametrize(("words", "bar"), [(1, 0.93), (2, 0.98), (3, 0.99), (4, 0.99), (5, 0.99)])
def test_a_few_words_in_russian_are_read_right(encoding: str, words: int, bar: float) -> None:
    found = {text for phrase in phrases("ru") for text in re.findall(r"[^\W\d_]+", phrase) if not text.isascii()}
    rng = random.Random(5)
    texts = [" ".join(rng.choices(sorted(found), k=words)) for _ in range(100)]
    assert sum(decode_bytes(text.encode(encoding)).text == text for text in texts) >= bar * len(texts)


@pytest.mark.parametrize(
    "text", ["Das Löschen der größten Häuser", "Įveskite tinkamą laiką ąžuolui", "Малайский язык", "Δάνειο"]
)
def test_a_wrong_byte_within_a_few_characters_of_utf_8_is_damage(text: str) -> None:
    assert detect(text.encode() + b"\xff").name == "utf-8"


def test_new_emoji_and_private_characters_are_utf_8() -> None:
    assert detect("ok \U0001fae9".encode()).name == "utf-8"
    assert detect("Größe: \ue0b0".encode()).name == "utf-8"


def test_utf_8_that_is_cut_off_is_utf_8() -> None:
    for text in ("Отчёт за квартал", "naïve crème café"):
        assert detect(text.encode()[:-1]).name == "utf-8"
    assert detect("Привет, мир".encode() * 50 + b"\xff").name == "utf-8"
