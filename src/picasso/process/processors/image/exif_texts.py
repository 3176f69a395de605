"""Texts of EXIF beyond ASCII, which libexif and libvips can't read unless they are UTF-8.

EXIF 2 allows ASCII only, and EXIF 3 UTF-8 as well. Programs write the encoding of their country.
"""

from __future__ import annotations

import io

from picasso.charset import classify, decode_bytes, decode_together
from picasso.process.processors.image.tiff import EXIF_IFD, Directory, Reader

# Names as in `exif.TAGS`, and numbers of the tags (EXIF 3.0, section 4.6).
OF_PICTURE = {
    "ifd0-ImageDescription": 270,
    "ifd0-Make": 271,
    "ifd0-Model": 272,
    "ifd0-Software": 305,
    "ifd0-Artist": 315,
    "ifd0-Copyright": 33432,
}
OF_PHOTO = {"ifd2-LensMake": 42035, "ifd2-LensModel": 42036}

# A comment begins with its encoding (section 4.6.6, UserComment).
COMMENT_NAME, COMMENT = "ifd2-UserComment", 37510
ENCODING_LENGTH = 8
UNICODE = b"UNICODE\0"


def read_texts(exif: bytes) -> dict[str, str]:
    """The texts that are not ASCII, by their names."""
    try:
        reader = Reader(io.BytesIO(exif.removeprefix(b"Exif\0\0")))
    except ValueError:
        return {}
    photo = reader.directory_at(EXIF_IFD)
    contents = {**_texts(reader.first, OF_PICTURE), **_texts(photo, OF_PHOTO)}
    texts = dict(zip(contents, decode_together([*contents.values()]), strict=True))
    comment = _comment(photo, reader.order)
    return {**texts, COMMENT_NAME: comment} if comment else texts


def _texts(directory: Directory, tags: dict[str, int]) -> dict[str, bytes]:
    """A text ends with a zero; after one in Copyright that of the editor follows."""
    values = {name: directory[tag].value for name, tag in tags.items() if tag in directory}
    return {name: value.rstrip(b"\0").replace(b"\0", b" ") for name, value in values.items() if not value.isascii()}


def _comment(photo: Directory, order: str) -> str:
    """Empty if it is in ASCII, which libexif reads."""
    value = photo[COMMENT].value if COMMENT in photo else b""
    content = value[ENCODING_LENGTH:]
    if value.startswith(UNICODE):
        return _utf_16(content, order).strip("\0 ")
    content = content.rstrip(b"\0 ")
    return "" if content.isascii() and b"\x1b" not in content else decode_bytes(content).text


def _utf_16(content: bytes, order: str) -> str:
    """In the byte order of the EXIF, unless the bytes show the other one: programs mistake them."""
    shown = classify(content)
    likely = "utf-16-le" if order == "<" else "utf-16-be"
    encoding = shown if shown.startswith("utf-16") else likely
    return content.decode(encoding, "replace").lstrip("\ufeff")
