"""The admin: projects, keys, roles, files, jobs, uploads, queues and workers. Rows are shown and acted on only."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from picasso.access import keys
from picasso.access.principal import SERVICE
from picasso.errors import NotFound
from picasso.files.delete import delete
from picasso.files.queries import visible_to
from picasso.jobs import commands, queues, verdicts
from picasso.models import AuditEntry, Derivative, File, Job, Key, Membership, Project, Queue, Upload, Worker
from picasso.queue_names import QUEUES
from picasso.storage import default_storage


class ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


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
    list_display = ("id", "name", "media_type", "size", "state", "scan", "quarantined", "pipeline", "uploaded_at")
    list_filter = ("state", "scan", "quarantined", "pipeline")
    search_fields = ("id__exact", "sha256__exact")
    show_full_result_count = False
    inlines = (JobInline, DerivativeInline)
    actions = ("release",)

    @admin.action(description="Release from quarantine (of files that are no malware after all)")
    def release(self, request: HttpRequest, queryset: QuerySet[File]) -> None:
        count = sum(verdicts.release(pk) for pk in queryset.values_list("pk", flat=True))
        self.message_user(request, f"{count} files are released.", messages.SUCCESS if count else messages.WARNING)

    def get_queryset(self, request: HttpRequest) -> QuerySet[File]:
        return visible_to(SERVICE).order_by("-id")

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


@admin.register(Job)
class JobAdmin(ReadOnly, admin.ModelAdmin):
    list_display = (
        "id",
        "file",
        "processor",
        "pipeline",
        "queue",
        "priority",
        "state",
        "attempt",
        "progress",
        "due_at",
        "error_code",
    )
    list_filter = ("state", "queue", "processor", "pipeline", "error_code")
    search_fields = ("id__exact", "file__id__exact")
    list_select_related = ("file",)
    show_full_result_count = False
    actions = ("retry", "cancel")

    @admin.action(description="Retry (jobs that are failed, cancelled or done)")
    def retry(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        self._say(request, commands.retry_all(ids(queryset)), "will run again")

    @admin.action(description="Cancel (jobs that are waiting, queued or running)")
    def cancel(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        self._say(request, commands.cancel_all(ids(queryset)), "were cancelled")

    def _say(self, request: HttpRequest, count: int, what: str) -> None:
        self.message_user(request, f"{count} jobs {what}.", messages.SUCCESS if count else messages.WARNING)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def ids(jobs: QuerySet[Job]) -> list[uuid.UUID]:
    return list(jobs.values_list("pk", flat=True))


@admin.register(Upload)
class UploadAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("id", "protocol", "name", "offset", "length", "finished_at", "file", "error_code")
    list_filter = ("protocol", ("finished_at", admin.EmptyFieldListFilter))
    list_select_related = ("file",)
    search_fields = ("id__exact",)
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A web process may be writing to it. It ends by a DELETE of the client, or when it expires."""
        return False

    @admin.display(description="bytes stored")
    def offset(self, upload: Upload) -> int | None:
        return upload.length if upload.finished else stored_bytes(upload)


def stored_bytes(upload: Upload) -> int | None:
    """None if the storage has lost the upload."""
    try:
        return default_storage().uploads.stat(upload.pk).offset
    except FileNotFoundError:
        return None


@admin.register(Queue)
class QueueAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("name", "paused", "waiting", "queued", "running", "oldest")
    list_display_links = None
    actions = ("pause", "resume")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Queue]:
        """Create the missing rows, so that every queue is shown and can be paused."""
        Queue.objects.bulk_create([Queue(name=name) for name in QUEUES], ignore_conflicts=True)
        return super().get_queryset(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description="Pause (running jobs continue)")
    def pause(self, request: HttpRequest, queryset: QuerySet[Queue]) -> None:
        for queue in queryset:
            queues.pause(queue.name)

    @admin.action(description="Resume")
    def resume(self, request: HttpRequest, queryset: QuerySet[Queue]) -> None:
        for queue in queryset:
            queues.resume(queue.name)

    def waiting(self, queue: Queue) -> int:
        return queues.load(queue.name).waiting

    def queued(self, queue: Queue) -> int:
        return queues.load(queue.name).queued

    def running(self, queue: Queue) -> int:
        return queues.load(queue.name).running

    @admin.display(description="seconds due, oldest job")
    def oldest(self, queue: Queue) -> float | None:
        return queues.load(queue.name).oldest


class Kept(ReadOnly):
    """Rows that are not deleted here."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Project)
class ProjectAdmin(Kept, admin.ModelAdmin):
    """Projects are changed by the API, which checks their settings."""

    list_display = ("name", "visibility", "retention_days", "trash_days", "created_at")
    search_fields = ("name",)


@admin.register(Key)
class KeyAdmin(Kept, admin.ModelAdmin):
    list_display = ("id", "name", "project", "state", "expires_at", "last_used_at", "created_at", "created_by")
    list_filter = ("project", ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("project",)
    search_fields = ("id__exact", "name", "lineage__exact")
    exclude = ("secret_hash",)
    actions = ("revoke",)

    @admin.display
    def state(self, key: Key) -> str:
        return keys.state_of(key)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.has_perm("picasso.change_key")

    @admin.action(description="Revoke (for good; within five seconds everywhere)", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Key]) -> None:
        count = sum(keys.revoke(key) for key in queryset)
        self.message_user(request, f"{count} keys are revoked.", messages.SUCCESS if count else messages.WARNING)


@admin.register(Membership)
class MembershipAdmin(Kept, admin.ModelAdmin):
    list_display = ("user", "project", "role")
    list_filter = ("role", "project")
    list_select_related = ("user", "project")
    search_fields = ("user__username",)


@admin.register(AuditEntry)
class AuditAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("at", "actor_kind", "actor", "address", "action", "target", "target_id", "outcome", "count")
    list_filter = ("outcome", "actor_kind", "action")
    search_fields = ("actor__exact", "target_id__exact", "address__exact")
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Worker)
class WorkerAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("name", "queue", "seen_at")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
