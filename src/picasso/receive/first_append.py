"""The first append to an upload, with all of its bytes at once.

A small file that a client creates first and then sends in one piece is committed as a plain upload is: from memory, not
by way of the upload's own file. It is guarded by the lock of that file, and by the row, which becomes a file only once.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from picasso.errors import Conflict, Locked
from picasso.models import File, Upload
from picasso.receive.content import NewContent, NewFileOutput
from picasso.receive.hashing import Hash
from picasso.receive.locked_upload import Services
from picasso.receive.new_file import of_upload
from picasso.storage import UploadLock

# The rows of so many new uploads are kept, so that their first append need not ask for them; and only small ones.
MAX_NEW, MAX_METADATA = 1000, 2000


class NewUploads:
    """The newest uploads of a process that nothing was appended to yet, as they were inserted."""

    def __init__(self) -> None:
        self._rows: dict[uuid.UUID, Upload] = {}

    def add(self, row: Upload) -> None:
        if len(row.metadata) > MAX_METADATA or row.attributes or not is_simple(row):
            return
        if len(self._rows) >= MAX_NEW:
            del self._rows[next(iter(self._rows))]
        self._rows[row.pk] = row

    def take(self, upload_id: uuid.UUID) -> Upload | None:
        """Only once: what another request has changed since shows when it is committed."""
        return self._rows.pop(upload_id, None)


def is_simple(row: Upload) -> bool:
    """Whether it becomes a file as soon as all bytes of its length are there, whatever they are."""
    return row.protocol == Upload.Protocol.TUS and not row.concat and not row.digest and row.length is not None


def waits_for_all(row: Upload, size: int) -> bool:
    """Whether these are all of its bytes, as far as its row tells."""
    return is_simple(row) and not row.finished and row.length == size


class ClaimingContent(NewContent):
    """New content of an upload that has none. It takes the lock of the upload when it is stored."""

    def __init__(self, services: Services, row: Upload, checks: Sequence[Hash] = ()) -> None:
        super().__init__(NewFileOutput(services.storage.files), row.length or 0, services.threads, checks)
        self._uploads = services.storage.uploads
        self._upload_id = row.pk
        self._life = services.limits.life(row, 0)
        self._lock: UploadLock | None = None

    def store(self, key: str) -> None:
        """Raises `Locked`, `Conflict`: another request was faster, or the upload has expired."""
        try:
            self._lock = self._uploads.lock(self._upload_id)
            found = self._uploads.stat(self._upload_id)
        except BlockingIOError:
            raise Locked from None
        except FileNotFoundError:
            raise Conflict from None
        if found.offset or found.modified_at + self._life < time.time():
            raise Conflict
        super().store(key)

    def release(self) -> None:
        super().release()
        if self._lock:
            self._lock.release()


@dataclass(frozen=True, slots=True)
class FirstAppend:
    """To be made with all bytes of the upload, or not at all."""

    services: Services
    row: Upload

    def content(self, checks: Sequence[Hash] = ()) -> ClaimingContent:
        return ClaimingContent(self.services, self.row, checks)

    async def commit(self, content: NewContent) -> File:
        """Make it a file. Raises `Conflict`, `Locked` if another request was faster, and as `Committer.commit`."""
        row, services = self.row, self.services
        file = await services.committer.commit(content, of_upload(row))
        row.file_id, row.finished_at = file.pk, datetime.now(UTC)
        await services.threads.in_writer(services.storage.uploads.remove, row.pk)
        return file
