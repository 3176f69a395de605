"""Facts of archives, which are never unpacked to disk."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.contract.samples import archive as small
from tests.hostile import archive as hostile

from picasso.process.contract import ProcessorError, Source
from picasso.process.processors.archive import Archive, packed, summary
from picasso.process.processors.archive.summary import escapes_folder, is_absolute
from picasso.process.processors.archive.tar import parse_number
from picasso.process.processors.archive.zip_members import decode_name

ZIP, TAR, GZIP, SEVEN_ZIP = "application/zip", "application/x-tar", "application/gzip", "application/x-7z-compressed"

Facts = dict[str, Any]
Run = Callable[[bytes, str], tuple[Facts, Facts]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Facts and listing of an archive. No other file may be left."""

    def run(content: bytes, media_type: str) -> tuple[Facts, Facts]:
        folder = tmp_path / "derived"
        folder.mkdir(exist_ok=True)
        (tmp_path / "original").write_bytes(content)
        result = Archive()(Source(tmp_path / "original", media_type), folder)
        assert [each.name for each in folder.iterdir()] == ["listing.json"]
        assert len(json.dumps(result.facts)) < 65_536
        return dict(result.facts), json.loads((folder / "listing.json").read_text())

    return run


FORMATS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "zip": (ZIP, small.zipped),
    "tar": (TAR, small.tarred),
    "tar.gz": (GZIP, lambda: gzip.compress(small.tarred())),
    "tar.bz2": ("application/x-bzip2", lambda: bz2.compress(small.tarred())),
    "tar.xz": ("application/x-xz", lambda: lzma.compress(small.tarred())),
    "tar.lzma": ("application/x-lzma", lambda: lzma.compress(small.tarred(), lzma.FORMAT_ALONE)),
    "tar.zst": ("application/zstd", lambda: small.zstd(small.tarred())),
    "7z": (SEVEN_ZIP, small.seven_zip),
}


@pytest.mark.parametrize("form", FORMATS)
def test_facts_of_archives(run: Run, form: str) -> None:
    media_type, make = FORMATS[form]
    content = make()
    facts, listing = run(content, media_type)
    total = sum(map(len, small.FILES.values()))
    assert facts == {
        "format": form,
        "entries": 3,
        "files": 3,
        "folders": 0,
        "links": 0,
        "others": 0,
        "total_unpacked": total,
        "ratio": round(total / len(content), 2),
        "encrypted": False,
        "duplicates": 0,
        "nested_archives": 1,
        "incomplete": None,
        "names_encoding": "utf-8",
        "names_encoding_sure": True,
        "flags": dict.fromkeys(("bomb", "overlap", "path_traversal", "absolute_paths", "link_escapes"), False),
        "first": list(small.FILES),
    }
    assert listing["total"] == listing["listed"] == 3
    assert [(each["name"], each["size"]) for each in listing["entries"]] == [
        (name, len(content)) for name, content in small.FILES.items()
    ]


def test_times(run: Run) -> None:
    assert run(small.zipped(), ZIP)[1]["entries"][0]["modified"] == "2024-02-03T04:05:06"
    assert run(small.tarred(), TAR)[1]["entries"][0]["modified"] == "2023-11-14T22:13:20Z"


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_kinds_and_long_names_of_tar(run: Run, form: int) -> None:
    long = "/".join(["folder" * 3] * 8) if form == tarfile.USTAR_FORMAT else "größe/" * 50 + "x" * 200
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, kind, target in (
            (long, tarfile.REGTYPE, ""),
            ("d", tarfile.DIRTYPE, ""),
            ("l", tarfile.SYMTYPE, "d/" + "y" * 50),
            ("h", tarfile.LNKTYPE, "l"),
            ("f", tarfile.FIFOTYPE, ""),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            archive.addfile(member)
    facts, listing = run(out.getvalue(), TAR)
    assert (facts["files"], facts["folders"], facts["links"], facts["others"]) == (1, 1, 2, 1)
    assert listing["entries"][0]["name"] == long
    assert listing["entries"][2]["target"] == "d/" + "y" * 50


def test_numbers_of_tar() -> None:
    assert parse_number(b"00000000017\0") == 15
    assert parse_number(b"      17 \0\0\0") == 15
    assert parse_number(b"") == parse_number(b"\0" * 12) == 0
    assert parse_number(b"\x80" + (2**40).to_bytes(11, "big")) == 2**40
    assert parse_number(b"\xff" * 12) == -1
    assert parse_number(b"9") is None


def unicode_path(name: bytes, text: str) -> bytes:
    """The extra field of Info-ZIP: a version, the CRC of the other name, and the name in UTF-8."""
    content = b"\1" + zlib.crc32(name).to_bytes(4, "little") + text.encode()
    return struct.pack("<2H", 0x7075, len(content)) + content


@pytest.mark.parametrize(
    ("name", "extra", "shown"),
    [
        ("größe.txt".encode(), b"", "größe.txt"),
        (b"plain", b"", "plain"),
        (b"?????.txt", unicode_path(b"?????.txt", "Отчёт.txt"), "Отчёт.txt"),
        (b"renamed.txt", unicode_path(b"?????.txt", "Отчёт.txt"), "renamed.txt"),
        (b"a", b"\x01\0\xff\xff" + unicode_path(b"a", "b"), "a"),
        (b"a", b"UT\1\0x" + unicode_path(b"a", "b"), "b"),
        (b"a", struct.pack("<2H", 0x7075, 2) + b"\1x", "a"),
    ],
    ids=range(7),
)
def test_names_of_zip(name: bytes, extra: bytes, shown: str) -> None:
    assert decode_name(name, extra, 1 << 11) == shown


@pytest.mark.parametrize(
    ("names", "encoding"),
    [
        (["привет.txt"], "cp866"),
        (["Отчёт_12.txt"], "cp866"),
        (["Документы/Счёт № 7.pdf", "README"], "cp1251"),
        (["größe.txt"], "cp437"),
        (["Żółw i gęś.txt"], "cp852"),
        (["写真/東京.jpg"], "cp932"),
        (["а.txt"], "cp866"),  # noqa: RUF001
        (["ёлка.pdf"], "cp866"),
        (["Отчёты/Доклад.doc", "её.txt", "ёлка.pdf"], "koi8-r"),
        (["Документы/Ведомость.xls", "Ні.txt"], "cp1251"),  # noqa: RUF001
        (["é.txt"], "utf-8"),
        (["报告/最终版.docx"], "gb18030"),
    ],
)
def test_names_of_zip_are_read_in_their_encoding(run: Run, names: list[str], encoding: str) -> None:
    entries = [hostile.entry(name.encode(encoding)) for name in names]
    facts, listing = run(hostile.zip_of(*entries), ZIP)
    assert [entry["name"] for entry in listing["entries"]] == names
    assert facts["first"] == names
    assert names[0].encode(encoding).decode(str(facts["names_encoding"])) == names[0]


def test_names_that_are_flagged_as_utf_8_stay(run: Run) -> None:
    names = ["ţ.txt", "\uf8ff.txt"]
    older = "Документы/Ведомость.xls"
    entries = [hostile.entry(older.encode("cp1251")), *(hostile.entry(name.encode(), flags=1 << 11) for name in names)]
    _, listing = run(hostile.zip_of(*entries), ZIP)
    assert [entry["name"] for entry in listing["entries"]] == [older, *names]


def test_names_of_tar_are_read_in_their_encoding(run: Run) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT, encoding="cp1251") as archive:
        archive.addfile(tarfile.TarInfo("Привет.txt"))
        link = tarfile.TarInfo("Ссылка")
        link.type, link.linkname = tarfile.SYMTYPE, "Документы/Счёт.txt"
        archive.addfile(link)
    facts, listing = run(file.getvalue(), "application/x-tar")
    assert [entry["name"] for entry in listing["entries"]] == ["Привет.txt", "Ссылка"]
    assert listing["entries"][1]["target"] == "Документы/Счёт.txt"
    assert facts["names_encoding"] == "cp1251"


def test_names_can_be_stored_in_a_database(run: Run) -> None:
    facts, listing = run(hostile.zip_of(hostile.entry(b"a\0b"), hostile.entry(b"\xed\xa0\x80")), ZIP)
    assert "\0" not in json.dumps([facts, listing], ensure_ascii=False)


def test_a_zip_may_have_something_before_it(run: Run) -> None:
    assert run(b"#!/bin/sh\n" * 100 + small.zipped(), ZIP)[0]["first"] == list(small.FILES)


@pytest.mark.parametrize("comment", [b"PK\x05\x06 is how it ends", b"PK\x05\x06" * 20])
def test_a_comment_of_zip_may_look_like_its_end(run: Run, comment: bytes) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", "")
        archive.comment = comment
    assert run(out.getvalue(), ZIP)[0]["first"] == ["a"]


def test_a_zip_may_have_something_after_it(run: Run) -> None:
    assert run(small.zipped() + b"\n\n", ZIP)[0]["first"] == list(small.FILES)


def test_zip_of_64_bits(run: Run) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, archive.open("a", "w", force_zip64=True) as file:
        file.write(b"hello")
    assert run(out.getvalue(), ZIP)[0]["total_unpacked"] == 5
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for entry in range(66_000):
            archive.writestr(zipfile.ZipInfo(f"{entry}"), b"")
    facts, listing = run(many.getvalue(), ZIP)
    assert (facts["entries"], listing["total"], listing["listed"]) == (66_000, 66_000, 10_000)


def test_entries_may_be_encrypted(run: Run) -> None:
    assert run(hostile.zip_of(hostile.entry(b"a", flags=1)), ZIP)[0]["encrypted"] is True
    facts, listing = run(small.seven_zip(password="secret"), SEVEN_ZIP)
    assert facts["encrypted"] is True
    assert all(each["encrypted"] for each in listing["entries"] if each["size"])


def test_a_directory_may_be_protected(run: Run) -> None:
    with pytest.raises(ProcessorError, match="protected"):
        run(small.seven_zip(password="secret", header_encryption=True), SEVEN_ZIP)


# What harms


@pytest.mark.parametrize(
    ("names", "flag"),
    [
        (["../a"], "path_traversal"),
        (["a/../../b"], "path_traversal"),
        (["..\\a"], "path_traversal"),
        (["/a"], "absolute_paths"),
        (["\\a"], "absolute_paths"),
        (["C:\\a"], "absolute_paths"),
        (["a..b", "...", "ab:c"], ""),
    ],
)
def test_path_traversal(run: Run, names: list[str], flag: str) -> None:
    for content, media_type in (
        (small.zipped(dict.fromkeys(names, b"")), ZIP),
        (small.tarred(dict.fromkeys(names, b"")), TAR),
    ):
        flags = run(content, media_type)[0]["flags"]
        assert [name for name, raised in flags.items() if raised] == ([flag] if flag else [])


@pytest.mark.parametrize(
    ("path", "target", "out"),
    [
        ("a/l", "../b", False),
        ("a/l", "../../b", True),
        ("l", "a/../b", False),
        ("l", "a/../../b", True),
        ("l", "/etc/passwd", True),
        ("l", "C:\\x", True),
        ("./l", ".", False),
    ],
)
def test_links_that_escape(path: str, target: str, out: bool) -> None:
    assert escapes_folder(path, target) is out


def test_links_of_zip_that_escape(run: Run) -> None:
    facts, listing = run(hostile.link_bomb(), ZIP)
    assert (facts["links"], facts["flags"]["link_escapes"]) == (1, True)
    assert len(listing["entries"][0]["target"]) <= summary.MAX_NAME


def test_absolute() -> None:
    assert is_absolute("/a")
    assert not is_absolute("a/b")


def test_duplicates(run: Run) -> None:
    facts, _ = run(hostile.zip_of(*(hostile.entry(name) for name in (b"a", b"a", b"b", b"b/"))), ZIP)
    assert facts["duplicates"] == 2


def test_overlapping_entries_are_a_bomb(run: Run) -> None:
    flags = run(hostile.overlapping(), ZIP)[0]["flags"]
    assert (flags["bomb"], flags["overlap"]) == (True, True)


@pytest.mark.parametrize("form", ["gzip", "bzip2", "xz", "zstd"])
def test_a_bomb_is_read_until_it_is_recognized(run: Run, form: str) -> None:
    zeros = bytes(2**24)
    known: dict[str, tuple[Callable[[bytes], bytes], str]] = {
        "gzip": (gzip.compress, GZIP),
        "bzip2": (bz2.compress, "application/x-bzip2"),
        "xz": (lzma.compress, "application/x-xz"),
        "zstd": (small.zstd, "application/zstd"),
    }
    compress, media_type = known[form]
    facts, _ = run(compress(zeros) * 64, media_type)
    assert (facts["flags"]["bomb"], facts["incomplete"]) == (True, "size")
    assert facts["total_unpacked"] < 2**29


def test_a_file_that_compresses_well_is_no_bomb(run: Run) -> None:
    facts, _ = run(gzip.compress(b"hello\n" * 100_000), GZIP)
    assert (facts["flags"]["bomb"], facts["total_unpacked"], facts["incomplete"]) == (False, 600_000, None)


def test_unpacking_stops_at_the_limit(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(packed.MAX_UNPACKED, "gzip", 2**20)
    facts, _ = run(gzip.compress(bytes(range(256)) * 2**14), GZIP)
    assert facts["incomplete"] == "size"
    assert facts["total_unpacked"] < 2**21


def test_counting_stops_at_the_limit(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "MAX_ENTRIES", 2)
    for media_type, make in FORMATS.values():
        facts, _ = run(make(), media_type)
        assert (facts["entries"], facts["incomplete"]) == (2, "entries")


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (hostile.huge_dictionary(), "application/x-xz"),
        (b"\x28\xb5\x2f\xfd\x00" + bytes([21 << 3]) + b"\x0b\x00\x00" + b"x", "application/zstd"),
    ],
)
def test_memory_is_limited(run: Run, content: bytes, media_type: str) -> None:
    with pytest.raises(ProcessorError, match="too-much-memory"):
        run(content, media_type)


# What is damaged


def test_a_truncated_archive_is_listed_up_to_its_end(run: Run) -> None:
    content = small.tarred({"a": bytes(100_000), "b": bytes(100_000)})
    facts, _ = run(content[:150_000], TAR)
    assert (facts["entries"], facts["incomplete"]) == (2, "damaged")
    packed_up = gzip.compress(b"".join(b"%d" % n for n in range(300_000)))
    assert run(packed_up[:-100], GZIP)[0]["incomplete"] == "damaged"


@pytest.mark.parametrize("media_type", [ZIP, TAR, GZIP, SEVEN_ZIP, "application/x-xz", "application/zstd"])
@pytest.mark.parametrize("content", [b"no archive" * 200, b"PK\5\6", b"\x1f\x8b\x08", b"7z\xbc\xaf\x27\x1c"])
def test_a_file_that_is_no_archive_is_corrupt(run: Run, content: bytes, media_type: str) -> None:
    with pytest.raises(ProcessorError, match="corrupt"):
        run(content, media_type)


def test_several_members_are_one_file(run: Run) -> None:
    for compress, media_type in (
        (gzip.compress, GZIP),
        (bz2.compress, "application/x-bzip2"),
        (lzma.compress, "application/x-xz"),
    ):
        facts, _ = run(compress(b"hello") * 3 + bytes(100), media_type)
        assert (facts["total_unpacked"], facts["incomplete"]) == (15, None)


def test_gzip_may_keep_the_name(run: Run) -> None:
    out = io.BytesIO()
    with gzip.GzipFile("größe.txt", "wb", fileobj=out, mtime=0) as file:
        file.write(b"x")
    assert run(out.getvalue(), GZIP)[0]["files"] == 1
    out = io.BytesIO()
    with gzip.GzipFile("notes.txt", "wb", fileobj=out, mtime=0) as file:
        file.write(b"x")
    assert run(out.getvalue(), GZIP)[0]["first"] == ["notes.txt"]


@pytest.mark.parametrize(
    ("form", "compress"),
    [("gzip", gzip.compress), ("bzip2", bz2.compress), ("xz", lzma.compress), ("zstd", small.zstd)],
)
def test_an_error_of_the_disk_is_raised(tmp_path: Path, form: str, compress: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "original"
    path.write_bytes(compress(b"a"))
    stream = packed.UnpackedStream(path, form, summary.Summary(form, 1), lambda _: None)
    os.dup2(os.open(path, os.O_WRONLY), stream._file.fileno())  # from which nothing can be read
    with pytest.raises(OSError, match="Bad file descriptor"):
        stream.read(1)
    stream.close()


def test_a_missing_file_raises_os_error(tmp_path: Path) -> None:
    for media_type, _ in FORMATS.values():
        with pytest.raises(FileNotFoundError):
            Archive()(Source(tmp_path / "gone", media_type), tmp_path)
