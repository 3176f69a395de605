"""Signing in with a password, the second step, and signing out."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseBase
from django.views import View

from picasso import addresses
from picasso.access import passkeys, second_factor, sign_in
from picasso.api.people.forms import CodeForm, NameForm, RepeatedNameForm
from picasso.api.people.pages import client_of, guarded, redirect, refused, shown, target
from picasso.api.people.steps import ask_for_code, enter, enter_with, pending
from picasso.errors import PicassoError


@guarded
class SignIn(View):
    """A name and a password."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return shown(request, "sign_in", form=NameForm(), next=target(request))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = NameForm(request.POST)
        if not form.is_valid():
            return shown(request, "sign_in", 400, form=form, next=target(request))
        name, password = form.cleaned_data["username"], form.cleaned_data["password"]
        try:
            user = sign_in.check_password(name, password, client_of(request))
        except PicassoError as fault:
            return refused(request, "sign_in", fault, form=RepeatedNameForm(name), next=target(request))
        step = ask_for_code if second_factor.is_asked(user) else enter
        return step(request, user, target(request))


@guarded
class SignInCode(View):
    """A code of the second factor, or a passkey in its place."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if (user := pending(request)) is None:
            return redirect(addresses.SIGN_IN, target(request))
        return shown(request, "sign_in_code", **second_step(request, user))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        user = pending(request)
        if user is None:
            return redirect(addresses.SIGN_IN, target(request))
        with_passkey, form = "credential" in request.POST, CodeForm(request.POST)
        if not with_passkey and not form.is_valid():
            return shown(request, "sign_in_code", 400, **second_step(request, user, form))
        try:
            if with_passkey:
                passkey = sign_in.check_passkey(user, request.POST["credential"], client_of(request))
                return enter_with(request, passkey, target(request))
            sign_in.check_code(user, form.cleaned_data["code"], client_of(request))
        except PicassoError as fault:
            return refused(request, "sign_in_code", fault, **second_step(request, user))
        return enter(request, user, target(request))


def second_step(request: HttpRequest, user: User, form: CodeForm | None = None) -> dict[str, Any]:
    """What the page asks for: what the person has."""
    has_passkeys = bool(passkeys.site() and passkeys.of(user))
    return {
        "form": (form or CodeForm()) if second_factor.of(user) else None,
        "passkey_options": passkeys.request_options(user) if has_passkeys else "",
        "next": target(request),
    }


@guarded
class SignOut(View):
    def post(self, request: HttpRequest) -> HttpResponseBase:
        logout(request)
        return redirect(addresses.SIGN_IN)
