"""The steps of signing in: a password or the provider, then a code where there is a second factor, then a session."""

from __future__ import annotations

import time

from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.utils.crypto import constant_time_compare

from picasso import addresses
from picasso.access import known_browsers, sign_in_locks
from picasso.access.session_rows import PENDING
from picasso.access.sign_in_audit import PASSKEY
from picasso.api.people.cookies import set_cookie
from picasso.api.people.pages import client_of, prefixed, redirect
from picasso.models import Passkey

BACKEND = "django.contrib.auth.backends.ModelBackend"

PENDING_SECONDS = 300

SIGNED_IN_AT = "picasso.signed-in-at"
"""The key in the session of when the person has signed in, in seconds since 1970."""


def ask_for_code(request: HttpRequest, user: User, to: str) -> HttpResponseBase:
    """Remember for some minutes that the first step is done."""
    request.session.cycle_key()
    request.session[PENDING] = {"user": user.pk, "hash": user.get_session_auth_hash()}
    request.session.set_expiry(PENDING_SECONDS)
    return redirect(addresses.SIGN_IN_CODE, to)


def pending(request: HttpRequest) -> User | None:
    """Who has done the first step. A new password ends that, as it ends sessions."""
    found = request.session.get(PENDING)
    if not isinstance(found, dict):
        return None
    user = User.objects.filter(pk=found["user"], is_active=True).first()
    return user if user and constant_time_compare(found["hash"], user.get_session_auth_hash()) else None


def enter_with(request: HttpRequest, passkey: Passkey, to: str) -> HttpResponseBase:
    """As `enter`, and the audit has the passkey."""
    request.META[PASSKEY] = passkey.name
    return enter(request, passkey.user, to)


def enter(request: HttpRequest, user: User, to: str) -> HttpResponseBase:
    """Begin the session, with a new key, and go to this path."""
    name = user.get_username()
    sign_in_locks.forgive(name, client_of(request))
    request.session.pop(PENDING, None)
    request.session.set_expiry(None)
    login(request, user, backend=BACKEND)
    request.session[SIGNED_IN_AT] = int(time.time())
    answer = HttpResponseRedirect(prefixed(to))
    cookie = known_browsers.cookie_for(sign_in_locks.account_of(name))
    set_cookie(answer, known_browsers.COOKIE, cookie, known_browsers.MAX_AGE)
    return answer
