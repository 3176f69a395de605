"""Letters and properties of RTF."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sampling import number

from picasso.process.processors.document import rtf

RUSSIAN = "Добрый день, высылаю документы"

RTF_PIECES = [
    *(
        rb"{\rtf1",
        b"{",
        b"}",
        b"\\",
        rb"\'",
        b"cf",
        b"\xcf\xf0",
        "Ж".encode(),
        rb"\u",
        b"-5 ",
        b"1055",
        b"?",
        b"\0",
        b" ",
    ),
    *(
        rb"\fonttbl",
        rb"\f0",
        rb"\fcharset",
        b"204",
        b"128",
        rb"\*",
        rb"\ud",
        rb"\upr",
        rb"\info",
        rb"\title ",
        rb"\bin",
    ),
    *(
        rb"\ansicpg",
        b"1251",
        b"65001",
        rb"\uc",
        rb"\plain",
        rb"\creatim",
        rb"\yr",
        rb"\min",
        rb"\v",
        rb"\cell",
        b"\r\n",
    ),
]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset204 A;}}\f0 \'cf\'f0\'e8\par}", "При"),
        (rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset204 A;}}\'cf{\f1\'cf}\plain\'f0}", "ПÏр"),
        (rb"{\rtf1\ansi\ansicpg1251{\fonttbl{\f0\fcharset0 A;}}\f0 \'cf}", "П"),
        (rb"{\rtf1\ansi\ansicpg1251{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset204 A;}}\f0 \'e9\f1\'e9}", "éй"),
        (rb"{\rtf1\ansi\ansicpg1251 " + "Привет".encode("cp1251") + rb"\par}", "Привет"),
        (rb"{\rtf1\ansi " + RUSSIAN.encode("cp1251") + b"}", RUSSIAN),
        (rb"{\rtf1\ansi\ansicpg1252 " + RUSSIAN.encode() + b"}", RUSSIAN),
        (rb"{\rtf1\mac caf\'8e}", "café"),
        (rb"{\rtf1\ansi\ansicpg932 \'82\'a0\'83A}", "あア"),
        (rb"{\rtf1\uc1 \u1055\'cf\u-10179?\u-8704?{\uc2\u1078ab}{\uc0\u1080 x}}", "П😀жиx"),
        (rb"{\rtf1 {\b wo}rd {\f1 a}\~b\emdash c\line d\tab e}", "word a\u00a0b—c\nd\te"),
        (rb"{\rtf1 a\par b{\*\unknown no}{\stylesheet no}{\pict 0}{\header no}{\bin3 }}}}c\v no\v0 d}no", "a\n\nbcd"),
        (rb"{\rtf1 x{\footnote note}\trowd a\cell b\cell\row c\cell d\cell\row}", "xa\tb\nc\td\n\nnote"),
        (rb"{\rtf1 {\field{\*\fldinst LINK x}{\fldrslt link}}{\shp{\*\shpinst{\sp n}{\shptxt box}}}}", "linkbox"),
    ],
)  # fmt: skip
def test_letters_of_rtf(content: bytes, expected: str) -> None:
    assert rtf.read(content)[0] == expected


def test_the_properties_of_an_rtf() -> None:
    info = rb"{\info{\upr{\title ?}{\*\ud{\title \u1055?}}}{\operator B}"
    times = rb"{\creatim\yr2026\mo1\dy2}{\revtim\yr1}{\printim\yr9}}"
    assert rtf.read(rb"{\rtf1" + info + times + rb"{\*\generator Riched20 10;}x}") == (
        "x",
        {
            "title": "П",
            "modified_by": "B",
            "application": "Riched20 10",
            "created": "2026-01-02T00:00:00+00:00",
            "modified": "0001-01-01T00:00:00+00:00",
        },
    )


@given(st.lists(st.sampled_from(RTF_PIECES), max_size=60))
@settings(max_examples=number(200, 50), deadline=None)
def test_any_rtf_can_be_read(pieces: list[bytes]) -> None:
    assert isinstance(rtf.read(b"".join(pieces))[0], str)
