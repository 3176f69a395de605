"""Webhooks: list, create, change, rotate the secret, test, look at what was delivered, send again."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response

from picasso.access.principal import Scope, principal_of
from picasso.api.answers import problems, validated
from picasso.api.pagination import Cursor
from picasso.api.parameters import KnownParameters
from picasso.api.safety import requires
from picasso.api.webhook_serializers import (
    DeliveryDetailSerializer,
    DeliverySerializer,
    NewWebhookSerializer,
    ReplayedSerializer,
    ReplaySerializer,
    RotationSerializer,
    WebhookSerializer,
)
from picasso.errors import InvalidField
from picasso.events.types import OF_OPERATORS, TYPES
from picasso.files.queries import get_in_reach
from picasso.models import Delivery, Webhook
from picasso.query_values import choice
from picasso.webhooks import endpoints, of_files
from picasso.webhooks.claims import TEST

WritesWebhooks = requires(Scope.WEBHOOKS_WRITE)


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
        rows = endpoints.deliveries(self.webhook(self.kwargs["pk"]))
        return rows.filter(**self._state(), **self._type())

    def checks(self) -> Iterable[Callable[[], object]]:
        return [self._state, self._type]

    def _state(self) -> dict[str, str]:
        given = self.request.query_params.get("state")
        return {} if given is None else {"state": choice("state", given, Delivery.State.values)}

    def _type(self) -> dict[str, str]:
        given = self.request.query_params.get("type")
        return {} if given is None else {"type": known_type(given)}

    @extend_schema(
        operation_id="list_webhook_deliveries",
        tags=["webhooks"],
        parameters=[
            OpenApiParameter("state", enum=list(Delivery.State), description="Only deliveries in this state."),
            OpenApiParameter("type", enum=[*TYPES, TEST], description="Only deliveries of this type of event."),
        ],
        responses={200: DeliverySerializer(many=True), **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class DeliveryDetail(WebhookView):
    """One message to a webhook."""

    @extend_schema(
        operation_id="get_webhook_delivery",
        tags=["webhooks"],
        responses={200: DeliveryDetailSerializer, **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, pk: uuid.UUID, delivery: uuid.UUID) -> Response:
        """With its payload, which takes the scopes that the webhook takes."""
        webhook = self.webhook(pk)
        found = endpoints.delivery(webhook, delivery)
        require_scopes(request, [found.type], webhook.payload)
        return Response(DeliveryDetailSerializer(found).data, headers={"Cache-Control": "no-store"})


class FileDeliveryList(KnownParameters, generics.ListAPIView[Delivery]):
    """The messages to the `webhook_url` of one file, newest first. Kept as long as the events."""

    permission_classes = [WritesWebhooks]
    serializer_class = DeliverySerializer
    pagination_class = Cursor

    def get_queryset(self) -> QuerySet[Delivery]:
        principal = principal_of(self.request.META)
        file = get_in_reach(principal, self.kwargs["pk"])
        return of_files.deliveries(principal.project_id, file.pk)

    @extend_schema(
        operation_id="list_file_deliveries",
        tags=["webhooks"],
        responses={200: DeliverySerializer(many=True), **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


def known_type(name: str) -> str:
    if name not in {*TYPES, TEST}:
        raise InvalidField("type", f"There is no type {name[:40]!r} of events.")
    return name
