"""SHA-256 with a state that can be saved, so that a resumed upload is not read again from its start.

The state of Python's own hashes cannot be saved. This one calls the same OpenSSL code as `hashlib`, at the same speed,
through the old interface, whose context is plain memory. The saved state is the same on every machine: the eight words
of FIPS 180-4 and the bytes after the last complete block. Where OpenSSL does not have this interface, a resumed upload
is read again.
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

# The layout of OpenSSL's SHA256_CTX since 1998, in words of 32 bits: h[8], the length in bits in two words, data[16],
# how many bytes of it are in use, and the length of the digest. With some extra room. `works` checks all this.
LENGTH, DATA, WORDS = 8, 10, 32

# A saved state starts with the number of hashed bytes and eight words. The bytes of an incomplete block follow.
STATE = ">Q8I"
MIN_STATE = struct.calcsize(STATE)


class Hash(Protocol):
    def update(self, data: bytes | memoryview, /) -> None: ...
    def hexdigest(self) -> str: ...
    def copy(self) -> Self: ...


class SavableHash(Hash, Protocol):
    @property
    def state(self) -> bytes:
        """All that is needed to continue in another process; empty if that is not possible."""

    @property
    def length(self) -> int:
        """How many bytes were hashed."""


class Sha256:
    """By OpenSSL, with a state. Releases the GIL while it works."""

    def __init__(self, openssl: ctypes.CDLL, state: bytes = b"") -> None:
        """``state`` is the `state` to continue from."""
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
        digest, context = ctypes.create_string_buffer(32), (ctypes.c_uint32 * WORDS).from_buffer_copy(self._context)
        self._openssl.SHA256_Final(digest, context)
        return digest.raw.hex()

    def copy(self) -> Self:
        return type(self)(self._openssl, self.state)

    @property
    def state(self) -> bytes:
        since = bytes(memoryview(self._context).cast("B")[DATA * 4 :])[: self.length % BLOCK]
        return struct.pack(STATE, self.length, *self._context[:8]) + since

    def _restore(self, state: bytes) -> None:
        self.length, *words = struct.unpack_from(STATE, state)
        since = state[MIN_STATE:]
        blocks = (self.length - len(since)) * 8
        for n, word in enumerate(words):
            self._context[n] = word
        self._context[LENGTH], self._context[LENGTH + 1] = blocks & 0xFFFFFFFF, blocks >> 32
        self._openssl.SHA256_Update(self._context, since, len(since))


class Stateless:
    """By `hashlib`, where OpenSSL does not have the interface."""

    state = b""

    def __init__(self, content_hash: Hash | None = None, length: int = 0) -> None:
        self._hash = content_hash or hashlib.sha256()
        self.length = length

    def update(self, data: bytes | memoryview, /) -> None:
        self._hash.update(data)
        self.length += len(data)

    def hexdigest(self) -> str:
        return self._hash.hexdigest()

    def copy(self) -> Self:
        return type(self)(self._hash.copy(), self.length)


def sha256(state: bytes = b"") -> SavableHash:
    """A new hash, or one that continues from ``state``, unless that is too short to be a state."""
    openssl = library()
    return Sha256(openssl, state if len(state) >= MIN_STATE else b"") if openssl else Stateless()


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
    """Libraries that may have OpenSSL's code: what Python is linked with, the system's, and that of psycopg's wheel."""
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
    """Whether a saved state leads to the right digest."""
    data = bytes(range(256)) * 3
    first = Sha256(openssl)
    first.update(data[:300])
    second = Sha256(openssl, first.state)
    second.update(data[300:])
    return second.length == len(data) and second.hexdigest() == hashlib.sha256(data).hexdigest()
