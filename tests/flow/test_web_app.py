"""The web application as a whole, without a server: its memory, its start and its end."""

from __future__ import annotations

import asyncio
import json
import os
import re
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from picasso.access.authenticate import Authenticator
from picasso.access.principal import OPEN, Principal, Scope
from picasso.models import File
from picasso.storage.folder import Folder
from picasso.web.app import WebApp
from picasso.web.request import Message
from tests.flow.asgi import Exchange, ask, with_app

pytestmark = pytest.mark.django_db(transaction=True)

UPLOAD, UPLOADS = "/api/v1.0/upload/", "/api/v1.0/uploads/"


@pytest.fixture(autouse=True)
def _threads_end(transactional_db: None) -> Iterator[None]:
    """PostgreSQL does not drop the database while a thread has a connection to it."""
    before = set(threading.enumerate())
    yield
    wait_for_their_end(before)


def wait_for_their_end(before: set[threading.Thread]) -> None:
    """Wait until there are no other threads than those ``before``."""
    deadline = time.monotonic() + 30
    while left := set(threading.enumerate()) - before:
        assert time.monotonic() < deadline, left
        time.sleep(0.02)


# Principals


@pytest.mark.parametrize("path", [UPLOAD + "a.bin", UPLOADS])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_an_upload_needs_the_scope_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, path: str
) -> None:
    reader = replace(OPEN, scopes=frozenset(Scope) - {Scope.FILES_WRITE})

    async def found(*_: object) -> Principal:
        return reader

    monkeypatch.setattr(Authenticator, "__call__", found)
    answer = with_app(tmp_path, lambda app: ask(app, method, path, b"content"))
    assert (answer.status, json.loads(answer.body)["code"]) == (403, "forbidden")
    assert not File.everywhere.exists()


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
            assert app.memory.size == 0

    with_app(tmp_path, repeat)
    assert File.everywhere.count() == 1


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
        assert app.memory.size == 0

    with_app(tmp_path, break_off)


# Stop


def open_patch(app: WebApp, path: str, length: int) -> Exchange:
    fields: dict[str, object] = {**TUS, "upload_length": length, "upload_offset": 0, "content_length": length}
    return Exchange(app, "PATCH", path, fields)


def test_a_body_that_ends_too_early_is_no_file_whatever_the_server_says(tmp_path: Path) -> None:
    async def send_half(app: WebApp) -> None:
        short = Exchange(app, "PUT", UPLOAD + "a.bin", {"content-length": 10, "content-type": "text/plain"})
        short.send(b"half", more=False)
        await short.run()
        assert short.status is None

    with_app(tmp_path, send_half)
    assert not File.everywhere.exists()


def open_files(folder: Path) -> list[str]:
    return [target for link in os.listdir("/proc/self/fd") if (target := target_of(link)).startswith(str(folder))]


def target_of(descriptor: str) -> str:
    with suppress(FileNotFoundError):  # another thread has closed it meanwhile
        return os.readlink(f"/proc/self/fd/{descriptor}")
    return ""


def test_an_interrupted_upload_keeps_what_has_arrived_when_the_process_stops(tmp_path: Path) -> None:
    async def run() -> tuple[str, Exchange]:
        app = WebApp(settings.PICASSO, Folder(tmp_path))
        app.start()
        fields: dict[str, object] = {**TUS, "upload_length": 300_000}
        path = urlsplit((await ask(app, "POST", UPLOADS, b"", **fields)).headers["location"]).path
        patch = open_patch(app, path, 300_000)
        running = asyncio.create_task(patch.run())
        patch.send(b"a" * 100_000)
        await patch.taken()
        stopping = asyncio.create_task(app.stop())
        patch.send(b"b" * 50_000)
        await stopping
        await running
        assert app.memory.size == 0
        return path, patch

    path, patch = asyncio.run(run())
    assert patch.status == 503, patch.body
    assert not patch.sent[-1]["more_body"]
    upload = Folder(tmp_path).uploads.path(uuid.UUID(path.rpartition("/")[2]))
    assert upload.read_bytes() == b"a" * 100_000 + b"b" * 50_000
    assert not open_files(tmp_path)


def test_a_running_request_ends_before_the_threads_stop(tmp_path: Path) -> None:
    async def run() -> tuple[Exchange, Exchange]:
        app = WebApp(settings.PICASSO, Folder(tmp_path))
        app.start()
        fields: dict[str, object] = {"content_length": len(CONTENT)}
        quick, endless = (Exchange(app, "PUT", UPLOAD + "a.bin", fields) for _ in range(2))
        tasks = [asyncio.create_task(exchange.run()) for exchange in (quick, endless)]
        quick.send(CONTENT[:10])
        endless.send(CONTENT[:10])
        await quick.taken()
        await endless.taken()
        stopping = asyncio.create_task(app.stop())
        await asyncio.sleep(0.3)
        quick.send(CONTENT[10:], more=False)
        async with asyncio.timeout(60):
            await stopping
            await asyncio.gather(*tasks)
        late = await ask(app, "GET", "/healthz")
        assert late.status == 503
        assert app.memory.size == 0
        return quick, endless

    quick, endless = asyncio.run(run())
    assert quick.status == 201, quick.body
    assert endless.status == 503
    assert File.everywhere.get().size == len(CONTENT)


def test_no_thread_is_left(tmp_path: Path) -> None:
    before = set(threading.enumerate())

    async def use_all_threads(app: WebApp) -> None:
        stored = await ask(app, "PUT", UPLOAD + "a.bin", b"x" * 3 * 2**20)
        assert stored.status == 201, stored.body
        address = urlsplit(json.loads(stored.body)["file"]).path
        assert len((await ask(app, "GET", address)).body) == 3 * 2**20
        assert (await ask(app, "GET", "/api/v1.0/files/")).status == 200
        assert (await ask(app, "GET", "/readyz")).status is not None
        names = {re.split("[-_]", thread.name)[0] for thread in set(threading.enumerate()) - before}
        assert names >= {"store", "commit", "sync", "hash", "write", "download", "django", "health"}

    with_app(tmp_path, use_all_threads)
    wait_for_their_end(before)


# Start


def test_the_first_request_starts_it_on_a_server_without_lifespan(tmp_path: Path) -> None:
    async def run() -> list[Exchange]:
        app = WebApp(settings.PICASSO, Folder(tmp_path))
        try:
            async with asyncio.timeout(60):
                return await asyncio.gather(*(ask(app, "PUT", f"{UPLOAD}{n}.bin", b"content") for n in range(3)))
        finally:
            await app.stop()

    assert [answer.status for answer in asyncio.run(run())] == [201, 201, 201]


async def lifespan(app: WebApp) -> list[Message]:
    incoming: list[Message] = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[Message] = []

    async def receive() -> Message:
        return incoming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await app({"type": "lifespan"}, receive, send)
    return sent


def test_the_server_is_told_whether_the_start_succeeded(tmp_path: Path) -> None:
    async def run() -> tuple[list[Message], list[Message]]:
        app = WebApp(settings.PICASSO, Folder(tmp_path))
        return await lifespan(app), await lifespan(app)

    first, second = asyncio.run(run())
    assert [message["type"] for message in first] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    # The threads of an application can be started only once.
    assert [message["type"] for message in second] == ["lifespan.startup.failed"]
    assert second[0]["message"]


# Plain ASGI, without the server's own `Connection`


def test_a_download_ends_when_its_client_disconnects(tmp_path: Path) -> None:
    size = 16 * 2**20

    async def leave(app: WebApp) -> Exchange:
        stored = await ask(app, "PUT", UPLOAD + "a.bin", b"x" * size)
        download = Exchange(app, "GET", urlsplit(json.loads(stored.body)["file"]).path, {})
        download.send(b"", more=False)
        download.disconnect()
        await download.run()
        return download

    download = with_app(tmp_path, leave)
    assert download.headers["content-length"] == str(size)
    assert len(download.body) < size // 2


def make_empty(file_id: str) -> None:
    File.everywhere.filter(pk=file_id).update(size=0)
    connection.close()  # this thread's


def test_a_file_of_no_bytes_is_downloaded(tmp_path: Path) -> None:
    """None are accepted any more, but earlier versions stored some."""

    async def download(app: WebApp) -> tuple[Exchange, Exchange]:
        stored = json.loads((await ask(app, "PUT", UPLOAD + "a.bin", b"x")).body)
        await asyncio.to_thread(make_empty, stored["id"])
        path = urlsplit(stored["file"]).path
        return await ask(app, "GET", path), await ask(app, "HEAD", path)

    for answer in with_app(tmp_path, download):
        assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "0")


@pytest.mark.parametrize("field", ["Content-Digest", "Upload-Checksum"])
def test_an_announced_trailer_is_refused_before_the_body(tmp_path: Path, field: str) -> None:
    async def announce(app: WebApp) -> tuple[Exchange, Exchange]:
        fields: dict[str, object] = {**TUS, "transfer_encoding": "chunked", "trailer": field}
        refused = Exchange(app, "POST", UPLOADS, fields)
        refused.disconnect()
        await refused.run()
        return refused, await ask(app, "OPTIONS", UPLOADS)

    refused, options = with_app(tmp_path, announce)
    assert refused.status == 400
    assert f"Send {field} before the body." in json.loads(refused.body)["detail"]
    assert "checksum-trailer" not in options.headers["tus-extension"]
    assert "checksum," in options.headers["tus-extension"]
