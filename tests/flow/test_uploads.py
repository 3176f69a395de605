"""Uploads that may go on, below HTTP: one file each, one writer each, offsets that are the disk's."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from picasso.access.principal import SERVICE
from picasso.errors import Conflict, DigestMismatch, Gone, Locked, Superseded, TooLarge, UnfinishedFull
from picasso.files.delete import delete
from picasso.models import File, Upload, new_id
from picasso.receive import append as appending
from picasso.receive import cleanup, concatenate, upload_rows
from picasso.receive import uploads as receive_uploads
from picasso.receive.append import Append
from picasso.receive.concatenate import Concatenations
from picasso.receive.hashing import sha256
from picasso.receive.locks import Locks
from picasso.receive.new_file import NewFile
from picasso.receive.quota import reserved_bytes
from picasso.receive.recovery import Recovery
from picasso.receive.uploads import KnownKey, Uploads
from picasso.storage import UploadState
from picasso.storage.disk import AppendWriter
from picasso.storage.folder import Folder
from picasso.web import idempotency
from tests.flow.uploads import added, begun, limits, tus, with_uploads
from tests.waiting import SECONDS, join, within

pytestmark = pytest.mark.django_db(transaction=True)

DATA = random.Random(8).randbytes(3 * 2**20)
EXPIRY = limits().expiry


@pytest.fixture
def storage(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


# One file each


def test_an_upload_becomes_one_file_however_often_it_lands(storage: Folder) -> None:
    async def race(uploads: Uploads) -> list[File | BaseException]:
        row = await begun(uploads, tus(len(DATA)))
        append = await added(uploads, row, DATA)
        lands = [uploads.committer.commit(append, NewFile("a", "", upload_id=row.pk)) for _ in range(8)]
        return await asyncio.gather(*lands, return_exceptions=True)

    outcomes = with_uploads(storage, race)
    files = [outcome for outcome in outcomes if isinstance(outcome, File)]
    assert len(files) == 1
    assert all(isinstance(outcome, Conflict) for outcome in outcomes if outcome not in files)
    (row,) = Upload.everywhere.all()
    assert (row.file_id, row.length, row.finished, row.reserved) == (files[0].pk, len(DATA), True, 0)
    assert storage.files.path(files[0].key).read_bytes() == DATA
    media = [path for path in storage.files.media.rglob("*") if path.is_file()]
    assert media == [storage.files.path(files[0].key)]


def test_its_bytes_stay_until_it_is_known_that_a_row_points_at_them(storage: Folder) -> None:
    """A process that dies in between leaves an upload that lands once more, and an orphan."""

    async def land_badly(uploads: Uploads) -> Upload:
        row = await begun(uploads, tus(len(DATA)))
        append = await added(uploads, row, DATA)
        append.store("text/plain/00/elsewhere/name")
        return row

    row = with_uploads(storage, land_badly)
    path = storage.uploads.path(row.pk)
    assert path.samefile(storage.files.path("text/plain/00/elsewhere/name"))

    async def land(uploads: Uploads) -> File:
        async with uploads.lock(SERVICE, row.pk) as upload:
            assert upload.is_complete
            return await upload.commit(await upload.append())

    file = with_uploads(storage, land)
    assert (file.size, file.sha256) == (len(DATA), hashlib.sha256(DATA).hexdigest())
    assert not path.exists()


def test_a_cancelled_upload_does_not_land(storage: Folder) -> None:
    async def cancel(uploads: Uploads) -> None:
        row = await begun(uploads, tus(3))
        append = await added(uploads, row, b"abc")
        async with uploads.lock(SERVICE, row.pk) as upload:
            await upload.delete()
        write_whole(storage, row.pk, b"abc")
        with pytest.raises(Conflict):
            await uploads.committer.commit(append, NewFile("a", "", upload_id=row.pk))

    with_uploads(storage, cancel)
    assert not File.everywhere.exists()
    assert not [path for path in storage.files.media.rglob("*") if path.is_file()]


def write_whole(storage: Folder, upload_id: uuid.UUID, data: bytes) -> None:
    storage.uploads.path(upload_id).write_bytes(data)


def test_a_wrong_digest_leaves_its_reason_and_nothing_else(storage: Folder) -> None:
    async def land(uploads: Uploads) -> None:
        row = await begun(uploads, tus(3, digest={"sha-256": "0" * 64}))
        append = await added(uploads, row, b"abc")
        async with uploads.lock(SERVICE, row.pk) as upload:
            with pytest.raises(DigestMismatch):
                await upload.commit(append)
        with pytest.raises(Gone, match="digest"):
            await uploads.status(SERVICE, row.pk)
        with pytest.raises(Gone):
            async with uploads.lock(SERVICE, row.pk):
                pass

    with_uploads(storage, land)
    assert not File.everywhere.exists()
    assert not [path for path in storage.uploads.root.rglob("*") if path.is_file()]


def test_an_upload_forgets_a_file_that_was_deleted(storage: Folder) -> None:
    async def land(uploads: Uploads) -> Upload:
        row = await begun(uploads, tus(3))
        append = await added(uploads, row, b"abc")
        async with uploads.lock(SERVICE, row.pk) as upload:
            await upload.commit(append)
        return row

    row = with_uploads(storage, land)
    delete(SERVICE, storage, File.everywhere.get())
    assert Upload.everywhere.get().file_id is None

    async def look(uploads: Uploads) -> None:
        with pytest.raises(Gone):
            await uploads.status(SERVICE, row.pk)

    with_uploads(storage, look)


# Bytes and hashes


def test_the_hash_goes_on_from_where_it_was_kept(storage: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appending, "CHECKPOINT", 64 * 1024)
    pieces = [DATA[:1], DATA[1:5000], DATA[5000:300_001], DATA[300_001:]]

    async def add_all(uploads: Uploads) -> Append:
        row = await begun(uploads, tus(len(DATA)))
        for piece in pieces:
            append = await added(uploads, row, piece)
            state = storage.uploads.read_state(row.pk)
            assert sha256(state.hash).length == state.synced == append.size == storage.uploads.stat(row.pk).offset
        return append

    append = with_uploads(storage, add_all)
    assert append.sha256 == hashlib.sha256(DATA).hexdigest()
    assert append.head == DATA[:65536]


@pytest.mark.parametrize("known", ["nothing", "less", "too much", "nonsense"])
def test_a_hash_that_does_not_fit_is_made_anew(storage: Folder, known: str) -> None:
    async def add(uploads: Uploads) -> Append:
        row = await begun(uploads, tus(len(DATA)))
        await added(uploads, row, DATA[:10_000])
        path = storage.uploads.path(row.pk)
        if known == "nothing":
            storage.uploads.state_path(row.pk).unlink()
        elif known == "nonsense":
            storage.uploads.state_path(row.pk).write_text('{"hash": "zz"')
        elif known == "less":
            kept = sha256()
            kept.update(DATA[:77])
            storage.uploads.write_state(row.pk, UploadState(kept.state))
        else:
            os.truncate(path, 5000)  # as a power cut may leave it
        at = storage.uploads.stat(row.pk).offset
        append = await added(uploads, row, b"other" + DATA[at + 5 :])
        assert append.size == len(DATA)
        return append

    append = with_uploads(storage, add)
    assert append.sha256 == hashlib.sha256(b"".join(storage.uploads.read(append.upload_id))).hexdigest()


def test_what_was_not_verified_does_not_count_after_a_crash(storage: Folder) -> None:
    upload_id = new_id()
    storage.uploads.begin(upload_id).release()
    kept = sha256()
    kept.update(DATA[:100])
    write_whole(storage, upload_id, DATA[:5000])
    storage.uploads.write_state(upload_id, UploadState(kept.state, floor=100))
    assert storage.uploads.stat(upload_id).offset == 100
    assert storage.uploads.recover(upload_id) == 100
    assert storage.uploads.path(upload_id).stat().st_size == 100
    assert storage.uploads.read_state(upload_id) == UploadState(kept.state)


@pytest.fixture
def synced_inodes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The inodes of all files that are synced from now on."""
    inodes: list[int] = []
    for name in ("fsync", "fdatasync"):
        sync = getattr(os, name)

        def record(fd: int, sync: Callable[[int], None] = sync) -> None:
            inodes.append(os.fstat(fd).st_ino)
            sync(fd)

        monkeypatch.setattr(os, name, record)
    return inodes


async def added_and_killed(uploads: Uploads, row: Upload, data: bytes) -> None:
    """All bytes arrive and their hash is saved, but the process is killed before it syncs them."""
    async with uploads.lock(SERVICE, row.pk) as upload:
        append = await upload.append()
        await append.sink.write(data)
        await append.sink.drain()
        append.writer.close()
    assert sha256(uploads.storage.uploads.read_state(row.pk).hash).length == len(data)


@pytest.mark.parametrize("concatenated", [False, True], ids=["whole", "part"])
def test_bytes_of_a_killed_process_are_synced_before_they_become_a_file(
    storage: Folder, monkeypatch: pytest.MonkeyPatch, synced_inodes: list[int], concatenated: bool
) -> None:
    monkeypatch.setattr(appending, "CHECKPOINT", 64 * 1024)

    async def kill_and_continue(uploads: Uploads) -> int:
        row = await begun(uploads, tus(len(DATA), concat="partial" if concatenated else ""))
        await added_and_killed(uploads, row, DATA)
        inode = storage.uploads.path(row.pk).stat().st_ino
        assert inode not in synced_inodes
        if concatenated:
            await begun(uploads, tus(None, concat="final", parts=[str(row.pk)]))
        recovery = Recovery(uploads, Concatenations(uploads))
        recovery.start()
        async with within("the file that is recovered"):
            while not await uploads.locks.database.do(File.everywhere.exists):  # noqa: ASYNC110 - of the database
                await asyncio.sleep(0.02)
        await recovery.stop()
        return inode

    inode = with_uploads(storage, kill_and_continue)
    assert storage.files.path(File.everywhere.get().key).stat().st_ino == inode
    assert inode in synced_inodes


@pytest.mark.parametrize("mark", [True, False], ids=["this version", "earlier version"])
def test_only_bytes_that_are_marked_as_synced_are_not_synced_again(
    storage: Folder, synced_inodes: list[int], mark: bool
) -> None:
    async def add(uploads: Uploads) -> uuid.UUID:
        row = await begun(uploads, tus(len(DATA)))
        await added(uploads, row, DATA[:10_000])
        return row.pk

    upload_id = with_uploads(storage, add)
    inode = storage.uploads.path(upload_id).stat().st_ino
    assert synced_inodes.count(inode) == 1
    if not mark:
        path = storage.uploads.state_path(upload_id)
        fields = json.loads(path.read_text())
        del fields["synced"]
        path.write_text(json.dumps(fields))
    assert storage.uploads.recover(upload_id) == 10_000
    assert synced_inodes.count(inode) == (1 if mark else 2)


def test_lost_bytes_do_not_count_as_synced_when_others_take_their_place(
    storage: Folder, synced_inodes: list[int]
) -> None:
    upload_id = new_id()
    storage.uploads.begin(upload_id).release()
    write_whole(storage, upload_id, DATA[:5000])
    storage.uploads.write_state(upload_id, UploadState(synced=5001))
    assert storage.uploads.recover(upload_id) == 5000
    write_whole(storage, upload_id, DATA[:5001])
    assert storage.uploads.recover(upload_id) == 5001
    assert synced_inodes.count(storage.uploads.path(upload_id).stat().st_ino) == 2


def test_more_than_its_length_is_refused(storage: Folder) -> None:
    async def add(uploads: Uploads) -> None:
        row = await begun(uploads, tus(10))
        async with uploads.lock(SERVICE, row.pk) as upload:
            append = await upload.append()
            with pytest.raises(TooLarge):
                await append.sink.write(b"x" * 11)
            await append.discard()
            assert storage.uploads.stat(upload.pk).offset == 0

    with_uploads(storage, add)


# One writer each


def test_an_append_that_is_cancelled_while_it_is_created_leaves_nothing_open(
    storage: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, release, done = threading.Event(), threading.Event(), threading.Event()

    class SlowAppend(Append):
        def __init__(self, *args: Any, **options: Any) -> None:
            started.set()
            assert release.wait(SECONDS)
            super().__init__(*args, **options)
            done.set()

    async def cancel(uploads: Uploads) -> tuple[list[str], int]:
        row = await begun(uploads, tus(len(DATA)))
        await added(uploads, row, DATA[:1000])
        monkeypatch.setattr("picasso.receive.locked_upload.Append", SlowAppend)
        task = asyncio.create_task(added(uploads, row, DATA[1000:]))
        await asyncio.to_thread(started.wait, 20)
        task.cancel()
        asyncio.get_running_loop().call_later(0.1, release.set)
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.to_thread(done.wait, 20)
        path = str(storage.uploads.path(row.pk))
        status = await uploads.status(SERVICE, row.pk)
        return [fd for fd in os.listdir("/proc/self/fd") if target_of(fd) == path], status.offset or 0

    still_open, offset = with_uploads(storage, cancel)
    assert not still_open
    assert offset == 1000


def target_of(fd: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except FileNotFoundError:
        return ""


def test_who_comes_new_takes_over(storage: Folder) -> None:
    async def contend(uploads: Uploads) -> None:
        row = await begun(uploads, tus(10))
        inside, ended = asyncio.Event(), asyncio.Event()

        async def hang() -> None:
            async with uploads.lock(SERVICE, row.pk) as upload:
                with pytest.raises(Superseded):
                    await wait_in(upload.interruptible(), inside.set)
                ended.set()

        hanging = asyncio.create_task(hang())
        async with within("the lock"):
            await inside.wait()
        with pytest.raises(Locked):
            async with uploads.lock(SERVICE, row.pk, take_over=False):
                pass
        assert not ended.is_set()
        async with uploads.lock(SERVICE, row.pk):
            assert ended.is_set()
        await hanging

    with_uploads(storage, contend)


async def wait_in(context: AbstractAsyncContextManager[None], tell: Callable[[], None]) -> None:
    async with context:
        tell()
        await asyncio.sleep(60)


def test_another_process_takes_over_within_a_second(storage: Folder) -> None:
    """Two sets of locks, each in a thread with a connection of its own, as two processes have them."""
    row = with_uploads(storage, lambda uploads: begun(uploads, tus(10)))
    holding, interrupted = threading.Event(), threading.Event()

    async def hang() -> None:
        locks = Locks(storage.uploads)
        locks.start()
        async with locks.hold(row.pk) as holder:
            with pytest.raises(Superseded):
                await wait_in(holder.interruptible(), holding.set)
            interrupted.set()
        locks.stop()

    async def come() -> float:
        locks = Locks(storage.uploads)
        locks.start()
        with pytest.raises(Locked):
            async with locks.hold(row.pk, patience=0):
                pass
        started = time.monotonic()
        async with locks.hold(row.pk) as holder:
            took = time.monotonic() - started
            assert interrupted.is_set()
            assert holder.row
        locks.stop()
        return took

    thread = threading.Thread(target=asyncio.run, args=(hang(),), daemon=True)
    thread.start()
    assert holding.wait(60)
    assert asyncio.run(come()) < 30, "it waits for the other one's minute"
    join(thread)
    assert not Upload.everywhere.filter(takeover_requested=True).exists()


def test_the_row_that_comes_with_the_lock_is_the_whole_row(storage: Folder) -> None:
    row = tus(10)
    row.tags, row.attributes, row.digest = ["a", "ж"], {"n": 1, "s": '"'}, {"sha-256": "00"}
    row.expires_at = datetime(2100, 1, 2, 3, 4, 5, tzinfo=UTC)

    async def lock(uploads: Uploads) -> Upload:
        created = await begun(uploads, row)
        async with uploads.lock(SERVICE, created.pk) as upload:
            return upload.row

    read = with_uploads(storage, lock)
    expected = Upload.everywhere.get(pk=read.pk)
    assert {name: getattr(read, name) for name in upload_rows.ALL_COLUMNS} == {
        name: getattr(expected, name) for name in upload_rows.ALL_COLUMNS
    }
    assert not read._state.adding


def test_content_that_there_is_no_room_for_leaves_an_upload_as_it_was(storage: Folder) -> None:
    """Also its time: refused requests must not keep it alive."""

    async def refuse(uploads: Uploads) -> tuple[float, float, int]:
        row = await begun(uploads, tus(100))
        path = storage.uploads.path(row.pk)
        then = int(time.time()) - 100
        os.utime(path, (then, then))
        async with uploads.lock(SERVICE, row.pk) as upload:
            upload.row.reserved = 0  # as if others had taken it
            append = await upload.expect_and_append(100)
            await append.sink.write(b"x" * 100)
            with pytest.raises(UnfinishedFull):
                await wait_in(upload.interruptible(), lambda: None)
            for _ in range(2):
                with pytest.raises(UnfinishedFull):
                    await append.sink.drain()
            assert not await append.has_room()
            await append.discard()
            return path.stat().st_mtime, then, path.stat().st_size

    found, expected, size = with_uploads(storage, refuse, limits(max_unfinished=100))
    assert (found, size) == (expected, 0)


def test_a_lock_that_was_asked_for_in_vain_is_given_back(storage: Folder) -> None:
    async def leave(uploads: Uploads) -> None:
        row = await begun(uploads, tus(10))
        for _ in range(20):
            task = asyncio.create_task(hold_briefly(uploads, row))
            await asyncio.sleep(random.random() * 0.004)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await uploads.locks.wait_until_idle(60)  # the last one may be on its way to the lock still
        async with uploads.lock(SERVICE, row.pk, take_over=False):
            pass

    with_uploads(storage, leave)


async def hold_briefly(uploads: Uploads, row: Upload) -> None:
    async with uploads.lock(SERVICE, row.pk):
        await asyncio.sleep(0.001)


# What is promised, and what is left behind


def test_promises_count_until_they_are_kept_or_broken(storage: Folder) -> None:
    async def promise(uploads: Uploads) -> None:
        one = await begun(uploads, tus(7 * 2**20))
        await begun(uploads, tus(8 * 2**20))
        with pytest.raises(UnfinishedFull):
            await begun(uploads, tus(2**20 + 1))
        await begun(uploads, tus(2**20))
        async with uploads.lock(SERVICE, one.pk) as upload:
            await upload.delete()
        await begun(uploads, tus(3))

    with_uploads(storage, promise)
    assert reserved_bytes() == 9 * 2**20 + 3
    assert len([path for path in storage.uploads.root.rglob("*") if path.is_file()]) == 3


def test_no_two_promises_count_the_same_room(storage: Folder) -> None:
    async def promise(uploads: Uploads) -> list[Upload | BaseException]:
        others = [Uploads(storage, uploads.committer, uploads.threads, limits()) for _ in range(4)]
        for other in others:
            other.start()
        begins = [begun(each, tus(6 * 2**20)) for each in (uploads, *others)]
        outcomes = await asyncio.gather(*begins, return_exceptions=True)
        for other in others:
            other.stop()
        return outcomes

    outcomes = with_uploads(storage, promise)
    assert sum(isinstance(outcome, Upload) for outcome in outcomes) == 2
    assert all(isinstance(outcome, Upload | UnfinishedFull) for outcome in outcomes), outcomes
    assert reserved_bytes() == 12 * 2**20


def test_a_key_has_one_upload(storage: Folder) -> None:
    async def begin_all(uploads: Uploads) -> list[Upload | BaseException]:
        begins = [begun(uploads, tus(1, idempotency_key="k" * 64)) for _ in range(6)]
        return await asyncio.gather(*begins, return_exceptions=True)

    outcomes = with_uploads(storage, begin_all)
    (row,) = Upload.everywhere.all()
    assert [outcome.row.pk for outcome in outcomes if isinstance(outcome, KnownKey)] == [row.pk] * 5
    assert [path.name for path in storage.uploads.root.rglob("*") if path.is_file()] == [str(row.pk)]


def test_the_sweep_takes_what_expired_and_what_was_lost(storage: Folder) -> None:
    rows = [with_uploads(storage, lambda uploads: begun(uploads, tus(5))) for _ in range(4)]
    fresh, old, lost, upload = rows
    past = time.time() - EXPIRY - 10
    for row in (old, upload):
        os.utime(storage.uploads.path(row.pk), (past, past))
    storage.uploads.path(lost.pk).unlink()
    Upload.everywhere.filter(pk=lost.pk).update(created_at="2020-01-01T00:00:00Z")
    lock = storage.uploads.lock(upload.pk)
    try:
        assert cleanup.remove_expired(storage, EXPIRY) == 2
    finally:
        lock.release()
    assert set(Upload.everywhere.values_list("pk", flat=True)) == {fresh.pk, upload.pk}
    assert cleanup.remove_expired(storage, EXPIRY) == 1
    assert {path.name for path in storage.uploads.root.rglob("*") if path.is_file()} == {str(fresh.pk)}


def test_the_sweep_logs_and_counts_states_without_an_upload(storage: Folder, caplog: pytest.LogCaptureFixture) -> None:
    upload_id = new_id()
    storage.uploads.begin(upload_id).release()
    storage.uploads.write_state(upload_id, UploadState())
    storage.uploads.path(upload_id).unlink()
    os.utime(storage.uploads.state_path(upload_id), (0, 0))
    assert cleanup.remove_expired(storage, EXPIRY) == 1
    assert str(upload_id) in caplog.text


def test_the_sweeper_sweeps_at_its_start_and_ends_when_it_is_stopped(storage: Folder) -> None:
    begun = storage.files.begin()
    os.utime(begun.path, (0, 0))
    sweeper = cleanup.Sweeper(storage)
    sweeper.start()
    assert wait_for(lambda: not begun.path.exists())
    sweeper.stop()
    assert wait_for(lambda: all(thread.name != "sweep" for thread in threading.enumerate()))
    sweeper.stop()
    begun.discard()


def wait_for(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def test_a_key_that_becomes_free_while_its_upload_is_inserted(storage: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another request has inserted it after this one looked, and that upload is over when this one looks again."""
    calls: list[str] = []

    def knows_key(key: str) -> bool:
        calls.append(key)
        return len(calls) > 1 and upload_rows.knows_key(key)

    async def come_late(uploads: Uploads) -> Upload:
        first = await begun(uploads, tus(5, idempotency_key="k" * 64))
        storage.uploads.path(first.pk).unlink()
        monkeypatch.setattr(receive_uploads, "knows_key", knows_key)
        return await begun(uploads, tus(5, idempotency_key="k" * 64))

    second = with_uploads(storage, come_late)
    assert len(calls) == 2
    assert [row.pk for row in Upload.everywhere.all()] == [second.pk]
    assert storage.uploads.exists(second.pk)


@pytest.mark.parametrize("loss", ["expired", "without its file"])
def test_a_key_of_what_is_gone_is_free(storage: Folder, loss: str) -> None:
    """Its row alone would hold it, and whoever comes with it would ask again and again."""

    async def come_again(uploads: Uploads) -> Upload:
        first = await begun(uploads, tus(5, idempotency_key="k" * 64, request_fingerprint="p"))
        path = storage.uploads.path(first.pk)
        if loss == "expired":
            os.utime(path, (0, 0))
        else:
            path.unlink()
        async with (
            within("the upload of the same key"),
            idempotency.create_upload(
                uploads, tus(5, idempotency_key="k" * 64, request_fingerprint="p"), has_content=True
            ) as creation,
        ):
            assert creation.lock
            assert creation.row.pk != first.pk
            return creation.row

    row = with_uploads(storage, come_again)
    assert Upload.everywhere.get().pk == row.pk


def test_finals_that_want_the_same_parts_do_not_wait_for_each_other(storage: Folder) -> None:
    async def contend(uploads: Uploads) -> list[Upload | BaseException]:
        other = Uploads(storage, uploads.committer, uploads.threads, limits())
        other.start()
        outcomes: list[Upload | BaseException] = []
        for _ in range(8):
            parts = [str((await begun(uploads, tus(1, concat="partial"))).pk) for _ in range(12)]
            finals = [tus(None, concat="final", parts=parts), tus(None, concat="final", parts=parts[::-1])]
            begins = [begun(each, final) for each, final in zip((uploads, other), finals, strict=True)]
            outcomes += await asyncio.gather(*begins, return_exceptions=True)
        other.stop()
        return outcomes

    outcomes = with_uploads(storage, contend)
    assert sum(isinstance(outcome, Upload) for outcome in outcomes) == 8
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 8, outcomes


def test_a_final_upload_goes_with_its_parts(storage: Folder) -> None:
    async def cancel(uploads: Uploads) -> None:
        parts = [str((await begun(uploads, tus(1, concat="partial"))).pk) for _ in range(2)]
        final = await begun(uploads, tus(None, concat="final", parts=parts))
        async with uploads.lock(SERVICE, final.pk, interrupt_concatenation=True) as upload:
            await upload.delete()

    with_uploads(storage, cancel)
    assert not Upload.everywhere.exists()
    assert not [path for path in storage.uploads.root.rglob("*") if path.is_file()]


def test_a_join_that_is_interrupted_at_any_moment_ends_with_the_right_bytes(
    storage: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It must not let go while a piece is still on its way: that would land under the next one."""
    monkeypatch.setattr(concatenate, "PIECE", 64 * 1024)
    pieces = [DATA[:100_001], DATA[100_001:1_500_000], DATA[1_500_000:]]
    chance = random.Random(10)

    async def join_all(uploads: Uploads) -> None:
        concatenations = Concatenations(uploads)
        for _ in range(12):
            parts = [await begun(uploads, tus(len(piece), concat="partial")) for piece in pieces]
            for part, piece in zip(parts, pieces, strict=True):
                await added(uploads, part, piece)
            final = await begun(uploads, tus(None, concat="final", parts=[str(part.pk) for part in parts]))
            async with within("the end of a concatenation that is interrupted"):
                await interrupt_often(uploads, concatenations, final)

    async def interrupt_often(uploads: Uploads, concatenations: Concatenations, final: Upload) -> None:
        task = concatenations.begin(final.pk)
        while not task.done():
            await asyncio.sleep(chance.random() * 0.01)
            async with uploads.lock(SERVICE, final.pk, interrupt_concatenation=True):
                pass
            await task
            task = concatenations.begin(final.pk)
            if chance.random() < 0.3:
                await task

    with_uploads(storage, join_all)
    files = list(File.everywhere.all())
    assert len(files) == 12
    for file in files:
        assert storage.files.path(file.key).read_bytes() == DATA
        assert file.sha256 == hashlib.sha256(DATA).hexdigest()


def test_a_files_lock_is_given_back_while_the_database_is_away(
    storage: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lose(uploads: Uploads) -> None:
        row = await begun(uploads, tus(10))
        with monkeypatch.context() as broken:
            async with uploads.lock(SERVICE, row.pk):
                broken.setattr(uploads.locks.database, "_connect", away)
        storage.uploads.lock(row.pk).release()
        async with uploads.lock(SERVICE, row.pk, take_over=False):
            pass

    def away() -> None:
        raise OperationalError("the database is away")

    with_uploads(storage, lose)


def test_a_failed_fsync_is_not_forgotten(storage: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one would succeed, although the bytes are gone."""

    async def fail(uploads: Uploads) -> None:
        row = await begun(uploads, tus(10))
        await added(uploads, row, b"12345")
        with monkeypatch.context() as broken:
            broken.setattr(AppendWriter, "sync", cut_off)
            with pytest.raises(OSError, match="gone"):
                await added(uploads, row, b"678")
        async with uploads.lock(SERVICE, row.pk) as upload:
            assert upload.offset == 5

    def cut_off(_: AppendWriter) -> None:
        raise OSError("the bytes are gone")

    with_uploads(storage, fail)
