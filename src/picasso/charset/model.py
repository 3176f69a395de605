"""What texts of each language look like: how likely one letter follows another, and how frequent a character is.

``model.json`` is made by ``python -m tests.charset.build_model``; it says from what, and under which licence. Costs are
negative natural logarithms of probabilities.
"""

from __future__ import annotations

import base64
import json
import sys
from functools import cache
from importlib.resources import files
from typing import Any

# Classes of bytes: no letter, a letter that the language lacks, and from here on the letters of `letters`.
NO_LETTER, FOREIGN, FIRST_LETTER = range(3)

UNIT = 16
"""Costs of pairs are integers: so many per nat."""


@cache
def _model() -> dict[str, Any]:
    model: dict[str, Any] = json.loads(files("picasso.charset").joinpath("model.json").read_text("utf-8"))
    return model


def letters(language: str) -> str:
    """The letters of a language, in lower case."""
    found: str = _model()["pairs"][language]["letters"]
    return found


@cache
def pair_table(language: str) -> bytes:
    """The cost of each pair of classes, at the index that is the two bytes as one 16-bit number of this machine."""
    size = len(letters(language)) + FIRST_LETTER
    costs = base64.b85decode(_model()["pairs"][language]["costs"])
    table = bytearray(2**16)
    for place in range(size):
        # The place is that of the byte with the higher value in the number.
        line = costs[place::size] if sys.byteorder == "little" else costs[place * size : (place + 1) * size]
        table[place * 256 : place * 256 + size] = line
    return bytes(table)


def pairs_cost(language: str, classes: bytes) -> float:
    """Of all pairs of neighbours."""
    table = pair_table(language)
    odd = len(classes) % 2
    even_pairs = memoryview(classes)[: len(classes) - odd].cast("H")
    odd_pairs = memoryview(classes)[1 : len(classes) - 1 + odd].cast("H")
    return (sum(map(table.__getitem__, even_pairs)) + sum(map(table.__getitem__, odd_pairs))) / UNIT


@cache
def character_costs(language: str) -> dict[str, float]:
    """Of the frequent characters of an East Asian language."""
    levels: dict[str, str] = _model()["characters"][language]
    return {character: float(cost) for cost, characters in levels.items() for character in characters}
