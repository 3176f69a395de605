"""Translates what the service says into Russian, by the table in `picasso.languages.russian`."""

from __future__ import annotations

import re

from picasso.languages import russian
from picasso.languages.accept import RUSSIAN
from picasso.languages.templates import ordered

MAX_TEXT = 1000
"""Characters. Nothing that is said is longer, unless it repeats what was sent."""

TEMPLATES = ordered(russian.SENTENCES)
FRAGMENT_TEMPLATES = ordered(russian.FRAGMENTS)
CYRILLIC = re.compile("[\u0400-\u04ff]")


def to_russian(text: str) -> str | None:
    """None for what the table does not have, such as a message of a library."""
    if exact := russian.SENTENCES.get(text):
        return exact
    if len(text) > MAX_TEXT:
        return None
    for template in TEMPLATES:
        gaps = template.gaps(text)
        filled = None if gaps is None else fill(template.text, gaps)
        if filled:
            return filled
    # Django and its forms know Russian themselves.
    return text if CYRILLIC.search(text) else None


class Gap(str):
    """What fills a gap. ``{0:раз|раза|раз}`` is the form of a word for the number in it: as for 1, for 2 and for 5."""

    __slots__ = ()

    def __format__(self, forms: str) -> str:
        return forms.split("|")[form_of(self)] if forms else str(self)


def form_of(number: str) -> int:
    """Which of three forms a Russian word has after this number; 2 for what is none."""
    ones, tens = int(number[-1:]) if number.isdecimal() else 0, number[-2:-1]
    if tens == "1" or ones not in {1, 2, 3, 4}:
        return 2
    return 0 if ones == 1 else 1


def in_language(text: str, language: str) -> str:
    """In English if there is no translation."""
    return (to_russian(text) if language == RUSSIAN else None) or text


def fill(template: str, gaps: list[str]) -> str | None:
    """None if a gap of this sentence is a sentence itself, and not in the table."""
    if template in russian.NESTED:
        *names, sentence = gaps
        inner = to_russian(sentence)
        return russian.SENTENCES[template].format(*map(Gap, names), inner) if inner else None
    if words := russian.LISTS.get(template):
        gaps = [", ".join(words.get(each, each) for each in gap.split(", ")) for gap in gaps]
    return russian.SENTENCES[template].format(*(Gap(fragment(each)) for each in gaps))


def fragment(text: str) -> str:
    """A value is the same in every language; a few words are not."""
    if exact := russian.FRAGMENTS.get(text):
        return exact
    for template in FRAGMENT_TEMPLATES:
        if (gaps := template.gaps(text)) is not None:
            return russian.FRAGMENTS[template.text].format(*gaps)
    return text
