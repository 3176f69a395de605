"""The front page: HTML for browsers, and a directory of links as JSON for programs. Also at the root of the API."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.templatetags.static import static
from django.urls import get_script_prefix
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer, TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from picasso import __version__, addresses
from picasso.access.principal import principal_of
from picasso.api import console
from picasso.api.pagination import Pages, Total
from picasso.files import queries
from picasso.files.quarantine import shown_derivatives
from picasso.models import Derivative, File
from picasso.serializers import DerivativeSerializer, FileDetailSerializer, FileSerializer, Links, base_of, links_of

# The directory of the service: the name of each link, and its path.
LINKS = {
    "upload": addresses.UPLOAD,
    "uploads": addresses.UPLOADS,
    "files": addresses.FILES,
    "events": addresses.EVENTS,
    "webhooks": addresses.WEBHOOKS,
    "imports": addresses.IMPORTS,
    "jobs": addresses.JOBS,
    "queues": addresses.QUEUES,
    "system": addresses.SYSTEM,
    "api": addresses.API,
    "docs": addresses.DOCS,
    "schema": addresses.SCHEMA,
    "admin": addresses.ADMIN,
}

# The roles of the small picture of a file, the best one first. static/picasso/thumbnail.js chooses by the same rule.
THUMBNAIL_ROLES = re.compile(r"(thumbnail-)|(poster$)|(cover$)|(page-1$)")
THUMBNAIL_SIDE = 256
"""Pixels."""


class Statics(StaticFilesStorage):
    """URLs of static files with the path prefix of the current request."""

    def url(self, name: str | None) -> str:
        return get_script_prefix().rstrip("/") + super().url(name)


def directory(request: Request) -> dict[str, Any]:
    base = base_of(request)
    links = {name: base + path for name, path in LINKS.items()}
    return {"name": "Picasso", "version": __version__, "max_upload_size": settings.PICASSO.max_upload_size, **links}


class Index(APIView):
    """HTML for clients that list it in ``Accept``, as browsers do. The directory for all others."""

    renderer_classes = [JSONRenderer, TemplateHTMLRenderer]
    metadata_class = None  # OPTIONS has no template

    def total(self) -> Total:
        """For `picasso.api.pagination.Pages`."""
        return Total(queries.count(principal_of(self.request.META)))

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponseBase:
        if request.accepted_renderer.format != "html":
            return Response(directory(request), headers={"Vary": "Accept"})
        if principal_of(request.META).kind == "anonymous":
            return console.sign_in_first(request)
        return Response(front_page(request, self), template_name="picasso/index.html", headers=console.HEADERS)


def favicon(request: HttpRequest) -> HttpResponseBase:
    """Browsers ask for it where no page names an icon, as beside JSON."""
    return HttpResponseRedirect(static("picasso/favicon.svg"), headers={"Cache-Control": "public, max-age=86400"})


def front_page(request: Request, view: Index) -> dict[str, Any]:
    """The first files, shown before any script has run."""
    pages = Pages()
    found = pages.paginate_queryset(queries.with_derivatives(principal_of(request.META)), request, view)
    root = request.META["SCRIPT_NAME"]
    return {
        **console.frame(request, "files"),
        "files": [shown(file, links_of(request)) for file in found],
        "page": {**pages.neighbours(), "number": pages.page, "count": pages.total.number},
        **{f"{name}_url": root + path for name, path in LINKS.items()},
    }


def shown(file: File, links: Links) -> dict[str, Any]:
    context = {"links": links}
    one = DerivativeSerializer(context=context)
    derivatives = shown_derivatives(file)
    thumbnail = thumbnail_of(derivatives)
    return {
        **FileSerializer(file, context=context).data,
        "derivatives": [one.to_representation(derivative) for derivative in derivatives],
        "thumbnail": one.to_representation(thumbnail) if thumbnail else None,
        "error": FileDetailSerializer(context=context).get_error(file),
    }


def thumbnail_of(derivatives: Iterable[Derivative]) -> Derivative | None:
    """The derivative to show as the small picture. The sizes and formats of thumbnails are options of a pipeline."""
    pictures = [each for each in derivatives if each.media_type.startswith("image/")]
    return min((each for each in pictures if THUMBNAIL_ROLES.match(each.role)), key=thumbnail_order, default=None)


def thumbnail_order(derivative: Derivative) -> tuple[int, int, int]:
    """By role, then by the distance to the wanted size, then the shorter role, which is the more common format."""
    role = THUMBNAIL_ROLES.match(derivative.role)
    side = max(derivative.width or 0, derivative.height or 0)
    return role.lastindex or 0 if role else 0, abs(side - THUMBNAIL_SIDE), len(derivative.role)
