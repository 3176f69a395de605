"""Whether a declared media type agrees with the detected one."""

from __future__ import annotations

import pytest

from picasso.detection import declared_type_matches
from picasso.detection.agreement import GENERAL
from picasso.detection.media_types import ENTRIES, OFFICE
from tests.cases import cases

DOCX = OFFICE + "wordprocessingml.document"


@cases(
    ("declared", "detected"),
    [
        ("image/jpeg", "image/jpeg"),
        # other names of the same type, which browsers on Windows declare
        ("image/jpg", "image/jpeg"),
        ("image/pjpeg", "image/jpeg"),
        ("image/x-png", "image/png"),
        ("image/x-icon", "image/vnd.microsoft.icon"),
        ("application/x-zip-compressed", "application/zip"),
        ("application/x-javascript", "text/javascript"),
        ("application/xml", "text/xml"),
        ("audio/x-m4a", "audio/mp4"),
        ("audio/mp3", "audio/mpeg"),
        ("Text/Plain; charset=UTF-8", "text/plain"),
        # general names
        ("text/plain", "text/x-python"),
        ("text/plain", "text/csv"),
        ("text/plain", "application/x-subrip"),
        ("application/xml", "image/svg+xml"),
        ("text/xml", "application/gpx+xml"),
        ("application/json", "application/geo+json"),
        ("application/zip", DOCX),
        ("application/x-zip-compressed", "application/epub+zip"),
        ("application/zip", "application/vnd.oasis.opendocument.text"),
        ("application/zip", "application/vnd.apple.keynote"),
        ("application/ogg", "audio/ogg"),
        ("application/gzip", "image/svg+xml"),
        ("application/x-tar", "application/x-cbt"),
        ("application/zip", "image/openraster"),
        ("application/vnd.sqlite3", "application/geopackage+sqlite3"),
        ("text/plain", "application/json"),
        # a protected document is in a container of another kind
        (DOCX, "application/encrypted"),
        ("application/msword", "application/encrypted"),
        ("image/tiff", "image/x-adobe-dng"),
        ("image/heif", "image/heic"),
        # what the tables of systems say of an extension
        ("application/vnd.ms-excel", "text/csv"),
        ("video/mp2t", "application/typescript"),
        # sound in a container of video
        ("video/webm", "audio/webm"),
        ("audio/mp4", "video/mp4"),
    ],
)
def test_types_that_agree(declared: str, detected: str) -> None:
    assert declared_type_matches(declared, detected) is True


@cases(
    ("declared", "detected"),
    [
        ("image/png", "image/jpeg"),
        ("text/plain", "text/html"),
        ("text/plain", "image/svg+xml"),
        ("text/plain", "application/vnd.microsoft.portable-executable"),
        ("application/json", "application/x-ndjson"),
        ("application/zip", "application/vnd.oasis.opendocument.text-flat-xml"),
        ("application/zip", "application/vnd.apple.mpegurl"),
        (DOCX, "application/zip"),
        ("text/csv", "text/plain"),
        ("image/svg+xml", "text/xml"),
        ("application/vnd.ms-excel", OFFICE + "spreadsheetml.sheet"),
        ("audio/mpeg", "video/mp4"),
    ],
)
def test_types_that_do_not_agree(declared: str, detected: str) -> None:
    assert declared_type_matches(declared, detected) is False


@pytest.mark.parametrize(
    "declared", ["", "application/octet-stream", "binary", "a/b/c", "binary/octet-stream", "application/force-download"]
)
def test_nothing_was_declared(declared: str) -> None:
    assert declared_type_matches(declared, "image/png") is None


def test_general_types_are_known() -> None:
    """A misspelt name would cover nothing."""
    names = {name for patterns in GENERAL.values() for name in patterns if "*" not in name}
    unknown = {name for name in {*GENERAL, *names} if name.removeprefix("!") not in ENTRIES}
    assert unknown <= {"application/mp4", "application/ogg", "application/x-matroska"}
