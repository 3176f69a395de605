"""Middleware: static files, with gzip where the client takes it."""

from __future__ import annotations

import gzip
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers
from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]

TEXTS = (".css", ".js", ".mjs", ".json", ".svg", ".txt", ".map")
LEVEL = 6


class CompressedStatics(WhiteNoiseMiddleware):  # type: ignore[misc] # it has no types
    """A file is compressed when it is first asked for, and kept: all of them take about a megabyte.

    A proxy that compresses by itself leaves it as it is.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._compressed: dict[str, bytes] = {}
        super().__init__(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        file = self.files.get(path)
        if file is None or not path.endswith(TEXTS):
            answer: HttpResponseBase = super().__call__(request)
            return answer
        # A weak tag is the same for both forms of a file (RFC 9110 §8.8.1).
        if known := request.META.get("HTTP_IF_NONE_MATCH"):
            request.META["HTTP_IF_NONE_MATCH"] = known.removeprefix("W/")
        plain: HttpResponseBase = self.serve(file, request)
        if plain.status_code == 200 and request.method == "GET" and takes_gzip(request):
            plain = self._in_gzip(path, plain)
        if "ETag" in plain.headers:
            plain["ETag"] = f"W/{plain['ETag']}"
        patch_vary_headers(plain, ["Accept-Encoding"])
        return plain

    def _in_gzip(self, path: str, plain: HttpResponseBase) -> HttpResponseBase:
        if path not in self._compressed:
            self._compressed[path] = gzip.compress(b"".join(plain), LEVEL, mtime=0)
        plain.close()
        body = self._compressed[path]
        headers = {**plain.headers, "Content-Encoding": "gzip", "Content-Length": str(len(body))}
        return HttpResponse(body, headers=headers)


def takes_gzip(request: HttpRequest) -> bool:
    accepted = request.headers.get("accept-encoding", "").lower().replace(" ", "")
    return "gzip" in accepted and "gzip;q=0" not in accepted.replace("gzip;q=0.", "")
