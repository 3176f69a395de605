"""Which encoding a text is in, and texts made fit to be shown. For any processor that reads text."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

PIECE = 131_072  # bytes that a guess is made from

HEAD = 4_096  # bytes, in which marks and zeros tell UTF-16

# The longer first: the mark of UTF-32 begins with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# What texts are found in; charset-normalizer, left to all that Python knows, takes a short one for EBCDIC or UTF-16.
LEGACY = (
    "cp1252 cp1250 cp1251 cp1253 cp1254 cp1255 cp1256 cp1257 cp874 cp850 cp866 koi8_r cp932 euc_jp gb18030 big5 cp949"
)

LOST = "\N{REPLACEMENT CHARACTER}"


def told(head: bytes) -> tuple[str, int] | None:
    """The encoding that a text's first bytes tell, and the length of its mark; None where they tell nothing."""
    for mark, encoding in MARKS:
        if head.startswith(mark):
            return encoding, len(mark)
    wide = _unmarked_utf16(head)
    return (wide, 0) if wide else None


def _unmarked_utf16(head: bytes) -> str | None:
    """Where most characters are Latin, every other byte is zero, and none in between is."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) > len(head) / 4 and min(even, odd) == 0:
        return "utf-16-le" if odd else "utf-16-be"
    return None


def guessed(file: BinaryIO) -> str | None:
    """The encoding of a text that has no mark and is not UTF-8."""
    return _guess(_sample(file))


def _sample(file: BinaryIO) -> bytes:
    """The first piece that tells anything: ASCII looks the same in all of them."""
    file.seek(0)
    sample = next((piece for piece in iter(partial(file.read, PIECE), b"") if not piece.isascii()), b"")
    within = b"".join(sample.splitlines(keepends=True)[1:-1])  # where no character is cut in two
    return sample if len(sample) < PIECE or within.isascii() else within


def _guess(sample: bytes) -> str | None:
    import charset_normalizer

    matches = charset_normalizer.from_bytes(sample, cp_isolation=LEGACY.split())
    best = matches.best()
    if best is None:
        return None
    # Where several do equally well, the one that is in use most.
    drawn = (match.could_be_from_charset for match in matches if match.chaos <= best.chaos)
    likely = "cp1252" if any("cp1252" in names for names in drawn) else best.encoding
    return codecs.lookup(likely).name


def decoded(file: BinaryIO, encoding: str, piece: int = PIECE) -> Iterator[str]:
    """The rest of the file as text, U+FFFD for what can't be decoded."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    while got := file.read(piece):
        yield decoder.decode(got)
    yield decoder.decode(b"", final=True)


def shown(text: str, limit: int) -> str:
    """At most ``limit`` characters of a text, as JSON in PostgreSQL takes it: no U+0000, no lone surrogates."""
    cut = text[:limit].replace("\0", LOST)
    return cut.encode(errors="surrogatepass").decode(errors="replace") if not cut.isascii() else cut
