"""Formats that show only at the end of a file, or by its size."""

from __future__ import annotations

from picasso.detection.window import Window

BY_TRAILER = ("model/stl", "application/x-apple-diskimage", "application/x-leveldb")


def detect_by_trailer(window: Window) -> str | None:
    for detect in (_stl, _disk_image, _leveldb):
        if media_type := detect(window):
            return media_type
    return None


def _stl(window: Window) -> str | None:
    """Binary STL: a header of 80 bytes, the number of triangles, and 50 bytes for each of them."""
    triangles = int.from_bytes(window.at(80, 4), "little")
    return "model/stl" if triangles and window.size == 84 + 50 * triangles else None


def _disk_image(window: Window) -> str | None:
    """An Apple disk image ends with a block of 512 bytes: ``koly``, version 4, its size."""
    end = window.at(window.size - 512, 12)
    return "application/x-apple-diskimage" if end == b"koly\0\0\0\4\0\0\2\0" else None


def _leveldb(window: Window) -> str | None:
    """A table of LevelDB or RocksDB ends with its magic number (LevelDB, table format; RocksDB, block-based table)."""
    return "application/x-leveldb" if window.tail(8) in LEVELDB else None


LEVELDB = (bytes.fromhex("57fb808b247547db"), bytes.fromhex("f7cff485b741e288"))
