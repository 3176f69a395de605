"""The names in an archive as text. Most formats store bytes and do not say in which encoding they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from picasso.charset import UNKNOWN_AS as CP1252
from picasso.charset import Encoding, decode_as, detect_together

# A ZIP without UTF-8 has names as DOS had them (APPNOTE.TXT, appendix D): in code page 437, or that of the country.
DOS = ("cp437", "cp737", "cp775", "cp850", "cp852", "cp857", "cp862", "cp865", "cp866", "cp720")
LEADS: Mapping[str, Mapping[str, float]] = {"zip": {**dict.fromkeys(DOS, 1.5), "cp437": 2.5}}
UNKNOWN_AS = {"zip": "cp437"}

ERRORS = "surrogateescape"
ESCAPED = re.compile("[\udc80-\udcff]")
OTHER_SURROGATES = re.compile("[\ud800-\udc7f\udd00-\udfff]")


def escape(name: bytes) -> str:
    """A name before the encoding of all of them is known: UTF-8, and other bytes as lone surrogates."""
    return name.decode(errors=ERRORS)


def names_encoding(names: Iterable[str], kind: str) -> Encoding:
    """The encoding of the escaped names in an archive of that format, apart from those that are UTF-8."""
    return detect_together([bytes_of(name) for name in names if is_escaped(name)], leads=LEADS.get(kind, {}))


def unescape(name: str, encoding: Encoding, kind: str) -> str:
    return decode_as(bytes_of(name), encoding.name or UNKNOWN_AS.get(kind, CP1252)) if is_escaped(name) else name


def is_escaped(name: str) -> bool:
    return not name.isascii() and ESCAPED.search(name) is not None


def bytes_of(name: str) -> bytes:
    # Other lone surrogates come from names in UTF-16, and are no bytes.
    return OTHER_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", name).encode(errors=ERRORS)
