"""The media type of a file by its content: libmagic's result for the first bytes, in a form that is safe to build a
path from.

Where libmagic is vague, `type_rules` decides. Plain text formats look alike, so there the extension of the client's
name may choose. It never makes text of binary data, nor binary data of text.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import mimetypes
import re
import threading
from collections.abc import Callable

from picasso.receive import type_rules

# The farthest signature that matters is at byte 36,869 (ISO 9660). More would only take time.
HEAD = 64 * 1024

REGEX_MAX = 1024

# The version of libmagic inside pylibmagic. Older ones on the system know fewer types.
BUNDLED = 541

UNKNOWN = "application/octet-stream"

# Python's own table. `mimetypes` also reads the system's, which has ``.mpv`` for Matroska, for example.
PYTHON_TYPES = mimetypes.MimeTypes()

# Names on which versions of libmagic disagree, and the registered or common ones.
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
    """Make python-magic load the system's libmagic if it is newer than the bundled one, else the bundled one."""
    system_library = ctypes.util.find_library("magic")
    try:
        if system_library and ctypes.CDLL(system_library).magic_version() > BUNDLED:
            return
    except (OSError, AttributeError):
        pass
    import pylibmagic  # noqa: F401 - its import makes the loader find the bundled library


_load()

import magic


def detect_media_type(head: bytes, name: str = "") -> str:
    """The media type of a file that begins with ``head``, in lower case and without parameters.

    ``name`` is the client's. It only decides which plain text format it is, which no content can tell.
    """
    try:
        cookie = _cookies.mime
    except AttributeError:
        # A cookie can't be shared between threads, and python-magic would protect it with a lock.
        cookie = _cookies.mime = magic.Magic(mime=True)
        cookie.setparam(magic.MAGIC_PARAM_REGEX_MAX, REGEX_MAX)
    return refine(normalize(ask_libmagic(cookie, head[:HEAD])), head, type_rules.extension_of(name))


def refine(media_type: str, head: bytes, suffix: str) -> str:
    """The media type after `type_rules` have looked at libmagic's result."""
    rule = REFINEMENTS.get(media_type)
    return rule(media_type, head, suffix) if rule else media_type


def _refine_text(media_type: str, head: bytes, suffix: str) -> str:
    if media_type == type_rules.CSV and not type_rules.is_prose(head):
        return type_rules.CSV if suffix in {"", "txt", "log", "dat"} else type_rules.BY_NAME.get(suffix, type_rules.CSV)
    return type_rules.detect_text(head) or type_rules.BY_NAME.get(suffix, "text/plain")


REFINEMENTS: dict[str, Callable[[str, bytes, str], str]] = {
    **dict.fromkeys(("text/plain", type_rules.CSV), _refine_text),
    **dict.fromkeys(
        ("application/zip", "application/java-archive"),
        lambda media_type, head, _: type_rules.detect_zip(head) or media_type,
    ),
    **dict.fromkeys(
        (type_rules.JSON, type_rules.NDJSON),
        lambda _, head, suffix: (
            type_rules.JSON_BY_NAME.get(suffix) or type_rules.detect_json_lines(head) or type_rules.JSON
        ),
    ),
    # libmagic's types for OLE files that it does not recognize.
    **dict.fromkeys(
        ("application/cdfv2", "application/x-ole-storage"),
        lambda _, head, suffix: (
            type_rules.detect_ole(head) or type_rules.OLE_BY_NAME.get(suffix, "application/x-ole-storage")
        ),
    ),
    "text/xml": lambda media_type, head, _: type_rules.detect_text(head) or media_type,
    UNKNOWN: lambda media_type, head, _: type_rules.detect_by_signature(head) or media_type,
}


def ask_libmagic(cookie: magic.Magic, head: bytes) -> str:
    """libmagic's result, at a limited cost: its text patterns took half a second for 64 KiB of empty lines.

    First without these patterns, in libmagic's own order (JSON, CSV, tar, …). Then with all of them, but only on the
    beginning of text.
    """
    magic.magic_setflags(cookie.cookie, cookie.flags | magic.MAGIC_NO_CHECK_SOFT)
    without_patterns: str = cookie.from_buffer(head)
    magic.magic_setflags(cookie.cookie, cookie.flags)
    if without_patterns not in {"text/plain", UNKNOWN}:
        return without_patterns
    return str(cookie.from_buffer(shorten_text(head) if without_patterns == "text/plain" else head))


def shorten_text(text: bytes) -> bytes:
    return re.sub(rb"(\s{64})\s+", rb"\1", text[: type_rules.TEXT_HEAD])


def normalize(media_type: str) -> str:
    media_type = media_type.partition(";")[0].strip().lower()
    media_type = SYNONYMS.get(media_type, media_type)
    if not re.fullmatch(r"[a-z0-9][a-z0-9.+-]{0,62}/[a-z0-9][a-z0-9.+-]{0,126}", media_type) or media_type.startswith(
        "inode/"
    ):
        return UNKNOWN
    return media_type


def extension(media_type: str) -> str | None:
    """The usual extension of a media type, with its dot. It does not depend on the machine's tables."""
    return type_rules.EXTENSIONS.get(media_type) or PYTHON_TYPES.guess_extension(media_type)
