"""Remote processors: workers elsewhere that claim jobs over HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import json
import struct
import uuid
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.conf import settings
from django.core.signals import request_started
from django.db import connection
from django.db.models.functions import Now

from picasso.access.principal import SERVICE, Scope
from picasso.api import remote as views
from picasso.files import delete
from picasso.jobs import commands, queues
from picasso.models import Derivative, File, Job, StagedDerivative
from picasso.process import pipelines
from picasso.process.remote import staging
from picasso.process.remote.lease import Held
from picasso.process.remote.reaper import reap
from picasso.storage.folder import Folder
from picasso.web.app import WebApp
from picasso.web.connection import EXTENSION, PlainConnection
from tests.flow.access import code, new_key, project
from tests.flow.asgi import Exchange, ask, in_thread, with_app
from tests.flow.rows import new_file, new_job
from tests.waiting import eventually, within

pytestmark = pytest.mark.django_db(transaction=True)

T = TypeVar("T")

JOBS = "/api/v1.0/jobs/"
CLAIM = f"{JOBS}claim/"
JSON = {"content_type": "application/json"}
QUEUE = "remote:caption"

CONFIG = """
[remote.caption]
types = ["image/*"]
lease_seconds = 30
time_limit = 600
max_attempts = 3
[remote.hash]
types = ["*/*"]
on_request = true
[pipelines.default.caption.options]
language = "de"
"""

WORKS = frozenset({Scope.JOBS_WORK})


class Service:
    """The application with remote processors, a worker's key, and rows to begin with."""

    def __init__(self, folder: Path) -> None:
        self.storage = Folder(folder)
        self.files = self.storage.files
        self.key = new_key(scopes=WORKS)[1]
        self.other = new_key("other", WORKS)[1]
        self.server = new_key(scopes=frozenset({Scope.JOBS_WORK, Scope.SERVICE_ADMIN}))[1]
        self.reader = new_key(scopes=frozenset({Scope.FILES_READ, Scope.FILES_WRITE, Scope.JOBS_WRITE}))[1]

    def job(self, **fields: Any) -> Job:
        """A due job, whose file has bytes."""
        file = new_file("a.png", "image/png", **{name: fields.pop(name) for name in ("project_id",) if name in fields})
        self.files.create(file.key, [b"bytes"])
        more = {"project_id": file.project_id, "processor": "caption", "queue": QUEUE, **fields}
        return new_job(file, **more)

    def run(self, call: Callable[[WebApp], Awaitable[T]], **conf: Any) -> T:
        connection.close()
        return with_app(self.storage, call, access="keys", **conf)

    async def post(self, app: WebApp, path: str, body: Any = None, key: str = "", **headers: object) -> Exchange:
        sent = b"" if body is None else json.dumps(body).encode()
        more = {**(JSON if body is not None else {}), **headers}
        return await ask(app, "POST", path, sent, authorization=f"Bearer {key or self.key}", **more)

    async def claim(self, app: WebApp, wait: int = 0, key: str = "", **body: Any) -> list[dict[str, Any]]:
        headers = {"prefer": f"wait={wait}"} if wait else {}
        answer = await self.post(app, CLAIM, {"processors": ["caption"], "worker": "w1", **body}, key, **headers)
        assert answer.status == 200, answer.body
        found: list[dict[str, Any]] = json.loads(answer.body)
        return found

    async def act(self, app: WebApp, lease: dict[str, Any], what: str, body: Any = None, **headers: object) -> Exchange:
        more = {"picasso_lease": lease["lease"], **headers}
        return await self.post(app, f"{JOBS}{lease['id']}/{what}/", body, **more)

    async def put(
        self, app: WebApp, lease: dict[str, Any], role: str, body: bytes = b"text\n", query: str = "", **headers: object
    ) -> Exchange:
        more = {"picasso_lease": lease["lease"], "authorization": f"Bearer {self.key}", **headers}
        return await ask(app, "PUT", f"{JOBS}{lease['id']}/derivatives/{role}{query}", body, **more)

    def derived(self) -> list[str]:
        """The names of all bytes of derivatives."""
        return sorted(path.name for path in self.files.media.glob("*/*/*/*/derived/*/*"))


def configure(monkeypatch: pytest.MonkeyPatch, **conf: Any) -> None:
    monkeypatch.setattr(settings, "PICASSO", replace(settings.PICASSO, **conf))
    pipelines.pipelines.cache_clear()
    views.policies.cache_clear()


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    config = tmp_path / "picasso.toml"
    config.write_text(CONFIG)
    data = tmp_path / "data"
    configure(monkeypatch, config=config, data_dir=data, access="keys")
    yield Service(data)
    connection.close()
    monkeypatch.undo()
    pipelines.pipelines.cache_clear()
    views.policies.cache_clear()


def png() -> bytes:
    """One black pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def row(job: Job) -> Job:
    return Job.everywhere.select_related("file").get(pk=job.pk)


def body_of(answer: Exchange) -> Any:
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def expire(job: Job) -> None:
    Job.everywhere.filter(pk=job.pk).update(leased_until=Now() - timedelta(seconds=1))


def take_back(service: Service) -> int:
    return reap(service.files, pipelines.pipelines())


def make_due(job: Job) -> None:
    Job.everywhere.filter(pk=job.pk).update(due_at=Now())


def test_a_job_from_claim_to_finish(service: Service) -> None:
    job = service.job()
    text, picture = b"A red barn.\n", png()

    async def work(app: WebApp) -> None:
        (lease,) = await service.claim(app, limit=5)
        assert (lease["id"], lease["attempt"], lease["options"]) == (str(job.pk), 1, {"language": "de"})
        assert lease["file"]["media_type"] == "image/png"
        assert "owner" in lease["file"]
        path = lease["original"].removeprefix("http://localhost")
        assert (await ask(app, "GET", path)).body == b"bytes"
        assert await service.claim(app) == []  # nobody else gets it
        assert (await service.act(app, lease, "progress", {"progress": 0.5, "message": "half"})).status == 204
        renewed = body_of(await service.act(app, lease, "renew"))
        assert datetime.fromisoformat(renewed["lease_until"]) >= datetime.fromisoformat(lease["lease_until"])
        path = renewed["original"].removeprefix("http://localhost")
        assert (await ask(app, "GET", path)).body == b"bytes"
        assert body_of(await service.put(app, lease, "caption", b"first\n"))["size"] == 6
        sent = body_of(await service.put(app, lease, "caption", text))
        assert (sent["media_type"], sent["sha256"]) == ("text/plain", hashlib.sha256(text).hexdigest())
        sent = body_of(await service.put(app, lease, "preview", picture, "?width=3&height=4"))
        assert (sent["media_type"], sent["width"], sent["height"]) == ("image/png", 3, 4)
        body_of(await service.put(app, lease, "dropped"))
        assert not await in_thread(Derivative.objects.exists)
        end = {"facts": {"objects": ["barn"]}, "derivatives": ["caption", "preview"], "log": "bye"}
        first = await service.act(app, lease, "finish", end)
        assert body_of(first) == {"id": str(job.pk), "state": "done", "attempt": 1, "error": None}
        assert (await service.act(app, lease, "finish", end)).body == first.body
        for what in ("renew", "fail"):
            body = {"code": "a", "detail": "b"} if what == "fail" else None
            assert code(await service.act(app, lease, what, body)) == (409, "lease-lost")

    service.run(work)
    done = row(job)
    assert (done.state, done.progress, done.file.state) == ("done", 1, "processed")
    assert done.log == "worker: w1\nbye"
    assert done.file.facts["caption"] == {"objects": ["barn"]}
    derived = {each.role: each for each in Derivative.objects.all()}
    assert service.files.path(derived["caption"].key).read_bytes() == text
    assert service.files.path(derived["preview"].key).read_bytes() == picture
    assert service.derived() == ["caption.txt", "preview.png"]
    assert not StagedDerivative.objects.exists()
    assert not [*service.files.incoming.iterdir()]


def test_a_late_finish_changes_nothing(service: Service) -> None:
    job = service.job()

    async def work(app: WebApp) -> None:
        (first,) = await service.claim(app)
        await service.put(app, first, "caption", b"of the first\n")
        await in_thread(expire, job)
        assert await in_thread(take_back, service) == 1
        assert service.derived() == []
        assert await service.claim(app) == []  # it is due after a pause
        await in_thread(make_due, job)
        (second,) = await service.claim(app, worker="w2")
        assert second["attempt"] == 2
        assert second["failures"] == 1
        body_of(await service.put(app, second, "caption", b"of the second\n"))
        for answer in (
            await service.put(app, first, "caption", b"late\n"),
            await service.act(app, first, "finish", {"facts": {"late": True}}),
            await service.act(app, first, "fail", {"code": "late", "detail": "Late."}),
            await service.act(app, first, "progress", {"progress": 1}),
            await service.act(app, first, "renew"),
        ):
            assert code(answer) == (409, "lease-lost")
        body_of(await service.act(app, second, "finish", {"facts": {"late": False}}))
        assert code(await service.act(app, first, "finish", {})) == (409, "lease-lost")

    service.run(work)
    assert row(job).file.facts["caption"] == {"late": False}
    (kept,) = Derivative.objects.all()
    assert service.files.path(kept.key).read_bytes() == b"of the second\n"
    assert service.derived() == ["caption.txt"]


def test_failures_are_tried_again_up_to_the_limit(service: Service) -> None:
    job = service.job()
    failure: dict[str, Any] = {"code": "no-gpu", "detail": "The model is busy.", "retry": True}
    verdict: dict[str, Any] = {"code": "no-picture", "detail": "There is no picture in it."}

    async def work(app: WebApp) -> None:
        for number in range(1, 4):
            await in_thread(make_due, job)
            (lease,) = await service.claim(app)
            assert lease["attempt"] == number
            body_of(await service.put(app, lease, "caption"))
            ended = body_of(await service.act(app, lease, "fail", failure))
            assert ended["state"] == ("waiting" if number < 3 else "failed")
            assert body_of(await service.act(app, lease, "fail", failure)) == ended
        assert await in_thread(commands.retry, job.pk)
        (lease,) = await service.claim(app)
        ended = body_of(await service.act(app, lease, "fail", verdict))
        assert ended == {"id": str(job.pk), "state": "failed", "attempt": 4, "error": verdict}
        assert code(await service.act(app, lease, "finish", {})) == (409, "lease-lost")

    service.run(work)
    assert (row(job).file.state, service.derived()) == ("failed", [])


def test_an_attempt_that_takes_too_long_is_not_renewed(service: Service) -> None:
    job = service.job()

    def grow_old() -> None:
        Job.everywhere.update(started_at=Now() - timedelta(seconds=590))

    async def work(app: WebApp) -> None:
        (lease,) = await service.claim(app)
        await in_thread(grow_old)
        body_of(await service.act(app, lease, "renew"))
        assert await in_thread(Job.everywhere.filter(leased_until__lt=Now() + timedelta(seconds=15)).exists)
        await in_thread(lambda: Job.everywhere.update(started_at=Now() - timedelta(seconds=601)))
        assert code(await service.act(app, lease, "renew")) == (409, "lease-lost")
        await in_thread(expire, job)
        assert await in_thread(take_back, service) == 1

    service.run(work)
    assert (row(job).state, row(job).error_code) == ("waiting", "time-limit")


def test_what_becomes_of_a_cancelled_and_of_a_deleted_job(service: Service) -> None:
    cancelled = service.job()

    async def work(app: WebApp) -> None:
        (lease,) = await service.claim(app)
        body_of(await service.put(app, lease, "caption"))
        assert await in_thread(commands.cancel, cancelled.pk)
        for what, body in (("renew", None), ("finish", {}), ("progress", {"progress": 0})):
            assert code(await service.act(app, lease, what, body)) == (409, "lease-lost")
        await in_thread(take_back, service)
        assert service.derived() == []
        deleted = await in_thread(service.job)
        (lease,) = await service.claim(app)
        body_of(await service.put(app, lease, "caption"))
        await in_thread(lambda: delete.delete(SERVICE, service.storage, File.everywhere.get(jobs=deleted)))
        actions: list[tuple[str, Any]] = [("renew", None), ("finish", {}), ("fail", {"code": "a", "detail": "b"})]
        for what, body in actions:
            assert code(await service.act(app, lease, what, body)) == (410, "gone")
        assert code(await service.put(app, lease, "caption")) == (410, "gone")

    service.run(work)
    assert service.derived() == []


def test_files_in_the_trash_and_paused_queues_wait(service: Service) -> None:
    job = service.job()

    async def work(app: WebApp) -> None:
        await in_thread(queues.pause, QUEUE)
        assert await service.claim(app) == []
        await in_thread(queues.resume, QUEUE)
        await in_thread(lambda: File.everywhere.update(deleted_at=Now()))
        assert await service.claim(app) == []
        assert (await in_thread(row, job)).state == "waiting"
        await in_thread(lambda: File.everywhere.update(deleted_at=None))
        await in_thread(make_due, job)
        assert len(await service.claim(app)) == 1

    service.run(work)


def test_a_worker_sees_jobs_of_its_project_only(service: Service) -> None:
    mine, other = service.job(), service.job(project_id=project("other").pk)

    async def work(app: WebApp) -> None:
        assert [lease["id"] for lease in await service.claim(app, limit=9)] == [str(mine.pk)]
        (lease,) = await service.claim(app, key=service.other, limit=9)
        assert lease["id"] == str(other.pk)
        for what, body in (("renew", None), ("finish", {}), ("progress", {"progress": 0})):
            assert code(await service.act(app, lease, what, body)) == (404, "not-found")
        assert code(await service.put(app, lease, "caption")) == (404, "not-found")
        await in_thread(lambda: Job.everywhere.update(state="waiting", leased_until=None))
        refused = await service.post(app, CLAIM, {"processors": ["caption"], "all_projects": True})
        assert code(refused) == (403, "forbidden")
        found = await service.claim(app, key=service.server, limit=9, all_projects=True)
        assert {lease["id"] for lease in found} == {str(mine.pk), str(other.pk)}
        for lease in found:
            answer = await ask(app, "GET", lease["original"].removeprefix("http://localhost"))
            assert answer.body == b"bytes"
            answer = await service.post(
                app, f"{JOBS}{lease['id']}/finish/", {}, service.server, picasso_lease=lease["lease"]
            )
            assert body_of(answer)["state"] == "done"
        for path in ("claim/", f"{mine.pk}/renew/", f"{mine.pk}/finish/"):
            answer = await service.post(app, JOBS + path, {}, service.reader, picasso_lease="a")
            assert code(answer) == (403, "forbidden")
        for path in (JOBS, "/api/v1.0/files/", f"/api/v1.0/files/{mine.file_id}/"):
            answer = await ask(app, "GET", path, authorization=f"Bearer {service.key}")
            assert code(answer)[0] in {403, 404}

    service.run(work)


BAD_CLAIMS: list[Any] = [
    {},
    [],
    {"processors": []},
    {"processors": "caption"},
    {"processors": ["image"]},
    {"processors": ["caption"] * 21},
    {"processors": ["caption"], "limit": 10**9},
    {"processors": ["caption"], "limit": 0},
    {"processors": ["caption"], "limit": "many"},
    {"processors": ["caption"], "worker": "w" * 101},
    {"processors": ["caption"], "workers": 1},
    {"processors": [{"a": 1}]},
]


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def test_bad_requests_are_refused_and_change_nothing(service: Service) -> None:
    job, second = service.job(), service.job()

    async def work(app: WebApp) -> None:
        for body in BAD_CLAIMS:
            assert (await service.post(app, CLAIM, body, prefer="wait=5")).status == 400, body
        assert code(await service.post(app, CLAIM, {"processors": ["caption"]}, picasso_owner="ann"))[0] == 403
        lease, other = await service.claim(app, limit=2)
        mixed = {**lease, "lease": other["lease"]}
        for wrong in (mixed, {**lease, "lease": "1"}, {**lease, "lease": f"2.{'a' * 24}"}):
            assert code(await service.act(app, wrong, "renew")) == (409, "lease-lost")
            assert code(await service.put(app, wrong, "caption")) == (409, "lease-lost")
        assert code(await service.post(app, f"{JOBS}{lease['id']}/renew/")) == (400, "invalid-field")
        unknown = {**lease, "id": str(uuid.uuid4())}
        assert code(await service.act(app, unknown, "renew")) == (404, "not-found")
        bad: list[Any] = [[], {"a": "\0"}, {"a": "x" * 70_000}, {"a": json.loads(nested(900))}, {"\ud800": 1}]
        for facts in bad:
            assert (await service.act(app, lease, "finish", {"facts": facts})).status == 400
        large = await service.act(app, lease, "finish", {"facts": {"a": "x" * 10**7}})
        assert code(large) == (413, "too-large")
        deep = b'{"facts": {"a": ' + nested(50_000).encode() + b"}}"
        head = {"authorization": f"Bearer {service.key}", "picasso_lease": lease["lease"], **JSON}
        assert (await ask(app, "POST", f"{JOBS}{lease['id']}/finish/", deep, **head)).status == 400
        assert (await service.act(app, lease, "finish", {"derivatives": ["never-sent"]})).status == 400
        for progress in (-1, 2, "a", True, None):
            assert (await service.act(app, lease, "progress", {"progress": progress})).status == 400
        for failure in ({"code": "Not kebab", "detail": "a"}, {"code": "a", "detail": "a" * 1001}, {"code": "a"}):
            assert (await service.act(app, lease, "fail", failure)).status == 400
        for role in ("Caption", "..", "a" * 65, "%2e%2e%2fa", "a.txt", "a\0"):
            assert (await service.put(app, lease, role)).status in {400, 404}, role
        for query in ("?width=-1", "?width=a", f"?height={2**31}", "?depth=1", "?width=1&width=2"):
            assert (await service.put(app, lease, "caption", query=query)).status == 400
        assert (await service.put(app, lease, "caption", content_encoding="gzip")).status == 415
        answer = await ask(app, "GET", f"{JOBS}{lease['id']}/derivatives/caption", **head)
        assert (answer.status, answer.headers["allow"]) == (405, "OPTIONS, POST, PUT")
        for headers, status in ((head, 204), ({}, 401)):
            answer = await ask(app, "OPTIONS", f"{JOBS}{lease['id']}/derivatives/caption", **headers)
            assert answer.status == status
        assert (await in_thread(row, job)).state == (await in_thread(row, second)).state == "running"

    service.run(work)
    assert service.derived() == []
    assert not StagedDerivative.objects.exists()


def test_derivatives_are_limited_together(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.job()
    monkeypatch.setattr("picasso.process.remote.staging.MAX_DERIVATIVES", 3)

    async def work(app: WebApp) -> None:
        (lease,) = await service.claim(app)
        body_of(await service.put(app, lease, "one", bytes(60)))
        assert code(await service.put(app, lease, "two", bytes(41))) == (413, "too-large")
        assert code(await chunked(service, app, lease, bytes(41))) == (413, "too-large")
        body_of(await service.put(app, lease, "two", bytes(40)))
        body_of(await service.put(app, lease, "one", bytes(50)))  # it replaces the 60
        body_of(await service.put(app, lease, "three", b""))
        assert code(await service.put(app, lease, "four", b"")) == (409, "conflict")
        body_of(await service.act(app, lease, "finish", {}))

    service.run(work, job_output_limit=100)
    assert {each.role: each.size for each in Derivative.objects.all()} == {"one": 50, "two": 40, "three": 0}
    assert not [*service.files.incoming.iterdir()]


def begin(service: Service, app: WebApp, lease: dict[str, Any], body: bytes) -> Exchange:
    """A chunked body that does not end yet."""
    path = f"{JOBS}{lease['id']}/derivatives/caption"
    head = {"picasso-lease": lease["lease"], "authorization": f"Bearer {service.key}"}
    exchange = Exchange(app, "POST", path, {"transfer-encoding": "chunked", **head})
    exchange.send(body)
    return exchange


@dataclass
class Sent:
    """A `staging.Content`."""

    service: Service
    head: bytes
    sha256: str = "0" * 64

    @property
    def size(self) -> int:
        return len(self.head)

    def read(self, offset: int, size: int) -> bytes:
        return self.head[offset : offset + size]

    def sync(self) -> None:
        assert not connection.in_atomic_block

    def place_derived(self, key: str, original: str) -> None:
        path = self.service.files.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.head)


def test_a_derivative_that_is_sent_twice_at_once_is_one(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    job = service.job()
    forget, chosen, remove = staging.forget, staging.chosen, service.files.remove_one_derived
    others = [b"{}\n", b"other\n"]

    def forget_late(held: Held, role: str) -> set[str]:
        """Meanwhile another request sends this role."""
        keys = forget(held, role)
        if others:
            staging.stage(service.files, held, staging.NewDerivative(role), Sent(service, others.pop()), 100)
        return keys

    def removed(key: str) -> None:
        assert connection.in_atomic_block
        remove(key)

    def chosen_locked(*arguments: Any) -> Any:
        assert connection.in_atomic_block
        return chosen(*arguments)

    monkeypatch.setattr(staging, "forget", forget_late)
    monkeypatch.setattr(staging, "chosen", chosen_locked)
    monkeypatch.setattr(service.storage.files, "remove_one_derived", removed)

    async def run(app: WebApp) -> None:
        (lease,) = await service.claim(app)
        assert (await service.put(app, lease, "text", b"first\n")).status == 200
        assert (await service.put(app, lease, "text", b"last\n")).status == 200
        assert body_of(await service.act(app, lease, "finish", {}))["state"] == "done"

    service.run(run)
    found = Derivative.objects.get(file=job.file_id)
    assert found.sha256 == hashlib.sha256(b"last\n").hexdigest()
    assert service.files.path(found.key).read_bytes() == b"last\n"
    assert service.derived() == ["text.txt"]


async def chunked(service: Service, app: WebApp, lease: dict[str, Any], body: bytes) -> Exchange:
    exchange = begin(service, app, lease, body)
    exchange.send(b"", more=False)
    await exchange.run()
    return exchange


def test_a_body_that_stalls_or_breaks_leaves_nothing(service: Service) -> None:
    service.job()

    async def work(app: WebApp) -> None:
        (lease,) = await service.claim(app)
        stalled = begin(service, app, lease, bytes(3 * 2**20))
        async with asyncio.timeout(60):
            answering = asyncio.create_task(stalled.run())
            await stalled.wait_for_beginning()
            stalled.disconnect()
            await answering
        assert code(stalled) == (408, "upload-timeout")
        broken = begin(service, app, lease, bytes(3 * 2**20))
        broken.disconnect()
        async with asyncio.timeout(60):
            await broken.run()
        assert broken.status is None
        body_of(await service.act(app, lease, "finish", {}))

    service.run(work, upload_idle_timeout=1)
    assert service.derived() == []
    assert not [*service.files.incoming.iterdir()]


def test_waiting_for_a_job(service: Service) -> None:
    async def work(app: WebApp) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert await service.claim(app, wait=-1) == []
        assert loop.time() - began < 5
        waiting = [asyncio.create_task(service.claim(app, wait=60, limit=1)) for _ in range(3)]
        other = asyncio.create_task(service.claim(app, wait=1, key=service.other))
        await asyncio.sleep(0.3)
        assert not any(task.done() for task in waiting)
        jobs = [await in_thread(service.job) for _ in range(2)]
        async with within("two of three claims and the end of the other one"):
            assert await other == []
            await eventually(lambda: sum(task.done() for task in waiting) == 2)
        await in_thread(expire, jobs[0])  # its worker dies, and the one who waits gets it
        await in_thread(take_back, service)
        await in_thread(make_due, jobs[0])
        async with within("the third claim"):
            found = [lease for leases in await asyncio.gather(*waiting) for lease in leases]
        assert Counter(lease["id"] for lease in found) == {str(jobs[0].pk): 2, str(jobs[1].pk): 1}
        last = asyncio.create_task(service.claim(app, wait=60))
        await asyncio.sleep(0.2)
        app.end_streams()
        async with within("the claim that the end of the service ends"):
            assert await last == []

    service.run(work)


def test_a_job_whose_worker_has_left_meanwhile_is_due_again(service: Service) -> None:
    """The client goes while the view claims the job."""
    job = service.job()
    left = PlainConnection()

    def leave(**_: object) -> None:
        left.gone = True

    async def work(app: WebApp) -> None:
        body = json.dumps({"processors": ["caption"], "worker": "w1"}).encode()
        headers = {"authorization": f"Bearer {service.key}", "content_length": len(body), **JSON}
        claim = Exchange(app, "POST", CLAIM, headers)
        claim.scope["extensions"] = {EXTENSION: left}
        claim.send(body, more=False)
        request_started.connect(leave)
        try:
            await claim.run()
        finally:
            request_started.disconnect(leave)
        (lease,) = await service.claim(app)
        assert (lease["id"], lease["attempt"]) == (str(job.pk), 2)

    service.run(work)
    assert row(job).failures == 0


def test_each_of_many_jobs_is_done_once(service: Service) -> None:
    file = new_file("a.png", "image/png")
    Job.everywhere.bulk_create(
        Job(file=each, processor="caption", queue=QUEUE, project_id=1)
        for each in File.everywhere.bulk_create(copies(file, 1000))
    )
    done: Counter[str] = Counter()

    async def worker(app: WebApp, name: str) -> None:
        while found := await service.claim(app, limit=25, worker=name):
            done.update(lease["id"] for lease in found)
            body_of(await service.act(app, found[0], "finish", {"facts": {"by": name}}))

    async def work(app: WebApp) -> None:
        await asyncio.gather(*(worker(app, f"w{number}") for number in range(8)))

    service.run(work)
    assert len(done) == 1000
    assert set(done.values()) == {1}
    states = Counter(Job.everywhere.values_list("state", "attempt"))
    assert states["done", 1] >= 40
    assert states.total() == states["done", 1] + states["running", 1]


def copies(file: File, count: int) -> list[File]:
    made = []
    for _ in range(count):
        values = {field.attname: getattr(file, field.attname) for field in File._meta.concrete_fields}
        made.append(File(**{**values, "id": uuid.uuid4()}))
    return made


def test_an_upload_gets_jobs_of_remote_processors(service: Service) -> None:
    key = new_key(scopes=frozenset({Scope.FILES_WRITE, Scope.JOBS_READ}))[1]

    async def work(app: WebApp) -> None:
        answer = await ask(app, "PUT", "/api/v1.0/upload/a.png", png(), authorization=f"Bearer {key}")
        assert answer.status == 201
        (lease,) = await service.claim(app, wait=5)
        assert lease["file"]["name"] == "a.png"
        answer = await ask(app, "GET", "/api/v1.0/queues/", authorization=f"Bearer {key}")
        assert [queue["name"] for queue in body_of(answer)] == ["quick", "heavy", "service", QUEUE, "remote:hash"]

    service.run(work)
    assert not Job.everywhere.filter(processor="hash").exists()
