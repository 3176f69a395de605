"""``Prefer: wait=N`` on imports and on concatenations."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import transaction

from picasso.events.sequence import number_events
from picasso.imports import queries, states
from picasso.models import File, Import
from picasso.web import event_hub, waiting
from picasso.web.app import WebApp
from tests.flow.asgi import Exchange, ask, in_thread, with_app
from tests.flow.rows import new_file
from tests.flow.test_following import newest, settle
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)

IMPORT = {"url": "https://example.com/a.txt", "name": "a.txt"}


def test_an_import_waits_until_its_file_is_settled(tmp_path: Path) -> None:
    async def call(app: WebApp) -> None:
        body = json.dumps(IMPORT).encode()
        headers = {"prefer": "wait=60", "content-type": "application/json", "content-length": len(body)}
        exchange = Exchange(app, "POST", "/api/v1.0/imports/", headers)
        exchange.send(body, more=False)
        creating = asyncio.ensure_future(exchange.run())
        async with asyncio.timeout(60):
            while (row := await in_thread(Import.everywhere.first)) is None:
                pass
            reading = asyncio.ensure_future(ask(app, "GET", f"/api/v1.0/imports/{row.pk}/", prefer="wait=60"))
            file = await in_thread(become_file, row)
            await asyncio.sleep(0.1)
            assert not creating.done()
            await in_thread(settle, file.pk)
            await creating
            answer = await reading
        assert (exchange.status, json.loads(exchange.body)["state"]) == (201, "imported")
        assert exchange.headers["location"].endswith(f"{row.pk}/")
        assert json.loads(exchange.body) == json.loads(answer.body)
        assert {exchange.headers["preference-applied"], answer.headers["preference-applied"]} == {"wait=60"}
        refused = await ask(app, "GET", f"/api/v1.0/imports/{uuid.uuid4()}/", prefer="wait=60")
        assert refused.status == 404

    with_app(tmp_path, call)


def test_an_import_is_not_woken_by_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def count(module: Any, name: str) -> None:
        call = getattr(module, name)

        def counted(*arguments: Any) -> Any:
            asked.append(name)
            return call(*arguments)

        monkeypatch.setattr(module, name, counted)

    count(queries, "has_ended")
    count(waiting, "is_settled")
    monkeypatch.setattr(event_hub, "WAKE", 60.0)
    row, other = (Import.everywhere.create(project_id=1, host="example.com", **IMPORT) for _ in range(2))

    def happens_to_another() -> None:
        settle(become_file(other).pk)

    async def call(app: WebApp) -> None:
        async with asyncio.timeout(60):
            reading = asyncio.ensure_future(ask(app, "GET", f"/api/v1.0/imports/{row.pk}/", prefer="wait=60"))
            await eventually(lambda: asked == ["has_ended"])
            await in_thread(happens_to_another)
            await asyncio.sleep(0.2)
            file = await in_thread(become_file, row)
            await eventually(lambda: asked[-1] == "is_settled")
            await in_thread(happens_to_another)
            await asyncio.sleep(0.2)
            await in_thread(settle, file.pk)
            assert json.loads((await reading).body)["state"] == "imported"

    with_app(tmp_path, call)
    # Each at the beginning and when what it waits for has happened.
    assert Counter(asked) <= Counter(has_ended=2, is_settled=2)


def become_file(row: Import) -> File:
    file = new_file()
    Import.everywhere.filter(pk=row.pk).update(state=Import.State.IMPORTED, file=file)
    with transaction.atomic():
        states.write_event("import.completed", row, file)
    number_events()
    return file


@pytest.mark.parametrize("last", ["part", "final"])
def test_a_concatenation_waits_until_its_file_is_settled(last: str, tmp_path: Path) -> None:
    uploads = "/api/v1.0/uploads/"
    tus: dict[str, Any] = {"tus_resumable": "1.0.0"}
    content: dict[str, Any] = {**tus, "content_type": "application/offset+octet-stream", "upload_offset": 0}

    async def call(app: WebApp) -> None:
        async with asyncio.timeout(60):
            created = await ask(app, "POST", uploads, b"", upload_length=2, upload_concat="partial", **tus)
            part = urlsplit(created.headers["location"]).path

            async def fill(**more: Any) -> Exchange:
                return await ask(app, "PATCH", part, b"a\n", **content, **more)

            async def finish(**more: Any) -> Exchange:
                return await ask(app, "POST", uploads, b"", upload_concat=f"final;{part}", **tus, **more)

            first, second = (fill, finish) if last == "final" else (finish, fill)
            await first()
            answering = asyncio.ensure_future(second(prefer="wait=60"))
            while (file_id := await in_thread(newest)) is None:
                pass
            await asyncio.sleep(0.1)
            assert not answering.done()
            await in_thread(settle, file_id)
            answer = await answering
        assert answer.status == {"final": 201, "part": 204}[last]
        assert answer.headers["preference-applied"] == "wait=60"

    with_app(tmp_path, call)
