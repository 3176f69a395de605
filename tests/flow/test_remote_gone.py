"""What workers elsewhere leave behind, what they do not get, and what wakes those that wait."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from picasso import activity
from picasso.access.principal import OPEN
from picasso.activity import Activity, Announcer
from picasso.files import batch, delete, trash
from picasso.models import Derivative, File, Job, StagedDerivative
from picasso.process import pipelines
from picasso.process.remote import reaper
from picasso.process.remote.claim import due
from picasso.process.remote.reaper import RemoteReaper, next_end
from picasso.receive.cleanup import sweep
from picasso.web import job_hub
from picasso.web.app import WebApp
from picasso.web.derivatives import Arrived
from tests.flow.access import code
from tests.flow.asgi import in_thread, served
from tests.flow.rows import running_job
from tests.flow.test_remote import QUEUE, Service, body_of, expire, make_due, row, service, take_back
from tests.stack import until

__all__ = ["service"]

pytestmark = pytest.mark.django_db(transaction=True)

WORKER = """
import json, os, sys, time, urllib.request

def send(method, path, body, **headers):
    fields = {"Authorization": f"Bearer {os.environ['KEY']}", "Content-Type": "application/json", **headers}
    url = f"{os.environ['SERVICE']}/api/v1.0/jobs/{path}"
    with urllib.request.urlopen(urllib.request.Request(url, body, fields, method=method), timeout=30) as answer:
        return json.load(answer)

name = sys.argv[1]
claim = json.dumps({"processors": ["caption"], "worker": name}).encode()
[job] = send("POST", "claim/", claim, Prefer="wait=30")
lease = {"Picasso-Lease": job["lease"]}
send("PUT", f"{job['id']}/derivatives/caption/", f"by {name}".encode(), **lease)
if name == "first":
    print("half", flush=True)
    time.sleep(60)
send("POST", f"{job['id']}/finish/", json.dumps({"facts": {"by": name}}).encode(), **lease)
"""


def test_a_worker_that_is_killed_is_followed_by_another(service: Service) -> None:
    job = service.job()

    async def work(app: WebApp) -> None:
        async with served(app) as url, asyncio.timeout(60):
            async with worker(url, service.key, "first") as first:
                assert first.stdout
                assert (await first.stdout.readline()).strip() == b"half"
            await in_thread(expire, job)
            assert await in_thread(take_back, service) == 1
            await in_thread(make_due, job)
            async with worker(url, service.key, "second") as second:
                assert await second.wait() == 0

    asyncio.run(work(WebApp(settings.PICASSO, service.storage)))
    done = row(job)
    assert (done.state, done.attempt, done.file.facts["caption"]) == ("done", 2, {"by": "second"})
    kept = Derivative.objects.get()
    assert service.files.path(kept.key).read_bytes() == b"by second"
    assert service.derived() == ["caption.txt"]


@asynccontextmanager
async def worker(url: str, key: str, name: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Killed at the end."""
    more = {"SERVICE": url, "KEY": key}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, name, env={**os.environ, **more}, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def test_bytes_are_written_before_the_job_is_locked(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lease that ends meanwhile leaves nothing."""
    job = service.job()
    sync, place = Arrived.sync, Arrived.place_derived

    def synced(arrived: Arrived) -> None:
        assert not connection.in_atomic_block
        sync(arrived)
        if arrived.head == b"late":
            expire(job)
            take_back(service)

    def placed(arrived: Arrived, key: str, original: str) -> None:
        assert connection.in_atomic_block
        place(arrived, key, original)

    monkeypatch.setattr(Arrived, "sync", synced)
    monkeypatch.setattr(Arrived, "place_derived", placed)

    async def work(app: WebApp) -> None:
        (lease,) = await service.claim(app)
        body_of(await service.put(app, lease, "small", b"small"))
        body_of(await service.put(app, lease, "large/", bytes(3 * 2**20)))
        assert service.derived() == ["large.bin", "small.txt"]
        assert code(await service.put(app, lease, "late", b"late")) == (409, "lease-lost")

    service.run(work)
    assert service.derived() == []
    assert not [*service.files.incoming.iterdir()]
    assert not StagedDerivative.objects.exists()


def test_jobs_of_files_in_the_trash_are_due_when_these_are_restored(service: Service) -> None:
    jobs = [service.job(), service.job()]

    def restore() -> None:
        delete.restore(OPEN, jobs[0].file_id)
        batch.restore_all(OPEN, [jobs[1].file_id])

    async def work(app: WebApp) -> None:
        await in_thread(lambda: File.everywhere.update(deleted_at=Now()))
        assert await service.claim(app, limit=5) == []
        assert not await in_thread(due, [QUEUE], None)
        assert await in_thread(lambda: {row(job).due_at for job in jobs}) == {trash.NOT_DUE}
        await in_thread(restore)
        leases = await service.claim(app, limit=5)
        assert {(lease["id"], lease["failures"]) for lease in leases} == {(str(job.pk), 0) for job in jobs}

    service.run(work)


def test_the_sweep_makes_jobs_due_that_an_older_version_has_not(service: Service) -> None:
    restored, trashed = service.job(), service.job()
    Job.everywhere.update(due_at=trash.NOT_DUE)
    File.everywhere.filter(pk=trashed.file_id).update(deleted_at=Now())
    sweep(service.storage)
    assert row(trashed).due_at == trash.NOT_DUE
    assert row(restored).due_at < trash.NOT_DUE
    assert due([QUEUE], None)


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """What announces is that of this test, and the time in which loops look often is short."""
    monkeypatch.setattr(activity, "_announcer", Announcer())
    monkeypatch.setattr(activity, "LINGER", 0.3)


def is_idle(heard: Activity) -> bool:
    return heard.pause(1.0, 2.0) == 2.0


@pytest.mark.usefixtures("quiet")
def test_those_who_wait_for_jobs_are_woken_by_announcements(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    polls: list[float] = []
    places_of = job_hub.places_of

    def counted(queues: Collection[str]) -> set[Any]:
        polls.append(time.monotonic())
        return places_of(queues)

    monkeypatch.setattr(job_hub, "places_of", counted)
    monkeypatch.setattr(job_hub, "IDLE", 60.0)

    def make_job() -> None:
        service.job()
        activity.announce()

    async def work(app: WebApp) -> None:
        async with asyncio.timeout(60):
            waiting = asyncio.create_task(service.claim(app, wait=60))
            seen = -1
            while not polls or seen != len(polls):  # until it does not look any more
                seen = len(polls)
                await asyncio.sleep(5 * job_hub.POLL)
            await in_thread(make_job)
            assert len(await waiting) == 1

    service.run(work)


@contextmanager
def reaping(service: Service) -> Iterator[Activity]:
    heard = Activity()
    thread = RemoteReaper(service.files, pipelines.pipelines(), heard)
    heard.start()
    thread.start()
    try:
        yield heard
    finally:
        thread.stop()
        until(lambda: not thread._thread.is_alive(), 10, lambda: "the reaper goes on")
        heard.stop()


@pytest.mark.usefixtures("quiet")
def test_the_reaper_sleeps_until_the_next_lease_ends(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaper, "TICK_SECONDS", 0.1)
    monkeypatch.setattr(reaper, "IDLE_SECONDS", 60.0)
    assert next_end() == 60
    with reaping(service) as heard:
        until(lambda: is_idle(heard), 10, lambda: "it is never idle")
        soon = Now() + timedelta(seconds=1)
        job = running_job(processor="caption", queue=QUEUE, leased_until=soon)
        assert next_end() < 2
        activity.announce()
        until(lambda: row(job).state == Job.State.WAITING, 20, lambda: "the job was not taken back")
    assert row(job).error_code == "worker-died"
