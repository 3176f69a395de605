"""An error looks the same to the byte, whichever part of the service answers."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from picasso.web.app import WebApp
from tests.flow.access import API
from tests.flow.asgi import Exchange, ask, with_app

pytestmark = pytest.mark.django_db(transaction=True)

NOBODY = "0190f4e6-5d3c-7b1a-9c0e-2f6a8b4d1e35"

FORM = {"content_type": "multipart/form-data; boundary=b"}

ERRORS: dict[str, tuple[str, str, dict[str, object]]] = {
    "no such address, by Django": ("GET", "/api/v1.0/nothing/", {}),
    "no such row, by the REST framework": ("GET", f"{API}jobs/{NOBODY}/", {}),
    "no such file, by the REST framework": ("GET", f"{API}files/{NOBODY}/", {}),
    "a bad parameter, by the REST framework": ("GET", f"{API}files/?page_size=-1", {}),
    "a method, by the REST framework": ("DELETE", f"{API}keys/", {}),
    "a type of body, by the REST framework": ("POST", f"{API}keys/", {"content_type": "text/plain"}),
    "no such file, by a handler": ("GET", f"/files/{NOBODY}/a.txt", {}),
    "no such upload, by a handler": ("HEAD", f"{API}uploads/{NOBODY}", {"tus_resumable": "1.0.0"}),
    "a bad header, by a handler": ("POST", f"{API}uploads/", {"tus_resumable": "1.0.0", "upload_length": "x"}),
    "a method, by a handler": ("DELETE", "/healthz", {}),
    "an unknown method": ("BREW", "/healthz", {}),
    "a bad length, by a handler": ("PUT", f"{API}upload/a.txt", {"content_length": "many"}),
    "a length without end, by a handler": ("PUT", f"{API}upload/a.txt", {"content_length": "9" * 5000}),
    "a negative length, by Django": ("POST", f"{API}keys/", {"content_length": "-1"}),
    "a bad length of a form": ("POST", f"{API}upload/", {"content_length": "1, 2", **FORM}),
}

OWN = {
    "x-frame-options",
    "ratelimit",
    "ratelimit-policy",
    "allow",
    "connection",
    "tus-resumable",
    "tus-version",
    "link",
    "upload-limit",
    "content-length",
}
"""Headers that some errors have for a reason."""


def test_every_error_has_one_style(tmp_path: Path) -> None:
    async def run(app: WebApp) -> dict[str, Exchange]:
        return {
            name: await ask(app, method, path, b"", **{"accept_language": "ru", **headers})
            for name, (method, path, headers) in ERRORS.items()
        }

    heads: dict[tuple[str, ...], list[str]] = {}
    for name, answer in with_app(tmp_path, run).items():
        assert answer.status, name
        assert 400 <= answer.status < 500, (name, answer.status)
        assert answer.headers["content-type"] == "application/problem+json", name
        if answer.body:
            found = json.loads(answer.body)
            assert answer.body == json.dumps(found, separators=(",", ":"), ensure_ascii=False).encode(), name
            assert list(found)[:5] == ["type", "title", "status", "detail", "code"], name
            assert found["status"] == answer.status, name
        heads.setdefault(tuple(sorted({*answer.headers} - OWN)), []).append(name)
    assert len(heads) == 1, heads


@pytest.mark.parametrize("length", ["many", "-1", "+5", "9" * 5000, "1, 1", "٣", ""])
def test_a_bad_length_is_400_while_the_body_waits(tmp_path: Path, length: str) -> None:
    async def run(app: WebApp) -> Exchange:
        exchange = Exchange(app, "PUT", f"{API}upload/a.txt", {"content_length": length})
        task = asyncio.create_task(exchange.run())
        await exchange.wait_for_beginning()
        exchange.disconnect()
        await task
        return exchange

    answer = with_app(tmp_path, run)
    assert (answer.status, json.loads(answer.body)["code"]) == (400, "bad-request")
