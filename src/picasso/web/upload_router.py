"""``/api/v1.0/upload/`` and ``/api/v1.0/uploads/``: finds the protocol of a request."""

from __future__ import annotations

from picasso.access.principal import Scope
from picasso.access.quotas import Announced
from picasso.addresses import UPLOAD, UPLOADS, below
from picasso.errors import (
    MethodNotAllowed,
    QuotaAsked,
    QuotaExceeded,
    TooLarge,
    UnsupportedContentEncoding,
    UnsupportedMediaType,
)
from picasso.receive.commit import Committer
from picasso.receive.concatenate import Concatenations
from picasso.receive.terms import PipelineRules
from picasso.receive.uploads import Uploads
from picasso.web.body import BodyOptions
from picasso.web.draft import Draft, is_draft
from picasso.web.form import FormHandler
from picasso.web.idempotency import HEADER, is_repeated
from picasso.web.identification import Identification
from picasso.web.multipart_form import MAX_FRAMING
from picasso.web.plain import PlainUploads
from picasso.web.rates import Rates
from picasso.web.raw import RawHandler
from picasso.web.request import METHODS, Request
from picasso.web.resumable import NUMBER, upload_id_of
from picasso.web.tus import CONTENT as CONTENT_OF_TUS
from picasso.web.tus import UPLOAD_METHODS, Tus
from picasso.web.waiting import Waiting

# Headers that only tus has. If Tus-Resumable is missing, the answer says so.
TUS_HEADERS = {"tus-resumable", "upload-length", "upload-defer-length", "upload-concat", "upload-checksum"}


# With one of these the body of the request may be a part of the file.
PROTOCOL_HEADERS = {"tus-resumable", "upload-complete", "upload-incomplete"}

METHODS_OF_CREATION = ["OPTIONS", "POST", "PUT"]


class UploadHandler:
    """Passes each request to the handler of its protocol."""

    def __init__(
        self,
        uploads: Uploads,
        concatenations: Concatenations,
        committer: Committer,
        *,
        pipelines: PipelineRules,
        identify: Identification,
        rates: Rates,
        waiting: Waiting,
        options: BodyOptions,
    ) -> None:
        self._uploads = uploads
        self._rates = rates
        plain = PlainUploads(uploads, committer, waiting, options)
        self._tus = Tus(uploads, concatenations, pipelines, waiting, options)
        self._draft = Draft(uploads, pipelines, waiting, options)
        self._raw = RawHandler(plain, pipelines)
        self._form = FormHandler(plain, pipelines, identify, self._admit_named)

    async def __call__(self, request: Request) -> None:
        if request.method not in METHODS:
            raise MethodNotAllowed(UPLOAD_METHODS if is_to_upload(request) else METHODS_OF_CREATION)
        if may_name_sender(request):
            await self._rates.require_few_failures(request)
        elif request.method != "OPTIONS":
            request.principal.require(Scope.FILES_WRITE)
        if request.method not in {"GET", "HEAD", "OPTIONS"}:
            require_identity(request)
        if creates(request):
            await self._admit(request)
        try:
            await self._route(request)
        except TooLarge as fault:
            fault.members.setdefault("max_size", self._uploads.max_size)
            if "tus-resumable" not in request.headers:
                # The draft: a 413 says what the limits are.
                fault.headers = {**self._draft.size_limit(), **request.extra_headers, **fault.headers}
            raise

    async def _admit_named(self, request: Request) -> None:
        """The sender that a form names. Until then the request was counted for its address."""
        await self._rates.count(request, request.principal)
        await self._admit(request)

    async def _admit(self, request: Request) -> None:
        try:
            await self._uploads.require_quota(request.principal, announced(request))
        except QuotaExceeded:
            # The first request may have filled the quota. To repeat it stores nothing more.
            if not await is_repeated(self._uploads, request):
                raise

    async def _route(self, request: Request) -> None:
        plain = below(UPLOAD, request.path) is not None
        name = (below(UPLOAD if plain else UPLOADS, request.path) or "").strip("/")
        if request.method == "OPTIONS":
            await self._options(request, plain, name)
        elif plain:
            await self._to_plain(request, name)
        elif name:
            await self._to_upload(request, name)
        else:
            await self._to_collection(request)

    async def _options(self, request: Request, plain: bool, name: str) -> None:
        if plain:
            return await request.answer(204, headers={"Allow": "OPTIONS, POST, PUT", **self._draft.options()})
        if name:
            upload_id_of(name)
        allowed = ", ".join(UPLOAD_METHODS if name else METHODS_OF_CREATION)
        return await request.answer(
            204, headers={"Allow": allowed, **self._tus.options(request), **self._draft.options()}
        )

    async def _to_plain(self, request: Request, name: str) -> None:
        if request.method not in {"POST", "PUT"}:
            raise MethodNotAllowed(METHODS_OF_CREATION)
        if request.method == "POST" and not name and is_form(request):
            await self._form(request)
        else:
            await self._to_body(request, name)

    async def _to_collection(self, request: Request) -> None:
        if TUS_HEADERS & request.headers.keys() and not is_draft(request):
            await self._tus.to_collection(request)
        elif request.method in {"POST", "PUT"}:
            await self._to_body(request, "")
        else:
            raise MethodNotAllowed(METHODS_OF_CREATION)

    async def _to_body(self, request: Request, name: str) -> None:
        if is_form(request):
            raise UnsupportedMediaType(f"Send forms to {UPLOAD}, in one request.", ["*/*"])
        if is_draft(request):
            await self._draft.create(request, name)
        else:
            await self._raw(request, name)

    async def _to_upload(self, request: Request, name: str) -> None:
        if request.method == "GET":
            await self._draft.show(request, name)
        elif "tus-resumable" in request.headers or not self._is_draft_request(request):
            await self._tus.to_upload(request, name)
        else:
            await self._draft.to_upload(request, name)

    def _is_draft_request(self, request: Request) -> bool:
        if request.method != "PATCH":
            return request.method in {"HEAD", "DELETE"}
        return request.media_type != CONTENT_OF_TUS


def creates(request: Request) -> bool:
    """Whether the request is to become a file. A POST to an upload of tus stands for another method."""
    return request.method in {"POST", "PUT"} and not is_to_upload(request)


def is_to_upload(request: Request) -> bool:
    """Whether it is about an upload that exists."""
    return bool((below(UPLOADS, request.path) or "").strip("/"))


def announced(request: Request) -> Announced:
    """What the head tells of the file."""
    length = request.headers.get("upload-length", "")
    if NUMBER.fullmatch(length):
        return Announced.exactly(int(length))
    if not (size := request.content_length):
        return Announced()
    if is_form(request):
        return Announced(max(1, size - MAX_FRAMING), QuotaAsked(size, "request has"))
    is_part = request.headers.keys() & PROTOCOL_HEADERS
    return Announced(size, QuotaAsked(size, "request has" if is_part else "upload has"))


def require_identity(request: Request) -> None:
    """Refuse content that is compressed for the transfer: it would be stored as if the file were like that."""
    codings = request.headers.get("content-encoding", "").lower().split(",")
    if any(coding.strip() not in {"", "identity"} for coding in codings):
        raise UnsupportedContentEncoding


def is_form(request: Request) -> bool:
    return request.media_type == "multipart/form-data"


def may_name_sender(request: Request) -> bool:
    """Whether a field of the form may say who sends it. With a key the head must say it: the key is one of theirs."""
    is_plain = request.method == "POST" and below(UPLOAD, request.path) == "" and HEADER not in request.headers
    return is_plain and request.principal.kind == "anonymous" and is_form(request)
