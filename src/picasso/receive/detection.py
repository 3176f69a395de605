"""What a file really is: libmagic's word on its first bytes, as a media type that is safe to build a path from.

Where that word is vague, `kinds` takes a second look; and of plain text and its like, which look the same, the
extension of the client's name may choose the kind. It never makes text of what is none, nor anything else of text.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import mimetypes
import re
import threading
from collections.abc import Callable

from picasso import compatibility
from picasso.receive import type_rules

# The farthest signature that matters lies at 36,869 bytes (ISO 9660); more would only cost time.
HEAD = 64 * 1024

REGEX_MAX = 1024

# The libmagic inside pylibmagic. An older one on the system knows fewer types.
BUNDLED = 541

UNKNOWN = "application/octet-stream"

# Python's own table. That of the machine, which `mimetypes` reads besides, has ``.mpv`` for Matroska.
KNOWN = mimetypes.MimeTypes()

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
    "application/jsonl": "application/x-ndjson",
    "audio/x-aiff": "audio/aiff",
    "audio/x-hx-aac-adts": "audio/aac",
    "video/x-m4v": "video/mp4",
    "application/x-parquet": "application/vnd.apache.parquet",
    "application/x-zstd": "application/zstd",
    "application/rtf": "text/rtf",
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

compatibility.require(compatibility.DETECTION)


def media_type(head: bytes, name: str = "") -> str:
    """The media type of a file that starts with ``head``, lower-case and without parameters.

    ``name`` is the client's, and is believed in what no content can tell: which of the plain texts it is.
    """
    try:
        cookie = _cookies.mime
    except AttributeError:
        # A cookie is not safe to share between threads, and python-magic guards one with a lock.
        cookie = _cookies.mime = magic.Magic(mime=True)
        cookie.setparam(magic.MAGIC_PARAM_REGEX_MAX, REGEX_MAX)
    return refined(normal(sniffed(cookie, head[:HEAD])), head, type_rules.suffix(name))


def refined(found: str, head: bytes, suffix: str) -> str:
    """What it is, at a second look."""
    look = LOOKS.get(found)
    return look(found, head, suffix) if look else found


def _refined_text(found: str, head: bytes, suffix: str) -> str:
    if found == type_rules.CSV and not type_rules.is_prose(head):
        return type_rules.CSV if suffix in {"", "txt", "log", "dat"} else type_rules.BY_NAME.get(suffix, type_rules.CSV)
    return type_rules.text(head) or type_rules.BY_NAME.get(suffix, "text/plain")


LOOKS: dict[str, Callable[[str, bytes, str], str]] = {
    **dict.fromkeys(("text/plain", type_rules.CSV), _refined_text),
    **dict.fromkeys(("application/zip", "application/java-archive"), lambda it, head, _: type_rules.zipped(head) or it),
    **dict.fromkeys(
        (type_rules.JSON, type_rules.NDJSON),
        lambda _, head, suffix: (
            type_rules.JSON_BY_NAME.get(suffix) or type_rules.lines_of_json(head) or type_rules.JSON
        ),
    ),
    # libmagic's words for an OLE file of which it knows no more.
    **dict.fromkeys(
        ("application/cdfv2", "application/x-ole-storage"),
        lambda _, head, suffix: type_rules.ole(head) or type_rules.OLE_BY_NAME.get(suffix, "application/x-ole-storage"),
    ),
    "text/xml": lambda it, head, _: type_rules.text(head) or it,
    UNKNOWN: lambda it, head, _: type_rules.unknown(head) or it,
}


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
    return re.sub(rb"(\s{64})\s+", rb"\1", text[: type_rules.TEXT_HEAD])


def normal(found: str) -> str:
    found = found.partition(";")[0].strip().lower()
    found = SYNONYMS.get(found, found)
    if not re.fullmatch(r"[a-z0-9][a-z0-9.+-]{0,62}/[a-z0-9][a-z0-9.+-]{0,126}", found) or found.startswith("inode/"):
        return UNKNOWN
    return found


def extension(found: str) -> str | None:
    """The usual extension of a media type, with its dot; the same on every machine, whatever its tables say."""
    return type_rules.EXTENSIONS.get(found) or KNOWN.guess_extension(found)
