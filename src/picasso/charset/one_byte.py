"""How well one-byte encodings fit: the letters that the bytes are in each, by the languages that are written in it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from picasso.charset.candidates import LATIN_LANGUAGES, ONE_BYTE, Candidate
from picasso.charset.model import FIRST_LETTER, FOREIGN, NO_LETTER, letters, pairs_cost
from picasso.charset.sample import Sample
from picasso.charset.signs import LETTER_KINDS, RUN, characters, kinds, runs_cost, signs_cost

# Words in ASCII tell something about the language, but less than those with letters beyond it.
ASCII_WEIGHT, MAX_ASCII_COST = 0.7, 8.0

# Bytes of the words that are compared in each round, and how far from the best a candidate may be to remain.
ROUNDS = ((17, 20.0), (49, 20.0))

# What a letter may cost less in one encoding than in another.
MAX_GAIN = 6.0


class Ranked(NamedTuple):
    cost: float
    encoding: str
    language: str

    def plus(self, cost: float) -> Ranked:
        return Ranked(self.cost + cost, self.encoding, self.language)


def ascii_costs(words: bytes) -> Mapping[str, float]:
    """What the words in ASCII cost in each Latin language more than in the one that fits best.

    Other languages are not among them: their texts have such words from English.
    """
    if not words:
        return dict.fromkeys(LATIN_LANGUAGES, 0.0)
    costs = {language: letters_cost(Ranked(0, "ascii", language), words) for language in LATIN_LANGUAGES}
    least = min(costs.values())
    return {language: min(MAX_ASCII_COST, ASCII_WEIGHT * (cost - least)) for language, cost in costs.items()}


def rank(sample: Sample, language_costs: Mapping[str, float]) -> list[Ranked]:
    """The candidates that may be the best, in no order."""
    remaining = _starts(sample.words, language_costs)
    for length, margin in ROUNDS:
        head = sample.words[:length]
        share = len(head) / len(sample.words)
        costs = [(start.cost * share + letters_cost(start, head), start) for start in remaining]
        best = min(cost for cost, _ in costs)
        remaining = [start for cost, start in costs if cost <= best + margin]
    return [start.plus(letters_cost(start, sample.words)) for start in remaining]


def letters_cost(ranked: Ranked, words: bytes) -> float:
    return pairs_cost(ranked.language, words.translate(classes(ranked.encoding, ranked.language)))


def _starts(words: bytes, language_costs: Mapping[str, float]) -> list[Ranked]:
    """All candidates, but for those that letters can't save, with all costs but those of the letters."""
    runs = [run[0] for run in RUN.finditer(words)]
    costs = [
        (candidate.cost + signs_cost(candidate.encoding, words) + runs_cost(candidate.encoding, runs), candidate)
        for candidate in ONE_BYTE
    ]
    limit = min(cost for cost, _ in costs) + 20 + MAX_GAIN * len(words)
    return [
        start for cost, candidate in costs if cost <= limit for start in _languages(candidate, cost, language_costs)
    ]


def _languages(candidate: Candidate, cost: float, language_costs: Mapping[str, float]) -> list[Ranked]:
    return [
        Ranked(cost + rarity + language_costs[language], candidate.encoding, language)
        for language, rarity in candidate.languages.items()
    ]


@cache
def classes(encoding: str, language: str) -> bytes:
    """The class of each byte in the model of a language, for `bytes.translate`."""
    known = {letter: FIRST_LETTER + place for place, letter in enumerate(letters(language))}
    # The old encodings of Romanian lack the letters with a comma, and those with a cedilla stand for them.
    known |= {comma: known[cedilla] for comma, cedilla in ("șş", "țţ") if cedilla in known}
    every = zip(characters(encoding), kinds(encoding), strict=True)
    return bytes(_class(character, kind, known) for character, kind in every)


def _class(character: str, kind: int, known: Mapping[str, int]) -> int:
    # The lower case of a few letters is two characters, the first of which is the letter.
    return known.get(character.lower()[:1], FOREIGN if kind in LETTER_KINDS else NO_LETTER)
