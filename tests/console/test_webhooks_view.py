"""Webhooks, as their developer sees them: made, tried, looked at, sent again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier

from tests.console.forms import button, dialog_says, fill, no_dialog, says, tick
from tests.console.pages import SHOWN, check_looks, focused, press, write
from tests.console.signed_in import signed_in
from tests.devtools import Page
from tests.remote import Asked, answer, remote
from tests.stack import Stack

HOOKS = "/api/v1.0/webhooks/"
# Nothing is imported here, while other tests' files may still be processed.
NEVER = "import.*"
HOSTILE = '<img src=x onerror="document.title=1">\u202eevil'


@pytest.fixture
def page(open_page: Callable[[str], Page]) -> Page:
    return open_page("/webhooks/")


@pytest.fixture
def webhook(stack: Stack) -> Iterator[dict[str, Any]]:
    body = {"url": "http://127.0.0.1:9/", "description": HOSTILE, "types": [NEVER]}
    made = stack.client.post(HOOKS, json=body).json()
    yield made
    stack.client.delete(f"{HOOKS}{made['id']}/")


def test_a_webhook_from_its_creation_to_its_deletion(page: Page, stack: Stack) -> None:
    fails = threading.Event()

    def reply(_: Asked) -> bytes:
        return answer(b"<b>no</b>", "500 Failed") if fails.is_set() else answer(b"thanks")

    with remote(reply) as receiver:
        secret = made(page, receiver.url)
        button(page, "Send a test")
        says(page, "answered 200")
        assert verified(receiver.asked[0], secret)["type"] == "webhook.test"
        fails.set()
        button(page, "Send a test")
        says(page, "refused with 500")
        page.run("document.querySelector('.deliveries summary').click()")
        says(page, "<b>no</b>", ".deliveries")
        says(page, '"type": "webhook.test"', ".deliveries")
        # After five seconds it is tried again by itself.
        page.until(
            "/The last (attempt has|\\d+ attempts have) failed/.test(document.querySelector('#view')?.innerText)"
        )
        check_looks(page)
        fails.clear()
        button(page, "Send again")
        page.until("document.querySelectorAll('.deliveries .badge.good').length === 2")
        assert receiver.asked[1].headers["webhook-id"] == receiver.asked[-1].headers["webhook-id"]
        assert len(receiver.asked) > 2
    button(page, "Disable")
    says(page, "disabled it on")
    button(page, "Delete")
    dialog_says(page, "is not told any more")
    button(page, "Delete")
    page.until("location.pathname === '/webhooks/'")
    page.until(f"!document.querySelector('#view').innerText.includes({json.dumps(receiver.url)})")


def made(page: Page, url: str) -> str:
    """Makes a webhook with this address by the keyboard, and returns its secret."""
    says(page, "New webhook")
    page.run("[...document.querySelectorAll('#view button')].find((each) => each.innerText === 'New webhook').focus()")
    press(page, "Enter")
    page.until("document.activeElement?.name === 'url'")
    write(page, "ftp://example.com/")
    press(page, "Enter")
    page.until("document.querySelector('dialog[open] [name=url]')?.getAttribute('aria-invalid') === 'true'")
    fill(page, "url", url + "/hook")
    fill(page, "description", "Tells the shop")
    tick(page, "types", NEVER)
    button(page, "Create")
    dialog_says(page, "It is shown only now.")
    secret = str(page.run("document.querySelector('dialog[open] .secret code').innerText"))
    button(page, "I have stored it")
    no_dialog(page)
    page.until("/^\\/webhooks\\/[0-9a-f-]{36}$/.test(location.pathname)")
    says(page, "Active")
    return secret


def verified(request: Asked, secret: str) -> Any:
    return Verifier(secret).verify(request.body, request.headers)


def test_the_list_shows_what_others_chose_as_it_is(page: Page, webhook: dict[str, Any]) -> None:
    page.go()
    says(page, '<img src=x onerror="document.title=1">⟨U+202E⟩evil')
    assert page.run("document.querySelectorAll('#view img').length") == 0
    check_looks(page)
    page.run(f"document.querySelector('#view .entry-name[href$=\"{webhook['id']}\"]').focus()")
    press(page, "Enter")
    page.until(f"location.pathname === '/webhooks/{webhook['id']}'")
    says(page, "Nothing was sent yet")
    button(page, "Failed")
    says(page, "No message is in this state.")
    assert page.run("location.search") == "?state=failed"


def test_what_is_refused_gone_or_out_of_reach_is_said(page: Page, stack: Stack, webhook: dict[str, Any]) -> None:
    with signed_in(page, stack, "viewer"):
        page.go(f"{stack.url}/webhooks/")
        says(page, "You may not see this")
        says(page, "webhooks:write")
        assert "New webhook" not in page.text("#view")
        check_looks(page)
    page.go(f"{stack.url}/webhooks/01890a5d-ac96-774b-bcce-b302099a8057")
    says(page, "There is nothing at this address")
    page.go(f"{stack.url}/keys/")
    page.run("import(document.body.dataset.static + 'console/views/webhooks/view.js').then(() => true)")
    page.run("import(document.body.dataset.static + 'console/views/webhooks/ru.js').then(() => true)")
    page.connected(False)
    page.run("document.querySelector('a[href$=\"/webhooks/\"]').click()")
    says(page, "There is no connection")
    check_looks(page)
    page.connected(True)
    says(page, "127.0.0.1:9")


@pytest.mark.sampled("a view in Russian", 1 / 2)
def test_it_speaks_russian(page: Page, stack: Stack, webhook: dict[str, Any]) -> None:
    page.ask("Network.setExtraHTTPHeaders", headers={"Accept-Language": "ru"})
    page.go(f"{stack.url}/webhooks/{webhook['id']}", SHOWN)
    says(page, "Доставки")
    page.run("[...document.querySelectorAll('#view button')].find((each) => each.innerText === 'Изменить').focus()")
    press(page, "Enter")
    dialog_says(page, "Изменить вебхук")
    press(page, "Escape")
    no_dialog(page)
    assert focused(page) == "Изменить"
