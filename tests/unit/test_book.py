"""Chapters of books, whatever their names and encodings."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.formats import document

from picasso.process.contract import ProcessorError, Source
from picasso.process.processors.document import Document

RUSSIAN = "Это книга на русском языке, в которой одна глава"

Change = Callable[[str, bytes], tuple[str, bytes]]


def changed(change: Change, chapter: str = f"<p>{RUSSIAN}</p>") -> bytes:
    with zipfile.ZipFile(io.BytesIO(document.epub(chapter))) as archive:
        parts = dict(change(name, archive.read(name)) for name in archive.namelist())
    return document.zipped(parts, "mimetype")


def facts_and_text(folder: Path, content: bytes) -> tuple[dict[str, Any], str]:
    (folder / "original").write_bytes(content)
    result = Document()(Source(folder / "original", "application/epub+zip"), folder)
    return dict(result.facts), (folder / "text.txt").read_text(encoding="utf-8")


def to_encoding(encoding: str, *names: str) -> Change:
    def change(name: str, part: bytes) -> tuple[str, bytes]:
        return name, part.replace(b"UTF-8", encoding.encode()).decode().encode(encoding) if name in names else part

    return change


def to_escapes(name: str, part: bytes) -> tuple[str, bytes]:
    escaped = part.replace(b"c.xhtml", b"text/%D0%B3%D0%BB.%201.xhtml") if name == "book.opf" else part
    return name.replace("c.xhtml", "text/гл. 1.xhtml"), escaped


def to_other_folder(name: str, part: bytes) -> tuple[str, bytes]:
    moved = name if name in {"mimetype", "META-INF/container.xml"} else f"OEBPS/{name}"
    return moved, part.replace(b"book.opf", b"OEBPS/book.opf") if "container" in name else part


def to_prefix(name: str, part: bytes) -> tuple[str, bytes]:
    if name == "book.opf":
        part = part.replace(b"xmlns=", b"xmlns:opf=")
        for tag in (b"package", b"manifest", b"metadata", b"spine", b"item"):
            part = part.replace(b"<" + tag, b"<opf:" + tag).replace(b"</" + tag, b"</opf:" + tag)
    return name, part


@pytest.mark.parametrize(
    "change",
    [
        to_encoding("windows-1251", "c.xhtml"),
        to_encoding("UTF-16", "c.xhtml"),
        to_encoding("UTF-16", "book.opf"),
        to_escapes,
        to_other_folder,
        to_prefix,
        lambda name, part: ("gone.xml" if "container" in name else name, part),
    ],
)
def test_chapters_are_found_and_decoded(tmp_path: Path, change: Change) -> None:
    facts, text = facts_and_text(tmp_path, changed(change))
    assert (facts["title"], facts["author"], facts["language"], text) == ("A title", "Ann", "en", RUSSIAN)


def test_a_chapter_that_is_no_xml(tmp_path: Path) -> None:
    _, text = facts_and_text(tmp_path, changed(lambda name, part: (name, part), "<p>a&nbsp;&mdash;b<br><title/>c"))
    assert text == "a —b\nc"


def test_chapters_are_in_reading_order(tmp_path: Path) -> None:
    items = "".join(f'<item id="{n}" href="{n}.html" media-type="application/xhtml+xml"/>' for n in "abc")
    order = "".join(f'<itemref idref="{n}"/>' for n in "cab")
    book = f"<package><manifest>{items}</manifest><spine>{order}</spine></package>"
    content = document.zipped({"book.opf": book, **{f"{name}.html": f"<p>{name}" for name in "abc"}})
    assert facts_and_text(tmp_path, content)[1] == "c\n\na\n\nb"


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"mimetype": "application/epub+zip"}, "corrupt: This book lacks its package document"),
        ({"book.opf": "<package/>"}, "corrupt: This book lacks its chapters"),
    ],
)
def test_a_book_without_text_says_so(tmp_path: Path, parts: dict[str, str], sentence: str) -> None:
    with pytest.raises(ProcessorError, match=sentence):
        facts_and_text(tmp_path, document.zipped(parts))


def test_a_book_with_a_password(tmp_path: Path) -> None:
    encryption = '<encryption><x:CipherReference xmlns:x="x" URI="c.xhtml"/></encryption>'
    with zipfile.ZipFile(io.BytesIO(document.epub())) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with pytest.raises(ProcessorError, match="protected"):
        facts_and_text(tmp_path, document.zipped({**parts, "META-INF/encryption.xml": encryption}))
