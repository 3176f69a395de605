"""From bytes to rows: the committer, the exact count, and the sweep, on a real folder, loop and database."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import random
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from picasso.access import projects
from picasso.access.principal import SERVICE
from picasso.access.projects import Project
from picasso.access.token_limits import TokenLimits
from picasso.errors import NotFound, PicassoError, QuotaExceeded, StorageFull, TokenUsedUp, TooLarge
from picasso.files.delete import delete
from picasso.jobs.states import Step
from picasso.models import Derivative, File, Job, ProjectUsage, StagedDerivative, TokenUse, made_at, new_id
from picasso.models import Project as ProjectRow
from picasso.process.pipelines import Plan
from picasso.receive.admission import limit_life
from picasso.receive.cleanup import sweep
from picasso.receive.commit import MAX_BATCH, Committer
from picasso.receive.content import NewContent, NewFileOutput
from picasso.receive.new_file import NewFile
from picasso.receive.pending import Pending
from picasso.receive.threads import Threads
from picasso.storage.folder import Folder
from picasso.storage.names import derived_key, folder_of, original_key
from tests.flow.http import client
from tests.flow.rows import end_other_connections, new_file, new_job, running_job, side_by_side

pytestmark = pytest.mark.django_db(transaction=True)

LIMIT = 8 * 2**20

THREADS = Threads()


@pytest.fixture
def storage(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def plan(pipeline: str, media_type: str) -> Plan:
    steps = (Step("text", "quick"), Step("other", "heavy", 7)) if media_type.startswith("text/") else ()
    return Plan(pipeline, 3, steps)


def new_content(storage: Folder, limit: int = LIMIT) -> NewContent:
    return NewContent(NewFileOutput(storage.files), limit, THREADS)


def land(
    storage: Folder,
    contents: list[bytes],
    spoil: Callable[[list[NewContent]], None] = lambda _: None,
    limits: Callable[[int], TokenLimits | None] = lambda _: None,
) -> list[File | BaseException]:
    """All of them at once: they are waiting when the committer starts, so that they make full batches."""

    async def upload() -> list[File | BaseException]:
        committer = Committer(storage, plan)
        received = [new_content(storage) for _ in contents]
        for content, data in zip(received, contents, strict=True):
            for start in range(0, len(data), 100_000):
                await content.sink.write(data[start : start + 100_000])
            await content.finish()
        spoil(received)
        named = [(content, NewFile(f"{n}.txt", "text/plain", limits=limits(n))) for n, content in enumerate(received)]
        commits = [asyncio.create_task(committer.commit(content, new)) for content, new in named]
        await asyncio.sleep(0)
        committer.start()
        try:
            return await asyncio.gather(*commits, return_exceptions=True)
        finally:
            await asyncio.to_thread(committer.stop)

    return asyncio.run(upload())


def test_a_file_that_could_not_be_committed_is_removed_even_if_its_content_cannot_be_dropped(
    storage: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(NewContent, "drop", fail)
    monkeypatch.setattr(storage.files, "sync", fail)
    (outcome,) = land(storage, [b"content"])
    assert isinstance(outcome, PicassoError)
    assert on_disk(storage) == []
    assert not [path for path in open_files() if path.startswith(str(storage.files.media))]


def open_files() -> list[str]:
    """The paths of all files that this process has open."""
    paths = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            paths.append(str(descriptor.readlink()))
    return paths


def on_disk(storage: Folder) -> list[Path]:
    folders = (storage.files.incoming, storage.files.media)
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())


def well_landed(storage: Folder, file: File | BaseException, content: bytes) -> bool:
    assert isinstance(file, File), file
    row = File.everywhere.get(pk=file.pk)
    assert row.sha256 == hashlib.sha256(content).hexdigest()
    assert row.size == len(content)
    assert row.uploaded_at == made_at(row.pk)
    return storage.files.path(row.key).read_bytes() == content


def test_a_batch_of_many(storage: Folder) -> None:
    contents = [b"number %d\n" % n for n in range(2 * MAX_BATCH + 5)]
    files = land(storage, contents)
    assert all(well_landed(storage, file, content) for file, content in zip(files, contents, strict=True))
    assert File.everywhere.count() == ProjectUsage.total_files() == len(contents)
    assert Job.everywhere.filter(processor="text", queue="quick", state="waiting").count() == len(contents)
    assert Job.everywhere.filter(processor="other", queue="heavy", state="waiting").count() == len(contents)
    assert len(on_disk(storage)) == len(contents)
    assert THREADS.memory.size == 0


def test_small_and_large_land_together(storage: Folder) -> None:
    """Those that are on the disk already and those that are still in memory."""
    contents = [random.Random(n).randbytes(size) for n, size in enumerate([1, 5 * 2**20, 2**20, 2**20 - 1, 100_001])]
    files = land(storage, contents)
    assert all(well_landed(storage, file, content) for file, content in zip(files, contents, strict=True))
    assert not list(storage.files.incoming.iterdir())
    assert THREADS.memory.size == 0


def test_states_and_facts_of_a_new_file(storage: Folder) -> None:
    text, blob = land(storage, [b"some text\n", b"\0\1\2\3" * 9])
    assert isinstance(text, File)
    assert isinstance(blob, File)
    assert (text.media_type, text.state) == ("text/plain", File.State.PENDING)
    assert (blob.media_type, blob.state) == ("application/octet-stream", File.State.PROCESSED)
    assert not blob.jobs.exists()
    facts = {"extension": ".txt", "declared_type_matches": True, "detected_by": "content", "charset": "ascii"}
    assert File.everywhere.get(pk=text.pk).facts == {"file": facts}
    assert File.everywhere.get(pk=blob.pk).facts["file"]["declared_type_matches"] is False


def test_rows_follow_the_plan(storage: Folder) -> None:
    async def upload() -> File:
        committer = Committer(storage, plan)
        committer.start()
        content = new_content(storage)
        await content.sink.write(b"some text\n")
        await content.finish()
        try:
            return await committer.commit(content, NewFile("a.txt", "", "web"))
        finally:
            await asyncio.to_thread(committer.stop)

    file = File.everywhere.get(pk=asyncio.run(upload()).pk)
    assert (file.pipeline, file.pipeline_version) == ("web", 3)
    jobs = file.jobs.order_by("processor").values_list("processor", "queue", "priority", "pipeline")
    assert list(jobs) == [("other", "heavy", 7, "web"), ("text", "quick", 0, "web")]


@pytest.mark.parametrize("bad", [0, 2, 4])
def test_a_bad_member_fails_alone(storage: Folder, bad: int) -> None:
    def spoil(received: list[NewContent]) -> None:
        received[bad].sink.size = None  # type: ignore[assignment] # which the column takes in neither database

    contents = [b"number %d\n" % n for n in range(5)]
    outcomes = land(storage, contents, spoil)
    assert isinstance(outcomes[bad], PicassoError)
    for n in {0, 1, 2, 3, 4} - {bad}:
        assert well_landed(storage, outcomes[n], contents[n])
    assert File.everywhere.count() == ProjectUsage.total_files() == 4
    assert len(on_disk(storage)) == 4
    assert not list(storage.files.media.glob(f"*/*/*/*-{bad}.txt"))


def test_a_member_without_bytes_fails_alone(storage: Folder) -> None:
    """What a disk may do: a large upload's file in incoming/ is gone when it is to be placed."""

    def spoil(received: list[NewContent]) -> None:
        (path,) = storage.files.incoming.iterdir()
        path.unlink()

    contents = [b"one\n", b"x" * 3 * 2**20, b"three\n"]
    outcomes = land(storage, contents, spoil)
    assert isinstance(outcomes[1], PicassoError)
    assert well_landed(storage, outcomes[0], contents[0])
    assert well_landed(storage, outcomes[2], contents[2])
    assert File.everywhere.count() == 2
    assert len(on_disk(storage)) == 2


def test_a_full_disk_leaves_nothing(storage: Folder) -> None:
    storage.space.minimum = 2**60
    outcomes = land(storage, [b"one\n", b"two\n"])
    assert [type(outcome) for outcome in outcomes] == [StorageFull] * 2
    assert not on_disk(storage)
    assert File.everywhere.count() == Job.everywhere.count() == ProjectUsage.total_files() == 0


def test_the_disk_fills_up_before_a_large_one_lands(storage: Folder) -> None:
    def spoil(_: list[NewContent]) -> None:
        storage.space.minimum = 2**60

    (outcome,) = land(storage, [b"x" * 3 * 2**20], spoil)
    assert isinstance(outcome, StorageFull)
    assert not on_disk(storage)


def test_a_committer_goes_on_after_failures(storage: Folder) -> None:
    """One committer, batch after batch."""

    async def upload() -> list[File | BaseException]:
        committer = Committer(storage, plan)
        committer.start()
        outcomes: list[File | BaseException] = []
        for n in range(6):
            content = new_content(storage)
            await content.sink.write(b"%d\n" % n)
            await content.finish()
            if n % 2:
                content.sink.size = None  # type: ignore[assignment] # no column takes that
            outcomes += await asyncio.gather(committer.commit(content, NewFile(f"{n}", "")), return_exceptions=True)
        await asyncio.to_thread(committer.stop)
        return outcomes

    outcomes = asyncio.run(upload())
    assert [isinstance(outcome, File) for outcome in outcomes] == [True, False] * 3
    assert File.everywhere.count() == 3


def end_connections() -> int:
    try:
        return end_other_connections()
    finally:
        connection.close()


def test_a_connection_that_ended_between_two_uploads_refuses_none(
    storage: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a restart of the database: the threads that store and commit have connections that are older."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has no connection to lose")
    monkeypatch.setattr(projects, "KEPT_SECONDS", 0.0)

    async def upload() -> None:
        committer = Committer(storage, plan)
        committer.start()
        for _ in range(2):
            content = new_content(storage)
            await content.sink.write(b"x\n")
            await content.finish()
            await committer.commit(content, NewFile("x", ""))
            assert await asyncio.to_thread(end_connections) >= 2
        await asyncio.to_thread(committer.stop)

    asyncio.run(upload())
    assert File.everywhere.count() == 2


def test_stop_lands_what_has_arrived(storage: Folder) -> None:
    async def upload() -> None:
        committer = Committer(storage, plan)
        received = [new_content(storage) for _ in range(MAX_BATCH + 3)]
        for content in received:
            await content.sink.write(b"x\n")
            await content.finish()
        commits = [asyncio.create_task(committer.commit(content, NewFile("x", ""))) for content in received]
        await asyncio.sleep(0)
        committer.start()
        await asyncio.to_thread(committer.stop)
        await asyncio.gather(*commits)

    asyncio.run(upload())
    assert File.everywhere.count() == MAX_BATCH + 3


def test_whoever_gives_up_waiting_changes_nothing(storage: Folder) -> None:
    async def upload() -> None:
        committer = Committer(storage, plan)
        content = new_content(storage)
        await content.sink.write(b"x\n")
        await content.finish()
        waiting = asyncio.create_task(committer.commit(content, NewFile("x", "")))
        await asyncio.sleep(0)
        waiting.cancel()
        committer.start()
        await asyncio.gather(waiting, return_exceptions=True)
        await asyncio.to_thread(committer.stop)

    asyncio.run(upload())
    assert File.everywhere.count() == len(on_disk(storage)) == 1


# Content


def test_a_small_upload_touches_no_disk_before_it_lands(storage: Folder) -> None:
    async def upload() -> None:
        content = new_content(storage)
        await content.sink.write(b"x" * 1000)
        assert THREADS.memory.size == 1000
        assert not on_disk(storage)
        await content.discard()

    asyncio.run(upload())
    assert THREADS.memory.size == 0


@pytest.mark.parametrize("size", [10, 2**20, 5 * 2**20])
def test_discarded_at_any_moment_nothing_is_left(storage: Folder, size: int) -> None:
    async def upload(*, finish: bool) -> None:
        content = new_content(storage)
        for _ in range(3):
            await content.sink.write(b"x" * (size // 3 + 1))
        if finish:
            await content.finish()
        await content.discard()
        await content.discard()

    asyncio.run(upload(finish=False))
    asyncio.run(upload(finish=True))
    assert not on_disk(storage)
    assert THREADS.memory.size == 0


def test_the_limit_is_exact(storage: Folder) -> None:
    async def upload(size: int) -> None:
        content = new_content(storage, 3000)
        try:
            await content.sink.write(b"x" * 2999)
            await content.sink.write(b"x" * (size - 2999))
        finally:
            await content.discard()

    asyncio.run(upload(3000))
    with pytest.raises(TooLarge):
        asyncio.run(upload(3001))
    assert THREADS.memory.size == 0


# Count


def counted() -> bool:
    return ProjectUsage.total_files() == File.everywhere.count()


def test_the_count_follows_inserts_and_deletes() -> None:
    files = [new_file() for _ in range(7)]
    assert counted()
    files[0].delete()
    File.everywhere.filter(pk__in=[file.pk for file in files[1:4]]).delete()
    assert ProjectUsage.total_files() == 3
    File.everywhere.bulk_create(File(id=uuid.uuid4(), uploaded_at=datetime.now(UTC), size=1) for _ in range(5))
    assert ProjectUsage.total_files() == 8
    File.everywhere.filter(pk=uuid.uuid4()).delete()
    File.everywhere.update(name="renamed")
    assert ProjectUsage.total_files() == 8
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM picasso_file")
    assert ProjectUsage.total_files() == 0


def test_the_count_follows_rollbacks() -> None:
    kept = new_file()
    with transaction.atomic():
        new_file()
        kept.delete()
        assert counted()
        with transaction.atomic():
            new_file()
            transaction.set_rollback(True)
        assert ProjectUsage.total_files() == 1
        transaction.set_rollback(True)
    assert ProjectUsage.total_files() == 1
    assert counted()


def test_the_count_is_exact_under_concurrency() -> None:
    def come_and_go(seed: int) -> Callable[[], None]:
        def work() -> None:
            choice = random.Random(seed)
            for _ in range(15):
                with transaction.atomic():
                    files = [new_file() for _ in range(choice.randrange(1, 4))]
                    if choice.random() < 0.3:
                        transaction.set_rollback(True)
                    elif choice.random() < 0.5:
                        files[0].delete()

        return work

    side_by_side([come_and_go(seed) for seed in range(6)])
    assert counted()
    assert ProjectUsage.total_files() > 20


def test_nobody_sees_a_count_that_is_not_true() -> None:
    """Readers beside writers: count and rows of one snapshot agree."""
    stop = time.monotonic() + 1

    def write() -> int:
        while time.monotonic() < stop:
            with transaction.atomic():
                new_file()
                new_file()
            File.everywhere.filter(pk=File.everywhere.values("pk")[:1]).delete()
        return 0

    def read() -> int:
        lies = 0
        while time.monotonic() < stop:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT (SELECT coalesce(sum(files), 0) FROM picasso_projectusage)"
                    " - (SELECT count(*) FROM picasso_file)"
                )
                lies += cursor.fetchone()[0] != 0
        return lies

    assert side_by_side([write, write, read]) == [0, 0, 0]
    assert counted()


# Order


def test_the_list_is_in_a_total_order_within_a_millisecond() -> None:
    """The ids decide, so no two pages hold the same file and none is missed, whatever order they came in."""
    moment = old_id(timedelta()).int >> 80 << 80
    ids = [uuid.UUID(int=moment | 7 << 76 | 2 << 62 | n << 40) for n in range(95)]
    random.Random(1).shuffle(ids)
    for file_id in ids:
        new_file(id=file_id, uploaded_at=made_at(file_id))
    assert len(set(File.everywhere.values_list("uploaded_at", flat=True))) == 1
    seen: list[str] = []
    page: int | None = 1
    while page:
        body = client().get("/api/v1.0/files/", {"page": page, "page_size": 10}).json()
        assert body["count"] == 95
        seen += [file["id"] for file in body["results"]]
        page = body["next"]
    assert seen == sorted((str(file_id) for file_id in ids), reverse=True)


# Forgetting and sweeping


def test_forget_takes_rows_and_bytes(storage: Folder) -> None:
    gone, kept = land(storage, [b"gone\n", b"kept\n"])
    assert isinstance(gone, File)
    folder = storage.files.path(folder_of(gone.key))
    (folder / "derived" / "image-1").mkdir(parents=True)
    (folder / "derived" / "image-1" / "thumbnail.webp").write_bytes(b"x")
    delete(SERVICE, storage, gone)
    assert not folder.exists()
    assert not storage.files.path(gone.key).exists()
    assert not Job.everywhere.filter(file_id=gone.pk).exists()
    assert well_landed(storage, kept, b"kept\n")
    with pytest.raises(NotFound):
        delete(SERVICE, storage, gone)
    assert ProjectUsage.total_files() == 1


def old_id(age: timedelta) -> uuid.UUID:
    """A UUIDv7 as it would have been made that long ago."""
    moment = int((datetime.now(UTC) - age).timestamp() * 1000)
    return uuid.UUID(int=moment << 80 | 7 << 76 | random.getrandbits(12) << 64 | 2 << 62 | random.getrandbits(62))


@pytest.fixture
def scratch(tmp_path: Path, settings: Settings) -> Path:
    """The folder in which workers work, below the same data folder as the storage."""
    settings.PICASSO = replace(settings.PICASSO, data_dir=tmp_path)
    path = tmp_path / "scratch"
    path.mkdir()
    return path


@pytest.fixture
def remains(storage: Folder, scratch: Path) -> Callable[[Path, timedelta], Path]:
    """Leaves a file, or a folder with one, that was last written that long ago."""

    def leave(path: Path, age: timedelta) -> Path:
        if path.parent.parent == scratch:
            path.parent.mkdir()
        path.write_bytes(b"remains")
        moment = time.time() - age.total_seconds()
        for each in (path, path.parent):
            if each not in {storage.files.incoming, scratch}:
                os.utime(each, (moment, moment))
        return path

    return leave


def place(storage: Folder, file_id: uuid.UUID, *, row: bool) -> Path:
    key = original_key("text/plain", file_id, "a.txt")
    path = storage.files.path(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"content")
    if row:
        new_file(id=file_id, uploaded_at=made_at(file_id), key=key)
    return path


def test_sweep_takes_what_is_old_and_nobodys(
    storage: Folder, scratch: Path, remains: Callable[[Path, timedelta], Path]
) -> None:
    old, young = timedelta(hours=2), timedelta(minutes=50)
    gone = [
        place(storage, old_id(old), row=False),
        place(storage, old_id(timedelta(days=9)), row=False),
        remains(storage.files.incoming / uuid.uuid4().hex, old),
        remains(scratch / uuid.uuid4().hex / "half.webp", old),
    ]
    kept = [
        place(storage, old_id(old), row=True),
        place(storage, old_id(young), row=False),
        place(storage, old_id(young), row=True),
        remains(storage.files.incoming / uuid.uuid4().hex, young),
        remains(scratch / uuid.uuid4().hex / "half.webp", young),
    ]
    stranger = storage.files.media / "text" / "plain" / "ab" / "no-id" / "a.txt"
    stranger.parent.mkdir(parents=True, exist_ok=True)
    stranger.write_bytes(b"not ours to judge")
    assert sweep(storage) == len(gone)
    assert not [path for path in gone if path.exists()]
    assert all(path.exists() for path in [*kept, stranger])
    assert sweep(storage) == 0
    assert File.everywhere.count() == 2


def test_sweep_takes_derivatives_that_no_row_names(storage: Folder, remains: Callable[[Path, timedelta], Path]) -> None:
    old, young = timedelta(hours=2), timedelta(minutes=50)
    place(storage, old_id(old), row=True)
    file = File.everywhere.get()
    done = new_job(file, processor="image", state="done", attempt=2)
    running = running_job(file, processor="text")
    ended = running_job(file, processor="caption", attempt=3)

    def derive(job: Job, name: str, age: timedelta = old, attempt: int = 0) -> tuple[str, Path]:
        key = derived_key(file.key, job.processor, attempt or job.attempt, name)
        path = storage.files.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        return key, remains(path, age)

    more = {"media_type": "image/webp", "size": 1, "sha256": "0" * 64}
    named, staged = derive(done, "a.webp"), derive(ended, "a.webp")
    Derivative.objects.create(file=file, processor="image", role="a", key=named[0], **more)
    StagedDerivative.objects.create(job=ended, attempt=3, role="a", key=staged[0], **more)
    ended.state = Job.State.WAITING
    ended.save()
    kept = [named, staged, derive(running, "a.txt"), derive(done, "c.webp", young)]
    gone = [derive(done, "b.webp"), derive(done, "a.webp", attempt=1), derive(ended, "b.webp")]
    assert sweep(storage) == len(gone)
    assert [path.exists() for _, path in (*kept, *gone)] == [True] * len(kept) + [False] * len(gone)
    assert storage.files.path(file.key).exists()
    assert all([*storage.files.orphans.glob(f"*/{key}")] for key, _ in gone)


def test_sweep_of_an_empty_storage(storage: Folder) -> None:
    assert sweep(storage) == 0


def test_a_file_with_jobs_is_counted_once() -> None:
    file = new_file()
    for processor in ("text", "image"):
        new_job(file, processor=processor)
    assert ProjectUsage.total_files() == 1
    file.delete()
    assert counted()


# How long a file is kept


@pytest.mark.parametrize(
    ("client", "of_pipeline", "of_project", "days"),
    [(None, None, None, None), (None, 5, None, 5), (None, None, 4, 4), (3, 5, 4, 3), (9, 5, 7, 5), (9, None, None, 9)],
)
def test_a_file_expires_when_the_first_of_all_wants_it(
    client: int | None, of_pipeline: int | None, of_project: int | None, days: int | None
) -> None:
    file_id = new_id()
    file = File(id=file_id, uploaded_at=made_at(file_id))
    file.expires_at = file.uploaded_at + timedelta(days=client) if client else None
    pending = SimpleNamespace(file=file, plan=Plan("default", 1, (), of_pipeline))
    limit_life(Project(id=1, name="default", retention_days=of_project), [cast("Pending", pending)])
    assert file.expires_at == (file.uploaded_at + timedelta(days=days) if days else None)


# Tokens


@pytest.mark.parametrize("used", [0, 2, 3])
def test_a_token_that_is_used_up_does_not_hold_up_the_other_uploads(
    storage: Folder, monkeypatch: pytest.MonkeyPatch, used: int
) -> None:
    """Of a full batch: every eighth file has the token, which is good for three."""
    if used:
        TokenUse.objects.create(token="t", project_id=1, files=used, expires_at=timezone.now() + timedelta(days=1))
    token, batches = TokenLimits("t", time.time() + 60, max_files=3), []
    commit = Committer._commit

    def counted(self: Committer, batch: list[Pending], **again: bool) -> Any:
        batches.append(len(batch))
        return commit(self, batch, **again)

    monkeypatch.setattr(Committer, "_commit", counted)
    outcomes = land(storage, [b"content"] * MAX_BATCH, limits=lambda n: None if n % 8 else token)
    refused = [outcome for outcome in outcomes if isinstance(outcome, TokenUsedUp)]
    assert len(refused) == MAX_BATCH // 8 - (3 - used)
    assert len([outcome for outcome in outcomes if isinstance(outcome, File)]) == MAX_BATCH - len(refused)
    assert TokenUse.objects.get().files == 3
    assert sum(batches) == MAX_BATCH, "no batch was tried again"
    assert len(on_disk(storage)) == MAX_BATCH - len(refused)


def test_what_the_quota_refuses_is_not_counted_for_the_token(storage: Folder) -> None:
    ProjectRow.objects.filter(pk=1).update(quotas={"files": 2})
    outcomes = land(storage, [b"content"] * 5, limits=lambda _: TokenLimits("t", time.time() + 60, max_files=4))
    assert len([outcome for outcome in outcomes if isinstance(outcome, File)]) == 2
    # Which of the two refuses the last one depends on how many are in a batch.
    assert {type(outcome) for outcome in outcomes} <= {File, QuotaExceeded, TokenUsedUp}
    assert TokenUse.objects.get().files == 2
