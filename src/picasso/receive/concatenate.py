"""Final uploads: their parts become one file, in the background, where the file system can without copying.

A final upload is an upload whose bytes come from other uploads. So it has a lock and an offset like any other, and a
process that dies leaves what the next one goes on from.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import NoReturn

from picasso.errors import DigestMismatch, Gone, Locked, NotFound, PicassoError, Superseded, TooLarge
from picasso.models import Upload
from picasso.receive.append import Append
from picasso.receive.sink import in_writer
from picasso.receive.uploads import Held, Uploads, forget
from picasso.storage import Storage

log = logging.getLogger(__name__)

# Between two pieces a join can be interrupted.
PIECE = 16 * 2**20

# What a process that died left is taken up by another within this time.
ROUND_SECONDS = 5.0

# One at a time: joins are for the disk to do, and uploads that arrive go first.
joiner = ThreadPoolExecutor(1, thread_name_prefix="join")


@dataclass(frozen=True, slots=True)
class Part:
    pk: uuid.UUID
    start: int
    """Where it begins in the whole."""
    end: int


class Joins:
    """Those of one process."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads
        self._under_way: dict[uuid.UUID, asyncio.Task[PicassoError | None]] = {}
        self._rounds: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._rounds = asyncio.create_task(self._take_up_for_ever())

    async def stop(self) -> None:
        tasks = [task for task in (self._rounds, *self._under_way.values()) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def begin(self, final_id: uuid.UUID) -> asyncio.Task[PicassoError | None]:
        """Join it if all of its parts are whole; nothing happens if they are not, or if somebody is at it.

        The task's result is why it can't ever be joined.
        """
        if not (task := self._under_way.get(final_id)):
            task = self._under_way[final_id] = asyncio.create_task(self._join(final_id))
            task.add_done_callback(lambda _: self._under_way.pop(final_id, None))
        return task

    async def _join(self, final_id: uuid.UUID) -> PicassoError | None:
        try:
            async with self._uploads.hold(final_id, disturb=False) as held:
                if not held.row.finished:
                    await self._join_held(held)
        except (DigestMismatch, TooLarge) as fault:
            return fault
        except (NotFound, Gone, Locked, Superseded):
            pass  # it was cancelled, or another process is at it
        except PicassoError as fault:
            log.warning("could not join upload %s, it will be tried again: %s", final_id, fault)
        except Exception:
            log.exception("could not join upload %s, it will be tried again", final_id)
        return None

    async def _join_held(self, held: Held) -> None:
        storage, ids = self._uploads.storage, [uuid.UUID(part) for part in held.row.parts or ()]
        parts = await self._uploads.locks.rows.do(whole_parts, storage, held.row)
        if parts is None:
            return
        if parts and parts[-1].end > self._uploads.max_size:
            await self._fail(held, ids)
        held.row.length = parts[-1].end if parts else 0
        if parts and not held.offset and await in_writer(adopt, held, parts):
            held.offset = parts[0].end
        append = await held.append()
        try:
            async with held.interruptible():
                for part in parts:
                    await copy_part(append, part, parts[0])
            await held.keep(append)
        except BaseException:
            await append.keep()
            raise
        await held.land(append)
        await self._uploads.locks.rows.do(forget, storage, ids)

    async def _fail(self, held: Held, ids: Sequence[uuid.UUID]) -> NoReturn:
        fault = TooLarge("The parts together are larger than this service takes; nothing was stored.")
        await held.fail(fault.code, fault.detail)
        await self._uploads.locks.rows.do(forget, self._uploads.storage, ids)
        raise fault

    async def _take_up_for_ever(self) -> None:
        """What another process left: parts to be joined, and what is whole and has not landed."""
        rows, storage = self._uploads.locks.rows, self._uploads.storage
        while True:
            try:
                for final_id in await rows.do(ready_finals, storage):
                    await self.begin(final_id)
                for upload_id in await rows.do(whole_uploads, storage):
                    await self._land(upload_id)
                await rows.do(forget_joined, storage)
            except PicassoError as fault:
                log.warning("could not see to uploads, the next round will: %s", fault)
            except Exception:
                log.exception("could not see to uploads, the next round will")
            await asyncio.sleep(ROUND_SECONDS)

    async def _land(self, upload_id: uuid.UUID) -> None:
        try:
            async with self._uploads.hold(upload_id, disturb=False) as held:
                if held.whole and not held.row.finished:
                    await held.land(await held.append())
        except (NotFound, Gone, Locked, Superseded):
            pass
        except Exception:
            # Whatever ails this one, the others land.
            log.exception("could not land upload %s, it will be tried again", upload_id)


def ready_finals(storage: Storage) -> list[uuid.UUID]:
    finals = Upload.objects.filter(finished_at=None, parts__isnull=False)
    return [final.pk for final in finals if whole_parts(storage, final)]


def whole_uploads(storage: Storage) -> list[uuid.UUID]:
    """Whose last byte came, and whose process died before it could say so."""
    rows = Upload.objects.filter(
        finished_at=None, parts__isnull=True, protocol=Upload.Protocol.TUS, length__isnull=False
    )
    rows = rows.exclude(concat="partial")
    return [pk for pk, length in rows.values_list("pk", "length") if offset_of(storage, pk) == length]


def offset_of(storage: Storage, upload_id: uuid.UUID) -> int:
    try:
        return storage.uploads.stat(upload_id).offset
    except FileNotFoundError:
        return -1


def forget_joined(storage: Storage) -> None:
    """The parts of what is a file by now, if who joined them died before it could."""
    forget(storage, list(Upload.objects.filter(final__finished_at__isnull=False).values_list("pk", flat=True)))


def whole_parts(storage: Storage, final: Upload) -> list[Part] | None:
    """Where each lies in the whole; None as long as one of them is not whole itself."""
    ids = [uuid.UUID(part) for part in final.parts or ()]
    rows = Upload.objects.in_bulk(ids)
    ends = [0]
    for part in ids:
        row = rows.get(part)
        if row is None or row.length is None:
            return None
        ends.append(ends[-1] + row.length)
    parts = [Part(part, *span) for part, span in zip(ids, pairwise(ends), strict=True)]
    # A join that was begun has made the first part's file its own.
    begun = offset_of(storage, final.pk) > 0
    missing = [part for part in parts if offset_of(storage, part.pk) != part.end - part.start]
    return None if [part for part in missing if not (begun and part.pk == parts[0].pk)] else parts


def adopt(held: Held, parts: Sequence[Part]) -> bool:
    """Have the first part's file become the whole's, with its hash. Whoever holds the one holds the other."""
    first = parts[0]
    if first.end == 0:
        return False
    try:
        held.adopt(first.pk)
    except BlockingIOError:
        raise Locked from None
    return True


async def copy_part(append: Append, part: Part, first: Part) -> None:
    """Go on with it from wherever the whole has got to."""
    # The first part's bytes are the whole's own by now; it may be asked for again.
    source = append.upload_id if part.pk == first.pk else part.pk
    for start, size in pieces(max(part.start, append.size), part.end):
        await append.copy_from(joiner, source, start - part.start, size)


def pieces(start: int, end: int) -> Iterator[tuple[int, int]]:
    for at in range(start, end, PIECE):
        yield at, min(PIECE, end - at)
