"""Formats of archives."""

from __future__ import annotations

import bz2
import gzip
import lzma

from tests.contract.samples import archive as small
from tests.formats import Format

KEYS = (
    *("duplicates", "encrypted", "entries", "files", "first", "flags", "folders", "format", "incomplete", "links"),
    *("names_encoding", "names_encoding_sure", "nested_archives", "others", "ratio", "total_unpacked"),
)
FACTS: dict[str, tuple[str, ...]] = {"archive": KEYS}
MADE = ("listing",)

THROUGH = "Read up to {} unpacked, or until an archive bomb is certain (`incomplete` says so)."

FORMATS = (
    Format(
        "ZIP",
        "archive.zip",
        small.zipped,
        "application/zip",
        FACTS,
        MADE,
        gaps="Sizes come from the archive's directory. At most 500,000 entries are counted, 10,000 listed.",
    ),
    Format(
        "JAR",
        "program.jar",
        lambda: small.zipped({"META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\n", "A.class": b"x"}),
        "application/java-archive",
        FACTS,
        MADE,
    ),
    Format(
        "APK",
        "program.apk",
        lambda: small.zipped({"AndroidManifest.xml": b"x", "classes.dex": b"x"}),
        "application/vnd.android.package-archive",
        FACTS,
        MADE,
    ),
    Format("TAR", "archive.tar", small.tarred, "application/x-tar", FACTS, MADE),
    Format(
        "TAR, gzip",
        "archive.tar.gz",
        lambda: gzip.compress(small.tarred()),
        "application/gzip",
        FACTS,
        MADE,
        gaps=THROUGH.format("8 GiB"),
    ),
    Format(
        "TAR, bzip2",
        "archive.tar.bz2",
        lambda: bz2.compress(small.tarred()),
        "application/x-bzip2",
        FACTS,
        MADE,
        gaps=THROUGH.format("1 GiB"),
    ),
    Format(
        "TAR, xz",
        "archive.tar.xz",
        lambda: lzma.compress(small.tarred()),
        "application/x-xz",
        FACTS,
        MADE,
        gaps=f"{THROUGH.format('3 GiB')} Files that need more than 192 MiB of memory to unpack are refused.",
    ),
    Format(
        "TAR, Zstandard",
        "archive.tar.zst",
        lambda: small.zstd(small.tarred()),
        "application/zstd",
        FACTS,
        MADE,
        gaps=f"{THROUGH.format('16 GiB')} Windows of more than 128 MiB are refused.",
    ),
    Format("gzip", "notes.txt.gz", lambda: gzip.compress(b"some words\n" * 9), "application/gzip", FACTS, MADE),
    Format("bzip2", "notes.txt.bz2", lambda: bz2.compress(b"some words\n" * 9), "application/x-bzip2", FACTS, MADE),
    Format("xz", "notes.txt.xz", lambda: lzma.compress(b"some words\n" * 9), "application/x-xz", FACTS, MADE),
    Format("Zstandard", "notes.txt.zst", lambda: small.zstd(b"some words\n" * 9), "application/zstd", FACTS, MADE),
    Format(
        "7z",
        "archive.7z",
        small.seven_zip,
        "application/x-7z-compressed",
        FACTS,
        MADE,
        gaps="The targets of links are not checked.",
    ),
    Format(
        "7z, its directory protected",
        "secret.7z",
        lambda: small.seven_zip(password="secret", header_encryption=True),
        "application/x-7z-compressed",
        {},
        error="protected",
    ),
    Format(
        "RAR",
        "archive.rar",
        lambda: b"Rar!\x1a\x07\x01\x00" + bytes(40),
        "application/vnd.rar",
        {},
        gaps="Detected and stored; its content is not listed.",
    ),
)
