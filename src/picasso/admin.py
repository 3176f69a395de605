"""Files and jobs for the operator's eyes. What is shown is the truth of the tables, so none of it is edited here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from picasso.models import Derivative, File, Job, Worker
from picasso.receive.sweep import forget
from picasso.storage import default_storage


class ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class JobInline(ReadOnly, admin.TabularInline):
    model = Job
    can_delete = False


class DerivativeInline(ReadOnly, admin.TabularInline):
    model = Derivative
    can_delete = False


@admin.register(File)
class FileAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("id", "name", "media_type", "size", "state", "uploaded_at")
    list_filter = ("state",)
    search_fields = ("id__exact", "sha256__exact")
    show_full_result_count = False
    inlines = (JobInline, DerivativeInline)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Jobs and derivatives go with their file, though nobody may delete them by themselves."""
        return [str(file) for file in objs], {"files": len(objs)}, set(), []

    def delete_model(self, request: HttpRequest, obj: File) -> None:
        forget(default_storage(), obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[File]) -> None:
        for file in queryset:
            forget(default_storage(), file)


@admin.register(Job)
class JobAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("id", "file", "processor", "queue", "state", "attempt", "due_at", "error_code")
    list_filter = ("state", "queue", "processor")
    list_select_related = ("file",)
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Worker)
class WorkerAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("name", "queue", "seen_at")
