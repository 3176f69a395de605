"""One tree of errors: each knows its HTTP status, its stable code and the sentence the public may read.

A class's docstring is its public sentence; an instance may carry a more particular one. Rendered everywhere as
RFC 9457 problem details by `PicassoError.problem`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar, NotRequired, TypedDict

PROBLEM_JSON = "application/problem+json"


class FieldError(TypedDict):
    """One fault of one field of the request."""

    field: str
    detail: str


class Problem(TypedDict):
    """The body of an error, RFC 9457 with the members ``code`` and, where there are fields, ``errors``."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: NotRequired[Sequence[FieldError]]


# By tus; no register knows it.
CHECKSUM_MISMATCH = 460

REGISTERED = "https://iana.org/assignments/http-problem-types#"


def problem(status: int, code: str, detail: str, errors: Sequence[FieldError] = ()) -> Problem:
    """The one shape of every error body."""
    title = "Checksum Mismatch" if status == CHECKSUM_MISMATCH else HTTPStatus(status).phrase
    body = Problem(type="about:blank", title=title, status=status, detail=detail, code=code)
    if errors:
        body["errors"] = errors
    return body


class PicassoError(Exception):
    """Something went wrong on our side."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal-error"

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.detail = detail or re.sub(r"\s+", " ", type(self).__doc__ or "").strip()
        self.errors = errors
        self.headers = dict(headers or {})
        super().__init__(self.detail)

    def problem(self) -> Problem:
        return problem(self.status, self.code, self.detail, self.errors)


class BadRequest(PicassoError):
    """The request could not be understood."""

    status, code = 400, "bad-request"


class InvalidUpload(PicassoError):
    """The upload is not complete or not well formed; nothing was stored."""

    status, code = 400, "invalid-upload"


class InvalidField(PicassoError):
    """A field of the request is missing or wrong."""

    status, code = 400, "invalid-field"

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail, errors=[FieldError(field=field, detail=detail)])


class Forbidden(PicassoError):
    """A page of another site asked for this, which only our own may."""

    status, code = 403, "forbidden"


class NotFound(PicassoError):
    """There is nothing at this address."""

    status, code = 404, "not-found"


class MethodNotAllowed(PicassoError):
    """This address does not answer that method."""

    status, code = 405, "method-not-allowed"

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(headers={"Allow": ", ".join(allowed)})


class UploadTimeout(PicassoError):
    """No byte of the upload arrived for too long; nothing was stored."""

    status, code = 408, "upload-timeout"


class Conflict(PicassoError):
    """That can't be done to it in the state that it is in."""

    status, code = 409, "conflict"


class PreconditionFailed(PicassoError):
    """The file is not in the state that the request's conditions ask for."""

    status, code = 412, "precondition-failed"


class UnsupportedVersion(PicassoError):
    """This service speaks tus 1.0.0; the request's Tus-Resumable says otherwise, or nothing."""

    status, code = 412, "unsupported-tus-version"


class TooLarge(PicassoError):
    """The upload is larger than this service takes; nothing was stored."""

    status, code = 413, "too-large"


class InconsistentLength(PicassoError):
    """The lengths that were given for this upload contradict each other."""

    status, code = 400, "inconsistent-upload-length"

    def problem(self) -> Problem:
        return {**super().problem(), "type": REGISTERED + self.code}


class CompletedUpload(PicassoError):
    """This upload is complete; nothing can be added to it."""

    status, code = 400, "completed-upload"

    def problem(self) -> Problem:
        return {**super().problem(), "type": REGISTERED + self.code}


class OffsetMismatch(PicassoError):
    """The upload is not at this offset; Upload-Offset says where it is."""

    status, code = 409, "mismatching-upload-offset"

    def __init__(self, expected: int, provided: int) -> None:
        super().__init__(headers={"Upload-Offset": str(expected)})
        self._offsets = {"expected-offset": expected, "provided-offset": provided}

    def problem(self) -> Problem:
        return {**super().problem(), "type": REGISTERED + self.code, **self._offsets}  # type: ignore[typeddict-item]


class DigestMismatch(PicassoError):
    """The content is not what its digest says; nothing was stored."""

    status, code = 400, "digest-mismatch"


class ChecksumMismatch(PicassoError):
    """The chunk is not what its checksum says, and was discarded."""

    status, code = CHECKSUM_MISMATCH, "checksum-mismatch"


class Superseded(PicassoError):
    """A newer request for this upload has ended this one."""

    status, code = 409, "superseded"


class KeyInUse(PicassoError):
    """The first request with this Idempotency-Key is still under way."""

    status, code = 409, "idempotency-key-in-use"

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class KeyReused(PicassoError):
    """This Idempotency-Key was used for another request."""

    status, code = 422, "idempotency-key-reused"


class Gone(PicassoError):
    """This upload is no longer there: it has expired, or what it became was deleted."""

    status, code = 410, "gone"


class LengthRequired(PicassoError):
    """A raw body needs a Content-Length or a digest, lest a cut looks like its end."""

    status, code = 411, "length-required"


class Locked(PicassoError):
    """Another request for this upload is just being finished. Please try again."""

    status, code = 423, "locked"

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class UnfinishedFull(PicassoError):
    """There are too many bytes of unfinished uploads already. Please try again later."""

    status, code = 507, "unfinished-full"

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "60"})


class UnsupportedMediaType(PicassoError):
    """An upload is sent as multipart/form-data with the file in the part `file`, or as a raw body that has a name: in
    Content-Disposition, or at the end of the address."""

    status, code = 415, "unsupported-media-type"


class RangeNotSatisfiable(PicassoError):
    """The requested range lies outside of the file."""

    status, code = 416, "range-not-satisfiable"


class Unavailable(PicassoError):
    """The database can't be reached; nothing was stored. Please try again."""

    status, code = 503, "unavailable"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": "5"})


class StorageFull(PicassoError):
    """There is not enough space left to store this upload; nothing was stored."""

    status, code = 507, "storage-full"


class ClientGone(Exception):
    """The connection ended before the request did: there is nobody to answer."""


MAX_FAILURES = 5


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an attempt at a job ended without a verdict on its file."""

    code: str
    sentence: str
    crashed: bool = False
    """Whether the child died of it."""
    attempts: int = MAX_FAILURES
    """How many may end in trouble, when this is the last one's: less for what is dear and most likely the file's."""
