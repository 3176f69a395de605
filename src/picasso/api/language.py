"""Middleware: the pages for people, the admin and the errors of the API speak the language of whoever reads them."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from picasso import addresses
from picasso.languages import preferences
from picasso.languages.accept import ENGLISH, language_of

PAGES = (addresses.SIGN_IN, addresses.SIGN_OUT, addresses.ACCOUNT, addresses.ADMIN, addresses.DOCS)


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
        return language_of(preferences.accept_language(request.headers))
    # The schema is made once for all, in English.
    of_api = path.startswith(addresses.API) and path != addresses.API and not path.startswith(addresses.SCHEMA)
    return language_of(request.headers.get("Accept-Language", "")) if of_api else ENGLISH
