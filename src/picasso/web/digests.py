"""What a request says its content must be: digests of RFC 9530, tus' checksum, and the verdict on them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from picasso.errors import BadRequest, ChecksumMismatch, DigestMismatch
from picasso.receive.hashing import Hash
from picasso.web.request import Request

CONTENT_DIGEST, REPR_DIGEST, CHECKSUM = "content-digest", "repr-digest", "upload-checksum"

# RFC 9530 §5: the other registered ones are deprecated, and what is unknown is ignored.
DIGESTS: dict[str, Callable[[], Hash]] = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}

# tus wants SHA-1, which serves against accidents and not against anybody.
CHECKSUMS: dict[str, Callable[[], Hash]] = {
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
}

ALGORITHMS = {CONTENT_DIGEST: DIGESTS, REPR_DIGEST: DIGESTS, CHECKSUM: CHECKSUMS}


@dataclass(slots=True)
class Check:
    """A hash of a request's content, and what it must come to."""

    field: str
    algorithm: str
    hash: Hash
    expected: str | None
    """In hex; None as long as a trailer has yet to say."""


class Checks:
    """Those of one request's content; as false as an empty list if there are none."""

    def __init__(self, request: Request, *fields: str) -> None:
        """By these fields of the request's head, or of its trailers if the head says that they will come.

        Raises `BadRequest`.
        """
        self._request = request
        self._checks = [check for field in fields for check in checks_of(request, field)]

    def __bool__(self) -> bool:
        return bool(self._checks)

    @property
    def hashes(self) -> list[Hash]:
        return [check.hash for check in self._checks]

    def update(self, data: bytes) -> None:
        for check in self._checks:
            check.hash.update(data)

    def verify(self) -> None:
        """The content is over. Raises `DigestMismatch`, `ChecksumMismatch`, or `BadRequest` for a trailer."""
        for check in self._checks:
            expected = check.expected or self._in_trailers(check)
            if expected and check.hash.hexdigest() != expected:
                raise ChecksumMismatch if check.field == CHECKSUM else DigestMismatch

    def _in_trailers(self, check: Check) -> str | None:
        """None for the algorithms that it turned out not to be."""
        digests = said(check.field, self._request.trailers.get(check.field, ""))
        if not digests:
            # Proxies drop trailers and pass on that they will come.
            raise BadRequest(f"The trailer {check.field.title()} that was announced did not come.")
        return digests.get(check.algorithm)


def checks_of(request: Request, field: str) -> list[Check]:
    algorithms = ALGORITHMS[field]
    if field in request.headers:
        if field == CHECKSUM and not request.headers[field]:
            raise BadRequest("Upload-Checksum is empty.")
        return [Check(field, each, algorithms[each](), digest) for each, digest in digests_of(request, field).items()]
    if field in listed(request.headers.get("trailer", "")):
        return [Check(field, each, make(), None) for each, make in algorithms.items()]
    return []


def listed(value: str) -> list[str]:
    return [each.strip().lower() for each in value.split(",")]


def digests_of(request: Request, field: str) -> dict[str, str]:
    """Those of a field that we know, in hex by algorithm. Raises `BadRequest`."""
    return said(field, request.headers.get(field, ""))


def said(field: str, value: str) -> dict[str, str]:
    return parsed_checksum(value) if field == CHECKSUM else dict(parsed_digests(field, value))


def parsed_digests(field: str, value: str) -> Iterator[tuple[str, str]]:
    """From the dictionary of RFC 9651 that it is: ``sha-256=:base64:, …``."""
    algorithms = ALGORITHMS[field]
    for member in filter(None, (member.strip(" \t") for member in value.split(","))):
        algorithm, _, rest = member.partition("=")
        if algorithm in algorithms:
            found = re.match(r":([A-Za-z0-9+/=]*):(;|$)", rest)
            if not found:
                raise BadRequest(f"{field.title()} is not of the form sha-256=:base64:.")
            yield algorithm, decoded(field, found[1], algorithms[algorithm])


def parsed_checksum(value: str) -> dict[str, str]:
    """From tus' ``sha1 base64``, which a trailer need not bring."""
    algorithm, _, encoded = value.partition(" ")
    if not value:
        return {}
    if algorithm not in CHECKSUMS:
        raise BadRequest(f"Upload-Checksum: the algorithms are {', '.join(CHECKSUMS)}.")
    return {algorithm: decoded(CHECKSUM, encoded.strip(), CHECKSUMS[algorithm])}


def decoded(field: str, encoded: str, make: Callable[[], Hash]) -> str:
    try:
        found = base64.b64decode(encoded, validate=True).hex()
    except (binascii.Error, ValueError):
        found = ""
    if len(found) != len(make().hexdigest()):
        raise BadRequest(f"{field.title()} is not a digest in base64.")
    return found


def repr_digest(sha256: str) -> dict[str, str]:
    """The field that tells a representation's digest."""
    return {"Repr-Digest": f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"}
