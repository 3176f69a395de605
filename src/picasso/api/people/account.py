"""The own account: password, second factor, passkeys, sessions.

An open session alone changes nothing here: the password is asked for again. Who has none here, because they sign in
with their organisation, must have signed in within the last minutes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import AnonymousUser, User
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.views import View

from picasso import addresses
from picasso.access import passkeys, people, second_factor, sign_in, sign_in_locks
from picasso.api.people.forms import AppCodeForm, ChangeForm, PasskeyForm, PasskeyNameForm, PasswordForm, RemoveForm
from picasso.api.people.pages import client_of, guarded, redirect, refused, shown
from picasso.api.people.steps import SIGNED_IN_AT
from picasso.errors import Conflict, InvalidField, PicassoError, SignInRefused

LATELY = 600
"""Seconds."""

SETTING_UP = "picasso.setting-up"
"""The key in the session of when the person began to set up a second factor, in seconds since 1970."""

ADDING = "picasso.adding-passkey"
"""The key in the session of when the person began to add a passkey, and its name."""

MAX_DIGITS = 18
"""Of the number of a row."""

NOT_LATELY = "Sign out, sign in with your organisation again, and repeat this within ten minutes."

Action = Callable[[HttpRequest, User], HttpResponse]


@guarded
class Account(View):
    def get(self, request: HttpRequest) -> HttpResponseBase:
        return self._as_person(request, account)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        return self._as_person(request, ACTIONS.get(request.POST.get("do", ""), account))

    def _as_person(self, request: HttpRequest, action: Action) -> HttpResponseBase:
        user = request.user
        if isinstance(user, AnonymousUser) or not isinstance(user, User):
            return redirect(addresses.SIGN_IN, addresses.ACCOUNT)
        try:
            return action(request, user)
        except PicassoError as fault:
            return refused(request, "account", fault, **context(user))


def context(user: User, **more: Any) -> dict[str, Any]:
    """What the page shows. The forms are empty, unless others are given."""
    return {
        "person": user,
        "roles": people.memberships_of(user),
        "second_factor": second_factor.of(user),
        "has_password": user.has_usable_password(),
        "change_form": ChangeForm(auto_id="change_%s"),
        "password_form": PasswordForm(auto_id="enrol_%s"),
        "remove_form": remove_form(user),
        "passkeys": passkeys.of(user),
        "is_external": passkeys.is_external(user),
        "passkey_form": passkey_form(user),
        **more,
    }


def remove_form(user: User, data: QueryDict | None = None) -> RemoveForm | AppCodeForm:
    form = RemoveForm if user.has_usable_password() else AppCodeForm
    return form(data, auto_id="remove_%s")


def passkey_form(user: User, data: QueryDict | None = None) -> Form:
    form = PasskeyForm if user.has_usable_password() else PasskeyNameForm
    return form(data, auto_id="passkey_%s")


def own_form(user: User, data: QueryDict | None = None) -> Form:
    form = PasswordForm if user.has_usable_password() else Form
    return form(data, auto_id="remove_passkey_%s")


def account(request: HttpRequest, user: User, status: int = 200, **more: Any) -> HttpResponse:
    return shown(request, "account", status, **context(user, **more))


def change_password(request: HttpRequest, user: User) -> HttpResponse:
    form = ChangeForm(request.POST, auto_id="change_%s")
    if not form.is_valid():
        return account(request, user, 400, change_form=form)
    checked = sign_in.check_own_password(user, form.cleaned_data["old"], client_of(request))
    people.replace_password(checked, form.cleaned_data["new"])
    update_session_auth_hash(request, checked)
    return account(request, checked, done="Your password is changed. All your other sessions have ended.")


def enrol(request: HttpRequest, user: User) -> HttpResponse:
    if user.has_usable_password():
        form = PasswordForm(request.POST, auto_id="enrol_%s")
        if not form.is_valid():
            return account(request, user, 400, password_form=form)
        sign_in.check_own_password(user, form.cleaned_data["password"], client_of(request))
    else:
        require_sign_in_lately(request)
    secret = second_factor.enrol(user)
    request.session[SETTING_UP] = int(time.time())
    return set_up(request, user, secret)


def set_up(request: HttpRequest, user: User, secret: str, status: int = 200, problem: str = "") -> HttpResponse:
    picture = second_factor.picture(user, secret)
    return account(request, user, status, secret=secret, picture=picture, code_form=AppCodeForm(), problem=problem)


def confirm(request: HttpRequest, user: User) -> HttpResponse:
    """A wrong code does not end it: the same secret is shown again, which the app may have already."""
    secret = second_factor.unconfirmed_secret(user)
    if secret is None or not is_lately(request.session.get(SETTING_UP)):
        raise Conflict("Nothing is being set up. Begin again.")
    try:
        codes = sign_in.confirm_second_factor(user, request.POST.get("code", ""), client_of(request))
    except PicassoError as fault:
        return set_up(request, user, secret, fault.status, fault.detail)
    del request.session[SETTING_UP]
    sign_in_locks.forgive(user.get_username(), client_of(request))
    people.sign_out(user, keep=request.session.session_key or "")
    return account(request, user, recovery_codes=codes)


def remove(request: HttpRequest, user: User) -> HttpResponse:
    form = remove_form(user, request.POST)
    if not form.is_valid():
        return account(request, user, 400, remove_form=form)
    if user.has_usable_password():
        sign_in.check_own_password(user, form.cleaned_data["password"], client_of(request))
    sign_in.check_code(user, form.cleaned_data["code"], client_of(request))
    second_factor.remove(user)
    people.sign_out(user, keep=request.session.session_key or "")
    return account(request, user, done="The second factor is removed, and all your other sessions have ended.")


def begin_passkey(request: HttpRequest, user: User) -> HttpResponse:
    form = passkey_form(user, request.POST)
    if not form.is_valid():
        return account(request, user, 400, passkey_form=form)
    require_person(request, user, form)
    passkeys.required_site()
    request.session[ADDING] = {"at": int(time.time()), "name": form.cleaned_data["name"]}
    return account(request, user, passkey_options=passkeys.creation_options(user))


def create_passkey(request: HttpRequest, user: User) -> HttpResponse:
    begun = request.session.pop(ADDING, {})
    if not is_lately(begun.get("at")):
        raise Conflict("Nothing is being set up. Begin again.")
    passkeys.create(user, begun["name"], request.POST.get("credential", ""))
    people.sign_out(user, keep=request.session.session_key or "")
    return account(request, user, done="The passkey is added, and all your other sessions have ended.")


def rename_passkey(request: HttpRequest, user: User) -> HttpResponse:
    form = passkey_form(user, request.POST)
    if "name" in form.errors:
        raise InvalidField("name", "A passkey has a name of up to 100 characters.")
    if not form.is_valid():
        raise SignInRefused(sign_in.WRONG_OWN)
    require_person(request, user, form)
    passkeys.rename(user, passkey_number(request), form.cleaned_data["name"])
    return account(request, user, done="The passkey has a new name.")


def remove_passkey(request: HttpRequest, user: User) -> HttpResponse:
    form = own_form(user, request.POST)
    if not form.is_valid():
        raise SignInRefused(sign_in.WRONG_OWN)
    require_person(request, user, form)
    passkeys.remove(user, passkey_number(request))
    people.sign_out(user, keep=request.session.session_key or "")
    return account(request, user, done="The passkey is removed, and all your other sessions have ended.")


def passkey_number(request: HttpRequest) -> int:
    """Of the row; 0, which no row has, for what is no number."""
    number = request.POST.get("passkey", "")
    return int(number) if number.isdecimal() and len(number) < MAX_DIGITS else 0


def require_person(request: HttpRequest, user: User, form: Form) -> None:
    """That it is not somebody who has found an open session. Raises `SignInLocked`, `SignInRefused`."""
    if user.has_usable_password():
        sign_in.check_own_password(user, form.cleaned_data["password"], client_of(request))
    else:
        require_sign_in_lately(request)


def sign_out_everywhere(request: HttpRequest, user: User) -> HttpResponse:
    people.sign_out(user, keep=request.session.session_key or "")
    return account(request, user, done="All your other sessions have ended.")


def require_sign_in_lately(request: HttpRequest) -> None:
    if not is_lately(request.session.get(SIGNED_IN_AT)):
        raise SignInRefused(NOT_LATELY)


def is_lately(moment: object) -> bool:
    """Whether it is one of the last minutes."""
    return isinstance(moment, int) and time.time() - moment < LATELY


ACTIONS: dict[str, Action] = {
    "password": change_password,
    "enrol": enrol,
    "confirm": confirm,
    "remove": remove,
    "passkey": begin_passkey,
    "passkey-create": create_passkey,
    "passkey-rename": rename_passkey,
    "passkey-remove": remove_passkey,
    "sign-out": sign_out_everywhere,
}
