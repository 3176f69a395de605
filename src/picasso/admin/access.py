"""Projects, keys, roles and the audit."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from picasso.access import keys, project_settings, projects
from picasso.admin.base import Kept
from picasso.errors import InvalidField
from picasso.models import AuditEntry, Key, Membership, Project


class ProjectForm(forms.ModelForm):
    class Meta:
        model = Project
        fields = ("webhook_hosts",)

    def clean_webhook_hosts(self) -> Any:
        hosts = self.cleaned_data["webhook_hosts"]
        try:
            project_settings.check({"webhook_hosts": hosts})
        except InvalidField as fault:
            raise forms.ValidationError(fault.detail) from None
        return hosts


@admin.register(Project)
class ProjectAdmin(Kept, admin.ModelAdmin):
    """Most settings are changed by the API only; here the hosts of webhooks of uploads."""

    list_display = ("name", "visibility", "retention_days", "trash_days", "created_at")
    search_fields = ("name",)
    form = ProjectForm

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return isinstance(request.user, User) and request.user.has_perm("picasso.change_project")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [field.name for field in Project._meta.fields if field.name not in {"id", "webhook_hosts"}]

    def save_model(self, request: HttpRequest, obj: Project, form: Any, change: bool) -> None:  # of Django
        if form.changed_data:
            projects.change(obj, {"webhook_hosts": form.cleaned_data["webhook_hosts"]})


@admin.register(Key)
class KeyAdmin(Kept, admin.ModelAdmin):
    list_display = ("name", "id", "project", "state", "expires_at", "last_used_at", "created_at", "created_by")
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
class AuditAdmin(Kept, admin.ModelAdmin):
    list_display = ("at", "actor_kind", "actor", "address", "action", "target", "target_id", "outcome", "count")
    list_filter = ("outcome", "actor_kind", "action")
    search_fields = ("actor__exact", "target_id__exact", "address__exact")
    show_full_result_count = False
