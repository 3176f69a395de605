"""The cookies of the pages for people, besides the one of the session."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

Answer = Callable[[HttpRequest], HttpResponse]


def set_cookie(answer: HttpResponseBase, name: str, value: str, max_age: int) -> None:
    """A cookie that no script reads and no page of another site sends. ``max_age`` is in seconds."""
    answer.set_cookie(name, value, max_age, path=settings.SESSION_COOKIE_PATH, httponly=True, samesite="Lax")


def delete_cookie(answer: HttpResponseBase, name: str) -> None:
    answer.delete_cookie(name, path=settings.SESSION_COOKIE_PATH, samesite="Lax")


class SecureCookies:
    """Middleware: over HTTPS every cookie is for HTTPS only, also behind a proxy that ends TLS.

    `SESSION_COOKIE_SECURE` of Django is one value for all requests, and the address may be known by the requests alone.
    """

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self._get_response(request)
        if request.is_secure() or settings.SESSION_COOKIE_SECURE:
            for cookie in answer.cookies.values():
                cookie["secure"] = True
        return answer
