"""Quick starts with this host and a fresh key, the error codes, and events as they happen."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.console.forms import button, dialog_says, no_dialog, says
from tests.console.pages import check_looks
from tests.console.signed_in import as_administrator
from tests.devtools import Page
from tests.stack import Stack

# As another window of the browser tells them, which has the connection. Their numbers are behind all real ones.
STORM = """(() => {
    const channel = new BroadcastChannel(`picasso-live ${document.body.dataset.root ?? ''} default`);
    for (let n = 1; n <= 3000; n += 1) {
        const data = {id: '01890a5d-ac96-774b-bcce-b302099a8057', name: `storm ${n}`};
        const type = n % 2 ? 'file.received' : 'job.failed';
        channel.postMessage({events: [{seq: 1e9 + n, type, at: new Date().toISOString(), data}]});
    }
})()"""


@pytest.fixture
def page(open_page: Callable[[str], Page]) -> Page:
    return open_page("/developers/")


def test_the_quick_start_works_as_it_is_shown(page: Page, stack: Stack, tmp_path: Path) -> None:
    says(page, f"{stack.url}/api/v1.0/upload/")
    assert page.sent("POST", "/api/v1.0/keys/") == []
    check_looks(page)
    page.click("a[href*='start=uppy']")
    says(page, f'endpoint: "{stack.url}/api/v1.0/uploads/"')
    page.click("a[href*='start=javascript']")
    says(page, f'import {{ Picasso }} from "{stack.url}/static/picasso/client/index.js"')
    page.click("a[href*='start=curl']")
    # Its name is on the page before.
    page.until("document.querySelector('.starts pre').innerText.includes('curl ')")
    (tmp_path / "picture.jpg").write_bytes(b"no picture")
    code = str(page.run("document.querySelector('.starts pre').innerText"))
    sent = subprocess.run(["sh", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(sent.stdout)["name"] == "picture.jpg"


def test_a_key_is_made_only_when_somebody_asks(page: Page, stack: Stack, tmp_path: Path) -> None:
    with as_administrator(page, stack):
        page.go(f"{stack.url}/developers/")
        says(page, "export PICASSO_KEY='pk_…'")
        button(page, "Make a key for this")
        dialog_says(page, "It may see and download files, upload and change files, and follow events in this project")
        button(page, "Cancel")
        no_dialog(page)
        assert page.sent("POST", "/api/v1.0/keys/") == []
        button(page, "Make a key for this")
        button(page, "Make a key")
        says(page, "A fresh key is filled in below.")
        check_looks(page)
        code = str(page.run("document.querySelector('.starts pre').innerText"))
        assert re.search(r"PICASSO_KEY='pk_\w{62}'", code)
        (tmp_path / "picture.jpg").write_bytes(b"no picture")
        sent = subprocess.run(["sh", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60)
        assert json.loads(sent.stdout)["name"] == "picture.jpg"
        page.click("a[href*='start=javascript']")
        says(page, 'getToken: async () => "eyJ')
        button(page, "Revoke it now")
        says(page, 'getToken: async () => "eyJ…"')


def test_error_codes_are_found_by_a_word(page: Page, stack: Stack) -> None:
    page.go(f"{stack.url}/developers/?code=quota-exceeded")
    page.until("document.querySelectorAll('.codes tbody tr').length === 1")
    page.run(
        "const field = document.querySelector('.codes input'); field.value = 'no such code at all';"
        "field.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    says(page, "0 codes")


def test_events_are_shown_as_they_happen(page: Page, stack: Stack) -> None:
    page.go(f"{stack.url}/developers/events/")
    says(page, "Live", ".toolbar")
    stack.upload(b"text", "<b>\u202elive.txt")
    says(page, "<b>⟨U+202E⟩live.txt")
    page.run("document.querySelector('.event summary').click()")
    says(page, '"seq":')
    check_looks(page)
    button(page, "Pause")
    stack.upload(b"text", "later.txt")
    says(page, "Paused.")
    page.until("/Paused. [1-9]/.test(document.querySelector('#view')?.innerText)")
    assert "later.txt" not in page.text("#view")
    button(page, "Pause")
    says(page, "later.txt")
    page.run(
        "const field = document.querySelector('#event-type'); field.value = 'import.*';"
        "field.dispatchEvent(new Event('change'))"
    )
    page.until("location.search.includes('import.')")
    says(page, "Nothing of this type yet")


def test_of_thousands_of_events_only_so_many_are_kept_and_shown(page: Page, stack: Stack) -> None:
    page.go(f"{stack.url}/developers/events/")
    says(page, "Live", ".toolbar")
    page.run(STORM)
    says(page, "storm 3000")
    says(page, "1,000 events are kept here, of at most 1000.")
    assert page.run("document.querySelectorAll('.event').length") == 50
    button(page, "Show more")
    page.until("document.querySelectorAll('.event').length === 100")
