"""Content that was compressed for the transfer, piece by piece: no piece is large, whatever was sent."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from picasso.outbound import AnswerIncomplete, InvalidAnswer

PIECE = 64 * 2**10

GZIP, ZLIB, RAW = 31, 15, -15
"""``wbits`` of zlib."""


class Identity:
    def decode(self, data: bytes) -> Iterator[bytes]:
        yield data

    def end(self) -> None:
        """Raises `AnswerIncomplete` if something is missing."""


class Inflate(Identity):
    """For ``gzip`` and ``deflate``. Members that follow each other are one content (RFC 1952 §2.2)."""

    def __init__(self, coding: str) -> None:
        self._is_gzip = coding != "deflate"
        self._inflate = zlib.decompressobj(GZIP if self._is_gzip else ZLIB)
        self._begun = False

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Raises `InvalidAnswer`."""
        try:
            while data:
                if self._inflate.eof and not self._next_member():
                    return
                yield self._decode_piece(data)
                data = self._inflate.unconsumed_tail or self._inflate.unused_data
        except zlib.error:
            raise InvalidAnswer("The answer is not compressed as it says.") from None

    def _decode_piece(self, data: bytes) -> bytes:
        try:
            return self._inflate.decompress(data, PIECE)
        except zlib.error:
            if self._is_gzip or self._begun:
                raise
            self._inflate = zlib.decompressobj(RAW)  # some servers send deflate without zlib's header
            return self._inflate.decompress(data, PIECE)
        finally:
            self._begun = True

    def _next_member(self) -> bool:
        self._inflate = zlib.decompressobj(GZIP)
        return self._is_gzip

    def end(self) -> None:
        if self._begun and not self._inflate.eof:
            raise AnswerIncomplete


def decoder(coding: str) -> Identity:
    return Inflate(coding) if coding else Identity()
