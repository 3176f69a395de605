"""What a person has chosen on the page for this browser: a language and colours, in cookies.

static/picasso/console/shell/choices.js writes them, and each page is made with them, so that it is right from its first
pixel on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from picasso.languages.accept import ENGLISH, RUSSIAN

LANGUAGE = re.compile(rf"(?:^|;\s*)picasso-language=({ENGLISH}|{RUSSIAN})(?=;|$)")
THEME = re.compile(r"(?:^|;\s*)picasso-theme=(light|dark)(?=;|$)")


def accept_language(headers: Mapping[str, str]) -> str:
    """The chosen language, or else what the browser accepts. The names of the headers are in lower case or in any."""
    return _first(LANGUAGE, headers.get("cookie", "")) or headers.get("accept-language", "")


def theme(headers: Mapping[str, str]) -> str:
    """``light`` or ``dark``; empty for the colours of the browser's system."""
    return _first(THEME, headers.get("cookie", ""))


def _first(pattern: re.Pattern[str], cookies: str) -> str:
    found = pattern.search(cookies)
    return found[1] if found else ""
