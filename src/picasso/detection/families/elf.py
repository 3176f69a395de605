"""Programs of Linux and others (ELF, System V ABI): a program that may be loaded anywhere has the type of a library."""

from __future__ import annotations

from typing import Literal

from picasso.detection.window import Window

PROGRAM, LIBRARY = "application/x-executable", "application/x-sharedlib"
APP_IMAGE = "application/vnd.appimage"

INTERPRETER = 3
"""The segment that names the loader, which only a program has."""

MAX_SEGMENTS = 32


def detect_elf(window: Window) -> str | None:
    head = window.head
    if head[8:10] == b"AI" and head[10:11] in {b"\1", b"\2"}:
        return APP_IMAGE  # docs.appimage.org, AppImage specification
    return PROGRAM if head[16:18] in {b"\3\0", b"\0\3"} and INTERPRETER in _segments(window) else None


def _segments(window: Window) -> frozenset[int]:
    head = window.head
    order: Literal["little", "big"] = "little" if head[5:6] == b"\1" else "big"
    start, sizes = (head[32:40], head[54:58]) if head[4:5] == b"\2" else (head[28:32], head[42:46])
    offset, size, count = (int.from_bytes(field, order) for field in (start, sizes[:2], sizes[2:]))
    kinds = (window.at(offset + size * number, 4) for number in range(min(count, MAX_SEGMENTS)))
    return frozenset(int.from_bytes(kind, order) for kind in kinds)
