"""libmagic: loading it, and asking it at a limited cost."""

from __future__ import annotations

import ctypes
import ctypes.util
import threading

from picasso.detection.media_types import normalize

REGEX_MAX = 1024

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

# Values of libmagic's magic.h. Our own rules are for text: libmagic's took half a second for 64 KiB of empty lines.
NO_CHECK_TEXT = 0x0020000
NO_CHECK_CDF = 0x0040000
NO_CHECK_CSV = 0x0080000
NO_CHECK_ENCODING = 0x0200000
NO_CHECK_JSON = 0x0400000


def ask(head: bytes) -> str:
    """libmagic's media type for a file that begins with ``head`` and is not text, normalized."""
    try:
        cookie = _cookies.mime
    except AttributeError:
        # A cookie can't be shared between threads, and python-magic would protect it with a lock.
        cookie = _cookies.mime = magic.Magic(mime=True)
        cookie.setparam(magic.MAGIC_PARAM_REGEX_MAX, REGEX_MAX)
        magic.magic_setflags(cookie.cookie, cookie.flags | NO_CHECK_TEXT | NO_CHECK_ENCODING)
    return normalize(cookie.from_buffer(head))
