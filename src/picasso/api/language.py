"""Middleware: the pages for people, the admin and the errors of the API speak the language of whoever reads them."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from picasso import addresses
from picasso.languages.accept import ENGLISH, language_of

PAGES = (addresses.SIGN_IN, addresses.SIGN_OUT, addresses.ACCOUNT, addresses.ADMIN)

# The start page, also at the root of the API, and the documentation are in English. The schema is made once for all.
ENGLISH_ONLY = (addresses.DOCS, addresses.SCHEMA)


class LanguageMiddleware:
    """Before all others that answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = language_for(request)
        with translation.override(language):
            answer = self._get_response(request)
        if request.path_info.startswith(PAGES) and answer.get("Content-Type", "").startswith("text/html"):
            answer.headers.setdefault("Content-Language", language)
            patch_vary_headers(answer, ["Accept-Language"])
        return answer


def language_for(request: HttpRequest) -> str:
    path = request.path_info
    of_api = path.startswith(addresses.API) and path != addresses.API and not path.startswith(ENGLISH_ONLY)
    return language_of(request.headers.get("Accept-Language", "")) if of_api or path.startswith(PAGES) else ENGLISH
