"""ISO base media files (ISO/IEC 14496-12) and QuickTime, by their boxes: the brands, then the tracks.

The brands tell the family (pictures, 3GPP, QuickTime, …), and the kinds of the tracks whether it is sound or video.
The box of the tracks may stand after all the content, and something else may stand before the brands.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from picasso.detection.window import Window

# Text begins with no byte below this one. As the first one of a box, it is a size of at least 512 MiB.
MIN_TEXT = 0x20

MAX_BOXES = 64
MAX_TRACKS = 32

# What a file may begin with. Only ``ftyp`` and ``styp`` are certain by themselves.
FIRST_BOXES = frozenset(
    (b"ftyp", b"styp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"sidx", b"moof", b"jP  ", b"JXL ")
)
FILLERS = frozenset((b"wide", b"free", b"skip", b"pnot", b"uuid", b"PICT", b"jP  ", b"JXL "))

MP4, SOUND, QUICKTIME = "video/mp4", "audio/mp4", "video/quicktime"
SEGMENT = "video/iso.segment"

# The major brand decides these, whatever the tracks are.
BY_BRAND = {
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis"), "image/heic"),
    **dict.fromkeys((b"hevc", b"hevx", b"hevm", b"hevs"), "image/heic-sequence"),
    b"avci": "image/avci",
    b"avcs": "image/avcs",
    b"j2ki": "image/hej2k",
    b"j2is": "image/j2is",
    b"crx ": "image/x-canon-cr3",
    b"jp2 ": "image/jp2",
    b"jpx ": "image/jpx",
    b"jpm ": "image/jpm",
    b"jph ": "image/jph",
    b"jxl ": "image/jxl",
    b"jxs ": "image/jxs",
    b"mjp2": "video/mj2",
    b"mj2s": "video/mj2",
    **dict.fromkeys((b"qt  ", b"mqt "), QUICKTIME),
    # A cover or pictures of chapters may be a track of video.
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B "), SOUND),
    **dict.fromkeys((b"aax ", b"aaxc"), "audio/vnd.audible.aax"),
    **dict.fromkeys((b"M4V ", b"M4VH", b"M4VP"), "video/x-m4v"),
    **dict.fromkeys((b"f4v ", b"F4V ", b"f4p ", b"F4P "), "video/x-f4v"),
}

# Brands of pictures that are coded in one of several ways. The compatible brands tell AVIF.
STILL, SEQUENCE = frozenset((b"mif1", b"mif2", b"miaf", b"MiHB", b"MiHE")), frozenset((b"msf1",))
AVIF = frozenset((b"avif", b"avis"))

GPP, GPP2 = (b"3gp", b"3gr", b"3gs", b"3ge", b"3gg", b"3gt", b"3gm"), (b"3g2", b"KDDI", b"kddi")

TYPES = (MP4, SOUND, QUICKTIME, "video/x-m4v", "video/3gpp", "video/3gpp2")

# Kinds of tracks (the handlers of ISO/IEC 14496-12, section 12, and of QuickTime).
VIDEO_TRACKS, SOUND_TRACKS = frozenset((b"vide", b"auxv", b"MPEG")), frozenset((b"soun",))


@dataclass(frozen=True, slots=True)
class Box:
    kind: bytes
    start: int
    """Of its content."""
    end: int


@dataclass(slots=True)
class Movie:
    """What the boxes on the first level show."""

    brands: bytes = b""
    """The content of ``ftyp``: the major brand, a version, the compatible brands."""
    is_segment: bool = False
    movie_box: Box | None = None
    has_data: bool = False


def detect_bmff(window: Window) -> str | None:
    """None if the boxes are none, or none of a media file."""
    if window.head[0] >= MIN_TEXT and int.from_bytes(window.head[:4], "big") > window.size:
        return None
    movie = _read_boxes(window)
    if movie is None:
        return None
    if not movie.brands:
        return _without_brands(movie)
    major = movie.brands[:4]
    compatible = frozenset(movie.brands[place : place + 4] for place in range(8, len(movie.brands) - 3, 4))
    if found := BY_BRAND.get(major) or _picture(major, compatible):
        return found
    return _by_tracks(major, frozenset(_tracks(window, movie.movie_box)))


def _read_boxes(window: Window) -> Movie | None:
    movie = Movie()
    for number, box in enumerate(_boxes(window, 0, window.size, MAX_BOXES)):
        match box.kind:
            case b"ftyp" if not movie.brands:
                movie.brands = window.at(box.start, min(box.end - box.start, 512))
                if movie.brands[:4] in BY_BRAND:
                    return movie
            case b"styp" | b"moof" | b"sidx":
                movie.is_segment = True
            case b"moov":
                movie.movie_box = box
                return movie
            case b"mdat":
                movie.has_data = True
            case kind if number == 0 and kind not in FIRST_BOXES:
                return None
            case kind if not movie.brands and not movie.has_data and kind not in FILLERS:
                return None  # what stands between is none of these: no media file
    return movie


def _without_brands(movie: Movie) -> str | None:
    """QuickTime had no brands until 2004. Segments have none if they are meant to follow another file."""
    if movie.movie_box:
        return QUICKTIME
    if movie.is_segment:
        return SEGMENT
    return QUICKTIME if movie.has_data else None


def _picture(major: bytes, compatible: frozenset[bytes]) -> str | None:
    if major in STILL | SEQUENCE:
        if compatible & AVIF:
            return "image/avif"
        return "image/heif" if major in STILL else "image/heif-sequence"
    return None


def _by_tracks(major: bytes, tracks: frozenset[bytes]) -> str:
    is_sound = bool(tracks & SOUND_TRACKS) and not tracks & VIDEO_TRACKS
    if major.startswith(GPP):
        return "audio/3gpp" if is_sound else "video/3gpp"
    if major.startswith(GPP2):
        return "audio/3gpp2" if is_sound else "video/3gpp2"
    if tracks and not tracks & (VIDEO_TRACKS | SOUND_TRACKS):
        return "application/mp4"
    return SOUND if is_sound else MP4


def _tracks(window: Window, movie_box: Box | None) -> Iterator[bytes]:
    """The handler of each track: moov / trak / mdia / hdlr."""
    if movie_box is None:
        return
    count = 0
    for track in _boxes(window, movie_box.start, movie_box.end, MAX_BOXES):
        if track.kind == b"trak" and count < MAX_TRACKS:
            count += 1
            media = next((box for box in _boxes(window, track.start, track.end, 16) if box.kind == b"mdia"), None)
            parts = _boxes(window, media.start, media.end, 16) if media else iter(())
            yield from (window.at(box.start + 8, 4) for box in parts if box.kind == b"hdlr")


def _boxes(window: Window, start: int, end: int, limit: int) -> Iterator[Box]:
    """The boxes between two offsets, at most ``limit``. Ends at the first that can't be one."""
    for _ in range(limit):
        header = window.at(start, 16)
        if start + 8 > end or len(header) < 8:
            return
        size, kind = struct.unpack_from(">I4s", header)
        content = start + 8
        if size == 1 and len(header) == 16:
            size, content = int.from_bytes(header[8:], "big"), start + 16
        elif size == 0:
            size = end - start
        if size < content - start or not kind.isascii():
            return
        yield Box(kind, content, min(start + size, end))
        start += size
