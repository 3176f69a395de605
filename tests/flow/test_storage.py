"""The folder backend: what lies where on the disk. What holds for all backends is in `test_storage_contract`."""

from __future__ import annotations

import errno
import json
import os
import random
import threading
import time
from collections import Counter
from contextlib import nullcontext, suppress
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest

from picasso import workdir
from picasso.addresses import name_of
from picasso.errors import StorageFull
from picasso.models import new_id
from picasso.storage import folder_files
from picasso.storage.disk import disk_full_reported
from picasso.storage.folder import Folder
from picasso.storage.folder_files import SYNCFS_MIN_FILES, FolderFiles
from picasso.storage.names import derived_key, folder_of, original_key
from tests.waiting import SECONDS, in_background, outcome_of


@pytest.fixture
def storage(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def files(storage: Folder) -> FolderFiles:
    return storage.files


def stored(files: FolderFiles, content: bytes = b"content") -> str:
    key = original_key("text/plain", new_id(), "a.txt")
    writer = files.begin()
    writer.write([content])
    writer.sync()
    writer.place(key)
    files.sync([key])
    return key


def test_bytes_are_moved_into_place(files: FolderFiles, tmp_path: Path) -> None:
    key = stored(files, b"one")
    assert (tmp_path / "media" / key).read_bytes() == b"one"
    assert not list((tmp_path / "incoming").iterdir())
    assert Folder(tmp_path).files.path(key).read_bytes() == b"one"


def test_an_upload_lies_where_earlier_versions_look_for_it(storage: Folder, tmp_path: Path) -> None:
    upload_id = new_id()
    storage.uploads.begin(upload_id).release()
    path = tmp_path / "uploads" / upload_id.hex[-2:] / str(upload_id)
    path.write_bytes(b"content")
    path.with_name(f"{path.name}.state").write_text(json.dumps({"hash": bytes(40).hex(), "floor": 3}))
    assert storage.uploads.stat(upload_id).offset == 3
    assert storage.uploads.read_state(upload_id).hash == bytes(40)


def open_files(files: FolderFiles) -> list[str]:
    """Those of this process, which may close others meanwhile, that lie in the storage."""
    found = [name for fd in os.listdir("/proc/self/fd") for name in target_of(fd)]
    return [name for name in found if name.startswith(str(files.media.parent))]


def target_of(fd: str) -> list[str]:
    with suppress(FileNotFoundError):
        return [os.readlink(f"/proc/self/fd/{fd}")]
    return []


@pytest.mark.parametrize("many", [1, SYNCFS_MIN_FILES - 1, SYNCFS_MIN_FILES, 40])
def test_files_that_are_synced_are_closed(files: FolderFiles, many: int) -> None:
    """Above a few by one syncfs, below by fsyncs."""
    keys = [original_key("text/plain", new_id(), f"{n}.txt") for n in range(many)]
    for key in keys:
        files.create(key, [b"content"])
    assert len(open_files(files)) == many
    files.sync(keys)
    assert open_files(files) == []


def test_a_file_that_is_removed_before_its_sync_is_closed(files: FolderFiles) -> None:
    key = original_key("text/plain", new_id(), "a.txt")
    files.create(key, [b"content"])
    assert len(open_files(files)) == 1
    files.remove(key)
    assert open_files(files) == []
    assert not files.path(key).exists()


def test_a_lost_write_is_not_forgiven_by_a_second_fsync(files: FolderFiles) -> None:
    writer = files.begin()
    writer.write([b"x"])
    os.close(writer._fd)  # so that fsync fails for real
    for _ in range(2):
        with pytest.raises(OSError, match="Bad file descriptor"):
            writer.sync()
    writer._fd = -1
    writer.discard()


def test_a_lost_write_fails_each_batch_that_it_is_in(files: FolderFiles) -> None:
    writer, key = files.begin(), original_key("text/plain", new_id(), "a.txt")
    writer.write([b"x"])
    writer.place(key)
    descriptor, writer._fd = writer._fd, os.open("/dev/null", os.O_WRONLY)
    os.close(writer._fd)  # so that fsync fails for real
    for _ in range(2):
        with pytest.raises(OSError, match="Bad file descriptor"):
            files.sync([key])
    os.close(descriptor)
    writer._fd = -1
    files.remove(key)


@pytest.mark.parametrize("fails", [False, True], ids=["", "fails"])
def test_a_file_waits_for_the_new_folder_that_another_thread_syncs(
    files: FolderFiles, monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    """Or else its upload would be answered before its folder is durable. If the other thread fails, it syncs itself."""
    keys = [f"text/plain/ab/{new_id()}-a.txt" for _ in range(2)]
    for key in keys:
        files.create(key, [b"content"])
    at_it, go_on, synced = threading.Event(), threading.Event(), Counter[Path]()

    def sync_path(path: Path) -> None:
        if path == files.media and not at_it.is_set():
            at_it.set()
            assert go_on.wait(SECONDS)
            if fails:
                raise OSError(errno.EIO, "the disk is broken")
        synced[path] += 1

    monkeypatch.setattr(folder_files, "sync_path", sync_path)
    first = in_background(files.sync, keys[:1])
    assert at_it.wait(SECONDS)
    second = in_background(files.sync, keys[1:])
    time.sleep(0.05)  # too short a time can't make it fail
    assert not second.done()
    go_on.set()
    with pytest.raises(OSError, match="broken") if fails else nullcontext():
        outcome_of(first)
    outcome_of(second)
    assert synced.keys() >= {files.media, files.media / "text", files.media / "text" / "plain"}


@pytest.mark.parametrize("at_once", [True, False], ids=["syncfs", "each"])
def test_what_is_made_of_a_file_is_durable_when_it_is_there(
    files: FolderFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, at_once: bool
) -> None:
    original = stored(files)
    folder = files.path(folder_of(original))
    targets = [derived_key(original, "image", 1, name) for name in ("a.webp", "b.webp")]
    sources = dict.fromkeys(targets, tmp_path)
    for n, target in enumerate(targets):
        sources[target] = tmp_path / f"{n}"
        sources[target].write_bytes(b"content")
    synced: list[tuple[str, Path]] = []
    for name in ("sync_path", "write_back", "syncfs"):
        monkeypatch.setattr(folder_files, name, lambda path, name=name: synced.append((name, path)))
    monkeypatch.setattr(files, "_should_syncfs", lambda: at_once)
    files.add_derived(sources, original)
    paths = [files.path(target) for target in targets]
    if at_once:
        assert synced == [*(("write_back", path) for path in paths), ("syncfs", files.media)]
    else:
        folders = {folder.parent, folder, *(each for path in paths for each in (path.parent, path.parents[1]))}
        assert {path for name, path in synced if name == "sync_path"} == {*paths, *folders}


def test_nothing_is_left_of_a_file_that_is_removed_while_something_is_made_of_it(
    files: FolderFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = stored(files)
    key, source, move = derived_key(original, "image", 1, "a.webp"), tmp_path / "a", folder_files.move
    source.write_bytes(b"content")

    def remove_first(source: Path, target: Path) -> None:
        files.remove(original)
        target.parents[1].mkdir(parents=True)  # as if it had been made while that removed the folder
        move(source, target)

    monkeypatch.setattr(folder_files, "move", remove_first)
    with pytest.raises(FileNotFoundError, match=original):
        files.add_derived({key: source}, original)
    assert not list(files.media.glob("*/*/*/*"))


def test_space_is_asked_for(storage: Folder, tmp_path: Path) -> None:
    free = os.statvfs(tmp_path)
    with pytest.raises(StorageFull):
        storage.files.require_space(free.f_bavail * free.f_frsize + 2**40)
    storage.space.minimum = 2**60
    for store in (storage.files, storage.uploads):
        with pytest.raises(StorageFull):
            store.require_space()
    with pytest.raises(StorageFull):
        storage.files.probe()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_called_so(number: int) -> None:
    with pytest.raises(StorageFull), disk_full_reported():
        raise OSError(number, os.strerror(number))


@pytest.mark.parametrize("operation", ["create", "place", "land"])
def test_a_disk_that_is_too_full_for_a_folder_is_called_so(
    storage: Folder, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    key, upload_id, writer = original_key("text/plain", new_id(), "a.txt"), new_id(), storage.files.begin()
    storage.uploads.begin(upload_id).release()

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "mkdir", full)
    calls = {
        "create": lambda: storage.files.create(key, [b"x"]),
        "place": lambda: writer.place(key),
        "land": lambda: storage.uploads.land(upload_id, key),
    }
    with pytest.raises(StorageFull):
        calls[operation]()
    writer.discard()


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(PermissionError), disk_full_reported():
        raise PermissionError


def test_what_is_no_original_is_not_walked_over(files: FolderFiles) -> None:
    key = stored(files)
    (files.media / "text" / "plain" / "ab").mkdir(exist_ok=True)
    (files.media / "text" / "plain" / "ab" / "no id").mkdir()
    assert [found for _, found in files.walk()] == [key]


def test_what_is_abandoned_is_removed(files: FolderFiles, tmp_path: Path) -> None:
    old, new = files.begin(), files.begin()
    scratch = tmp_path / "scratch"
    ours, somebodys = scratch / "unknown", scratch / "somebody's"
    for folder in (ours, somebodys):
        folder.mkdir(parents=True)
    (somebodys / workdir.LOCK).touch()
    long_ago = time.time() - 9999
    for path in (old.path, ours, somebodys):
        os.utime(path, (long_ago, long_ago))
    assert files.remove_abandoned(time.time() - 5000) == [old.path.name]
    assert workdir.remove_abandoned(scratch, time.time() - 5000) == ["unknown"]
    assert (old.path.exists(), new.path.exists(), ours.exists(), somebodys.exists()) == (False, True, False, True)
    old.close()
    new.close()


def test_without_a_scratch_folder_nothing_is_abandoned(tmp_path: Path) -> None:
    assert workdir.remove_abandoned(tmp_path / "scratch", time.time()) == []


def test_a_shared_folder_that_somebody_removed_fails_loudly(files: FolderFiles) -> None:
    """Known folders are not looked for again; an operator who tidies up gets errors, not lost files."""
    writer = files.begin()
    writer.path.rename(files.incoming / uuid4().hex)
    with pytest.raises(FileNotFoundError):
        writer.place(original_key("text/plain", new_id(), "a"))
    writer.close()


@pytest.mark.parametrize(
    "chunk", [1, 100, 4095, 4096, 4097, 65_536, 262_144, 300_001, 2**20, 2**21, 2**21 + 1, 5_000_000]
)
@pytest.mark.parametrize("before", [0, 1, 4095])
def test_any_chunks_make_the_same_file(files: FolderFiles, chunk: int, before: int) -> None:
    """Blocks, buffers and what is left over between two writes."""
    content = random.Random(chunk).randbytes(min(6_000_000, chunk * 300) + before)
    pieces = [content[:before], *(content[start : start + chunk] for start in range(before, len(content), chunk))]
    writer = files.begin()
    for start in range(0, len(pieces), 40):
        writer.write(pieces[start : start + 40])
    writer.sync()
    assert writer.path.read_bytes() == content
    writer.discard()
    assert not writer.path.exists()


def test_what_is_set_aside_can_be_found_again_for_a_while(files: FolderFiles) -> None:
    key = stored(files, b"kept")
    files.set_aside(key, date(2026, 1, 2))
    assert not files.path(key).exists()
    aside = files.orphans / "2026-01-02" / key
    assert aside.read_bytes() == b"kept"
    files.remove_set_aside(date(2026, 1, 2))
    assert aside.exists()
    files.remove_set_aside(date(2026, 1, 3))
    assert not aside.exists()


def test_derivatives_are_set_aside_beside_their_original(files: FolderFiles) -> None:
    original, day = stored(files, b"kept"), date(2026, 1, 2)
    folder = folder_of(original)
    derived = [f"{folder}/derived/image-{attempt}/small.webp" for attempt in (1, 2)]
    for key in derived:
        files.path(key).parent.mkdir(parents=True)
        files.path(key).write_bytes(key.encode())
    files.set_aside_derived(derived[0], day)
    files.set_aside_derived(derived[0], day)
    assert files.path(original).exists()
    assert not files.path(derived[0]).exists()
    files.set_aside(original, day)
    aside = files.orphans / "2026-01-02"
    assert not files.path(folder).exists()
    assert (aside / original).read_bytes() == b"kept"
    assert [(aside / key).read_bytes() for key in derived] == [key.encode() for key in derived]


def test_an_original_in_the_folder_of_its_derivatives_is_still_known(files: FolderFiles) -> None:
    """Where the first versions stored it."""
    file_id = new_id()
    old = f"text/plain/ab/{file_id}/a-b.txt"
    derived = derived_key(old, "image", 1, "small.webp")
    assert (name_of(old), name_of(derived), folder_of(old)) == ("a-b.txt", "small.webp", f"text/plain/ab/{file_id}")
    files.path(old).parent.mkdir(parents=True)
    files.path(old).write_bytes(b"old")
    source = files.incoming / "made"
    source.write_bytes(b"made")
    files.add_derived({derived: source}, old)
    assert list(files.walk()) == [(file_id, f"text/plain/ab/{file_id}/")]
    assert files.derived(f"text/plain/ab/{file_id}/", time.time() + 60) == [derived]
    with files.local_copy(old) as path:
        assert path.read_bytes() == b"old"
    files.remove(old)
    assert not list(files.walk())


def test_nothing_derived_outlives_its_original(files: FolderFiles) -> None:
    """Also not what is placed in the moment in which the original is removed."""
    original = stored(files)
    source = files.incoming / "made"
    source.write_bytes(b"made")
    files.path(original).unlink()  # `remove` begins with it
    with pytest.raises(FileNotFoundError):
        files.add_derived({derived_key(original, "image", 1, "small.webp"): source}, original)
    assert not list(files.walk())


def test_what_was_derived_stays_when_its_original_can_not_be_asked_for(files: FolderFiles) -> None:
    original = stored(files)
    keys = [derived_key(original, "image", 1, name) for name in ("small.webp", "large.webp")]
    for key in keys:
        source = files.incoming / "made"
        source.write_bytes(b"made")
        with pytest.raises(OSError, match="symbolic links") if key == keys[-1] else nullcontext():
            files.add_derived({key: source}, original)
        path = files.path(original)
        path.unlink()
        path.symlink_to(path.name)  # a fault of the disk that is no "not found"
    assert files.path(keys[0]).read_bytes() == b"made"


def test_nginx_serves_what_it_is_told_to(tmp_path: Path) -> None:
    files = Folder(tmp_path, accel_redirect="/stored/").files
    delegation = files.serve("text/plain/ab/id/ä b.txt", {"ETag": '"x"'})
    assert delegation
    assert delegation.status == 200
    assert delegation.headers == {"ETag": '"x"', "X-Accel-Redirect": "/stored/text/plain/ab/id/%C3%A4%20b.txt"}
    assert Folder(tmp_path).files.serve("a/b/c/d/e", {}) is None
