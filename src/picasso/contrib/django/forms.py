"""A form field whose value is a `PicassoFile`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from picasso.contrib.django.connection import client
from picasso.contrib.django.files import PicassoFile, upload
from picasso.contrib.django.tokens import Wishes, new_owner, owner_in
from picasso.contrib.django.widgets import PicassoWidget, Submitted
from picasso_client import File, PicassoError

WISHES = tuple(field.name for field in fields(Wishes))


class PicassoFormField(forms.FileField):
    """Options are those of `Wishes`, and ``owner``: whose the files are in Picasso, such as the id of a user.

    ``owner`` may be set for each request: ``form.fields["photo"].owner = str(request.user.pk)``. Without it each form
    that is shown has an owner of its own.
    """

    widget: type[PicassoWidget] | PicassoWidget = PicassoWidget
    default_error_messages = {
        "foreign": _("This file was not uploaded with this form. Choose it again."),
        "gone": _("The file is not there any more. Choose it again."),
        "unavailable": _("The file can't be checked at the moment. Try again."),
    }

    def __init__(self, *, owner: str = "", accept: str | Sequence[str] = (), **options: Any) -> None:
        chosen = {name: options.pop(name) for name in WISHES if name in options}
        self.wishes = Wishes(accept=patterns(accept), **chosen)
        super().__init__(**options)
        if isinstance(self.widget, PicassoWidget):
            self.widget.wishes = self.wishes
        self.owner = owner

    @property
    def owner(self) -> str:
        return self._owner

    @owner.setter
    def owner(self, value: str) -> None:
        self._owner = value
        if isinstance(self.widget, PicassoWidget):
            self.widget.owner = value

    def __deepcopy__(self, memo: dict[int, Any]) -> PicassoFormField:
        """Of each form: its widget is another one."""
        copied: PicassoFormField = super().__deepcopy__(memo)
        copied.owner = self._owner
        return copied

    # Django's signature has three different ones for `clean`; this is the one of a file field.
    def clean(self, data: Any, initial: Any = None) -> Any:
        """A `PicassoFile`; empty if the file was removed; ``initial`` if nothing was said. Raises `ValidationError`."""
        found = self.chosen(data, initial)
        if not found and self.required:
            raise ValidationError(self.error_messages["required"], code="required")
        self.run_validators(found)
        return found

    def chosen(self, data: Submitted | None, initial: Any) -> Any:
        if data is None:
            return initial or ""
        if data.upload:
            return self.uploaded(data)
        if not data.file_id or data.file_id == str(initial or ""):
            return initial if data.file_id else ""
        return self.verified(data)

    def uploaded(self, data: Submitted) -> PicassoFile:
        """Upload what came through this server. A form that is shown again does not do it twice."""
        found = getattr(data.upload, "picasso", None)
        if isinstance(found, PicassoFile):
            return found
        assert data.upload is not None
        self.check_size(data.upload.size or 0)
        try:
            found = upload(data.upload, self.wishes, self.owner or owner_in(data.proof) or new_owner())
        except PicassoError as error:
            raise ValidationError(self.sentence(error), code=error.code or "invalid") from error
        data.upload.picasso = found  # type: ignore[attr-defined]
        return found

    def check_size(self, size: int) -> None:
        if not size and not self.allow_empty_file:
            raise ValidationError(self.error_messages["empty"], code="empty")

    def sentence(self, error: PicassoError) -> Any:
        """What the service says of the file; of its own troubles it says nothing to people."""
        return error.detail if 400 <= error.status < 500 and error.detail else self.error_messages["unavailable"]

    def verified(self, data: Submitted) -> PicassoFile:
        """A file of this form's token, and of nobody else's."""
        owner = owner_in(data.proof)
        if owner is None or (self.owner and owner != self.owner):
            raise ValidationError(self.error_messages["foreign"], code="foreign")
        info = self.found(data.file_id)
        if info.owner != owner:
            raise ValidationError(self.error_messages["foreign"], code="foreign")
        return PicassoFile(info.id, info)

    def found(self, file_id: str) -> File:
        try:
            return client().file(str(uuid.UUID(file_id)))
        except ValueError:
            raise ValidationError(self.error_messages["gone"], code="gone") from None
        except PicassoError as error:
            code = "gone" if error.status in {400, 404, 410} else "unavailable"
            raise ValidationError(self.error_messages[code], code=code) from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        """For a form that is shown again: what was uploaded with it stays."""
        try:
            return self.chosen(data, initial)
        except ValidationError:
            return initial

    def has_changed(self, initial: Any, data: Any) -> bool:
        if self.disabled or data is None:
            return False
        return bool(data.upload) or data.file_id != str(initial or "")


def patterns(accept: str | Sequence[str]) -> Sequence[str]:
    """From "image/*,.pdf" or a list."""
    return tuple(each.strip() for each in accept.split(",")) if isinstance(accept, str) else tuple(accept)


def described(wishes: Wishes) -> Mapping[str, Any]:
    """The options that differ from the default."""
    return {name: getattr(wishes, name) for name in WISHES if getattr(wishes, name) != getattr(Wishes(), name)}
