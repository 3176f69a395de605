"""Tells the audit who makes a request: the principal, or on pages for people the user who has signed in."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from picasso import addresses
from picasso.access.actor import Actor, acting
from picasso.access.audit_queries import actor_of
from picasso.access.principal import principal_of


class ActorMiddleware:
    """After Django's middleware for authentication."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with acting(actor(request)):
            return self._get_response(request)


def actor(request: HttpRequest) -> Actor:
    """Of the API the principal. The pages for people know the user only, whatever else the request carries."""
    address = request.META.get("REMOTE_ADDR", "")
    is_page = not request.path_info.startswith(addresses.API)
    # Without the cookie, requests would read the table of sessions.
    if is_page and settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
        return Actor("session", f"user:{request.user.pk}", address=address)
    return actor_of(principal_of(request.META), address)
