"""Browsers in which a person has signed in before: a cookie says so (OWASP's "device cookies").

A stranger can make an account be locked by guessing its password. The lock does not hold for the browsers that the
person uses, which have a count of their own.
"""

from __future__ import annotations

import secrets

from picasso.access.ciphers import Cipher

COOKIE = "picasso-browser"

MAX_AGE = 365 * 86_400
"""Seconds since the person signed in there."""

cipher = Cipher("known browser")


def cookie_for(account: str) -> str:
    """The value of the cookie for a browser in which this account has just signed in."""
    return cipher.encrypt(f"{account} {secrets.token_hex(16)}")


def browser_of(account: str, cookie: str) -> str | None:
    """The id of the browser, if this account has signed in there."""
    known, _, browser = (cipher.decrypt(cookie, MAX_AGE) or "").rpartition(" ")
    return browser if cookie and known == account else None
