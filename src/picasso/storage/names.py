"""Names and keys of stored files. Pure functions of text: no file system is asked.

The key of an original is ``<type>/<subtype>/<xx>/<id>-<safe name>``. What jobs derive from it is beside it, at
``<id>/derived/<processor>-<attempt>/<file>``. The first versions stored an original in that folder too, at
``<id>/<safe name>``: such keys are still read.
"""

from __future__ import annotations

import re
import unicodedata
import uuid

DERIVED = "derived"

# The characters of an id.
ID = 36

# File systems take 255 bytes, 37 of which are the id and its hyphen.
MAX_NAME_BYTES = 200

RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³"), DERIVED}


def safe_name(name: str) -> str:
    """The name closest to ``name`` that every file system, shell listing and terminal accepts."""
    name = re.split(r"[/\\]", name)[-1]
    # Cc, Cf, Cs, Co, Cn: control characters, bidi overrides, lone surrogates, private and unassigned code points.
    name = "".join(c for c in name if unicodedata.category(c)[0] != "C" and unicodedata.category(c) not in {"Zl", "Zp"})
    name = re.sub(r'[<>:"|?*]', "_", unicodedata.normalize("NFC", name)).lstrip()
    # Escaped twice: a cut can turn a name into a reserved one.
    return escape_reserved(shorten(escape_reserved(trim_end(name)))) or "file"


def trim_end(name: str) -> str:
    """Remove trailing spaces and dots, which Windows would drop."""
    return re.sub(r"[\s.]+\Z", "", name)


def escape_reserved(name: str) -> str:
    """Put an underscore before a hidden name, the name of a device, and the name of our own folder."""
    return f"_{name}" if name.startswith(".") or name.partition(".")[0].strip().lower() in RESERVED else name


def shorten(name: str) -> str:
    """Cut to `MAX_NAME_BYTES`. An extension is kept, that of a compressed archive (``.tar.gz``) whole."""
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > 20:
        stem, dot, extension = name, "", ""
    elif stem.lower().endswith(".tar"):
        stem, extension = stem[:-4], f"{stem[-3:]}.{extension}"
    room = MAX_NAME_BYTES - len((dot + extension).encode())
    return trim_end(stem.encode()[:room].decode(errors="ignore")) + dot + extension


def is_safe_name(name: str) -> bool:
    """Whether ``name`` can be a file's name in any folder as it is."""
    return bool(name) and name == safe_name(name)


def original_key(media_type: str, file_id: uuid.UUID, name: str) -> str:
    """The key of an original. The last hex digits of its id spread files evenly over 256 folders."""
    text = str(file_id)
    return f"{media_type}/{text[-2:]}/{text}-{safe_name(name)}"


def folder_of(original: str) -> str:
    """The folder of what is derived from an original, without a slash at its end. ``original`` is its key."""
    kind, subtype, part, name, *_ = original.split("/")
    return f"{kind}/{subtype}/{part}/{name[:ID]}"


def is_folder(name: str) -> bool:
    """Whether an entry beside originals is a folder of `folder_of`."""
    return len(name) == ID


def derived_key(original: str, processor: str, attempt: int, file: str) -> str:
    """The key of a derivative. Each attempt has its own folder, so that a fenced one overwrites nothing of the next."""
    return f"{folder_of(original)}/{DERIVED}/{processor}-{attempt}/{file}"
