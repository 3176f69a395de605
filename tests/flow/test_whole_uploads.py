"""Small uploads that are whole with their first request: rows, events, keys, and requests with one key at once."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db.models import F

from picasso.errors import Conflict
from picasso.models import Event, File, Upload
from picasso.receive.content import NewContent
from picasso.receive.sink import Sink
from picasso.storage.folder import Folder
from picasso.web import body
from picasso.web.app import WebApp
from picasso.web.request import Request
from tests.flow.asgi import Exchange, ask, in_thread, started, with_app
from tests.flow.test_web_app import wait_for_their_end
from tests.waiting import eventually, within

pytestmark = pytest.mark.django_db(transaction=True)

UPLOAD, UPLOADS = "/api/v1.0/upload/", "/api/v1.0/uploads/"

CONTENT = b"x" * 10_000

Fields = dict[str, object]

TUS: Fields = {
    "tus_resumable": "1.0.0",
    "upload_length": len(CONTENT),
    "content_type": "application/offset+octet-stream",
}
FORM: tuple[bytes, Fields] = (
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n' + CONTENT + b"\r\n--b--\r\n",
    {"content_type": "multipart/form-data; boundary=b"},
)
Door = tuple[str, str, bytes, Fields]
DOORS: dict[str, Door] = {
    "form": ("POST", UPLOAD, *FORM),
    "raw": ("PUT", f"{UPLOAD}a.bin", CONTENT, {}),
    "tus": ("POST", UPLOADS, CONTENT, TUS),
    "draft": ("POST", UPLOADS, CONTENT, {"upload_complete": "?1"}),
}
PROTOCOLS = {"form": "plain", "raw": "plain", "tus": "tus", "draft": "draft"}


@pytest.fixture(autouse=True)
def _threads_end(transactional_db: None) -> Iterator[None]:
    """PostgreSQL does not drop the database while a thread has a connection to it."""
    before = set(threading.enumerate())
    yield
    wait_for_their_end(before)


@pytest.fixture(params=DOORS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def by(app: WebApp, door: Door, **more: object) -> Exchange:
    method, path, body, fields = door
    return await ask(app, method, path, body, **fields, **more)


def slow(app: WebApp, door: Door, **more: object) -> Exchange:
    """A request whose first half has come, and nothing more."""
    method, path, body, fields = door
    exchange = Exchange(app, method, path, {"content-length": len(body), **fields, **more})
    exchange.send(body[: len(body) // 2])
    return exchange


def code(answer: Exchange) -> str:
    return str(json.loads(answer.body).get("code", ""))


def file_of(answer: Exchange) -> str:
    """The address of the file."""
    assert answer.status == 201, answer.body
    return answer.headers["content-location"]


def uploads_folder(folder: Path) -> list[Path]:
    return [path for path in (folder / "uploads").rglob("*") if path.is_file()]


def test_its_row_is_finished_from_the_start(tmp_path: Path, name: str) -> None:
    async def call(app: WebApp) -> Exchange:
        return await by(app, DOORS[name], idempotency_key="k")

    answer = with_app(tmp_path, call)
    row, file = Upload.everywhere.get(), File.everywhere.get()
    assert answer.headers["content-location"].endswith(f"/files/{file.pk}/")
    assert (row.protocol, row.file_id, row.length) == (PROTOCOLS[name], file.pk, len(CONTENT))
    assert row.finished_at
    assert abs(row.finished_at - row.created_at) < timedelta(seconds=1)
    assert (row.reserved, row.takeover_requested) == (0, False)
    assert not uploads_folder(tmp_path)


def test_it_may_not_be_larger_than_any_upload(tmp_path: Path, name: str) -> None:
    async def call(app: WebApp) -> list[Exchange]:
        return [await by(app, DOORS[name]), await by(app, DOORS[name], idempotency_key="k")]

    for answer in with_app(tmp_path, call, max_upload_size=len(CONTENT) - 1):
        assert (answer.status, code(answer)) == (413, "too-large")
        assert json.loads(answer.body)["max_size"] == len(CONTENT) - 1
    assert not File.everywhere.exists()
    assert not Upload.everywhere.exists()
    assert not uploads_folder(tmp_path)


def test_its_events_are_those_of_every_upload(tmp_path: Path, name: str) -> None:
    with_app(tmp_path, lambda app: by(app, DOORS[name], idempotency_key="k"))
    told = list(Event.everywhere.order_by("pk").values_list("type", "data"))
    begun = ["upload.started"] if name in {"tus", "draft"} else []
    assert [kind for kind, _ in told] == [*begun, "file.received"]
    assert {data["upload"] for _, data in told} == {str(Upload.everywhere.get().pk)}


def test_without_a_key_it_is_found_by_its_address(tmp_path: Path) -> None:
    async def call(app: WebApp) -> list[Exchange]:
        made = await by(app, DOORS["tus"])
        path = made.headers["location"].partition("localhost")[2]
        head = await ask(app, "HEAD", path, tus_resumable="1.0.0")
        more: dict[str, Any] = {**TUS, "upload_offset": len(CONTENT)}
        return [made, head, await ask(app, "PATCH", path, b"", **more), await ask(app, "DELETE", path, **more)]

    made, head, patch, delete = with_app(tmp_path, call)
    assert [each.status for each in (made, head, patch, delete)] == [201, 200, 204, 204]
    size = str(len(CONTENT))
    assert [each.headers["upload-offset"] for each in (made, head, patch)] == [size] * 3
    assert file_of(made) == head.headers["content-location"] == patch.headers["content-location"]
    assert abs(expiry(made) - expiry(head)) <= 1
    assert File.everywhere.count() == 1
    assert not Upload.everywhere.exists()


def expiry(answer: Exchange) -> float:
    return parsedate_to_datetime(answer.headers["upload-expires"]).timestamp()


def with_two_apps(folder: Path, requests: Callable[[WebApp, WebApp], list[Awaitable[Exchange]]]) -> list[Exchange]:
    """All requests at once, to two applications that share a database and a folder."""

    async def run() -> list[Exchange]:
        apps = [WebApp(settings.PICASSO, Folder(folder)) for _ in range(2)]
        for app in apps:
            app.start()
        try:
            return await asyncio.gather(*requests(*apps))
        finally:
            for app in apps:
                await app.stop()

    return asyncio.run(run())


def test_many_at_once_with_one_key_are_one_file(tmp_path: Path, name: str) -> None:
    answers = with_two_apps(tmp_path, lambda *apps: [by(app, DOORS[name], idempotency_key="k") for app in apps * 12])
    # One that did not come at once holds its key for a while.
    assert {answer.status for answer in answers} <= {201, 409}
    assert len({file_of(answer) for answer in answers if answer.status == 201}) == 1
    assert File.everywhere.count() == Upload.everywhere.count() == 1
    files = [path for path in (tmp_path / "media").rglob("*") if path.is_file()]
    assert len(files) == 1


def test_many_keys_at_once_in_two_processes(tmp_path: Path) -> None:
    """Their transactions insert the same keys and never wait for each other in a circle."""
    keys = [str(n) for n in range(16)]

    def requests(one: WebApp, other: WebApp) -> list[Awaitable[Exchange]]:
        orders = [(one, keys), (other, keys[::-1])]
        return [by(app, DOORS["raw"], idempotency_key=key) for app, order in orders for key in order]

    answers = with_two_apps(tmp_path, requests)
    assert {answer.status for answer in answers} <= {201, 409}
    assert File.everywhere.count() == 16


def test_another_payload_with_the_same_key_is_refused(tmp_path: Path, name: str) -> None:
    method, path, body, fields = DOORS[name]

    async def call(app: WebApp) -> list[Exchange]:
        first = await by(app, DOORS[name], idempotency_key="k")
        other = await ask(app, method, path, body.replace(b"xx", b"yy"), **fields, idempotency_key="k")
        again = await by(app, DOORS[name], idempotency_key="k")
        return [first, other, again]

    first, other, again = with_app(tmp_path, call)
    assert (other.status, code(other)) == (422, "idempotency-key-reused")
    assert file_of(first) == file_of(again)
    assert File.everywhere.count() == 1


def test_a_key_is_in_use_while_its_body_takes_its_time(tmp_path: Path, name: str) -> None:
    door = DOORS[name]

    async def call(app: WebApp) -> list[Exchange]:
        first = slow(app, door, idempotency_key="k")
        running = asyncio.create_task(first.run())
        # Its row, which has the key. The file in the store comes first, and with it alone the second request would win.
        async with within("the row of the first request"):
            while not await in_thread(Upload.everywhere.exists):  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0.01)
        second = await by(app, door, idempotency_key="k")
        first.send(door[2][len(door[2]) // 2 :], more=False)
        await running
        return [first, second, await by(app, door, idempotency_key="k")]

    first, second, third = with_app(tmp_path, call)
    assert (second.status, code(second)) == (409, "idempotency-key-in-use")
    assert file_of(first) == file_of(third)
    assert File.everywhere.count() == 1
    assert not uploads_folder(tmp_path)


@pytest.mark.parametrize("waits", [False, True])
def test_what_is_cut_leaves_nothing_and_its_key_is_free(tmp_path: Path, name: str, waits: bool) -> None:
    door = DOORS[name]

    async def call(app: WebApp) -> Exchange:
        cut = slow(app, door, idempotency_key="k")
        running = asyncio.create_task(cut.run())
        async with within("the bytes of the request that is cut"):
            while waits and not uploads_folder(tmp_path):  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0.01)
        cut.disconnect()
        await running
        assert cut.status is None
        assert app.memory.size == 0
        assert not uploads_folder(tmp_path)
        return await by(app, door, idempotency_key="k")

    assert with_app(tmp_path, call).status == 201
    assert File.everywhere.count() == Upload.everywhere.count() == 1


def test_the_key_of_an_upload_that_is_over_is_free(tmp_path: Path, name: str) -> None:
    async def call(app: WebApp) -> list[Exchange]:
        first = await by(app, DOORS[name], idempotency_key="k")
        expired = F("finished_at") - timedelta(seconds=settings.PICASSO.upload_expiry + 1)
        await in_thread(lambda: Upload.everywhere.update(finished_at=expired))
        return [first, await by(app, DOORS[name], idempotency_key="k")]

    first, second = with_app(tmp_path, call)
    assert file_of(first) != file_of(second)
    assert (File.everywhere.count(), Upload.everywhere.count()) == (2, 1)


def test_a_repeated_body_that_takes_its_time_is_compared_too(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = DOORS[name]

    async def call(app: WebApp) -> list[Exchange]:
        first = await by(app, door, idempotency_key="k")
        monkeypatch.setattr(body, "AT_ONCE_SECONDS", 0.0)
        again = slow(app, door, idempotency_key="k")
        running = asyncio.create_task(again.run())
        await again.taken()
        again.send(door[2][len(door[2]) // 2 :], more=False)
        await running
        return [first, again]

    first, again = with_app(tmp_path, call)
    assert file_of(first) == file_of(again)
    assert File.everywhere.count() == 1


# An upload that is created first, and then gets all of its bytes at once


async def create(app: WebApp, **more: object) -> str:
    """The path of a new upload by tus."""
    head: dict[str, Any] = {"tus_resumable": "1.0.0", "upload_length": len(CONTENT), **more}
    made = await ask(app, "POST", UPLOADS, b"", **head)
    assert made.status == 201, made.body
    return made.headers["location"].partition("localhost")[2]


def patch_fields(offset: int = 0) -> dict[str, Any]:
    return {"tus_resumable": "1.0.0", "content_type": TUS["content_type"], "upload_offset": offset}


async def patch(app: WebApp, path: str, content: bytes = CONTENT, offset: int = 0) -> Exchange:
    return await ask(app, "PATCH", path, content, **patch_fields(offset))


async def look(app: WebApp, path: str) -> Exchange:
    return await ask(app, "HEAD", path, tus_resumable="1.0.0")


@pytest.fixture(params=["the same process", "another process"])
def elsewhere(request: pytest.FixtureRequest) -> bool:
    """Whether another process gets the bytes than the one that created the upload."""
    return bool(request.param == "another process")


Calls = Callable[[WebApp, str], Awaitable[list[Exchange]]]


def created_and(folder: Path, elsewhere: bool, calls: Calls) -> list[Exchange]:
    async def run(first: WebApp) -> list[Exchange]:
        path = await create(first)
        if not elsewhere:
            return await calls(first, path)
        async with started(folder) as second:
            return await calls(second, path)

    return with_app(folder, run)


def test_all_bytes_at_once_are_a_file(tmp_path: Path, elsewhere: bool) -> None:
    async def calls(app: WebApp, path: str) -> list[Exchange]:
        return [await patch(app, path), await look(app, path), await patch(app, path, b"", len(CONTENT))]

    answers = created_and(tmp_path, elsewhere, calls)
    assert [answer.status for answer in answers] == [204, 200, 204]
    assert {answer.headers["upload-offset"] for answer in answers} == {str(len(CONTENT))}
    row, file = Upload.everywhere.get(), File.everywhere.get()
    assert (row.file_id, row.length, row.reserved) == (file.pk, len(CONTENT), 0)
    assert {answer.headers["content-location"] for answer in answers} == {f"http://localhost/api/v1.0/files/{file.pk}/"}
    assert Folder(tmp_path).files.path(file.key).read_bytes() == CONTENT
    assert list(Event.everywhere.order_by("pk").values_list("type", flat=True)) == ["upload.started", "file.received"]
    assert not uploads_folder(tmp_path)


def test_all_bytes_at_once_many_times_at_once_are_one_file(tmp_path: Path, elsewhere: bool) -> None:
    async def calls(app: WebApp, path: str) -> list[Exchange]:
        return await asyncio.gather(*(patch(app, path) for _ in range(8)))

    answers = created_and(tmp_path, elsewhere, calls)
    statuses = [answer.status for answer in answers]
    assert statuses.count(204) == 1
    assert set(statuses) == {204, 409}
    assert File.everywhere.count() == 1
    assert len([path for path in (tmp_path / "media").rglob("*") if path.is_file()]) == 1
    assert not uploads_folder(tmp_path)


def test_all_bytes_at_once_do_not_count_where_some_have_come(tmp_path: Path, elsewhere: bool) -> None:
    async def calls(app: WebApp, path: str) -> list[Exchange]:
        return [await patch(app, path, CONTENT[:10]), await patch(app, path), await patch(app, path, CONTENT[10:], 10)]

    some, wrong, rest = created_and(tmp_path, elsewhere, calls)
    assert [answer.status for answer in (some, wrong, rest)] == [204, 409, 204]
    assert Folder(tmp_path).files.path(File.everywhere.get().key).read_bytes() == CONTENT


def test_all_bytes_take_over_from_a_request_that_stalls(tmp_path: Path, elsewhere: bool) -> None:
    """It has appended some, so the offset of the second is wrong, as it would be one after the other."""

    async def calls(app: WebApp, path: str) -> list[Exchange]:
        stalled = Exchange(app, "PATCH", path, {"content-length": len(CONTENT), **patch_fields()})
        stalled.send(CONTENT[:10])
        running = asyncio.create_task(stalled.run())
        async with within("the bytes of the request that stalls"):
            while not any(each.stat().st_size for each in uploads_folder(tmp_path)):  # noqa: ASYNC110 - no event
                await asyncio.sleep(0.01)
        wrong = await patch(app, path)
        await running
        return [stalled, wrong, await patch(app, path, CONTENT[10:], 10)]

    stalled, wrong, rest = created_and(tmp_path, elsewhere, calls)
    assert [answer.status for answer in (stalled, wrong, rest)] == [409, 409, 204]
    assert wrong.headers["upload-offset"] == "10"
    assert Folder(tmp_path).files.path(File.everywhere.get().key).read_bytes() == CONTENT


def test_an_upload_that_was_deleted_gets_no_bytes(tmp_path: Path, elsewhere: bool) -> None:
    async def calls(app: WebApp, path: str) -> list[Exchange]:
        async with started(tmp_path) as other:
            deleted = await ask(other, "DELETE", path, tus_resumable="1.0.0")
        return [deleted, await patch(app, path)]

    deleted, late = created_and(tmp_path, elsewhere, calls)
    assert [answer.status for answer in (deleted, late)] == [204, 404]
    assert not File.everywhere.exists()
    assert not [path for path in (tmp_path / "media").rglob("*") if path.is_file()]


def test_an_upload_that_has_expired_gets_no_bytes(tmp_path: Path, elsewhere: bool) -> None:
    async def calls(app: WebApp, path: str) -> list[Exchange]:
        for each in uploads_folder(tmp_path):
            os.utime(each, (0, time.time() - settings.PICASSO.upload_start_timeout - 1))
        return [await patch(app, path)]

    (late,) = created_and(tmp_path, elsewhere, calls)
    assert late.status in {410, 404}, "404 after the sweep"
    assert not File.everywhere.exists()


def test_what_is_cut_of_all_bytes_stays(tmp_path: Path, elsewhere: bool) -> None:
    async def calls(app: WebApp, path: str) -> list[Exchange]:
        cut = Exchange(app, "PATCH", path, {"content-length": len(CONTENT), **patch_fields()})
        cut.send(CONTENT[:10])
        cut.disconnect()
        await cut.run()
        assert app.memory.size == 0
        return [await look(app, path)]

    (found,) = created_and(tmp_path, elsewhere, calls)
    assert (found.status, found.headers["upload-offset"]) == (200, "10")


def test_a_creation_without_content_is_found_by_its_key(tmp_path: Path) -> None:
    async def call(app: WebApp) -> list[str]:
        paths = [await create(app, idempotency_key="k") for _ in range(2)]
        assert (await patch(app, paths[0])).status == 204
        return [*paths, await create(app, idempotency_key="k")]

    assert len(set(with_app(tmp_path, call))) == 1
    assert File.everywhere.count() == 1


@asynccontextmanager
async def nothing_left(*kinds: type) -> AsyncIterator[None]:
    """No object of these kinds stays until the collector runs, which is seldom."""
    gc.collect()
    gc.disable()
    try:
        yield
        # Not `isinstance`, which asks weak references for the class of what is gone.
        await eventually(lambda: not any(issubclass(type(each), kinds) for each in gc.get_objects()))
    finally:
        gc.enable()


def test_what_is_stored_does_not_stay_in_memory(tmp_path: Path, name: str) -> None:
    """Small or large, with a key or without."""
    method, path, body, fields = DOORS[name]

    def requests(app: WebApp) -> Iterator[Awaitable[Exchange]]:
        for size in (len(CONTENT), 300_000):
            length: Fields = {"upload_length": size} if name == "tus" else {}
            for key in ({}, {"idempotency_key": f"{size}"}):
                yield ask(app, method, path, body.replace(CONTENT, b"x" * size), **{**fields, **length, **key})

    async def call(app: WebApp) -> None:
        async with nothing_left(Sink, Request):
            assert [(await each).status for each in requests(app)] == [201] * 4

    with_app(tmp_path, call)


@pytest.mark.parametrize("body", [b"no form", FORM[0][:-9]], ids=["other", "unfinished"])
def test_a_form_that_is_none_does_not_stay_in_memory(tmp_path: Path, body: bytes) -> None:
    async def call(app: WebApp) -> None:
        async with nothing_left(Sink, Request):
            assert (await ask(app, "POST", UPLOAD, body, **FORM[1])).status == 400

    with_app(tmp_path, call)


def test_what_is_refused_does_not_stay_in_memory(tmp_path: Path) -> None:
    """The collector seldom runs, so nothing may depend on it."""

    async def call(app: WebApp) -> None:
        door = DOORS["tus"]
        await by(app, door, idempotency_key="k")
        async with nothing_left(Conflict, NewContent):
            for _ in range(5):
                assert (await by(app, door, idempotency_key="k")).status == 201
            for _ in range(5):
                path = await create(app)
                await in_thread(Upload.everywhere.filter(finished_at=None).delete)
                assert (await patch(app, path)).status == 404

    with_app(tmp_path, call)
