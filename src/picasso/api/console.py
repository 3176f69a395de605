"""The console: one page for people, which shows the view of its address by the public API (docs/console.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpResponseBase, HttpResponseRedirect
from django.utils.http import urlencode
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from picasso import __version__, addresses
from picasso.access.principal import Principal, Scope, principal_of
from picasso.api.me import MeSerializer, projects_of
from picasso.events.sequence import last_number
from picasso.languages import preferences
from picasso.timestamps import rfc3339

STATIC = Path(__file__).parents[1] / "static/picasso"
MODULES = "console"
IMPORT = re.compile(r"""^(?:import|export)\s(?:[\w*{][^'";=()]*\sfrom\s+)?['"](\.[^'"]+)['"]""", re.MULTILINE)

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A link of the sidebar. Who lacks the scope does not see it."""

    view: str
    label: str
    path: str
    scope: Scope
    shortcut: str


FIRST = (
    Entry("files", "Files", addresses.HOME, Scope.FILES_READ, "g f"),
    Entry("uploads", "Uploads", "/uploads/", Scope.FILES_WRITE, "g u"),
    Entry("jobs", "Jobs", "/jobs/", Scope.JOBS_READ, "g j"),
    Entry("system", "System", "/system/", Scope.JOBS_READ, "g s"),
    Entry("webhooks", "Webhooks", "/webhooks/", Scope.WEBHOOKS_WRITE, "g w"),
    Entry("keys", "Keys", "/keys/", Scope.PROJECT_ADMIN, "g k"),
    Entry("developers", "Developers", "/developers/", Scope.FILES_READ, "g d"),
)
MORE = (
    Entry("trash", "Trash", "/trash/", Scope.FILES_READ, "g t"),
    Entry("people", "People", "/people/", Scope.PROJECT_ADMIN, "g p"),
    Entry("projects", "Projects", "/projects/", Scope.PROJECT_ADMIN, "g o"),
    Entry("audit", "Audit", "/audit/", Scope.PROJECT_ADMIN, "g a"),
)

HEADINGS = {entry.view: entry.label for entry in (*FIRST, *MORE)} | {"file": "File"}


@lru_cache
def exists(view: str) -> bool:
    return (STATIC / MODULES / "views" / view / "view.js").exists()


@lru_cache
def modules_of(view: str, language: str) -> tuple[str, ...]:
    """The scripts that the page needs first, so that the browser asks for all of them at once. Below ``static/``."""
    first = [f"{MODULES}/docs.js" if view == "docs" else f"{MODULES}/main.js"]
    if exists(view):
        first.append(f"{MODULES}/views/{view}/view.js")
    if language != "en":
        names = [f"{MODULES}/core/{language}.js", f"{MODULES}/views/{view}/{language}.js"]
        first += [name for name in names if (STATIC / name).exists()]
    found: dict[str, None] = {}
    for name in first:
        add_imports(name, found)
    return tuple(f"picasso/{name}" for name in found)


def add_imports(name: str, found: dict[str, None]) -> None:
    """``name`` and all that it imports, not what it imports later, by ``import()``."""
    if name in found:
        return
    found[name] = None
    for target in IMPORT.findall((STATIC / name).read_text()):
        add_imports(str(((STATIC / name).parent / target).resolve().relative_to(STATIC)), found)


class Console(APIView):
    """Each view but that of the files, which `picasso.api.pages.Index` answers with the first list in it."""

    renderer_classes = [TemplateHTMLRenderer]
    metadata_class = None  # OPTIONS has no template
    view = ""

    @extend_schema(exclude=True)
    def get(self, request: Request, **_: str) -> HttpResponseBase:
        if principal_of(request.META).kind == "anonymous":
            return sign_in_first(request)
        context = frame(request, self.view)
        return Response(context, template_name="picasso/console.html", headers=HEADERS)


HEADERS = {"Content-Security-Policy": CSP, "Vary": "Accept, Accept-Language, Cookie"}


def sign_in_first(request: Request) -> HttpResponseRedirect:
    root: str = request.META["SCRIPT_NAME"]
    asked = request.get_full_path().removeprefix(root)
    query = "" if asked == addresses.HOME else f"?{urlencode({'next': asked})}"
    return HttpResponseRedirect(f"{root}{addresses.SIGN_IN}{query}", headers={"Vary": HEADERS["Vary"]})


def frame(request: Request, view: str) -> dict[str, Any]:
    """What templates/picasso/frame.html shows around a view."""
    principal, root = principal_of(request.META), request.META["SCRIPT_NAME"]
    language = get_language() or "en"
    return {
        "view": view,
        "heading": HEADINGS.get(view, ""),
        "first": links(FIRST, principal, root, view),
        "more": links(MORE, principal, root, view),
        "root": root,
        "api_root": root + addresses.API,
        "version": __version__,
        "access": principal.kind,
        "project": principal.project and principal.project.name,
        "projects": projects_of(principal),
        "theme": preferences.theme(request.headers),
        "modules": modules_of(view, language),
        "stylesheet": f"picasso/{MODULES}/views/{view}/view.css" if exists(view) else "",
        "can_upload": principal.may(Scope.FILES_WRITE),
        "max_upload_size": settings.PICASSO.max_upload_size,
        "session": session(principal, root),
        **{f"{name}_url": root + path for name, path in URLS.items()},
    }


URLS = {
    "home": addresses.HOME,
    "account": addresses.ACCOUNT,
    "sign_in": addresses.SIGN_IN,
    "sign_out": addresses.SIGN_OUT,
    "admin": addresses.ADMIN,
    "docs": addresses.DOCS,
    "schema": addresses.SCHEMA,
    "api": addresses.API,
    "alive": addresses.ALIVE,
    "ready": addresses.READY,
}


def links(entries: tuple[Entry, ...], principal: Principal, root: str, current: str) -> list[dict[str, Any]]:
    """Those of views that exist."""
    shown = [each for each in entries if principal.may(each.scope) and exists(each.view)]
    current = {"file": "files"}.get(current, current)
    return [
        {
            "view": each.view,
            "label": each.label,
            "url": root + each.path,
            "shortcut": each.shortcut,
            "current": each.view == current,
        }
        for each in shown
    ]


def session(principal: Principal, root: str) -> dict[str, Any]:
    """For static/picasso/console/core/session.js."""
    may_follow = principal.may(Scope.EVENTS_READ)
    return {
        # First: what the page shows is no older. It follows events from there.
        "newestEvent": last_number() if may_follow else None,
        "now": rfc3339(datetime.now(UTC)),
        "me": MeSerializer(principal).data if principal.project else None,
        "version": __version__,
        "maxUploadSize": settings.PICASSO.max_upload_size or None,
        "urls": {name: root + path for name, path in URLS.items()},
    }
