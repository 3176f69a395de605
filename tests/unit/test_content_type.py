"""The Content-Type of downloads: which types have a charset, and what it is called."""

from __future__ import annotations

import codecs
import encodings.aliases

import pytest

from picasso.charset import encoding_by_label
from picasso.web.content_type import charset_label, content_type, known_encoding

# The names of the Encoding Standard, section 4.2, and of IANA for those that it leaves out.
NAMES = {
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8",
    "ascii": "utf-8",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16le",
    "utf-16-be": "utf-16be",
    "utf-32": "utf-32",
    "cp1250": "windows-1250",
    "cp1251": "windows-1251",
    "cp1252": "windows-1252",
    "cp874": "windows-874",
    "cp866": "ibm866",
    "cp850": "ibm850",
    "cp932": "shift_jis",
    "cp949": "euc-kr",
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "iso8859-1": "iso-8859-1",
    "iso8859-15": "iso-8859-15",
    "mac-roman": "macintosh",
    "mac-cyrillic": "x-mac-cyrillic",
    "gb18030": "gb18030",
    "cp950": "big5",
    "iso2022_jp_2": "iso-2022-jp",
    "big5": "big5",
    "euc_jp": "euc-jp",
    "utf-7": None,
    "cp65001": None,
    "hex": None,
    "cp500": None,  # EBCDIC
    "cp037": None,
    "": None,
    "x\r\ny": None,
}


@pytest.mark.parametrize(("encoding", "label"), NAMES.items())
def test_what_an_encoding_is_called(encoding: str, label: str | None) -> None:
    assert charset_label(encoding) == label


def test_every_label_is_read_back_as_an_encoding_that_covers_it() -> None:
    found = {codecs.lookup(alias).name for alias in set(encodings.aliases.aliases.values()) - {"mbcs", "oem"}}
    labels = {encoding: label for encoding in found if (label := charset_label(encoding))}
    assert len(labels) > 50
    for encoding, label in labels.items():
        again = encoding_by_label(label)
        assert again, (encoding, label)
        if not encoding.startswith(("utf-16", "utf-32")):
            assert b"A text".decode(again) == b"A text".decode(encoding) == "A text", (encoding, label)


@pytest.mark.parametrize(
    ("media_type", "shown"),
    [
        ("text/plain", "text/plain; charset=windows-1251"),
        ("text/csv", "text/csv; charset=windows-1251"),
        ("text/x-python", "text/x-python; charset=windows-1251"),
        ("text/html", "application/octet-stream"),
        ("application/xhtml+xml", "application/octet-stream"),
        ("text/xml", "text/xml"),
        ("text/rtf", "text/rtf"),
        ("application/xml", "application/xml"),
        ("application/json", "application/json"),
        ("image/svg+xml", "image/svg+xml"),
        ("image/png", "image/png"),
    ],
)
def test_which_types_have_a_charset(media_type: str, shown: str) -> None:
    assert content_type(media_type, "cp1251") == shown


def test_text_of_an_unknown_encoding_has_none() -> None:
    assert content_type("text/plain", None) == "text/plain"


@pytest.mark.parametrize(
    ("facts", "encoding"),
    [
        ({}, None),
        ({"file": {}}, None),
        ({"file": {"charset": None}}, None),
        ({"file": {"charset": "utf-8"}}, "utf-8"),
        ({"file": {"charset": "utf-8"}, "text": {"encoding": "cp1251"}}, "cp1251"),
        ({"file": {"charset": "koi8-r"}, "text": {"encoding": None}}, "koi8-r"),
        ({"file": {"charset": "utf-8"}, "table": {"encoding": "cp1252"}}, "cp1252"),
        ({"file": {"charset": "unknown-8bit"}, "document": {"encoding": "cp1251", "encoding_sure": True}}, "cp1251"),
        ({"file": {"charset": "utf-8"}, "text": {"encoding": "mac-cyrillic", "encoding_sure": False}}, None),
        ({"text": "encoding"}, None),
        ({"text": {"encoding": 5}}, None),
    ],
)
def test_what_is_known_of_the_whole_file_comes_first(facts: dict[str, object], encoding: str | None) -> None:
    assert known_encoding(facts) == encoding
