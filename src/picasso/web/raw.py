"""A raw body in one request: ``curl -T picture.jpg``. The name is in Content-Disposition or in the address."""

from __future__ import annotations

from picasso.errors import InvalidUpload, LengthRequired, TooLarge, UnsupportedMediaType
from picasso.models import File
from picasso.receive.commit import Landing
from picasso.receive.sink import Intake, Unkept
from picasso.receive.uploads import Uploads
from picasso.web.body import Body
from picasso.web.digests import CONTENT_DIGEST, REPR_DIGEST, Checks
from picasso.web.file_response import answer_stored
from picasso.web.idempotency import require_same, under_key
from picasso.web.multipart_form import Names
from picasso.web.request import Request
from picasso.web.upload_metadata import sent_name, sent_pipeline, sent_type


class Raw:
    def __init__(self, uploads: Uploads, landing: Landing, pipelines: Names, idle_timeout: int) -> None:
        self._uploads = uploads
        self._landing = landing
        self._pipelines = pipelines
        self._idle_timeout = idle_timeout

    async def __call__(self, request: Request, in_path: str) -> None:
        base = request.base
        name, pipeline = sent_name(request, in_path), sent_pipeline(request, self._pipelines)
        if name is None:
            raise UnsupportedMediaType  # more often than not it is a form gone wrong
        checks = Checks(request, CONTENT_DIGEST, REPR_DIGEST)
        self._check_length(request, checks)
        async with under_key(self._uploads, request) as known:
            if isinstance(known, File):
                intake = await self._read(
                    request, Unkept(self._uploads.storage, self._uploads.max_size, checks.hashes), checks
                )
                require_same(known, intake, name, sent_type(request), pipeline)
                file = known
            else:
                intake = Intake(self._uploads.storage, self._uploads.max_size, checks.hashes)
                await self._read(request, intake, checks)
                upload_id = known.row.pk if known else None
                file = await self._landing.land(intake, name, sent_type(request), pipeline, upload_id)
        await answer_stored(request, base, file)

    def _check_length(self, request: Request, checks: Checks) -> None:
        """Refuse by the head alone what can't end well."""
        length = request.content_length
        if length is None:
            if not checks:
                raise LengthRequired
            return
        require_bytes(length)
        if length > self._uploads.max_size:
            raise TooLarge
        self._uploads.storage.files.require_space(length)

    async def _read(self, request: Request, intake: Intake, checks: Checks) -> Intake:
        try:
            await Body(request, self._idle_timeout).pour(intake)
            require_bytes(intake.size)
            await intake.finish()
            checks.verify()
        except BaseException:
            await intake.discard()
            raise
        return intake


def require_bytes(size: int) -> None:
    if size == 0:
        raise InvalidUpload("The body is empty; nothing was stored.")
