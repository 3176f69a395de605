"""Distinguishes errors of the file from errors of the machine."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

from picasso.process.contract import ProcessorError
from picasso.process.processors.image.libvips import LOADERS

# Collected by running each decoder with less and less memory (RLIMIT_AS). A security limit of libheif is about the
# file.
OUT_OF_MEMORY = re.compile(
    r"out of memory|insufficient memory|memory allocation error(?!: security limit)|cannot allocate|creating thread",
    re.IGNORECASE,
)
# Error texts of the kernel for disks, network shares and full disks.
MACHINE = re.compile(r"input/output error|stale file handle|no space left|timed out|transport endpoint", re.IGNORECASE)
UNSUPPORTED = re.compile(r"not been built in|unsupported|samples out of range", re.IGNORECASE)
TOO_COMPLEX = re.compile(r"referenced elements|nested layers", re.IGNORECASE)
UNKNOWN = "not in a known format"


def corrupt() -> ProcessorError:
    return ProcessorError("corrupt", "This picture is damaged or incomplete.")


def too_complex() -> ProcessorError:
    return ProcessorError("too-complex", "This drawing has more in it than can be processed.")


def unsupported() -> ProcessorError:
    return ProcessorError("unsupported-format", "Pictures of this format can't be read.")


@contextmanager
def translate_errors(media_type: str) -> Iterator[None]:
    """Around all calls of libvips: turns its errors into `ProcessorError`, `MemoryError` or `OSError`."""
    import pyvips

    try:
        yield
    except pyvips.Error as error:
        raise translate_error(str(error), media_type) from error
    except UnicodeDecodeError as error:  # raised by pyvips if a message quotes the file
        raise translate_error("", media_type) from error


def translate_error(message: str, media_type: str) -> Exception:
    """The exception that a message of libvips means."""
    if OUT_OF_MEMORY.search(message):
        return MemoryError(message)
    if MACHINE.search(message):
        return OSError(message)
    if TOO_COMPLEX.search(message):
        return too_complex()
    # A file that was cut off may be unrecognizable: a TIFF has its directory at the end.
    unknown = UNKNOWN in message and media_type not in LOADERS.values()
    return unsupported() if unknown or UNSUPPORTED.search(message) else corrupt()


@contextmanager
def blame_file() -> Iterator[None]:
    """Around a decoder in Python, which may raise anything for a damaged file: turns that into ``corrupt``.

    A `ProcessorError`, a lack of memory and errors of the kernel pass unchanged.
    """
    try:
        yield
    except (ProcessorError, MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except OSError as error:
        if error.errno and error.errno != errno.EINVAL:  # a seek to an offset that the file names
            raise
        raise corrupt() from error
    except BaseException as error:  # a panic of a Rust decoder is not an Exception
        raise corrupt() from error
