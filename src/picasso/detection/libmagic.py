"""libmagic: loading it, and asking it at a limited cost."""

from __future__ import annotations

import ctypes
import ctypes.util
import re
import threading

from picasso.detection.media_types import UNKNOWN, normalize

REGEX_MAX = 1024

# The beginning of a text that libmagic's patterns look at.
TEXT_HEAD = 4 * 1024

# The version of libmagic inside pylibmagic. Older ones on the system know fewer types.
BUNDLED = 541

_cookies = threading.local()


def _load() -> None:
    """Make python-magic load the system's libmagic if it is newer than the bundled one, else the bundled one."""
    system_library = ctypes.util.find_library("magic")
    try:
        if system_library and ctypes.CDLL(system_library).magic_version() > BUNDLED:
            return
    except (OSError, AttributeError):
        pass
    import pylibmagic  # noqa: F401 - its import makes the loader find the bundled library


_load()

import magic as magic  # noqa: PLC0414 - for our other module that uses it


def ask(head: bytes) -> str:
    """libmagic's media type for a file that begins with ``head``, normalized."""
    try:
        cookie = _cookies.mime
    except AttributeError:
        # A cookie can't be shared between threads, and python-magic would protect it with a lock.
        cookie = _cookies.mime = magic.Magic(mime=True)
        cookie.setparam(magic.MAGIC_PARAM_REGEX_MAX, REGEX_MAX)
    return normalize(_ask(cookie, head))


def _ask(cookie: magic.Magic, head: bytes) -> str:
    """First without its text patterns, which took half a second for 64 KiB of empty lines.

    So libmagic's own order stays (JSON, CSV, tar, …). Then with all of them, but only on the beginning of text.
    """
    magic.magic_setflags(cookie.cookie, cookie.flags | magic.MAGIC_NO_CHECK_SOFT)
    without_patterns: str = cookie.from_buffer(head)
    magic.magic_setflags(cookie.cookie, cookie.flags)
    if without_patterns not in {"text/plain", UNKNOWN}:
        return without_patterns
    return str(cookie.from_buffer(shorten_text(head) if without_patterns == "text/plain" else head))


def shorten_text(text: bytes) -> bytes:
    return re.sub(rb"(\s{64})\s+", rb"\1", text[:TEXT_HEAD])
