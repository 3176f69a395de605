"""Imports: without their queries, which may have secrets."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from picasso.access.principal import SERVICE
from picasso.admin.base import Kept, reason
from picasso.errors import PicassoError
from picasso.imports import queries, states
from picasso.imports.retry import retry
from picasso.models import Import


@admin.register(Import)
class ImportAdmin(Kept, admin.ModelAdmin):
    list_display = ("host", "project", "state", "why", "bytes", "size", "attempts", "created_at")
    list_filter = ("state", "project")
    list_select_related = ("project",)
    search_fields = ("id__exact", "host__exact", "error_code__exact")
    exclude = ("url", "limits", "idempotency_key", "request_fingerprint", "webhook_url")
    show_full_result_count = False
    actions = ("cancel", "retry")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["address_without_query"]

    @admin.display(description="URL")
    def address_without_query(self, row: Import) -> str:
        return states.without_query(row.url)

    @admin.display(description="why it failed")
    def why(self, row: Import) -> str:
        return reason(row.error_code)

    def has_act_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.has_perm("picasso.change_import")

    @admin.action(description="Cancel (those that have not ended)", permissions=["act"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Import]) -> None:
        self._act(request, queryset, queries.cancel, "Cancelled")

    @admin.action(description="Try again (those that have failed)", permissions=["act"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Import]) -> None:
        self._act(request, queryset, partial(retry, settings.PICASSO), "Imports that are tried again")

    def _act(self, request: HttpRequest, rows: QuerySet[Import], do: Any, what: str) -> None:
        """With each. What one refuses is shown, and the others go on."""
        count = 0
        for row in rows:
            try:
                do(SERVICE, row.pk)
                count += 1
            except PicassoError as fault:
                self.message_user(request, f"{row.pk}: {fault.detail}", messages.ERROR)
        self.message_user(request, f"{what}: {count}", messages.SUCCESS if count else messages.WARNING)
