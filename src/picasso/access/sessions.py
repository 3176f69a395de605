"""The sessions of people: the cookie of Django's sessions makes a request one of the person who has signed in."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.utils.crypto import constant_time_compare

from picasso.access import people
from picasso.access.authenticate import Cache, Credentials, Threads
from picasso.access.principal import Principal
from picasso.errors import NotFound

MAX_KEY = 64


class SessionCookies:
    """Like keys, a session is remembered for some seconds: signing out ends it everywhere within them."""

    def __init__(self, threads: Threads) -> None:
        self._known = Cache(find, threads)

    async def principal(self, credentials: Credentials) -> Principal | None:
        """None also for a session that has ended, and for a person who belongs to no project: as of a stranger.

        Raises `NotFound` for a project that the person does not belong to.
        """
        key = session_key(credentials.cookie)
        if not key:
            return None
        found = await self._known.get(f"{key} {credentials.project}")
        if not isinstance(found, User):
            return found
        if credentials.project:
            raise NotFound("There is no such project, or you do not belong to it.")
        return None  # the pages of the account are still theirs


def session_key(cookie: str) -> str:
    name: str = settings.SESSION_COOKIE_NAME
    if name not in cookie:
        return ""
    try:
        morsel = SimpleCookie(cookie).get(name)
    except CookieError:
        return ""
    value = morsel.value if morsel else ""
    return value if value.isascii() and value.isalnum() and len(value) <= MAX_KEY else ""


def find(name: str) -> Principal | User | None:
    """The principal of a session; the person alone, if they do not belong to the project that is named."""
    key, _, project = name.partition(" ")
    user = user_of(SessionStore(key))
    return (people.principal_of_user(user, project) or user) if user else None


def user_of(session: SessionStore) -> User | None:
    """The person who has signed in, as Django finds them. A new password ends all earlier sessions."""
    if BACKEND_SESSION_KEY not in session:
        return None
    user = get_user_model().objects.filter(pk=session[SESSION_KEY], is_active=True).first()
    if user and constant_time_compare(session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()):
        return user
    return None
