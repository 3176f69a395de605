"""Webhooks and their deliveries, without the secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from picasso.admin.base import Kept, readable
from picasso.errors import PicassoError
from picasso.models import Delivery, Webhook
from picasso.webhooks import endpoints


class ActsOnWebhooks(Kept, admin.ModelAdmin):
    show_full_result_count = False

    def has_act_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.has_perm("picasso.change_webhook")

    def act(self, request: HttpRequest, webhooks: Iterable[Webhook], do: Callable[[Webhook], int], what: str) -> None:
        """With each. What one refuses is shown, and the others go on."""
        count = 0
        for webhook in webhooks:
            try:
                count += do(webhook)
            except PicassoError as fault:
                self.message_user(request, f"{webhook.pk}: {fault.detail}", messages.ERROR)
        self.message_user(request, f"{what}: {count}", messages.SUCCESS if count else messages.WARNING)


@admin.register(Webhook)
class WebhookAdmin(ActsOnWebhooks):
    list_display = ("shown_url", "shown_description", "project", "state", "created_at")
    list_filter = ("enabled", "disabled_reason", "project")
    list_select_related = ("project",)
    search_fields = ("id__exact", "url")
    exclude = ("secret", "old_secret")
    actions = ("enable", "disable", "test", "replay_failed")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Webhook]:
        """Without what stands for webhooks of files: see their deliveries."""
        return super().get_queryset(request).filter(host="")

    @admin.display(description="address", ordering="url")
    def shown_url(self, webhook: Webhook) -> str:
        return readable(webhook.url)

    @admin.display(description="description")
    def shown_description(self, webhook: Webhook) -> str:
        return readable(webhook.description, "")

    def state(self, webhook: Webhook) -> str:
        """In words, with the reason."""
        if not webhook.enabled:
            return f"Disabled: {DISABLED.get(webhook.disabled_reason, webhook.disabled_reason)}"
        if webhook.failures:
            return f"Failing: the last {webhook.failures} attempts, since {webhook.failing_since:%Y-%m-%d %H:%M} UTC"
        return "Active"

    @admin.action(description="Enable, and send what is due", permissions=["act"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        self.act(request, queryset, lambda webhook: switch(webhook, enabled=True), "Enabled")

    @admin.action(description="Disable", permissions=["act"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        self.act(request, queryset, lambda webhook: switch(webhook, enabled=False), "Disabled")

    @admin.action(description="Send a test message", permissions=["act"])
    def test(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        self.act(request, queryset, send_test, "Test messages that are sent")

    @admin.action(description="Send again all that have failed", permissions=["act"])
    def replay_failed(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        self.act(
            request, queryset, lambda webhook: endpoints.replay(webhook, failed=True), "Messages that are sent again"
        )


DISABLED = {
    "requested": "somebody did so",
    "gone": "its receiver answered 410",
    "failing": "for a week nothing was delivered",
}


def switch(webhook: Webhook, *, enabled: bool) -> int:
    """1 if that has changed anything."""
    if webhook.enabled == enabled:
        return 0
    endpoints.update(webhook, {"enabled": enabled})
    return 1


def send_test(webhook: Webhook) -> int:
    endpoints.send_test(webhook)
    return 1


@admin.register(Delivery)
class DeliveryAdmin(ActsOnWebhooks):
    list_display = ("type", "receiver", "state", "why", "tries", "created_at", "finished_at")
    list_filter = ("state",)
    list_select_related = ("webhook",)
    search_fields = ("id__exact", "webhook__id__exact")
    actions = ("replay",)

    @admin.display(description="webhook")
    def receiver(self, delivery: Delivery) -> str:
        """Its address, or the host that a file has named."""
        return readable(delivery.webhook.url or delivery.webhook.host)

    @admin.display(description="last answer")
    def why(self, delivery: Delivery) -> str:
        return delivery.error or str(delivery.status or "")

    @admin.action(description="Send again (those that have ended)", permissions=["act"])
    def replay(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        chosen = dict[Webhook, list[Delivery]]()
        for delivery in queryset.select_related("webhook"):
            chosen.setdefault(delivery.webhook, []).append(delivery)

        def replay(webhook: Webhook) -> int:
            return endpoints.replay(webhook, ids=[delivery.pk for delivery in chosen[webhook]])

        self.act(request, chosen, replay, "Messages that are sent again")
