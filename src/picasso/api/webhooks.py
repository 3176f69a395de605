"""Webhooks: list, create, change, rotate the secret, test, look at what was delivered, send again."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from picasso.access.principal import Scope, principal_of
from picasso.api.answers import problems, validated
from picasso.api.pagination import Cursor
from picasso.api.parameters import KnownParameters
from picasso.api.safety import requires
from picasso.errors import InvalidField
from picasso.events.types import OF_OPERATORS, TYPES, is_pattern
from picasso.models import Delivery, Webhook
from picasso.query_values import choice
from picasso.webhooks import endpoints

WritesWebhooks = requires(Scope.WEBHOOKS_WRITE)

MAX_ITEMS = 100
MAX_REPLAY_IDS = 1000


class TypeField(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not is_pattern(text):
            raise serializers.ValidationError(f"There is no type {text[:40]!r}. Try file.processed, or file.*.")
        return text


class WebhookSerializer(serializers.Serializer[Webhook]):
    id = serializers.UUIDField(read_only=True)
    url = serializers.CharField(max_length=2048, help_text="Where messages are sent to, by `POST`.")
    description = serializers.CharField(required=False, allow_blank=True, max_length=255)
    types = serializers.ListField(
        child=TypeField(max_length=64),
        min_length=1,
        max_length=MAX_ITEMS,
        required=False,
        help_text="Types of events, and patterns such as `file.*`. By default "
        + ", ".join(endpoints.DEFAULT_TYPES)
        + ".",
    )
    media_types = serializers.ListField(
        child=serializers.CharField(max_length=255),
        required=False,
        max_length=MAX_ITEMS,
        help_text="Only events of files of these types, such as `image/*`; empty for all.",
    )
    pipelines = serializers.ListField(
        child=serializers.CharField(max_length=64),
        required=False,
        max_length=MAX_ITEMS,
        help_text="Only events of files of these pipelines; empty for all.",
    )
    owners = serializers.ListField(
        child=serializers.CharField(max_length=255),
        required=False,
        max_length=MAX_ITEMS,
        help_text="Only events of files of these end users; empty for all.",
    )
    payload = serializers.ChoiceField(
        choices=Webhook.Payload.choices,
        required=False,
        help_text="`thin`: the event. `full`: also the file with its facts, as its own address shows it.",
    )
    enabled = serializers.BooleanField(required=False, help_text="Whether anything is sent.")
    disabled_reason = serializers.CharField(
        read_only=True,
        help_text="`requested`; `gone`: the receiver answered 410; `failing`: for a week nothing was delivered.",
    )
    disabled_at = serializers.DateTimeField(read_only=True, allow_null=True)
    failures = serializers.IntegerField(read_only=True, help_text="How many attempts in a row have failed.")
    failing_since = serializers.DateTimeField(read_only=True, allow_null=True)
    created_at = serializers.DateTimeField(read_only=True)
    created_by = serializers.CharField(read_only=True)

    def validate_url(self, value: str) -> str:
        endpoints.require_url(settings.PICASSO, value)
        return value


class NewWebhookSerializer(WebhookSerializer):
    secret = serializers.CharField(
        help_text="Verifies the signatures of messages. It is shown only in this answer.", read_only=True
    )


class RotationSerializer(serializers.Serializer[Any]):
    grace = serializers.IntegerField(
        min_value=0,
        max_value=int(endpoints.MAX_GRACE.total_seconds()),
        default=86_400,
        help_text="For so many seconds messages have a second signature, by the old secret.",
    )


class AttemptSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    milliseconds = serializers.IntegerField(help_text="Until the answer.")
    status = serializers.IntegerField(allow_null=True, help_text="HTTP status; null if there was no answer.")
    error = serializers.CharField(help_text="Why there was no answer: a code of docs/errors.md.")
    answer = serializers.CharField(help_text="The first 1,024 bytes of the answer.")


class DeliverySerializer(serializers.Serializer[Delivery]):
    id = serializers.UUIDField()
    event = serializers.IntegerField(allow_null=True, help_text="`seq` of the event; null for a test.")
    type = serializers.CharField()
    state = serializers.ChoiceField(choices=Delivery.State.choices)
    attempts = AttemptSerializer(many=True, source="log", help_text="Oldest first, since it was last replayed.")
    next_attempt_at = serializers.SerializerMethodField(help_text="Null if it has ended.")
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)

    def get_next_attempt_at(self, delivery: Delivery) -> str | None:
        waiting = delivery.state == Delivery.State.WAITING
        return serializers.DateTimeField().to_representation(delivery.due_at) if waiting else None


class ReplaySerializer(serializers.Serializer[Any]):
    deliveries = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        min_length=1,
        max_length=MAX_REPLAY_IDS,
        help_text="Only these.",
    )
    failed = serializers.BooleanField(default=False, help_text="Only those that have failed for good.")
    since = serializers.DateTimeField(
        required=False,
        help_text="From this time on; without `failed` also events that the webhook was never told of.",
    )
    until = serializers.DateTimeField(required=False, help_text="Before this time.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs["failed"] and not attrs.keys() & {"deliveries", "since"}:
            raise serializers.ValidationError("Say which: deliveries, failed or since.")
        return attrs


class ReplayedSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text="How many messages are sent again.")


class WebhookView(KnownParameters):
    permission_classes = [WritesWebhooks]

    def webhook(self, pk: uuid.UUID) -> Webhook:
        """Raises `NotFound`, also for a webhook of another project."""
        return endpoints.get(principal_of(self.request.META), pk)


class WebhookList(WebhookView, generics.ListAPIView[Webhook]):
    """The webhooks of the project, newest first, without their secrets."""

    serializer_class = WebhookSerializer
    pagination_class = Cursor

    def get_queryset(self) -> QuerySet[Webhook]:
        return endpoints.of(principal_of(self.request.META))

    @extend_schema(
        operation_id="list_webhooks",
        tags=["webhooks"],
        responses={200: WebhookSerializer(many=True), **problems(400, 401, 403)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="create_webhook",
        tags=["webhooks"],
        request=WebhookSerializer,
        responses={201: NewWebhookSerializer, **problems(400, 401, 403, 409, 415)},
    )
    def post(self, request: Request) -> Response:
        """Create a webhook. The answer shows its secret, and nothing will show it again."""
        values = {"types": list(endpoints.DEFAULT_TYPES), **validated(WebhookSerializer(data=request.data))}
        require_scopes(request, values["types"], values.get("payload", ""))
        webhook, secret = endpoints.create(principal_of(request.META), values)
        return shown_once(webhook, secret, status=201)


def require_scopes(request: Request, types: list[str], payload: str) -> None:
    """Raises `Forbidden` for events of jobs, or for files, without the scope to see them."""
    if any(each.startswith(OF_OPERATORS) or each == "*" for each in types):
        principal_of(request.META).require(Scope.JOBS_READ)
    if payload == Webhook.Payload.FULL:
        principal_of(request.META).require(Scope.FILES_READ)


def shown_once(webhook: Webhook, secret: str, status: int = 200) -> Response:
    body = {**WebhookSerializer(webhook).data, "secret": secret}
    return Response(body, status=status, headers={"Cache-Control": "no-store"})


class WebhookDetail(WebhookView):
    """One webhook."""

    @extend_schema(
        operation_id="get_webhook",
        tags=["webhooks"],
        responses={200: WebhookSerializer, **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        return Response(WebhookSerializer(self.webhook(pk)).data)

    @extend_schema(
        operation_id="update_webhook",
        tags=["webhooks"],
        request=WebhookSerializer(partial=True),
        responses={200: WebhookSerializer, **problems(400, 401, 403, 404, 415)},
    )
    def patch(self, request: Request, pk: uuid.UUID) -> Response:
        """Change it. One that was disabled is enabled by `{"enabled": true}`, and gets what is still due."""
        webhook = self.webhook(pk)
        values = validated(WebhookSerializer(data=request.data, partial=True))
        if values.keys() & {"url", "types", "payload"}:  # a new address gets also what stays as it is
            require_scopes(request, values.get("types", webhook.types), values.get("payload", webhook.payload))
        endpoints.update(webhook, values)
        return Response(WebhookSerializer(webhook).data)

    @extend_schema(operation_id="delete_webhook", tags=["webhooks"], responses={204: None, **problems(401, 403, 404)})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Delete it with the log of its deliveries. What was not sent is not sent any more."""
        endpoints.delete(self.webhook(pk))
        return Response(status=204)


class WebhookRotate(WebhookView):
    @extend_schema(
        operation_id="rotate_webhook_secret",
        tags=["webhooks"],
        request=RotationSerializer,
        responses={200: NewWebhookSerializer, **problems(400, 401, 403, 404, 409, 415)},
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Make a new secret. For `grace` seconds messages are signed by the old one, too."""
        webhook = self.webhook(pk)
        values = validated(RotationSerializer(data=request.data))
        secret = endpoints.rotate(webhook, timedelta(seconds=values["grace"]))
        return shown_once(webhook, secret)


class WebhookTest(WebhookView):
    takes_body = False

    @extend_schema(
        operation_id="test_webhook",
        tags=["webhooks"],
        request=None,
        responses={202: DeliverySerializer, **problems(401, 403, 404, 409)},
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Send a message of the type `webhook.test`. The list of deliveries shows how it went."""
        return Response(DeliverySerializer(endpoints.send_test(self.webhook(pk))).data, status=202)


class WebhookReplay(WebhookView):
    @extend_schema(
        operation_id="replay_webhook",
        tags=["webhooks"],
        request=ReplaySerializer,
        responses={202: ReplayedSerializer, **problems(400, 401, 403, 404, 409, 415)},
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Send again: some deliveries, all that failed, or all of a time. Each message keeps its `webhook-id`."""
        webhook = self.webhook(pk)
        values = validated(ReplaySerializer(data=request.data))
        ids = values.pop("deliveries", ())
        return Response({"count": endpoints.replay(webhook, ids=ids, **values)}, status=202)


class DeliveryList(WebhookView, generics.ListAPIView[Delivery]):
    """The messages to one webhook, newest first: what was sent, and what was answered. Kept as long as the events."""

    serializer_class = DeliverySerializer
    pagination_class = Cursor
    parameters: ClassVar[tuple[str, ...]] = ("state", "type")

    def get_queryset(self) -> QuerySet[Delivery]:
        given = self.request.query_params
        rows = endpoints.deliveries(self.webhook(self.kwargs["pk"]))
        if "state" in given:
            rows = rows.filter(state=choice("state", given["state"], [str(each) for each in Delivery.State]))
        if "type" in given:
            rows = rows.filter(type=known_type(given["type"]))
        return rows

    @extend_schema(
        operation_id="list_webhook_deliveries",
        tags=["webhooks"],
        parameters=[
            OpenApiParameter("state", enum=list(Delivery.State), description="Only deliveries in this state."),
            OpenApiParameter("type", description="Only deliveries of this type of event."),
        ],
        responses={200: DeliverySerializer(many=True), **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


def known_type(name: str) -> str:
    if name not in TYPES:
        raise InvalidField("type", f"There is no type {name[:40]!r} of events.")
    return name
