# ruff: noqa: RUF001 - words of many alphabets
"""Prose stays plain text in every encoding; the formats of text are told in any."""

from __future__ import annotations

import pytest

from picasso.detection import UNKNOWN, Detection, Window, detect
from tests.cases import cases

PLAIN, CSV, TSV = "text/plain", "text/csv", "text/tab-separated-values"

ENGLISH = "Dear all,\n#include me in the list please.\nif (you) can { come }, tell me;\nint eresting!\n"
RUSSIAN = "Съешь ещё этих мягких французских булок, да выпей чаю.\nЕщё ты дремлешь, друг прелестный.\n"
CHINESE = "我爱北京天安门,天安门上太阳升。伟大领袖毛主席,指引我们向前进。\n" * 3
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\n" * 3
KOREAN = "모든 인간은 태어날 때부터 자유로우며, 그 존엄과 권리에 있어 동등하다.\n"
GREEK, HEBREW = "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία.\n", "דג סקרן שט בים מאוכזב ולפתע מצא חברה.\n"
ARABIC, THAI = "نص حكيم له سر قاطع وذو شأن عظيم.\n", "เป็นมนุษย์สุดประเสริฐเลิศคุณค่า\n"
POLISH, FRENCH = "Zażółć gęślą jaźń; pchnąć w tę łódź jeża.\n", "Voix ambiguë d’un cœur, qui au zéphyr préfère.\n"

PROSE = {
    ENGLISH: ("ascii",),
    RUSSIAN: ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic"),
    CHINESE: ("gb18030", "big5"),
    JAPANESE: ("shift-jis", "euc-jp", "iso-2022-jp"),
    KOREAN: ("euc-kr", "cp949"),
    GREEK: ("cp1253", "iso8859-7"),
    HEBREW: ("cp1255", "iso8859-8"),
    ARABIC: ("cp1256", "iso8859-6"),
    THAI: ("cp874", "tis-620"),
    POLISH: ("cp1250", "iso8859-2", "cp852"),
    FRENCH: ("cp1252", "iso8859-15", "mac-roman", "cp850"),
}
UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-32")
ENCODED = [(text, encoding) for text, encodings in PROSE.items() for encoding in (*encodings, *UNICODE)]
NAMES = [f"{text[:5]} {encoding}" for text, encoding in ENCODED]


def of(content: bytes, name: str = "") -> Detection:
    return detect(Window.of_bytes(content), name)


def encode(text: str, encoding: str) -> bytes:
    return text.encode(encoding, "ignore")


@cases(("text", "encoding"), ENCODED, ids=NAMES)
@cases("times", [1, 40])
def test_prose_is_plain_text(text: str, encoding: str, times: int) -> None:
    assert of(encode(text, encoding) * times).media_type == PLAIN
    assert of(encode(text, encoding) * times, "letter.txt").media_type == PLAIN


@cases(("text", "encoding"), ENCODED, ids=NAMES)
def test_one_line_and_one_word_are_plain_text(text: str, encoding: str) -> None:
    assert of(encode(text.partition("\n")[0], encoding)).media_type == PLAIN
    assert of(encode(text[:9], encoding)).media_type == PLAIN


@cases("text", [ENGLISH, RUSSIAN, GREEK, POLISH])
@cases("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_needs_no_mark(text: str, encoding: str) -> None:
    detected = of(text.encode(encoding))
    assert (detected.media_type, detected.charset) == (PLAIN, encoding)


NO_TABLES = {
    "a chat": "01.02.2024, 12:01 - Иван: сообщение 1\n02.02.2024, 12:02 - Иван: сообщение 2\n" * 3,
    "a chat of another phone": "[01.02.24, 12:01:00] Ivan: hello\n[02.02.24, 12:02:00] Petr: hello\n" * 3,
    "a log": "2024-01-01 10:00:00,120 INFO started worker 0\n2024-01-01 10:00:01,121 INFO started worker 1\n" * 3,
    "a log with semicolons": "2024-01-01 10:00:00; all is well\n2024-01-01 10:00:01; all is not\n" * 3,
    "sentences with a comma each": "The fox, the dog.\n" * 9,
    "sentences with commas and digits": "In 1999, we came.\nIn 2004, we went.\nIn 2010, we came back.\n",
    "sentences with semicolons": "He came; she saw.\nShe came; he saw.\nThey came; none saw.\n",
    "statements": "a = 1;\nb = 2;\nc = 3;\n",
    "statements with values": "import { a } from './b';\nexport type User = { id: number; name: string }\nf(1); g(2)\n",
    "calls": "f(a, b)\ng(c, d)\nh(e, f)\n",
    "calls without spaces": "f(a,b);\ng(c,d);\nh(e,f);\n",
    "indented lines": "\ta\n\tb\n\tc\n",
    "a recipe": "2 eggs, beaten\n1 cup milk, warm\n3 apples, peeled\n",
    "an address": "Ivanov, Ivan\nPetrov, Petr\nSidorov, Sidor\n",
    "Markdown's tables": "| a | b |\n| - | - |\n| 1 | 2 |\n",
    "a Makefile": "all:\tone\none:\ttwo\ntwo:\tthree\n",
    "hosts": "127.0.0.1\tlocalhost\n::1\tlocalhost\n10.0.0.1\thost\n",
    "a menu": "Home | About | Contact\nNews | Blog | Jobs\nHelp | Terms | Press\n",
    "assignments": "x, y = 1, 2\na, b = 3, 4\n",
    "two words": "Hello,world\nfoo,bar\n",
}


@cases("text", NO_TABLES.values(), ids=NO_TABLES)
@cases("encoding", ["utf-8", "utf-16", "cp1251"])
def test_no_tables(text: str, encoding: str) -> None:
    assert of(text.encode(encoding)).media_type == PLAIN
    assert of(text.encode(encoding), "messages.log").media_type == PLAIN


TABLES = {
    "commas": ("name,year,city\nGuernica,1937,Paris\nHarlequin,1917,Rome\n", CSV),
    "words alone": ("name,city\nIvan,Moscow\nPetr,Perm\nOlga,Omsk\n", CSV),
    "Russian words": ("имя,город\nИван,Москва\nПётр,Пермь\nОльга,Омск\n", CSV),
    "quotes": ('name,text\n"a","b, c"\n"d","e, f"\n', CSV),
    "numbers alone": ("1,2\n3,4\n5,6\n", CSV),
    "an index without a name": (",name,age\n0,Ivan,30\n1,Petr,40\n", CSV),
    "a name twice": ("name,value,value\nIvan,1,2\nPetr,3,4\n", CSV),
    "times": ("t,v\n2024-01-01T01:00:00+03:00,1\n2024-01-01T00:30:00+00:00,2\n", CSV),
    "phones": ("zip,phone\n01234,+79991234567\n00501,+79997654321\n", CSV),
    "comments": ("# exported\na,b\n1,2\n# a part\n3,4\n", CSV),
    "semicolons": ("a;b;c\n1;2;3\n4;5;6\n", CSV),
    "decimal commas": ("Имя;Цена;Дата\nБолт;1234,56;01.02.2026\nГайка;99,10;03.02.2026\n", CSV),
    "Excel's first line": ("sep=;\na;b\n1;2\n", CSV),
    "a sensor": ("time,temp\n" + "2024-01-01 10:00:00,1.5\n2024-01-01 10:00:01,2\n" * 5, CSV),
    "lines in quotes": (
        "Handle,Title,Body (HTML),Price\n" + 'a,A,"<p>One</p>\n<p>Two</p>\n<p>Three</p>",1.50\n' * 9,
        CSV,
    ),
    "two rows with semicolons": ("name;year\nGuernica;1937\n", CSV),
    "two rows with tabs": ("name\tyear\nGuernica\t1937\n", TSV),
    "bars": ("a|b|c\n1|2|3\n4|5|6\n", CSV),
    "tabs": ("name\tyear\nDora\t1937\nGuernica\t1937\n", TSV),
}


@cases(("text", "media_type"), TABLES.values(), ids=TABLES)
@cases("encoding", ["utf-8", "utf-16", "cp1251", "cp866"])
def test_tables(text: str, media_type: str, encoding: str) -> None:
    assert of(text.encode(encoding)).media_type == media_type


@pytest.mark.parametrize("text", ["a b c\n1 2 3\n4 5 6\n", "id\n1\n2\n", RUSSIAN])
def test_a_name_makes_a_table(text: str) -> None:
    detected = of(text.encode(), "a.csv")
    assert (detected.media_type, detected.detected_by) == (CSV, "name")


XML = '<?xml version="1.0" encoding="{}"?>\n<svg xmlns="http://www.w3.org/2000/svg"><text>Привет</text></svg>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1251", "koi8-r", "utf-16"])
def test_markup_in_any_encoding(encoding: str) -> None:
    assert of(XML.format(encoding).encode(encoding)).media_type == "image/svg+xml"
    page = "<!DOCTYPE html><html><title>Привет</title></html>"
    assert of(page.encode(encoding)).media_type == "text/html"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"<!--" + b" long" * 9_000 + b"-->\n<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        (b"<?xml version='1.0'?>\n" + b"<!-- a -->\n" * 400 + b"<rss version='2.0'/>", "application/rss+xml"),
        (b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c>d'>]><kml/>", "application/vnd.google-earth.kml+xml"),
        (b"<s:svg xmlns:s='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        (b"<records><record/></records>", "text/xml"),
        (b"<!-- XML --><records><record/></records>", "text/xml"),
        (b"<!-- HTML --><html><body>x</body></html>", "text/html"),
        ("<Файл><Имя/></Файл>".encode(), "text/xml"),
        ('<?xml version="1.0" encoding="windows-1251"?><Файл/>'.encode("cp1251"), "text/xml"),
        (b"<?xml version='1.0'?><!-- <!DOCTYPE html> --><r/>", "text/xml"),
        (b"<!-- <!DOCTYPE html> --><r/>", "text/xml"),
        (b"<?xml version='1.0'?><?a <!DOCTYPE html> ?><r/>", "text/xml"),
        (b"<?xml version='1.0'?><!DOCTYPE r [<!-- <!DOCTYPE html> -->]><r/>", "text/xml"),
        (b"<?xml version='1.0'?><!-- DocBook --><book/>", "text/xml"),
        (b"<!-- a --><!DOCTYPE html><r/>", "text/html"),
        (b"<p>Hello</p>\n", "text/html"),
        (b"<div>Hello</div>\n", "text/html"),
        (b"<3 you all, and more\n", PLAIN),
        (b"<Ivan> hello\n<Petr> hello\n", PLAIN),
        (b"<?php echo 1;", "text/x-php"),
    ],
)
def test_markup(content: bytes, media_type: str) -> None:
    assert of(content).media_type == media_type


@cases(
    ("content", "name", "media_type"),
    [
        (b"<div align=center>\n\n# A\n</div>\n", "README.md", "text/markdown"),
        (b"<template><p/></template>\n", "a.vue", "text/x-vue"),
        (b"<html><?php echo 1 ?></html>\n", "a.php", "text/x-php"),
        (b"<html><body/></html>\n", "a.jsp", "text/x-jsp"),
        (b"{}\n", "a.js", "text/javascript"),
        (b'{"a": 1}\n', "a.yaml", "application/yaml"),
        (b'{"a": 1}\n', "a.txt", "application/json"),
        (b"{a: 1}\n", "a.json", "application/json"),
        (b'{"a": 1}\n', "a.gltf", "model/gltf+json"),
        (b"#!/usr/bin/env node\nlet a: number = 1\n", "a.ts", "application/typescript"),
        (b'#!/bin/sh\n# the next line is for sh \\\nexec tclsh "$0" "$@"\n', "a.tcl", "text/x-tcl"),
        (b"#!/bin/sh\necho 1\n", "a.txt", "text/x-shellscript"),
        (b"#!/usr/bin/nobody-knows\necho 1\n", "a", PLAIN),
        (b"%PDF-1.4\n", "a.txt", "application/pdf"),
        (b"From: nobody knows\n", "a.txt", PLAIN),
        (b"Received: from a\n\tby b\nX-A: 1\nX-B: 2\n" + b"X-C: 3\n" * 900, "a.txt", "message/rfc822"),
        (b"Received: the goods, and\nall is well. We thank\nyou.\n", "a.txt", PLAIN),
        (b"words\n", "photo.jpg", PLAIN),
        (b"words\n", "a.pdb", PLAIN),
        (b"words\n", "a.cfg", PLAIN),
        (b"a(X) :- b(X).\n", "a.pl", "text/x-prolog"),
        (b"int main;\n", "A.C", "text/x-c"),
    ],
)
def test_the_name_and_the_content(content: bytes, name: str, media_type: str) -> None:
    assert of(content, name).media_type == media_type


@pytest.mark.parametrize(
    "content",
    [
        b"a",
        b"\n",
        b"Hello from DOS\r\n\x1a",
        b"Hello from CP/M\r\n" + b"\x1a" * 100,
        b"\x1b[31mred\x1b[0m\n",
        b"\x1b]0;title\x07$ ls\n" * 20,
        "a bell \x07\n".encode("utf-16"),
        b"N\x08NA\x08AM\x08ME\x08E\n",
        b"a form\x0c feed\n",
        "\ufeffwords".encode(),
        b"a log with one wrong \x01 character\n" * 1 + b"and many lines\n" * 40,
    ],
)
def test_control_characters_of_texts(content: bytes) -> None:
    assert of(content).media_type == PLAIN


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00",
        b"\x01\x02\x03",
        b"\0\1\2\3" * 9,
        b"words and a zero \0 byte\n" * 9,
        bytes(range(255, -1, -1)) * 4,
        b"\xff\xfe\x00\xd8",
        b"\xff" * 5000,
        b"\xff\xfe\x01\x00\x02\x00",
    ],
)
def test_no_texts(content: bytes) -> None:
    assert of(content).media_type in {UNKNOWN, "application/x-empty"}


@pytest.mark.parametrize(
    ("content", "charset"),
    [
        (b"words", "ascii"),
        ("слова".encode(), "utf-8"),
        ("слова".encode("cp1251"), None),
        ("слова".encode("utf-16"), "utf-16-le"),
        ("новые слова".encode("utf-16-be"), "utf-16-be"),
        (XML.format("windows-1251").encode("cp1251"), "cp1251"),
        ("# coding: koi8-r\n# слова\n".encode("koi8-r"), "koi8-r"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", None),
        (b"%PDF-1.4\n", None),
    ],
)
def test_the_charset_that_the_first_bytes_show(content: bytes, charset: str | None) -> None:
    assert of(content).charset == charset


def test_the_charset_of_a_long_text_may_show_later() -> None:
    content = b"words\n" * 30_000 + "слова".encode("cp1251")
    assert of(content).charset is None


PNG_START = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"

# Binary data stands behind their beginning.
MIXED = {
    "a page with a zero": (b"<!DOCTYPE html><html><body>a\0b</body></html>", "text/html"),
    "XML with wrong characters": (b"<?xml version='1.0'?><a>\3\4\5\1\2</a>", "text/xml"),
    "a mail": (b"Date: x\r\nSubject: x\r\nFrom: a@b.c\r\n\r\n" + PNG_START, "message/rfc822"),
    "a folder of mails": (b"From a@b.c Mon Jan  1 00:00:00 2024\nFrom: a@b.c\n\n" + PNG_START, "application/mbox"),
    "a contact": (b"BEGIN:VCARD\r\nVERSION:2.1\r\nPHOTO:" + PNG_START, "text/vcard"),
    "a script": (b"#!/bin/sh\nexit 0\n" + PNG_START, "text/x-shellscript"),
    "a PHP archive": (b"<?php __HALT_COMPILER(); ?>\r\n" + PNG_START, "text/x-php"),
    "a font": (b"%!PS-AdobeFont-1.0: A 1.0\n" + PNG_START, "application/x-font-type1"),
    "PostScript": (b"%!PS-Adobe-3.0\n" + PNG_START, "application/postscript"),
    "RTF": (b"{\\rtf1\\ansi{\\pict\\bin16 " + PNG_START + b"}}", "text/rtf"),
    "a web archive": (b"WARC/1.0\r\nWARC-Type: warcinfo\r\n\r\n" + PNG_START, "application/warc"),
    "a torrent": (b"d8:announce3:a:14:infod6:pieces20:" + PNG_START, "application/x-bittorrent"),
    "braces": (b'{"a": ' + PNG_START, UNKNOWN),
    "a number": (b"12\n" + PNG_START, UNKNOWN),
}


@pytest.mark.parametrize(("content", "media_type"), MIXED.values(), ids=MIXED)
def test_text_formats_with_binary_data(content: bytes, media_type: str) -> None:
    assert of(content).media_type == media_type
