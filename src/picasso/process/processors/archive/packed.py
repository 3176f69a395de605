"""What is compressed as a whole: a file, or a TAR. It is read through in pieces, within bounds."""

from __future__ import annotations

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from picasso.process.contract import ProcessorError, Result, Source
from picasso.process.processors.archive import tar
from picasso.process.processors.archive.summary import Entry, Tally, bursts, corrupt

PIECE = 256 * 2**10

# How much is unpacked of one archive, by what takes about half a minute on one core.
MAX_UNPACKED = {"gzip": 8 * 2**30, "zstd": 16 * 2**30, "xz": 3 * 2**30, "lzma": 3 * 2**30, "bzip2": 2**30}

SHORT = {"gzip": "gz", "bzip2": "bz2", "xz": "xz", "lzma": "lzma", "zstd": "zst"}

# What an archive may ask for to be unpacked: the strongest level of `xz` needs 65 MiB, `zstd --ultra -22` 128 MiB.
MAX_MEMORY = 192 * 2**20
MAX_WINDOW_LOG = 27


def load() -> None:
    _zstandard()


def read(source: Source, folder: Path, form: str) -> Result:
    tally = Tally(form, source.path.stat().st_size)
    stream = Unpacked(source.path, form, tally, source.progress)
    try:
        first = stream.read(tar.BLOCK)
        stream.unread(first)
        if tar.parsed(first):
            tally.format = f"tar.{SHORT[form]}"
            tar.count(stream, tally)
        stream.drain()
    finally:
        stream.close()
    if not tally.entries:
        tally.add(Entry(_original_name(source.path, form), "file", stream.told, tally.archive_size))
    tally.unpacked = stream.told
    return tally.result(folder)


def _original_name(path: Path, form: str) -> str:
    """What gzip keeps of it; the name of the compressed file is not ours to know."""
    with path.open("rb") as file:
        head = file.read(PIECE)
    if form != "gzip" or len(head) < 10 or not head[3] & 8:
        return ""
    start = 10
    if head[3] & 4:
        start += 2 + int.from_bytes(head[10:12], "little")
    return head[start : start + 4096].partition(b"\0")[0].decode("utf-8", errors="replace")


class Unpacked:
    """What comes of a compressed file, a piece at a time."""

    def __init__(self, path: Path, form: str, tally: Tally, progress: Callable[[float], None]) -> None:
        self._file = path.open("rb")
        self._tally = tally
        self._limit = MAX_UNPACKED[form]
        self._progress = progress
        self._new = MAKERS[form]
        self._decompressor = self._new()
        self._input = b""
        self._output = b""
        self._pieces = 0
        self.told = 0
        """Bytes that came out of it so far."""

    def close(self) -> None:
        self._file.close()

    def unread(self, data: bytes) -> None:
        self._output = data + self._output

    def read(self, size: int) -> bytes:
        while len(self._output) < size and (piece := self._piece()):
            self._output += piece
        taken, self._output = self._output[:size], self._output[size:]
        return taken

    def skip(self, size: int) -> bool:
        while size > len(self._output):
            size -= len(self._output)
            self._output = self._piece()
            if not self._output:
                return False
        self._output = self._output[size:]
        return True

    def drain(self) -> None:
        """To the end, or as far as is allowed."""
        self._output = b""
        while self._piece():
            pass

    def _piece(self) -> bytes:
        """Empty at the end, which may be before that of the file; the tally then says why."""
        if self._tally.incomplete in {"size", "entries"}:
            return b""
        if self.told > self._limit or bursts(self.told, self._tally.archive_size):
            self._tally.incomplete = "size"
            return b""
        try:
            piece = self._unpacked()
        except (zlib.error, OSError, EOFError, ValueError) as fault:
            if isinstance(fault, OSError) and fault.errno:  # of the disk; bzip2 says so of bad data, without a number
                raise
            return self._damaged(fault)
        except Exception as fault:
            if type(fault).__name__ not in {"LZMAError", "ZstdError"}:
                raise
            return self._damaged(fault)
        self.told += len(piece)
        return piece

    def _damaged(self, fault: Exception) -> bytes:
        if "emory" in str(fault) or "window" in str(fault).lower():
            sentence = "Unpacking this archive takes more memory than is allowed."
            raise ProcessorError("too-much-memory", sentence) from fault
        if not self.told:
            raise corrupt() from fault
        self._tally.incomplete = self._tally.incomplete or "damaged"
        return b""

    def _unpacked(self) -> bytes:
        while True:
            if self._decompressor.eof:
                if not self._next():
                    return b""
            elif self._decompressor.needs_input and not self._input:
                self._input = self._more()
                if not self._input:
                    raise EOFError
            data, self._input = self._input, b""
            if piece := self._decompressor.decompress(data, PIECE):
                return bytes(piece)

    def _next(self) -> bool:
        """Another stream may follow the first; zeros may follow the last."""
        rest = (self._decompressor.unused_data or self._more()).lstrip(b"\0")
        while not rest and (more := self._more()):
            rest = more.lstrip(b"\0")
        if not rest:
            return False
        self._decompressor, self._input = self._new(), rest
        return True

    def _more(self) -> bytes:
        data = self._file.read(PIECE)
        self._pieces += 1
        if self._pieces % 64 == 0 and self._tally.archive_size:
            self._progress(min(1.0, self._file.tell() / self._tally.archive_size))
        return data


class Gzip:
    """zlib's decompressor with the manners of the others: it keeps by itself what it was given and did not use."""

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
    """The module, which the standard library has from Python 3.14 on."""
    return import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")


def _zstd() -> Any:
    zstd = _zstandard()
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: MAX_WINDOW_LOG})


MAKERS: dict[str, Callable[[], Any]] = {
    "gzip": Gzip,
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_MEMORY),
    "lzma": lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=MAX_MEMORY),
    "zstd": _zstd,
}
