"""The page that the link of an invitation leads to, on which a person sets their password."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views import View

from picasso import addresses
from picasso.access import invitations, second_factor
from picasso.api.people.forms import NewPasswordForm
from picasso.api.people.pages import client_of, guarded, refused, shown
from picasso.api.people.steps import ask_for_code, enter
from picasso.errors import InvalidField, PicassoError


@guarded
class Accept(View):
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """It uses nothing up: programs that look at mail open links, too."""
        secret = request.GET.get("secret", "")
        try:
            name = invitations.invited(secret, client_of(request)).get_username()
        except PicassoError as fault:
            return refused(request, "invitation", fault)
        return asked(request, secret, name)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        secret, form = request.POST.get("secret", ""), NewPasswordForm(request.POST)
        try:
            name = invitations.invited(secret, client_of(request)).get_username()
            if not form.is_valid():
                return asked(request, secret, name, 400, form=form)
            user = invitations.accept(secret, form.cleaned_data["new"], client_of(request))
        except InvalidField as fault:
            form.add_error("new", fault.detail)
            return asked(request, secret, name, 400, form=form)
        except PicassoError as fault:
            return refused(request, "invitation", fault)
        step = ask_for_code if second_factor.is_asked(user) else enter
        return step(request, user, addresses.HOME)


def asked(request: HttpRequest, secret: str, name: str, status: int = 200, **more: Any) -> HttpResponse:
    return shown(request, "invitation", status, **{"form": NewPasswordForm(), "secret": secret, "name": name, **more})
