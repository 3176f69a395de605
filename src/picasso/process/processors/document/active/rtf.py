"""Active content of RTF, by its control words (RTF 1.9). Documents that attack have broken groups on purpose, so groups
are not followed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from picasso.policy import ActiveContent
from picasso.process.processors.document.active.fields import has_keyword, is_elsewhere, kind_of_field

WORD = re.compile(
    rb"\\(objdata|objocx|objhtml|objautlink|objlink|template|nextfile|fldinst|sv)(?![a-z])", re.IGNORECASE
)
MAX_WORDS = 20_000

WORDS = {
    "objocx": "activex",
    "objhtml": "activex",
    "objautlink": "external_links",
    "objlink": "external_links",
}
ADDRESSES = {"template": "external_templates", "nextfile": "external_links", "sv": "external_links"}

# The name of a property of a drawing whose value, which follows, is the file of a picture.
PICTURE, BEFORE = b"pibname", 80

# How much of what follows a word is looked at; more of a field that does not end there, and of all fields together.
AFTER, FAR = 4_096, 2**16
MAX_BYTES = 2**22
FIELD, ADDRESS = 600, 400  # characters of an instruction, and of an address

# A destination that a program may not know is left out by one that does not.
UNKNOWN = re.compile(rb"\{\s*\\\*\s*\\(?!fldinst|template|nextfile)[a-z]{1,32}[^{}]*\}")
MAX_DEPTH = 20

# A character of Unicode is followed by one for programs that know none, or by nothing after ``\uc0``.
PARTS, PARTS_UC0 = (
    re.compile(
        rb"\\'([0-9A-Fa-f]{2})|\\u(-?\d{1,6}) ?" + fallback + rb"|\\([\\{}])|\\[A-Za-z]{1,32}-?\d{0,10} ?|[{}\r\n]|\\\*"
    )
    for fallback in (rb"(?:\\'[0-9A-Fa-f]{2}|[^\\{}\r\n])?", rb"")
)
INNER = re.compile(rb"\\fldinst(?![a-z])", re.IGNORECASE)
BRACES = re.compile(rb"\\[{}]|([{}])")
END = re.compile(rb"\\(?:fldrslt|result|pard|par|objdata)(?![a-z])")
NO_DIGIT = re.compile(rb"\\[A-Za-z]+-?\d* ?|\\'[0-9A-Fa-f]{2}|[^0-9A-Fa-f]")
PACKAGE = re.compile(rb"package\0|ole10native|o\0l\0e\0001\0000\0n\0a\0t\0i\0v\0e\0", re.IGNORECASE)


def read(data: bytes, found: ActiveContent) -> None:
    left = MAX_BYTES
    for number, match in enumerate(WORD.finditer(data)):
        word = match[1].decode().lower()
        after = data[match.end() : match.end() + AFTER] if word == "objdata" else _field(data, match.end())
        left -= 0 if word == "objdata" else len(after)
        if number > MAX_WORDS or left < 0:
            found.mark("incomplete")
            return
        _add_word(word, data[max(0, match.start() - BEFORE) : match.start()], after, found)


def _field(data: bytes, start: int) -> bytes:
    """What follows a word, up to the end of a field."""
    for size in (AFTER, FAR):
        if end := END.search(data, start, start + size):
            return data[start : end.start()]
    return data[start : start + FAR]


def _add_word(word: str, before: bytes, after: bytes, found: ActiveContent) -> None:
    if word == "objdata":
        found.count("embedded_files" if _is_package(after) else "embedded_objects")
    elif word == "fldinst":
        kinds = (kind_of_field(text[:FIELD]) for text in _readings(after))
        if kind := next(filter(None, kinds), None):
            found.count(kind)
        elif _has_inner_keyword(after):
            found.mark("incomplete")
    elif word != "sv" or PICTURE in before.lower():
        if kind := WORDS.get(word):
            found.count(kind)
        else:
            addresses = (text[:ADDRESS].partition(";")[0] for text in _readings(after))
            found.count(ADDRESSES[word], any(map(is_elsewhere, addresses)))


def _has_inner_keyword(after: bytes) -> bool:
    """Whether a field inside of the instruction may make its keyword."""
    inner = INNER.search(after)
    if not inner or _is_closed(start := after[: inner.start()]):
        return False
    return not all(map(has_keyword, _readings(start)))


def _is_closed(content: bytes) -> bool:
    """Whether the group in which this begins ends in it."""
    depth = 0
    for match in BRACES.finditer(content):
        depth += {b"{": 1, b"}": -1}.get(match[1], 0)
        if depth < 0:
            return True
    return False


def _readings(content: bytes) -> Iterator[str]:
    """The text without groups and words, and with escapes decoded: as any program may read it."""
    known = content
    for _ in range(MAX_DEPTH):
        known, number = UNKNOWN.subn(b"", known)
        if not number:
            break
    for parts in (PARTS, PARTS_UC0) if b"\\u" in content else (PARTS,):
        for each in {content, known}:
            yield parts.sub(_decoded, each).decode("latin-1").lstrip()


def _decoded(match: re.Match[bytes]) -> bytes:
    if match[1]:
        return bytes((int(match[1], 16),))
    if match[3]:
        return match[3]
    if not match[2]:
        return b""
    code = int(match[2]) % 2**16
    return bytes((code,)) if code < 256 else b"?"


def _is_package(content: bytes) -> bool:
    """Whether the object is a file: its class stands at the beginning, in hexadecimal digits."""
    digits = NO_DIGIT.sub(b"", content)
    return PACKAGE.search(bytes.fromhex(digits[: len(digits) // 2 * 2].decode())) is not None
