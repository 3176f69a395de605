"""Which languages texts are likely to have: the operator's setting ``PICASSO_LANGUAGES``."""

from __future__ import annotations

from collections.abc import Sequence

_preferred: tuple[str, ...] = ()


def prefer_languages(languages: Sequence[str]) -> None:
    """Set the languages (ISO 639-1 codes) that this process expects. Called once, when a process starts."""
    global _preferred  # noqa: PLW0603
    _preferred = tuple(languages)


def preferred_languages() -> tuple[str, ...]:
    return _preferred
