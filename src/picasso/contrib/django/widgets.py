"""The uploader in a form, and a plain file input in it for browsers without script."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.forms.utils import flatatt
from django.utils.datastructures import MultiValueDict
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from picasso.contrib.django.connection import connection
from picasso.contrib.django.files import FileUnavailable, PicassoFile, picture_of
from picasso.contrib.django.tokens import FORM, Wishes, new_owner, proof_of, token_for
from picasso_client import PicassoError

MODULE = "/static/picasso/elements.js"

if TYPE_CHECKING:
    Upload: TypeAlias = UploadedFile[Any]
else:
    Upload = UploadedFile

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Submitted:
    """What a form has sent for one field."""

    file_id: str = ""
    """Empty if the file was removed."""
    proof: str = ""
    upload: Upload | None = None
    """Of a browser without script."""


class PicassoWidget(forms.Widget):
    """``<picasso-uploader>`` with a token. Its module comes from the service, and not in ``{{ form.media }}``."""

    needs_multipart_form = True

    def __init__(self, attrs: dict[str, Any] | None = None, wishes: Wishes | None = None, owner: str = "") -> None:
        super().__init__(attrs)
        self.wishes = wishes or Wishes()
        self.owner = owner

    def use_required_attribute(self, initial: object) -> bool:
        return super().use_required_attribute(initial) and not initial

    def value_from_datadict(
        self, data: Mapping[str, Any], files: MultiValueDict[str, Upload], name: str
    ) -> Submitted | None:
        """None if the form has said nothing of this field."""
        proof = str(data.get(f"{name}-proof") or "")
        if upload := files.get(name):
            return Submitted(proof=proof, upload=upload)
        if data.get(f"{name}-clear"):
            return Submitted(proof=proof)
        sent = data.get(name)
        return None if sent is None else Submitted(str(sent), proof)

    def value_omitted_from_data(self, data: Mapping[str, Any], files: MultiValueDict[str, Upload], name: str) -> bool:
        return name not in data and name not in files

    def id_for_label(self, id_: str) -> str:
        return id_

    def render(
        self, name: str, value: object, attrs: dict[str, Any] | None = None, renderer: object = None
    ) -> SafeString:
        file = value if isinstance(value, PicassoFile) else PicassoFile(str(value or ""))
        owner = self.owner_for(file)
        fallback = plain_input(name, file, self.is_required)
        proof = format_html('<input type="hidden" name="{}-proof" value="{}">', name, proof_of(owner))
        try:
            element = {**self.element(name, file, owner), **(self.attrs or {}), **(attrs or {})}
        except PicassoError:
            logger.warning("No token for the field %s: it is a plain file input.", name, exc_info=True)
            return format_html("{}{}", fallback, proof)
        script = format_html('<script type="module" src="{}"></script>', connection().url.rstrip("/") + MODULE)
        return format_html("<picasso-uploader{}>{}</picasso-uploader>{}{}", flatatt(element), fallback, proof, script)

    def owner_for(self, file: PicassoFile) -> str:
        """Whose the files of this form are. Shown again, it keeps the owner of what was uploaded with it."""
        owner = self.owner or owner_of(file)
        return owner if self.owner or owner.startswith(FORM) else new_owner()

    def element(self, name: str, file: PicassoFile, owner: str) -> dict[str, Any]:
        """The attributes of the element. Raises `PicassoError`."""
        wishes = self.wishes
        found = {
            "name": name,
            "endpoint": connection().url,
            "token": token_for(owner, wishes),
            "accept": ",".join(wishes.accept),
            "max-size": wishes.max_size,
            "resize": wishes.resize,
            "lang": get_language(),
            "files": json.dumps([summary(file)]) if file else "",
        }
        return {key: value for key, value in found.items() if value}


def owner_of(file: PicassoFile) -> str:
    try:
        return file.info.owner if file else ""
    except FileUnavailable:
        return ""


def summary(file: PicassoFile) -> dict[str, Any]:
    """What the uploader shows of a file that is there already."""
    try:
        info = file.info
    except FileUnavailable:
        return {"id": file.id, "name": file.id}
    picture = picture_of(info)
    shown = {"id": info.id, "name": info.name, "size": info.size, "media_type": info.media_type}
    return shown | ({"derivatives": [picture_fields(picture)]} if picture else {})


def picture_fields(picture: Any) -> dict[str, Any]:
    return {key: getattr(picture, key) for key in ("role", "url", "media_type", "size", "width", "height")}


def plain_input(name: str, file: PicassoFile, required: bool) -> SafeString:
    """What is there without script. With script the uploader disables it."""
    chooser = format_html('<input type="file" name="{}"{}>', name, flatatt({"required": required and not file}))
    if not file:
        return chooser
    shown = summary(file)
    kept = format_html('<input type="hidden" name="{}" value="{}">{} ', name, file.id, shown["name"])
    if required:
        return format_html("{}{}", kept, chooser)
    clear = format_html('<label><input type="checkbox" name="{}-clear"> {}</label> ', name, _("Clear"))
    return format_html("{}{}{}", kept, clear, chooser)
