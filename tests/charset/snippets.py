"""Short texts in the usual encodings of their languages: phrases from Django's translations.

No language's model is made from these phrases, but for those in `build_model.FROM_DJANGO`.
"""

from __future__ import annotations

import gettext
import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import django

USUAL = {
    "ru": ("ru", "cp1251 koi8-r cp866 iso8859-5 mac-cyrillic"),
    "uk": ("uk", "cp1251 koi8-u iso8859-5 mac-cyrillic"),
    "bg": ("bg", "cp1251 iso8859-5 mac-cyrillic"),
    "sr": ("sr", "cp1251 iso8859-5 cp855"),
    "pl": ("pl", "cp1250 iso8859-2 cp852"),
    "cs": ("cs", "cp1250 iso8859-2 cp852"),
    "hu": ("hu", "cp1250 iso8859-2 cp852"),
    "ro": ("ro", "cp1250 iso8859-2 cp852"),
    "lt": ("lt", "cp1257 iso8859-13 cp775"),
    "lv": ("lv", "cp1257 iso8859-13 cp775"),
    "de": ("de", "cp1252 iso8859-15 cp850 mac-roman"),
    "fr": ("fr", "cp1252 iso8859-15 cp850 mac-roman"),
    "es": ("es", "cp1252 iso8859-1 cp850 mac-roman"),
    "tr": ("tr", "cp1254 iso8859-9 cp857"),
    "el": ("el", "cp1253 iso8859-7 cp737"),
    "he": ("he", "cp1255 iso8859-8 cp862"),
    "ar": ("ar", "cp1256 iso8859-6"),
    "ja": ("ja", "cp932 euc_jp"),
    "zh": ("zh_Hans", "gb18030"),
    "zh-TW": ("zh_Hant", "cp950"),
    "ko": ("ko", "cp949"),
}


@dataclass(frozen=True, slots=True)
class Snippet:
    language: str
    encoding: str
    text: str
    content: bytes


@cache
def phrases(locale: str) -> list[str]:
    found: set[str] = set()
    for path in Path(django.__file__).parent.glob(f"**/locale/{locale}/LC_MESSAGES/django.po"):
        with path.with_suffix(".mo").open("rb") as file:
            catalogue = gettext.GNUTranslations(file)
        found.update(text for text in catalogue._catalog.values() if is_phrase(text))  # type: ignore[attr-defined]
    return sorted(found)


def is_phrase(text: str) -> bool:
    return not text.isascii() and "\n" not in text


def snippets(count: int, languages: tuple[str, ...] = tuple(USUAL), seed: int = 1) -> Iterator[Snippet]:
    """So many, of 10 to 200 bytes, with the same number of each language; the same for the same seed."""
    rng = random.Random(seed)
    while count:
        language = languages[count % len(languages)]
        locale, encodings = USUAL[language]
        encoding = rng.choice(encodings.split())
        text = written(rng.choice(phrases(locale)), language)
        content = encode(text, encoding)
        if len(content) >= 10:
            text = content.decode(encoding)
            yield Snippet(language, encoding, text, content)
            count -= 1


def written(text: str, language: str) -> str:
    """As the old encodings have it."""
    plain = unicodedata.normalize("NFC", text).replace("\xa0", " ")
    return plain.translate(str.maketrans("șțȘȚ", "şţŞŢ")) if language == "ro" else plain


def encode(text: str, encoding: str) -> bytes:
    """At most 200 bytes. Empty if the encoding lacks a character, or has only ASCII of it."""
    try:
        while len(content := text.encode(encoding)) > 200:
            text = text[:-5]
    except UnicodeEncodeError:
        return b""
    return b"" if text.isascii() else content
