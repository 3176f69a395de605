"""Headers that limit what a browser does with an answer: on every one, whoever makes it."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.devtools import Window
from tests.live.admin import superuser
from tests.live.conftest import Shared
from tests.live.wire import END, FILES, PNG, UPLOAD, Answer, ask, head, part, post, wire
from tests.stack import Stack

pytestmark = pytest.mark.live

LOADED = "document.readyState === 'complete'"


@pytest.fixture(scope="module")
def plain(shared_web: Shared) -> Stack:
    return shared_web()


def answers(stack: Stack) -> dict[str, Answer]:
    file = stack.upload(PNG, "dot.png", "image/png")
    path = file["file"].removeprefix(stack.url)
    found = {
        "an upload": post(stack, part() + END),
        "a list": ask(stack, "GET", FILES),
        "a file": ask(stack, "GET", f"{FILES}{file['id']}/"),
        "a download": ask(stack, "GET", path),
        "a range": ask(stack, "GET", path, Range="bytes=0-1"),
        "a head": ask(stack, "HEAD", path),
        "options": ask(stack, "OPTIONS", UPLOAD),
        "the front page": ask(stack, "GET", "/", Accept="text/html"),
        "the docs": ask(stack, "GET", "/api/v1.0/docs/"),
        "the schema": ask(stack, "GET", "/api/v1.0/schema/"),
        "the admin": ask(stack, "GET", "/admin/"),
        "signing in": ask(stack, "GET", "/admin/login/"),
        "a script": ask(stack, "GET", "/static/picasso/delivery.js"),
        "alive": ask(stack, "GET", "/healthz"),
        "not ready": ask(stack, "GET", "/readyz"),
        "not found": ask(stack, "GET", "/nowhere"),
        "no upload": ask(stack, "GET", f"/api/v1.0/uploads/{uuid4()}"),
        "a wrong method": ask(stack, "DELETE", FILES),
        "a wrong type": post(stack, b"{}", "application/json"),
        "a wrong host": ask(stack, "GET", FILES, Host="evil.example"),
        "another site": ask(stack, "POST", "/", Origin="https://evil.example"),
    }
    with wire(stack) as connection:
        connection.send(b"nonsense\r\n\r\n")
        found["no HTTP"] = connection.read()
    with wire(stack) as connection:
        connection.send(head(stack, "GET", FILES, X="x" * 100_000))
        found["a head that is too large"] = connection.read()
    return found


def test_every_answer_has_them(plain: Stack) -> None:
    for name, answer in answers(plain).items():
        assert answer.headers["x-content-type-options"] == "nosniff", name
        assert answer.headers["referrer-policy"] == "same-origin", name
        assert answer.headers["cross-origin-opener-policy"] == "same-origin", name
        assert answer.headers["cross-origin-resource-policy"] in {"same-origin", "same-site"}, name
        assert answer.headers["content-security-policy"], name
        assert "strict-transport-security" not in answer.headers, name


def test_no_page_is_framed_or_runs_what_is_not_its_own(plain: Stack) -> None:
    pages = {name: each for name, each in answers(plain).items() if "text/html" in each.headers.get("content-type", "")}
    assert set(pages) == {"the front page", "the docs", "signing in", "the admin"}
    for name, answer in pages.items():
        policy = answer.headers["content-security-policy"]
        rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
        assert rules["frame-ancestors"] == rules["base-uri"] == "'none'", name
        assert "script-src" in rules or "default-src" in rules
        assert rules.get("script-src", rules["default-src"]) in {"'self'", "'none'"}, name


def test_a_cached_page_keeps_its_headers(plain: Stack) -> None:
    """The headers of a 304 replace those of the answer that a browser has kept (RFC 9111 §3.2)."""
    path = plain.upload(PNG, "dot.png", "image/png")["file"].removeprefix(plain.url)
    kept = ask(plain, "GET", path).headers
    again = ask(plain, "GET", path, If_None_Match=kept["etag"])
    assert again.status == 304
    for name in ("content-security-policy", "cross-origin-resource-policy", "cross-origin-opener-policy"):
        assert again.headers.get(name, kept[name]) == kept[name]
    assert "sandbox" in kept["content-security-policy"]


def test_https_only_once_there_was_https(believing: Stack) -> None:
    for headers, value in (({"X_Forwarded_Proto": "https"}, "max-age=3600"), ({}, None)):
        for path in (FILES, "/healthz", "/admin/login/", "/nowhere"):
            assert ask(believing, "GET", path, **headers).headers.get("strict-transport-security") == value


def test_the_docs_work_under_their_policy(plain: Stack, chromium: Window) -> None:
    page = chromium.page(f"{plain.url}/api/v1.0/docs/", "document.querySelectorAll('.opblock-tag').length > 10")
    page.click("#operations-tag-health")
    page.click(".opblock-get .opblock-summary-control")
    page.until("!!document.querySelector('.opblock-body .try-out')")
    page.click(".try-out button")
    page.until("!!document.querySelector('button.execute')")
    page.click("button.execute")
    page.until("!!document.querySelector('.live-responses-table .response-col_status')")
    page.close()
    assert page.complaints == []


def test_the_admin_works_under_its_policy(plain: Stack, chromium: Window) -> None:
    superuser(plain)
    plain.upload(PNG, "dot.png", "image/png")
    page = chromium.page(f"{plain.url}/admin/login/?next=/admin/picasso/file/", LOADED)
    for name, value in (("username", "dora"), ("password", "maar-1937")):
        page.run(f"document.querySelector('[name={name}]').value = '{value}'")
    page.click("[type=submit]")
    page.until("!!document.querySelector('#action-toggle') && document.readyState === 'complete'")
    page.click("#action-toggle")
    page.until("!!document.querySelector('tbody tr.selected')")
    page.go(f"{plain.url}/admin/picasso/job/", LOADED)
    page.until("!!document.querySelector('#changelist')")
    page.close()
    assert page.complaints == []
