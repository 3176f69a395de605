"""Jobs and workers. Queues are on the console's page `/system/`."""

from __future__ import annotations

import uuid

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from picasso.admin.base import Kept
from picasso.jobs import commands
from picasso.models import Job, Worker


@admin.register(Job)
class JobAdmin(Kept, admin.ModelAdmin):
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


def ids(jobs: QuerySet[Job]) -> list[uuid.UUID]:
    return list(jobs.values_list("pk", flat=True))


@admin.register(Worker)
class WorkerAdmin(Kept, admin.ModelAdmin):
    list_display = ("name", "queue", "seen_at")
