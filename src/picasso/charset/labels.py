"""Names of encodings, as files declare them."""

from __future__ import annotations

import codecs
import re

# What the Encoding Standard (WHATWG, section 4.2) means by a label, where Python means something narrower: web pages
# that say ISO-8859-1 are in windows-1252, and GBK covers GB2312.
BROADER = {
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
    "iso8859-11": "cp874",
    "utf-8-sig": "utf-8",
    "utf-16": "utf-16-le",
    "utf-32": "utf-32-le",
}
OTHER_NAMES = {
    "macintosh": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-mac-roman": "mac-roman",
    "x-sjis": "cp932",
    "x-gbk": "gb18030",
    "gb_2312": "gb18030",
    "gb_2312-80": "gb18030",
    "csgb2312": "gb18030",
    "cn-big5": "big5",
    "x-x-big5": "big5",
    "windows-949": "cp949",
    "windows-31j": "cp932",
    "x-euc-jp": "euc_jp",
    "x-cp1250": "cp1250",
    "x-cp1251": "cp1251",
    "x-cp1252": "cp1252",
    "iso-8859-8-i": "iso8859-8",
    "dos-874": "cp874",
    "windows-874": "cp874",
    "dos-866": "cp866",
    "unicode": "utf-16",
    "ucs-2": "utf-16",
    "x-user-defined": "",
}

# Encodings of text. Python has others, some of which take quadratic time (punycode) or are no encodings (zip).
TEXT = re.compile(
    r"ascii|utf-(7|8|8-sig|16|16-le|16-be|32|32-le|32-be)|iso8859-\d+|cp\d+|koi8-[rut]|mac-[a-z0-9]+|big5(hkscs)?|gbk|"
    r"gb2312|gb18030|hz|shift_jis(x0213|_2004)?|euc_(jp|kr|jis_2004|jisx0213)|johab|iso2022_[a-z]+(_\w+)?|tis-620|"
    r"kz1048|ptcp154|hp-roman8|viscii"
)


def encoding_by_label(label: str) -> str | None:
    """Python's name of the encoding that a file declares by ``label``; None if it is unknown or none of text."""
    plain = label.strip().strip("\"'").lower()
    if not re.fullmatch(r"[a-z0-9._:()-]{2,40}", plain):
        return None
    try:
        name = codecs.lookup(OTHER_NAMES.get(plain, plain)).name
    except (LookupError, ValueError):
        return None
    return BROADER.get(name, name) if TEXT.fullmatch(name) else None
