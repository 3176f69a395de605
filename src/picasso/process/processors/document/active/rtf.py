"""Active content of RTF, by its control words (RTF 1.9). Documents that attack have broken groups on purpose, so groups
are not followed."""

from __future__ import annotations

import re

from picasso.policy import ActiveContent
from picasso.process.processors.document.active.fields import add_field, is_elsewhere

WORD = re.compile(rb"\\(objdata|objocx|objautlink|objlink|objsub|objpub|objicemb|template|fldinst)(?![a-z])")
MAX_WORDS = 20_000

WORDS = {"objocx": "activex", "objautlink": "external_links", "objlink": "external_links"}

# How much of what follows a word is looked at.
AFTER = 4_096
FIELD, ADDRESS = 600, 400  # characters of an instruction, and of an address

PARTS = re.compile(rb"\\'([0-9A-Fa-f]{2})|\\u(-?\d{1,6}) ?\??|\\([\\{}])|\\[A-Za-z]{1,32}-?\d{0,10} ?|[{}\r\n]|\\\*")
END = re.compile(rb"\\(?:fldrslt|result|pard|par|objdata)(?![a-z])")
NO_DIGIT = re.compile(rb"\\[A-Za-z]+-?\d* ?|\\'[0-9A-Fa-f]{2}|[^0-9A-Fa-f]")
PACKAGE = re.compile(rb"package\0|ole10native|o\0l\0e\0001\0000\0n\0a\0t\0i\0v\0e\0", re.IGNORECASE)


def read(data: bytes, found: ActiveContent) -> None:
    for number, match in enumerate(WORD.finditer(data)):
        if number > MAX_WORDS:
            found.mark("incomplete")
            return
        word, after = match[1].decode(), data[match.end() : match.end() + AFTER]
        if word == "objdata":
            found.count("embedded_files" if _is_package(after) else "embedded_objects")
        elif word == "template":
            found.count("external_templates", is_elsewhere(_plain(after)[:ADDRESS].partition(";")[0]))
        elif word == "fldinst":
            add_field(_plain(after)[:FIELD], found)
        elif kind := WORDS.get(word):
            found.count(kind)


def _plain(content: bytes) -> str:
    """The text up to the end of the field, without groups and words, and with escapes decoded."""
    end = END.search(content)
    return PARTS.sub(_decoded, content[: end.start()] if end else content).decode("latin-1").lstrip()


def _decoded(match: re.Match[bytes]) -> bytes:
    if match[1]:
        return bytes((int(match[1], 16),))
    if match[3]:
        return match[3]
    return bytes((int(match[2]) % 256,)) if match[2] and int(match[2]) > 0 else b""


def _is_package(content: bytes) -> bool:
    """Whether the object is a file: its class stands at the beginning, in hexadecimal digits."""
    digits = NO_DIGIT.sub(b"", content)
    return PACKAGE.search(bytes.fromhex(digits[: len(digits) // 2 * 2].decode())) is not None
