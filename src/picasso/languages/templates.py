"""Sentences with gaps, such as ``There is no upload {}.``: finding the one that a text was made from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

GAP = "{}"


@dataclass(frozen=True, slots=True)
class Template:
    """The parts of a sentence between its gaps."""

    text: str
    parts: Sequence[str]

    @classmethod
    def parse(cls, text: str) -> Template:
        return cls(text, tuple(text.split(GAP)))

    def gaps(self, text: str) -> list[str] | None:
        """What fills the gaps; None if the text was made from another sentence.

        Each part is searched for once, from the left, so the time is linear in the length of the text.
        """
        first, *middle, last = self.parts
        if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
            return None
        rest, found = text[len(first) : len(text) - len(last)], []
        for part in middle:
            gap, separator, rest = rest.partition(part)
            if not separator:
                return None
            found.append(gap)
        return [*found, rest]


def ordered(sentences: Iterable[str]) -> tuple[Template, ...]:
    """Those with gaps, the ones with the most text of their own first: they say the most exactly what a text is."""
    return tuple(sorted(map(Template.parse, filter(lambda text: GAP in text, sentences)), key=own_text, reverse=True))


def own_text(template: Template) -> int:
    return sum(map(len, template.parts))
