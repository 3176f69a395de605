"""The one place where content becomes a File and its Jobs. Every kind of upload ends here.

One thread stores the bytes in their place. Others commit, as many files as are waiting at once: a batch shares one
transaction and one flush of the disk, which makes many small uploads cheap. Bytes first, rows second: a crash leaves
an orphan for the sweep, never a row without bytes. If a batch fails, its members are tried one by one.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypedDict

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from picasso import activity, bulk_insert, detection
from picasso.access.policies import Policies
from picasso.bulk_insert import Group
from picasso.errors import PicassoError, Unavailable
from picasso.events import write as events
from picasso.files.delete import undo
from picasso.jobs import states
from picasso.models import Event, File, FileWebhook, Job, made_at, new_id
from picasso.policy import Policy
from picasso.receive import upload_rows, whole_uploads
from picasso.receive.acceptance import Arrived, accept
from picasso.receive.admission import Admission
from picasso.receive.content import Content
from picasso.receive.new_file import NewFile
from picasso.receive.pending import Pending, Planner
from picasso.storage import Storage
from picasso.storage.names import original_key

log = logging.getLogger(__name__)

# Files that are handed over from thread to thread at once. Fewer than twice as many are committed together.
MAX_BATCH = 64

# Bytes. In some storages a file that was uploaded in pieces has to be copied.
LARGE = 2**20

# Threads that commit: while one waits for the disk and the database, another one does the next batch. SQLite has one
# writer.
COMMITTERS = {"postgresql": 2}

FILE_COLUMNS = tuple(field.attname for field in File._meta.concrete_fields)

# The free space of the disk is checked this often. A full disk is an error of its own (ENOSPC) anyway.
SPACE_SECONDS = 0.05


class CommonFacts(TypedDict):
    extension: str | None
    declared_type_matches: bool | None
    detected_by: str
    charset: str | None


Outcomes = Sequence[tuple[Pending, File | Exception]]


class Committer:
    """The threads of one process."""

    def __init__(self, storage: Storage, plan: Planner, policies: Policies | None = None) -> None:
        self.policies = policies or Policies()
        self._storage = storage
        self._plan = plan
        self._received: queue.SimpleQueue[list[Pending | None]] = queue.SimpleQueue()
        self._arrived: list[Pending | None] = []
        self._stored: queue.SimpleQueue[list[Pending | None]] = queue.SimpleQueue()
        self._admission = Admission()
        self._in_doubt: list[File] = []
        self._space_until = 0.0
        # Plain threads and queues: the future of an executor costs as much as the rest of handing over. And one thread
        # that stores: with two, threads waited for the GIL a third more often, at the same rate of uploads.
        self._storer = threading.Thread(target=self._store_all, name="store", daemon=True)
        self._committers = [
            threading.Thread(target=self._commit_all, name=f"commit-{number}", daemon=True)
            for number in range(COMMITTERS.get(connection.vendor, 1))
        ]
        self._syncer = ThreadPoolExecutor(len(self._committers), thread_name_prefix="sync")

    async def commit(self, content: Content, new: NewFile, also: Callable[[File], None] | None = None) -> File:
        """Store finished content and its rows, durably. ``also`` is called in the same transaction.

        Raises:
            StorageFull, Unavailable: nothing was stored.
            Conflict: the upload has become a file already.
            NotAccepted: the policy refuses it.
        """
        pending = Pending(content, new, asyncio.get_running_loop().create_future(), also=also)
        if not self._arrived:
            asyncio.get_running_loop().call_soon(self._hand_over)
        self._arrived.append(pending)
        # It will be committed even if this is cancelled, and nobody waits for the answer any more.
        try:
            return await pending.result
        finally:
            # An error has this frame, which would have the error: a circle, with the bytes that the callers have.
            del pending

    def _hand_over(self) -> None:
        """Together what has arrived in one round of the loop: each time that a thread wakes, it waits for the GIL."""
        if self._arrived:
            self._received.put(self._arrived)
            self._arrived = []

    def start(self) -> None:
        for thread in (self._storer, *self._committers):
            thread.start()

    def stop(self) -> None:
        """Commit what was received, then end."""
        self._hand_over()
        self._received.put([None])
        for thread in (self._storer, *self._committers):
            thread.join()
        self._syncer.shutdown()

    def _store_all(self) -> None:
        while self._store_round(waiting(self._received)):
            pass
        connection.close()

    def _store_round(self, batch: Sequence[Pending | None]) -> bool:
        """What is stored is handed over together, but nothing waits for a large file, which may have to be copied.

        False for the end.
        """
        stored: list[Pending | None] = []
        for each in batch:
            if stored and each and (len(stored) >= MAX_BATCH or is_large(each)):
                self._stored.put(stored)
                stored = []
            if each is None or self._try_to_store(each):
                stored.append(each)
        if stored:
            self._stored.put(stored)
        return None not in batch

    def _commit_all(self) -> None:
        while self._commit_round(self._next_batch()):
            self._settle_doubts()
        self._settle_doubts()
        self._stored.put([None])  # for the other threads
        connection.close()

    def _commit_round(self, batch: Sequence[Pending | None]) -> bool:
        """A function of its own, so that a thread that waits keeps nothing in memory. False for the end."""
        if found := [pending for pending in batch if pending]:
            report(self._commit_safely(found))
        return None not in batch

    def _next_batch(self) -> list[Pending | None]:
        """What is stored by now, or None for the end; empty after a second if commits in doubt are to be settled."""
        batch: list[Pending | None] = []
        with suppress(queue.Empty):
            batch += self._stored.get(timeout=1 if self._in_doubt else None)
            while len(batch) < MAX_BATCH and None not in batch:
                batch += self._stored.get_nowait()
        return batch

    def _try_to_store(self, pending: Pending) -> bool:
        """While the batch before is being committed. False if it failed, which was reported."""
        try:
            self._require_space()
            self._store(pending)
        except Exception as fault:
            if isinstance(fault, DatabaseError | InterfaceError):
                connection.close()
            report([(pending, self._drop(pending, fault))])
            return False
        return True

    def _require_space(self) -> None:
        now = time.monotonic()
        if now >= self._space_until:
            self._storage.files.require_space()
            self._space_until = now + SPACE_SECONDS

    def _store(self, pending: Pending) -> None:
        """Store the bytes, and make the row that will point at them."""
        new, content = pending.new, pending.content
        window = detection.Window.of_content(content)
        detected = detection.detect(window, new.name)
        media_type = detected.media_type
        facts = common_facts(detected, new.declared_type)
        policy = self._policy_of(new)
        flags = accept(policy, window, Arrived(media_type, content.size, facts["declared_type_matches"]))
        plan = pending.plan = self._plan(new.pipeline, media_type)
        file_id = new_id()
        file = pending.file = File(
            id=file_id,
            project_id=new.project_id,
            owner=new.owner,
            visibility=new.visibility,
            expires_at=new.expires_at,
            uploaded_at=made_at(file_id),
            name=new.name,
            size=content.size,
            media_type=media_type,
            declared_type=new.declared_type,
            sha256=content.sha256,
            key=original_key(media_type, file_id, new.name),
            pipeline=plan.pipeline,
            pipeline_version=plan.version,
            tags=list(new.tags),
            attributes=dict(new.attributes),
        )
        file.facts = {"file": {**facts, "policy_flags": list(flags)} if flags else facts}
        content.store(file.key)

    def _policy_of(self, new: NewFile) -> Policy:
        """Asks once more if the connection has ended since it was used: it may be older than the database."""
        of_token = [new.limits.policy] if new.limits else []
        try:
            return self.policies.of(new.project_id, new.pipeline, *of_token)
        except (OperationalError, InterfaceError):
            connection.close()
            return self.policies.of(new.project_id, new.pipeline, *of_token)

    def _commit_safely(self, batch: list[Pending]) -> Outcomes:
        """This thread serves all uploads, so no error may end it."""
        try:
            return self._commit(batch)
        except Exception as fault:
            return [(pending, self._public(fault)) for pending in batch]

    def _commit(self, batch: list[Pending], *, again: bool = False) -> Outcomes:
        files = [pending.file for pending in batch if pending.file]
        in_doubt = False
        try:
            with transaction.atomic():
                # The disk works while the database does, and both are done before the COMMIT.
                synced = self._syncer.submit(self._sync, batch)
                try:
                    refused = self._admission.refuse_deleted(batch)
                    refused |= whole_uploads.insert([pending for pending in batch if pending not in refused])
                    limited = self._admission.complete([pending for pending in batch if pending not in refused])
                    if limited:
                        synced.result()  # others wait for the locks of quotas and tokens, but not for this disk
                    if turned_away := self._admission.admit(limited):
                        whole_uploads.remove(turned_away)
                        refused |= turned_away
                    insert([pending for pending in batch if pending not in refused])
                finally:
                    synced.result()
                in_doubt = True
        except Exception as fault:
            connection.close()
            if in_doubt:
                # The row of an upload will show whether the COMMIT succeeded.
                # What was refused in the transaction has no row, and is taken for an orphan if it stays.
                self._in_doubt += [pending.file for pending in batch if pending.file and not pending.new.can_be_found]
                return [(pending, self._public(fault)) for pending in batch]
            if isinstance(fault, OperationalError | InterfaceError):
                if not again:
                    # The connection may just be older than the database.
                    return self._commit(batch, again=True)
            elif len(batch) > 1:
                return [outcome for pending in batch for outcome in self._commit([pending])]
            return [(pending, self._drop(pending, fault)) for pending in batch]
        stored = {pending: file for pending, file in zip(batch, files, strict=True) if pending not in refused}
        return [*stored.items(), *((pending, self._drop(pending, fault)) for pending, fault in refused.items())]

    def _sync(self, batch: list[Pending]) -> None:
        self._storage.files.sync([pending.file.key for pending in batch if pending.file])

    def _drop(self, pending: Pending, fault: Exception) -> PicassoError:
        # Whatever the disk does now, the client gets an answer. What stays behind is an orphan for the sweep.
        with suppress(OSError):
            pending.content.drop()
        if pending.file:
            with suppress(OSError):
                self._storage.files.remove(pending.file.key)
        return self._public(fault)

    def _public(self, fault: Exception) -> PicassoError:
        if isinstance(fault, PicassoError):
            return fault
        log.error("an upload could not be committed: %s", fault, exc_info=fault)
        return Unavailable() if isinstance(fault, OperationalError | InterfaceError) else PicassoError()

    def _settle_doubts(self) -> None:
        """The connection broke during a COMMIT and the client got a 503, so the files are removed if they exist."""
        while self._in_doubt:
            try:
                file = self._in_doubt.pop()
            except IndexError:
                return  # another thread was faster
            try:
                undo(self._storage, file)
            except (DatabaseError, InterfaceError):
                self._in_doubt.append(file)
                connection.close()
                return


def is_large(pending: Pending) -> bool:
    with suppress(Exception):  # whatever is wrong with it, `Committer._store` reports
        return pending.content.size >= LARGE
    return False


def waiting(received: queue.SimpleQueue[list[Pending | None]]) -> list[Pending | None]:
    """What waits by now, at least one. It ends with a None, which is the end of all."""
    batch = received.get()
    with suppress(queue.Empty):
        while len(batch) < MAX_BATCH and batch[-1]:
            batch += received.get_nowait()
    return batch


def insert(batch: list[Pending]) -> None:
    files = [pending.file for pending in batch if pending.file]
    jobs = [row for pending in batch for row in job_rows(pending)]
    bulk_insert.insert_all(
        Group(File, [{column: getattr(file, column) for column in FILE_COLUMNS} for file in files]),
        whole_uploads.group(batch),
        Group(FileWebhook, [row for pending in batch for row in webhook_rows(pending)]),
        Group(Job, [row for row in jobs if "due_at" not in row]),
        Group(Job, [row for row in jobs if "due_at" in row]),
        Group(Event, [row for pending in batch for row in event_rows(pending)]),
    )
    activity.announce()
    for pending in batch:
        if pending.new.upload_id and pending.file:
            upload_rows.finish(pending.new.upload_id, pending.file)
        if pending.also and pending.file:
            pending.also(pending.file)


def event_rows(pending: Pending) -> list[events.Row]:
    file, new = pending.file, pending.new
    if file is None:
        return []
    begun = upload_rows.event_rows("upload.started", new.whole) if new.whole else []
    return [*begun, *events.received(file, new.upload)]


def job_rows(pending: Pending) -> list[dict[str, Any]]:
    file, plan = pending.file, pending.plan
    return [states.new_job(file, step, plan.pipeline) for step in pending.steps] if file and plan else []


def webhook_rows(pending: Pending) -> list[dict[str, Any]]:
    file, url = pending.file, pending.new.webhook_url
    return [{"file_id": file.pk, "url": url}] if file and url else []


def report(outcomes: Outcomes) -> None:
    """Resolve the futures on the loop's thread."""
    with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
        outcomes[0][0].result.get_loop().call_soon_threadsafe(resolve, outcomes)


def resolve(outcomes: Outcomes) -> None:
    for pending, outcome in outcomes:
        pending.resolve(outcome)


def common_facts(detected: detection.Detection, declared_type: str) -> CommonFacts:
    """Facts about every file, processed or not."""
    return {
        "extension": detection.extension(detected.media_type),
        "declared_type_matches": detection.declared_type_matches(declared_type, detected.media_type),
        "detected_by": detected.detected_by,
        "charset": detected.charset,
    }
