"""ZIPs: what is inside decides, wherever it is."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest

from picasso import detection
from picasso.detection import Window
from picasso.detection.families.zip_directory import MAX_ENTRIES, read_entries
from tests.cost import least_seconds
from tests.detection.builders import content_types, package, zip_with

OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX, MAIN = OFFICE + "wordprocessingml.document", OFFICE + "wordprocessingml.document.main+xml"
ODT = "application/vnd.oasis.opendocument.text"


def detect(content: bytes, name: str = "") -> str:
    return detection.detect(Window.of_bytes(content), name).media_type


def document(types: bytes, types_name: str = "[Content_Types].xml", folder: str = "word") -> dict[str, bytes]:
    return {types_name: types, f"{folder}/document.xml": b"<document/>"}


@pytest.mark.parametrize(
    "types",
    [
        content_types(MAIN, prefix="ns0"),
        content_types(MAIN).decode().encode("utf-16"),
        content_types(MAIN).decode().encode("utf-16-be"),
        content_types(MAIN).replace(b'"', b"'"),
        content_types(*(f"application/x-{n}" for n in range(3000)), MAIN),
        content_types(OFFICE + "spreadsheetml.sheet", MAIN),  # an embedded workbook is no main part
    ],
    ids=["prefix", "UTF-16", "UTF-16, big-endian", "single quotes", "many parts", "an embedded workbook"],
)
def test_content_types_in_any_form(types: bytes) -> None:
    assert detect(zip_with(document(types))) == DOCX


def test_a_theme_has_a_presentation_inside() -> None:
    presentation = OFFICE + "presentationml.presentation.main+xml"
    assert detect(package(presentation, OFFICE + "themeManager+xml")) == "application/vnd.ms-officetheme"


def test_content_types_that_say_nothing_leave_the_folder_of_the_main_part() -> None:
    for folder, expected in (("word/document", DOCX), ("visio/document", "application/vnd.ms-visio.drawing")):
        content = zip_with({"[Content_Types].xml": b"<Types/>", "_rels/.rels": b"<r/>", f"{folder}.xml": b"<m/>"})
        assert detect(content) == expected


def test_a_comment_is_no_content_type() -> None:
    types = content_types(MAIN).replace(b"<Default", b'<!-- ContentType="model/x.main+xml" --><Default')
    assert detect(zip_with(document(types))) == DOCX
    types = b'<Types><!-- ContentType="%s" --></Types>' % MAIN.encode()
    assert detect(zip_with(document(types, folder="a"))) == "application/zip"


@pytest.mark.parametrize("types_name", ["[content_types].xml", "[Content_Types].xml"])
def test_names_in_another_case_or_with_backslashes(types_name: str) -> None:
    content = zip_with({"_rels/.rels": b"<r/>", **document(content_types(MAIN), types_name)})
    assert detect(content) == DOCX
    assert detect(content.replace(b"word/document.xml", b"word\\document.xml")) == DOCX


def test_the_content_types_may_be_anywhere() -> None:
    large = {"a.bin": bytes(range(256)) * 1024, "b.bin": bytes(100)}
    content = zip_with({**large, **document(content_types(MAIN))}, compress=False)
    assert len(content) > 200_000
    assert detect(content) == DOCX


@pytest.mark.parametrize("inner", [package(MAIN), zip_with({"mimetype": b"application/epub+zip"}, compress=False)])
def test_a_stored_document_does_not_make_the_zip_one(inner: bytes) -> None:
    assert detect(zip_with({"inner.docx": inner, "b.txt": b"b"}, compress=False)) == "application/zip"
    assert detect(zip_with({"a.txt": inner}, compress=False, comment=b"a" * 60_000)) == "application/zip"


@pytest.mark.parametrize("name", ["word/notes.txt", "xl/workbook.xml", "ppt/a.txt", "Index/a.txt", "a/mimetype"])
def test_a_folder_like_that_of_a_document_makes_none(name: str) -> None:
    assert detect(zip_with({name: b"application/epub+zip", "b.txt": b"b"})) == "application/zip"


def test_a_mimetype_that_is_not_the_first_entry() -> None:
    assert detect(zip_with({"content.xml": b"<a/>", "mimetype": ODT.encode() + b"\n"})) == ODT


@pytest.mark.parametrize("word", [b"text/html", b"image/png", b"application/pdf", b"application/x-tar", b"\xff" * 40])
def test_a_mimetype_says_only_what_a_zip_can_be(word: bytes) -> None:
    assert detect(zip_with({"mimetype": word, "a.xml": b"<a/>"}, compress=False)) == "application/zip"


def test_opendocument_by_its_manifest() -> None:
    manifest = f'<m:manifest><m:file-entry m:media-type="{ODT}" m:full-path="/"/></m:manifest>'
    assert detect(zip_with({"content.xml": b"<a/>", "META-INF/manifest.xml": manifest.encode()})) == ODT


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        (b'<full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/>', "application/epub+zip"),
        (b'<rootfile full-path="a.musicxml"/>', "application/vnd.recordare.musicxml"),
        (b'<rootfile full-path="a.xml"/>', "application/vnd.recordare.musicxml"),
    ],
)
def test_a_container_names_its_main_file(root: bytes, expected: str) -> None:
    assert detect(zip_with({"META-INF/container.xml": root, "a.xml": b"<score-partwise/>"})) == expected


@pytest.mark.parametrize(
    "entries",
    [
        {"pass.json": b"", "photo.jpg": b""},
        {"doc.kml": b"", "report.docx": b""},
        {"doc.kml": b"", "files/report.docx": b""},
        {"a.kml": b"", "b.kml": b""},
        {"chair.usdz": b"", "notes.txt": b""},
        {"chair.usdc": b"", "notes.txt": b""},
        {"META-INF/container.xml": b"<x a.xml>", "readme.txt": b""},
        {"META-INF/container.xml": b'<rootfile full-path="a.xml"/>', "a.xml": b"<html/>"},
        {"document.json": b"", "meta.json": b"", "user.json": b""},
        {"content.json": b"", "metadata.json": b"", "manifest.json": b"{}"},
        {"install.rdf": b"", "a.txt": b""},
        {"AppxManifest.xml": b"", "a.txt": b""},
        {"AppManifest.xaml": b"", "a.txt": b""},
        {"extension.vsixmanifest": b"", "a.txt": b""},
        {"geogebra.xml": b"<a/>", "a.txt": b""},
        {"a.nuspec": b"", "a.txt": b""},
        {"a.mscx": b"", "a.txt": b""},
        {"a.fb2": b"", "b.fb2": b""},
        {"Payload/a.txt": b""},
    ],
    ids=str,
)
def test_one_name_makes_no_document(entries: dict[str, bytes]) -> None:
    assert detect(zip_with(entries)) == "application/zip"
    assert detect(zip_with(entries, compress=False)) == "application/zip"


def test_pictures_and_models_belong_to_a_map_or_a_scene() -> None:
    names = ("a.kml", "files/", "files/a.png", "models/a.dae")
    assert detect(zip_with(dict.fromkeys(names, b""))) == "application/vnd.google-earth.kmz"
    scene = {"a.usda": b"#usda 1.0", "0/a.png": b"", "0/b.jpeg": b""}
    assert detect(zip_with(scene, compress=False)) == "model/vnd.usdz+zip"
    assert detect(zip_with(scene)) == "application/zip"


@pytest.mark.parametrize(
    ("name", "root", "expected"),
    [
        ("index.apxl", b'<key:presentation xmlns:key="x">', "keynote"),
        ("index.xml", b'<sl:document xmlns:sl="x">', "pages"),
        ("index.xml", b'<ls:document xmlns:ls="x">', "numbers"),
    ],
)
def test_iwork_until_2009(name: str, root: bytes, expected: str) -> None:
    content = zip_with({"QuickLook/Thumbnail.jpg": b"", name: b'<?xml version="1.0"?>\n' + root})
    assert detect(content) == f"application/vnd.apple.{expected}"
    assert detect(zip_with({name: b"<other/>"})) == "application/zip"


def test_iwork_in_a_packed_package_folder() -> None:
    inner = zip_with({"Index/Document.iwa": b"\0", "Index/Slide.iwa": b"\0"}, compress=False)
    content = zip_with({"Index.zip": inner, "Metadata/Properties.plist": b""}, compress=False)
    assert detect(content, "a.key") == "application/vnd.apple.keynote"


def test_the_name_chooses_only_for_a_plain_zip() -> None:
    plain, docx = zip_with({"1.jpg": b"a"}), package(MAIN)
    assert detect(plain, "a.cbz") == "application/vnd.comicbook+zip"
    assert detect(plain, "a.docx") == "application/zip"
    assert detect(docx, "a.cbz") == DOCX
    assert detection.detect(Window.of_bytes(plain), "a.cbz").detected_by == "name"
    assert detection.detect(Window.of_bytes(docx), "a.docx").detected_by == "container"


ODD_PLACES: dict[str, Callable[[bytes], bytes]] = {
    "bytes after it": lambda content: content + b"\0" * 100,
    "a comment": lambda content: content[:-2] + b"\x05\0PK\x05\x06!",
    "cut": lambda content: content[: content.rindex(b"PK\x01\x02")],
    "without its directory": lambda content: content[: content.index(b"PK\x01\x02")],
    "a directory that lies": lambda content: content[:-6] + b"\xf0\xff\xff\x7f" + content[-2:],
}


@pytest.mark.parametrize("change", ODD_PLACES.values(), ids=ODD_PLACES)
def test_an_odd_or_damaged_directory(change: Callable[[bytes], bytes]) -> None:
    content = zip_with({"a.txt": b"a" * 100, **document(content_types(MAIN))})
    assert detect(change(content)) == DOCX


def test_entries_whose_sizes_follow_them() -> None:
    """As programs write to a pipe. Without a directory, the end of each entry is where its data end."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.parts: list[bytes] = []

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            self.parts.append(bytes(data))  # type: ignore[call-overload]
            return len(self.parts[-1])

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {"a.txt": b"a" * 100, **document(content_types(MAIN))}.items():
            archive.writestr(name, data)
    content = b"".join(pipe.parts)
    assert detect(content) == DOCX
    assert detect(content[: content.index(b"PK\x01\x02")]) == DOCX


def test_zip64_offsets() -> None:
    content = bytearray(zip_with({"a.txt": b"a", "[Content_Types].xml": content_types(MAIN)}, compress=False))
    entries = read_entries(Window.of_bytes(bytes(content)))
    place = content.rindex(b"PK\x01\x02")
    offset, size = entries[b"[content_types].xml"].offset, entries[b"[content_types].xml"].packed_size
    content[place + 20 : place + 28] = b"\xff" * 8
    content[place + 42 : place + 46] = b"\xff" * 4
    content[place + 30 : place + 32] = (28).to_bytes(2, "little")
    extra = b"\x01\0\x18\0" + b"".join(each.to_bytes(8, "little") for each in (size, size, offset))
    content[place + 46 + 19 : place + 46 + 19] = extra
    end = content.rindex(b"PK\x05\x06")
    content[end + 12 : end + 16] = (end - content.index(b"PK\x01\x02")).to_bytes(4, "little")
    assert detect(bytes(content)) == DOCX


def test_a_directory_without_end_is_read_in_bounded_time() -> None:
    record = b"PK\x01\x02" + bytes(24) + b"\x01\0" + bytes(16) + b"a"
    many = b"PK\x03\x04" + bytes(26) + record * 200_000
    end = (
        b"PK\x05\x06" + bytes(8) + (len(record) * 200_000).to_bytes(4, "little") + (30).to_bytes(4, "little") + b"\0\0"
    )
    window = Window.of_bytes(many + end)
    assert detect(many + end) == "application/zip"
    assert least_seconds(lambda: detect(many + end), 0.25) < 0.25
    assert len(read_entries(window)) <= MAX_ENTRIES


def test_a_zip_behind_something_else_and_the_last_part_of_one() -> None:
    content = zip_with(document(content_types(MAIN)))
    assert detect(b"\1\2\3\xff" * 100 + content) == DOCX
    assert detect(bytes(range(256)) * 4 + content[-22:]) == "application/zip"
    commented = zip_with(document(content_types(MAIN)), comment=b"a" * 300)
    for start in (b"prefix that could be an executable jar file", b"\0\1\2", b"#!/usr/bin/env python3\n"):
        assert detect(start + content) == DOCX
        assert detect(start + commented) == DOCX


def test_the_name_tells_a_document_whose_end_is_missing() -> None:
    content = zip_with({"a.bin": bytes(range(256)) * 40, **document(content_types(MAIN))}, compress=False)[:5_000]
    assert detect(content) == "application/zip"
    assert detect(content, "a.docx") == DOCX
    assert detect(content, "a.jpg") == "application/zip"
    assert detection.detect(Window.of_bytes(content), "a.docx").detected_by == "name"
