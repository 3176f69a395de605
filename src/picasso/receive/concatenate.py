"""Final uploads of tus: their parts are concatenated in the background, without copying where the file system can.

A final upload is an upload whose bytes come from other uploads. So it has a lock and an offset like any other, and the
next process continues where one that died has stopped.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NoReturn

from picasso.access.principal import SERVICE
from picasso.errors import (
    DigestMismatch,
    EmptyFile,
    Gone,
    Locked,
    NotAccepted,
    NotFound,
    PicassoError,
    QuotaExceeded,
    StorageFull,
    Superseded,
    TokenUsedUp,
    TooLarge,
    UnfinishedFull,
)
from picasso.models import Upload
from picasso.receive.append import Append
from picasso.receive.locked_upload import LockedUpload
from picasso.receive.upload_rows import delete_rows, remove_bytes
from picasso.receive.uploads import Uploads
from picasso.storage import UploadStore

log = logging.getLogger(__name__)

# A concatenation can be interrupted between two pieces.
PIECE = 16 * 2**20

TOO_LARGE = "The parts together are larger than this service accepts. Nothing was stored."


@dataclass(frozen=True, slots=True)
class Part:
    pk: uuid.UUID
    start: int
    """Its offset in the final upload."""
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


class Concatenations:
    """The concatenations of one process."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads
        self._store = uploads.storage.uploads
        self._database = uploads.locks.database
        self._running: dict[uuid.UUID, asyncio.Task[PicassoError | None]] = {}

    async def stop(self) -> None:
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def begin(self, final_id: uuid.UUID) -> asyncio.Task[PicassoError | None]:
        """Concatenate a final upload if all of its parts are complete and nobody else does it.

        The task's result is the reason if it can never be concatenated.
        """
        if not (task := self._running.get(final_id)):
            task = self._running[final_id] = asyncio.create_task(self._try_to_concatenate(final_id))
            task.add_done_callback(lambda _: self._running.pop(final_id, None))
        return task

    async def _try_to_concatenate(self, final_id: uuid.UUID) -> PicassoError | None:
        try:
            async with self._uploads.lock(SERVICE, final_id, take_over=False) as final:
                if not final.row.finished:
                    await self._concatenate(final)
        except (DigestMismatch, EmptyFile, TooLarge, NotAccepted, TokenUsedUp) as fault:
            return fault
        except (NotFound, Gone, Locked, Superseded):
            pass  # it was deleted, or another process concatenates it
        except QuotaExceeded as fault:
            # If it can't be stored, it has ended. If its copy does not fit, it waits.
            return fault if final.row.finished else None
        except (StorageFull, UnfinishedFull) as fault:
            log.info("upload %s is concatenated when there is space for it: %s", final_id, fault)
        except PicassoError as fault:
            log.warning("could not concatenate upload %s, trying again soon: %s", final_id, fault)
        except Exception:
            log.exception("could not concatenate upload %s, trying again soon", final_id)
        return None

    async def _concatenate(self, final: LockedUpload) -> None:
        parts = await self._database.do(parts_of, final.row)
        if parts is None or not await self._uploads.threads.in_writer(are_complete, self._store, final.pk, parts):
            return
        ids = [part.pk for part in parts]
        if not parts or not parts[-1].end:
            await self._fail(final, ids, EmptyFile())
        if parts[-1].end > self._uploads.max_size:
            await self._fail(final, ids, TooLarge(TOO_LARGE))
        await final.reserve(parts[-1].end - parts[0].end)
        final.row.length = parts[-1].end
        if not final.offset:
            final.offset = await self._uploads.threads.in_writer(adopt_first, self._store, final, parts)
        append = await final.append()
        try:
            async with final.interruptible():
                for part in parts:
                    await copy_part(append, part, parts[0])
            await final.keep(append)
        except BaseException:
            await append.keep()
            raise
        await final.commit(append)
        await self._delete(ids)

    async def _fail(self, final: LockedUpload, ids: Sequence[uuid.UUID], fault: PicassoError) -> NoReturn:
        await final.fail(fault.code, fault.detail)
        await self._delete(ids)
        raise fault

    async def _delete(self, ids: Sequence[uuid.UUID]) -> None:
        await self._database.do(delete_rows, ids)
        await self._uploads.threads.in_writer(remove_bytes, self._store, ids)


def offset_of(store: UploadStore, upload_id: uuid.UUID) -> int:
    """-1 if the store has no such upload."""
    try:
        return store.stat(upload_id).offset
    except FileNotFoundError:
        return -1


def parts_of(final: Upload) -> list[Part] | None:
    """The parts and their place in the final upload; None while the length of one of them is not known."""
    ids = [uuid.UUID(part) for part in final.parts or ()]
    lengths = dict(Upload.everywhere.filter(pk__in=ids).order_by().values_list("pk", "length"))
    ends = [0]
    for part_id in ids:
        if (length := lengths.get(part_id)) is None:
            return None
        ends.append(ends[-1] + length)
    return [Part(part_id, *span) for part_id, span in zip(ids, pairwise(ends), strict=True)]


def are_complete(store: UploadStore, final_id: uuid.UUID, parts: Sequence[Part]) -> bool:
    """A concatenation that has started has adopted the bytes of the first part."""
    started = offset_of(store, final_id) > 0
    return all(offset_of(store, part.pk) == part.size for part in (parts[1:] if started else parts))


def adopt_first(store: UploadStore, final: LockedUpload, parts: Sequence[Part]) -> int:
    """Let the final upload take over the first part's bytes and hash. Returns its new offset. Raises `Locked`."""
    if parts[0].size == 0:
        return 0
    try:
        final.adopt(parts[0].pk)
    except BlockingIOError:
        raise Locked from None
    # The process that received the part may have been killed before it made the last bytes durable.
    return store.recover(final.pk)


async def copy_part(append: Append, part: Part, first: Part) -> None:
    """Append what the final upload does not have yet of this part."""
    # The bytes of the first part are the final upload's own by now, and the part may be listed a second time.
    source = append.upload_id if part.pk == first.pk else part.pk
    for start, size in pieces(max(part.start, append.size), part.end):
        await append.copy_from(source, start - part.start, size)


def pieces(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Offsets and sizes that cover ``[start, end)``."""
    for offset in range(start, end, PIECE):
        yield offset, min(PIECE, end - offset)
