"""Signing in with a passkey alone."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views import View

from picasso.access import passkeys, sign_in
from picasso.api.people.forms import NameForm
from picasso.api.people.pages import client_of, guarded, refused, target
from picasso.api.people.steps import enter_with
from picasso.errors import PicassoError


@guarded
class SignInPasskey(View):
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """What the script of the sign-in page asks the browser for. Each answer is good for one attempt."""
        try:
            return HttpResponse(passkeys.request_options(None), content_type="application/json")
        except PicassoError as fault:
            return refused(request, "sign_in", fault, form=NameForm(), next=target(request))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        try:
            passkey = sign_in.check_passkey_alone(request.POST.get("credential", ""), client_of(request))
        except PicassoError as fault:
            return refused(request, "sign_in", fault, form=NameForm(), next=target(request))
        return enter_with(request, passkey, target(request))
