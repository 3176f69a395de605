"""Makes ``src/picasso/charset/model.json``: ``python -m tests.charset.build_model [--without-tenth]``.

Needs wordfreq and opencc-python-reimplemented, which are not among the project's dependencies: ``pip install`` them.
Words are from wordfreq; languages that it lacks are from Django's translations. ``--without-tenth`` leaves out each
tenth word, so that a model can be measured on words that it has not seen.
"""

from __future__ import annotations

import base64
import gettext
import json
import math
import re
import sys
import unicodedata
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import django

from picasso.charset.model import FIRST_LETTER, FOREIGN, NO_LETTER, UNIT

TARGET = Path(__file__).parents[2] / "src/picasso/charset/model.json"

LICENCE = (
    "CC BY-SA 4.0. Frequencies of letters and characters, computed from the word lists of wordfreq 3.1.1 (Robyn Speer, "
    "CC BY-SA 4.0) and, for be, et and th, from the translations of Django (Django Software Foundation, BSD-3-Clause)."
)

AZ = "abcdefghijklmnopqrstuvwxyz"
LETTERS = {
    "ru": "абвгдежзийклмнопрстуфхцчшщъыьэюяё",
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "bg": "абвгдежзийклмнопрстуфхцчшщъьюя",
    "be": "абвгдеёжзійклмнопрстуўфхцчшыьэюя",
    "sr": "абвгдђежзијклљмнњопрстћуфхцчџш",
    "mk": "абвгдѓежзѕијклљмнњопрстќуфхцчџш",
    "el": "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ",
    "he": "אבגדהוזחטיךכלםמןנסעףפץצקרשת",
    "ar": "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي",
    "fa": "آأؤئابپتثجچحخدذرزژسشصضطظعغفقکگلمنهوی",
    "th": "".join(map(chr, (*range(0x0E01, 0x0E3B), *range(0x0E40, 0x0E4F)))),
    **{
        language: AZ + own
        for language, own in {
            "pl": "ąćęłńóśźż",
            "cs": "áčďéěíňóřšťúůýž",
            "sk": "áäčďéíĺľňóôŕšťúýž",
            "hu": "áéíóöőúüű",
            "ro": "ăâîşţ",
            "hr": "čćđšž",
            "sl": "čšž",
            "lt": "ąčęėįšųūž",
            "lv": "āčēģīķļņšūž",
            "et": "äöõüšž",
            "de": "äöüß",
            "fr": "àâæçèéêëîïôùûüÿœ",
            "es": "áéíñóúü",
            "it": "àèéìòù",
            "pt": "ãáâàçéêíõóôúü",
            "sv": "åäöé",
            "da": "æøåé",
            "fi": "äö",
            "tr": "çğıöşü",
            "en": "éèêïñôç",
            "ca": "àçèéíïòóúü",
        }.items()
    },
}
EAST_ASIAN = ("ja", "zh", "zh-TW", "ko")
FROM_DJANGO = ("be", "et", "th")
OTHER_NAMES = {"sr": "sh", "hr": "sh", "zh-TW": "zh"}

# Serbian as wordfreq has it, in Latin letters; those of two letters first.
SERBIAN = dict(zip(("lj", "nj", "dž", *"abvgdđežzijklmnoprstćufhcčš"), "љњџабвгдђежзијклмнопрстћуфхцчш", strict=True))

# Thai has marks within words.
DJANGO_WORD = re.compile(r"[^\W\d_]+(?:[\u0e31-\u0e4e]+[^\W\d_]*)*")

# Costs with the class of letters that a language lacks, in nats.
TO_FOREIGN, WITHIN_FOREIGN, FROM_FOREIGN = 9.5, 5.0, 3.0

MOST_WORDS = 60_000
RAREST = 25  # half nats: characters that are rarer than this are not in the model


def words(language: str) -> Iterator[tuple[str, float]]:
    """Each word, and the square root of its frequency: between a text and a dictionary."""
    source = django_words(language) if language in FROM_DJANGO else wordfreq_words(language)
    for word, frequency in source:
        if any(letter.isdigit() for letter in word):
            continue
        if "--without-tenth" not in sys.argv or zlib.crc32(word.encode()) % 10:
            yield word, math.sqrt(frequency)


def wordfreq_words(language: str) -> Iterator[tuple[str, float]]:
    import wordfreq  # type: ignore[import-not-found, unused-ignore]

    source = OTHER_NAMES.get(language, language)
    frequencies = wordfreq.get_frequency_dict(source)
    for word in wordfreq.top_n_list(source, MOST_WORDS):
        if converted := convert(unicodedata.normalize("NFC", word), language):
            yield converted, frequencies.get(word, 1e-8)


def convert(word: str, language: str) -> str:
    """The word as the language writes it. Empty if that is not known."""
    if language == "sr":
        return "".join(SERBIAN[part] for part in re.findall("|".join(SERBIAN), word)) if is_serbian(word) else ""
    if language == "zh-TW":
        return str(traditional().convert(word))
    if language == "ro":
        return word.translate(str.maketrans("șț", "şţ"))
    return re.sub("\N{GREEK SMALL LETTER SIGMA}$", "ς", word) if language == "el" else word


def is_serbian(word: str) -> bool:
    return re.fullmatch("[a-zđčćžš]+", word) is not None and not set(word) & set("qwxy")


@cache
def traditional() -> Any:
    import opencc  # type: ignore[import-not-found, unused-ignore]

    return opencc.OpenCC("s2tw")


def django_words(language: str) -> Iterable[tuple[str, float]]:
    counts: Counter[str] = Counter()
    for catalogue in Path(django.__file__).parent.glob(f"**/locale/{language}/LC_MESSAGES/django.mo"):
        with catalogue.open("rb") as file:
            texts = gettext.GNUTranslations(file)._catalog.values()  # type: ignore[attr-defined]
        for text in texts:
            counts.update(DJANGO_WORD.findall(unicodedata.normalize("NFC", text).lower()))
    return ((word, count) for word, count in counts.items() if not word.isascii() or language == "et")


def pair_costs(language: str) -> bytes:
    size = len(LETTERS[language]) + FIRST_LETTER
    counts = pair_counts(language, size)
    singles = [sum(counts[first][second] for first in range(size)) for second in range(size)]
    total = sum(singles)
    # Pairs that do not occur: as if each had been seen a little, the more often the more frequent the second letter is.
    unseen = total * 2e-5 * size
    expected = [(single + total * 1e-4) / (total * (1 + size * 1e-4)) for single in singles]
    costs = bytearray()
    for first in range(size):
        for second in range(size):
            likely = (counts[first][second] + unseen * expected[second]) / (sum(counts[first]) + unseen)
            costs.append(min(255, round(cost_of_pair(first, second, likely) * UNIT)))
    return bytes(costs)


def pair_counts(language: str, size: int) -> list[list[float]]:
    counts = [[0.0] * size for _ in range(size)]
    known = {letter: FIRST_LETTER + place for place, letter in enumerate(LETTERS[language])}
    for word, weight in words(language):
        classes = [known.get(letter, FOREIGN if letter.isalpha() else NO_LETTER) for letter in word.lower()]
        if FOREIGN in classes:
            continue
        for first, second in zip([NO_LETTER, *classes], [*classes, NO_LETTER], strict=True):
            counts[first][second] += weight
    return counts


def cost_of_pair(first: int, second: int, likely: float) -> float:
    if first == second == NO_LETTER:
        return 0
    if first == FOREIGN:
        return FROM_FOREIGN if second == NO_LETTER else WITHIN_FOREIGN
    return TO_FOREIGN if second == FOREIGN else -math.log(max(likely, 1e-9))


def character_levels(language: str) -> dict[str, str]:
    """The characters of each cost, in half nats."""
    counts: Counter[str] = Counter()
    for word, weight in words(language):
        for character in word:
            if character > "\u2000":
                counts[character] += weight  # type: ignore[assignment]
    total = counts.total()
    levels: dict[int, list[str]] = defaultdict(list)
    for character, count in counts.items():
        levels[round(-math.log(count / total) * 2)].append(character)
    return {str(level / 2): "".join(sorted(levels[level])) for level in sorted(levels) if level < RAREST}


def main() -> None:
    model = {
        "licence": LICENCE,
        "pairs": {
            language: {"letters": own, "costs": base64.b85encode(pair_costs(language)).decode()}
            for language, own in LETTERS.items()
        },
        "characters": {language: character_levels(language) for language in EAST_ASIAN},
    }
    TARGET.write_text(json.dumps(model, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
