"""Jobs and workers. Queues are on the console's page `/system/`."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path

from picasso.admin.base import Kept, readable, reason
from picasso.error_codes import JOB_CODES, JobCode
from picasso.jobs import commands, states
from picasso.models import Job, Worker

CODES: dict[str, JobCode] = {each.code: each for each in JOB_CODES}


@admin.register(Job)
class JobAdmin(Kept, admin.ModelAdmin):
    list_display = ("name", "processor", "state", "why", "attempt", "progress", "queue", "priority", "due_at")
    list_filter = ("state", "queue", "processor", "pipeline", "error_code")
    search_fields = ("id__exact", "file__id__exact")
    list_select_related = ("file",)
    show_full_result_count = False
    actions = ("retry", "cancel")
    change_form_template = "picasso/admin/job.html"

    @admin.display(description="file")
    def name(self, job: Job) -> str:
        return readable(job.file.name, "unnamed file")

    @admin.display(description="why it failed")
    def why(self, job: Job) -> str:
        return reason(job.error_code, job.error_detail)

    @admin.display(description="what one can do")
    def remedy(self, job: Job) -> str:
        found = CODES.get(job.error_code)
        return found.remedy if found else ""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["name", "remedy"]

    def has_act_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.has_perm("picasso.change_job")

    def get_urls(self) -> list[Any]:
        """Besides those of Django: what the buttons of one job do."""
        return [
            path(f"<uuid:pk>/{name}/", self.admin_site.admin_view(self._act(do, what)), name=f"picasso_job_{name}")
            for name, do, what in (
                ("retry", commands.retry, "The job will run once more."),
                ("cancel", commands.cancel, "The job was cancelled."),
            )
        ] + super().get_urls()

    def _act(self, do: Callable[[uuid.UUID], bool], what: str) -> Callable[..., HttpResponse]:
        def act(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            if not self.has_act_permission(request):
                raise PermissionDenied
            done = do(pk)
            sentence = what if done else "The job has changed meanwhile: nothing was done."
            self.message_user(request, sentence, messages.SUCCESS if done else messages.WARNING)
            return redirect("admin:picasso_job_change", pk)

        return act

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        found = self.get_object(request, object_id)
        more = {
            "may_act": self.has_act_permission(request),
            "ended": found is not None and found.state in states.ENDED,
            "warning": warning(found) if found else "",
        }
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    @admin.action(description="Retry (jobs that are failed, cancelled or done)", permissions=["act"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        self._say(request, commands.retry_all(ids(queryset)), "will run again")

    @admin.action(description="Cancel (jobs that are waiting, queued or running)", permissions=["act"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        self._say(request, commands.cancel_all(ids(queryset)), "were cancelled")

    def _say(self, request: HttpRequest, count: int, what: str) -> None:
        self.message_user(request, f"{count} jobs {what}.", messages.SUCCESS if count else messages.WARNING)


def warning(job: Job) -> str:
    """For a retry that most likely fails like the attempt before."""
    found = CODES.get(job.error_code) if job.state == Job.State.FAILED else None
    return f"A retry will most likely fail again: {found.cause}" if found and not found.retried else ""


def ids(jobs: QuerySet[Job]) -> list[uuid.UUID]:
    return list(jobs.values_list("pk", flat=True))


@admin.register(Worker)
class WorkerAdmin(Kept, admin.ModelAdmin):
    list_display = ("name", "queue", "seen_at")
