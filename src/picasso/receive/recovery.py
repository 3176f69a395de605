"""Every few seconds: continues what processes that died have left, and ends uploads that never got a byte.

Only the storage knows how much of an upload has arrived, so each unfinished upload has to be looked at there. That is
done in pages and in a thread of its own: the thread of the database, which all uploads need, is asked for rows only.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, Q

from picasso.access.principal import SERVICE
from picasso.errors import Gone, Locked, NotFound, PicassoError, Superseded
from picasso.models import Upload
from picasso.receive.concatenate import Concatenations, offset_of
from picasso.receive.upload_rows import delete_rows, expire_rows, remove_bytes
from picasso.receive.uploads import Uploads
from picasso.storage import UploadLock, UploadStore

log = logging.getLogger(__name__)

# Within this time another process continues what a process that died has left.
ROUND_SECONDS = 5.0

# How many uploads, and how many final uploads, one round looks at. The next round continues where it ended.
PAGE, FINALS_PAGE = 1000, 100

NOWHERE = uuid.UUID(int=0)
"""Before all ids."""


class Recovery:
    """The rounds of one process."""

    def __init__(self, uploads: Uploads, concatenations: Concatenations) -> None:
        self._uploads = uploads
        self._store = uploads.storage.uploads
        self._database = uploads.locks.database
        self._concatenations = concatenations
        self._task: asyncio.Task[None] | None = None
        self._last_upload = self._last_final = NOWHERE

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self.run_round()
            await asyncio.sleep(ROUND_SECONDS)

    async def run_round(self) -> None:
        for step in (self._concatenate, self._look_at_uploads, self._delete_concatenated):
            await self._try(step)

    async def _try(self, step: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await step()
        except PicassoError as fault:
            log.warning("could not continue uploads, trying again soon: %s", fault)
        except Exception:
            log.exception("could not continue uploads, trying again soon")

    async def _concatenate(self) -> None:
        finals = await self._database.do(finals_after, self._last_final)
        self._last_final = max(finals, default=NOWHERE) if len(finals) == FINALS_PAGE else NOWHERE
        for final_id in await asyncio.to_thread(ready_finals, self._store, finals):
            await self._concatenations.begin(final_id)

    async def _look_at_uploads(self) -> None:
        rows = await self._database.do(unfinished_after, self._last_upload)
        self._last_upload = rows[-1].pk if len(rows) == PAGE else NOWHERE
        complete, unstarted = await asyncio.to_thread(look_at, self._store, rows, self._uploads.limits.start_timeout)
        if unstarted:
            await self._end_unstarted(unstarted)
        for upload_id in complete:
            await self._try_to_commit(upload_id)

    async def _end_unstarted(self, ids: Sequence[uuid.UUID]) -> None:
        """Those that a request is writing to stay."""
        locks = await asyncio.to_thread(lock_empty, self._store, ids)
        try:
            await self._database.do(expire_rows, list(locks))
            await asyncio.to_thread(remove_bytes, self._store, list(locks))
        finally:
            for lock in locks.values():
                lock.release()

    async def _try_to_commit(self, upload_id: uuid.UUID) -> None:
        try:
            async with self._uploads.lock(SERVICE, upload_id, take_over=False) as upload:
                if upload.is_complete and not upload.row.finished:
                    await upload.commit(await upload.append())
        except (NotFound, Gone, Locked, Superseded):
            pass
        except PicassoError as fault:
            log.warning("could not commit upload %s: %s", upload_id, fault)
        except Exception:
            # The other uploads are committed nevertheless.
            log.exception("could not commit upload %s, trying again soon", upload_id)

    async def _delete_concatenated(self) -> None:
        ids = await self._database.do(concatenated_parts)
        if ids:
            await self._database.do(delete_rows, ids)
            await asyncio.to_thread(remove_bytes, self._store, ids)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What a round needs to know about an unfinished upload."""

    pk: uuid.UUID
    length: int | None
    protocol: str
    concat: str
    final: uuid.UUID | None

    @property
    def whole(self) -> bool:
        """Whether it is neither a part nor made of parts."""
        return not self.concat

    @property
    def ends_with_length(self) -> bool:
        """Whether it is to become a file as soon as all of its bytes are there."""
        return self.whole and self.protocol == Upload.Protocol.TUS and self.length is not None

    @property
    def must_start(self) -> bool:
        """Whether it ends if it gets no byte in time."""
        return not self.final and not self.concat.startswith("final")


# In the thread of the database


def unfinished_after(last: uuid.UUID) -> list[Unfinished]:
    """A page of the unfinished uploads, in the order of their ids."""
    rows = Upload.everywhere.filter(finished_at=None, pk__gt=last).order_by("pk")
    return [Unfinished(*row) for row in rows.values_list("pk", "length", "protocol", "concat", "final_id")[:PAGE]]


def finals_after(last: uuid.UUID) -> dict[uuid.UUID, list[tuple[uuid.UUID, int]]]:
    """A page of the final uploads whose parts may all be complete, each with the ids and lengths of its parts.

    A part has reserved at least what has arrived of it.
    """
    parts = Upload.everywhere.filter(final=OuterRef("pk"))
    incomplete = parts.filter(Q(length=None) | Q(reserved__lt=F("length")))
    finals = Upload.everywhere.filter(~Exists(incomplete), finished_at=None, parts__isnull=False, pk__gt=last)
    ids = list(finals.order_by("pk").values_list("pk", flat=True)[:FINALS_PAGE])
    found: dict[uuid.UUID, list[tuple[uuid.UUID, int]]] = {final_id: [] for final_id in ids}
    for final_id, part, length in (
        Upload.everywhere.filter(final__in=ids).order_by().values_list("final", "pk", "length")
    ):
        if final_id:
            found[final_id].append((part, length or 0))
    return found


def concatenated_parts() -> list[uuid.UUID]:
    """The parts of what is a file by now, if the process that concatenated them died before it could delete them."""
    parts = Upload.everywhere.filter(final__isnull=False, final__finished_at__isnull=False)
    return list(parts.order_by().values_list("pk", flat=True)[:PAGE])


# In a thread that may wait for the disk


def ready_finals(store: UploadStore, finals: dict[uuid.UUID, list[tuple[uuid.UUID, int]]]) -> list[uuid.UUID]:
    """Those whose parts are all complete. One that has started has taken the bytes of its first part."""
    return [pk for pk, parts in finals.items() if is_ready(store, pk, parts)]


def is_ready(store: UploadStore, final_id: uuid.UUID, parts: Iterable[tuple[uuid.UUID, int]]) -> bool:
    spare = 1 if offset_of(store, final_id) > 0 else 0
    for part, length in parts:
        if offset_of(store, part) != length:
            spare -= 1
        if spare < 0:
            return False
    return True


def look_at(
    store: UploadStore, rows: Sequence[Unfinished], start_timeout: int
) -> tuple[list[uuid.UUID], list[uuid.UUID]]:
    """The uploads that are complete, and those that got no byte for ``start_timeout`` seconds."""
    complete, unstarted, oldest = [], [], time.time() - start_timeout
    for row in rows:
        with suppress(FileNotFoundError):
            stored = store.stat(row.pk)
            if row.ends_with_length and stored.offset == row.length:
                complete.append(row.pk)
            elif row.must_start and not stored.offset and stored.modified_at < oldest:
                unstarted.append(row.pk)
    return complete, unstarted


def lock_empty(store: UploadStore, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, UploadLock]:
    """The locks of those that nobody writes to and that are still empty."""
    locks: dict[uuid.UUID, UploadLock] = {}
    for upload_id in ids:
        with suppress(OSError):
            lock = store.lock(upload_id)
            if offset_of(store, upload_id):
                lock.release()
            else:
                locks[upload_id] = lock
    return locks
