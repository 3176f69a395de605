"""What clients declare, and whether it agrees with what the file is; browsers on Windows have names of their own."""

from __future__ import annotations

import io
import zipfile
from functools import partial

import pytest
from PIL import Image

from tests.live.wire import png
from tests.stack import Stack

pytestmark = pytest.mark.live


def picture(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(file, kind)
    return file.getvalue()


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("a.txt", "text")
    return file.getvalue()


TABLE = b"name,price\nbolt,10\nnut,20\nwasher,30\n"
JPEG, ICON = partial(picture, "JPEG"), partial(picture, "ICO")

DECLARED = [
    ("a.jpg", JPEG(), "image/jpeg", True),
    ("a.jpg", JPEG(), "image/jpg", True),
    ("a.jpg", JPEG(), "image/pjpeg", True),
    ("a.jpg", JPEG(), "IMAGE/JPEG; q=1", True),
    ("a.jpg", JPEG(), "image/png", False),
    ("a.png", png(), "image/x-png", True),
    ("a.ico", ICON(), "image/x-icon", True),
    ("a.ico", ICON(), "image/vnd.microsoft.icon", True),
    ("a.zip", archive(), "application/x-zip-compressed", True),
    ("a.zip", archive(), "application/x-zip", True),
    ("a.zip", archive(), "application/pdf", False),
    ("a.csv", TABLE, "application/vnd.ms-excel", True),
    ("a.csv", TABLE, "text/csv; charset=utf-8", True),
    ("a.csv", TABLE, "image/png", False),
]


@pytest.mark.parametrize(("name", "content", "declared", "agrees"), DECLARED, ids=[f"{d[0]}-{d[2]}" for d in DECLARED])
def test_a_declared_type_agrees(service: Stack, name: str, content: bytes, declared: str, *, agrees: bool) -> None:
    facts = service.file(service.upload(content, name, declared)["id"])["facts"]["file"]
    assert facts["declared_type_matches"] is agrees
