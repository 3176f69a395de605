"""Serves stored bytes: ``/files/<id>/<name>`` and ``/files/<id>/derived/<processor>/<name>``.

This handler decides who may fetch what and evaluates the conditions. The bytes are sent by somebody else where the
storage can arrange that (nginx, with PICASSO_ACCEL_REDIRECT), otherwise from here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial

from picasso.access.policies import Policies
from picasso.errors import BadRequest, MethodNotAllowed
from picasso.storage import Delegation, FileStore
from picasso.web.conditions import is_not_modified
from picasso.web.downloads import Download, find_all, headers_of
from picasso.web.lookups import Lookups
from picasso.web.ranges import Multipart, Span, is_simple, requested_spans
from picasso.web.request import Request
from picasso.web.sending import Pieces, Sender

# nginx would evaluate these by an entity tag and a date of its own. They are rare, so such requests are answered here.
EVALUATED_BY_NGINX = {"if-match", "if-unmodified-since"}

AS_ATTACHMENT = re.compile(rb"(?:^|&)download(?:=([^&]*))?(?=&|$)")
CHOICES = {b"": True, b"1": True, b"true": True, b"0": False, b"false": False}


class DownloadHandler:
    def __init__(self, files: FileStore, policies: Policies) -> None:
        self._files = files
        self._sender = Sender(files)
        self._lookups = Lookups(partial(find_all, policies=policies), self._sender.in_thread)

    def stop(self) -> None:
        """A read that hangs is not waited for."""
        self._sender.stop()

    async def __call__(self, request: Request) -> None:
        if request.method not in {"GET", "HEAD"}:
            raise MethodNotAllowed(["GET", "HEAD"])
        as_attachment = is_attachment(request.scope["query_string"])
        download = await self._lookups.find(request.principal, request.path)
        headers = headers_of(download, as_attachment=as_attachment)
        if is_not_modified(request.headers, download.representation):
            kept = {name: headers[name] for name in ("ETag", "Cache-Control")}
            return await request.answer(304, headers=kept)
        if request.method == "HEAD":  # for which Range is ignored (RFC 9110 §14.2)
            await request.start(200, {**headers, "Content-Length": str(download.size)})
            return await request.body(b"")
        spans = requested_spans(request.headers, download.representation)
        if delegation := self._delegation(request, download, headers, spans):
            return await request.answer(delegation.status, headers=dict(delegation.headers))
        status, own, pieces = parts(download, spans, headers)
        return await self._sender.send(request, download.key, status, own, pieces)

    def _delegation(
        self, request: Request, download: Download, headers: Mapping[str, str], spans: Sequence[Span] | None
    ) -> Delegation | None:
        """None for what nginx would answer in another way."""
        if EVALUATED_BY_NGINX & request.headers.keys():
            return None
        if (wanted := request.headers.get("range")) is not None and (spans is None or not is_simple(wanted)):
            return None
        return self._files.serve(download.key, headers)


def is_attachment(query: bytes) -> bool:
    """Whether ``?download`` asks for an attachment whatever the type is. Raises `BadRequest`."""
    match = AS_ATTACHMENT.search(query)
    if match is None:
        return False
    choice = CHOICES.get(match[1] or b"")
    if choice is None:
        raise BadRequest("The parameter `download` has no value, or is true or false.")
    return choice


def parts(
    download: Download, spans: Sequence[Span] | None, headers: Mapping[str, str]
) -> tuple[int, dict[str, str], Pieces]:
    """Status, headers and body of the answer to a GET for these parts. ``headers``: those of everything."""
    if spans is None:
        return 200, {**headers, "Content-Length": str(download.size)}, [Span(0, download.size)]
    kept = {name: value for name, value in headers.items() if name != "Accept-Ranges"}  # nginx sends none either
    if len(spans) == 1:
        (span,) = spans
        own = {"Content-Range": span.content_range(download.size), "Content-Length": str(span.size)}
        return 206, kept | own, [span]
    multipart = Multipart(spans, headers["Content-Type"], download.size)
    own = {"Content-Type": multipart.content_type, "Content-Length": str(multipart.size)}
    return 206, kept | own, multipart.pieces
