"""MP3 and its elders (ISO/IEC 11172-3 and 13818-3) and AAC (ADTS, ISO/IEC 13818-7), by their chain of frames.

One header has only eleven certain bits, which random bytes have too. So each frame must lead to the next one.
An ID3v2 tag may stand before them, of up to 256 MiB.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

from picasso.detection.window import Window

Frame = Callable[[bytes], tuple[bytes, int] | None]
"""The first bytes of a frame → what it has in common with all others of the file, and its length."""

MPEG, AAC = "audio/mpeg", "audio/aac"

ID3_HEADER = 10

# What may follow a tag, apart from frames. ID3v2 belongs to MP3, but programs write it before these as well.
AFTER_TAG = (
    (b"fLaC", "audio/flac"),
    (b"MAC ", "audio/x-ape"),
    (b"wvpk", "audio/x-wavpack"),
    (b"TTA1", "audio/x-tta"),
    (b"MPCK", "audio/x-musepack"),
    (b"MP+", "audio/x-musepack"),
    (b"OFR ", "audio/x-optimfrog"),
    (b"DSD ", "audio/x-dsf"),
    (b"\x0b\x77", "audio/ac3"),
)

# Kilobits per second by layer (1 to 3) and index, for MPEG-1 and for MPEG-2 and 2.5 (ISO/IEC 11172-3, 2.4.2.3).
BITRATES_1 = (
    (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
)
BITRATES_2 = (
    (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
RATES = (44_100, 48_000, 32_000)

# Frames that must follow each other where a file begins with one, and where it begins with something else.
CHAIN, SEARCHED_CHAIN = 3, 5

# The longest frame has 2,881 bytes, so that one begins in so many.
SEARCH_LENGTH = 4096

MAX_TAGS = 4

NOT_IN_TEXT = re.compile("[\0-\x06\x0e-\x1a\x1c-\x1f\ufffe\uffff]")

# The bits of the layer in the second byte of a header. In layer I they are all set.
LAYER = 0x06

# Some recorders and downloads put zeros first.
MAX_ZEROS = 32 * 1024


def behind_tags(window: Window) -> Window | None:
    """What follows the ID3v2 tags at the beginning (id3.org, ID3v2.4.0, section 3.1); None if there are none."""
    position = 0
    for _ in range(MAX_TAGS):
        following = _after_tag(window.at(position, ID3_HEADER), position)
        if following is None:
            break
        position = following
    return window.behind(position) if position else None


def detect_tagged(window: Window) -> str | None:
    """The sound that follows a tag; None if it is none, or of a format that has structures of its own."""
    place = len(window.head) - len(window.head.lstrip(b"\0"))
    start = window.at(place, 16)
    if found := next((media_type for signature, media_type in AFTER_TAG if start.startswith(signature)), None):
        return found
    if _is_chain(window, place, CHAIN, _adts_frame):
        return AAC
    return detect_frames(window) or find_frames(window)


def _after_tag(header: bytes, position: int) -> int | None:
    if len(header) < ID3_HEADER or not header.startswith(b"ID3") or header[3] not in {2, 3, 4}:
        return None
    sizes = header[6:10]
    if max(sizes) > 0x7F:
        return None
    size = sizes[0] << 21 | sizes[1] << 14 | sizes[2] << 7 | sizes[3]
    has_footer = header[3] == 4 and header[5] & 0x10
    return position + ID3_HEADER + size + (ID3_HEADER if has_footer else 0)


def detect_frames(window: Window) -> str | None:
    """A file that begins with a frame. The mark of UTF-16 is that of a frame too."""
    if not window.head.startswith(b"\xff") or _is_utf16(window.head[:SEARCH_LENGTH]):
        return None
    if _is_chain(window, 0, CHAIN, _adts_frame):
        return AAC
    return MPEG if _is_chain(window, 0, CHAIN, _mpeg_frame) else None


def _is_utf16(head: bytes) -> bool:
    """Text: unlike frames, it has neither control characters nor halves of surrogate pairs."""
    if not head.startswith(codecs.BOM_UTF16_LE):
        return False
    try:
        text, _ = codecs.utf_16_le_decode(head[: len(head) & ~1], "strict", False)
    except UnicodeDecodeError:
        return False
    return not NOT_IN_TEXT.search(text)


def find_frames(window: Window) -> str | None:
    """A file that begins with zeros or in the middle of a frame.

    Not those of layer I: small negative numbers of four bytes look like its headers, and its frames end where one of
    these begins.
    """
    head = window.head[:MAX_ZEROS]
    start = len(head) - len(head.lstrip(b"\0"))
    position = start
    for _ in range(64):
        position = head.find(b"\xff", position, start + SEARCH_LENGTH)
        if position < 0:
            return None
        has_other_layer = int.from_bytes(head[position + 1 : position + 2], "big") & LAYER != LAYER
        if has_other_layer and _is_chain(window, position, SEARCHED_CHAIN, _mpeg_frame):
            return MPEG
        position += 1
    return None


def _is_chain(window: Window, position: int, length: int, frame: Frame) -> bool:
    """Whether frames of the same kind follow each other. The file may end before the last two."""
    kind = None
    for number in range(length):
        found = frame(window.at(position, 8))
        if found is None:
            # Tags may stand at the end.
            return number >= 2 and window.at(position, 3) in {b"TAG", b"APE", b"LYR", b"ID3"}
        if kind not in {None, found[0]}:
            return False
        kind = found[0]
        position += found[1]
        if position >= window.size:
            return number >= length - 2
    return True


def _mpeg_frame(header: bytes) -> tuple[bytes, int] | None:
    if len(header) < 4 or header[0] != 0xFF or header[1] < 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    bitrate_index, rate_index = header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or layer == 4 or bitrate_index in {0, 15} or rate_index == 3:
        return None
    bitrate = (BITRATES_1 if version == 3 else BITRATES_2)[layer - 1][bitrate_index - 1]
    rate = RATES[rate_index] >> {3: 0, 2: 1, 0: 2}[version]
    padding = header[2] >> 1 & 1
    kind = bytes((header[1] & 0xFE, rate_index))
    if layer == 1:
        return kind, (12_000 * bitrate // rate + padding) * 4
    return kind, (72_000 if layer == 3 and version != 3 else 144_000) * bitrate // rate + padding


def _adts_frame(header: bytes) -> tuple[bytes, int] | None:
    if len(header) < 7 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0 or header[2] >> 2 & 0xF > 12:
        return None
    length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return (bytes((header[1] & 0xFE, header[2] >> 2)), length) if length >= 7 else None
