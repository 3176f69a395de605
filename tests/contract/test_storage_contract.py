"""What every storage backend keeps to, as `picasso.storage.protocols` says it.

Only the protocols are used here, so a new backend joins by a line in `BACKENDS`.
"""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from picasso.errors import StorageFull
from picasso.models import new_id
from picasso.storage import FileStore, Storage, UploadState, UploadStore, Writer, disk
from picasso.storage.blocks import BLOCK, Block
from picasso.storage.folder import Folder
from picasso.storage.names import derived_key, original_key
from tests.waiting import join

DATA = random.Random(4).randbytes(3 * 2**20 + 17)


def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    yield Folder(tmp_path)


def folder_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """A file system of another kind, which has no `syncfs` that can be relied on."""
    root = Path(f"/dev/shm/picasso-{uuid.uuid4().hex}")
    if not os.access(root.parent, os.W_OK):
        pytest.skip("there is no /dev/shm")
    yield Folder(root)
    subprocess.run(["rm", "-r", str(root)], check=True)


def plain_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """A file system that refuses all that others offer: hard links, direct writes, copies of ranges, `syncfs`."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(os, "copy_file_range", refuse)
    monkeypatch.setattr(disk, "O_DIRECT", 0)
    monkeypatch.setattr("picasso.storage.folder_files.can_syncfs", lambda _: False)
    yield Folder(tmp_path)


BACKENDS = [folder, folder_in_memory, plain_folder]


@pytest.fixture(params=BACKENDS, ids=lambda backend: backend.__name__)
def storage(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    (tmp_path / "storage").mkdir()
    yield from request.param(tmp_path / "storage", monkeypatch)


@pytest.fixture
def files(storage: Storage) -> FileStore:
    return storage.files


@pytest.fixture
def uploads(storage: Storage) -> UploadStore:
    return storage.uploads


def key(name: str = "a.txt") -> str:
    return original_key("text/plain", new_id(), name)


def created(files: FileStore, content: bytes = b"content") -> str:
    made = key()
    files.create(made, [content])
    files.sync([made])
    return made


def content(files: FileStore, key: str, start: int = 0, stop: int | None = None, size: int = 100_000) -> bytes:
    with closing(files.open(key, start, stop)) as file:
        return b"".join(iter(lambda: file.read(size), b""))


def exists(files: FileStore, key: str) -> bool:
    try:
        files.open(key).close()
    except FileNotFoundError:
        return False
    return True


def derived(files: FileStore, tmp_path: Path, original: str, attempt: int, processor: str = "image") -> str:
    source = tmp_path / "made.webp"
    source.write_bytes(b"%d" % attempt)
    made = derived_key(original, processor, attempt, "made.webp")
    files.add_derived({made: source}, original)
    assert not source.exists()
    return made


def in_block(data: bytes) -> memoryview:
    block = Block(len(data) + BLOCK)
    block.append(data)
    return block.view[: block.end]


def append_at_random(writer: Writer, data: bytes, chance: random.Random) -> None:
    """Chunks of all sizes, by both methods, as a body comes that is read directly in its middle."""
    written = 0
    while written < len(data):
        piece = data[written : written + chance.choice([1, 100, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 200_000])]
        written += len(piece)
        if chance.random() < 0.5:
            writer.write([piece[:7], b"", piece[7:]])
            continue
        piece = writer.take_rest() + piece
        if written < len(data):  # only the last piece of a file may end within a block
            whole = len(piece) - len(piece) % BLOCK
            writer.write_block(in_block(piece[:whole]))
            writer.write([piece[whole:]])
        else:
            writer.write_block(in_block(piece))


# Files


def test_written_bytes_can_be_read_before_the_file_is_placed(files: FileStore) -> None:
    writer = files.begin()
    writer.write([DATA[:100_000], DATA[100_000:]])
    writer.sync()
    assert writer.read(2**20 - 3, 100) == DATA[2**20 - 3 : 2**20 + 97]
    assert writer.read(len(DATA) - 5, 100) == DATA[-5:]
    assert writer.read(len(DATA) + 5, 100) == b""
    writer.place(name := key())
    with closing(files.open(name)) as reader:
        assert reader.read(len(DATA) + 1) == DATA


def test_a_small_file(files: FileStore) -> None:
    made = key()
    files.create(made, [b"con", b"", b"tent"])
    files.sync([made])
    files.sync([made])
    assert content(files, made) == b"content"


@pytest.mark.parametrize("seed", range(5))
def test_a_large_file_in_any_pieces(files: FileStore, seed: int) -> None:
    writer, made = files.begin(), key()
    append_at_random(writer, DATA, random.Random(seed))
    writer.sync()
    writer.sync()
    writer.place(made)
    files.sync([made])
    assert content(files, made) == DATA


@pytest.mark.parametrize("many", [1, 2, 3, 40])
def test_many_are_synced_at_once(files: FileStore, many: int) -> None:
    made = [key(f"{n}.txt") for n in range(many)]
    for n, each in enumerate(made):
        files.create(each, [b"%d" % n])
    opened = len(os.listdir("/proc/self/fd"))
    files.sync(made)
    assert len(os.listdir("/proc/self/fd")) <= opened
    assert [content(files, each) for each in made] == [b"%d" % n for n in range(many)]


def test_a_discarded_file_leaves_nothing(files: FileStore) -> None:
    writer = files.begin()
    writer.write([DATA])
    writer.discard()
    writer.discard()
    assert files.remove_abandoned(time.time() + 10) == []
    assert not list(files.walk())


def test_a_placed_file_survives_a_discard(files: FileStore) -> None:
    writer, made = files.begin(), key()
    writer.write([b"content"])
    writer.sync()
    writer.place(made)
    writer.discard()
    assert content(files, made) == b"content"


def test_what_was_begun_and_abandoned_can_be_removed(files: FileStore) -> None:
    writer, made = files.begin(), created(files)
    writer.write([DATA])
    assert files.remove_abandoned(time.time() - 100) == []
    assert len(files.remove_abandoned(time.time() + 100)) == 1
    assert files.remove_abandoned(time.time() + 100) == []
    writer.discard()
    assert content(files, made) == b"content"


@pytest.mark.parametrize(("start", "stop"), [(0, 0), (0, 1), (5, 9), (100_000, None), (len(DATA) - 1, len(DATA))])
@pytest.mark.parametrize("size", [1000, 2**20])
def test_ranges(files: FileStore, start: int, stop: int | None, size: int) -> None:
    assert content(files, created(files, DATA), start, stop, size) == DATA[start:stop]


def test_what_is_not_there_is_not_found(files: FileStore) -> None:
    with pytest.raises(FileNotFoundError):
        files.open(key())
    with pytest.raises(FileNotFoundError), files.local_copy(key()):
        pass
    files.remove(key())
    files.remove_derived(derived_key(key(), "image", 1, ""))


@pytest.mark.parametrize("bad", ["../x/y/z", "text/../../x/y", "a/b/.."])
def test_no_key_leads_out(files: FileStore, bad: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        files.open(bad)
    with pytest.raises(ValueError, match="not a key"):
        files.create(bad, [b"x"])


def test_a_local_copy_can_be_linked_and_outlives_the_file(files: FileStore, tmp_path: Path) -> None:
    made = created(files, DATA)
    with files.local_copy(made) as path:
        assert path.read_bytes() == DATA
        kept = tmp_path / "kept"
        kept.write_bytes(path.read_bytes())
        with path.open("rb") as opened:
            files.remove(made)
            assert opened.read() == DATA


def test_who_serves_gets_the_headers_or_nobody_does(files: FileStore) -> None:
    delegation = files.serve(created(files), {"Content-Type": "text/plain"})
    assert delegation is None or delegation.headers["Content-Type"] == "text/plain"


def test_a_removed_file_takes_its_derivatives(files: FileStore, tmp_path: Path) -> None:
    gone, kept = created(files), created(files)
    made = derived(files, tmp_path, gone, 1)
    files.remove(gone)
    files.remove(gone)
    assert not exists(files, gone)
    assert not exists(files, made)
    assert exists(files, kept)


def test_nothing_is_derived_of_a_removed_file(files: FileStore, tmp_path: Path) -> None:
    gone = created(files)
    files.remove(gone)
    with pytest.raises(FileNotFoundError):
        derived(files, tmp_path, gone, 1)
    assert not list(files.walk())


def test_attempts_do_not_meet(files: FileStore, tmp_path: Path) -> None:
    original = created(files)
    attempts = [derived(files, tmp_path, original, n) for n in (1, 2, 10)]
    others = [derived(files, tmp_path, original, 1, "image-two"), derived(files, tmp_path, original, 1, "text")]
    assert [content(files, each) for each in attempts] == [b"1", b"2", b"10"]
    files.remove_earlier_attempts(derived_key(original, "image", 10, ""), [attempts[0]])
    assert [exists(files, each) for each in attempts] == [True, False, True]
    files.remove_earlier_attempts(derived_key(original, "image", 2, ""))
    assert [exists(files, each) for each in attempts] == [False, False, True]
    files.remove_derived(derived_key(original, "image", 10, ""))
    assert not exists(files, attempts[2])
    assert all(exists(files, each) for each in (original, *others))


def test_what_was_derived_is_found_with_its_age(files: FileStore, tmp_path: Path) -> None:
    original, other = created(files), created(files)
    made = {derived(files, tmp_path, original, n) for n in (1, 2)}
    derived(files, tmp_path, other, 1)
    assert set(files.derived(original, time.time() + 60)) == made
    assert files.derived(original, time.time() - 60) == []
    assert files.derived(key(), time.time() + 60) == []


def test_all_originals_are_found(files: FileStore, tmp_path: Path) -> None:
    made = {created(files) for _ in range(20)}
    derived(files, tmp_path, next(iter(made)), 1)
    found = list(files.walk())
    assert {key for _, key in found if not key.endswith("/")} == made
    assert sum(key.endswith("/") for _, key in found) == 1, "the folder of what was derived"
    assert all(str(file_id) in key for file_id, key in found)


def test_what_walk_gives_can_be_set_aside_and_removed(files: FileStore) -> None:
    today = timezone.now().date()
    aside, gone = created(files), created(files)
    for _, found in list(files.walk()):
        if found == aside:
            files.set_aside(found, today)
        else:
            files.remove(found)
    assert not exists(files, aside)
    assert not exists(files, gone)
    assert not list(files.walk())
    files.remove_set_aside(today)
    files.remove_set_aside(today + timedelta(days=1))


def test_a_full_disk_is_called_so(files: FileStore, uploads: UploadStore) -> None:
    for store in (files, uploads):
        store.require_space()
        store.require_space(1000)
        with pytest.raises(StorageFull):
            store.require_space(2**80)


def test_a_probe_leaves_nothing(files: FileStore) -> None:
    files.probe()
    assert files.remove_abandoned(time.time() + 10) == []
    assert not list(files.walk())


# Uploads


@pytest.fixture
def begun(uploads: UploadStore) -> Callable[..., uuid.UUID]:
    """An upload that nobody holds, with some content."""

    def begin(content: bytes = b"") -> uuid.UUID:
        upload_id = new_id()
        lock = uploads.begin(upload_id)
        if content:
            append(uploads, upload_id, 0, content)
        lock.release()
        return upload_id

    return begin


def append(uploads: UploadStore, upload_id: uuid.UUID, offset: int, content: bytes) -> None:
    with closing(uploads.append(upload_id, offset)) as writer:
        writer.write([content])
        writer.sync()


def all_of(uploads: UploadStore, upload_id: uuid.UUID, start: int = 0, stop: int | None = None) -> bytes:
    return b"".join(uploads.read(upload_id, start, stop))


Begun = Callable[..., uuid.UUID]


@pytest.mark.parametrize("seed", range(5))
def test_an_upload_goes_on_in_any_pieces(uploads: UploadStore, begun: Begun, seed: int) -> None:
    upload_id, chance, written = begun(), random.Random(seed), 0
    while written < len(DATA):
        piece = DATA[written : written + chance.randint(1, 700_000)]
        with closing(uploads.append(upload_id, written)) as writer:
            append_at_random(writer, piece, chance)
            written += len(piece)
            assert uploads.stat(upload_id).offset == written
            writer.sync()
        writer.close()
        assert uploads.recover(upload_id) == written
    assert all_of(uploads, upload_id) == DATA


def test_what_was_written_counts_though_nobody_closed_it(uploads: UploadStore, begun: Begun) -> None:
    upload_id = begun()
    writer = uploads.append(upload_id, 0)
    writer.write([b"con", b"tent"])
    assert uploads.stat(upload_id).offset == uploads.recover(upload_id) == 7
    writer.close()


def test_an_upload_can_be_truncated(uploads: UploadStore, begun: Begun) -> None:
    upload_id = begun(b"content")
    with closing(uploads.append(upload_id, 7)) as writer:
        writer.write([b" and more"])
        writer.truncate(3)
        writer.write([b"crete"])
        writer.sync()
    assert all_of(uploads, upload_id) == b"concrete"


@pytest.mark.parametrize(("start", "stop"), [(0, 0), (3, 9), (1_000_000, None), (2**20 + 1, 3 * 2**20)])
def test_an_upload_can_be_read(uploads: UploadStore, begun: Begun, start: int, stop: int | None) -> None:
    assert all_of(uploads, begun(DATA), start, stop) == DATA[start:stop]


def test_an_upload_that_is_too_short_is_an_error(uploads: UploadStore, begun: Begun) -> None:
    with pytest.raises(OSError, match="shorter"):
        all_of(uploads, begun(b"content"), 0, 8)


def test_an_upload_that_is_not_there(uploads: UploadStore) -> None:
    nowhere = new_id()
    for verb in (uploads.stat, uploads.lock, uploads.recover):
        with pytest.raises(FileNotFoundError):
            verb(nowhere)
    with pytest.raises(FileNotFoundError):
        uploads.append(nowhere, 0)
    with pytest.raises(FileNotFoundError):
        all_of(uploads, nowhere)
    with pytest.raises(FileNotFoundError):
        uploads.land(nowhere, key())
    assert not uploads.exists(nowhere)
    uploads.touch(nowhere)
    uploads.remove(nowhere)


def test_no_two_have_one_id(uploads: UploadStore, begun: Begun) -> None:
    with pytest.raises(FileExistsError):
        uploads.begin(begun())


def test_one_lock_each(uploads: UploadStore) -> None:
    upload_id, refused = new_id(), []

    def try_to_lock() -> None:
        try:
            uploads.lock(upload_id).release()
        except BlockingIOError:
            refused.append(True)

    lock = uploads.begin(upload_id)
    thread = threading.Thread(target=try_to_lock, daemon=True)
    thread.start()
    join(thread)
    try_to_lock()
    assert len(refused) == 2
    lock.release()
    second = uploads.lock(upload_id)
    lock.release()
    try_to_lock()
    assert len(refused) == 3
    second.release()
    try_to_lock()
    assert len(refused) == 3


def test_an_unverified_chunk_does_not_count(uploads: UploadStore, begun: Begun) -> None:
    upload_id = begun(DATA[:5000])
    kept = UploadState((100).to_bytes(8, "big") + bytes(32))
    uploads.write_state(upload_id, UploadState(kept.hash, floor=100), durable=True)
    assert uploads.stat(upload_id).offset == 100
    assert uploads.recover(upload_id) == 100
    assert uploads.read_state(upload_id) == kept
    assert all_of(uploads, upload_id) == DATA[:100]
    assert uploads.stat(upload_id).offset == 100


def test_states(uploads: UploadStore, begun: Begun) -> None:
    upload_id = begun()
    assert uploads.read_state(upload_id) == UploadState()
    for n in (300, 40, 299):
        state = UploadState(random.Random(n).randbytes(40 + n % 64), None if n % 2 else 7, synced=n)
        uploads.write_state(upload_id, state, durable=n == 40)
        assert uploads.read_state(upload_id) == state
    uploads.remove(upload_id)
    assert uploads.read_state(upload_id) == UploadState()


def test_a_join(uploads: UploadStore, begun: Begun) -> None:
    pieces = [DATA[:100_001], DATA[100_001:1_500_000], DATA[1_500_000:]]
    first, *others = (begun(piece) for piece in pieces)
    state = UploadState(len(pieces[0]).to_bytes(8, "big") + bytes(32))
    uploads.write_state(first, state)
    whole = new_id()
    lock = uploads.begin(whole)
    adopted = uploads.adopt(whole, first)
    lock.release()
    with pytest.raises(BlockingIOError):
        uploads.lock(whole)
    assert uploads.read_state(whole) == state
    assert not uploads.exists(first)
    offset = uploads.recover(whole)
    assert offset == len(pieces[0])
    with closing(uploads.append(whole, offset)) as writer:
        writer.copy_from(others[0], 0, 1000)
        writer.copy_from(others[0], 1000, len(pieces[1]) - 1000)
        writer.copy_from(others[1], 0, len(pieces[2]))
        writer.copy_from(whole, 5, 10)
        with pytest.raises(OSError, match="shorter"):
            writer.copy_from(others[1], len(pieces[2]) - 10, 11)
        writer.truncate(len(DATA) + 10)
        writer.sync()
    adopted.release()
    assert all_of(uploads, whole) == DATA + DATA[5:15]
    assert [all_of(uploads, each) for each in others] == pieces[1:]


def test_a_part_that_is_locked_is_not_adopted(uploads: UploadStore, begun: Begun) -> None:
    part, whole = begun(b"content"), new_id()
    own, others = uploads.begin(whole), uploads.lock(part)
    with pytest.raises(BlockingIOError):
        uploads.adopt(whole, part)
    assert all_of(uploads, part) == b"content"
    others.release()
    own.release()


def test_an_upload_lands_as_often_as_it_has_to(storage: Storage, begun: Begun) -> None:
    upload_id = begun(DATA)
    landed = [key(), key()]
    for each in landed:
        storage.uploads.land(upload_id, each)
        storage.files.sync([each])
    assert all_of(storage.uploads, upload_id) == DATA
    storage.uploads.remove(upload_id)
    assert [content(storage.files, each) for each in landed] == [DATA, DATA]
    storage.files.remove(landed[0])
    assert content(storage.files, landed[1]) == DATA


def test_uploads_are_found_with_their_age(uploads: UploadStore, begun: Begun) -> None:
    before = time.time() - 5
    made = [begun(b"content"), begun()]
    assert {upload_id for upload_id, _ in uploads.walk()} == set(made)
    assert all(before < modified_at < time.time() + 5 for _, modified_at in uploads.walk())
    first = uploads.stat(made[0]).modified_at
    time.sleep(0.02)
    uploads.touch(made[0])
    assert first < uploads.stat(made[0]).modified_at == dict(uploads.walk())[made[0]]


def test_states_without_an_upload_are_removed_after_a_while(uploads: UploadStore, begun: Begun) -> None:
    kept, gone = begun(b"content"), begun()
    uploads.remove(gone)
    for each in (kept, gone):
        uploads.write_state(each, UploadState(bytes(40)))
    assert uploads.remove_abandoned(time.time() - 100) == []
    assert len(uploads.remove_abandoned(time.time() + 100)) == 1
    assert uploads.read_state(kept) == UploadState(bytes(40))
    assert uploads.read_state(gone) == UploadState()


HOLDER = """
import sys, time, uuid
from pathlib import Path
from picasso.storage.folder import Folder
lock = Folder(Path(sys.argv[1])).uploads.lock(uuid.UUID(sys.argv[2]))
print("locked", flush=True)
time.sleep(60)
"""


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    """For the folder only: another process opens the same one."""
    uploads, upload_id = Folder(tmp_path).uploads, new_id()
    uploads.begin(upload_id).release()
    command = [sys.executable, "-c", HOLDER, str(tmp_path), str(upload_id)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(BlockingIOError):
            uploads.lock(upload_id)
        other.kill()
        other.wait(60)
    uploads.lock(upload_id).release()


def test_digests_agree_over_all_ways(storage: Storage, begun: Begun) -> None:
    """The same bytes by way of a writer, an upload and a small file."""
    writer, keys = storage.files.begin(), [key() for _ in range(3)]
    writer.write([DATA])
    writer.sync()
    writer.place(keys[0])
    storage.files.create(keys[1], [DATA])
    storage.uploads.land(begun(DATA), keys[2])
    storage.files.sync(keys)
    digests = {hashlib.sha256(content(storage.files, each)).hexdigest() for each in keys}
    assert digests == {hashlib.sha256(DATA).hexdigest()}
