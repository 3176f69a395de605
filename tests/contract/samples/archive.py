"""Small archives of each format, made in code."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Iterator
from typing import Any

FILES = {"a.txt": b"hello\n" * 100, "folder/größe.txt": "Größe\n".encode(), "inner.zip": b"PK\x05\x06" + bytes(18)}


def zipped(files: dict[str, bytes] = FILES) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 2, 3, 4, 5, 6)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def tarred(files: dict[str, bytes] = FILES, form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(content), 1_700_000_000
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def seven_zip(files: dict[str, bytes] = FILES, **options: Any) -> bytes:
    import py7zr

    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w", **options) as archive:
        for name, content in files.items():
            archive.writestr(content, name)
    return out.getvalue()


def zstd(content: bytes) -> bytes:
    from backports import zstd as library

    return library.compress(content)


def samples() -> Iterator[tuple[str, bytes]]:
    yield "application/zip", zipped()
    yield "application/java-archive", zipped({"META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\n", "A.class": b"x"})
    yield "application/x-tar", tarred()
    yield "application/gzip", gzip.compress(tarred(), mtime=0)
    yield "application/x-bzip2", bz2.compress(tarred())
    yield "application/x-xz", lzma.compress(tarred())
    yield "application/zstd", zstd(tarred())
    yield "application/x-7z-compressed", seven_zip()
