"""The verdicts of the processor `scan`, by a real clamd with low limits. It never says "clean" for what was left out.

clamd answers "OK" for several of these files: `test_clamd_itself_says_ok` shows which.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import py7zr
import pytest
from tests import services
from tests.conftest import started_or_skipped
from tests.ports import free_port
from tests.unit.test_clamd import answering, peer, read_all_and_wait, reset

from picasso.process.contract import ServiceAway, ServiceFailed, StoredSource
from picasso.scan import parts
from picasso.scan.answers import Answer, Reason
from picasso.scan.clamd import Clamd, Timeouts
from picasso.scan.coverage import Coverage
from picasso.scan.parts import Budget, Part
from picasso.scan.processor import MAX_FAILURES, Scan, engine_facts

MARKER, EICAR = services.Clamd.MARKER, services.Clamd.EICAR
LIMIT = services.Clamd.MAX_SIZE
BEHIND = bytes(LIMIT + 2**20) + MARKER
"""The marker is where clamd no longer looks."""
NOISE = random.Random(1).randbytes(1000)


def source(content: bytes, *, failures: int = 0, size: int | None = None, **options: str) -> StoredSource:
    return StoredSource(
        open=lambda start, stop: io.BytesIO(content[start:stop]),
        size=len(content) if size is None else size,
        media_type="application/octet-stream",
        options=dict(options),
        failures=failures,
    )


@pytest.fixture(scope="module")
def scan(clamd: services.Clamd) -> Scan:
    return Scan(Clamd(clamd.url), LIMIT)


@pytest.fixture(scope="module")
def bare(servers_folder: Path) -> Iterator[Scan]:
    """With a clamd that has no signatures of `deploy/clamd`."""

    class Bare(services.Clamd):
        def _signatures(self) -> dict[str, str]:
            return {"test.ndb": super()._signatures()["test.ndb"]}

    with started_or_skipped(Bare, servers_folder) as server:
        yield Scan(Clamd(server.url), LIMIT)


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(content: bytes, mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        entry = tarfile.TarInfo("a.bin")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def seven_zipped(content: bytes, password: str | None = None) -> bytes:
    buffer = io.BytesIO()
    with py7zr.SevenZipFile(buffer, "w", password=password) as archive:
        archive.writestr(content, "a.bin")
    return buffer.getvalue()


def lying(archive: bytes, size: int = 100) -> bytes:
    """A ZIP of one entry that says so in both headers."""
    changed = bytearray(archive)
    struct.pack_into("<I", changed, 22, size)
    struct.pack_into("<I", changed, archive.index(b"PK\x01\x02") + 24, size)
    return bytes(changed)


def encrypted(archive: bytes) -> bytes:
    changed = bytearray(archive)
    changed[6] |= 1
    changed[archive.index(b"PK\x01\x02") + 8] |= 1
    return bytes(changed)


def office(stream: str) -> bytes:
    """Enough of an OLE file for clamd: its signature, and the name of a stream."""
    return bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504) + stream.encode("utf-16-le") + bytes(2000)


def nested(depth: int, content: bytes) -> bytes:
    for _ in range(depth):
        content = zipped(("inner.zip", content))
    return content


CLEAN = {
    "text": b"harmless",
    "empty": b"",
    "as large as allowed": bytes(LIMIT),
    "a zip": zipped(("a.txt", b"a" * 1000), ("b/", b""), ("c", NOISE)),
    "an empty zip": zipped(),
    "a zip with bzip2": zipped(("a.txt", b"a" * 1000), method=zipfile.ZIP_BZIP2),
    "a zip with a large, honest entry": zipped(("a.txt", b"abcdefgh" * (LIMIT // 8))),
    "an office file": office("WordDocument"),
    "the end of a zip alone": b"PK\x05\x06" + bytes(18),
}


@pytest.mark.parametrize("content", CLEAN.values(), ids=CLEAN)
def test_clean(scan: Scan, content: bytes) -> None:
    verdict = scan(source(content))
    assert (verdict.scan, verdict.action, verdict.code) == ("clean", "serve", "")
    assert verdict.facts["verdict"] == "clean"
    assert str(verdict.facts["engine"]).startswith("ClamAV ")


INFECTED = {
    "plain": MARKER,
    "test virus": EICAR,
    "at the end": bytes(LIMIT - len(MARKER)) + MARKER,
    "in a docx": zipped(("[Content_Types].xml", b"<Types/>"), ("word/media/a.bin", EICAR)),
    "in a zip in a docx": zipped(("word/a.zip", zipped(("eicar.com", EICAR)))),
    "in a docx in a zip": zipped(("a.docx", zipped(("word/a.bin", EICAR)))),
    "in a tar": tarred(MARKER),
    "in a tar.gz": tarred(MARKER, "w:gz"),
    "in the second part of a gzip": gzip.compress(b"a") + gzip.compress(MARKER),
    "in a 7z": seven_zipped(MARKER),
    "beside an entry that clamd can't unpack": zipped(("a", NOISE), ("m", MARKER)),
    "beside an entry that is too large": zipped(("large", BEHIND), ("m", MARKER)),
}


@pytest.mark.parametrize("content", INFECTED.values(), ids=INFECTED)
def test_infected(scan: Scan, content: bytes) -> None:
    verdict = scan(source(content))
    assert (verdict.scan, verdict.action, verdict.code) == ("infected", "quarantine", "infected")
    assert verdict.facts["malware"] in {"Picasso.Test.Eicar", "Picasso.Test.Marker"}
    assert verdict.sentence == f"Malware was found in this file: {verdict.facts['malware']}."


NOT_SCANNED = {
    "too large": (bytes(LIMIT + 1), Reason.TOO_LARGE),
    "too large, with the marker first": (MARKER + bytes(LIMIT), Reason.TOO_LARGE),
    "larger than StreamMaxLength": (bytes(5 * 2**20), Reason.TOO_LARGE),
    "a large entry": (zipped(("a.bin", BEHIND)), Reason.LIMITS),
    "a large entry of a docx": (zipped(("[Content_Types].xml", b"<Types/>"), ("word/a.bin", BEHIND)), Reason.LIMITS),
    "a large entry with bzip2": (zipped(("a.bin", BEHIND), method=zipfile.ZIP_BZIP2), Reason.LIMITS),
    "a large entry with a false size": (lying(zipped(("a.bin", BEHIND))), Reason.LIMITS),
    "a large entry with bzip2 and a false size": (
        lying(zipped(("a.bin", BEHIND), method=zipfile.ZIP_BZIP2)),
        Reason.LIMITS,
    ),
    "a large entry behind other bytes": (NOISE + zipped(("a.bin", BEHIND)), Reason.LIMITS),
    "a large entry of a zip in a zip": (zipped(("i.zip", zipped(("a.bin", BEHIND)))), Reason.LIMITS),
    "a large entry of a zip in a tar.gz": (tarred(zipped(("a.bin", BEHIND)), "w:gz"), Reason.LIMITS),
    "an entry with LZMA": (zipped(("a.bin", MARKER), method=zipfile.ZIP_LZMA), Reason.UNSUPPORTED),
    "an entry with LZMA in a zip in a zip": (
        zipped(("i.zip", zipped(("a.bin", MARKER), method=zipfile.ZIP_LZMA))),
        Reason.UNSUPPORTED,
    ),
    "an encrypted entry": (encrypted(zipped(("a.bin", MARKER))), Reason.ENCRYPTED),
    "an encrypted 7z": (seven_zipped(MARKER, "secret"), Reason.ENCRYPTED),
    "an encrypted office file": (office("EncryptedPackage"), Reason.ENCRYPTED),
    "a large file in a tar": (tarred(BEHIND, "w:gz"), Reason.LIMITS),
    "a large file in a gzip": (gzip.compress(BEHIND), Reason.LIMITS),
    "a large file in a bzip2": (bz2.compress(BEHIND), Reason.LIMITS),
    "a large file in an xz": (lzma.compress(BEHIND), Reason.LIMITS),
    "a large file in a 7z": (seven_zipped(BEHIND), Reason.LIMITS),
    "too deep": (nested(30, MARKER), Reason.LIMITS),
    "too much in all": (
        zipped(*((str(n), bytes(10**6) + bytes([n])) for n in range(10)), ("m", MARKER)),
        Reason.LIMITS,
    ),
}


@pytest.mark.parametrize(("content", "reason"), NOT_SCANNED.values(), ids=NOT_SCANNED)
def test_not_scanned(scan: Scan, content: bytes, reason: Reason) -> None:
    verdict = scan(source(content))
    assert (verdict.scan, verdict.action, verdict.code) == ("not-scanned", "quarantine", "not-scanned")
    assert verdict.facts["reason"] == reason


# What needs the signatures of deploy/clamd, because only clamd sees what is inside other archives.
INNER = {
    "a large entry of a zip in a zip",
    "a large entry of a zip in a tar.gz",
    "an entry with LZMA in a zip in a zip",
}
BY_SIGNATURE = INNER | {"an encrypted office file"}


@pytest.mark.parametrize("name", NOT_SCANNED.keys() - BY_SIGNATURE)
def test_not_scanned_without_our_signatures(bare: Scan, name: str) -> None:
    content, reason = NOT_SCANNED[name]
    assert bare(source(content)).facts.get("reason") == reason


SAYS_OK = {
    "a large entry",
    "a large entry of a docx",
    "a large entry with bzip2",
    "a large entry with a false size",
    "a large entry behind other bytes",
    "an entry with LZMA",
    *BY_SIGNATURE,
}


@pytest.mark.parametrize("name", SAYS_OK)
def test_clamd_itself_says_ok(bare: Scan, name: str) -> None:
    """If this fails, clamd has become better, and there is less for us to do."""
    assert bare._clamd.scan([NOT_SCANNED[name][0]]) == "stream: OK"


def test_policy_of_the_pipeline(scan: Scan) -> None:
    assert scan(source(MARKER, infected="delete")).action == "delete"
    assert scan(source(MARKER, not_scanned="serve")).action == "quarantine"
    assert scan(source(bytes(LIMIT + 1), not_scanned="serve")).action == "serve"
    assert scan(source(bytes(LIMIT + 1), not_scanned="delete")).action == "delete"
    assert scan(source(b"", infected="delete", not_scanned="delete")).action == "serve"


@pytest.mark.parametrize("setting", ["AlertExceedsMax", "AlertEncrypted"])
def test_nothing_is_clean_for_a_clamd_that_hides_what_it_leaves_out(servers_folder: Path, setting: str) -> None:
    class Silent(services.Clamd):
        LIMITS = {**services.Clamd.LIMITS, setting: "no"}

    with started_or_skipped(Silent, servers_folder) as silent:
        scan = Scan(Clamd(silent.url), LIMIT)
        assert scan(source(b"harmless")).facts["reason"] == Reason.SCANNER_SILENT
        assert scan(source(MARKER)).scan == "infected"


def test_a_limit_that_is_set_too_high(clamd: services.Clamd) -> None:
    """Then clamd says so itself: by MaxFileSize, or by StreamMaxLength."""
    scan = Scan(Clamd(clamd.url), 2**30)
    assert scan(source(bytes(3 * 2**20))).facts["reason"] == Reason.LIMITS
    assert scan(source(bytes(9 * 2**20))).facts["reason"] == Reason.TOO_LARGE


def test_without_clamd() -> None:
    scan = Scan(Clamd(f"tcp://127.0.0.1:{free_port()}"), LIMIT)
    with pytest.raises(ServiceAway):
        scan(source(b"content"))
    with pytest.raises(ServiceAway):
        scan.ping()
    # For this nobody has to be asked.
    assert scan(source(bytes(LIMIT + 1))).facts["reason"] == Reason.TOO_LARGE


class OnlyScan(Clamd):
    """A client of a peer that has one connection to give."""

    def version(self) -> str:
        return "ClamAV 9"


@pytest.mark.parametrize(
    "serve",
    [answering(b""), answering(b"stream: OK"), answering(b"stream: no memory ERROR\0"), reset, read_all_and_wait],
)
def test_without_a_good_answer_it_is_tried_again_and_never_clean(serve: Callable[..., None]) -> None:
    timeouts = Timeouts(2, 1, 1)
    with peer(serve) as address, pytest.raises(ServiceFailed):
        Scan(OnlyScan(address, timeouts), LIMIT)(source(b"content"))
    with peer(serve) as address:
        verdict = Scan(OnlyScan(address, timeouts), LIMIT)(source(b"content", failures=MAX_FAILURES - 1))
    assert (verdict.scan, verdict.facts["reason"]) == ("not-scanned", Reason.SCAN_FAILED)


def test_a_part_of_a_file_is_never_taken_for_all_of_it(scan: Scan) -> None:
    with pytest.raises(OSError, match="shorter"):
        scan(source(b"harmless", size=20))


def test_facts_about_the_engine() -> None:
    assert engine_facts("ClamAV 1.4.3/27800/Sat Nov 28 09:25:14 2026") == {
        "engine": "ClamAV 1.4.3",
        "signatures": "27800",
        "signatures_date": "Sat Nov 28 09:25:14 2026",
    }
    assert engine_facts("ClamAV 1.4.3") == {"engine": "ClamAV 1.4.3"}


def coverage(content: bytes, limit: int = LIMIT, open_part: parts.Open | None = None) -> Reason | None:
    """What is left out of a file in which clamd has found nothing."""
    opened = open_part or source(content).open
    return Coverage(look, lambda: False, Budget(limit, lambda: None)).answer(Part(opened, len(content))).reason


def look(content: Iterable[bytes]) -> Answer:
    assert b"".join(content).startswith(b"\0")
    return Answer()


def damaged(content: bytes) -> Iterator[bytes]:
    randomness = random.Random(7)
    for _ in range(200):
        changed = bytearray(content)
        for _ in range(randomness.randint(1, 8)):
            changed[randomness.randrange(len(changed))] = randomness.randrange(256)
        yield bytes(changed[: randomness.randint(1, len(changed))])


@pytest.mark.parametrize(
    "whole",
    [
        zipped(("a", b"a" * 5000), ("b", NOISE)),
        zipped(("a", bytes(10**5)), method=zipfile.ZIP_BZIP2),
        zipped(("a.gz", gzip.compress(NOISE)), ("b.tar", tarred(b"a"))),
        seven_zipped(b"a" * 1000),
        tarred(NOISE),
        gzip.compress(NOISE),
        lzma.compress(NOISE),
    ],
    ids=["zip", "bzip2", "nested", "7z", "tar", "gzip", "xz"],
)
def test_a_damaged_file_raises_nothing(whole: bytes) -> None:
    for content in damaged(whole):
        coverage(content, 10_000)


def test_a_long_directory_is_not_read_to_its_end() -> None:
    """And only one piece of it at a time."""
    entry = struct.pack("<4s42x", b"PK\x01\x02")
    directory = entry * 300_000
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(directory), 0, 0)
    total = 0

    class Measured(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            nonlocal total
            assert size is not None
            assert 0 < size <= parts.PIECE
            total += len(data := super().read(size))
            return data

    content = directory + end
    assert coverage(content, open_part=lambda start, stop: Measured(content[start:stop])) == Reason.UNSUPPORTED
    assert total < len(entry) * 0xFFFF + 3 * parts.PIECE


def test_entries_that_share_their_bytes_are_not_unpacked() -> None:
    packed = b"\x00\x00\x00\xff\xff" * 4000 + b"\x03\x00"  # empty blocks: they unpack to nothing
    local = struct.pack("<4s4xH8xIIHH", b"PK\x03\x04", 8, len(packed), 0, 0, 0) + packed
    entry = struct.pack("<4s6xH8xI22x", b"PK\x01\x02", 8, len(packed))
    directory = entry * 20_000
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 20_000, 20_000, len(directory), len(local), 0)
    content, opened = local + directory + end, 0

    def open_part(start: int, stop: int) -> io.BytesIO:
        nonlocal opened
        opened += 1
        return io.BytesIO(content[start:stop])

    assert coverage(content, open_part=open_part) == Reason.MALFORMED
    assert opened < 20
    once = local + entry + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), len(local), 0)
    assert coverage(once) is None


def test_many_small_bombs_are_unpacked_up_to_a_limit() -> None:
    bomb = zipped(*((str(n), bytes(10**6)) for n in range(100)))
    checks = 0

    def check() -> None:
        nonlocal checks
        checks += 1

    answer = Coverage(look, lambda: False, Budget(10**6, check)).answer(Part(source(bomb).open, len(bomb)))
    assert answer.reason == Reason.LIMITS
    assert checks < 20, "more than five entries were unpacked"


def test_the_entries_of_a_long_tar_are_counted() -> None:
    header = tarred(b"")[:512]
    content, checks = header * 1000, 0

    def check() -> None:
        nonlocal checks
        checks += 1

    budget = Budget(LIMIT, check, max_entries=990)
    answer = Coverage(look, lambda: False, budget).answer(Part(source(content).open, len(content)))
    assert (answer.reason, checks) == (Reason.LIMITS, 991)
