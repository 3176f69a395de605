"""Keys: made with a picture of what they may do, shown once, changed, rotated, revoked."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.console.forms import button, button_of, dialog_says, fill, no_dialog, says, tick
from tests.console.pages import check_looks
from tests.console.signed_in import signed_in
from tests.devtools import Page
from tests.stack import Stack

HOSTILE = '"><script>document.title=1</script>\u202e'


@pytest.fixture
def page(open_page: Callable[[str], Page]) -> Page:
    return open_page("/keys/")


def scopes_of(stack: Stack, key: str) -> list[str] | None:
    """None if it is refused."""
    answer = httpx.get(f"{stack.url}/api/v1.0/me/", headers={"Authorization": f"Bearer {key}"}, timeout=30)
    return answer.json()["scopes"] if answer.status_code == 200 else None


def shown_key(page: Page) -> str:
    dialog_says(page, "It is shown only now")
    found = str(page.run("document.querySelector('dialog[open] .secret code').innerText"))
    button(page, "I have stored it")
    no_dialog(page)
    return found


def test_a_key_from_its_creation_to_its_end(page: Page, stack: Stack) -> None:
    button(page, "New key")
    button(page, "Create")
    dialog_says(page, "Must not be empty.")
    fill(page, "name", "shop one")
    tick(page, "scopes", "files:read", "project:admin")
    dialog_says(page, "It may see and download files and manage keys, people and settings of the project.")
    dialog_says(page, "This is much")
    tick(page, "scopes", "files:write")
    fill(page, "networks", "127.0.0.1\n10.0.0.0/8")
    dialog_says(page, "It works only from 127.0.0.1, 10.0.0.0/8.")
    check_looks(page)
    button(page, "Create")
    key = shown_key(page)
    assert scopes_of(stack, key) == ["files:write"]
    says(page, "shop one")
    button_of(page, "shop one", "Edit")
    tick(page, "scopes", "files:write", "files:read")
    fill(page, "name", HOSTILE)
    button(page, "Save")
    no_dialog(page)
    says(page, '"><script>document.title=1</script>⟨U+202E⟩')
    button_of(page, "<script>", "Rotate")
    fill(page, "grace", "3600")
    button(page, "Rotate")
    successor = shown_key(page)
    assert scopes_of(stack, successor) == ["files:read", "files:write"]
    assert scopes_of(stack, key) is not None
    says(page, "Ends in 1 hour")
    button_of(page, "<script>", "Revoke")
    dialog_says(page, "undone. To replace a key")
    button(page, "Revoke")
    no_dialog(page)
    ended = "each.innerText.includes('<script>') && each.querySelector('.badge.bad')?.innerText === 'Revoked'"
    page.until(f"[...document.querySelectorAll('#view .entry')].some((each) => {ended})")
    check_looks(page)


def test_links_end_only_after_a_warning(page: Page) -> None:
    button(page, "End all links")
    dialog_says(page, "stops working within five seconds")
    button(page, "Cancel")
    no_dialog(page)
    assert page.sent("POST", "/api/v1.0/link-keys/") == []
    button(page, "End all links")
    dialog_says(page, "stops working within five seconds")
    button(page, "End all links")
    says(page, "All links of before have ended.", "#toasts")
    assert [each.status for each in page.sent("POST", "/api/v1.0/link-keys/")] == [204]


def test_an_operator_sees_no_keys(page: Page, stack: Stack) -> None:
    with signed_in(page, stack, "viewer"):
        page.go(f"{stack.url}/keys/")
        says(page, "You may not see this")
        assert "New key" not in page.text("#view")
