"""What keeps other sites' pages from using a visitor's browser to change things here."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from picasso.errors import Forbidden

SAFE = {"GET", "HEAD", "OPTIONS"}


class SameOrigin(BasePermission):
    """Refuse what a browser sends on behalf of a page from somewhere else.

    There are no keys yet, so being able to reach the service is all that it takes to operate it, and a page on another
    site could make the browser of somebody who can do so post here. Browsers put ``Origin`` into every POST that
    crosses origins, and ``Sec-Fetch-Site`` besides; a page can forge neither. Programs send neither, and are let in,
    and so are pages of `PICASSO_CORS_ORIGINS`.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method not in SAFE and from_elsewhere(request):
            raise Forbidden("Cross-site requests are not allowed.")
        return True


def from_elsewhere(request: Request) -> bool:
    origin = request.headers.get("Origin")
    if origin is not None and {"*", origin} & {*settings.PICASSO.cors_origins}:
        return False
    if request.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}:
        return True
    ours = {request.get_host(), urlsplit(settings.PICASSO.public_url).netloc}
    return origin is not None and urlsplit(origin).netloc not in ours - {""}
