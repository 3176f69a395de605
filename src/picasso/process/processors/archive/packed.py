"""Files and TARs that are compressed as one stream. They are read through in pieces, within limits."""

from __future__ import annotations

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from picasso.charset import decode_bytes
from picasso.process.contract import ProcessorError, Result, Source
from picasso.process.processors.archive import tar
from picasso.process.processors.archive.summary import Entry, Summary, corrupt, is_bomb_ratio

PIECE = 256 * 2**10

# Limits for the unpacked size. Reaching one takes about half a minute on one core.
MAX_UNPACKED = {"gzip": 8 * 2**30, "zstd": 16 * 2**30, "xz": 3 * 2**30, "lzma": 3 * 2**30, "bzip2": 2**30}

EXTENSIONS = {"gzip": "gz", "bzip2": "bz2", "xz": "xz", "lzma": "lzma", "zstd": "zst"}

# Memory for unpacking. The strongest level of `xz` needs 65 MiB, `zstd --ultra -22` 128 MiB.
MAX_MEMORY = 192 * 2**20
MAX_WINDOW_LOG = 27


def load() -> None:
    _zstandard()


def read(source: Source, folder: Path, archive_format: str) -> Result:
    summary = Summary(archive_format, source.path.stat().st_size)
    stream = UnpackedStream(source.path, archive_format, summary, source.progress)
    try:
        first = stream.read(tar.BLOCK)
        stream.unread(first)
        if tar.parse_header(first):
            summary.format = f"tar.{EXTENSIONS[archive_format]}"
            tar.count_entries(stream, summary)
        stream.drain()
    finally:
        stream.close()
    if not summary.entries:
        summary.add(
            Entry(_original_name(source.path, archive_format), "file", stream.unpacked_size, summary.archive_size)
        )
    summary.unpacked = stream.unpacked_size
    return summary.result(folder)


def _original_name(path: Path, archive_format: str) -> str:
    """The original name in a gzip header; empty if there is none. The name of the upload is not known here."""
    with path.open("rb") as file:
        head = file.read(PIECE)
    if archive_format != "gzip" or len(head) < 10 or not head[3] & 8:
        return ""
    start = 10
    if head[3] & 4:
        start += 2 + int.from_bytes(head[10:12], "little")
    return decode_bytes(head[start : start + 4096].partition(b"\0")[0]).text


class UnpackedStream:
    """The unpacked bytes of a compressed file, a piece at a time."""

    def __init__(self, path: Path, archive_format: str, summary: Summary, progress: Callable[[float], None]) -> None:
        self._file = path.open("rb")
        self._summary = summary
        self._limit = MAX_UNPACKED[archive_format]
        self._progress = progress
        self._new_decompressor = DECOMPRESSORS[archive_format]
        self._decompressor = self._new_decompressor()
        self._input = b""
        self._output = b""
        self._pieces = 0
        self.unpacked_size = 0
        """Bytes that were unpacked so far."""

    def close(self) -> None:
        self._file.close()

    def unread(self, data: bytes) -> None:
        self._output = data + self._output

    def read(self, size: int) -> bytes:
        while len(self._output) < size and (piece := self._piece()):
            self._output += piece
        result, self._output = self._output[:size], self._output[size:]
        return result

    def skip(self, size: int) -> bool:
        while size > len(self._output):
            size -= len(self._output)
            self._output = self._piece()
            if not self._output:
                return False
        self._output = self._output[size:]
        return True

    def drain(self) -> None:
        """Read to the end, or to the limit."""
        self._output = b""
        while self._piece():
            pass

    def _piece(self) -> bytes:
        """The next piece; empty at the end, or after `Summary.incomplete` was set."""
        if self._summary.incomplete in {"size", "entries"}:
            return b""
        if self.unpacked_size > self._limit or is_bomb_ratio(self.unpacked_size, self._summary.archive_size):
            self._summary.incomplete = "size"
            return b""
        try:
            piece = self._decompress()
        except (zlib.error, OSError, EOFError, ValueError) as error:
            # With a number it is the disk's error; for bad data, bzip2 raises an OSError without one.
            if isinstance(error, OSError) and error.errno:
                raise
            return self._handle_damage(error)
        except Exception as error:
            if type(error).__name__ not in {"LZMAError", "ZstdError"}:
                raise
            return self._handle_damage(error)
        self.unpacked_size += len(piece)
        return piece

    def _handle_damage(self, error: Exception) -> bytes:
        if "emory" in str(error) or "window" in str(error).lower():
            sentence = "Unpacking this archive takes more memory than is allowed."
            raise ProcessorError("too-much-memory", sentence) from error
        if not self.unpacked_size:
            raise corrupt() from error
        self._summary.incomplete = self._summary.incomplete or "damaged"
        return b""

    def _decompress(self) -> bytes:
        while True:
            if self._decompressor.eof:
                if not self._next_stream():
                    return b""
            elif self._decompressor.needs_input and not self._input:
                self._input = self._read_input()
                if not self._input:
                    raise EOFError
            data, self._input = self._input, b""
            if piece := self._decompressor.decompress(data, PIECE):
                return bytes(piece)

    def _next_stream(self) -> bool:
        """Whether another stream follows. Zeros may follow the last one."""
        rest = (self._decompressor.unused_data or self._read_input()).lstrip(b"\0")
        while not rest and (data := self._read_input()):
            rest = data.lstrip(b"\0")
        if not rest:
            return False
        self._decompressor, self._input = self._new_decompressor(), rest
        return True

    def _read_input(self) -> bytes:
        data = self._file.read(PIECE)
        self._pieces += 1
        if self._pieces % 64 == 0 and self._summary.archive_size:
            self._progress(min(1.0, self._file.tell() / self._summary.archive_size))
        return data


class Gzip:
    """zlib's decompressor with the interface of the others: it keeps the input that it has not used."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, limit: int) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, limit)


def _zstandard() -> Any:
    """The module for Zstandard, which is in the standard library from Python 3.14 on."""
    return import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")


def _zstd() -> Any:
    zstd = _zstandard()
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: MAX_WINDOW_LOG})


DECOMPRESSORS: dict[str, Callable[[], Any]] = {
    "gzip": Gzip,
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_MEMORY),
    "lzma": lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=MAX_MEMORY),
    "zstd": _zstd,
}
