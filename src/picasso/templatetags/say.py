"""Filters of templates: ``say``, a text in the language of the page; ``theme``, the colours that were chosen."""

from __future__ import annotations

from django import template
from django.http import HttpRequest
from django.utils.translation import get_language

from picasso.languages import preferences, russian
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


@register.filter
def theme(request: HttpRequest) -> str:
    """``light`` or ``dark``, if the person has chosen it."""
    return preferences.theme(request.headers)
