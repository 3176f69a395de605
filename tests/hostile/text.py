"""Texts, JSON and XML that cost as much as possible."""

from __future__ import annotations

from collections.abc import Iterator

from tests.contract.samples import text as small
from tests.hostile import flipped, truncated

TEXT, JSON, XML = "text/plain", "application/json", "text/xml"

MILLION = 1_000_000

Files = Iterator[tuple[str, str, bytes]]


def files() -> Files:
    for media_type, content in small.samples():
        yield from truncated(media_type, media_type, content)
        yield from flipped(media_type, media_type, content)
    yield from texts()
    yield from json()
    yield from xml()


def texts() -> Files:
    yield "only marks", TEXT, b"\xef\xbb\xbf" * (MILLION // 2)
    yield "only marks of UTF-16", TEXT, b"\xff\xfe" * (MILLION // 2)
    yield "only marks of UTF-32", TEXT, b"\xff\xfe\0\0" * (MILLION // 4)
    yield "lone surrogates in UTF-16", TEXT, b"\xff\xfe" + b"\x00\xd8" * (MILLION // 2)
    yield "one line", TEXT, b"a" * 2 * MILLION
    yield "only carriage returns", TEXT, b"\r" * 2 * MILLION
    yield "only newlines", TEXT, b"\n" * 2 * MILLION
    yield "only zeros", TEXT, bytes(2 * MILLION)
    yield "what is in no encoding", TEXT, b"\xff\x81\x8d\x98" * (MILLION // 4)
    yield "half of each character", TEXT, b"\xe2\x82" * (MILLION // 2)


def json() -> Files:
    yield "nesting", JSON, b"[" * MILLION + b"]" * MILLION
    yield "nesting of objects", JSON, b'{"a":' * (MILLION // 4) + b"1" + b"}" * (MILLION // 4)
    yield "nesting without end", JSON, b"[" * MILLION
    yield "a number of a million digits", JSON, b"[" + b"9" * MILLION + b"]"
    yield "an exponent of a million digits", JSON, b"[1e" + b"9" * MILLION + b"]"
    yield "many keys", JSON, b"{" + b",".join(b'"%d":0' % n for n in range(150_000)) + b"}"
    yield "escapes", JSON, b'["' + b"\\ud800" * 200_000 + b'"]'
    yield "a string without end", JSON, b'["' + b"x" * MILLION


LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 12))

PARAMETERS = b"".join(b"<!ENTITY %% p%d '&#37;p%d;&#37;p%d;'>" % (n, n - 1, n - 1) for n in range(1, 40))


def xml() -> Files:
    laughs = b'<!DOCTYPE a [<!ENTITY l0 "lol">' + LAUGHS + b"]>"
    yield "laughs", XML, laughs + b"<a>&l11;</a>"
    yield "laughs in an attribute", XML, laughs + b'<a b="&l11;"/>'
    yield "laughs in parameters", XML, (
        b"<!DOCTYPE a [<!ENTITY % p0 'x'>" + PARAMETERS + b"%p39;]><a/>"
    )  # fmt: skip
    yield (
        "a quadratic blow-up",
        XML,
        b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 100_000 + b'">]><a>' + b"&b;" * 100_000 + b"</a>",
    )
    yield "an entity that is itself", XML, b'<!DOCTYPE a [<!ENTITY b "&c;"><!ENTITY c "&b;">]><a b="&b;">&b;</a>'
    outside = b'<!DOCTYPE a SYSTEM "file:///etc/passwd" [<!ENTITY b SYSTEM "http://127.0.0.1:9/"><!ENTITY % c SYSTEM "file:///etc/passwd">%c;]>'
    yield "what is elsewhere", XML, outside + b"<a>&b;</a>"
    yield "nesting", XML, b"<a>" * (MILLION // 4) + b"</a>" * (MILLION // 4)
    yield "nesting without end", XML, b"<a>" * (MILLION // 2)
    yield "attributes", XML, b"<a " + b" ".join(b'a%d=""' % n for n in range(100_000)) + b"/>"
    yield "a token without end", XML, b'<a b="' + b"x" * 2 * MILLION
    yield "an encoding that nobody knows", XML, b'<?xml version="1.0" encoding="x-none"?><a/>'
    yield "a comment without end", XML, b"<!--" + b"-" * MILLION
