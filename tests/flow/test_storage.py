"""Keys and bytes on a real folder."""

from __future__ import annotations

import errno
import os
import random
import time
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest

from picasso.disk import disk_full_reported
from picasso.errors import StorageFull
from picasso.models import new_id
from picasso.storage import Folder, derived_key, original_key
from picasso.workdir import LOCK


@pytest.fixture
def storage(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def stored(storage: Folder, content: bytes = b"content") -> str:
    key = original_key("text/plain", new_id(), "a.txt")
    incoming = storage.begin()
    incoming.write([content])
    incoming.sync()
    storage.place(incoming.path, key)
    return key


def test_bytes_are_moved_into_place(storage: Folder) -> None:
    key = stored(storage, b"one")
    assert storage.path(key).read_bytes() == b"one"
    assert not list(storage.incoming.iterdir())
    other = Folder(storage.media.parent)
    assert other.path(key).read_bytes() == b"one"


def test_chunks_are_appended(storage: Folder) -> None:
    incoming = storage.begin()
    incoming.write([b"a", b"", b"bc"])
    incoming.write([b"d" * 100_000])
    incoming.sync()
    incoming.sync()
    assert incoming.path.read_bytes() == b"abc" + b"d" * 100_000
    incoming.discard()
    incoming.discard()
    assert not incoming.path.exists()


@pytest.mark.parametrize("many", [1, 2, 3, 40])
def test_many_are_synced_at_once(storage: Folder, many: int) -> None:
    """Above a few by one syncfs, below by fsyncs; the files are closed either way."""
    placed = []
    for n in range(many):
        key = original_key("text/plain", new_id(), f"{n}.txt")
        incoming = storage.create(key)
        incoming.write([b"%d" % n])
        placed.append((incoming, key))
    opened = len(os.listdir("/proc/self/fd"))
    storage.sync(placed)
    assert len(os.listdir("/proc/self/fd")) == opened - many
    assert [storage.path(key).read_bytes() for _, key in placed] == [b"%d" % n for n in range(many)]


def test_a_lost_write_is_not_forgiven_by_a_second_fsync(storage: Folder) -> None:
    incoming = storage.begin()
    incoming.write([b"x"])
    os.close(incoming._fd)  # so that fsync fails for real
    for _ in range(2):
        with pytest.raises(OSError, match="Bad file descriptor"):
            incoming.sync()
    incoming._fd = -1
    incoming.discard()


@pytest.mark.parametrize("key", ["../x", "text/../../x", "a/b/.."])
def test_no_key_leads_out(storage: Folder, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        storage.path(key)


def test_space_is_asked_for(storage: Folder) -> None:
    storage.require_space()
    storage.require_space(1000)
    free = os.statvfs(storage.incoming)
    with pytest.raises(StorageFull):
        storage.require_space(free.f_bavail * free.f_frsize + 2**30)
    storage.min_free_space = 2**60
    with pytest.raises(StorageFull):
        storage.require_space()
    with pytest.raises(StorageFull):
        storage.probe()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_called_so(number: int) -> None:
    with pytest.raises(StorageFull), disk_full_reported():
        raise OSError(number, os.strerror(number))


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(PermissionError), disk_full_reported():
        raise PermissionError


def test_probe_leaves_nothing(storage: Folder) -> None:
    storage.probe()
    assert not list(storage.incoming.iterdir())


def test_remove_takes_the_derived_too(storage: Folder) -> None:
    key, other = stored(storage), stored(storage)
    derive(storage, key, 1)
    storage.remove(key)
    storage.remove(key)
    assert not storage.path(key).parent.exists()
    assert storage.path(other).exists()


def derive(storage: Folder, key: str, attempt: int, maker: str = "image") -> Path:
    source = storage.scratches / "t.webp"
    source.write_bytes(b"%d" % attempt)
    made = derived_key(key, maker, attempt, "t.webp")
    storage.place_derived(source, made)
    return storage.path(made)


def test_attempts_do_not_meet(storage: Folder) -> None:
    key = stored(storage)
    attempts = [derive(storage, key, n) for n in (1, 2, 10)]
    other = [derive(storage, key, 1, "image-two"), derive(storage, key, 1, "text")]
    assert [path.read_bytes() for path in attempts] == [b"1", b"2", b"10"]
    storage.remove_earlier_attempts(derived_key(key, "image", 10, ""), [derived_key(key, "image", 1, "t.webp")])
    assert [path.exists() for path in attempts] == [True, False, True]
    attempts[1] = derive(storage, key, 2)
    storage.remove_earlier_attempts(derived_key(key, "image", 2, ""))
    assert [path.exists() for path in attempts] == [False, True, True]
    assert all(path.exists() for path in other)
    storage.remove_derived(derived_key(key, "image", 2, ""))
    assert not attempts[1].exists()
    assert storage.path(key).exists()


def test_nothing_is_derived_of_what_was_deleted(storage: Folder) -> None:
    key = stored(storage)
    storage.remove(key)
    with pytest.raises(FileNotFoundError):
        derive(storage, key, 1)
    assert not storage.path(key).parent.exists()


def test_what_is_stored_can_be_listed(storage: Folder) -> None:
    keys = {stored(storage) for _ in range(20)}
    (storage.media / "text" / "plain" / "ab").mkdir(exist_ok=True)
    (storage.media / "text" / "plain" / "ab" / "no id").mkdir()
    found = list(storage.stored())
    assert {f"{key}a.txt" for _, key in found} == keys
    assert all(str(file_id) in key for file_id, key in found)


def test_what_is_abandoned_can_be_listed(storage: Folder) -> None:
    old, new = storage.begin(), storage.begin()
    scratch, somebodys = storage.scratches / "unknown", storage.scratches / "somebody's"
    for folder in (scratch, somebodys):
        folder.mkdir()
    (somebodys / LOCK).touch()
    long_ago = time.time() - 9999
    for path in (old.path, scratch, somebodys):
        os.utime(path, (long_ago, long_ago))
    assert set(storage.abandoned(time.time() - 5000)) == {old.path, scratch}
    old.close()
    new.close()


def test_a_shared_folder_that_somebody_removed_fails_loudly(storage: Folder) -> None:
    """Known folders are not looked for again; an operator who tidies up gets errors, not lost files."""
    incoming = storage.begin()
    incoming.close()
    with pytest.raises(FileNotFoundError):
        storage.place(storage.incoming / uuid4().hex, original_key("text/plain", new_id(), "a"))
    assert incoming.path.exists()


@pytest.mark.parametrize(
    "chunk", [1, 100, 4095, 4096, 4097, 65_536, 262_144, 300_001, 2**20, 2**21, 2**21 + 1, 5_000_000]
)
@pytest.mark.parametrize("before", [0, 1, 4095])
def test_any_chunks_make_the_same_file(storage: Folder, chunk: int, before: int) -> None:
    """Blocks, buffers and what is left over between two writes."""
    content = random.Random(chunk).randbytes(min(6_000_000, chunk * 300) + before)
    pieces = [content[:before], *(content[start : start + chunk] for start in range(before, len(content), chunk))]
    incoming = storage.begin()
    for start in range(0, len(pieces), 40):
        incoming.write(pieces[start : start + 40])
    incoming.sync()
    assert incoming.path.read_bytes() == content
    incoming.discard()


def test_what_is_set_aside_can_be_found_again_for_a_while(storage: Folder) -> None:
    key = original_key("text/plain", new_id(), "a.txt")
    incoming = storage.create(key)
    incoming.write([b"kept"])
    storage.sync([(incoming, key)])
    storage.set_aside(key, date(2026, 1, 2))
    assert not storage.path(key).exists()
    aside = storage.orphans / "2026-01-02" / key
    assert aside.read_bytes() == b"kept"
    storage.forget_orphans(date(2026, 1, 2))
    assert aside.exists()
    storage.forget_orphans(date(2026, 1, 3))
    assert not aside.exists()
