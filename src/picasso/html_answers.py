"""Answers for people: a page instead of JSON where a browser shows the answer as a page of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.urls import get_script_prefix, set_script_prefix
from django.utils.translation import override

from picasso import addresses

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
}

DOCUMENT = "document"
"""A window, not a frame within another page."""


def is_page_load(headers: Mapping[str, str]) -> bool:
    """Whether a browser shows the answer in its window: after a link, a typed address or a form without script.

    Args:
        headers: by their names, in lower case or in any.

    Browsers send Sec-Fetch-Mode only to HTTPS and to their own machine (https://www.w3.org/TR/fetch-metadata/). Without
    it, those that want HTML before all else are taken for one.
    """
    if mode := headers.get("sec-fetch-mode"):
        return mode == "navigate" and headers.get("sec-fetch-dest", DOCUMENT) == DOCUMENT
    return headers.get("accept", "").lstrip().lower().startswith("text/html")


@dataclass(frozen=True, slots=True)
class Look:
    """How a page is to be made for its reader.

    ``prefix``: the path that the service is mounted at, without a slash at the end. ``theme``: `preferences.theme`.
    """

    language: str
    prefix: str
    theme: str = ""


def problem_page(problem: Mapping[str, Any], look: Look, asked: str) -> bytes:
    """A problem document (RFC 9457) as a page.

    ``asked``: the path and query that were asked for, without the prefix; to come back to after signing in.
    """
    return _page("problem", look, shown=problem, asked=asked, sign_in_url=look.prefix + addresses.SIGN_IN)


def asked_for(path: str, query: str) -> str:
    """Without a query that may have a token in it."""
    return path if not query or "token" in query else f"{path}?{query}"


def stored_page(file: Mapping[str, Any], look: Look) -> bytes:
    """Says that a file has been stored, whose members are those of the JSON answer."""
    return _page("stored", look, file=file)


def _page(name: str, look: Look, **context: Any) -> bytes:
    links = {"home_url": look.prefix + addresses.HOME, "docs_url": look.prefix + addresses.DOCS}
    with override(look.language), _mounted_at(look.prefix):
        text = render_to_string(f"picasso/{name}.html", {**links, "theme": look.theme, **context})
    return text.encode(errors="replace")


@contextmanager
def _mounted_at(prefix: str) -> Iterator[None]:
    """Addresses of static files begin with it."""
    before = get_script_prefix()
    set_script_prefix(f"{prefix}/")
    try:
        yield
    finally:
        set_script_prefix(before)
