"""Storage in a folder of this machine, or of a disk that all machines share.

``incoming/`` takes new files while their bytes arrive, ``media/`` keeps finished files, ``uploads/`` keeps unfinished
uploads, ``orphans/`` what a sweep set aside. All lie on one disk: a file is renamed into place, and a crash leaves an
orphan for the sweep, never a row without bytes.
"""

from __future__ import annotations

from pathlib import Path

from picasso.storage.folder_files import FolderFiles, FreeSpace
from picasso.storage.folder_uploads import FolderUploads


class Folder:
    """A `picasso.storage.protocols.Storage`."""

    def __init__(self, root: Path, min_free_space: int = 0, accel_redirect: str = "") -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.space = FreeSpace(root / "incoming", min_free_space)
        self.files = FolderFiles(root, self.space, accel_redirect)
        self.uploads = FolderUploads(root, self.space, self.files)
