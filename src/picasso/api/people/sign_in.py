"""Signing in with a password, the second step, and signing out."""

from __future__ import annotations

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseBase
from django.views import View

from picasso import addresses
from picasso.access import second_factor, sign_in
from picasso.api.people.forms import CodeForm, NameForm, RepeatedNameForm
from picasso.api.people.pages import client_of, guarded, redirect, refused, shown, target
from picasso.api.people.steps import ask_for_code, enter, pending
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
        step = ask_for_code if second_factor.of(user) else enter
        return step(request, user, target(request))


@guarded
class SignInCode(View):
    """A code of the second factor."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if pending(request) is None:
            return redirect(addresses.SIGN_IN, target(request))
        return shown(request, "sign_in_code", form=CodeForm(), next=target(request))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        user = pending(request)
        if user is None:
            return redirect(addresses.SIGN_IN, target(request))
        form = CodeForm(request.POST)
        if not form.is_valid():
            return shown(request, "sign_in_code", 400, form=form, next=target(request))
        try:
            sign_in.check_code(user, form.cleaned_data["code"], client_of(request))
        except PicassoError as fault:
            return refused(request, "sign_in_code", fault, form=CodeForm(), next=target(request))
        return enter(request, user, target(request))


@guarded
class SignOut(View):
    def post(self, request: HttpRequest) -> HttpResponseBase:
        logout(request)
        return redirect(addresses.SIGN_IN)
