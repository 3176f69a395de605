"""Middleware: the pages for people, the admin and the errors of the API speak the language of whoever reads them."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from rest_framework.request import Request

from picasso import addresses
from picasso.languages.accept import ENGLISH, RUSSIAN, language_of

PAGES = (addresses.SIGN_IN, addresses.SIGN_OUT, addresses.ACCOUNT, addresses.ADMIN)

# The documentation is in English. The schema is made once for all.
ENGLISH_ONLY = (addresses.DOCS, addresses.SCHEMA)

# Written by static/picasso/console/shell/appearance.js, and read here so that a page is right from its first pixel on.
LANGUAGE_COOKIE = "picasso-language"
THEME_COOKIE = "picasso-theme"

LANGUAGES = (ENGLISH, RUSSIAN)
THEMES = ("light", "dark")


class LanguageMiddleware:
    """Before all others that answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = language_for(request)
        with translation.override(language):
            answer = self._get_response(request)
        if is_page(request.path_info) and answer.get("Content-Type", "").startswith("text/html"):
            answer.headers.setdefault("Content-Language", language)
            patch_vary_headers(answer, ["Accept-Language", "Cookie"])
        return answer


def is_page(path: str) -> bool:
    return path == addresses.HOME or path.startswith(PAGES) or addresses.is_console(path)


def language_for(request: HttpRequest) -> str:
    path = request.path_info
    if is_page(path):
        return chosen_language(request)
    of_api = path.startswith(addresses.API) and path != addresses.API and not path.startswith(ENGLISH_ONLY)
    return language_of(request.headers.get("Accept-Language", "")) if of_api else ENGLISH


def chosen_language(request: HttpRequest) -> str:
    """The one that the person has chosen, or else the one that the browser asks for."""
    chosen = request.COOKIES.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else language_of(request.headers.get("Accept-Language", ""))


def theme_of(request: HttpRequest | Request) -> str:
    """Empty for the one of the browser's system."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""
