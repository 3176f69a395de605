"""Pages of the origins that a project names use this project, and no other one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from picasso.web.app import WebApp
from tests.flow.access import FILES, UPLOAD, code, form, new_key, post_form, project, send, token, with_keys
from tests.flow.asgi import Exchange

pytestmark = pytest.mark.django_db(transaction=True)

SHOP, OTHER, STRANGER = "https://shop.example", "https://other.example", "https://stranger.example"
ALLOWED = "access-control-allow-origin"


@pytest.fixture
def texts() -> tuple[str, str]:
    """A token of each project."""
    project("shop", cors_origins=[SHOP])
    project("other", cors_origins=[OTHER])
    scopes = ["files:read", "files:write"]
    shop, other = (token(new_key(name)[0], scopes=scopes) for name in ("shop", "other"))
    return shop, other


def test_a_preflight_is_allowed_for_the_origins_of_all_projects(tmp_path: Path, texts: tuple[str, str]) -> None:
    async def each(app: WebApp) -> list[Exchange]:
        async def ask(origin: str) -> Exchange:
            wish = {"access_control_request_headers": "authorization"}
            return await send(
                app, "OPTIONS", FILES, "", b"", access_control_request_method="PATCH", origin=origin, **wish
            )

        return [await ask(origin) for origin in (SHOP, OTHER, STRANGER)]

    *known, stranger = with_keys(tmp_path, each)
    assert [answer.headers.get(ALLOWED) for answer in known] == [SHOP, OTHER]
    assert all("Authorization" in answer.headers["access-control-allow-headers"] for answer in known)
    assert ALLOWED not in stranger.headers


def test_an_answer_is_readable_for_the_origins_of_its_own_project(tmp_path: Path, texts: tuple[str, str]) -> None:
    async def each(app: WebApp) -> list[str | None]:
        asked = [(text, origin) for text in (*texts, "") for origin in (SHOP, OTHER, STRANGER)]
        answers = [await send(app, "GET", FILES, text, origin=origin) for text, origin in asked]
        assert all("Origin" in answer.headers["vary"] for answer in answers)
        return [answer.headers.get(ALLOWED) for answer in answers]

    # Without a credential nothing but the error can be read.
    assert with_keys(tmp_path, each) == [SHOP, None, None, None, OTHER, None, SHOP, OTHER, None]


def test_a_page_uploads_into_its_own_project(tmp_path: Path, texts: tuple[str, str]) -> None:
    shop, other = texts

    async def each(app: WebApp) -> list[Exchange]:
        sites = {"sec_fetch_site": "cross-site"}
        field = ("token", shop.encode())
        return [
            await send(app, "PUT", f"{UPLOAD}a.txt", shop, b"content\n", origin=SHOP, **sites),
            await send(app, "PUT", f"{UPLOAD}a.txt", other, b"content\n", origin=SHOP, **sites),
            await post_form(app, form(field), origin=SHOP, **sites),
            await post_form(app, form(field), origin=STRANGER, **sites),
        ]

    accepted, foreign, by_form, stranger = with_keys(tmp_path, each)
    assert (accepted.status, by_form.status) == (201, 201)
    assert accepted.headers[ALLOWED] == by_form.headers[ALLOWED] == SHOP
    assert code(foreign) == code(stranger) == (403, "cross-site-request")


def test_a_public_file_is_readable_for_pages_of_all_projects(tmp_path: Path, texts: tuple[str, str]) -> None:
    _, key = new_key("shop")

    async def each(app: WebApp) -> list[str | None]:
        stored = await send(app, "PUT", f"{UPLOAD}a.txt?visibility=public", key, b"content\n")
        path = json.loads(stored.body)["file"].removeprefix("http://localhost")
        answers = [await send(app, "GET", path, origin=origin) for origin in (SHOP, OTHER, STRANGER)]
        assert {answer.headers["vary"] for answer in answers} == {"Origin"}
        return [answer.headers.get(ALLOWED) for answer in answers]

    assert with_keys(tmp_path, each) == [SHOP, OTHER, None]


def test_without_origins_no_answer_has_a_header(tmp_path: Path) -> None:
    answer = with_keys(tmp_path, lambda app: send(app, "GET", FILES, origin=SHOP))
    assert ALLOWED not in answer.headers
    assert "Origin" not in answer.headers.get("vary", "")
