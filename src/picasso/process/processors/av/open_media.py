"""Opens one stored file with FFmpeg, and nothing else.

FFmpeg never learns the file's path. It reads through a `Reader`, and whatever else it tries to open (an external track
of a MOV, an entry of a playlist) ends in `_refuse_other_files`.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from picasso.process.contract import ProcessorError, Source
from picasso.process.processors.av.demuxers import HEAD, demuxers_for

if TYPE_CHECKING:
    from av.codec import CodecContext
    from av.container import InputContainer

# The largest picture of H.264 level 6.2, HEVC level 6.2 and AV1 level 6.3: 8192 by 4352. At 12 bits and 4:2:2 it takes
# 143 MB, and a decoder of key frames holds a few of them.
MAX_PIXELS = 35_651_584

# A decoder context takes up to a few MB for each stream while the file is probed. Blu-rays have about 40 streams, and a
# Matroska with all fonts of its subtitles has about 60.
MAX_STREAMS = 128

# The index of ten hours of video with many tracks takes about 60 MB.
OPEN_BYTES = 512 * 2**20

# For seeking in an open file: without an index, going from one key frame to the next means reading everything between.
SCAN_BYTES = 256 * 2**20

# Bytes that each read or seek counts for in addition, so that seeking back and forth in a tiny file ends, too.
CALL_COST = 4_096

BUFFER = 65_536  # bytes; PyAV's 32 KiB cost twice as many calls into Python


class Reader:
    """The file for PyAV. After ``max_bytes`` of reading it behaves as if it ended.

    A seek that fails returns an error code instead of raising, because the file named the position. An `OSError` of a
    read is the machine's fault and is raised.
    """

    def __init__(self, file: BinaryIO, max_bytes: int) -> None:
        self._file = file
        self._remaining = max_bytes
        self.size = os.fstat(file.fileno()).st_size

    @property
    def exhausted(self) -> bool:
        return self._remaining <= 0

    def allow(self, max_bytes: int) -> None:
        self._remaining = max_bytes

    def read(self, size: int) -> bytes:
        if self._remaining <= 0:
            return b""
        data = self._file.read(size)
        self._remaining -= len(data) + CALL_COST
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._remaining -= CALL_COST
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError, OverflowError):
            return -errno.EINVAL

    def peek(self, offset: int, size: int) -> bytes:
        """Read without changing FFmpeg's position."""
        return os.pread(self._file.fileno(), size, offset)

    def tell(self) -> int:
        return self._file.tell()


def _refuse_other_files(address: str, flags: int, options: dict[str, str]) -> NoReturn:
    raise ProcessorError("unsupported-format", "This file refers to other files, which are not read.")


@contextmanager
def open_media(source: Source, max_pixels: int = MAX_PIXELS) -> Iterator[tuple[InputContainer, Reader]]:
    """The file with its streams found but not decoded. Errors of the file inside the block become `ProcessorError`.

    Raises:
        ProcessorError: ``unsupported-format``, ``corrupt``, ``too-many-streams``, ``too-many-pixels``, ``too-large``.
    """
    with source.path.open("rb", buffering=0) as file, translate_errors():
        reader = Reader(file, OPEN_BYTES)
        demuxers = demuxers_for(source.media_type, reader.peek(0, HEAD))
        if not demuxers:
            raise ProcessorError("unsupported-format", "Recordings of this format can't be read.")
        container = _open(reader, demuxers)
        try:
            _check(container, max_pixels)
            yield container, reader
        finally:
            container.close()


def _open(reader: Reader, demuxers: tuple[str, ...]) -> InputContainer:
    import av

    if reader.size == 0:
        raise corrupt()
    try:
        return av.open(
            reader,
            "r",
            format=demuxers[0] if len(demuxers) == 1 else None,
            options={"threads": "1"},
            container_options={
                "format_whitelist": ",".join(demuxers),
                "protocol_whitelist": "none",
                "max_streams": str(MAX_STREAMS),
            },
            metadata_errors="surrogateescape",
            buffer_size=BUFFER,
            io_open=_refuse_other_files,
        )
    except MemoryError as error:
        # Nothing is decoded yet, so the index needs too much memory, and would again. FFmpeg raises the same for an MP4
        # with too many streams.
        raise ProcessorError(
            "too-large", "This file has more streams, or a longer index, than can be processed."
        ) from error


def _check(container: InputContainer, max_pixels: int) -> None:
    if not len(container.streams):
        raise corrupt()
    if len(container.streams) >= MAX_STREAMS:
        raise ProcessorError("too-many-streams", "This file has more streams than can be processed.")
    if any(_pixels(stream) > max_pixels for stream in container.streams.video):
        raise ProcessorError("too-many-pixels", "The frames of this video have more pixels than can be processed.")


def _pixels(stream: Any) -> int:
    return stream.codec_context.width * stream.codec_context.height if stream.codec_context else 0


# Codec tags of Apple's DRM. Common Encryption is found in the packets.
PROTECTED = {"drms", "drmi"}


def check_unprotected(stream: Any) -> None:
    if stream.codec_context.codec_tag in PROTECTED:
        raise protected()


def protected() -> ProcessorError:
    return ProcessorError("protected", "This recording is protected and can't be decoded.")


def corrupt() -> ProcessorError:
    return ProcessorError("corrupt", "This recording is damaged or incomplete.")


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turns FFmpeg's errors about the file into `ProcessorError`. Errors of the machine are exceptions of Python's
    own.
    """
    import av

    try:
        yield
    except (av.error.MemoryError, av.error.EncoderNotFoundError, av.error.MuxerNotFoundError):
        raise
    except (av.error.DecoderNotFoundError, av.error.PatchWelcomeError, av.error.NotImplementedError) as error:
        raise ProcessorError("unsupported-format", "This kind of recording can't be read.") from error
    except av.FFmpegError as error:
        raise corrupt() from error


@contextmanager
def ignore_errors() -> Iterator[None]:
    """Ignore damage, as a player does. A lack of memory is not the file's fault and is raised."""
    import av

    try:
        yield
    except av.error.MemoryError:
        raise
    except av.FFmpegError:
        pass


def packets(container: InputContainer, *streams: Any) -> Iterator[Any]:
    """From the current position to the end of what can be read. The last packet of each stream is empty."""
    with ignore_errors():
        yield from container.demux(*streams)


def frames(packet: Any) -> list[Any]:
    """The frames of a packet that can be decoded, perhaps none. Raises `ProcessorError` if it is encrypted."""
    if packet.has_sidedata("encryption_info"):
        raise protected()
    with ignore_errors():
        return list(packet.decode())
    return []


def limit_decoder(context: CodecContext, max_pixels: int = MAX_PIXELS, threads: int = 1) -> None:
    """Limit a decoder to one core, like its neighbours, and to frames of ``max_pixels``, whatever the stream says."""
    context.thread_count = threads
    context.options = {"max_pixels": str(max_pixels)} if context.type == "video" else {}
