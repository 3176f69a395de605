"""Files and uploads."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat

from picasso.access.principal import SERVICE
from picasso.admin.base import ReadOnly, readable, reason
from picasso.errors import NotFound
from picasso.files.delete import delete
from picasso.files.queries import visible_to
from picasso.jobs import verdicts
from picasso.models import Derivative, File, Job, Upload
from picasso.storage import default_storage


class JobInline(ReadOnly, admin.TabularInline):
    model = Job
    can_delete = False
    fields = ("processor", "queue", "state", "attempt", "progress", "error_code", "error_detail", "finished_at")
    readonly_fields = fields
    show_change_link = True


class DerivativeInline(ReadOnly, admin.TabularInline):
    model = Derivative
    can_delete = False


@admin.register(File)
class FileAdmin(ReadOnly, admin.ModelAdmin):
    list_display = (
        *("shown_name", "media_type", "bytes", "state", "why", "scan", "quarantined", "pipeline", "uploaded_at"),
    )
    list_filter = ("state", "scan", "quarantined", "pipeline")
    search_fields = ("id__exact", "sha256__exact")
    show_full_result_count = False
    inlines = (JobInline, DerivativeInline)
    actions = ("release",)

    @admin.display(description="name", ordering="name")
    def shown_name(self, file: File) -> str:
        return readable(file.name, "unnamed file")

    @admin.display(description="size", ordering="size")
    def bytes(self, file: File) -> str:
        return filesizeformat(file.size)

    @admin.display(description="why it failed")
    def why(self, file: Any) -> str:
        return reason(file.error_code or "")

    @admin.action(description="Release from quarantine (of files that are no malware after all)")
    def release(self, request: HttpRequest, queryset: QuerySet[File]) -> None:
        count = sum(verdicts.release(pk) for pk in queryset.values_list("pk", flat=True))
        self.message_user(request, f"{count} files are released.", messages.SUCCESS if count else messages.WARNING)

    def get_queryset(self, request: HttpRequest) -> QuerySet[File]:
        failed = Job.everywhere.filter(file=OuterRef("pk"), state=Job.State.FAILED).order_by("id")
        return visible_to(SERVICE).annotate(error_code=Subquery(failed.values("error_code")[:1])).order_by("-id")

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Jobs and derivatives are deleted with their file, although they cannot be deleted alone."""
        return [str(file) for file in objs], {"files": len(objs)}, set(), []

    def delete_model(self, request: HttpRequest, obj: File) -> None:
        delete(SERVICE, default_storage(), obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[File]) -> None:
        for file in queryset:
            with suppress(NotFound):  # another request has deleted it meanwhile
                delete(SERVICE, default_storage(), file)


@admin.register(Upload)
class UploadAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("shown_name", "protocol", "offset", "length", "finished_at", "file", "why")
    list_filter = ("protocol", ("finished_at", admin.EmptyFieldListFilter))
    list_select_related = ("file",)
    search_fields = ("id__exact",)
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A web process may be writing to it. It ends by a DELETE of the client, or when it expires."""
        return False

    @admin.display(description="name", ordering="name")
    def shown_name(self, upload: Upload) -> str:
        return readable(upload.name, "unnamed file")

    @admin.display(description="why it failed")
    def why(self, upload: Upload) -> str:
        return reason(upload.error_code)

    @admin.display(description="bytes stored")
    def offset(self, upload: Upload) -> int | None:
        return upload.length if upload.finished else stored_bytes(upload)


def stored_bytes(upload: Upload) -> int | None:
    """None if the storage has lost the upload."""
    try:
        return default_storage().uploads.stat(upload.pk).offset
    except FileNotFoundError:
        return None
