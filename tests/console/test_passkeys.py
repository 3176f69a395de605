"""Passkeys in a real browser, with an authenticator of the DevTools protocol."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.console.pages import check_looks, complaints, look
from tests.devtools import Page, Window
from tests.stack import Stack, migrated

NAME, PASSWORD = "ann", "a quite long password 7"
ALONE, FORM = "form[data-passkey=get]", "form:has([value=passkey])"
COMPLETE = "document.readyState === 'complete'"

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def named(new_data: Callable[[], Path]) -> Iterator[Stack]:
    """A service at a name, as passkeys need one, with a person."""
    data = new_data()
    shutil.copytree(migrated(), data)
    stack = Stack(data)
    stack._env["PICASSO_PUBLIC_URL"] = f"http://localhost:{stack.port}"
    try:
        stack.start()
        made = stack.client.post("/api/v1.0/people/", json={"name": NAME, "role": "viewer", "password": PASSWORD})
        assert made.status_code == 201, made.text
        yield stack
    finally:
        stack.client.close()
        stack.stop()


@pytest.fixture
def page(chromium: Window, named: Stack) -> Iterator[Page]:
    page = chromium.page(f"http://localhost:{named.port}/sign-in/", COMPLETE)
    look(page)
    yield page
    page.close()
    refused = "the server responded with a status of 403"
    assert [each for each in complaints(page) if refused not in each] == []


@pytest.fixture
def authenticator(page: Page) -> str:
    page.ask("WebAuthn.enable")
    return str(page.ask("WebAuthn.addVirtualAuthenticator", options=AUTHENTICATOR)["authenticatorId"])


def send(page: Page, form: str, **values: str) -> None:
    """Fill this form in and send it, as its button does."""
    page.until(f"document.querySelector({json.dumps(form)})?.checkVisibility()")
    code = "((form) => { for (const [name, value] of Object.entries(%s)) form.elements[name].value = value; })(%s)"
    page.run(code % (json.dumps(values), f"document.querySelector({json.dumps(form)})"))
    page.click(f"{form} button")


def is_at(page: Page, path: str) -> None:
    page.until(f"location.pathname === '{path}' && {COMPLETE}")


def says(page: Page, text: str) -> None:
    page.until(f"document.querySelector('main')?.innerText.includes({json.dumps(text)})")


def sign_out(page: Page) -> None:
    send(page, "form[action$='/sign-out/']")
    is_at(page, "/sign-in/")


def sign_in(page: Page) -> None:
    send(page, "form:has([name=username])", username=NAME, password=PASSWORD)


def to(page: Page, path: str) -> None:
    """After signing in, go to this page."""
    page.run(f"document.querySelectorAll('[name=next]').forEach((each) => {{ each.value = '{path}'; }})")


def stored(page: Page, authenticator: str) -> dict[str, Any]:
    (found,) = page.ask("WebAuthn.getCredentials", authenticatorId=authenticator)["credentials"]
    return dict(found)


def test_a_passkey_from_its_making_to_its_end(page: Page, authenticator: str) -> None:
    to(page, "/account/")
    sign_in(page)
    is_at(page, "/account/")
    check_looks(page)
    send(page, FORM, name="laptop", password=PASSWORD)
    page.until("!!document.querySelector('form[data-passkey=create]')")
    check_looks(page)
    send(page, "form[data-passkey=create]")
    says(page, "The passkey is added")
    says(page, "laptop")
    page.run("document.querySelectorAll('.passkeys details').forEach((each) => { each.open = true; })")
    check_looks(page)
    assert stored(page, authenticator)["isResidentCredential"]
    sign_out(page)

    check_looks(page)
    to(page, "/account/")
    send(page, ALONE)
    is_at(page, "/account/")
    sign_out(page)

    to(page, "/account/")
    sign_in(page)
    is_at(page, "/sign-in/code/")
    check_looks(page)
    send(page, ALONE)
    is_at(page, "/account/")
    sign_out(page)

    # A copy that was made before the last two uses.
    copy = stored(page, authenticator) | {"signCount": 1}
    page.ask("WebAuthn.removeCredential", authenticatorId=authenticator, credentialId=copy["credentialId"])
    page.ask("WebAuthn.addCredential", authenticatorId=authenticator, credential=copy)
    send(page, ALONE)
    says(page, "The passkey was not accepted.")
    check_looks(page)

    copy["signCount"] = 1000
    page.ask("WebAuthn.removeCredential", authenticatorId=authenticator, credentialId=copy["credentialId"])
    page.ask("WebAuthn.addCredential", authenticatorId=authenticator, credential=copy)
    page.go(page.run("location.origin") + "/sign-in/?next=/account/", COMPLETE)
    send(page, ALONE)
    is_at(page, "/account/")
    page.run("document.querySelectorAll('.passkeys details').forEach((each) => { each.open = true; })")
    send(page, ".passkeys form:has([value=passkey-rename])", name="old laptop", password=PASSWORD)
    says(page, "The passkey has a new name.")
    says(page, "old laptop")
    page.run("document.querySelectorAll('.passkeys details').forEach((each) => { each.open = true; })")
    send(page, ".passkeys form:has([value=passkey-remove])", password=PASSWORD)
    says(page, "The passkey is removed")
    sign_out(page)
    send(page, ALONE)
    says(page, "The passkey was not accepted.")


def test_without_a_passkey_the_page_says_so(page: Page, authenticator: str) -> None:
    page.ask("WebAuthn.setUserVerified", authenticatorId=authenticator, isUserVerified=False)
    send(page, ALONE)
    says(page, "The browser gave no passkey.")
    check_looks(page)
    assert not page.run(f"document.querySelector('{ALONE} button').disabled")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("Promise.resolve(new Response('', { status: 404 }))", "Passkeys do not work here."),
        ("Promise.resolve(new Response('', { status: 429 }))", "There were too many requests."),
        ("Promise.resolve(new Response('', { status: 500 }))", "The service did not answer."),
        ("Promise.resolve(new Response('<p>'))", "The service did not answer."),
        ("Promise.reject(new TypeError('offline'))", "The service did not answer."),
    ],
)
@pytest.mark.usefixtures("authenticator")
def test_what_failed_before_the_browser_was_asked_is_said(page: Page, answer: str, said: str) -> None:
    page.run(f"window.fetch = () => {answer}; undefined")
    send(page, ALONE)
    says(page, said)
    assert "The browser gave no passkey" not in page.run("document.querySelector('main').innerText")
