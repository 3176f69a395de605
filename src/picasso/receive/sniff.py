"""What a file really is: libmagic's word on its first bytes, as a media type that is safe to build a path from."""

from __future__ import annotations

import ctypes
import ctypes.util
import mimetypes
import re
import threading

# The farthest signature that matters lies at 36,869 bytes (ISO 9660); more would only cost time.
HEAD = 64 * 1024

# What tells one kind of text from another stands at its beginning.
TEXT_HEAD = 4 * 1024
REGEX_MAX = 1024

# The libmagic inside pylibmagic. An older one on the system knows fewer types.
BUNDLED = 541

UNKNOWN = "application/octet-stream"

# Names that libmagic versions disagree on, mapped to what is registered or in common use.
SYNONYMS = {
    "application/x-gzip": "application/gzip",
    "application/xml": "text/xml",
    "audio/mp3": "audio/mpeg",
    "audio/x-m4a": "audio/mp4",
    "audio/x-wav": "audio/wav",
    "audio/x-flac": "audio/flac",
    "image/svg": "image/svg+xml",
    "image/x-ms-bmp": "image/bmp",
    "text/x-json": "application/json",
    "application/javascript": "text/javascript",
    "application/csv": "text/csv",
    "application/x-rar": "application/vnd.rar",
    "application/epub": "application/epub+zip",
}

# A ZIP is of the first of these types that has an entry whose name begins so.
OFFICE = "application/vnd.openxmlformats-officedocument."
ZIPPED = {
    b"word/": OFFICE + "wordprocessingml.document",
    b"xl/": OFFICE + "spreadsheetml.sheet",
    b"ppt/": OFFICE + "presentationml.presentation",
    b"META-INF/container.xml": "application/epub+zip",
}

_cookies = threading.local()


def _load() -> None:
    """Have python-magic find a libmagic: the system's if it is newer than the bundled one, else the bundled one."""
    found = ctypes.util.find_library("magic")
    try:
        if found and ctypes.CDLL(found).magic_version() > BUNDLED:
            return
    except (OSError, AttributeError):
        pass
    import pylibmagic  # noqa: F401 - its import points the loader at the bundled library


_load()

import magic


def media_type(head: bytes) -> str:
    """The media type of a file that starts with ``head``, lower-case and without parameters."""
    try:
        cookie = _cookies.mime
    except AttributeError:
        # A cookie is not safe to share between threads, and python-magic guards one with a lock.
        cookie = _cookies.mime = magic.Magic(mime=True)
        cookie.setparam(magic.MAGIC_PARAM_REGEX_MAX, REGEX_MAX)
    found = normal(sniffed(cookie, head[:HEAD]))
    return zipped(head) if found == "application/zip" else found


def sniffed(cookie: magic.Magic, head: bytes) -> str:
    """libmagic's word, at a bounded cost: its patterns for text took half a second for 64 KiB of empty lines.

    First what it finds without them, in the order that it keeps by itself (JSON, CSV, tar, …); then all of it, but on
    text only at the beginning.
    """
    magic.magic_setflags(cookie.cookie, cookie.flags | magic.MAGIC_NO_CHECK_SOFT)
    plain: str = cookie.from_buffer(head)
    magic.magic_setflags(cookie.cookie, cookie.flags)
    if plain not in {"text/plain", UNKNOWN}:
        return plain
    return str(cookie.from_buffer(beginning(head) if plain == "text/plain" else head))


def beginning(text: bytes) -> bytes:
    return re.sub(rb"(\s{64})\s+", rb"\1", text[:TEXT_HEAD])


def zipped(head: bytes) -> str:
    """What a ZIP is by the names of its first entries: libmagic gives up on an unusual order of them."""
    names = re.findall(rb"PK\x03\x04.{26}([ -~]{3,40})", head, re.DOTALL)
    kinds = (kind for start, kind in ZIPPED.items() if any(name.startswith(start) for name in names))
    return next(kinds, "application/zip")


def normal(found: str) -> str:
    found = found.partition(";")[0].strip().lower()
    found = SYNONYMS.get(found, found)
    if not re.fullmatch(r"[a-z0-9][a-z0-9.+-]{0,62}/[a-z0-9][a-z0-9.+-]{0,126}", found) or found.startswith("inode/"):
        return UNKNOWN
    return found


def extension(found: str) -> str | None:
    """The usual extension of a media type, with its dot."""
    return mimetypes.guess_extension(found)
