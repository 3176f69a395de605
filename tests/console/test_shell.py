"""The frame around all views."""

from __future__ import annotations

import httpx
import pytest

from tests.stack import Stack

ID = "01890a5d-ac96-774b-bcce-b302099a8057"
BROWSER = {"accept": "text/html,application/xhtml+xml", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
VIEWS = ["/", f"/files/{ID}", "/uploads/", "/trash/", "/jobs/", f"/jobs/{ID}", "/system/", "/webhooks/", "/keys/"]
VIEWS += [f"/webhooks/{ID}", "/people/", "/projects/", "/audit/", "/developers/", "/developers/events/"]


def get(stack: Stack, path: str, **headers: str) -> httpx.Response:
    return stack.client.get(path, headers={**BROWSER, **headers})


@pytest.mark.parametrize("path", VIEWS)
def test_each_view_has_an_address(stack: Stack, path: str) -> None:
    for each in {path, path.rstrip("/") or "/"}:
        answer = get(stack, each)
        assert answer.status_code == 200
        assert answer.text.count('<main id="view"') == 1
        assert "'unsafe-" not in answer.headers["content-security-policy"]


def test_the_page_has_the_language_and_the_theme_that_were_chosen(stack: Stack) -> None:
    plain = get(stack, "/system/")
    assert '<html lang="en">' in plain.text
    assert '<html lang="ru">' in get(stack, "/system/", **{"accept-language": "ru,en;q=0.5"}).text
    chosen = get(stack, "/system/", cookie="picasso-language=ru; picasso-theme=dark")
    assert '<html lang="ru" data-theme="dark">' in chosen.text
    assert {"Cookie", "Accept-Language"} <= set(chosen.headers["vary"].replace(" ", "").split(","))
    odd = get(stack, "/system/", cookie="picasso-language=<b>; picasso-theme=<b>")
    assert '<html lang="en">' in odd.text
