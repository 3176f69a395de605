"""The forms of the pages for people."""

from __future__ import annotations

from typing import Any

from django import forms

from picasso.access.sign_in import MAX_CODE, MAX_PASSWORD


def password_field(label: str, autocomplete: str = "current-password", help_text: str = "") -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, max_length=MAX_PASSWORD, strip=False, widget=widget, help_text=help_text)


def code_field(label: str, *, autofocus: bool = True) -> forms.CharField:
    attrs = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false", "autofocus": autofocus}
    return forms.CharField(label=label, max_length=MAX_CODE, widget=forms.TextInput(attrs=attrs))


class NameForm(forms.Form):
    username = forms.CharField(
        label="Name",
        max_length=150,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}
        ),
    )
    password = password_field("Password")


class RepeatedNameForm(NameForm):
    """After a wrong password: the name is there already."""

    def __init__(self, name: str) -> None:
        super().__init__(initial={"username": name})
        self.fields["username"].widget.attrs["autofocus"] = False
        self.fields["password"].widget.attrs["autofocus"] = True


class CodeForm(forms.Form):
    code = code_field("Code from the app, or a recovery code")


class AppCodeForm(forms.Form):
    code = code_field("Code that the app shows")


class ChangeForm(forms.Form):
    """Of the password."""

    old = password_field("Current password")
    new = password_field("New password", "new-password", "At least 12 characters.")


class NewPasswordForm(forms.Form):
    """Of who was invited."""

    new = password_field("New password", "new-password", "At least 12 characters.")
    again = password_field("New password, once more", "new-password")

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if found.get("new") != found.get("again"):
            self.add_error("again", "The passwords are not the same.")
        return found


class PasswordForm(forms.Form):
    """Before something about the account is changed."""

    password = password_field("Your password")


class RemoveForm(PasswordForm):
    """Of the second factor."""

    code = code_field("Code from the app, or a recovery code", autofocus=False)


class PasskeyNameForm(forms.Form):
    """Of a new passkey."""

    name = forms.CharField(label="Name of the passkey", max_length=100)


class PasskeyForm(PasskeyNameForm, PasswordForm):
    field_order = ("name", "password")
