"""Signing in by the identity provider of an organisation."""

from __future__ import annotations

import logging

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.views import View

from picasso import addresses
from picasso.access import external_people, oidc, sign_in
from picasso.access.oidc import Flow
from picasso.api import errors
from picasso.api.people.cookies import delete_cookie, set_cookie
from picasso.api.people.forms import NameForm
from picasso.api.people.pages import guarded, refused, shown, target
from picasso.api.people.steps import ask_for_code, enter
from picasso.conf import Conf
from picasso.errors import SignInRefused

COOKIE = "picasso-oidc"

FAILED = "Signing in with your organisation did not work. Please try again."

log = logging.getLogger(__name__)


@guarded
class OidcStart(View):
    """Sends the browser to the provider."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if not oidc.configured():
            return errors.not_found(request, Http404())
        try:
            url, flow = oidc.begin(callback_url(request), target(request))
        except Exception as fault:  # of the network, of the provider: none of them may be an internal error
            log.warning("the identity provider can't be used: %s", fault)
            return failed(request)
        answer = HttpResponseRedirect(url)
        set_cookie(answer, COOKIE, flow.encrypted(), oidc.MINUTES * 60)
        return answer


@guarded
class OidcCallback(View):
    """Where the provider sends the browser back to, with a code."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if not oidc.configured():
            return errors.not_found(request, Http404())
        flow = oidc.flow_of(request.COOKIES.get(COOKIE, ""))
        answer = finished(request, flow) if flow else failed(request)
        delete_cookie(answer, COOKIE)
        return answer


def finished(request: HttpRequest, flow: Flow) -> HttpResponseBase:
    try:
        claims = oidc.claims(flow, request.GET.dict())
    except Exception as fault:
        log.warning("signing in by the identity provider failed: %s", fault)
        return failed(request)
    try:
        user = external_people.sign_in(claims)
    except SignInRefused as fault:
        sign_in.record_failure(None)
        return refused(request, "sign_in", fault, form=NameForm(), next=flow.next)
    step = ask_for_code if external_people.needs_code(user, claims) else enter
    return step(request, user, flow.next)


def callback_url(request: HttpRequest) -> str:
    conf: Conf = settings.PICASSO
    base = addresses.base_url(
        conf.public_url, request.scheme or "http", request.get_host(), request.META["SCRIPT_NAME"]
    )
    return base + addresses.SIGN_IN_OIDC_CALLBACK


def failed(request: HttpRequest) -> HttpResponse:
    return shown(request, "sign_in", 502, form=NameForm(), next=target(request), problem=FAILED)
