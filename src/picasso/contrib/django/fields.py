"""A model field that stores the id of a file."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.core.files.base import File as DjangoFile
from django.db import models, transaction
from django.db.models.query_utils import DeferredAttribute

from picasso.contrib.django.files import PicassoFile, upload
from picasso.contrib.django.forms import WISHES, PicassoFormField, described, patterns
from picasso.contrib.django.tokens import Wishes
from picasso_client import PicassoError

if TYPE_CHECKING:
    Base = models.Field[Any, Any]
else:
    Base = models.Field

logger = logging.getLogger(__name__)

ID_LENGTH = 36


class FileAttribute(DeferredAttribute):
    """The `PicassoFile` of a row. An id or one of Django's files can be assigned, too; `save` uploads the latter."""

    def __set__(self, instance: models.Model, value: object) -> None:
        instance.__dict__[self.field.attname] = self.field.to_python(value)


class PicassoFileField(Base):
    """Instead of `FileField`. Options are those of `Wishes`, and ``auto_delete``.

    With ``auto_delete`` the file is deleted with its row, and when another one replaces it, once the transaction is
    committed. Without it files stay, as those of `FileField` do.
    """

    descriptor_class = FileAttribute
    description = "A file that is stored in Picasso"

    def __init__(self, *args: Any, accept: str | Sequence[str] = (), auto_delete: bool = False, **options: Any) -> None:
        chosen = {name: options.pop(name) for name in WISHES if name in options}
        self.wishes = Wishes(accept=patterns(accept), **chosen)
        self.auto_delete = auto_delete
        options.setdefault("max_length", ID_LENGTH)
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        if options.get("max_length") == ID_LENGTH:
            del options["max_length"]
        if self.auto_delete:
            options["auto_delete"] = True
        return name, path, args, {**options, **described(self.wishes)}

    def get_internal_type(self) -> str:
        return "CharField"

    def contribute_to_class(self, cls: type[models.Model], name: str, *args: Any, **options: Any) -> None:
        super().contribute_to_class(cls, name, *args, **options)
        if self.auto_delete and not cls._meta.abstract:
            models.signals.post_delete.connect(self.row_deleted, sender=cls)

    # Values

    def to_python(self, value: Any) -> Any:
        if isinstance(value, (PicassoFile, DjangoFile)):
            return value
        return PicassoFile(str(value or ""))

    def from_db_value(self, value: str | None, *_: object) -> PicassoFile:
        return PicassoFile(value or "")

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return value if value is None else str(value)

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.value_from_object(obj))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Upload one of Django's files. Raises `PicassoError`."""
        value = getattr(model_instance, self.attname)
        if isinstance(value, DjangoFile):
            value = upload(value, self.wishes)
            setattr(model_instance, self.attname, value)
        if self.auto_delete and not add:
            self.delete_replaced(model_instance, value)
        return value

    # Deletion

    def delete_replaced(self, instance: models.Model, value: PicassoFile) -> None:
        rows = type(instance)._meta.base_manager.filter(pk=instance.pk)
        before = rows.values_list(self.attname, flat=True).first()
        if before and before != value:
            delete_when_committed(before)

    def row_deleted(self, instance: models.Model, **_: object) -> None:
        value = getattr(instance, self.attname)
        if isinstance(value, PicassoFile) and value:
            delete_when_committed(value)

    # Forms

    def save_form_data(self, instance: models.Model, data: Any) -> None:
        if data is not None:
            setattr(instance, self.name, data)

    def formfield(self, **options: Any) -> Any:
        wishes = {name: getattr(self.wishes, name) for name in WISHES}
        defaults = {"form_class": PicassoFormField, **wishes}
        return super().formfield(**{**defaults, **options})


def delete_when_committed(file: PicassoFile) -> None:
    transaction.on_commit(lambda: delete(file))


def delete(file: PicassoFile) -> None:
    """The row is gone by now, so a failure is only logged."""
    try:
        file.delete()
    except PicassoError:
        logger.exception("The file %s is left in Picasso.", file.id)
