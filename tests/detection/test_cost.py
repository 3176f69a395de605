"""What detection costs at most: some 20 ms of a core for any 64 KiB."""

from __future__ import annotations

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from picasso.detection import HEAD, Window, detect
from tests.cost import least_seconds
from tests.sampling import number

LIMIT = 0.02

# What rules search for, again and again, without its end.
PIECES = (
    *(
        b"<!---->",
        b"<?a?>",
        b"<!DOCTYPE a [",
        b"<!DOCTYPE a [>",
        b"<!DOCTYPE a>",
        b"<a ",
        b"<a b='",
        b'<a b="c" ',
        b"</a>",
    ),
    *(
        b"From: ",
        b"From: x\n",
        b"From a 00:00 ",
        b"1\n",
        b"Index: a\n",
        b"diff --git ",
        b"begin 644 a\n",
        b"dn:",
        b"%TF.",
    ),
    *(b'"', b"\t", b"a;", b"a;b\n", b"a,", b"a,b\n", b'"a,b\n', b"a|b|c\n", b"a\tb\n", b"sep=;\n", b"1,2", b"1:2:3"),
    *(b"[", b'{"a":', b"{", b"[1,", b'{"a":1}\n', b'"type":', b"\n", b" ", b"<", b"#\n", b"%\n", b"@article", b"G04 *"),
    *(
        b"#!/bin/sh\n",
        b"#!/usr/bin/env ",
        b"#!a -b ",
        b"User-agent: x\n",
        b"999\n1\n",
        b"subject=",
        b"P1 #\n",
        b"solid ",
    ),
    *(b"-----BEGIN ", b"BEGIN:VCALENDAR\n", b"[a:b]\n", b"{1}{2}", b"FORMAT=\n", b"\\begin", b"(a)\n", b"a(b) :- "),
    *(b"\xff", b"\x80\x81", "П".encode(), b"\0", b"\1", b"\0a", b"a\0", b"\0\n", b"\x1a", b"\x1e", b"\x1b[", b"\x7f"),
    *(b"PK\3\4", b"RIFF", b"ID3\4\0\0", b"\xff\xfb\x90\0", b"%PDF-1.4\n\0", b"MZ\0\0", b"\x7fELF", b"GIF89a\0"),
)
STARTS = (b"", b"\1", b"<!-- ", b'{"a":', b"\xff\xfe", b"<?xml ", b"\xef\xbb\xbf", b"#", b"From a@b 00:00 2024\n")


def cost(head: bytes, name: str, limit: float = LIMIT) -> float:
    """Seconds of CPU, for the longer one of a whole file and of the head of a larger one."""
    windows = Window(head, 10 * HEAD), Window.of_bytes(head)
    return max(least_seconds(lambda window=window: detect(window, name), limit) for window in windows)  # type: ignore[misc]


@pytest.mark.parametrize("piece", PIECES, ids=range(len(PIECES)))
def test_repeated_pieces(piece: bytes) -> None:
    for start in STARTS:
        head = (start + piece * (HEAD // len(piece)))[:HEAD]
        for name in ("", "a.csv", "a.m"):
            assert cost(head, name) < LIMIT, (start, piece, name)


def count_to_a_thousand() -> None:
    """Takes some 15 microseconds on an idle machine."""
    for _ in range(1000):
        pass


@pytest.mark.parametrize("encoding", ["ascii", "utf-8", "cp1250", "utf-16"])
def test_a_small_text_costs_little_more_than_counting_to_a_thousand(encoding: str) -> None:
    text = "Well, they came; and then they slept.\n" if encoding == "ascii" else "Zażółć; gęślą, jaźń.\n"
    content = (text * 60).encode(encoding)[:1024]
    # In turn, so that whatever else the machine does slows down both.
    pairs = [(cost(content, "a.txt", 0), least_seconds(count_to_a_thousand, 0)) for _ in range(20)]
    costs, counts = zip(*pairs, strict=True)
    # It takes 4 to 6 times as long; by the patterns of libmagic it took 60 times.
    assert min(costs) < 20 * min(counts)


def test_random_content() -> None:
    chance = random.Random(5)
    for alphabet in (
        bytes(range(256)),
        bytes(range(32, 256)),
        b"abc ,;\n\t<>{}[]\"'#%|=:-\\",
        b"\0a<\n",
        b"<!->[]?a \n",
    ):
        assert cost(bytes(chance.choices(alphabet, k=HEAD)), "a.csv") < LIMIT


@given(
    st.lists(st.sampled_from((*PIECES, *STARTS)) | st.binary(max_size=20), min_size=1, max_size=8),
    st.sampled_from(("", "a.csv", "a.xml", "a.pl", "a.ts", "robots.txt", "a.cfg")),
)
@example([b'{"a": ' + b"9" * 5000 + b"}"], "")
@example([b'"', b"\n", b","], "a.csv")
@settings(max_examples=number(150, 37), deadline=None)
def test_any_mixture(parts: list[bytes], name: str) -> None:
    whole = b"".join(parts)
    head = (whole * (HEAD // max(1, len(whole)) + 1))[:HEAD]
    assert cost(head, name) < LIMIT
