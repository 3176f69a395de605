"""Keys and bytes: where things lie. Knows files and folders, nothing of uploads, jobs or HTTP.

``incoming/`` takes bytes while they arrive; ``media/<type>/<subtype>/<xx>/<id>/<safe name>`` keeps them, and
``derived/`` beside an original keeps what was made from it, in ``scratch/`` (see `picasso.workdir`);
``uploads/<xx>/<id>`` is an upload that may go on, beside it its ``.state`` (see `picasso.receive.append`). All lie on
one disk, so that a file is renamed into place and a crash leaves an orphan to sweep, never a row without bytes.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import unicodedata
import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path

from django.conf import settings

from picasso.disk import Incoming, Stream, dirty_bytes, disk_full_reported, sync_path, syncfs, syncfs_serves
from picasso.errors import StorageFull
from picasso.workdir import LOCK

DERIVED = "derived"

# Enough for a file system's 255 bytes, with room for an extension that is kept when a name is cut.
MAX_NAME_BYTES = 200

# Measured: 16 small files took 0.30 ms each by fsync and 0.13 ms by one syncfs. Above that much dirty memory the
# syncfs might wait for somebody else's gigabyte.
SYNCFS_FROM = 3
SYNCFS_DIRTY = 32 * 2**20

# How file systems say that they know no hard links.
NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}

RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³"), DERIVED}


def safe_name(name: str) -> str:
    """A name that any file system, shell listing and terminal takes, as close to ``name`` as can be."""
    name = re.split(r"[/\\]", name)[-1]
    # Cc, Cf, Cs, Co, Cn: control characters, bidi overrides, lone surrogates, and what has no meaning yet.
    name = "".join(c for c in name if unicodedata.category(c)[0] != "C" and unicodedata.category(c) not in {"Zl", "Zp"})
    name = re.sub(r'[<>:"|?*]', "_", unicodedata.normalize("NFC", name)).lstrip()
    # Twice: a name can become a reserved one by being cut.
    return guarded(shortened(guarded(trimmed(name)))) or "file"


def trimmed(name: str) -> str:
    """Without the spaces and dots at the end that Windows would drop."""
    return re.sub(r"[\s.]+\Z", "", name)


def guarded(name: str) -> str:
    """With an underscore before what would be hidden or is the name of a device or of our own folder."""
    return f"_{name}" if name.startswith(".") or name.partition(".")[0].strip().lower() in RESERVED else name


def shortened(name: str) -> str:
    """Cut to `MAX_NAME_BYTES`, before its extension if it has one."""
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > 20:
        stem, dot, extension = name, "", ""
    room = MAX_NAME_BYTES - len((dot + extension).encode())
    return trimmed(stem.encode()[:room].decode(errors="ignore")) + dot + extension


def plain_name(name: str) -> bool:
    """Whether ``name`` can be a file's name below any folder as it is."""
    return bool(name) and name == safe_name(name)


def original_key(media_type: str, file_id: uuid.UUID, name: str) -> str:
    """Where an original lies below ``media/``; the last hex digits spread files evenly over 256 folders."""
    return f"{media_type}/{file_id.hex[-2:]}/{file_id}/{safe_name(name)}"


def derived_key(original: str, maker: str, attempt: int, file: str) -> str:
    """Each attempt has a folder of its own, so that one which lost its lease overwrites nothing of the next."""
    return f"{original.rpartition('/')[0]}/{DERIVED}/{maker}-{attempt}/{file}"


def state_of(upload: Path) -> Path:
    """What is remembered of an upload's bytes beside them."""
    return upload.with_name(f"{upload.name}.state")


def copy_durably(source: Path, target: Path) -> None:
    """For file systems that know no hard links."""
    shutil.copyfile(source, target)
    sync_path(target)


class Folder:
    """Storage in a folder of this machine, or of a disk that all machines share."""

    def __init__(self, root: Path, min_free_space: int = 0) -> None:
        self.incoming = root / "incoming"
        self.media = root / "media"
        self.scratches = root / "scratch"
        self.uploads = root / "uploads"
        self.min_free_space = min_free_space
        self._known: set[Path] = set()
        self._unsynced: set[Path] = set()
        self.orphans = root / "orphans"
        for folder in (self.incoming, self.media, self.scratches, self.uploads):
            folder.mkdir(parents=True, exist_ok=True)
        sync_path(root)
        self._syncfs_serves = syncfs_serves(self.media)

    def require_space(self, size: int = 0) -> None:
        """Raises `StorageFull` if ``size`` more bytes would leave less than the space that is to stay free."""
        disk = os.statvfs(self.incoming)
        if disk.f_bavail * disk.f_frsize - size < self.min_free_space:
            raise StorageFull

    def begin(self) -> Incoming:
        """A new file for bytes that arrive one after the other."""
        return Stream(self.incoming / uuid.uuid4().hex)

    def path(self, key: str) -> Path:
        path = self.media / key
        if ".." in path.parts:
            raise ValueError(f"not a key: {key!r}")
        return path

    def place(self, source: Path, key: str) -> None:
        """Rename into place. Durable after `sync`."""
        with disk_full_reported():
            source.rename(self._with_folder(key))

    def link(self, source: Path, key: str) -> None:
        """As `place`, but ``source`` stays as well, until it is known that a row points at the other."""
        target = self._with_folder(key)
        with disk_full_reported():
            try:
                os.link(source, target)
            except OSError as fault:
                if fault.errno not in NO_LINKS:
                    raise
                copy_durably(source, target)

    def upload(self, upload_id: uuid.UUID) -> Path:
        """Where the bytes of an upload lie that may go on."""
        return self.uploads / upload_id.hex[-2:] / str(upload_id)

    def begin_upload(self, upload_id: uuid.UUID) -> Path:
        path = self.upload(upload_id)
        with disk_full_reported():
            path.parent.mkdir(exist_ok=True)
            path.touch(0o644, exist_ok=False)
        return path

    def remove_upload(self, upload_id: uuid.UUID) -> None:
        """What is not there is no error."""
        path = self.upload(upload_id)
        for each in (state_of(path), path):  # by the second one the sweep finds what a crash left of the two
            each.unlink(missing_ok=True)

    def unfinished(self) -> Iterator[tuple[uuid.UUID, os.stat_result]]:
        """The id of every upload that has bytes, or a place for them."""
        for path in self.uploads.glob("??/*"):
            with suppress(ValueError, FileNotFoundError):
                yield uuid.UUID(path.name), path.stat()

    def forget_states(self, before: float) -> None:
        """What was written down then of an upload that was removed at that moment."""
        for path in self.uploads.glob("??/*.state"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before and not path.with_suffix("").exists():
                    path.unlink()

    def create(self, key: str) -> Incoming:
        """For what is in memory as a whole: written where it is to stay, for no row points there yet either."""
        with disk_full_reported():
            return Incoming(self._with_folder(key))

    def _with_folder(self, key: str) -> Path:
        path = self.path(key)
        self._shared_folder(path.parent.parent)
        path.parent.mkdir(exist_ok=True)
        return path

    def place_derived(self, source: Path, key: str) -> None:
        """As `place`, and durable on return; the original's folder must be there, or a deleted file would come back."""
        target = self.path(key)
        original = target.parent.parent.parent
        with disk_full_reported():
            for folder in (target.parent.parent, target.parent):
                folder.mkdir(exist_ok=True)
            sync_path(source)
            source.rename(target)
            for folder in (target.parent, target.parent.parent, original):
                sync_path(folder)

    def _shared_folder(self, folder: Path) -> None:
        """``<type>/<subtype>/<xx>``: made once and never removed; its name becomes durable with the next `sync`."""
        if folder in self._known:
            return
        parts = folder.relative_to(self.media).parts
        for depth in range(len(parts)):
            parent = self.media.joinpath(*parts[:depth])
            (parent / parts[depth]).mkdir(exist_ok=True)
            self._unsynced.add(parent)
        self._known.add(folder)

    def _taken_unsynced(self) -> set[Path]:
        """The folders whose entries may not be durable yet; from here on they are the caller's to sync."""
        taken = set()
        with suppress(KeyError):
            while True:
                taken.add(self._unsynced.pop())
        return taken

    def sync(self, placed: Sequence[tuple[Incoming, str]]) -> None:
        """On return these files and their names survive a power cut.

        Three fsyncs each; for many at once a single `syncfs` costs less, unless it had to wait for much that others
        have written to the same disk.
        """
        parents = self._taken_unsynced()
        try:
            if len(placed) >= SYNCFS_FROM and self._syncfs_serves and dirty_bytes() < SYNCFS_DIRTY:
                self._sync_all([incoming for incoming, _ in placed])
            else:
                self._sync_each(placed, parents)
        except BaseException:
            self._unsynced |= parents
            raise

    def _sync_all(self, placed: Sequence[Incoming]) -> None:
        for incoming in placed:
            incoming.written_back()
        syncfs(self.media)
        for incoming in placed:
            incoming.close()

    def _sync_each(self, placed: Sequence[tuple[Incoming, str]], parents: Iterable[Path]) -> None:
        for incoming, _ in placed:
            incoming.sync()
        self._sync_folders(key for _, key in placed)
        for parent in parents:
            sync_path(parent)

    def _sync_folders(self, keys: Iterable[str]) -> None:
        folders = {folder for key in keys for folder in self.path(key).parents[:2]}
        for folder in sorted(folders, key=lambda path: -len(path.parts)):
            sync_path(folder)

    def remove(self, key: str) -> None:
        """Remove an original and all that was derived from it. What is not there is no error."""
        shutil.rmtree(self._folder(key), ignore_errors=True)

    def set_aside(self, key: str, day: date) -> None:
        """Move a folder out of ``media/``, to where it can be found again for a while."""
        folder = self._folder(key)
        target = self.orphans / day.isoformat() / folder.relative_to(self.media)
        target.parent.mkdir(parents=True, exist_ok=True)
        folder.rename(target)

    def forget_orphans(self, before: date) -> None:
        """Delete what was set aside before that day."""
        for folder in self.orphans.glob("????-??-??"):
            if folder.name < before.isoformat():
                shutil.rmtree(folder, ignore_errors=True)

    def remove_derived(self, key: str) -> None:
        """Remove what one attempt derived, given any of its keys."""
        shutil.rmtree(self._folder(key), ignore_errors=True)

    def remove_earlier_attempts(self, key: str, keep: Collection[str] = ()) -> None:
        """Remove what attempts before this one derived, given any key of this one, but for the folders of ``keep``."""
        mine = self._folder(key)
        maker, _, attempt = mine.name.rpartition("-")
        kept = {self._folder(each) for each in keep}
        for other in mine.parent.glob(f"{maker}-*"):
            number = other.name.removeprefix(f"{maker}-")
            if re.fullmatch(r"\d+", number) and int(number) < int(attempt) and other not in kept:
                shutil.rmtree(other, ignore_errors=True)

    def _folder(self, key: str) -> Path:
        """The folder that ``key`` lies in. A key may end with its slash, which `Path.parent` would not heed."""
        folder = key.rpartition("/")[0]
        if not folder:
            raise ValueError(f"not a key: {key!r}")
        return self.path(folder)

    def probe(self) -> None:
        """Prove that bytes can be stored: raises `OSError` or `StorageFull`."""
        self.require_space()
        incoming = self.begin()
        try:
            incoming.write([b"probe"])
            incoming.sync()
        finally:
            incoming.discard()

    def abandoned(self, before: float) -> Iterator[Path]:
        """What nobody has written to since ``before`` (seconds since 1970), in ``incoming/`` and ``scratch/``.

        A worker's folder in ``scratch/`` has a lock, and is its worker's and its successors' to remove.
        """
        for folder in (self.incoming, self.scratches):
            for path in folder.iterdir():
                with suppress(FileNotFoundError):
                    if path.lstat().st_mtime < before and not (path / LOCK).exists():
                        yield path

    def stored(self) -> Iterator[tuple[uuid.UUID, str]]:
        """The id and key (without the name) of every original's folder."""
        for folder in self.media.glob("*/*/??/*"):
            try:
                yield uuid.UUID(folder.name), f"{folder.relative_to(self.media)}/"
            except ValueError:
                continue


def default_storage() -> Folder:
    """The storage that the settings name."""
    return Folder(settings.PICASSO.data_dir, settings.PICASSO.min_free_space)
