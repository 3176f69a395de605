"""Tell the faults of the file from those of the machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from picasso.process.contract import ProcessorError
from picasso.process.processors.image.libvips import LOADERS

# As collected by running each decoder into RLIMIT_AS, step by step. A security limit of libheif is about the file.
OUT_OF_MEMORY = re.compile(
    r"out of memory|insufficient memory|memory allocation error(?!: security limit)|cannot allocate|creating thread",
    re.IGNORECASE,
)
# What the kernel says of a disk, a network share or a full one.
MACHINE = re.compile(r"input/output error|stale file handle|no space left|timed out|transport endpoint", re.IGNORECASE)
UNSUPPORTED = re.compile(r"not been built in|unsupported", re.IGNORECASE)
UNKNOWN = "not in a known format"


def corrupt() -> ProcessorError:
    return ProcessorError("corrupt", "This picture is damaged or incomplete.")


def unsupported() -> ProcessorError:
    return ProcessorError("unsupported-format", "Pictures of this format can't be read.")


@contextmanager
def verdicts(media_type: str) -> Iterator[None]:
    """Around all that libvips does with the file."""
    import pyvips

    try:
        yield
    except pyvips.Error as error:
        raise verdict(str(error), media_type) from error
    except UnicodeDecodeError as error:  # pyvips, of a message that quotes the file
        raise verdict("", media_type) from error


def verdict(message: str, media_type: str) -> Exception:
    """What a message of libvips means."""
    if OUT_OF_MEMORY.search(message):
        return MemoryError(message)
    if MACHINE.search(message):
        return OSError(message)
    # What is cut short may be past recognition: a TIFF has its directory at the end.
    unknown = UNKNOWN in message and media_type not in LOADERS.values()
    return unsupported() if unknown or UNSUPPORTED.search(message) else corrupt()


@contextmanager
def blamed_on_the_file() -> Iterator[None]:
    """Around a decoder in Python, which raises whatever a broken file leads it into.

    Not blamed: what this module's siblings said already, a lack of memory, and what the kernel refused.
    """
    try:
        yield
    except (ProcessorError, MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except OSError as error:
        if error.errno:
            raise
        raise corrupt() from error
    except BaseException as error:  # a Rust decoder's panic is no Exception
        raise corrupt() from error
