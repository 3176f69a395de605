"""Problem documents (RFC 9457) in the language of whoever asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from picasso.languages import russian
from picasso.languages.accept import ENGLISH, RUSSIAN, language_of
from picasso.languages.translate import to_russian

VARY = "Accept, Accept-Language, Sec-Fetch-Dest, Sec-Fetch-Mode"
"""Browsers get a page instead: `picasso.html_answers`."""


def localized(problem: Mapping[str, Any], accept_language: str) -> tuple[Mapping[str, Any], dict[str, str]]:
    """The document, and the headers that tell its language and what it depends on.

    All of it is in one language: if there is no Russian sentence for what went wrong, the title is English as well.
    """
    language = language_of(accept_language)
    found = in_russian(problem) if language == RUSSIAN else None
    return found or problem, {"Content-Language": RUSSIAN if found else ENGLISH, "Vary": VARY}


def in_russian(problem: Mapping[str, Any]) -> Mapping[str, Any] | None:
    detail = to_russian(problem["detail"])
    if detail is None:
        return None
    found = {**problem, "title": russian.TITLES.get(problem["title"], problem["title"]), "detail": detail}
    if errors := problem.get("errors"):
        found["errors"] = [{**each, "detail": to_russian(each["detail"]) or each["detail"]} for each in errors]
    return found
