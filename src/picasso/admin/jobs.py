"""Jobs, queues and workers."""

from __future__ import annotations

import uuid

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from picasso.admin.base import Kept
from picasso.jobs import commands, queues
from picasso.models import Job, Queue, Worker
from picasso.process.pipelines import pipelines


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


@admin.register(Queue)
class QueueAdmin(Kept, admin.ModelAdmin):
    list_display = ("name", "paused", "waiting", "queued", "running", "oldest")
    list_display_links = None
    actions = ("pause", "resume")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Queue]:
        """Create the missing rows, so that every queue is shown and can be paused."""
        Queue.objects.bulk_create([Queue(name=name) for name in pipelines().queue_names], ignore_conflicts=True)
        return super().get_queryset(request)

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


@admin.register(Worker)
class WorkerAdmin(Kept, admin.ModelAdmin):
    list_display = ("name", "queue", "seen_at")
