"""What an archive has that harms: programs, names that lead out of the folder, passwords, bombs at any depth."""

from __future__ import annotations

import gzip
import io
import lzma
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from picasso.process.contract import ProcessorError, Source
from picasso.process.processors.archive import Archive, nested, summary

ZIP, SEVEN_ZIP = "application/zip", "application/x-7z-compressed"

Facts = dict[str, Any]
Run = Callable[..., Facts]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(content: bytes, media_type: str = ZIP) -> Facts:
        (tmp_path / "original").write_bytes(content)
        (tmp_path / "derived").mkdir(exist_ok=True)
        return dict(Archive()(Source(tmp_path / "original", media_type), tmp_path / "derived").facts)

    return run


def zipped(files: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


def nested_bomb(depth: int, width: int, bottom: bytes) -> bytes:
    """As 42.zip: each level has ``width`` equal archives, which cost little as they compress well."""
    content = zipped({"0.bin": bottom})
    for _ in range(depth):
        content = zipped({f"{number}.zip": content for number in range(width)})
    return content


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a.txt", "b.jpg", "readme", "c.exe.txt"], None),
        (["a.exe", "b/c.VBS", "photo.jpg.scr", "d.pdf .exe. ", "e\u202egpj.exe", "folder.exe/"], {"executables": 5}),
        (["../../etc/passwd"], {"path_traversal": True}),
        (["C:\\Windows\\run.bat"], {"executables": 1, "path_traversal": True}),
    ],
)
def test_programs_and_paths_are_active_content(run: Run, names: list[str], expected: object) -> None:
    assert run(zipped(dict.fromkeys(names, b"x"))).get("active_content") == expected


def test_small_archives_inside_are_no_bomb(run: Run) -> None:
    facts = run(zipped({"a.zip": zipped({"b.txt": b"hello" * 100}), "c.gz": gzip.compress(b"hello")}))
    assert facts["flags"]["bomb"] is False
    assert facts["nested_archives"] == 2
    assert "active_content" not in facts


ZEROS = bytes(66 * 2**20)

BOMBS: Mapping[str, Callable[[], bytes]] = {
    "like-42.zip": lambda: nested_bomb(4, 10, bytes(2**20)),
    "zip": lambda: zipped({"a.zip": zipped({"zeros": ZEROS})}),
    "gz": lambda: zipped({"a.gz": gzip.compress(ZEROS, 1)}),
    "xz": lambda: zipped({"a.xz": lzma.compress(ZEROS, preset=0)}),
    "deep": lambda: zipped({"x.txt": b"", "deep.zip": nested_bomb(nested.MAX_DEPTH + 2, 1, b"x")}),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_inside_is_found_in_seconds(run: Run, name: str) -> None:
    content = BOMBS[name]()
    assert len(content) < 2**20
    started = time.process_time()
    assert run(content)["flags"]["bomb"] is True
    assert time.process_time() - started < 10


def test_what_was_not_read_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nested, "MAX_MEMBER", 100)
    assert run(zipped({"a.zip": zipped({"b": b"x" * 50, "c": b"y"})}))["active_content"] == {"incomplete": True}


def test_more_entries_than_can_be_counted_are_a_bomb(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "MAX_ENTRIES", 3)
    facts = run(zipped(dict.fromkeys("abcde", b"")))
    assert (facts["incomplete"], facts["flags"]["bomb"]) == ("entries", True)


def test_entries_with_a_password(run: Run) -> None:
    content = bytearray(zipped({"a.txt": b"secret"}))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert run(bytes(content))["encrypted"] is True


def test_a_directory_with_a_password_is_told_by_the_failure(run: Run) -> None:
    import py7zr

    content = io.BytesIO()
    with py7zr.SevenZipFile(content, "w", password="secret", header_encryption=True) as archive:
        archive.writestr(b"x", "a.txt")
    with pytest.raises(ProcessorError, match=r"^protected:") as failure:
        run(content.getvalue(), SEVEN_ZIP)
    assert failure.value.facts == {"format": "7z", "encrypted": True}
