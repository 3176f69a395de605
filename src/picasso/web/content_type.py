"""The Content-Type of a download, with the charset of text.

Without one, browsers guess from the first bytes, and programs take Latin-1 or UTF-8. XML and RTF say themselves which
encoding they are in, and a charset would overrule that (RFC 7303 §3.2). Outside ``text/`` hardly a type has the
parameter, and JSON is always UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# A browser would run scripts in these.
HARMFUL = {"text/html", "application/xhtml+xml"}

SELF_DECLARED = {"text/xml", "text/xml-external-parsed-entity", "text/rtf"}

# Facts that have the encoding of the whole file, by processor. The encoding in `file` is that of the first bytes.
ENCODINGS = (("text", "encoding"), ("table", "encoding"), ("document", "encoding"), ("file", "charset"))

# Names in Python → in the Encoding Standard (WHATWG, section 4.2), which browsers follow; where that has none, IANA's.
# ASCII may be that of the first bytes only, and text of any kind may follow.
LABELS = {
    "ascii": "utf-8",
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8",
    "big5": "big5",
    "big5hkscs": "big5-hkscs",
    "cp866": "ibm866",
    "cp874": "windows-874",
    "cp932": "shift_jis",
    "cp949": "euc-kr",
    "cp950": "big5",
    "euc_jp": "euc-jp",
    "euc_kr": "euc-kr",
    "gb18030": "gb18030",
    "gb2312": "gb2312",
    "gbk": "gbk",
    "iso2022_jp": "iso-2022-jp",
    "iso2022_jp_2": "iso-2022-jp",
    "iso2022_jp_3": "iso-2022-jp",
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "mac-cyrillic": "x-mac-cyrillic",
    "mac-roman": "macintosh",
    "shift_jis": "shift_jis",
}
SERIES = (
    (re.compile(r"cp(125\d)"), r"windows-\1"),
    (re.compile(r"cp(437|7[37]\d|8[56]\d)"), r"ibm\1"),  # of DOS
    (re.compile(r"iso8859-(\d{1,2})"), r"iso-8859-\1"),
    (re.compile(r"utf-(16|32)(?:-([lb]e))?"), r"utf-\1\2"),
)


def content_type(media_type: str, encoding: str | None) -> str:
    """``encoding`` of the content, as Python names it; it is shown for text. HTML is sent as unknown bytes."""
    if media_type in HARMFUL:
        return "application/octet-stream"
    if not media_type.startswith("text/") or media_type in SELF_DECLARED:
        return media_type
    label = charset_label(encoding or "")
    return f"{media_type}; charset={label}" if label else media_type


def charset_label(encoding: str) -> str | None:
    """How HTTP names an encoding of Python; None if browsers know it by no name, or should not (UTF-7)."""
    if encoding in LABELS:
        return LABELS[encoding]
    for pattern, label in SERIES:
        if match := pattern.fullmatch(encoding):
            return match.expand(label)
    return None


def known_encoding(facts: Mapping[str, object]) -> str | None:
    """The encoding of an original by its facts. A guess that is not sure is not told."""
    for processor, name in ENCODINGS:
        found = facts.get(processor)
        encoding = found.get(name) if isinstance(found, Mapping) else None
        if isinstance(encoding, str):
            return encoding if isinstance(found, Mapping) and found.get("encoding_sure") is not False else None
    return None
