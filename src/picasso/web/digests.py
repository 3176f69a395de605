"""Checks content against what the request says it must be: digests (RFC 9530) and the checksum of tus."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from picasso.errors import BadRequest, ChecksumMismatch, DigestMismatch
from picasso.receive.hashing import Hash
from picasso.web import structured
from picasso.web.request import Request

CONTENT_DIGEST, REPR_DIGEST, CHECKSUM = "content-digest", "repr-digest", "upload-checksum"

# RFC 9530 §5: the other registered algorithms are deprecated, and unknown ones are ignored.
DIGESTS: dict[str, Callable[[], Hash]] = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}

# tus requires SHA-1. It protects against accidents, not against attackers.
CHECKSUMS: dict[str, Callable[[], Hash]] = {
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
}

ALGORITHMS = {CONTENT_DIGEST: DIGESTS, REPR_DIGEST: DIGESTS, CHECKSUM: CHECKSUMS}


@dataclass(slots=True)
class Check:
    """A hash of a request's content, and the value that it must have."""

    field: str
    algorithm: str
    hash: Hash
    expected: str | None
    """In hex; None if a trailer will tell it."""


class Checks:
    """The checks of one request's content. False if there are none."""

    def __init__(self, request: Request, *fields: str) -> None:
        """Look for these fields in the head, and in the trailers if the head announces them. Raises `BadRequest`."""
        self._request = request
        self._checks: list[Check] = []
        headers = request.headers
        announced = headers.get("trailer", "").lower()
        for field in fields:
            if field in headers:
                self._checks += checks_in_head(request, field)
            elif announced and field in map(str.strip, announced.split(",")):
                if not request.supports_trailers:
                    raise BadRequest(f"This server cannot receive trailers. Send {field.title()} before the body.")
                self._checks += [Check(field, name, new(), None) for name, new in ALGORITHMS[field].items()]

    def __bool__(self) -> bool:
        return bool(self._checks)

    @property
    def hashes(self) -> list[Hash]:
        return [check.hash for check in self._checks]

    def update(self, data: bytes) -> None:
        for check in self._checks:
            check.hash.update(data)

    def verify(self) -> None:
        """After the end of the content. Raises `DigestMismatch`, `ChecksumMismatch`, or `BadRequest` for a trailer."""
        for check in self._checks:
            expected = check.expected or self._from_trailers(check)
            if expected and check.hash.hexdigest() != expected:
                raise ChecksumMismatch if check.field == CHECKSUM else DigestMismatch

    def _from_trailers(self, check: Check) -> str | None:
        """None for an algorithm that the trailer does not use."""
        digests = parse_digests(check.field, self._request.trailers.get(check.field, ""))
        if not digests:
            # Proxies drop trailers but pass on the header that announces them.
            raise BadRequest(f"The trailer {check.field.title()} was announced, but did not arrive.")
        return digests.get(check.algorithm)


def checks_in_head(request: Request, field: str) -> list[Check]:
    if field == CHECKSUM and not request.headers[field]:
        raise BadRequest("Upload-Checksum is empty.")
    algorithms = ALGORITHMS[field]
    return [Check(field, name, algorithms[name](), digest) for name, digest in digests_of(request, field).items()]


def digests_of(request: Request, field: str) -> dict[str, str]:
    """The digests in a header, in hex by algorithm; unknown algorithms are left out. Raises `BadRequest`."""
    return parse_digests(field, request.headers.get(field, ""))


def parse_digests(field: str, value: str) -> dict[str, str]:
    return parse_checksum(value) if field == CHECKSUM else parse_digest_field(field, value)


def parse_digest_field(field: str, value: str) -> dict[str, str]:
    """RFC 9530: ``sha-256=:base64:, …``."""
    algorithms, members = ALGORITHMS[field], structured.byte_sequences(field.title(), value)
    return {name: checked(field, digest, algorithms[name]) for name, digest in members.items() if name in algorithms}


def parse_checksum(value: str) -> dict[str, str]:
    """tus: ``sha1 base64``. An empty value has no digest: the trailer did not arrive."""
    algorithm, _, encoded = value.partition(" ")
    if not value:
        return {}
    if algorithm not in CHECKSUMS:
        raise BadRequest(f"Upload-Checksum: the algorithms are {', '.join(CHECKSUMS)}.")
    try:
        digest = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        digest = None
    return {algorithm: checked(CHECKSUM, digest, CHECKSUMS[algorithm])}


def checked(field: str, digest: bytes | None, new: Callable[[], Hash]) -> str:
    """In hex. Raises `BadRequest` unless it has the length of the algorithm's digests."""
    if digest is None or len(digest.hex()) != len(new().hexdigest()):
        raise BadRequest(f"{field.title()} is not a digest in base64.")
    return digest.hex()


def repr_digest(sha256: str) -> dict[str, str]:
    """The header with the digest of a representation."""
    # Not by `structured.write`, which takes 12 µs of each upload and download.
    return {"Repr-Digest": f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"}
