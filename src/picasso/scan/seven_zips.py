"""How the files of a 7z are packed (7zFormat.txt of the LZMA SDK). clamd answers OK for methods it does not know."""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from dataclasses import dataclass

from picasso.scan.answers import Reason
from picasso.scan.parts import LeftOut, Part

SIGNATURE = b"7z\xbc\xaf\x27\x1c"
HEADER_SIZE = 32

END, HEADER, ARCHIVE_PROPERTIES, ADDITIONAL_STREAMS, MAIN_STREAMS, FILES_INFO = 0, 1, 2, 3, 4, 5
PACK_INFO, UNPACK_INFO, SIZE, CRC, FOLDER, UNPACK_SIZE, ENCODED_HEADER = 6, 7, 9, 10, 11, 12, 23

COPY, LZMA, LZMA2, PPMD = b"\x00", b"\x03\x01\x01", b"\x21", b"\x03\x04\x01"
BCJ, ARM = b"\x03\x03\x01\x03", b"\x03\x03\x05\x01"
AES = b"\x06\xf1\x07\x01"

KNOWN = {COPY: 0, LZMA: 5, LZMA2: 1, PPMD: 5, BCJ: 0, ARM: 0}
"""To clamd, as one step alone or as two, with so many bytes of properties."""

MAX_PPMD_MEMORY = 2**28
"""clamd reserves all of it, and answers OK if it can't: at 2**30."""

MAX_HEADER = 16 * 2**20
MAX_PACKED_HEADERS = 4
"""In one another. Programs pack the header once; one that is its own content would never end."""
MAX_NUMBER = 1_000_000


@dataclass(frozen=True, slots=True)
class Coder:
    method: bytes
    properties: bytes


@dataclass(frozen=True, slots=True)
class Streams:
    position: int
    """Of the packed bytes, in the file."""
    packed_sizes: list[int]
    folders: list[list[Coder]]
    sizes: list[int]
    """Of the output of each coder."""


def check(part: Part) -> None:
    """Raises `LeftOut` if clamd can't unpack all of it, `OSError`."""
    try:
        for folder in _folders(part):
            _check_folder(folder)
    except (IndexError, ValueError, lzma.LZMAError, MemoryError) as fault:
        raise LeftOut(Reason.MALFORMED) from fault


def _check_folder(coders: list[Coder]) -> None:
    methods = [coder.method for coder in coders]
    if AES in methods:
        raise LeftOut(Reason.ENCRYPTED)
    if len(methods) > 2 or not all(map(_is_known, coders)):
        raise LeftOut(Reason.UNSUPPORTED)


def _is_known(coder: Coder) -> bool:
    if coder.method == PPMD and int.from_bytes(coder.properties[1:5], "little") > MAX_PPMD_MEMORY:
        return False
    return KNOWN.get(coder.method) == len(coder.properties)


def _folders(part: Part) -> Iterator[list[Coder]]:
    start = part.read(0, HEADER_SIZE)
    offset, size = int.from_bytes(start[12:20], "little"), int.from_bytes(start[20:28], "little")
    if len(start) < HEADER_SIZE or HEADER_SIZE + offset + size > part.size:
        raise LeftOut(Reason.MALFORMED)
    if not size:  # an empty archive
        return
    header = Bytes(_read(part, HEADER_SIZE + offset, size))
    for _ in range(MAX_PACKED_HEADERS + 1):
        if (kind := header.byte()) != ENCODED_HEADER:
            break
        streams = _read_streams(header)
        yield from streams.folders
        header = Bytes(_decoded(part, streams))
    else:
        raise LeftOut(Reason.LIMITS)
    if kind != HEADER:
        raise LeftOut(Reason.MALFORMED)
    yield from _main_folders(header)


def _read(part: Part, position: int, size: int) -> bytes:
    if size > MAX_HEADER:
        raise LeftOut(Reason.LIMITS)
    data = part.read(position, size)
    if len(data) < size:
        raise LeftOut(Reason.MALFORMED)
    return data


def _decoded(part: Part, streams: Streams) -> bytes:
    """The header that is packed. In practice there is one folder with one step."""
    (coder,) = streams.folders[0]
    size = streams.sizes[0]
    if size > MAX_HEADER:
        raise LeftOut(Reason.LIMITS)
    packed = _read(part, streams.position, streams.packed_sizes[0])
    if coder.method == COPY:
        return packed
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[_filter(coder)])
    return unpacker.decompress(packed, size)


def _filter(coder: Coder) -> dict[str, int]:
    if coder.method == LZMA2:
        return {"id": lzma.FILTER_LZMA2, "dict_size": MAX_HEADER}
    if coder.method != LZMA:
        raise LeftOut(Reason.ENCRYPTED if coder.method == AES else Reason.UNSUPPORTED)
    rest, literal_context = divmod(coder.properties[0], 9)
    position, literal_position = divmod(rest, 5)
    # The output is no larger than this, so a larger dictionary would be of no use.
    size = min(int.from_bytes(coder.properties[1:5], "little"), MAX_HEADER)
    return {
        "id": lzma.FILTER_LZMA1,
        "dict_size": max(size, 4096),
        "lc": literal_context,
        "lp": literal_position,
        "pb": position,
    }


def _main_folders(header: Bytes) -> list[list[Coder]]:
    kind = header.byte()
    if kind == ARCHIVE_PROPERTIES:
        while header.byte() != END:
            header.take(header.number())
        kind = header.byte()
    if kind == ADDITIONAL_STREAMS:
        raise LeftOut(Reason.UNSUPPORTED)
    return _read_streams(header).folders if kind == MAIN_STREAMS else []


def _read_streams(header: Bytes) -> Streams:
    """The first two parts; what follows them is of no use here."""
    position, packed_sizes = HEADER_SIZE, list[int]()
    kind = header.byte()
    if kind == PACK_INFO:
        position += header.number()
        packed_sizes = _packed_sizes(header, header.count())
        kind = header.byte()
    if kind != UNPACK_INFO:
        return Streams(position, packed_sizes, [], [])
    folders, outputs = _read_folders(header)
    header.expect(UNPACK_SIZE)
    sizes = [header.number() for _ in range(outputs)]
    _skip_digests(header, len(folders))
    return Streams(position, packed_sizes, folders, sizes)


def _packed_sizes(header: Bytes, count: int) -> list[int]:
    sizes: list[int] = []
    while (kind := header.byte()) != END:
        if kind == SIZE:
            sizes = [header.number() for _ in range(count)]
        elif kind == CRC:
            header.digests(count)
        else:
            raise ValueError(kind)
    return sizes


def _read_folders(header: Bytes) -> tuple[list[list[Coder]], int]:
    """The folders, and how many outputs all their coders have."""
    header.expect(FOLDER)
    count = header.count()
    if header.byte():  # they are in an additional stream
        raise LeftOut(Reason.UNSUPPORTED)
    folders = [_read_folder(header) for _ in range(count)]
    return folders, sum(map(len, folders))


def _read_folder(header: Bytes) -> list[Coder]:
    coders: list[Coder] = []
    count = header.count()
    for _ in range(count):
        flags = header.byte()
        method = header.take(flags & 0x0F)
        if flags & 0x90:  # several inputs or outputs (BCJ2), or a flag that is reserved
            raise LeftOut(Reason.UNSUPPORTED)
        coders.append(Coder(method, header.take(header.number()) if flags & 0x20 else b""))
    for _ in range(2 * (count - 1)):  # which coder takes the output of which
        header.number()
    return coders


def _skip_digests(header: Bytes, folders: int) -> None:
    while (kind := header.byte()) != END:
        if kind != CRC:
            raise ValueError(kind)
        header.digests(folders)


class Bytes:
    """Read one after the other. Raises `IndexError` at the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def byte(self) -> int:
        self._position += 1
        return self._data[self._position - 1]

    def take(self, size: int) -> bytes:
        self._position += size
        if self._position > len(self._data):
            raise IndexError
        return self._data[self._position - size : self._position]

    def expect(self, kind: int) -> None:
        if self.byte() != kind:
            raise ValueError(kind)

    def number(self) -> int:
        """The ones at the start of the first byte tell how many bytes follow."""
        first, mask, value = self.byte(), 0x80, 0
        for shift in range(0, 64, 8):
            if not first & mask:
                return value + ((first & (mask - 1)) << shift)
            value |= self.byte() << shift
            mask >>= 1
        return value

    def count(self) -> int:
        if (number := self.number()) > MAX_NUMBER:
            raise LeftOut(Reason.LIMITS)
        return number

    def digests(self, count: int) -> None:
        """Skips them."""
        defined = count
        if not self.byte():
            bits = self.take((count + 7) // 8)
            defined = sum(byte.bit_count() for byte in bits)
        self.take(4 * defined)
