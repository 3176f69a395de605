"""Texts made fit to be shown."""

from __future__ import annotations

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def clean_text(text: str, limit: int) -> str:
    """At most ``limit`` characters of a text, fit for JSON in PostgreSQL: no U+0000 and no lone surrogates."""
    shortened = text[:limit].replace("\0", REPLACEMENT)
    return shortened.encode(errors="surrogatepass").decode(errors="replace") if not shortened.isascii() else shortened
