"""How the pictures of a TIFF are stored: its pages, the smaller copies of a pyramid, strips and tiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from picasso.process.processors.image.limits import BYTES_PER_PIXEL, IN_STRIPS, MAX_PAGES, MAX_SIDE
from picasso.process.processors.image.tiff import COMPRESSION, REDUCED, SUBFILE_TYPE, Directory, Reader

# Tags of TIFF 6.0, section 8.
OLD_SUBFILE_TYPE, WIDTH, HEIGHT, BITS, PHOTOMETRIC = 255, 256, 257, 258, 262
STRIPS, STRIP_SIZES, TILES, TILE_SIZES = 273, 279, 324, 325
SAMPLES, ROWS_PER_STRIP, TILE_WIDTH, TILE_HEIGHT = 277, 278, 322, 323

PIECE_TAGS = {STRIPS, STRIP_SIZES, TILES, TILE_SIZES}
MAX_PIECES_BYTES = 2**20
PAGE_TAGS = {SUBFILE_TYPE, OLD_SUBFILE_TYPE, WIDTH, HEIGHT}
MASK = 4
OLD_REDUCED = 2
YCBCR = 6
OLD_JPEG, JPEG = 6, 7


@dataclass(frozen=True, slots=True)
class Page:
    width: int
    height: int
    reduced: bool
    """Whether it is marked as a smaller copy of another page, or as its mask."""


@dataclass(frozen=True, slots=True)
class Layout:
    pages: Sequence[Page]
    """Those of the main list, in order. Empty if the file is too damaged to tell."""
    first: Directory
    order: str
    end: int
    """The offset after the last strip or tile of the first page; 0 if it is unknown."""

    def number(self, tag: int, default: int = 0) -> int:
        """Of the first page."""
        return self.first[tag].number(self.order) if tag in self.first else default

    @property
    def size(self) -> tuple[int, int]:
        return self.number(WIDTH), self.number(HEIGHT)

    @property
    def needs_libtiff(self) -> bool:
        """Whether libvips would show its stored brightness and colour differences as red, green and blue."""
        compression = self.number(COMPRESSION, 1)
        return compression == OLD_JPEG or (self.number(PHOTOMETRIC) == YCBCR and compression != JPEG)

    def page_count(self) -> int:
        """Without the smaller copies."""
        if self.is_pyramid():
            return 1
        return sum(not page.reduced for page in self.pages) or 1

    def is_pyramid(self) -> bool:
        """Whether each page is half as large as the one before: not all writers mark them."""
        pairs = zip(self.pages, self.pages[1:], strict=False)
        return len(self.pages) > 1 and all(_is_half(*pair) for pair in pairs)

    def level_for(self, size: int) -> int:
        """The number of the smallest copy of the first page that is large enough for a square of ``size`` pixels."""
        best = 0
        for number, page in enumerate(self.pages[1:], 1):
            copy = _is_copy(self.pages[0], page) and (page.reduced or self.is_pyramid())
            if copy and size <= max(page.width, page.height) < max(self.pages[best].width, self.pages[best].height):
                best = number
        return best

    def weight(self) -> float:
        """The cost of a pixel, see `limits`: for memory, of the piece that is decoded at once; for time, of all.

        Of a pyramid only one of the smaller copies is decoded.
        """
        width, height = max(1, self.number(WIDTH)), max(1, self.number(HEIGHT))
        copy = self.pages[self.level_for(MAX_SIDE)] if self.pages else None
        share = copy.width * copy.height / (width * height) if copy else 1.0
        return max(IN_STRIPS * share, self._piece_bytes() / BYTES_PER_PIXEL / (width * height))

    def _piece_bytes(self) -> int:
        """The bytes of a strip, or of a row of tiles."""
        width, height = self.number(WIDTH), self.number(HEIGHT)
        rows = self.number(TILE_HEIGHT) or min(self.number(ROWS_PER_STRIP) or height, height)
        return width * rows * self.number(SAMPLES, 1) * max(8, self.number(BITS, 1)) // 8


def read_layout(file: BinaryIO) -> Layout | None:
    """None for a file that is no TIFF."""
    try:
        reader = Reader(file)
    except ValueError:
        return None
    return Layout(tuple(_pages(reader)), reader.first, reader.order, _end(reader))


def _end(reader: Reader) -> int:
    pieces, _ = reader.table(reader.first_offset, PIECE_TAGS, MAX_PIECES_BYTES)
    numbers = {tag: entry.numbers(reader.order) for tag, entry in pieces.items()}
    starts = numbers.get(STRIPS) or numbers.get(TILES) or ()
    sizes = numbers.get(STRIP_SIZES) or numbers.get(TILE_SIZES) or ()
    return max((start + size for start, size in zip(starts, sizes, strict=False)), default=0)


def _pages(reader: Reader) -> Iterator[Page]:
    offset, seen = reader.first_offset, set[int]()
    while offset and offset not in seen and len(seen) <= MAX_PAGES:
        seen.add(offset)
        directory, offset = reader.table(offset, PAGE_TAGS)
        if not directory:
            return
        number = {tag: entry.number(reader.order) for tag, entry in directory.items()}
        reduced = number.get(SUBFILE_TYPE, 0) & (REDUCED | MASK) or number.get(OLD_SUBFILE_TYPE) == OLD_REDUCED
        yield Page(number.get(WIDTH, 0), number.get(HEIGHT, 0), bool(reduced))


def _is_half(large: Page, small: Page) -> bool:
    return abs(large.width - 2 * small.width) <= 2 and abs(large.height - 2 * small.height) <= 2


def _is_copy(large: Page, small: Page) -> bool:
    """Whether the proportions are the same, up to rounding."""
    if not 0 < small.width < large.width or not 0 < small.height < large.height:
        return False
    factor = large.width / small.width
    return abs(large.height / factor - small.height) <= 2
