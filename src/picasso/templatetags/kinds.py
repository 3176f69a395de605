"""The kind of a media type, by the tables of static/picasso/console/core/kinds.js, which are written there only."""

from __future__ import annotations

import re
from pathlib import Path

from django import template

register = template.Library()

TABLES = (Path(__file__).parents[1] / "static/picasso/console/core/kinds.js").read_text()

ENTRY = re.compile(r"^  \['(\w+)', /(.+)/\],$", re.MULTILINE)

KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern)) for name, pattern in ENTRY.findall(TABLES)
)
"""The first that fits; the last one fits all."""

WORDS: dict[str, str] = dict(re.findall(r"^  (\w+): \(\) => (?:t\()?'([^']+)'\)?,$", TABLES, re.MULTILINE))
"""In English."""

ICONS: dict[str, str] = dict(
    re.findall(r"(\w+): '(\w+)'[,;]?", TABLES.partition("const ICONS = {")[2].partition("}")[0])
)


@register.filter
def kind(media_type: str) -> str:
    return next(name for name, pattern in KINDS if pattern.search(media_type))


@register.filter
def kind_word(media_type: str) -> str:
    """In English."""
    return WORDS[kind(media_type)]


@register.filter
def icon(media_type: str) -> str:
    """The name of its icon."""
    found = kind(media_type)
    return ICONS.get(found, found)
