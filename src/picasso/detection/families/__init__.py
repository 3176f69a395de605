"""A look into families of formats: ZIP, OLE, … The first bytes choose the family, and its structure decides.

A member of a family is told by what its structure says (directories, boxes, tags and their lengths), never by bytes
that may belong to something inside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from picasso.detection.families import (
    asf,
    asn1,
    bmff,
    ebml,
    elf,
    gzipped,
    mpeg_audio,
    ogg,
    ole,
    palm,
    riff,
    tar,
    tiff,
    weak,
    zipped,
)
from picasso.detection.families.by_name import BY_NAME, OF_CUT_ZIP
from picasso.detection.window import Window

Detector = Callable[[Window], str | None]
"""A file → its media type, or None if it only begins like this family."""

# What is shorter is only the beginning of one, and libmagic takes it for text.
SHORTEST_JPEG = 20

# By the first bytes of a file, four, three or one of them.
FAMILIES: Mapping[bytes, Detector] = {
    **dict.fromkeys((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"), zipped.detect_zip),
    ole.SIGNATURE[:4]: ole.detect_ole,
    ebml.SIGNATURE: ebml.detect_ebml,
    asf.HEADER[:4]: asf.detect_asf,
    b"OggS": ogg.detect_ogg,
    **dict.fromkeys(tiff.STARTS, tiff.detect_tiff),
    **dict.fromkeys(riff.RIFF_STARTS, riff.detect_riff),
    **dict.fromkeys(riff.FORM_STARTS, riff.detect_form),
    gzipped.SIGNATURE: gzipped.detect_gzip,
    b"\xff\xd8\xff": lambda window: "image/jpeg" if window.size < SHORTEST_JPEG else None,
    b"\xff": mpeg_audio.detect_frames,
    b"0": asn1.detect_asn1,
}

# By libmagic's type.
REFINERS: Mapping[str, Detector] = {
    palm.MOBI: palm.detect_palm,
    "application/x-tar": tar.detect_tar,
    **dict.fromkeys((elf.PROGRAM, elf.LIBRARY), elf.detect_elf),
}

# libmagic tells these by a few bytes. A file that the family refuses is none of them.
REFUSED: frozenset[str] = frozenset((*bmff.TYPES, mpeg_audio.MPEG, mpeg_audio.AAC))


def detect(window: Window) -> str | None:
    """The media type if the file belongs to one of the families, else None."""
    head = window.head
    if head[4:8] in bmff.FIRST_BOXES and (found := bmff.detect_bmff(window)):
        return found
    detector = FAMILIES.get(head[:4]) or FAMILIES.get(head[:3]) or FAMILIES.get(head[:1])
    return detector(window) if detector else None


def refine(window: Window, media_type: str) -> str | None:
    """A more precise type of a file that libmagic calls by the name of a family."""
    refiner = REFINERS.get(media_type)
    return refiner(window) if refiner else None


def is_refused(window: Window, media_type: str, extension: str = "") -> bool:
    """Whether the structure of a file contradicts libmagic's type, or nothing but few bytes speaks for it."""
    return media_type in REFUSED or not weak.holds(window, media_type, extension)


def by_name(media_type: str, extension: str) -> str | None:
    """A more precise type for a file whose content allows several, by the extension of its name."""
    choices = BY_NAME.get(media_type)
    return choices.get(extension) if choices else None


def cut_by_name(window: Window, media_type: str, extension: str) -> str | None:
    """The type of a document in a ZIP that lacks its end, by the extension of its name."""
    is_cut = extension in OF_CUT_ZIP and media_type == zipped.ZIP and zipped.is_cut(window)
    return OF_CUT_ZIP[extension] if is_cut else None
