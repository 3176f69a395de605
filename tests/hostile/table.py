"""Tables that cost as much as possible."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tests.contract.samples import table as small
from tests.hostile import flipped, truncated

CSV, TSV, NDJSON = "text/csv", "text/tab-separated-values", "application/x-ndjson"
PARQUET = "application/vnd.apache.parquet"

MILLION = 1_000_000

Files = Iterator[tuple[str, str, bytes]]


def files() -> Files:
    yield from damaged()
    yield from delimited()
    yield from json_lines()
    yield from parquet()


def damaged() -> Files:
    for media_type, content in small.samples():
        yield from truncated(media_type, media_type, content)
        yield from flipped(media_type, media_type, content)


def delimited() -> Files:
    yield "nothing", CSV, b""
    yield "only newlines", CSV, b"\n" * MILLION
    yield "only quotes", CSV, b'"' * (2 * MILLION + 1)
    yield "only delimiters", CSV, b"," * 2 * MILLION
    yield "only marks", CSV, b"\xef\xbb\xbf" * (MILLION // 2)
    yield "only zeros", CSV, bytes(MILLION)
    yield "one line", CSV, b"a" * 3 * MILLION
    yield "100,000 columns", CSV, b",".join(b"c%d" % n for n in range(100_000)) + b"\n" + b"1," * 99_999 + b"1\n"
    yield (
        "10,000 columns, ten rows",
        CSV,
        (b",".join(b"c%d" % n for n in range(10_000)) + b"\n") + (b"1," * 9_999 + b"1\n") * 10,
    )
    yield "a quote that is never closed", CSV, b'a,b\nx,"' + b"y,z\n" * (MILLION // 2)
    yield "quotes everywhere", CSV, b'a,b\n"x"y"z,"\n' * (MILLION // 20)
    yield "ragged", CSV, b"\n".join(b"1," * (n % 100) + b"2" for n in range(20_000))
    yield "rows of 100 kilobytes", CSV, b"a,b\n" + (b"x" * 100_000 + b",y\n") * 19
    yield "zeros within", CSV, b"a,b\n" + b"1\0,\0\0\n" * 100_000
    yield "all carriage returns", CSV, b"a,b\r" * 300_000
    yield "numbers beyond all types", CSV, b"a\n" + b"9" * 5_000 + b"\n1e999\n-1e999\nnan\n"
    yield "dates beyond all calendars", CSV, b"a\n" + b"99999-01-01\n290000-12-31\n-5000-01-01\n" * 10
    yield "formulas", CSV, b'=cmd|"/c calc"!A1,@SUM(1),+1\n' * 100
    yield "names of SQL", CSV, b'a\'); DROP TABLE x; --,"b""",c\\\n1,2,3\n'
    yield "no table at all", CSV, bytes((n * 7919 >> 3) % 256 for n in range(300_000))
    yield "not even tabs", TSV, b"\xff\xfe\x00" * 10_000
    yield "only comments", CSV, b"# x, y\n" * 200_000
    yield "a title and no end of empty rows", CSV, b"x\n" + b",,,\n" * 300_000
    yield "the longest delimiter line", CSV, b"sep=" + b";" * MILLION
    yield "a log of one line", CSV, b"[01.02.2024, 12:01:05] " + b"x, " * 600_000
    yield "numbers of blanks and commas", CSV, b"a;b\n" + (b" 1," * 30 + b";" + b"1 " * 40 + b"\n") * 5_000
    yield "dates that may be anything", CSV, b"a;b\n" + b"01/02/03;01-02-2003 1:02 pm\n" * 100_000
    yield "half a character", CSV, ("a,b\n" * 1000).encode("utf-16")[:-1]


def json_lines() -> Files:
    yield "deep nesting", NDJSON, b"[" * MILLION + b"\n"
    yield "deep nesting in a member", NDJSON, (b'{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}\n") * 50
    yield "20,000 members", NDJSON, b"{" + b",".join(b'"k%d":%d' % (n, n) for n in range(20_000)) + b"}\n"
    yield "new members on each line", NDJSON, b"".join(b'{"k%d":1}\n' % n for n in range(50_000))
    yield (
        "10,000 names that differ in case",
        NDJSON,
        (b"{" + b",".join(b'"%s%d":1' % (letter, n) for n in range(5_000) for letter in (b"a", b"A")) + b"}\n") * 5,
    )
    yield "names that differ in case", NDJSON, b'{"":0,"a":1,"A":2,"a":3}\n' * 100
    yield "surrogates and zeros", NDJSON, b'{"\\ud800":"\\u0000","a\\u0000":"\\udfff"}\n' * 100
    yield "names of SQL", NDJSON, b'{"a\'); --":1,"b\\"":2}\n'
    yield "no objects", NDJSON, b'12\n[1]\n"a"\nnull\n' * 1_000
    yield "an object over lines", NDJSON, b'{\n"a":1\n}\n' * 1_000
    yield "a string that is never closed", NDJSON, b'{"a":"' + b"x" * MILLION


def parquet() -> Files:
    whole = small.parquet(1_000)
    footer = struct.unpack("<I", whole[-8:-4])[0]
    for length in (0, 1, footer - 1, footer + 1, len(whole), 2**31, 2**32 - 1):
        yield f"a footer of {length} bytes", PARQUET, whole[:-8] + struct.pack("<I", length) + b"PAR1"
    yield "encrypted", PARQUET, b"PARE" + whole[4:-4] + b"PARE"
    yield "only magic", PARQUET, b"PAR1PAR1"
    start = len(whole) - 8 - footer
    for place in range(start, len(whole) - 8, max(1, footer // 40)):
        lying = bytearray(whole)
        lying[place : place + 5] = b"\xff\xff\xff\xff\x7f"
        yield f"a number that lies at {place}", PARQUET, bytes(lying[:-8]) + whole[-8:]
