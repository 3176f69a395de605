"""Somebody who has signed in with a role of their own, in the browser of the tests."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.console.pages import cookie
from tests.devtools import Page
from tests.live.admin import token
from tests.stack import Stack


def session_of(stack: Stack, role: str) -> tuple[str, str]:
    """The cookie of a new person with this role: its name and its value."""
    made = stack.client.post("/api/v1.0/people/", json={"name": f"{role}-{uuid.uuid4().hex[:8]}", "role": role})
    assert made.status_code == 201, made.text
    person = made.json()
    with httpx.Client(base_url=stack.url, timeout=30) as browser:
        form = {"csrfmiddlewaretoken": token(browser.get("/sign-in/"))}
        signed = browser.post("/sign-in/", data={**form, "username": person["name"], "password": person["password"]})
        assert signed.status_code == 302, signed.text
        found = next(each for each in browser.cookies.jar if "session" in each.name)
        return found.name, str(found.value)


@contextmanager
def signed_in(page: Page, stack: Stack, role: str) -> Iterator[None]:
    """The next address that the page opens is opened by somebody with this role."""
    name, value = session_of(stack, role)
    with cookie(page, stack, name, value):
        yield
