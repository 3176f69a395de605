"""The names in an archive as text. Most formats store bytes and do not say in which encoding they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from picasso.charset import UNKNOWN_AS, Encoding, detect_together, escaped_bytes, unescape

# A ZIP without UTF-8 has names as DOS had them (APPNOTE.TXT, appendix D): in code page 437, or that of the country.
DOS = ("cp437", "cp737", "cp775", "cp850", "cp852", "cp857", "cp862", "cp865", "cp866", "cp720")
LEADS: Mapping[str, Mapping[str, float]] = {"zip": {**dict.fromkeys(DOS, 1.5), "cp437": 2.5, "cp866": 2.5}}
DEFAULTS = {"zip": "cp437"}


def names_encoding(names: Iterable[str], kind: str) -> Encoding:
    """The encoding of the escaped names in an archive of that format, apart from those that are UTF-8."""
    return detect_together(escaped_bytes(names), leads=LEADS.get(kind, {}))


def readable(name: str, encoding: Encoding, kind: str) -> str:
    """Names of one or two letters may be valid UTF-8 by chance: they follow the others."""
    return unescape(name, encoding.name or DEFAULTS.get(kind, UNKNOWN_AS), sure=encoding.sure)
