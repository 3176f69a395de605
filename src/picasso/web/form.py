"""``POST /api/v1.0/upload/`` with multipart/form-data and the file in its part ``file``."""

from __future__ import annotations

from functools import partial

from multipart import header_unquote

from picasso.errors import InvalidUpload, UnsupportedMediaType
from picasso.receive.content_disposition import parameters
from picasso.receive.terms import PipelineRules
from picasso.web.credentials import Admit, FormSender
from picasso.web.digests import CONTENT_DIGEST, REPR_DIGEST, Checks
from picasso.web.identification import Identification
from picasso.web.multipart_form import MAX_FRAMING, Form
from picasso.web.plain import PlainUploads
from picasso.web.request import Request
from picasso.web.upload_metadata import texts_of_wishes


class FormHandler:
    def __init__(self, plain: PlainUploads, pipelines: PipelineRules, identify: Identification, admit: Admit) -> None:
        """``admit`` is for a sender whom the form names."""
        self._plain = plain
        self._identify = identify
        self._admit = admit
        self._pipelines = pipelines

    async def __call__(self, request: Request) -> None:
        boundary = form_boundary(request)
        limit = self._plain.check_length(request, MAX_FRAMING)
        checks = Checks(request, CONTENT_DIGEST, REPR_DIGEST) or None
        sender = FormSender(request, self._identify, self._admit)
        form = partial(
            Form,
            boundary,
            pipelines=self._pipelines,
            checks=checks,
            sender=sender,
            outside=texts_of_wishes(request),
        )
        await self._plain.store(request, form, checks, limit=limit)


def form_boundary(request: Request) -> bytes:
    if request.media_type != "multipart/form-data":
        raise UnsupportedMediaType
    boundary = header_unquote(parameters(request.headers["content-type"]).get("boundary", ""))
    if not 0 < len(boundary) <= 70:
        raise InvalidUpload("The Content-Type has no boundary of 1 to 70 characters.")
    return str(boundary).encode("latin-1")
