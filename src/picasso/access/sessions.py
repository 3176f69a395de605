"""The sessions of people: the cookie of Django's sessions makes a request one of the person who has signed in."""

from __future__ import annotations

import re
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

SESSION = re.compile("[0-9A-Za-z]{1,64}")

PROJECT_COOKIE = "picasso-project"
"""The project that a person has chosen on the page. static/picasso/console/shell/choices.js writes it."""

PROJECT_NAME = re.compile("[-0-9A-Za-z_]{1,64}")


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
        found = await self._of_project(key, credentials)
        if not isinstance(found, User):
            return found
        if credentials.project:
            raise NotFound("There is no such project, or you do not belong to it.")
        return None  # the pages of the account are still theirs

    async def _of_project(self, key: str, credentials: Credentials) -> Principal | User | None:
        """In the project that a header or a cookie names. A cookie that is out of date does not count."""
        chosen = "" if credentials.project else value_of(credentials.cookie, PROJECT_COOKIE, PROJECT_NAME)
        found = await self._known.get(f"{key} {credentials.project or chosen}")
        return await self._known.get(f"{key} ") if chosen and isinstance(found, User) else found


def session_key(cookie: str) -> str:
    return value_of(cookie, settings.SESSION_COOKIE_NAME, SESSION)


def value_of(cookies: str, name: str, pattern: re.Pattern[str]) -> str:
    """The value of a cookie; empty if it is not there, or does not look like one."""
    if name not in cookies:
        return ""
    try:
        morsel = SimpleCookie(cookies).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel and pattern.fullmatch(morsel.value) else ""


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
