"""SHA-256 whose state can be kept: the same digests as hashlib's, wherever it was interrupted."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picasso.receive import hashing
from picasso.receive.hashing import SavableHash, Sha256, Stateless, sha256

DATA = random.Random(1).randbytes(100_000)


def test_this_machine_has_an_openssl_for_it() -> None:
    assert hashing.library()
    assert isinstance(sha256(), Sha256)


@given(st.lists(st.binary(max_size=200), max_size=12))
def test_it_can_be_kept_after_any_piece(pieces: list[bytes]) -> None:
    kept = sha256()
    for piece in pieces:
        kept.update(piece)
        kept = sha256(kept.state)
    whole = b"".join(pieces)
    assert kept.hexdigest() == hashlib.sha256(whole).hexdigest()
    assert kept.length == len(whole)


@pytest.mark.parametrize("size", [1, 39])
def test_a_cut_off_state_counts_as_none(size: int) -> None:
    assert sha256(bytes(size)).hexdigest() == hashlib.sha256().hexdigest()


@pytest.mark.parametrize("size", [0, 1, 55, 56, 63, 64, 65, 127, 128, 100_000])
def test_a_state_is_small_and_tells_nothing_twice(size: int) -> None:
    kept = sha256()
    kept.update(DATA[:size])
    assert len(kept.state) == 40 + size % 64
    assert sha256(kept.state).state == kept.state
    assert kept.hexdigest() == kept.hexdigest() == hashlib.sha256(DATA[:size]).hexdigest()


def test_a_state_is_of_no_machines_making() -> None:
    """The words of FIPS 180-4 for one block, big-endian, whichever machine wrote them."""
    kept = sha256()
    kept.update(b"a" * 64)
    assert kept.state.hex() == (
        "0000000000000040" + hashlib_state(b"a" * 64)  # the length, and the state after its block
    )


def hashlib_state(block: bytes) -> str:
    """By the book, from FIPS 180-4, §6.2.2."""
    words = [int.from_bytes(block[n : n + 4], "big") for n in range(0, 64, 4)]
    primes = [n for n in range(2, 312) if all(n % d for d in range(2, int(n**0.5) + 1))]
    constants = [root(prime, 3) for prime in primes[:64]]
    start = [root(prime, 2) for prime in primes[:8]]
    for n in range(16, 64):
        low = turn(words[n - 15], 7) ^ turn(words[n - 15], 18) ^ words[n - 15] >> 3
        high = turn(words[n - 2], 17) ^ turn(words[n - 2], 19) ^ words[n - 2] >> 10
        words.append((words[n - 16] + low + words[n - 7] + high) % 2**32)
    a, b, c, d, e, f, g, h = start
    for constant, word in zip(constants, words, strict=True):
        one = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + (e & f ^ ~e & g) + constant + word
        two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, h = (one + two) % 2**32, a, b, c, (d + one) % 2**32, e, f, g
    return b"".join(
        ((x + y) % 2**32).to_bytes(4, "big") for x, y in zip(start, (a, b, c, d, e, f, g, h), strict=True)
    ).hex()


def turn(word: int, by: int) -> int:
    return (word >> by | word << (32 - by)) % 2**32


def root(number: int, degree: int) -> int:
    """The first 32 bits of the fraction of its root."""
    found, scaled = 0, number << (32 * degree)
    for bit in reversed(range(40)):
        if (found | 1 << bit) ** degree <= scaled:
            found |= 1 << bit
    return found % 2**32


@pytest.mark.parametrize("make", [sha256, Stateless])
def test_a_copy_goes_its_own_way(make: type[Stateless]) -> None:
    kept: SavableHash = make()
    kept.update(DATA[:100])
    copy = kept.copy()
    copy.update(DATA[100:200])
    assert kept.hexdigest() == hashlib.sha256(DATA[:100]).hexdigest()
    assert copy.hexdigest() == hashlib.sha256(DATA[:200]).hexdigest()
    assert (kept.length, copy.length) == (100, 200)


def test_it_takes_views_of_memory_as_they_are() -> None:
    for data in (memoryview(DATA), memoryview(bytearray(DATA))[3:777]):
        kept = sha256()
        kept.update(data)
        assert kept.hexdigest() == hashlib.sha256(data).hexdigest()


def test_a_library_that_is_laid_out_differently_is_not_used() -> None:
    class Other:
        def __getattr__(self, name: str) -> Callable[..., None]:
            return lambda *_: None

    assert not hashing.works(Other())  # type: ignore[arg-type]
    library = hashing.library()
    assert library
    assert hashing.works(library)


def test_without_one_there_is_a_hash_without_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "library", lambda: None)
    kept = sha256(b"whatever")
    kept.update(DATA)
    assert (kept.state, kept.length) == (b"", len(DATA))
    assert kept.hexdigest() == hashlib.sha256(DATA).hexdigest()
