"""Where bytes are stored. Backends implement `picasso.storage.protocols`; nothing else knows paths of stored files."""

from __future__ import annotations

from picasso.storage.default import default_storage
from picasso.storage.protocols import (
    Delegation,
    FileReader,
    FileStore,
    FileWriter,
    Storage,
    UploadLock,
    UploadStat,
    UploadState,
    UploadStore,
    UploadWriter,
    Writer,
)

__all__ = [
    "Delegation",
    "FileReader",
    "FileStore",
    "FileWriter",
    "Storage",
    "UploadLock",
    "UploadStat",
    "UploadState",
    "UploadStore",
    "UploadWriter",
    "Writer",
    "default_storage",
]
