"""The one place where an upload becomes a File and its Jobs. Every door ends here.

Two threads put the bytes of arrivals where they are to stay. One thread commits, as many as are waiting at once: a
batch shares one transaction and one flush of the disk, which is what makes many small uploads cheap. Bytes first, rows
second: whatever dies leaves an orphan for `sweep`, never a row without bytes. If a batch fails, its members are tried
one by one.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
import unicodedata
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.models.functions import Now

from picasso import bulk_insert
from picasso.errors import Conflict, PicassoError, Unavailable
from picasso.files.delete import undo
from picasso.jobs import settle, states
from picasso.jobs.states import Step
from picasso.models import File, Job, Upload, made_at, new_id
from picasso.receive import detection
from picasso.receive.sink import Intake
from picasso.storage import Storage
from picasso.storage.names import original_key

log = logging.getLogger(__name__)

MAX_BATCH = 64

MAX_NAME = 255

FILE_COLUMNS = tuple(field.attname for field in File._meta.concrete_fields)

# For so long the disk is taken to have the space that it had. What it has not is still an error of its own (ENOSPC).
SPACE_SECONDS = 0.05

# With one, threads waited for the GIL a third less often than with two, at the same rate of uploads.
PLACERS = 1


class Plan(Protocol):
    """What is to be done with a file."""

    @property
    def pipeline(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def steps(self) -> Sequence[Step]: ...


Planner = Callable[[str, str], Plan]
"""Pipeline and media type → what is to be done with such a file."""


@dataclass(slots=True, eq=False)
class Arrival:
    """An upload whose bytes are all in, on its way to becoming a file."""

    intake: Intake
    name: str
    declared_type: str
    pipeline: str
    landed: asyncio.Future[File]
    upload_id: uuid.UUID | None = None
    """Of an `Upload` that becomes the file, and must not become another."""
    file: File | None = None
    plan: Plan | None = None

    def answer(self, outcome: File | Exception) -> None:
        self.intake.let_go()
        if self.landed.done():
            return
        if isinstance(outcome, Exception):
            self.landed.set_exception(outcome)
        else:
            self.landed.set_result(outcome)


Outcomes = Sequence[tuple[Arrival, File | Exception]]


class Landing:
    """The committer of one process."""

    def __init__(self, storage: Storage, plan: Planner) -> None:
        self._storage = storage
        self._plan = plan
        self._arrivals: queue.SimpleQueue[Arrival | None] = queue.SimpleQueue()
        self._placed: queue.SimpleQueue[Arrival | None] = queue.SimpleQueue()
        self._doubtful: list[File] = []
        self._space_until = 0.0
        # Plain threads and queues: an executor's future costs as much as all else about handing over.
        self._placers = [threading.Thread(target=self._place_all, name="place", daemon=True) for _ in range(PLACERS)]
        self._syncer = ThreadPoolExecutor(1, thread_name_prefix="sync")
        self._committer = threading.Thread(target=self._commit_all, name="commit", daemon=True)

    async def land(
        self,
        intake: Intake,
        name: str,
        declared_type: str,
        pipeline: str = "default",
        upload_id: uuid.UUID | None = None,
    ) -> File:
        """Make a finished intake a file, durably.

        Raises:
            StorageFull, Unavailable: nothing was stored.
            Conflict: the upload has become a file already.
        """
        landed: asyncio.Future[File] = asyncio.get_running_loop().create_future()
        arrival = Arrival(intake, displayed(name), displayed(declared_type), pipeline, landed, upload_id)
        self._arrivals.put(arrival)
        # Shielded: once queued it will land, whether or not anybody still waits for the answer.
        return await asyncio.shield(arrival.landed)

    def start(self) -> None:
        for thread in (*self._placers, self._committer):
            thread.start()

    def stop(self) -> None:
        """Land what has arrived, then end."""
        for _ in self._placers:
            self._arrivals.put(None)
        for thread in self._placers:
            thread.join()
        self._placed.put(None)
        self._committer.join()

    def _place_all(self) -> None:
        while arrival := self._arrivals.get():
            self._arrive(arrival)

    def _commit_all(self) -> None:
        ended = False
        while not ended:
            batch = self._next_batch()
            ended = None in batch
            if arrivals := [arrival for arrival in batch if arrival]:
                tell(self._committed(arrivals))
            self._settle_doubts()
        connection.close()

    def _next_batch(self) -> list[Arrival | None]:
        """Who is in place by now, or None for the end; while there are doubts, perhaps nothing after a second."""
        batch: list[Arrival | None] = []
        with suppress(queue.Empty):
            batch.append(self._placed.get(timeout=1 if self._doubtful else None))
            while len(batch) < MAX_BATCH and None not in batch:
                batch.append(self._placed.get_nowait())
        return batch

    def _arrive(self, arrival: Arrival) -> None:
        """While the batch before is being committed."""
        try:
            self._require_space()
            self._place(arrival)
        except Exception as fault:
            tell([(arrival, self._drop(arrival, fault))])
        else:
            self._placed.put(arrival)

    def _require_space(self) -> None:
        now = time.monotonic()
        if now >= self._space_until:
            self._storage.files.require_space()
            self._space_until = now + SPACE_SECONDS

    def _place(self, arrival: Arrival) -> None:
        """Bytes to their final place, and the row that will point at them."""
        intake = arrival.intake
        media_type = detection.media_type(intake.head, arrival.name)
        plan = arrival.plan = self._plan(arrival.pipeline, media_type)
        file_id = new_id()
        file = arrival.file = File(
            id=file_id,
            uploaded_at=made_at(file_id),
            name=arrival.name,
            size=intake.size,
            media_type=media_type,
            declared_type=arrival.declared_type,
            sha256=intake.sha256,
            key=original_key(media_type, file_id, arrival.name),
            state=settle.initial_state(plan.steps),
            pipeline=plan.pipeline,
            pipeline_version=plan.version,
        )
        file.facts = {"file": common_facts(file)}
        intake.place(file.key)

    def _committed(self, arrivals: list[Arrival]) -> Outcomes:
        """This thread serves all uploads, so nothing may end it."""
        try:
            return self._commit(arrivals)
        except Exception as fault:
            return [(arrival, self._fault(fault)) for arrival in arrivals]

    def _commit(self, arrivals: list[Arrival], *, again: bool = False) -> Outcomes:
        files = [arrival.file for arrival in arrivals if arrival.file]
        in_doubt = False
        try:
            with transaction.atomic():
                # The disk works while the database does, and both are done before the COMMIT.
                synced = self._syncer.submit(self._sync, arrivals)
                try:
                    insert(arrivals)
                finally:
                    synced.result()
                in_doubt = True
        except Exception as fault:
            connection.close()
            if in_doubt:
                # An upload's own row will say what came of it.
                self._doubtful += [arrival.file for arrival in arrivals if arrival.file and not arrival.upload_id]
                return [(arrival, self._fault(fault)) for arrival in arrivals]
            if isinstance(fault, OperationalError | InterfaceError):
                if not again:
                    # The connection may just be older than the database.
                    return self._commit(arrivals, again=True)
            elif len(arrivals) > 1:
                return [outcome for arrival in arrivals for outcome in self._commit([arrival])]
            return [(arrival, self._drop(arrival, fault)) for arrival in arrivals]
        return list(zip(arrivals, files, strict=True))

    def _sync(self, arrivals: list[Arrival]) -> None:
        self._storage.files.sync([arrival.file.key for arrival in arrivals if arrival.file])

    def _drop(self, arrival: Arrival, fault: Exception) -> PicassoError:
        # Whatever the disk says now, whoever waits gets an answer; what stays behind is an orphan for the sweep.
        with suppress(OSError):
            arrival.intake.drop()
            if arrival.file:
                self._storage.files.remove(arrival.file.key)
        return self._fault(fault)

    def _fault(self, fault: Exception) -> PicassoError:
        if isinstance(fault, PicassoError):
            return fault
        log.error("an upload could not land: %s", fault, exc_info=fault)
        return Unavailable() if isinstance(fault, OperationalError | InterfaceError) else PicassoError()

    def _settle_doubts(self) -> None:
        """The connection broke in the middle of a COMMIT: the client was told 503, so whatever came of it is undone."""
        while self._doubtful:
            try:
                undo(self._storage, self._doubtful[0])
            except (DatabaseError, InterfaceError):
                connection.close()
                return
            self._doubtful.pop(0)


def insert(arrivals: list[Arrival]) -> None:
    placed = [(arrival.file, arrival.plan) for arrival in arrivals if arrival.file and arrival.plan]
    bulk_insert.insert_rows(File, [{column: getattr(file, column) for column in FILE_COLUMNS} for file, _ in placed])
    bulk_insert.insert_rows(
        Job, [states.new_job(file.pk, step, plan.pipeline) for file, plan in placed for step in plan.steps]
    )
    for arrival in arrivals:
        if arrival.upload_id and arrival.file:
            finish(arrival.upload_id, arrival.file)


def finish(upload_id: uuid.UUID, file: File) -> None:
    """In the transaction that makes the file, so that an upload becomes one file whoever dies."""
    rows = Upload.objects.filter(pk=upload_id, finished_at=None)
    if rows.update(finished_at=Now(), file=file, length=file.size, reserved=0) != 1:
        raise Conflict("This upload has become a file already, or was cancelled.")


def tell(outcomes: Outcomes) -> None:
    """Answer those who wait, on the loop's thread."""
    with suppress(RuntimeError):  # the loop has ended, and with it all who waited
        outcomes[0][0].landed.get_loop().call_soon_threadsafe(answer, outcomes)


def answer(outcomes: Outcomes) -> None:
    for arrival, outcome in outcomes:
        arrival.answer(outcome)


def displayed(name: str) -> str:
    """A name as it is kept: as sent but in NFC, at most 255 characters, and without what no database takes."""
    name = name.replace("\0", "\ufffd").encode(errors="replace").decode()
    return unicodedata.normalize("NFC", name)[:MAX_NAME]


def common_facts(file: File) -> dict[str, bool | str | None]:
    """What is known of every file, whether or not a processor claims it."""
    declared = detection.normal(file.declared_type) if file.declared_type else ""
    return {
        "extension": detection.extension(file.media_type),
        # "Some bytes" is what clients declare when they know no better.
        "declared_type_matches": None if declared in {"", detection.UNKNOWN} else declared == file.media_type,
    }
