"""How much unfinished uploads may take, and what happens to those that never come."""

from __future__ import annotations

import asyncio
import os
import threading
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from picasso.access.principal import SERVICE
from picasso.errors import Gone, PicassoError, QuotaExceeded, TooManyUploads, UnfinishedFull
from picasso.models import File, Project, Upload
from picasso.receive import locked_upload, quota, recovery
from picasso.receive import uploads as uploads_module
from picasso.receive.append import Append
from picasso.receive.concatenate import Concatenations
from picasso.receive.quota import reserved_bytes
from picasso.receive.recovery import Recovery
from picasso.receive.uploads import KnownKey, Uploads
from picasso.storage.folder import Folder
from picasso.storage.folder_uploads import FolderUploads
from picasso.web.idempotency import create_upload
from tests.flow.uploads import MIB, added, begun, limits, tus, with_uploads

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def storage(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> int:
    """A smaller one."""
    for module in (quota, uploads_module, locked_upload):
        monkeypatch.setattr(module, "WINDOW", MIB)
    return MIB


async def outcomes_of(uploads: Uploads, rows: Sequence[Upload]) -> list[Upload | BaseException]:
    return await asyncio.gather(*(begun(uploads, row) for row in rows), return_exceptions=True)


# Bytes


def test_announcing_takes_a_window_each_and_not_the_whole(storage: Folder, window: int) -> None:
    """Twenty that announce everything and send nothing leave room for others."""

    async def announce(uploads: Uploads) -> list[Upload | BaseException]:
        return await outcomes_of(uploads, [tus(8 * MIB) for _ in range(20)])

    outcomes = with_uploads(storage, announce, limits(max_unfinished=32 * MIB))
    assert all(isinstance(outcome, Upload) for outcome in outcomes), outcomes
    assert reserved_bytes() == 20 * window


async def send(uploads: Uploads, row: Upload, pieces: Sequence[bytes], announced: int | None = 0) -> list[int]:
    """What is reserved after each piece. ``announced`` is the size of the request; None if it does not say it."""
    reserved = []
    async with uploads.lock(SERVICE, row.pk) as upload:
        await upload.expect(sum(map(len, pieces)) if announced == 0 else announced)
        append: Append = await upload.append()
        try:
            for piece in pieces:
                await append.sink.write(piece)
                await append.sink.drain()
                reserved.append(upload.row.reserved)
        finally:
            await upload.keep(append)
    return reserved


def test_a_reservation_grows_with_what_arrives_and_ends_with_the_request(storage: Folder, window: int) -> None:
    async def run(uploads: Uploads) -> list[int]:
        row = await begun(uploads, tus(6 * MIB))
        return await send(uploads, row, [bytes(MIB // 2)] * 8)

    reserved = with_uploads(storage, run)
    arrived = [MIB // 2 * n for n in range(1, 9)]
    assert all(has <= kept <= has + window for has, kept in zip(arrived, reserved, strict=True)), reserved
    assert reserved[-1] == 4 * MIB, "not more than the request brings"
    assert reserved_bytes() == 4 * MIB


def test_what_arrived_stays_when_the_next_window_does_not_fit(storage: Folder, window: int) -> None:
    async def fill(uploads: Uploads) -> Upload:
        row = await begun(uploads, tus(6 * MIB))
        await added(uploads, await begun(uploads, tus(5 * MIB)), bytes(4 * MIB))
        with pytest.raises(UnfinishedFull):
            await send(uploads, row, [bytes(MIB // 2)] * 12)
        status = await uploads.status(SERVICE, row.pk)
        assert status.offset == storage.uploads.stat(row.pk).offset
        assert 2 * MIB <= (status.offset or 0) <= 3 * MIB
        return row

    row = with_uploads(storage, fill, limits(max_unfinished=7 * MIB))
    assert Upload.everywhere.get(pk=row.pk).reserved == storage.uploads.stat(row.pk).offset


def test_the_copy_that_a_concatenation_makes_counts(storage: Folder) -> None:
    async def concatenate(uploads: Uploads) -> None:
        parts = []
        for _ in range(3):
            parts.append(await begun(uploads, tus(2 * MIB, concat="partial")))
            await added(uploads, parts[-1], bytes(2 * MIB))
        names = [str(part.pk) for part in parts]
        with pytest.raises(UnfinishedFull):
            await begun(uploads, tus(None, concat="final", parts=names))
        assert await uploads.locks.database.do(reserved_bytes) == 6 * MIB
        final = await begun(uploads, tus(None, concat="final", parts=names[:2]))
        assert await uploads.locks.database.do(reserved_bytes) == 8 * MIB
        assert await Concatenations(uploads).begin(final.pk) is None

    with_uploads(storage, concatenate, limits(max_unfinished=9 * MIB))
    assert File.everywhere.get().size == 4 * MIB
    assert reserved_bytes() == 2 * MIB


def test_a_concatenation_that_the_project_has_no_room_for_ends_with_the_reason(storage: Folder) -> None:
    """The quota of stored bytes: it would not fit later either, without somebody deleting files."""
    Project.objects.filter(pk=1).update(quotas={"bytes": MIB})

    async def concatenate(uploads: Uploads) -> PicassoError | None:
        parts = [await begun(uploads, tus(MIB, concat="partial")) for _ in range(2)]
        for part in parts:
            await added(uploads, part, bytes(MIB))
        final = await begun(uploads, tus(None, concat="final", parts=[str(part.pk) for part in parts]))
        fault = await Concatenations(uploads).begin(final.pk)
        with pytest.raises(Gone, match="quota"):
            await uploads.status(SERVICE, final.pk)
        await rounds(uploads)
        return fault

    assert isinstance(with_uploads(storage, concatenate), QuotaExceeded)
    assert not File.everywhere.exists()
    assert reserved_bytes() == 0
    assert not [path for path in storage.uploads.root.rglob("*") if path.is_file()]


def test_a_concatenation_waits_for_space(storage: Folder, window: int) -> None:
    """Its parts became complete after it was created, and others have taken the space since."""

    async def wait(uploads: Uploads) -> None:
        parts = [await begun(uploads, tus(3 * MIB, concat="partial")) for _ in range(2)]
        final = await begun(uploads, tus(None, concat="final", parts=[str(part.pk) for part in parts]))
        other = await begun(uploads, tus(5 * MIB))
        await added(uploads, other, bytes(4 * MIB))
        for part in parts:
            await added(uploads, part, bytes(3 * MIB))
        concatenations = Concatenations(uploads)
        assert await concatenations.begin(final.pk) is None
        assert (await uploads.status(SERVICE, final.pk)).offset is None
        assert not await uploads.locks.database.do(File.everywhere.exists)
        await uploads.delete(other.pk)
        assert await concatenations.begin(final.pk) is None
        assert (await uploads.status(SERVICE, final.pk)).offset == 6 * MIB

    with_uploads(storage, wait, limits(max_unfinished=12 * MIB))


# Numbers


def test_the_number_of_unfinished_uploads_is_limited(storage: Folder) -> None:
    async def create(uploads: Uploads) -> list[Upload | BaseException]:
        outcomes = await outcomes_of(uploads, [tus(None) for _ in range(9)])
        async with uploads.create(Upload(protocol=Upload.Protocol.PLAIN)):
            pass  # it ends with its request
        return outcomes

    outcomes = with_uploads(storage, create, limits(max_uploads=5))
    assert sum(isinstance(outcome, Upload) for outcome in outcomes) == 5
    assert sum(isinstance(outcome, TooManyUploads) for outcome in outcomes) == 4
    assert Upload.everywhere.filter(protocol=Upload.Protocol.TUS).count() == 5
    assert len([path for path in storage.uploads.root.rglob("*") if path.is_file()]) == 6, (
        "nothing of the others is left"
    )


def test_the_number_of_final_uploads_is_limited(storage: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "MAX_FINALS", 2)

    async def create(uploads: Uploads) -> None:
        parts = [await begun(uploads, tus(1, concat="partial")) for _ in range(3)]
        for part in parts[:2]:
            await begun(uploads, tus(None, concat="final", parts=[str(part.pk)]))
        with pytest.raises(TooManyUploads):
            await begun(uploads, tus(None, concat="final", parts=[str(parts[2].pk)]))
        await begun(uploads, tus(1))

    with_uploads(storage, create)


# Of one client


def of(principal: str = "", address: str = "", **fields: object) -> dict[str, Any]:
    return {"principal": principal, "address": address, **fields}


@pytest.mark.parametrize(
    ("client", "others"),
    [
        (of("key:a", "192.0.2.1"), [of("key:b", "192.0.2.2"), of("key:a", "192.0.2.3", project_id=2)]),
        (of("open", "192.0.2.1"), [of("open", "192.0.2.2"), of("open")]),
    ],
    ids=["key", "address"],
)
def test_one_client_leaves_room_for_others(
    storage: Folder, client: dict[str, Any], others: Sequence[dict[str, Any]]
) -> None:
    """With keys a second address is no second client; on an open service the address tells clients apart."""
    Project.objects.get_or_create(pk=2, name="other")

    async def fill(uploads: Uploads) -> None:
        rows = [await begun(uploads, tus(4 * MIB, **client)) for _ in range(2)]
        moved = client if client["principal"] == "open" else {**client, "address": "192.0.2.99"}
        with pytest.raises(UnfinishedFull, match="one client"):
            await begun(uploads, tus(1, **moved))
        for other in others:
            await begun(uploads, tus(MIB, **other))
        await uploads.delete(rows[0].pk)
        await begun(uploads, tus(4 * MIB, **client))
        for _ in range(3):
            await begun(uploads, tus(None, **client))
        with pytest.raises(TooManyUploads, match="one client"):
            await begun(uploads, tus(None, **moved))
        for other in others:
            await begun(uploads, tus(None, **other))

    with_uploads(storage, fill, limits(max_size=4 * MIB, max_client_uploads=5))


def test_an_upload_of_the_largest_size_is_always_possible() -> None:
    assert limits(max_unfinished=10, max_size=8).client_share == 8
    assert limits(max_unfinished=10, max_size=20).client_share == 10
    assert limits(max_unfinished=100, max_size=8).client_share == 50


def test_final_uploads_of_one_client_are_limited(storage: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "MAX_CLIENT_FINALS", 1)

    async def create(uploads: Uploads) -> None:
        parts = [await begun(uploads, tus(1, concat="partial", **of("open", "192.0.2.1"))) for _ in range(3)]
        finals = [
            tus(None, concat="final", parts=[str(part.pk)], **of("open", f"192.0.2.{n}"))
            for part, n in zip(parts, (1, 1, 2), strict=True)
        ]
        await begun(uploads, finals[0])
        with pytest.raises(TooManyUploads):
            await begun(uploads, finals[1])
        await begun(uploads, finals[2])

    with_uploads(storage, create)


# Quotas


def test_quotas_of_a_project_and_of_an_owner(storage: Folder) -> None:
    Project.objects.filter(pk=1).update(
        quotas={"unfinished_bytes": 5000, "concurrent_uploads": 4},
        owner_quotas={"unfinished_bytes": 2000, "concurrent_uploads": 2},
    )
    Project.objects.get_or_create(pk=2, name="other")

    async def fill(uploads: Uploads) -> None:
        await begun(uploads, tus(1500, owner="ann"))
        with pytest.raises(QuotaExceeded) as refused:
            await begun(uploads, tus(501, owner="ann"))
        assert refused.value.quota == {"name": "unfinished_bytes", "limit": 2000, "used": 1500, "left": 500}
        deferred = await begun(uploads, tus(None, owner="ann"))
        with pytest.raises(TooManyUploads, match="this owner"):
            await begun(uploads, tus(None, owner="ann"))
        with pytest.raises(QuotaExceeded):
            await send(uploads, deferred, [bytes(501)])
        await send(uploads, deferred, [bytes(500)])
        await begun(uploads, tus(3000))
        with pytest.raises(QuotaExceeded, match="the project"):
            await begun(uploads, tus(1, owner="bob"))
        await begun(uploads, tus(None, owner="bob"))
        with pytest.raises(TooManyUploads, match="the project"):
            await begun(uploads, tus(None, owner="eve"))
        await begun(uploads, tus(3000, owner="ann", project_id=2))

    with_uploads(storage, fill)


def test_a_quota_refuses_what_can_never_fit_before_it_is_sent(storage: Folder, window: int) -> None:
    Project.objects.filter(pk=1).update(quotas={"unfinished_bytes": 3 * MIB})

    async def fill(uploads: Uploads) -> None:
        with pytest.raises(QuotaExceeded):
            await begun(uploads, tus(4 * MIB))
        unknown = await begun(uploads, tus(None))
        with pytest.raises(QuotaExceeded):
            async with uploads.lock(SERVICE, unknown.pk) as upload:
                await upload.expect(4 * MIB)
        with pytest.raises(QuotaExceeded):
            await send(uploads, unknown, [bytes(MIB // 2)] * 8, announced=None)
        assert 2 * MIB <= ((await uploads.status(SERVICE, unknown.pk)).offset or 0) <= 3 * MIB

    with_uploads(storage, fill)
    assert Upload.everywhere.count() == 1


def test_quotas_are_exact_when_many_begin_at_once(storage: Folder) -> None:
    """Five sets of uploads, each with a connection of its own, as processes have them."""
    Project.objects.filter(pk=1).update(quotas={"unfinished_bytes": 1000, "concurrent_uploads": 40})

    async def race(uploads: Uploads) -> list[Upload | BaseException]:
        others = [Uploads(storage, uploads.committer, uploads.threads, limits()) for _ in range(4)]
        for other in others:
            other.start()
        sets = [uploads, *others]
        begins = [begun(sets[n % 5], tus(30, principal=f"key:{n}")) for n in range(64)]
        outcomes = await asyncio.gather(*begins, return_exceptions=True)
        for other in others:
            other.stop()
        return outcomes

    outcomes = with_uploads(storage, race)
    assert sum(isinstance(outcome, Upload) for outcome in outcomes) == 33
    assert sum(isinstance(outcome, QuotaExceeded) for outcome in outcomes) == 31
    assert reserved_bytes() == 990


# What never comes


def age(storage: Folder, *rows: Upload, seconds: float) -> None:
    past = time.time() - seconds
    for row in rows:
        os.utime(storage.uploads.path(row.pk), (past, past))


async def rounds(uploads: Uploads, number: int = 1) -> None:
    found = Recovery(uploads, Concatenations(uploads))
    for _ in range(number):
        await found.run_round()


def test_what_gets_no_byte_in_time_ends_and_makes_room(storage: Folder) -> None:
    async def wait(uploads: Uploads) -> None:
        silent, early, started, part, taken = [
            await begun(uploads, row)
            for row in (tus(5), tus(5), tus(5), tus(5, concat="partial"), tus(5, concat="partial"))
        ]
        final = await begun(uploads, tus(None, concat="final", parts=[str(taken.pk)]))
        await added(uploads, started, b"1")
        age(storage, silent, started, part, taken, final, seconds=601)
        age(storage, early, seconds=500)
        for row in (silent, part):
            with pytest.raises(Gone):
                await uploads.status(SERVICE, row.pk)
        locked = storage.uploads.lock(part.pk)  # a request is about to write
        try:
            await rounds(uploads)
        finally:
            locked.release()
        left = await uploads.locks.database.do(lambda: set(Upload.everywhere.values_list("pk", flat=True)))
        assert left == {row.pk for row in (early, started, part, taken, final)}
        assert not storage.uploads.exists(silent.pk)
        await rounds(uploads)
        assert not storage.uploads.exists(part.pk)
        for row in (early, started, taken, final):
            assert storage.uploads.exists(row.pk)

    with_uploads(storage, wait)


def test_the_key_of_what_got_no_byte_in_time_is_free(storage: Folder) -> None:
    """The client that comes late creates its upload with the same key again."""
    keyed = {"idempotency_key": "k" * 64, "request_fingerprint": "p"}

    async def come_late(uploads: Uploads) -> None:
        first = await begun(uploads, tus(5, **keyed))
        with pytest.raises(KnownKey):
            await begun(uploads, tus(5, **keyed))
        age(storage, first, seconds=601)
        async with create_upload(uploads, tus(5, **keyed), has_content=False) as creation:
            assert creation.lock
            assert creation.row.pk != first.pk
        plain = await begun(uploads, Upload(protocol=Upload.Protocol.PLAIN, idempotency_key="q" * 64))
        age(storage, plain, seconds=601)  # its bytes are elsewhere
        with pytest.raises(KnownKey):
            await begun(uploads, Upload(protocol=Upload.Protocol.PLAIN, idempotency_key="q" * 64))

    with_uploads(storage, come_late)


def test_rounds_look_at_all_uploads_page_by_page(storage: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "PAGE", 3)

    async def leave(uploads: Uploads) -> None:
        rows = [await begun(uploads, tus(5)) for _ in range(8)]
        for row in rows[:5]:
            storage.uploads.path(row.pk).write_bytes(b"12345")  # as a process that was killed right then left it
        age(storage, *rows[5:], seconds=601)
        await rounds(uploads, 3)

    with_uploads(storage, leave)
    assert File.everywhere.count() == 5
    assert not Upload.everywhere.filter(finished_at=None).exists()


def test_rounds_continue_finals_page_by_page(storage: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "FINALS_PAGE", 2)

    async def leave(uploads: Uploads) -> None:
        for n in range(5):
            part = await begun(uploads, tus(5, concat="partial"))
            await begun(uploads, tus(None, concat="final", parts=[str(part.pk)]))
            storage.uploads.path(part.pk).write_bytes(b"12345" if n else b"1")
        await rounds(uploads, 3)

    with_uploads(storage, leave)
    assert File.everywhere.count() == 4


@pytest.mark.parametrize("final", [True, False], ids=["finals", "uploads"])
def test_the_thread_of_the_database_looks_at_no_file(
    storage: Folder, monkeypatch: pytest.MonkeyPatch, final: bool
) -> None:
    """All uploads need that thread: 500 finals kept it busy for ten seconds of every round."""
    threads: set[str] = set()
    stat = FolderUploads.stat

    def record(self: FolderUploads, upload_id: uuid.UUID) -> Any:
        threads.add(threading.current_thread().name)
        return stat(self, upload_id)

    async def leave(uploads: Uploads) -> None:
        part = await begun(uploads, tus(5, concat="partial" if final else ""))
        if final:
            await begun(uploads, tus(None, concat="final", parts=[str(part.pk)]))
        monkeypatch.setattr(FolderUploads, "stat", record)
        await rounds(uploads)

    with_uploads(storage, leave)
    assert threads
    assert not any(name.startswith("uploads") for name in threads), threads


def test_finals_whose_parts_are_not_complete_are_left_to_the_database(storage: Folder) -> None:
    async def leave(uploads: Uploads) -> None:
        known = await begun(uploads, tus(5, concat="partial"))
        await added(uploads, known, b"1")
        unknown = await begun(uploads, tus(None, concat="partial"))
        for part in (known, unknown):
            await begun(uploads, tus(None, concat="final", parts=[str(part.pk)]))
        assert not await uploads.locks.database.do(recovery.finals_after, recovery.NOWHERE)

    with_uploads(storage, leave)


def test_a_round_asks_for_rows_a_fixed_number_of_times(storage: Folder) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            recovery.unfinished_after(recovery.NOWHERE)
            recovery.finals_after(recovery.NOWHERE)
            recovery.concatenated_parts()
        return len(captured)

    Upload.everywhere.bulk_create([tus(5, parts=[], concat="final") for _ in range(150)])
    assert queries() == 4
