"""The front page: HTML for browsers, and a directory of links as JSON for programs. Also at the root of the API."""

from __future__ import annotations

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
from picasso.access.principal import Scope, principal_of
from picasso.api import console
from picasso.api.pagination import Pages, Total
from picasso.files import listed, queries
from picasso.serializers import ListedFileSerializer, base_of, links_of

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


class Statics(StaticFilesStorage):
    """URLs of static files with the path prefix of the current request."""

    def url(self, name: str | None) -> str:
        return get_script_prefix().rstrip("/") + super().url(name)


def directory(request: Request) -> dict[str, Any]:
    base = base_of(request)
    links = {name: base + path for name, path in LINKS.items()}
    return {"name": "Picasso", "version": __version__, "max_upload_size": settings.PICASSO.max_upload_size, **links}


class FirstFiles(Pages):
    default_size = 25
    """A screen."""


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
    principal, root = principal_of(request.META), request.META["SCRIPT_NAME"]
    frame = console.frame(request, "files")  # before the files: it says since when events tell what changes
    pages = FirstFiles()
    found = pages.paginate_queryset(queries.newest_first(principal), request, view)
    for add in listed.PARTS.values():
        add(principal, found)
    context = {"links": links_of(request)}
    files = [ListedFileSerializer(file, context=context).data for file in found]
    # With a search or another layout in the address the script draws the list; without script they are not there.
    plain = not request.query_params.keys() - {"page"}
    return {
        **frame,
        "plain": plain,
        "files": files if plain else [],
        "brought": {"files": files if pages.page == 1 else [], "count": pages.total.number},
        "page": {**pages.neighbours(), "number": pages.page, "count": pages.total.number},
        "may_upload": principal.may(Scope.FILES_WRITE),
        **{f"{name}_url": root + path for name, path in LINKS.items()},
    }
