"""Quotas hold exactly, on every way in, however many uploads end at the same time."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from picasso.access import keys, quotas
from picasso.access.principal import OPEN, PROJECT_SCOPES
from picasso.access.projects import read
from picasso.access.quotas import Quotas
from picasso.errors import InvalidField, QuotaExceeded
from picasso.models import DailyUsage, File, Project, ProjectUsage, Upload
from picasso.receive import token_use
from picasso.storage.folder import Folder
from picasso.storage.folder_files import FolderFiles
from picasso.web.app import WebApp
from tests.flow.access import new_key, token
from tests.flow.asgi import Exchange, ask
from tests.flow.http import client
from tests.flow.rows import new_file

pytestmark = pytest.mark.django_db(transaction=True)

T = TypeVar("T")

UPLOAD, UPLOADS, USAGE = "/api/v1.0/upload/", "/api/v1.0/uploads/", "/api/v1.0/usage/"
CONTENT = b"seven b"


@pytest.fixture
def key() -> Iterator[str]:
    """Of a project of its own, called quota."""
    yield keys.create(Project.objects.create(name="quota"), "test", PROJECT_SCOPES)[1]
    connection.close()


def limit(**limits: int) -> Project:
    Project.objects.filter(name="quota").update(quotas=limits)
    return Project.objects.get(name="quota")


def with_two_apps(folder: Path, call: Callable[[WebApp, WebApp], Awaitable[T]]) -> T:
    """As two web processes: each has a committing thread, and a memory of the settings."""

    async def run() -> T:
        apps = [WebApp(replace(settings.PICASSO, access="keys"), Folder(folder)) for _ in range(2)]
        for app in apps:
            app.start()
        try:
            return await call(*apps)
        finally:
            for app in apps:
                await app.stop()

    return asyncio.run(run())


Send = Callable[[WebApp, str, bytes], Awaitable[Exchange]]


async def form(app: WebApp, key: str, content: bytes) -> Exchange:
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n' + content + b"\r\n--b--\r\n"
    return await ask(app, "POST", UPLOAD, body, **bearer(key), content_type="multipart/form-data; boundary=b")


async def raw(app: WebApp, key: str, content: bytes) -> Exchange:
    return await ask(app, "PUT", f"{UPLOAD}a.txt", content, **bearer(key))


async def raw_with_key(app: WebApp, key: str, content: bytes) -> Exchange:
    return await ask(app, "PUT", f"{UPLOAD}a.txt", content, **bearer(key), idempotency_key=base64.b64encode(content))


async def tus(app: WebApp, key: str, content: bytes) -> Exchange:
    head = {"tus_resumable": "1.0.0", "content_type": "application/offset+octet-stream", **bearer(key)}
    return await ask(app, "POST", UPLOADS, content, **head, upload_length=len(content))


async def draft(app: WebApp, key: str, content: bytes) -> Exchange:
    return await ask(app, "POST", UPLOADS, content, **bearer(key), upload_complete="?1")


WAYS = [form, raw, raw_with_key, tus, draft]


def bearer(key: str) -> dict[str, object]:
    return {"authorization": f"Bearer {key}"}


def code(answer: Exchange) -> str:
    return str(json.loads(answer.body).get("code", "")) if answer.status != 201 else "201"


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize(
    "limits", [{"files": 2}, {"bytes": 20}, {"bytes_per_day": 15}], ids=lambda limits: next(iter(limits))
)
def test_every_way_in_ends_at_the_quota(tmp_path: Path, key: str, way: Send, limits: dict[str, int]) -> None:
    limit(**limits)

    async def three(app: WebApp, _: WebApp) -> list[Exchange]:
        return [await way(app, key, b"%d" % n + CONTENT[1:]) for n in range(3)]

    *kept, refused = with_two_apps(tmp_path, three)
    assert [answer.status for answer in kept] == [201, 201]
    problem = json.loads(refused.body)
    (name, most), used = next(iter(limits.items())), 2 if "files" in limits else 14
    assert (refused.status, problem["code"]) == (413, "quota-exceeded")
    assert problem["quota"] == {"name": name, "limit": most, "used": used, "left": most - used}
    assert File.everywhere.count() == 2
    assert not Upload.everywhere.filter(finished_at=None).exists()
    assert len([path for path in tmp_path.rglob("*") if path.is_file() and "media" in path.parts]) == 2


def test_a_repeated_request_is_answered_also_when_the_first_has_filled_the_quota(tmp_path: Path, key: str) -> None:
    limit(files=1)

    async def thrice(app: WebApp, _: WebApp) -> list[Exchange]:
        return [await raw_with_key(app, key, content) for content in (CONTENT, CONTENT, b"another")]

    first, repeated, other = with_two_apps(tmp_path, thrice)
    assert first.status == repeated.status == 201
    assert json.loads(first.body)["id"] == json.loads(repeated.body)["id"]
    assert (other.status, code(other)) == (413, "quota-exceeded")


def test_an_upload_can_be_ended_by_a_post_when_the_quota_is_full(tmp_path: Path, key: str) -> None:
    head: dict[str, object] = {"tus_resumable": "1.0.0", **bearer(key)}
    begun = with_two_apps(tmp_path, lambda app, _: ask(app, "POST", UPLOADS, b"", **head, upload_length=5))
    limit(files=0)
    path, head["x_http_method_override"] = begun.headers["location"].removeprefix("http://localhost"), "DELETE"
    assert with_two_apps(tmp_path, lambda app, _: ask(app, "POST", path, b"", **head)).status == 204


def test_a_length_of_thousands_of_digits_is_a_bad_request(tmp_path: Path, key: str) -> None:
    head = {"tus_resumable": "1.0.0", "upload_length": "9" * 5000, **bearer(key)}
    answer = with_two_apps(tmp_path, lambda app, _: ask(app, "POST", UPLOADS, b"", **head))
    assert (answer.status, code(answer)) == (400, "bad-request")


def test_64_parallel_uploads_never_end_above_the_quota(tmp_path: Path, key: str) -> None:
    project = limit(bytes=10 * len(CONTENT), bytes_per_day=1_000_000)

    async def storm(one: WebApp, two: WebApp) -> list[Exchange]:
        ways = [raw, form, tus, draft]
        return await asyncio.gather(*(ways[n % 4]((one, two)[n % 8 // 4], key, CONTENT) for n in range(64)))

    answers = Counter(code(answer) for answer in with_two_apps(tmp_path, storm))
    assert answers == {"201": 10, "quota-exceeded": 54}
    assert File.everywhere.count() == 10
    assert quotas.stored_by_project(read(project.pk)).bytes == 70
    assert DailyUsage.objects.get(owner="").bytes == 70


@pytest.mark.parametrize("limited", ["quota", "token"])
def test_nobody_waits_for_the_disk_of_somebody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, limited: str
) -> None:
    """The locks of a project and of a token are taken when the bytes are on the disk."""
    events: list[str] = []

    def noted(event: str, call: Callable[..., Any], seconds: float = 0.0) -> Callable[..., Any]:
        def called(*args: Any) -> Any:
            time.sleep(seconds)
            found = call(*args)
            events.append(event)
            return found

        return called

    monkeypatch.setattr(quotas, "lock", noted("locked", quotas.lock))
    monkeypatch.setattr(token_use, "count", noted("locked", token_use.count))
    monkeypatch.setattr(FolderFiles, "sync", noted("synced", FolderFiles.sync, 0.05))
    if limited == "quota":
        limit(files=10)
    else:
        key = token(new_key()[0], max_files=3)
    assert with_two_apps(tmp_path, lambda app, _: raw(app, key, CONTENT)).status == 201
    assert events == ["synced", "locked"]


def test_what_the_head_tells_is_refused_before_the_content(tmp_path: Path, key: str) -> None:
    limit(bytes=10)

    async def announce(app: WebApp, _: WebApp) -> Exchange:
        exchange = Exchange(app, "PUT", f"{UPLOAD}a.txt", {"content-length": 2**30, **bearer(key)})
        task = asyncio.create_task(exchange.run())
        await exchange.wait_for_beginning()
        exchange.disconnect()
        await task
        return exchange

    refused = with_two_apps(tmp_path, announce)
    assert (refused.status, code(refused)) == (413, "quota-exceeded")


async def deferred(app: WebApp, key: str, content: bytes) -> Exchange:
    return await ask(app, "POST", UPLOADS, b"", **bearer(key), tus_resumable="1.0.0", upload_defer_length=1)


async def imported(app: WebApp, key: str, content: bytes) -> Exchange:
    body = b'{"url": "https://files.example.com/a.txt"}'
    return await ask(app, "POST", "/api/v1.0/imports/", body, **bearer(key), content_type="application/json")


@pytest.mark.parametrize(
    ("way", "size", "asked"),
    [
        (form, 3, ", and this upload has 3"),
        (form, 100_000, ", and this request has 100079"),
        (raw, 100_000, ", and this upload has 100000"),
        (tus, 100_000, ", and this upload has 100000"),
        (draft, 100_000, ", and this request has 100000"),
        (deferred, 0, ""),
        (imported, 0, ""),
    ],
)
def test_what_was_asked_is_told_as_it_is(tmp_path: Path, key: str, way: Send, size: int, asked: str) -> None:
    most = 9 if size else len(CONTENT)
    limit(bytes=most)

    async def fill(app: WebApp, _: WebApp) -> list[Exchange]:
        return [await raw(app, key, CONTENT), await way(app, key, bytes(size))]

    stored, refused = with_two_apps(tmp_path, fill)
    assert (stored.status, refused.status) == (201, 413)
    told = f"The quota of the project does not allow this: 7 of {most} bytes are used{asked}."
    assert json.loads(refused.body)["detail"] == told


def test_an_unfinished_upload_tells_what_it_needs(tmp_path: Path, key: str) -> None:
    limit(unfinished_bytes=1000)
    head: dict[str, object] = {"tus_resumable": "1.0.0", **bearer(key)}
    refused = with_two_apps(tmp_path, lambda app, _: ask(app, "POST", UPLOADS, b"", **head, upload_length=1001))
    assert json.loads(refused.body)["detail"].endswith("0 of 1000 bytes are used, and this upload needs 1001.")


def test_deleting_makes_room_but_not_for_the_day(tmp_path: Path, key: str) -> None:
    limit(bytes=10, bytes_per_day=10)

    async def twice(app: WebApp, _: WebApp) -> list[Exchange]:
        first = await raw(app, key, CONTENT)
        path = f"/api/v1.0/files/{json.loads(first.body)['id']}/"
        deleted = await ask(app, "DELETE", path, b"", **bearer(key))
        return [first, deleted, await raw(app, key, CONTENT)]

    first, deleted, second = with_two_apps(tmp_path, twice)
    assert (first.status, deleted.status) == (201, 204)
    assert json.loads(second.body)["quota"]["name"] == "bytes_per_day"


def test_a_new_day_starts_anew() -> None:
    project = Project.objects.create(name="days", quotas={"bytes_per_day": 10})
    today = quotas.current_day()
    DailyUsage.objects.create(project=project, owner="", day=today - timedelta(days=1), bytes=10)
    assert quotas.stored_by_project(read(project.pk)).today == 0
    quotas.forget_past_days()
    assert not DailyUsage.objects.exists()


def test_an_owner_has_a_quota_of_their_own() -> None:
    row = Project.objects.create(name="owners", owner_quotas={"bytes": 10})
    new_file(project_id=row.pk, owner="ann", size=8)
    account = quotas.Account(read(row.pk))
    account.add("bob", 10)
    with pytest.raises(QuotaExceeded):
        account.add("ann", 3)
    account.add("ann", 2)
    account.add("", 1_000)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ([], "quotas"),
        ({"gigabytes": 1}, "quotas.gigabytes"),
        ({"bytes": -1}, "quotas.bytes"),
        ({"bytes": "1"}, "quotas.bytes"),
        ({"files": True}, "quotas.files"),
        ({"files": 1.5}, "quotas.files"),
        ({"files": 2**62}, "quotas.files"),
    ],
)
def test_wrong_quotas(value: object, field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        quotas.parse(value)
    assert caught.value.errors[0]["field"] == field
    assert quotas.parse({"bytes": None, "files": 3}) == Quotas(files=3)


def test_usage(key: str) -> None:
    row = limit(files=5, bytes_per_day=9)
    new_file(project_id=row.pk, owner="ann", size=8)
    new_file(project_id=row.pk, size=1)
    project = replace(OPEN, project=read(row.pk))
    found: Mapping[str, Any] = client(project).get(USAGE).json()
    assert (found["files"], found["bytes"], found["bytes_today"], found["limits"]["files"]) == (2, 9, 0, 5)
    assert (found["unfinished_bytes"], found["concurrent_uploads"]) == (0, 0)
    for owner, finished in (("ann", None), ("bob", None), ("ann", timezone.now())):
        upload = {"protocol": "tus", "length": 30, "reserved": 20, "finished_at": finished}
        Upload.everywhere.create(project_id=row.pk, owner=owner, **upload)
    for query, expected in (({}, (40, 2)), ({"owner": "ann"}, (20, 1))):
        found = client(project).get(USAGE, query).json()
        assert (found["unfinished_bytes"], found["concurrent_uploads"]) == expected
    assert client(project).get(USAGE, {"owner": "ann"}).json()["bytes"] == 8
    ann = replace(project, owner="ann")
    assert client(ann).get(USAGE).json()["bytes"] == 8
    assert client(ann).get(USAGE, {"owner": "bob"}).status_code == 403
    assert ProjectUsage.total_files(row.pk) == 2
