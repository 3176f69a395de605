"""The most likely encoding of a text that is neither UTF-8 nor UTF-16."""

from __future__ import annotations

import codecs
from collections.abc import Sequence

# Encodings that texts commonly have. Among all that Python knows, charset-normalizer takes short texts for EBCDIC or
# UTF-16.
LEGACY = (
    "cp1252 cp1250 cp1251 cp1253 cp1254 cp1255 cp1256 cp1257 cp874 cp850 cp866 koi8_r cp932 euc_jp gb18030 big5 cp949"
)


def guess_encoding(sample: bytes, languages: Sequence[str] | None = None) -> tuple[str, bool] | None:
    """The most likely encoding, and whether it is far more likely than the others; None if there is none.

    ``languages`` are ISO 639-1 codes; without them, those that the operator prefers. The last character of ``sample``
    may be cut off.
    """
    import charset_normalizer

    matches = charset_normalizer.from_bytes(sample, cp_isolation=LEGACY.split())
    best = matches.best()
    if best is None:
        return None
    # Of several that fit equally well, the one that is used most.
    tied = (match.could_be_from_charset for match in matches if match.chaos <= best.chaos)
    likely = "cp1252" if any("cp1252" in names for names in tied) else best.encoding
    return codecs.lookup(likely).name, False
