"""The web application as a whole, without a server: its memory, its start and its end."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection

from picasso.models import File, FileCount
from picasso.receive.sink import Sink
from picasso.web.app import WebApp
from tests.flow.asgi import Exchange, ask, with_app

pytestmark = pytest.mark.django_db(transaction=True)

UPLOAD, UPLOADS = "/api/v1.0/upload/", "/api/v1.0/uploads/"


@pytest.fixture(autouse=True)
def _counting(transactional_db: None) -> None:
    """Emptying the tables after a test takes the row with it in which SQLite counts."""
    if connection.vendor == "sqlite":
        FileCount.objects.get_or_create(slot=0)


# Memory

CONTENT = b"x" * 100_000

TUS = {"tus_resumable": "1.0.0", "upload_length": len(CONTENT), "content_type": "application/offset+octet-stream"}

CREATIONS: dict[str, tuple[str, str, dict[str, object]]] = {
    "raw": ("PUT", UPLOAD + "a.bin", {}),
    "tus": ("POST", UPLOADS, TUS),
    "draft": ("POST", UPLOADS, {"upload_complete": "?1"}),
}


@pytest.mark.parametrize("protocol", CREATIONS)
def test_a_repeated_request_leaves_nothing_in_memory(tmp_path: Path, protocol: str) -> None:
    method, path, headers = CREATIONS[protocol]

    async def repeat(app: WebApp) -> None:
        for content, status in [(CONTENT, 201), (CONTENT, 201), (b"y" * len(CONTENT), 422), (CONTENT, 201)]:
            answer = await ask(app, method, path, content, idempotency_key="k", **headers)
            assert answer.status == status, answer.body
            assert Sink.in_memory == 0

    with_app(tmp_path, repeat)
    assert File.objects.count() == 1


@pytest.mark.parametrize("protocol", CREATIONS)
def test_a_repeated_request_that_breaks_off_leaves_nothing_in_memory(tmp_path: Path, protocol: str) -> None:
    method, path, headers = CREATIONS[protocol]

    async def break_off(app: WebApp) -> None:
        first = await ask(app, method, path, CONTENT, idempotency_key="k", **headers)
        assert first.status == 201, first.body
        fields: dict[str, object] = {"content_length": len(CONTENT), "idempotency_key": "k", **headers}
        cut = Exchange(app, method, path, fields)
        cut.send(CONTENT[:5000])
        cut.disconnect()
        await cut.run()
        assert cut.status is None
        assert Sink.in_memory == 0

    with_app(tmp_path, break_off)
