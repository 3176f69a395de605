"""Texts, fields and attachments of mails, in whatever encoding."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sampling import number

from picasso.charset import encoding_by_label
from picasso.process.contract import Source
from picasso.process.processors.document import Document, encoded_words, mail

MAIL_PIECES = [
    *(b"\r\n", b"\n", b"--b", b"--", b"b", b" ", b";", b'"', b"=", b"\xcf\xf0", b"\0", "Ж".encode(), b"<p>&amp;"),
    *(
        b"Content-Type: multipart/mixed; boundary=b\r\n",
        b"Content-Type: text/html\r\n",
        b"Subject: =?utf-8?q?=D0?=\r\n",
    ),
    *(
        b"Content-Type: text/plain; charset=",
        b"koi8-r",
        b"filename*0*=utf-8''%D0",
        b"name*1=x",
        b"Content-Disposition: ",
    ),
    *(b"Content-Transfer-Encoding: base64\r\n", b"Content-Type: message/rfc822\r\n\r\n", b"=?x?b?///?=", b"name="),
]


def facts_and_text(folder: Path, content: bytes) -> tuple[dict[str, Any], str]:
    (folder / "original").write_bytes(content)
    result = Document()(Source(folder / "original", "message/rfc822"), folder)
    return dict(result.facts), (folder / "text.txt").read_text(encoding="utf-8")


def mail_of(body: bytes, *fields: bytes, subject: bytes = b"x") -> bytes:
    head = (b"From: a@example.org", b"To: b@example.org", b"Subject: " + subject, b"MIME-Version: 1.0", *fields)
    return b"\r\n".join((*head, b"", body))


PLAIN, HTML = b"Content-Type: text/plain", b"Content-Type: text/html"
RUSSIAN = "Добрый день, высылаю документы"

WINDOWS, QUOTED = PLAIN + b"; charset=windows-1251", b"Content-Transfer-Encoding: Quoted-Printable"
BASE64 = b"Content-Transfer-Encoding: base64"

PAGE = (
    "<p>1&nbsp;000&nbsp;&#8381; &amp; &laquo;Ж&raquo; &lt;a&gt;</p><table><tr><td>Я</td><td>Б</td></tr></table>"
    "<br>line<br>two<p>para</p>"
)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (mail_of(RUSSIAN.encode("cp1251"), PLAIN), RUSSIAN),
        (mail_of(RUSSIAN.encode("cp1251"), PLAIN + b"; charset=us-ascii"), RUSSIAN),
        (mail_of(RUSSIAN.encode("koi8-r"), PLAIN + b'; charset="KOI8-R"'), RUSSIAN),
        (mail_of(RUSSIAN.encode(), PLAIN), RUSSIAN),
        (mail_of(RUSSIAN.encode("cp1251").replace(b"\xf2", b"=F2"), WINDOWS, QUOTED), RUSSIAN),
        (mail_of(base64.encodebytes(RUSSIAN.encode("cp1251")), WINDOWS, BASE64), RUSSIAN),
        (mail_of(base64.b64encode(b"abcde").rstrip(b"=") + b"!", PLAIN, BASE64), "abcde"),
        (mail_of(b'<meta charset="windows-1251">' + "Это письмо".encode("cp1251"), HTML), "Это письмо"),
        (mail_of("<p>Это письмо".encode("koi8-r"), HTML + b"; charset=koi8-r"), "Это письмо"),
        (mail_of(PAGE.encode(), HTML + b"; charset=utf-8"), "1 000 ₽ & «Ж» <a>\nЯ\nБ\nline\ntwo\npara"),
    ],
)
def test_texts_are_decoded(content: bytes, expected: str) -> None:
    assert mail.read(content).text == expected


def test_fields_that_are_not_encoded(tmp_path: Path) -> None:
    subject, name = "Сырая тема".encode("cp1251"), "отчёт.pdf".encode("cp1251")
    attachment = b'--b\r\nContent-Type: application/pdf; name="' + name + b'"\r\n\r\nx\r\n--b--\r\n'
    body = (
        b"--b\r\nContent-Type: text/plain; charset=windows-1251\r\n\r\n"
        + RUSSIAN.encode("cp1251")
        + b"\r\n"
        + attachment
    )
    content = mail_of(body, b"Content-Type: multipart/mixed;\r\n boundary=b", subject=subject)
    facts, text = facts_and_text(tmp_path, content)
    assert (facts["subject"], facts["attachment_names"]) == ("Сырая тема", ["отчёт.pdf"])
    assert text.startswith("Subject: Сырая тема\n")
    assert text.endswith(f"\n\n{RUSSIAN}")
    assert facts_and_text(tmp_path, mail_of(b"", subject="Тема".encode()))[0]["subject"] == "Тема"


def test_one_of_several_forms_of_a_text_is_shown() -> None:
    forms = b"--c\r\n" + PLAIN + b"\r\n\r\nplain\r\n--c\r\n" + HTML + b"\r\n\r\n<p>html\r\n--c--\r\n"
    inner = b"Content-Type: message/rfc822\r\n\r\n" + mail_of(b"forwarded", PLAIN)
    unnamed = b"Content-Type: image/png\r\n\r\nx"
    encoded = b"Content-Type: text/plain; name==?utf-8?b?0LYudHh0?=\r\n\r\nx"
    parts = (b"Content-Type: multipart/alternative; boundary=c\r\n\r\n" + forms, inner, unnamed, encoded)
    body = b"before\r\n--b\r\n" + b"\r\n--b\r\n".join(parts) + b"\r\n--b--\r\nafter"
    found = mail.read(mail_of(body, b'Content-Type: multipart/mixed; boundary="b"'))
    assert found.text == "plain\n\nforwarded"
    assert found.attachments == ["", "ж.txt"]


def encoded(charset: str, content: bytes, coding: str) -> bytes:
    letters = base64.b64encode(content) if coding == "B" else b"".join(b"=%02X" % byte for byte in content)
    return b"=?%b?%b?%b?=" % (charset.encode(), coding.encode(), letters)


KANA, HANZI, TRADITIONAL, HANGUL = "テスト会議", "会议通知", "會議通知", "회의 안내"


@pytest.mark.parametrize("coding", ["B", "Q"])
@pytest.mark.parametrize(
    ("charset", "expected"),
    [
        *((each, KANA) for each in ("ISO-2022-JP", "iso-2022-jp-2", "Shift_JIS", "x-sjis", "EUC-JP", "Windows-31J")),
        *((each, HANZI) for each in ("GB2312", "gbk", "GB18030", "x-gbk", "HZ-GB-2312")),
        *((each, TRADITIONAL) for each in ("Big5", "Big5-HKSCS", "cn-big5")),
        *((each, HANGUL) for each in ("EUC-KR", "ISO-2022-KR", "ks_c_5601-1987", "johab", "windows-949")),
        *((each, RUSSIAN) for each in ("UTF-8", "utf-7", "utf-8*ru", "KOI8-R", "windows-1251", "x-mac-cyrillic")),
    ],
)
def test_encoded_words_of_all_charsets(tmp_path: Path, charset: str, expected: str, coding: str) -> None:
    python_name = encoding_by_label(charset.partition("*")[0])
    assert python_name
    halves = [expected[:2].encode(python_name), expected[2:].encode(python_name)]
    subject = b"\r\n ".join(encoded(charset, each, coding) for each in halves)
    content = mail_of(b"", b"Cc: Jo <jo@example.org>, " + subject + b" <c@example.org>", subject=subject)
    sender = b'From: "' + subject + b'" <a@example.org>'
    facts, text = facts_and_text(tmp_path, content.replace(b"From: a@example.org", sender))
    assert facts["subject"] == expected
    assert facts["from"] == f'"{expected}" <a@example.org>'
    assert facts["cc"] == ['"Jo" <jo@example.org>', f'"{expected}" <c@example.org>']
    assert text.startswith(f"Subject: {expected}\n")


@pytest.mark.parametrize("coding", ["B", "Q"])
@pytest.mark.parametrize("gap", [b" ", b"\r\n ", b"\n\t", b""])
@pytest.mark.parametrize(
    ("charset", "expected"),
    [("utf-8", "Отчёт за квартал"), ("gb2312", HANZI), ("shift_jis", KANA), ("big5", TRADITIONAL), ("euc-kr", HANGUL)],
)
def test_a_letter_split_over_two_encoded_words(
    tmp_path: Path, charset: str, expected: str, gap: bytes, coding: str
) -> None:
    content = expected.encode(charset)
    words = gap.join(encoded(charset, each, coding) for each in (content[:3], content[3:]))
    assert facts_and_text(tmp_path, mail_of(b"", subject=words))[0]["subject"] == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Re: =?utf-8?q?=D0=AF_?= =?koi8-r?Q?=D1?= x", "Re: Я я x"),
        ("=?utf-8?Q?What?_Why?=", "What? Why"),
        ("=?x-unknown?Q?plain?=", "plain"),
        ("=?utf-8?B?0K8?=", "Я"),
        ("=?utf-8?B?0K//?=", "Яÿ"),
        ("=?utf-8?X?a?= =?utf-8?Q?=D0=AF", "=?utf-8?X?a?= =?utf-8?Q?=D0=AF"),
        ("=?utf-8?Q??=", ""),
    ],
)
def test_encoded_words_as_mailers_write_them(written: str, expected: str) -> None:
    assert encoded_words.decode_words(written) == expected
    assert encoded_words.decode_words(encoded_words.words_as_utf8(written)) == expected


def test_an_encoded_word_ends_with_its_field_and_is_decoded_once(tmp_path: Path) -> None:
    inner = encoded("utf-8", b"=?utf-8?Q?a?=\r\nCc: x@example.org", "B")
    facts, _ = facts_and_text(tmp_path, mail_of(b"", subject=inner))
    assert (facts["subject"], facts["cc"]) == ("=?utf-8?Q?a?= Cc: x@example.org", [])


@given(st.lists(st.sampled_from(MAIL_PIECES), max_size=40))
@settings(max_examples=number(200, 50), deadline=None)
def test_any_mail_can_be_read(pieces: list[bytes]) -> None:
    found = mail.read(b"".join(pieces))
    assert isinstance(found.text, str)
