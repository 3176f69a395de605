"""SHA-256 whose state can be kept, so that an upload which goes on tomorrow is not read again from its start.

Python's own hashes can't be saved. This one calls the same OpenSSL code as `hashlib` does, at the same speed, through
the old interface whose context is plain memory. What is kept of it is of no machine's making: the eight words of FIPS
180-4 and the bytes since the last whole block. Where no OpenSSL can be had that way, an upload is read again when it
goes on.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import hashlib
import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Protocol, Self

BLOCK = 64

# Of SHA256_CTX, as OpenSSL has laid it out since 1998, in words of 32 bits: h[8], the length in bits in two words,
# data[16], how many bytes of it are in use, and the length of the digest. With room to spare. `works` checks all this.
LENGTH, DATA, WORDS = 8, 10, 32


class Hash(Protocol):
    def update(self, data: bytes | memoryview, /) -> None: ...
    def hexdigest(self) -> str: ...
    def copy(self) -> Self: ...


class Kept(Hash, Protocol):
    @property
    def state(self) -> bytes:
        """All that it takes to go on elsewhere; empty if it can't be told."""

    @property
    def length(self) -> int:
        """How many bytes it has seen."""


class Sha256:
    """By OpenSSL, with a state; ``state`` is what another one's `state` was. The GIL is released while it works."""

    def __init__(self, openssl: ctypes.CDLL, state: bytes = b"") -> None:
        self._openssl = openssl
        self._context = (ctypes.c_uint32 * WORDS)()
        openssl.SHA256_Init(self._context)
        self.length = 0
        if state:
            self._restore(state)

    def update(self, data: bytes | memoryview, /) -> None:
        size = len(data)
        if isinstance(data, memoryview):
            data = bytes(data) if data.readonly else (ctypes.c_char * size).from_buffer(data)  # type: ignore[assignment]
        self._openssl.SHA256_Update(self._context, data, size)
        self.length += size

    def hexdigest(self) -> str:
        digest = ctypes.create_string_buffer(32)
        self._openssl.SHA256_Final(digest, self.copy()._context)
        return digest.raw.hex()

    def copy(self) -> Self:
        other = type(self)(self._openssl)
        ctypes.memmove(other._context, self._context, ctypes.sizeof(self._context))
        other.length = self.length
        return other

    @property
    def state(self) -> bytes:
        since = bytes(memoryview(self._context).cast("B")[DATA * 4 :])[: self.length % BLOCK]
        return struct.pack(">Q8I", self.length, *self._context[:8]) + since

    def _restore(self, state: bytes) -> None:
        self.length, *words = struct.unpack_from(">Q8I", state)
        since = state[40:]
        blocks = (self.length - len(since)) * 8
        for n, word in enumerate(words):
            self._context[n] = word
        self._context[LENGTH], self._context[LENGTH + 1] = blocks & 0xFFFFFFFF, blocks >> 32
        self._openssl.SHA256_Update(self._context, since, len(since))


class Stateless:
    """By `hashlib`, where there is no OpenSSL to be had."""

    state = b""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.length = 0

    def update(self, data: bytes | memoryview, /) -> None:
        self._hash.update(data)
        self.length += len(data)

    def hexdigest(self) -> str:
        return self._hash.hexdigest()

    def copy(self) -> Self:
        other = type(self)()
        other._hash, other.length = self._hash.copy(), self.length
        return other


def sha256(state: bytes = b"") -> Kept:
    """A new one, or one that goes on from there."""
    openssl = library()
    return Sha256(openssl, state) if openssl else Stateless()


@cache
def library() -> ctypes.CDLL | None:
    for path in candidates():
        try:
            openssl = ctypes.CDLL(path)
            openssl.SHA256_Update.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
            if works(openssl):
                return openssl
        except (OSError, AttributeError):
            continue
    return None


def candidates() -> Iterator[str]:
    """Where OpenSSL's code may be: what Python itself is linked with, the system's, and that of psycopg's wheel."""
    try:
        import _hashlib

        yield _hashlib.__file__
    except (ImportError, AttributeError):
        pass
    if found := ctypes.util.find_library("crypto"):
        yield found
    import psycopg

    yield from map(str, Path(psycopg.__file__).parent.parent.glob("psycopg_binary*/libcrypto*"))


def works(openssl: ctypes.CDLL) -> bool:
    """Whether a state that was kept leads to the digest that it must lead to."""
    data = bytes(range(256)) * 3
    first = Sha256(openssl)
    first.update(data[:300])
    second = Sha256(openssl, first.state)
    second.update(data[300:])
    return second.length == len(data) and second.hexdigest() == hashlib.sha256(data).hexdigest()
