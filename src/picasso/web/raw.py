"""A raw body in one request: ``curl -T picture.jpg``. The name is in Content-Disposition or in the URL."""

from __future__ import annotations

from functools import partial

from picasso.addresses import UPLOAD
from picasso.errors import EmptyFile, LengthRequired, UnsupportedMediaType
from picasso.receive.new_file import NewFile, new_file
from picasso.receive.sink import Sink
from picasso.receive.terms import PipelineRules, decide
from picasso.web.body import WholeBody
from picasso.web.digests import CONTENT_DIGEST, REPR_DIGEST, Checks
from picasso.web.plain import PlainUploads
from picasso.web.request import Request
from picasso.web.upload_metadata import sent_name, sent_type, sent_wishes


class RawHandler:
    def __init__(self, plain: PlainUploads, pipelines: PipelineRules) -> None:
        self._plain = plain
        self._pipelines = pipelines

    async def __call__(self, request: Request, name_in_path: str) -> None:
        name, terms = sent_name(request, name_in_path), decide(request.principal, sent_wishes(request), self._pipelines)
        if name is None:
            raise UnsupportedMediaType(NAMELESS) if request.method == "PUT" else UnsupportedMediaType
        checks = Checks(request, CONTENT_DIGEST, REPR_DIGEST)
        if request.content_length is None and not checks:
            raise LengthRequired
        if request.content_length == 0:
            raise EmptyFile
        self._plain.check_length(request)
        new = new_file(name, sent_type(request), terms)
        await self._plain.store(request, partial(RawFile, new=new), checks, checks.hashes)


class RawFile(WholeBody):
    """The file that a raw body is."""

    def __init__(self, sink: Sink, new: NewFile) -> None:
        super().__init__(sink)
        self._new = new
        self.name, self.pipeline = new.name, new.pipeline

    def end(self) -> NewFile:
        if self.sink.size == 0:
            raise EmptyFile
        return self._new


# A POST without a name is most often a form with a wrong Content-Type. A PUT is most often `curl -T` without the slash.
NAMELESS = (
    "The upload has no name. Send it in Content-Disposition or at the end of the address, as in"
    f" {UPLOAD}picture.jpg. `curl -T picture.jpg` adds the name only to an address that ends with a slash."
)
