"""Scripts of a drawing, which run if a browser shows it by itself, and what it loads from elsewhere."""

from __future__ import annotations

import io
from typing import BinaryIO

from picasso.policy import ActiveContent
from picasso.process.contract import ProcessorError
from picasso.process.processors.image.svg_bytes import read_drawing
from picasso.process.processors.web_markup import MarkupScan


def read_active_content(file: BinaryIO) -> ActiveContent:
    """What comes before damage counts: a browser has run it then."""
    found = ActiveContent()
    try:
        MarkupScan(found).read(io.BytesIO(read_drawing(file)), "utf-8")
    except ProcessorError:
        found.mark("incomplete")
    finally:
        file.seek(0)
    return found
