"""Errors and pages by Accept-Language, from each kind of handler."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from picasso.access import people
from picasso.web.app import WebApp
from tests.flow.access import with_keys
from tests.flow.asgi import Exchange, ask
from tests.flow.people import ACCOUNT, PASSWORD, SIGN_IN, Role, fast_hashes, new_browser, signed_in

pytestmark = pytest.mark.django_db(transaction=True)

RUSSIAN = "ru-RU,ru;q=0.9,en;q=0.5"

JSON = {"content-type": "application/json"}
PROJECTS = "/api/v1.0/projects/"

# Method, path, body, headers, and what the detail begins with in Russian.
FAULTS: list[tuple[str, str, bytes, dict[str, str], str]] = [
    ("GET", "/api/v1.0/files/0190f4e6-5d3c-7b1a-9c0e-2f6a8b4d1e35/", b"", {}, "По этому адресу ничего нет."),
    ("GET", "/api/v1.0/files/?nonsense=1", b"", {}, "'nonsense' здесь не параметр: есть только"),
    ("GET", "/nowhere", b"", {}, "По этому адресу ничего нет."),
    ("PUT", "/api/v1.0/upload/a.txt", b"", {}, "Файл пуст; ничего не сохранено."),
    ("PATCH", "/api/v1.0/uploads/x", b"", {"tus-resumable": "2"}, "Tus-Resumable должен быть 1.0.0"),
    ("POST", PROJECTS, b"{}", JSON, "Нет обязательного name."),
    ("POST", PROJECTS, b'{"name": "a", "retention_days": 0}', JSON, "retention_days — не меньше 1."),
    ("POST", PROJECTS, b"{", JSON, "Тело — неправильный JSON: см. строку 1"),
    ("POST", PROJECTS, b"x", {"content-type": "text/plain"}, "Content-Type должен быть application/json."),
    ("GET", "/api/v1.0/files/", b"", {"authorization": "Bearer pk_x"}, "Это не ключ."),
    ("DELETE", "/api/v1.0/files/", b"", {}, "Этот адрес не поддерживает такой метод."),
]


def test_problems_by_language(tmp_path: Path) -> None:
    async def look(app: WebApp) -> None:
        for method, path, body, headers, begin in FAULTS:
            in_russian = await ask(app, method, path, body, accept_language=RUSSIAN, **headers)
            in_english = await ask(app, method, path, body, accept_language="en", **headers)
            found, same = check(in_russian, "ru"), check(in_english, "en")
            assert found["detail"].startswith(begin), (path, found)
            assert found["title"] != same["title"]
            assert (found["code"], found["status"]) == (same["code"], same["status"])
            assert [each["field"] for each in found.get("errors", [])] == [
                each["field"] for each in same.get("errors", [])
            ]
            assert all(each["detail"] == found["detail"] for each in found.get("errors", []))

    with_keys(tmp_path, look, access="open")


def check(answer: Exchange, language: str) -> dict[str, Any]:
    """The problem document."""
    fields = answer.sent[0]["headers"]
    assert [value for name, value in fields if name == b"content-language"] == [language.encode()]
    assert any(b"Accept-Language" in value for name, value in fields if name == b"vary")
    found: dict[str, Any] = json.loads(answer.body)
    return found


def test_answers_that_are_no_errors_have_no_language(tmp_path: Path) -> None:
    async def look(app: WebApp) -> None:
        for path in ("/api/v1.0/files/", "/api/v1.0/me/"):
            answer = await ask(app, "GET", path, accept_language=RUSSIAN)
            assert answer.status == 200
            assert "content-language" not in answer.headers
        in_russian, in_english = [
            await ask(app, "GET", "/api/v1.0/schema/", accept_language=each) for each in (RUSSIAN, "en")
        ]
        assert in_russian.body == in_english.body

    with_keys(tmp_path, look, access="open")


@pytest.mark.parametrize(
    ("header", "language", "words"),
    [(RUSSIAN, "ru", "Имя или пароль неверны."), ("de", "en", "The name or the password")],
)
def test_pages_by_language(monkeypatch: pytest.MonkeyPatch, header: str, language: str, words: str) -> None:
    fast_hashes(monkeypatch)
    people.create("ann", PASSWORD, Role.ADMIN, None)
    browser = new_browser(headers={"accept-language": header})
    wrong = signed_in(browser, "wrong")
    assert words in wrong.content.decode()
    signed_in(browser)
    weak = browser.post(ACCOUNT, {"do": "password", "old": PASSWORD, "new": "short"})
    for page in (wrong, weak, browser.get(SIGN_IN), browser.get(ACCOUNT), browser.get("/admin/")):
        assert page["Content-Language"] == language
        assert "Accept-Language" in page["Vary"]
        assert f'<html lang="{language}' in page.content.decode()
    assert ("пароль слишком короткий" in weak.content.decode()) is (language == "ru")
    assert "Content-Language" not in browser.get("/").headers
