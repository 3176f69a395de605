"""All errors that a client can get. Each class has an HTTP status, a stable code and a public sentence.

The docstring of a class is its public sentence; an instance may have a more specific one. Every answer is an RFC 9457
problem document, made by `PicassoError.problem`. The cause and the remedy of each code: `picasso.error_codes`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar, Literal, NotRequired, TypedDict

PROBLEM_JSON = "application/problem+json"

ERROR_CODE = "picasso.error"
"""The key of the code of an answered error in an ASGI scope."""


_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def json_bytes(value: object) -> bytes:
    """As all answers have JSON: compact, in UTF-8, with `?` for what is no character."""
    return _encode(value).encode(errors="replace")


class FieldError(TypedDict):
    """What is wrong with one field of the request."""

    field: str
    detail: str


class QuotaUse(TypedDict):
    """A quota that an upload would exceed."""

    name: str
    limit: int
    used: int
    left: int


@dataclass(frozen=True, slots=True)
class QuotaAsked:
    """How many bytes were too many for a quota."""

    size: int
    what: Literal["upload has", "request has", "upload needs"] = "upload has"
    """Of whom: a request may be larger than its file, or have a part of it. An unfinished upload needs a window."""


class Problem(TypedDict):
    """The body of an error: RFC 9457 with the extra member ``code`` and, for invalid fields, ``errors``."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: NotRequired[Sequence[FieldError]]
    quota: NotRequired[QuotaUse]


# Defined by tus, and unknown to Python's list of statuses.
CHECKSUM_MISMATCH = 460

REGISTERED = "https://iana.org/assignments/http-problem-types#"


def problem(status: int, code: str, detail: str, errors: Sequence[FieldError] = ()) -> Problem:
    """The body of an error."""
    title = "Checksum Mismatch" if status == CHECKSUM_MISMATCH else HTTPStatus(status).phrase
    body = Problem(type="about:blank", title=title, status=status, detail=detail, code=code)
    if errors:
        body["errors"] = errors
    return body


class PicassoError(Exception):
    """An internal error occurred. The server's log has the details."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal-error"

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, object] | None = None,
    ) -> None:
        """``members`` are those that the problem document has besides."""
        self.detail = detail or self.sentence()
        self.errors = errors
        self.headers = dict(headers or {})
        self.members = dict(members or {})
        super().__init__(self.detail)

    @classmethod
    def sentence(cls) -> str:
        """The public sentence of this class."""
        return re.sub(r"\s+", " ", cls.__doc__ or "").strip()

    def problem(self) -> Problem:
        return {**problem(self.status, self.code, self.detail, self.errors), **self.members}  # type: ignore[typeddict-item]


class BadRequest(PicassoError):
    """The request is malformed."""

    status, code = 400, "bad-request"


class HostNotAllowed(BadRequest):
    """This service is not known by that name (see PICASSO_ALLOWED_HOSTS)."""


class InvalidUpload(PicassoError):
    """The upload is incomplete or malformed; nothing was stored."""

    status, code = 400, "invalid-upload"


class InvalidField(PicassoError):
    """A field of the request is missing or invalid."""

    status, code = 400, "invalid-field"

    def __init__(self, field: str, detail: str, *others: FieldError) -> None:
        super().__init__(detail, errors=[FieldError(field=field, detail=detail), *others])


class EmptyFile(InvalidField):
    """The file is empty; nothing was stored."""

    def __init__(self) -> None:
        super().__init__("file", self.sentence())


class Unauthorized(PicassoError):
    """This needs a key or a token: `Authorization: Bearer …`."""

    status, code = 401, "unauthorized"

    def __init__(self, detail: str | None = None) -> None:
        # RFC 6750 §3: a request without a credential is told no error code.
        error = "" if type(self) is Unauthorized else ', error="invalid_token"'
        super().__init__(detail, headers={"WWW-Authenticate": f'Bearer realm="picasso"{error}'})


class InvalidKey(Unauthorized):
    """This was never a key. It was probably mistyped, or cut when it was copied."""

    code = "invalid-key"


class RevokedKey(Unauthorized):
    """There is no such key, or it was revoked."""

    code = "revoked-key"


class ExpiredKey(Unauthorized):
    """This key has expired."""

    code = "expired-key"


class InvalidToken(Unauthorized):
    """This token is not valid."""

    code = "invalid-token"


class ExpiredToken(Unauthorized):
    """This token has expired."""

    code = "expired-token"


class SignInRefused(PicassoError):
    """The name, the password or the code is wrong."""

    status, code = 403, "sign-in-refused"


class SignInLocked(PicassoError):
    """There were too many failed attempts to sign in. Please try again later."""

    status, code = 429, "sign-in-locked"

    def __init__(self, seconds: int) -> None:
        super().__init__(headers={"Retry-After": str(seconds)})


class Forbidden(PicassoError):
    """This request is not allowed."""

    status, code = 403, "forbidden"


class NetworkNotAllowed(Forbidden):
    """This key may not be used from this network."""

    code = "network-not-allowed"


class CrossSiteRequest(Forbidden):
    """Pages of other sites may not do this (see PICASSO_CORS_ORIGINS, and `cors_origins` of the project)."""

    code = "cross-site-request"


class TokenUsedUp(Forbidden):
    """This token was for a number of files, and they have all been uploaded."""

    code = "token-used-up"


class InvalidLink(Forbidden):
    """This link was never valid, or the links of its project were revoked."""

    code = "invalid-link"


class NotFound(PicassoError):
    """There is nothing at this address."""

    status, code = 404, "not-found"


class MethodNotAllowed(PicassoError):
    """This address does not support this method."""

    status, code = 405, "method-not-allowed"

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(headers={"Allow": ", ".join(allowed)}, members={"allowed": list(allowed)})


class UploadTimeout(PicassoError):
    """The upload timed out: no data arrived for too long. Nothing was stored."""

    status, code = 408, "upload-timeout"


class Conflict(PicassoError):
    """This is not possible in the current state."""

    status, code = 409, "conflict"


class LeaseLost(Conflict):
    """The lease of this job has ended, or is none of this job. Leave the job: another worker has it, or will."""

    code = "lease-lost"


class PreconditionFailed(PicassoError):
    """A precondition of the request failed."""

    status, code = 412, "precondition-failed"


class UnsupportedVersion(PicassoError):
    """Tus-Resumable must be 1.0.0, the only version that this service supports."""

    status, code = 412, "unsupported-tus-version"


class QuotaExceeded(PicassoError):
    """The quota is used up; nothing was stored."""

    status, code = 413, "quota-exceeded"

    def __init__(self, quota: str, whose: str, limit: int, used: int, asked: QuotaAsked | None = None) -> None:
        """``asked`` is for quotas of bytes. None: nobody knows how many there are."""
        self.quota = QuotaUse(name=quota, limit=limit, used=used, left=max(0, limit - used))
        unit = "files" if quota == "files" else "bytes"
        when = " today" if quota == "bytes_per_day" else ""
        upload = "" if asked is None or unit == "files" else f", and this {asked.what} {asked.size}"
        super().__init__(
            f"The quota of {whose} does not allow this: {used} of {limit} {unit} are used{when}{upload}.",
            members={"quota": self.quota},
        )


class TooLarge(PicassoError):
    """The upload is larger than the limit of this service; nothing was stored."""

    status, code = 413, "too-large"


class InconsistentLength(PicassoError):
    """The lengths given for this upload contradict each other."""

    status, code = 400, "inconsistent-upload-length"

    def problem(self) -> Problem:
        return {**super().problem(), "type": REGISTERED + self.code}


class CompletedUpload(PicassoError):
    """This upload is complete; nothing can be added to it."""

    status, code = 400, "completed-upload"

    def problem(self) -> Problem:
        return {**super().problem(), "type": REGISTERED + self.code}


class OffsetMismatch(PicassoError):
    """Upload-Offset is not the current offset of the upload; the response's Upload-Offset is."""

    status, code = 409, "mismatching-upload-offset"

    def __init__(self, expected: int, provided: int) -> None:
        super().__init__(headers={"Upload-Offset": str(expected)})
        self._offsets = {"expected-offset": expected, "provided-offset": provided}

    def problem(self) -> Problem:
        return {**super().problem(), "type": REGISTERED + self.code, **self._offsets}  # type: ignore[typeddict-item]


class DigestMismatch(PicassoError):
    """The content does not match its digest; nothing was stored."""

    status, code = 400, "digest-mismatch"


class ChecksumMismatch(PicassoError):
    """The chunk does not match its checksum and was discarded."""

    status, code = CHECKSUM_MISMATCH, "checksum-mismatch"


class Superseded(PicassoError):
    """A newer request for this upload has replaced this one."""

    status, code = 409, "superseded"


class KeyInUse(PicassoError):
    """The first request with this Idempotency-Key is still in progress."""

    status, code = 409, "idempotency-key-in-use"

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class KeyReused(PicassoError):
    """This Idempotency-Key was already used for a different request."""

    status, code = 422, "idempotency-key-reused"


class Gone(PicassoError):
    """This upload no longer exists: it has expired, or its file was deleted."""

    status, code = 410, "gone"


class ExpiredLink(PicassoError):
    """This link has expired."""

    status, code = 410, "expired-link"


class LengthRequired(PicassoError):
    """A raw body needs a Content-Length or a digest; without one, an interrupted upload would look complete."""

    status, code = 411, "length-required"


class Locked(PicassoError):
    """Another request is finishing this upload. Please try again."""

    status, code = 423, "locked"

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class RateLimited(PicassoError):
    """Too many requests. Retry-After has the seconds until the next one is answered."""

    status, code = 429, "rate-limited"

    def __init__(
        self, policy: str, retry_after: int, *, reduced: bool = False, headers: Mapping[str, str] | None = None
    ) -> None:
        """``policy`` is the one that was exceeded; with ``reduced`` only because the service has less capacity now."""
        super().__init__(headers={"Retry-After": str(retry_after), **(headers or {})})
        self._policy = policy
        # Sections 5.1 and 5.2 of draft-ietf-httpapi-ratelimit-headers-11.
        self._type = "temporary-reduced-capacity" if reduced else "quota-exceeded"

    def problem(self) -> Problem:
        more = {"type": REGISTERED + self._type, "violated-policies": [self._policy]}
        return {**super().problem(), **more}  # type: ignore[typeddict-item]


class NotScannedYet(PicassoError):
    """This file is still being scanned for malware. Please try again later."""

    status, code = 423, "not-scanned-yet"

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "5"})


class NotScanned(PicassoError):
    """This file could not be scanned for malware, so it is in quarantine."""

    status, code = 403, "not-scanned"


class Infected(PicassoError):
    """Malware was found in this file, so it is in quarantine."""

    status, code = 403, "infected"


class HeadersTooLarge(PicassoError):
    """The request's headers are too large."""

    status, code = 431, "headers-too-large"


class UnfinishedFull(PicassoError):
    """The unfinished uploads use all the space that they may use. Please try again later."""

    status, code = 507, "unfinished-full"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": "60"})


class WebhookHostNotAllowed(Forbidden):
    """The project does not allow the host of this webhook_url."""

    code = "webhook-host-not-allowed"


class TooManyWebhooks(Conflict):
    """The project has as many webhooks as it may have. Delete one first."""

    code = "too-many-webhooks"


class TooManyUploads(PicassoError):
    """There are too many unfinished uploads. Please finish or cancel some, or try again later."""

    status, code = 429, "too-many-uploads"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": "60"})


class TooManyImports(PicassoError):
    """There are too many imports that have not ended. Please cancel some, or try again later."""

    status, code = 429, "too-many-imports"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": "60"})


class TooManyStreams(PicassoError):
    """Too many requests of this client are waiting for events. Please end some, or try again later."""

    status, code = 429, "too-many-streams"

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "5"})


class NotAccepted(PicassoError):
    """This file has content that is not accepted here; nothing was stored."""

    status, code = 422, "forbidden-content"


class TypeNotAllowed(NotAccepted):
    """Files of this type are not accepted here; nothing was stored."""

    status, code = 415, "type-not-allowed"


class SizeNotAllowed(NotAccepted):
    """The upload is larger than the limit of this service; nothing was stored."""

    status, code = 413, "too-large"


class ContentRefused(PicassoError):
    """This file has content that is not accepted here, so it is not served."""

    status, code = 403, "content-refused"


class NotCheckedYet(PicassoError):
    """The content of this file is still being checked. Please try again."""

    status, code = 423, "not-checked-yet"

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "2"})


class UnsupportedMediaType(PicassoError):
    """Send an upload as multipart/form-data with the file in the part `file`, or as a raw body with a name in
    Content-Disposition or at the end of the address."""

    status, code = 415, "unsupported-media-type"

    def __init__(self, detail: str | None = None, supported: Sequence[str] = ("multipart/form-data", "*/*")) -> None:
        super().__init__(detail, members={"supported": list(supported)})


class UnsupportedContentEncoding(PicassoError):
    """Content-Encoding is not supported: send the bytes of the file as they are."""

    status, code = 415, "unsupported-content-encoding"

    def __init__(self) -> None:
        # RFC 9110 §12.5.3: with a 415, Accept-Encoding says which codings the server accepts in a request.
        fault = FieldError(field="Content-Encoding", detail=self.sentence())
        super().__init__(errors=[fault], headers={"Accept-Encoding": "identity"}, members={"supported": ["identity"]})


class RangeNotSatisfiable(PicassoError):
    """The requested range is outside the file."""

    status, code = 416, "range-not-satisfiable"


class UnsupportedTransferEncoding(PicassoError):
    """The only Transfer-Encoding that this service supports is chunked."""

    status, code = 501, "unsupported-transfer-encoding"


class Unavailable(PicassoError):
    """The database is unavailable; nothing was stored. Please try again."""

    status, code = 503, "unavailable"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": "5"})


class NotReady(PicassoError):
    """The service is not ready."""

    status, code = 503, "not-ready"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": "5"})


class StorageFull(PicassoError):
    """There is not enough free space to store this upload; nothing was stored."""

    status, code = 507, "storage-full"


class ClientGone(Exception):
    """The client closed the connection before the request was complete, so there is nobody to answer."""
