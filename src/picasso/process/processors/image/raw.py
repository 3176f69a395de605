"""Raw files of cameras, read by LibRaw: the camera's own preview, or else a quick development at half size."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from picasso.process.contract import ProcessorError
from picasso.process.processors.image import libvips, tiff
from picasso.process.processors.image.errors import blame_file, corrupt, unsupported
from picasso.process.processors.image.limits import check_pixels, read_all
from picasso.process.processors.image.metadata import image_with_tags
from picasso.process.processors.image.picture import Picture, has

if TYPE_CHECKING:
    import pyvips

# Some are detected as image/tiff; see `tiff.is_raw`.
MAKERS = (
    *("adobe", "canon", "epson", "fuji", "hasselblad", "kodak", "leaf", "leica", "mamiya", "minolta", "nikon"),
    *("olympus", "panasonic", "pentax", "phaseone", "ricoh", "samsung", "sigma", "sony"),
)
MEDIA_TYPES = re.compile(rf"image/(x-)?({'|'.join(MAKERS)})-\w+|image/(x-)?(raw|dng|x3f|\w+-raw)")

# Smaller previews are not used, if the picture itself is larger.
MIN_PREVIEW = 1024

# LibRaw's numbers for rotations, and the operation that undoes each.
TURNS = {3: "rot180", 5: "rot270", 6: "rot90"}
SIDEWAYS = {5, 6}


@dataclass(frozen=True, slots=True)
class Preview:
    image: pyvips.Image
    """Upright."""
    tags: pyvips.Image | None
    """Set if the preview is a JPEG with EXIF of its own."""


def open_picture(file: BinaryIO, max_pixels: int) -> Picture:
    content = read_all(file)
    with blame_file(), _open_raw(content) as raw:
        sizes = raw.sizes
        preview = _preview(raw, max_pixels)
        if preview is None:
            check_pixels(sizes.raw_width, sizes.raw_height, "raw", max_pixels)
            preview = Preview(_develop(raw), None)
    sideways = sizes.flip in SIDEWAYS
    picture = libvips.describe(
        preview.image, "raw", lambda size: preview.image.thumbnail_image(size, height=size, size="down")
    )
    return replace(
        picture,
        width=sizes.height if sideways else sizes.width,
        height=sizes.width if sideways else sizes.height,
        tags=_tags(file, preview),
        bit_depth=None,
        dpi=None,
    )


def _open_raw(content: bytes) -> Any:
    """Read from memory: with a path, LibRaw would look for related files beside it."""
    import rawpy

    raw = rawpy.RawPy()
    try:
        raw.open_buffer(BytesIO(content))
        raw.set_unpack_params(shot_select=0)
    except rawpy.LibRawFileUnsupportedError as error:
        raise unsupported() from error
    except rawpy.LibRawFatalError as error:
        raise _fatal(error) from error
    return raw


def _fatal(error: Exception) -> Exception:
    return MemoryError(str(error)) if "memory" in str(error).lower() else corrupt()


def _preview(raw: Any, max_pixels: int) -> Preview | None:
    """None if there is no readable preview that is large enough."""
    import pyvips
    import rawpy

    try:
        thumbnail = raw.extract_thumb()
        if thumbnail.format is not rawpy.ThumbFormat.JPEG:
            return None
        jpeg = libvips.open_picture(libvips.source_from_bytes(thumbnail.data), max_pixels)
        if max(jpeg.width, jpeg.height) < min(MIN_PREVIEW, raw.sizes.width, raw.sizes.height):
            return None
        return Preview(_upright(jpeg.pixels(4 * MIN_PREVIEW).copy_memory(), jpeg.tags, raw.sizes.flip), jpeg.tags)
    except (rawpy.LibRawNonFatalError, pyvips.Error, ProcessorError):
        return None


def _upright(image: pyvips.Image, tags: pyvips.Image, flip: int) -> pyvips.Image:
    """Cameras rotate the preview, or write the rotation into it (`Picture.pixels` has applied that), or only into the
    raw file.
    """
    rotated = has(tags, "orientation") and tags.get("orientation") > 1
    upright = image.height > image.width
    if rotated or flip not in TURNS or (flip in SIDEWAYS and upright):
        return image
    return getattr(image, TURNS[flip])()


def _develop(raw: Any) -> pyvips.Image:
    """One pixel for four photosites, without demosaicing. LibRaw applies the rotation."""
    import pyvips
    import rawpy

    try:
        pixels = raw.postprocess(half_size=True, use_camera_wb=True, output_bps=8)
    except rawpy.LibRawFatalError as error:
        raise _fatal(error) from error
    height, width, bands = pixels.shape
    image = pyvips.Image.new_from_memory(pixels.tobytes(), width, height, bands, "uchar")
    return image.copy(interpretation="srgb")


def _tags(file: BinaryIO, preview: Preview) -> pyvips.Image:
    """Most raw files are TIFFs inside, whatever they begin with."""
    if exif := tiff.exif_of(file):
        return image_with_tags(exif)
    return preview.tags if preview.tags is not None else image_with_tags()
