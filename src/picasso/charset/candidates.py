"""The encodings that a guess considers, and the languages that are written in them.

Costs are in nats: each adds up with those of the letters, and the least sum wins. An encoding that few files have
costs more, and so does a language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CYRILLIC = {"ru": 0.0, "uk": 0.7, "bg": 0.7, "be": 1.0, "sr": 1.0, "mk": 1.5}
CENTRAL = {"pl": 0.0, "cs": 0.0, "hu": 0.0, "ro": 0.5, "hr": 1.0, "sk": 1.0, "sl": 1.5}
WESTERN = {"de": 0.0, "fr": 0.0, "es": 0.0, "en": 0.0, "it": 0.5, "pt": 0.5, "sv": 1.0, "da": 1.0, "fi": 1.0, "ca": 1.5}
BALTIC = {"lt": 0.0, "lv": 0.0, "et": 1.0}
TURKISH, GREEK, HEBREW, THAI = {"tr": 0.0}, {"el": 0.7}, {"he": 1.0}, {"th": 1.0}
ARABIC = {"ar": 0.3, "fa": 1.0}

LATIN_LANGUAGES = (*CENTRAL, *WESTERN, *BALTIC, *TURKISH)


@dataclass(frozen=True, slots=True)
class Candidate:
    encoding: str
    cost: float
    languages: Mapping[str, float]


ONE_BYTE = (
    Candidate("cp1251", 0, CYRILLIC),
    Candidate("koi8-r", 0.5, {"ru": 0.0}),
    Candidate("koi8-u", 1, {"uk": 0.7}),
    Candidate("cp866", 0.7, {"ru": 0.0, "bg": 0.7, "be": 2.0}),
    Candidate("cp1125", 2, {"uk": 0.0}),
    Candidate("iso8859-5", 1.5, CYRILLIC),
    Candidate("mac-cyrillic", 2, CYRILLIC),
    Candidate("cp855", 2.5, {"sr": 1.0, "mk": 1.5, "bg": 0.7}),
    Candidate("cp1250", 0.2, CENTRAL),
    Candidate("iso8859-2", 0.7, CENTRAL),
    Candidate("cp852", 1.2, CENTRAL),
    Candidate("mac-latin2", 3, CENTRAL),
    Candidate("iso8859-16", 2, {"ro": 0.0}),
    Candidate("cp1252", 0, WESTERN),
    Candidate("iso8859-15", 1.5, WESTERN),
    Candidate("cp850", 1.2, WESTERN),
    Candidate("mac-roman", 1.5, WESTERN),
    Candidate("cp437", 2.5, WESTERN),
    Candidate("cp865", 5, {"da": 1.0}),
    Candidate("cp1257", 0.3, BALTIC),
    Candidate("iso8859-13", 1.2, BALTIC),
    Candidate("cp775", 2, BALTIC),
    Candidate("iso8859-4", 3, BALTIC),
    Candidate("cp1254", 0.3, TURKISH),
    Candidate("iso8859-9", 0.8, TURKISH),
    Candidate("cp857", 1.2, TURKISH),
    Candidate("mac-turkish", 3, TURKISH),
    Candidate("cp1253", 0, GREEK),
    Candidate("iso8859-7", 0.6, GREEK),
    Candidate("cp737", 1.2, GREEK),
    Candidate("cp869", 4, GREEK),
    Candidate("mac-greek", 3, GREEK),
    Candidate("cp1255", 0, HEBREW),
    Candidate("iso8859-8", 0.6, HEBREW),
    Candidate("cp862", 1.2, HEBREW),
    Candidate("cp1256", 0, ARABIC),
    Candidate("iso8859-6", 0.8, {"ar": 0.0}),
    Candidate("cp720", 3, {"ar": 0.0}),
    Candidate("cp874", 0.5, THAI),
)

EAST_ASIAN = (
    Candidate("cp932", 0, {"ja": 0.0}),
    Candidate("euc_jp", 0.5, {"ja": 0.0}),
    Candidate("gb18030", 0, {"zh": 0.0, "zh-TW": 3.0}),
    Candidate("big5hkscs", 0.5, {"zh-TW": 0.0}),
    Candidate("cp950", 0, {"zh-TW": 0.0}),
    Candidate("cp949", 0, {"ko": 0.0}),
)
