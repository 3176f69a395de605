"""How the pages for people are shown, protected and linked."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import get_script_prefix
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters

from picasso import addresses
from picasso.access import known_browsers, oidc, passkeys
from picasso.access.sign_in_locks import Client
from picasso.api.console import CSP
from picasso.errors import PicassoError
from picasso.languages import preferences

MAX_NEXT = 1500
"""Characters of an address to go to after signing in."""

PATHS = {
    "home": addresses.HOME,
    "docs": addresses.DOCS,
    "sign_in": addresses.SIGN_IN,
    "sign_in_code": addresses.SIGN_IN_CODE,
    "sign_in_passkey": addresses.SIGN_IN_PASSKEY,
    "invitation": addresses.INVITATION,
    "sign_in_oidc": addresses.SIGN_IN_OIDC,
    "sign_out": addresses.SIGN_OUT,
    "account": addresses.ACCOUNT,
}


def guarded(view: type[View]) -> type[View]:
    for decorator in (never_cache, csrf_protect, sensitive_post_parameters()):
        view = method_decorator(decorator, name="dispatch")(view)
    return view


def client_of(request: HttpRequest) -> Client:
    return Client(str(request.META.get("REMOTE_ADDR", "")), request.COOKIES.get(known_browsers.COOKIE, ""))


def target(request: HttpRequest) -> str:
    """Where to go after signing in: a path of this service, never another site."""
    path = request.POST.get("next") or request.GET.get("next") or addresses.HOME
    inside = path.startswith("/") and not path.startswith("//") and path.isprintable() and "\\" not in path
    return path if inside and len(path) <= MAX_NEXT else addresses.HOME


def prefixed(path: str) -> str:
    """With the prefix that the service is mounted at. The admin's paths have it already."""
    prefix = get_script_prefix()
    return path if prefix != "/" and path.startswith(prefix) else prefix.rstrip("/") + path


def redirect(path: str, next_path: str = addresses.HOME) -> HttpResponseRedirect:
    query = "" if next_path == addresses.HOME else f"?{urlencode({'next': next_path})}"
    return HttpResponseRedirect(prefixed(path) + query)


def refused(request: HttpRequest, page: str, fault: PicassoError, **context: Any) -> HttpResponse:
    answer = shown(request, page, fault.status, problem=fault.detail, **context)
    for name, value in fault.headers.items():
        answer[name] = value
    return answer


def shown(request: HttpRequest, page: str, status: int = 200, **context: Any) -> HttpResponse:
    links = {f"{name}_url": prefixed(path) for name, path in PATHS.items()}
    if page == "sign_in":
        context["nobody"] = not User.objects.filter(is_active=True).exists()
    ways = {"oidc": oidc.configured(), "passkeys_work": passkeys.site() is not None}
    values = {**links, **ways, "theme": preferences.theme(request.headers), **context}
    answer = render(request, f"picasso/{page}.html", values, status=status)
    answer["Content-Security-Policy"] = CSP
    return answer
