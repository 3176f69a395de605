"""Opens a TIFF: by libvips, by libtiff's own conversion to RGB where libvips has none, or as a camera's raw file."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from picasso.process.contract import ProcessorError
from picasso.process.processors.image import levels, libvips, pillow, raw, tiff, tiff_layout
from picasso.process.processors.image.picture import Picture, has, unseen
from picasso.process.processors.image.tiff_layout import Layout

if TYPE_CHECKING:
    import pyvips


def open_picture(file: BinaryIO, max_pixels: int) -> Picture:
    """Many raw files of cameras are TIFFs, whose first picture is only a small preview."""
    if tiff.is_raw(file):
        try:
            return raw.open_picture(file, max_pixels)
        except ProcessorError as error:
            if error.code != "unsupported-format":
                raise
    layout = tiff_layout.read_layout(file)
    picture = _open(file, layout, max_pixels)
    pages = layout.page_count() if layout and layout.pages else picture.pages
    return replace(tiff.with_exif(picture, file), pages=pages)


def _open(file: BinaryIO, layout: Layout | None, max_pixels: int) -> Picture:
    import pyvips

    if layout and layout.needs_libtiff:
        return pillow.tiff(file, max_pixels)
    new_source = libvips.source_from_file(file)
    complete = layout is None or layout.end <= os.fstat(file.fileno()).st_size
    try:
        picture = libvips.open_picture(new_source, max_pixels, complete, layout.weight() if layout else None)
    except pyvips.Error as error:
        return _open_by_libtiff(file, layout, max_pixels, error)  # such as samples of 12 bits
    if picture.refused:
        return picture
    return replace(picture, pixels=partial(_pixels, new_source, layout, complete)) if layout else picture


def _open_by_libtiff(file: BinaryIO, layout: Layout | None, max_pixels: int, error: Exception) -> Picture:
    """If that fails as well, ``error`` is raised: libvips knows best whether a file is damaged or of a rare kind."""
    try:
        return pillow.tiff(file, max_pixels)
    except ProcessorError as fault:
        if fault.code != "corrupt":
            raise
        width, height = layout.size if layout else (0, 0)
        if not width or not height:
            raise error from fault
        return unseen("tiff", width, height, error)


def _pixels(new_source: libvips.SourceFactory, layout: Layout, complete: bool, size: int) -> pyvips.Image:
    """Upright, from the copy of a pyramid that suits the size best."""
    import pyvips

    page, fail_on = layout.level_for(size) if complete else 0, libvips.STRICT if complete else libvips.LENIENT
    image = pyvips.Image.tiffload_source(new_source(), page=page, access="sequential", fail_on=fail_on)
    if not levels.needs_levels(image) or has(image, "icc-profile-data"):
        return image.thumbnail_image(size, height=size, size="down")
    return levels.shrink_to_visible(image, size).autorot()
