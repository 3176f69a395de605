"""A second look at what libmagic calls by the name of a whole family: ZIP, OLE, …"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from picasso.detection.families import ole, zipped
from picasso.detection.media_types import OLE_BY_NAME
from picasso.detection.window import Window

Refiner = Callable[[Window, str, str], str | None]
"""A file, libmagic's media type, the extension of its name → a better media type, or None to keep libmagic's."""


def refine_zip(window: Window, media_type: str, extension: str) -> str | None:
    return zipped.detect_zip(window.head)


def refine_ole(window: Window, media_type: str, extension: str) -> str | None:
    return ole.detect_ole(window.head) or OLE_BY_NAME.get(extension, "application/x-ole-storage")


REFINERS: Mapping[str, Refiner] = {
    **dict.fromkeys(("application/zip", "application/java-archive"), refine_zip),
    # libmagic's types for OLE files that it does not recognize.
    **dict.fromkeys(("application/cdfv2", "application/x-ole-storage"), refine_ole),
}
