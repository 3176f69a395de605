"""Somebody who has signed in with a role of their own, in the browser of the tests."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.console.pages import cookie
from tests.devtools import Page
from tests.live import admin
from tests.stack import Stack


@contextmanager
def signed_in(page: Page, stack: Stack, role: str) -> Iterator[None]:
    """The next addresses that the page opens are opened by a new person with this role."""
    made = stack.client.post("/api/v1.0/people/", json={"name": f"{role}-{uuid.uuid4().hex[:8]}", "role": role})
    assert made.status_code == 201, made.text
    person = made.json()
    with as_person(page, stack, person["name"], person["password"]):
        yield


@contextmanager
def as_administrator(page: Page, stack: Stack) -> Iterator[None]:
    """As of `signed_in`, with all rights. Nobody can make such a person by the API of a service with open access."""
    if stack.data not in admin.HAVE_ONE:
        admin.HAVE_ONE.add(stack.data)
        admin.insert(stack)
    with as_person(page, stack, admin.NAME, admin.PASSWORD):
        yield


@contextmanager
def as_person(page: Page, stack: Stack, name: str, password: str) -> Iterator[None]:
    with cookie(page, stack, *session_of(stack, name, password)):
        yield


def session_of(stack: Stack, name: str, password: str) -> tuple[str, str]:
    """The cookie of a new session: its name and its value."""
    with httpx.Client(base_url=stack.url, timeout=30) as browser:
        form = {"csrfmiddlewaretoken": admin.token(browser.get("/sign-in/"))}
        signed = browser.post("/sign-in/", data={**form, "username": name, "password": password})
        assert signed.status_code == 302, signed.text
        found = next(each for each in browser.cookies.jar if "session" in each.name)
        return found.name, str(found.value)
