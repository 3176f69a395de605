"""Pages on which people sign in and out, and look after their account. They work without scripts."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.models import AnonymousUser, User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import get_script_prefix
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters

from picasso import addresses
from picasso.access import oidc, people, second_factor, sign_in
from picasso.access.sign_in import MAX_PASSWORD
from picasso.api import errors
from picasso.conf import Conf
from picasso.errors import PicassoError, SignInRefused

BACKEND = "django.contrib.auth.backends.ModelBackend"

PENDING = "picasso.pending"
"""The key in the session of a person whose password was right, and whose second factor is still to come."""

PENDING_SECONDS = 300

NEXT = "picasso.next"
"""The key in the session of where to go after the identity provider."""

log = logging.getLogger(__name__)


class NameForm(forms.Form):
    username = forms.CharField(
        label="Name", max_length=150, widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        max_length=MAX_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label="Code of your authenticator app, or a recovery code",
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True}),
    )


class AppCodeForm(forms.Form):
    code = forms.CharField(
        label="Code that the app shows",
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True}),
    )


class PasswordForm(forms.Form):
    old = forms.CharField(
        label="Present password",
        max_length=MAX_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label="New password",
        max_length=MAX_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


private = (never_cache, csrf_protect, sensitive_post_parameters())


def guarded(view: type[View]) -> type[View]:
    for decorator in private:
        view = method_decorator(decorator, name="dispatch")(view)
    return view


@guarded
class SignIn(View):
    """A name and a password, then a code if the person has a second factor."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return shown(request, "sign_in", form=NameForm(), next=target(request))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = NameForm(request.POST)
        if not form.is_valid():
            return shown(request, "sign_in", 400, form=form, next=target(request))
        name, password = form.cleaned_data["username"], form.cleaned_data["password"]
        try:
            user = sign_in.check_password(name, password, address_of(request))
        except PicassoError as fault:
            return refused(request, "sign_in", fault, form=NameForm(initial={"username": name}), next=target(request))
        if second_factor.of(user):
            request.session.cycle_key()
            request.session[PENDING] = user.pk
            request.session.set_expiry(PENDING_SECONDS)
            return redirect(addresses.SIGN_IN_CODE, target(request))
        return enter(request, user)


@guarded
class SignInCode(View):
    """The second step."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if pending(request) is None:
            return redirect(addresses.SIGN_IN, target(request))
        return shown(request, "sign_in_code", form=CodeForm(), next=target(request))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        user, form = pending(request), CodeForm(request.POST)
        if user is None:
            return redirect(addresses.SIGN_IN, target(request))
        try:
            with sign_in.attempt(user.get_username(), address_of(request)):
                if not form.is_valid() or not second_factor.verify(user, form.cleaned_data["code"]):
                    raise SignInRefused("The code is wrong, or it was used already. Wait for the next one.")
        except PicassoError as fault:
            return refused(request, "sign_in_code", fault, form=CodeForm(), next=target(request))
        return enter(request, user)


@guarded
class OidcStart(View):
    """Sends the browser to the identity provider."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if not oidc.configured():
            return errors.not_found(request, Http404())
        request.session[NEXT] = target(request)
        try:
            answer: HttpResponseBase = oidc.client().authorize_redirect(request, callback_url(request))
        except Exception as fault:  # of the network, of the provider: none of them may be an internal error
            log.warning("the identity provider can't be used: %s", fault)
            return provider_failed(request)
        return answer


@guarded
class OidcCallback(View):
    """Where the provider sends the browser back to, with a code."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if not oidc.configured():
            return errors.not_found(request, Http404())
        try:
            claims = oidc.client().authorize_access_token(request)["userinfo"]
        except Exception as fault:
            log.warning("signing in by the identity provider failed: %s", fault)
            return provider_failed(request)
        try:
            user = oidc.sign_in(claims)
        except SignInRefused as fault:
            return refused(request, "sign_in", fault, form=NameForm(), next=target(request))
        return enter(request, user, request.session.pop(NEXT, addresses.HOME))


def callback_url(request: HttpRequest) -> str:
    conf: Conf = settings.PICASSO
    base = addresses.base_url(
        conf.public_url, request.scheme or "http", request.get_host(), request.META["SCRIPT_NAME"]
    )
    return base + addresses.SIGN_IN_OIDC_CALLBACK


def provider_failed(request: HttpRequest) -> HttpResponse:
    problem = "Signing in by your organisation did not work. Please try again."
    return shown(request, "sign_in", 502, form=NameForm(), next=target(request), problem=problem)


@guarded
class SignOut(View):
    def post(self, request: HttpRequest) -> HttpResponseBase:
        logout(request)
        return redirect(addresses.SIGN_IN)


@guarded
class Account(View):
    """The own password and second factor."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return self._signed_in(request, lambda user: account(request, user))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        actions: dict[str, Callable[[HttpRequest, User], HttpResponseBase]] = {
            "password": change_password,
            "enrol": enrol,
            "confirm": confirm,
            "remove": remove,
        }
        action = actions.get(request.POST.get("do", ""), account)
        return self._signed_in(request, lambda user: action(request, user))

    def _signed_in(self, request: HttpRequest, answer: Callable[[User], HttpResponseBase]) -> HttpResponseBase:
        user = request.user
        if isinstance(user, AnonymousUser) or not isinstance(user, User):
            return redirect(addresses.SIGN_IN, addresses.ACCOUNT)
        return answer(user)


def account(request: HttpRequest, user: User, status: int = 200, **shown_once: Any) -> HttpResponse:
    values = {"form": PasswordForm(), "second_factor": second_factor.of(user), **shown_once}
    return shown(request, "account", status, person=user, roles=people.memberships_of(user), **values)


def change_password(request: HttpRequest, user: User) -> HttpResponse:
    form = PasswordForm(request.POST)
    if not form.is_valid():
        return account(request, user, 400, form=form)
    try:
        sign_in.check_password(user.get_username(), form.cleaned_data["old"], address_of(request))
        people.set_password(user, form.cleaned_data["new"])
    except PicassoError as fault:
        return account(request, user, fault.status, problem=fault.detail)
    update_session_auth_hash(request, user)
    return account(request, user, done="The password is changed. All other sessions have ended.")


def enrol(request: HttpRequest, user: User) -> HttpResponse:
    if second_factor.of(user):
        return account(request, user, 409, problem="There is a second factor already. Remove it first.")
    return set_up(request, user, second_factor.enrol(user))


def set_up(request: HttpRequest, user: User, secret: str, status: int = 200, problem: str = "") -> HttpResponse:
    picture = second_factor.picture(user, secret)
    return account(request, user, status, secret=secret, picture=picture, code_form=AppCodeForm(), problem=problem)


def confirm(request: HttpRequest, user: User) -> HttpResponse:
    """A wrong code does not end it: the same secret is shown again, which the app may have already."""
    if (secret := second_factor.unconfirmed_secret(user)) is None:
        return account(request, user, 409, problem="Nothing is being set up. Begin again.")
    try:
        with sign_in.attempt(user.get_username(), address_of(request)):
            codes = second_factor.confirm(user, request.POST.get("code", "")[:40])
            if codes is None:
                raise SignInRefused("The code is wrong. Enter the one that the app shows now.")
    except PicassoError as fault:
        return set_up(request, user, secret, fault.status, fault.detail)
    sign_in.succeed(user.get_username(), address_of(request))
    return account(request, user, recovery_codes=codes)


def remove(request: HttpRequest, user: User) -> HttpResponse:
    """Needs a code, so that an open session alone is not enough."""
    try:
        with sign_in.attempt(user.get_username(), address_of(request)):
            if not second_factor.verify(user, request.POST.get("code", "")[:40]):
                raise SignInRefused("The code is wrong, or it was used already. Wait for the next one.")
    except PicassoError as fault:
        return account(request, user, fault.status, problem=fault.detail)
    second_factor.remove(user)
    return account(request, user, done="The second factor is removed.")


def enter(request: HttpRequest, user: User, to: str = "") -> HttpResponseBase:
    sign_in.succeed(user.get_username(), address_of(request))
    request.session.pop(PENDING, None)
    request.session.set_expiry(None)
    login(request, user, backend=BACKEND)  # gives the session a new key
    return HttpResponseRedirect(prefixed(to or target(request)))


def pending(request: HttpRequest) -> User | None:
    user_id = request.session.get(PENDING)
    return User.objects.filter(pk=user_id, is_active=True).first() if user_id is not None else None


def address_of(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def target(request: HttpRequest) -> str:
    """Where to go after signing in: a path of this service, never another site."""
    path = request.POST.get("next") or request.GET.get("next") or addresses.HOME
    inside = path.startswith("/") and not path.startswith("//") and path.isprintable() and "\\" not in path
    return path if inside else addresses.HOME


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
    from picasso.api.pages import CSP

    addressed = {
        f"{name}_url": prefixed(path)
        for name, path in {
            "home": addresses.HOME,
            "sign_in": addresses.SIGN_IN,
            "sign_in_code": addresses.SIGN_IN_CODE,
            "sign_in_oidc": addresses.SIGN_IN_OIDC,
            "sign_out": addresses.SIGN_OUT,
            "account": addresses.ACCOUNT,
        }.items()
    }
    values = {**addressed, "oidc": oidc.configured(), **context}
    answer = render(request, f"picasso/{page}.html", values, status=status)
    answer["Content-Security-Policy"] = CSP
    return answer
