"""The encoding of a text, and texts made fit to be shown. For all processors that read text."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

PIECE = 131_072  # bytes to guess the encoding from

HEAD = 4_096  # bytes that may show UTF-16

# The longer first: the byte order mark of UTF-32 begins with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# Encodings that texts commonly have. Among all that Python knows, charset-normalizer takes short texts for EBCDIC or
# UTF-16.
LEGACY = (
    "cp1252 cp1250 cp1251 cp1253 cp1254 cp1255 cp1256 cp1257 cp874 cp850 cp866 koi8_r cp932 euc_jp gb18030 big5 cp949"
)

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def encoding_from_head(head: bytes) -> tuple[str, int] | None:
    """The encoding that the first bytes of a text show, and the length of its byte order mark; None if they do not show
    it.
    """
    for mark, encoding in MARKS:
        if head.startswith(mark):
            return encoding, len(mark)
    wide = _unmarked_utf16(head)
    return (wide, 0) if wide else None


def _unmarked_utf16(head: bytes) -> str | None:
    """In UTF-16, if most characters are Latin, every other byte is zero and no byte between is."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) > len(head) / 4 and min(even, odd) == 0:
        return "utf-16-le" if odd else "utf-16-be"
    return None


def guess_encoding(file: BinaryIO) -> str | None:
    """The most likely encoding of a text that has no byte order mark and is not UTF-8; None if there is none."""
    return _most_likely(_sample(file))


def _sample(file: BinaryIO) -> bytes:
    """The first piece with bytes beyond ASCII: ASCII is the same in all encodings."""
    file.seek(0)
    sample = next((piece for piece in iter(partial(file.read, PIECE), b"") if not piece.isascii()), b"")
    whole_lines = b"".join(sample.splitlines(keepends=True)[1:-1])  # these cut no character in two
    return sample if len(sample) < PIECE or whole_lines.isascii() else whole_lines


def _most_likely(sample: bytes) -> str | None:
    import charset_normalizer

    matches = charset_normalizer.from_bytes(sample, cp_isolation=LEGACY.split())
    best = matches.best()
    if best is None:
        return None
    # Of several that fit equally well, the one that is used most.
    tied = (match.could_be_from_charset for match in matches if match.chaos <= best.chaos)
    likely = "cp1252" if any("cp1252" in names for names in tied) else best.encoding
    return codecs.lookup(likely).name


def decode(file: BinaryIO, encoding: str, piece: int = PIECE) -> Iterator[str]:
    """The rest of the file as text, with U+FFFD for bytes that can't be decoded."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    while data := file.read(piece):
        yield decoder.decode(data)
    yield decoder.decode(b"", final=True)


def clean_text(text: str, limit: int) -> str:
    """At most ``limit`` characters of a text, fit for JSON in PostgreSQL: no U+0000 and no lone surrogates."""
    shortened = text[:limit].replace("\0", REPLACEMENT)
    return shortened.encode(errors="surrogatepass").decode(errors="replace") if not shortened.isascii() else shortened
