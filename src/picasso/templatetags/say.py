"""The filter ``say`` of templates: a text in the language of the page."""

from __future__ import annotations

from django import template
from django.utils.translation import get_language

from picasso.languages import russian
from picasso.languages.accept import RUSSIAN
from picasso.languages.translate import to_russian

register = template.Library()


@register.filter
def say(text: object) -> str:
    """The text itself where there is no translation of it."""
    shown = str(text)
    if get_language() != RUSSIAN:
        return shown
    return russian.PAGES.get(shown) or to_russian(shown) or shown
