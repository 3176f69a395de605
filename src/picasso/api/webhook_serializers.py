"""How webhooks and their deliveries are shown, and what requests about them have."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from picasso.events.types import is_pattern
from picasso.models import Delivery, Webhook
from picasso.policy.patterns import ANY, parse_pattern
from picasso.process.pipelines import pipelines
from picasso.webhooks import endpoints
from picasso.webhooks.claims import message_id
from picasso.webhooks.messages import payload_of

MAX_ITEMS = 100
MAX_REPLAY_IDS = 1000


class TypeField(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not is_pattern(text):
            raise serializers.ValidationError(f"There is no type {text[:40]!r}. Try file.processed, or file.*.")
        return text


class MediaTypeField(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            pattern = parse_pattern(text)
        except ValueError:
            sentence = f"{text[:40]!r} is not a pattern of media types such as image/* or application/pdf."
            raise serializers.ValidationError(sentence) from None
        if "?" in pattern or "*" in pattern[:-1].removesuffix("*/"):
            raise serializers.ValidationError(f"{text[:40]!r} may have * only at its end.")
        return "*" if pattern == ANY else pattern


class PipelineField(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        if name not in pipelines().names:
            raise serializers.ValidationError(f"There is no pipeline {name[:64]!r}.")
        return name


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
        child=MediaTypeField(max_length=255),
        required=False,
        max_length=MAX_ITEMS,
        help_text="Only events of files of these types, such as `image/*`; empty for all.",
    )
    pipelines = serializers.ListField(
        child=PipelineField(max_length=64),
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
    resume_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Nothing is sent before: the receiver failed, or asked for a pause."
    )
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


class SharedSecretSerializer(serializers.Serializer[Any]):
    secret = serializers.CharField(help_text="Verifies the signatures of messages. It is shown only in this answer.")


class AttemptSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    milliseconds = serializers.IntegerField(help_text="Until the answer.")
    status = serializers.IntegerField(allow_null=True, help_text="HTTP status; null if there was no answer.")
    error = serializers.CharField(
        help_text="Why there was no answer: a code of docs/errors.md, `event-removed` or `secret-unreadable`."
    )
    answer = serializers.CharField(help_text="The first 1,024 bytes of the answer.")


class DeliverySerializer(serializers.Serializer[Delivery]):
    id = serializers.UUIDField()
    event = serializers.IntegerField(allow_null=True, help_text="`seq` of the event; null for a test.")
    message_id = serializers.SerializerMethodField(help_text="The header `webhook-id` of its messages.")
    type = serializers.CharField()
    state = serializers.ChoiceField(choices=Delivery.State.choices)
    attempts = AttemptSerializer(many=True, source="log", help_text="Oldest first.")
    next_attempt_at = serializers.SerializerMethodField(help_text="Null if it has ended.")
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)

    def get_message_id(self, delivery: Delivery) -> str:
        return message_id(delivery.event, delivery.pk)

    def get_next_attempt_at(self, delivery: Delivery) -> str | None:
        waiting = delivery.state == Delivery.State.WAITING
        return serializers.DateTimeField().to_representation(delivery.due_at) if waiting else None


class DeliveryDetailSerializer(DeliverySerializer):
    payload = serializers.SerializerMethodField(
        help_text="What it says, made now as for each attempt; null if the event is not kept any more."
    )

    @extend_schema_field({"type": ["object", "null"], "additionalProperties": True})
    def get_payload(self, delivery: Delivery) -> Any:
        return payload_of(delivery)


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
