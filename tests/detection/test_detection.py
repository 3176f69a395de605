"""The detected type of files, in a form that is safe to build a path from."""

from __future__ import annotations

import gzip
import io
import json
import mimetypes
import re
import struct
import subprocess
import sys
import tarfile
import threading
import wave
import zipfile
import zlib
from pathlib import PurePosixPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from picasso import detection
from picasso.detection import HEAD, UNKNOWN, Window, media_types
from tests.cases import cases
from tests.cost import least_seconds
from tests.detection.builders import zip_with
from tests.detection.samples import all_samples
from tests.formats.page import all_formats
from tests.sampling import number
from tests.waiting import join


def detect_media_type(content: bytes, name: str = "") -> str:
    return detection.detect(Window.of_bytes(content), name).media_type


def zip_of(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, "application/epub+zip" if name == "mimetype" else "<xml/>")
    return packed.getvalue()


def tar() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"), io.BytesIO())
    return packed.getvalue()


def wav() -> bytes:
    sound = io.BytesIO()
    with wave.open(sound, "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(8000)
        recording.writeframes(b"\0\0" * 100)
    return sound.getvalue()


def png() -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0\0\0\0")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


SAMPLES = {
    "PNG": (png(), "image/png"),
    "JPEG": (bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + b"\xff\xdb" + b"\0" * 99, "image/jpeg"),
    "GIF": (b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;", "image/gif"),
    "WebP": (b"RIFF\x24\0\0\0WEBPVP8 \x18\0\0\0" + b"\0" * 24, "image/webp"),
    "BMP": (b"BM" + struct.pack("<IHHIIiiHHIIiiII", 58, 0, 0, 54, 40, 1, 1, 1, 24, 0, 4, 0, 0, 0, 0), "image/bmp"),
    "SVG": (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "application/pdf"),
    "ZIP": (zip_of("a.txt"), "application/zip"),
    "EPUB": (zip_of("mimetype", "META-INF/container.xml"), "application/epub+zip"),
    "gzip": (gzip.compress(b"content"), "application/gzip"),
    "tar": (tar(), "application/x-tar"),
    "WAV": (wav(), "audio/wav"),
    "MP4": (b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41" + b"\0\0\0\x08free", "video/mp4"),
    "ELF": (
        b"\x7fELF\x02\x01\x01" + b"\0" * 9 + struct.pack("<HHI", 2, 62, 1) + b"\0" * 60,
        "application/x-executable",
    ),
    "JSON": (json.dumps({"a": [1, 2, {"b": None}]}).encode(), "application/json"),
    "CSV": (b"name,year,city\nGuernica,1937,Paris\nHarlequin,1917,Rome\nDora,1937,Paris\n", "text/csv"),
    "HTML": (b"<!DOCTYPE html>\n<html><head><title>x</title></head></html>", "text/html"),
    "XML": (b'<?xml version="1.0" encoding="utf-8"?>\n<a><b/></a>', "text/xml"),
    "ASCII": (b"just some words\n", "text/plain"),
    "UTF-8": ("Ein paar Wörter, 年\n".encode(), "text/plain"),
    "UTF-8 with BOM": ("\ufeffwords\n".encode(), "text/plain"),
    "UTF-16": ("some words\r\n".encode("utf-16"), "text/plain"),
    "Latin-1": ("ein paar Wörter\n".encode("latin-1") * 3, "text/plain"),
    "a letter": (b"x", "text/plain"),
    "zeros": (b"\0" * 5000, UNKNOWN),
    "nothing": (b"", UNKNOWN),
}


@cases(("content", "expected"), SAMPLES.values(), ids=SAMPLES)
def test_samples_are_detected(content: bytes, expected: str) -> None:
    found = detect_media_type(content)
    if expected == "application/x-executable":
        assert found in {expected, "application/x-pie-executable", "application/x-elf"}
    elif not content:
        # Versions of libmagic differ on what is not there.
        assert found in {UNKNOWN, "application/x-empty"}
    else:
        assert found == expected


def named_zip(mimetype: bytes, *names: str) -> bytes:
    """A ZIP whose entry ``mimetype`` is compressed and not the first."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in (*names, "mimetype"):
            archive.writestr(name, mimetype if name == "mimetype" else "<xml/>" * bool(not name.endswith("/")))
    return packed.getvalue()


def ftyp(brand: bytes) -> bytes:
    return b"\0\0\0\x20ftyp" + brand + b"\0\0\0\0" + brand + b"isommp42" + b"\0\0\0\x08free"


OFFICE = "application/vnd.openxmlformats-officedocument."
CSV, TSV, JSON, NDJSON = "text/csv", "text/tab-separated-values", "application/json", "application/x-ndjson"
MAIL = b"Date: Mon, 1 Jan 2024 00:00:00 +0000\r\nSubject: x\r\nFrom: a@b.c\r\n\r\nhello\r\n"

# What libmagic does not tell, or each of its versions differently.
BOOK = b'<rootfile full-path="a.opf" media-type="application/oebps-package+xml"/>'

SECOND_LOOKS = {
    "EPUB, compressed": (
        named_zip(b"application/epub+zip", "META-INF/", "META-INF/container.xml"),
        "application/epub+zip",
    ),
    "EPUB, by its word": (named_zip(b"application/epub+zip\n", "a.xml"), "application/epub+zip"),
    "EPUB, by a name": (zip_with({"META-INF/": b"", "META-INF/container.xml": BOOK}), "application/epub+zip"),
    "ODT, compressed": (
        named_zip(b"application/vnd.oasis.opendocument.text", "a"),
        "application/vnd.oasis.opendocument.text",
    ),
    "a word that is none": (named_zip(b"text/html", "a.xml"), "application/zip"),
    "DOCX": (
        zip_of("docProps/app.xml", "word/document.xml", "[Content_Types].xml"),
        OFFICE + "wordprocessingml.document",
    ),
    "XLSX": (zip_of("[Content_Types].xml", "xl/workbook.xml"), OFFICE + "spreadsheetml.sheet"),
    "JAR": (zip_of("META-INF/", "META-INF/MANIFEST.MF", "A.class"), "application/java-archive"),
    "APK": (zip_of("AndroidManifest.xml", "classes.dex"), "application/vnd.android.package-archive"),
    "Parquet": (b"PAR1\x15\x04" + b"\0" * 50 + b"PAR1", "application/vnd.apache.parquet"),
    "CR3": (ftyp(b"crx "), "image/x-canon-cr3"),
    "RW2": (b"IIU\0\x18\0\0\0", "image/x-panasonic-rw2"),
    "MRW": (b"\0MRM\0\1\0\0", "image/x-minolta-mrw"),
    "PSB": (b"8BPS\0\2" + bytes(6) + b"\0\3", "image/vnd.adobe.photoshop"),
    "WavPack": (b"wvpk\x20\0\0\0\x10\x04" + bytes(28), "audio/x-wavpack"),
    "CAF": (b"caff\0\1\0\0desc", "audio/x-caf"),
    "DTS": (b"\x7f\xfe\x80\x01" + bytes(60), "audio/vnd.dts"),
    "TTA": (b"TTA1\1\0\2\0", "audio/x-tta"),
    "MPEG-TS": (b"".join(b"\x47\x40\0\x10" + bytes(184) for _ in range(5)), "video/mp2t"),
    "MPEG-TS of a camera": (b"".join(bytes(4) + b"\x47\x40\0\x10" + bytes(184) for _ in range(5)), "video/mp2t"),
    "M4A": (ftyp(b"M4A "), "audio/mp4"),
    "MP4": (ftyp(b"isom"), "video/mp4"),
    "HEIC": (ftyp(b"heic"), "image/heic"),
    "AVIF": (ftyp(b"avif"), "image/avif"),
    "JPEG XL": (b"\xff\x0a\xfa\x0f\x01\x90\x01\x00", "image/jxl"),
    "TSV": (b"name\tyear\nDora\t1937\nGuernica\t1937\n", TSV),
    "CSV, semicolons": (b"a;b;c\n1;2;3\n4;5;6\n", CSV),
    "JSON Lines": (b'{"a": 1}\n{"a": 2}\n', NDJSON),
    "JSON Lines, long": (b'{"a": 1}\n' * 9_000, NDJSON),
    "JSON, long": (json.dumps([{"a": n} for n in range(20_000)]).encode(), JSON),
    "JSON, spread": (b'{\n  "a": [\n    {"b": 1},\n    {"b": 2}\n  ]\n}\n', JSON),
    "a mail": (MAIL, "message/rfc822"),
    "SVG after a comment": (b'<!-- a --><svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml"),
    "SVG after all": (
        b'<?xml version="1.0"?>\n<!-- a -->\n<!DOCTYPE svg [\n<!ENTITY a "b">\n]>\n<svg:svg/>',
        "image/svg+xml",
    ),
    "XHTML": (b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', "application/xhtml+xml"),
    "WebVTT": (b"WEBVTT\n\n00:01.000 --> 00:02.000\nHi\n", "text/vtt"),
    "SubRip": (b"1\r\n00:00:01,000 --> 00:00:02,000\r\nHi\r\n", "application/x-subrip"),
    "OLE, a document": (
        bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504) + b"\xec\xa5" + bytes(600),
        "application/msword",
    ),
    "sentences with a comma each": (b"The fox, the dog.\n" * 20, "text/plain"),
    "statements": (b"a = 1;\nb = 2;\nc = 3;\n", "text/plain"),
    "a log": (b"2024-01-01 10:00:00 INFO: all is well\n" * 9, "text/plain"),
    "headers of no mail": (b"Host: a\nAccept: b\nDate: c\n\n", "text/plain"),
    "nothing but brackets": (b"[" * 70_000, "text/plain"),
}


@cases(("content", "expected"), SECOND_LOOKS.values(), ids=SECOND_LOOKS)
def test_rules_refine_the_result_of_libmagic(content: bytes, expected: str) -> None:
    assert detect_media_type(content[:HEAD]) == expected


PLAIN, WORDS = b"just some words\n", "text/plain"


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (PLAIN, "README.md", "text/markdown"),
        (PLAIN, "a.YML", "application/yaml"),
        (PLAIN, "a.toml", "application/toml"),
        (b"a,b\n1,2\n", "a.csv", CSV),
        (b"a\tb\n", "a.tsv", TSV),
        (b'{"a": 1}\n', "a.jsonl", NDJSON),
        (b"a, b\nc, d\n", "a.csv", CSV),
        (b"name,year\nDora,1937\nGuernica,1937\n", "a.txt", CSV),
        (b"name,year\nDora,1937\nGuernica,1937\n", "notes.md", "text/markdown"),
        (b"<p>x</p>\n", "a.html", "text/html"),
        (b"<a><b/></a>\n", "a.xml", "text/xml"),
        (PLAIN, "a.png", WORDS),
        (PLAIN, "a.exe", WORDS),
        (PLAIN, "md", WORDS),
        (PLAIN, ".md", WORDS),
        (PLAIN, "", WORDS),
        (png(), "a.csv", "image/png"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "a.md", "application/pdf"),
        (b"<!DOCTYPE html>\n<html></html>", "a.md", "text/html"),
        (bytes(5_000), "a.csv", UNKNOWN),
    ],
)
def test_the_name_decides_only_between_plain_text_formats(content: bytes, name: str, expected: str) -> None:
    assert detect_media_type(content, name) == expected


def test_both_versions_of_libmagic_agree() -> None:
    """The version in use and the bundled one, for all samples."""
    code = (
        "import ctypes.util, sys, json; found = ctypes.util.find_library; "
        "ctypes.util.find_library = lambda name: None if name == 'magic' else found(name); "
        "from picasso import detection; "
        "windows = [detection.Window.of_bytes(bytes.fromhex(content)) for content in json.load(sys.stdin)]; "
        "print(json.dumps([detection.detect(window).media_type for window in windows]))"
    )
    every = {name: content for name, (content, _) in {**SAMPLES, **SECOND_LOOKS}.items() if name != "ELF"}
    every |= {f"{each.media_type} {each.name}": each.content for each in all_samples()}
    answer = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps([content.hex() for content in every.values()]),
        capture_output=True,
        text=True,
        check=True,
    )
    bundled = dict(zip(every, json.loads(answer.stdout), strict=True))
    assert bundled == {name: detect_media_type(content) for name, content in every.items()}


@pytest.mark.parametrize(
    "content",
    [
        b"<!---->" * 9_000,
        b"<?a?>" * 9_000,
        b"<!DOCTYPE a [" * 5_000,
        b"From: " * 9_000,
        b"From: x\n" * 9_000,
        b'"' * 65_536,
        b"\t" * 65_536,
        b"a;" * 32_000,
        b"[" * 65_536,
        b'{"a":' * 13_000,
        b"PK\3\4" * 16_000,
        b"PK\3\4" + bytes(22) + b"\xff\xff\xff\xff" + b"PK\3\4" * 9_000,
    ],
    ids=range(12),
)
def test_rules_are_fast(content: bytes) -> None:
    assert least_seconds(lambda: detect_media_type(content), 0.25) < 0.25


def test_only_the_head_is_read() -> None:
    assert detect_media_type(png() + b"x" * 10 * HEAD) == "image/png"
    assert detect_media_type(b"\0" * HEAD + png()) == UNKNOWN


SAFE = re.compile(r"[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*")

STARTS = [content[:40] for content, _ in SAMPLES.values()] + [b"#!/bin/", b"\x1f\x8b", b"PK\x03\x04", b"<?xml", b"BZh"]


@given(st.binary(max_size=200) | st.builds(lambda start, rest: start + rest, st.sampled_from(STARTS), st.binary()))
@example(b"")
@example(b"\n")
@settings(max_examples=number(400, 100), deadline=None)
def test_any_bytes_give_a_safe_type(content: bytes) -> None:
    found = detect_media_type(content)
    assert SAFE.fullmatch(found)
    assert PurePosixPath(found).parts == tuple(found.split("/"))
    assert ".." not in PurePosixPath(found).parts
    assert len(found) <= 190


@given(st.text() | st.from_regex(r"[A-Za-z./\\]*/[A-Za-z./\\;]*"))
@example("../..")
@example("/etc/passwd")
@example("a/../b")
@example("text/plain\n")
@example("inode/x-empty")
def test_any_result_of_libmagic_gives_a_safe_type(word: str) -> None:
    found = detection.normalize(word)
    assert SAFE.fullmatch(found)
    assert detection.normalize(found) == found


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("Text/Plain; charset=UTF-8", "text/plain"),
        ("application/x-gzip", "application/gzip"),
        ("audio/x-wav", "audio/wav"),
        ("a" * 64 + "/b", UNKNOWN),
        ("text", UNKNOWN),
        ("", UNKNOWN),
        ("text/plain/x", UNKNOWN),
    ],
)
def test_types_are_normalized(word: str, found: str) -> None:
    assert detection.normalize(word) == found


def test_synonyms_are_normalized() -> None:
    for word, meant in media_types.SYNONYMS.items():
        assert detection.normalize(word) == meant
        assert meant not in media_types.SYNONYMS


def test_extensions() -> None:
    assert detection.extension("image/png") == ".png"
    assert detection.extension("text/plain") == ".txt"
    assert detection.extension("application/x-nobody-knows") is None


def test_extensions_do_not_depend_on_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with Debian's ``mime-support`` has ``.mpv``, ``.oga`` and ``.es``."""
    monkeypatch.setitem(mimetypes.types_map, ".odd", "video/webm")
    expected = {"video/x-matroska": ".mkv", "audio/ogg": ".ogg", "text/javascript": ".js", "text/rtf": ".rtf"}
    expected |= {"video/webm": ".webm", "image/jpeg": ".jpg", "audio/mpeg": ".mp3", "application/gzip": ".gz"}
    assert {kind: detection.extension(kind) for kind in expected} == expected


def test_every_format_of_the_table_has_an_extension() -> None:
    without = {each.media_type for each in all_formats() if detection.extension(each.media_type) is None}
    assert without <= {"application/encrypted"}


@pytest.mark.parametrize("before", [b"\n\n", b"\0" * 1000, b"--x\r\nContent-Type: application/pdf\r\n\r\n\0"])
def test_a_pdf_may_have_something_before_it(before: bytes) -> None:
    pdf = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n" + bytes(range(256))
    assert detect_media_type(before + pdf) == "application/pdf"


def test_many_threads_at_once() -> None:
    """Each thread has a cookie of its own. A shared one gives wrong results or crashes."""
    wrong: list[str] = []
    start = threading.Barrier(16)
    expected = {content: detect_media_type(content) for content, _ in SAMPLES.values()}

    def look() -> None:
        start.wait(timeout=60)
        for _ in range(15):
            wrong.extend(found for content, kind in expected.items() if (found := detect_media_type(content)) != kind)

    threads = [threading.Thread(target=look, daemon=True) for _ in range(16)]
    for thread in threads:
        thread.start()
    join(*threads)
    assert not wrong


NASTY = {
    "empty lines": (b"\n" * 65_536, "text/plain"),
    "spaces": (b" " * 65_536, "text/plain"),
    "angle brackets": (b"<" * 65_536, "text/plain"),
    "a script after much white space": (b"#!/bin/sh\n" + b"\n" * 60_000 + b"echo\n", "text/x-shellscript"),
    "long JSON": (b'{"a": [' + b"1, " * 8_000 + b"2]}", "application/json"),
    "HTML with much text": (b"<!doctype html><html><body>" + b"word " * 9_000, "text/html"),
}


@pytest.mark.parametrize(("head", "expected"), NASTY.values(), ids=NASTY)
def test_a_shortened_text_is_still_detected(head: bytes, expected: str) -> None:
    assert detect_media_type(head) == expected
