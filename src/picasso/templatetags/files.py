"""How a file is shown in the list that pages have before any script runs: as static/picasso/console/ shows it."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from django import template
from django.utils.translation import get_language

from picasso.languages.accept import RUSSIAN

register = template.Library()

TAIL = 12
"""So many characters stay at the end of a name that is cut in the middle: `nameCut` in views/files/kinds.js."""

UNITS = ("kB", "MB", "GB", "TB", "PB")
RUSSIAN_UNITS = ("КБ", "МБ", "ГБ", "ТБ", "ПБ")

# Controls, and characters that reorder or hide text: `visible` in core/format.js.
CONTROLS = re.compile(r"[\0-\x1f\x7f]")
HIDDEN = re.compile("[\x80-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")


@register.filter
def size(count: int) -> str:
    """In units of 1000, with three digits: `bytes` in core/format.js."""
    is_russian = get_language() == RUSSIAN
    if count < 1000:
        return f"{count} байт" if is_russian else f"{count} byte{'' if count == 1 else 's'}"
    value, power = Decimal(count), 0
    while value >= Decimal("999.5") and power < len(UNITS):
        value, power = value / 1000, power + 1
    step = Decimal("0.01") if value < Decimal("9.995") else Decimal("0.1") if value < Decimal("99.95") else Decimal(1)
    whole, _, fraction = f"{value.quantize(step, ROUND_HALF_UP):f}".partition(".")
    fraction = fraction.rstrip("0")
    point = ("," if is_russian else ".") if fraction else ""
    return f"{grouped(int(whole))}{point}{fraction} {(RUSSIAN_UNITS if is_russian else UNITS)[power - 1]}"


@register.filter
def grouped(count: int) -> str:
    """A whole number: `number` in core/format.js."""
    return f"{count:,}".replace(",", "\xa0" if get_language() == RUSSIAN else ",")


@register.filter
def visible(text: str) -> str:
    """Control characters as symbols; characters that reorder or hide text as their code points."""
    shown = CONTROLS.sub(lambda found: "\u2421" if found[0] == "\x7f" else chr(0x2400 + ord(found[0])), text)
    return HIDDEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", shown).strip()


@register.filter
def head(name: str) -> str:
    """What of a name is cut where it does not fit."""
    return name[:-TAIL]


@register.filter
def tail(name: str) -> str:
    """The end of a name, which is always shown."""
    return name[-TAIL:]
