"""The answer to a form without its CSRF token: a page for people, a problem document for programs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase

from picasso.api import errors
from picasso.api.people.pages import shown
from picasso.errors import PROBLEM_JSON, Forbidden

DETAIL = "The CSRF token is missing or wrong."


def failed(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    if request.get_preferred_type([PROBLEM_JSON, "text/html"]) != "text/html":
        return errors.answer(Forbidden(DETAIL), request)
    return shown(request, "csrf_failed", 403)
