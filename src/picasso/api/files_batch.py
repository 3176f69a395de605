"""One action on many files: ``files/batch/``."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any, cast

from django.utils.translation import get_language
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from picasso.access.principal import Principal, Scope, principal_of
from picasso.addresses import file_batch_url
from picasso.api.answers import problems
from picasso.errors import Forbidden, InvalidField, NotFound, PicassoError, Unauthorized
from picasso.files.batch import Outcomes
from picasso.files.filters import joined
from picasso.languages.translate import in_language
from picasso.metadata import parse_tags
from picasso.models import FileBatch, Visibility
from picasso.process import file_batches
from picasso.process.file_actions import ACTIONS, Options, Task
from picasso.process.file_batches import MAX_IDS, Order
from picasso.process.pipelines import pipelines
from picasso.query_values import without_fraction
from picasso.receive.terms import check_visibility, decide_pipeline
from picasso.serializers import SentenceField, base_of
from picasso.storage import default_storage


class NewFileBatchSerializer(serializers.Serializer[Any]):
    """Either `ids` or `filter`."""

    action = serializers.ChoiceField(choices=list(ACTIONS))
    ids = serializers.ListField(child=serializers.UUIDField(), required=False, min_length=1, max_length=MAX_IDS)
    filter = serializers.DictField(
        required=False, help_text="As the parameters of the list of files; at least one. Needs `files:read` as well."
    )
    tags = serializers.ListField(child=serializers.CharField(), required=False, help_text="For `tag` and `untag`.")
    visibility = serializers.ChoiceField(choices=Visibility.choices, required=False, help_text="For `visibility`.")
    permanently = serializers.BooleanField(required=False, help_text="For `delete`: past the trash, and from it.")
    pipeline = serializers.CharField(
        required=False, max_length=64, help_text="For `reprocess`: another pipeline; needs `files:write` as well."
    )


class FileResultSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    status = serializers.IntegerField(help_text="200 if it was done; otherwise as for a request about this file.")
    code = serializers.CharField(required=False, help_text="Of the error.")
    detail = SentenceField(required=False)


class BatchOutcomeSerializer(serializers.Serializer[Any]):
    action = serializers.CharField()
    total = serializers.IntegerField()
    done = serializers.IntegerField()
    failed = serializers.IntegerField()
    results = FileResultSerializer(many=True)


class FileBatchSerializer(serializers.Serializer[FileBatch]):
    id = serializers.UUIDField()
    action = serializers.CharField()
    state = serializers.ChoiceField(choices=FileBatch.State.choices)
    total = serializers.IntegerField(help_text="How many files it has found at its creation.")
    done = serializers.IntegerField()
    failed = serializers.IntegerField()
    error = serializers.CharField(help_text="Why it is `stopped` or `failed` of itself: a code; otherwise empty.")
    failures = FileResultSerializer(many=True, help_text="The first hundred files with which it failed.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


SCOPES = frozenset(action.scope for action in ACTIONS.values())


class MayChange(BasePermission):
    """Something at least. Each action needs a scope of its own: see `read_order`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        principal = principal_of(request.META)
        if principal.kind == "anonymous":
            raise Unauthorized
        if request.method != "POST" and not SCOPES & principal.scopes:
            raise Forbidden(f"This needs one of the scopes {', '.join(sorted(SCOPES))}.")
        return True


EXAMPLES = [
    OpenApiExample("Delete", {"action": "delete", "ids": ["019ab3f2-7c1e-7d3a-9f52-3a4be0c5d1f7"]}, request_only=True),
    OpenApiExample(
        "Tag by a filter", {"action": "tag", "tags": ["old"], "filter": {"media_type": "image/*"}}, request_only=True
    ),
]


class FileBatches(APIView):
    permission_classes = [MayChange]
    max_body = 512 * 2**10
    """For `MAX_IDS` ids."""

    @extend_schema(
        operation_id="change_files",
        tags=["files"],
        request=NewFileBatchSerializer,
        examples=EXAMPLES,
        responses={
            200: BatchOutcomeSerializer,
            202: OpenApiResponse(FileBatchSerializer, "It goes on in the background, at the address in `Location`."),
            **problems(400, 401, 403, 409, 413, 415),
        },
    )
    def post(self, request: Request) -> Response:
        """Delete, restore, tag, untag, retry or reprocess many files, or change their visibility.

        Up to 1,000 files at once, with a result for each. More of them are changed in the background.
        """
        principal = principal_of(request.META)
        order = read_order(principal, request.data)
        ids = file_batches.ids_at_once(principal, order, pipelines())
        if ids is None:
            row = file_batches.begin(principal, order)
            headers = {"Location": file_batch_url(base_of(request), row.pk)}
            return Response(FileBatchSerializer(row).data, status=202, headers=headers)
        task = Task(principal, order.options, default_storage(), pipelines())
        return Response(BatchOutcomeSerializer(shown(order, file_batches.run(task, order, ids))).data)


def shown(order: Order, outcomes: Outcomes) -> dict[str, Any]:
    results = [{"id": file, **result_of(fault)} for file, fault in outcomes.items()]
    failed = sum(1 for fault in outcomes.values() if fault)
    return {
        "action": order.action,
        "total": len(results),
        "done": len(results) - failed,
        "failed": failed,
        "results": results,
    }


def result_of(fault: PicassoError | None) -> dict[str, Any]:
    if not fault:
        return {"status": 200}
    return {"status": fault.status, "code": fault.code, "detail": in_language(fault.detail, get_language() or "")}


class FileBatchDetail(APIView):
    """A batch that goes on in the background."""

    permission_classes = [MayChange]

    @extend_schema(
        operation_id="get_file_batch",
        tags=["files"],
        responses={200: FileBatchSerializer, **problems(401, 403, 404)},
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """How far it is."""
        return Response(FileBatchSerializer(get_batch(request, pk)).data)

    @extend_schema(operation_id="stop_file_batch", tags=["files"], responses={204: None, **problems(401, 403, 404)})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Stop it. What is done stays done; nothing happens if it has ended."""
        file_batches.stop(principal_of(request.META), get_batch(request, pk))
        return Response(status=204)


def get_batch(request: Request, pk: uuid.UUID) -> FileBatch:
    """Raises `NotFound`, `Forbidden`."""
    principal = principal_of(request.META)
    row = file_batches.visible_to(principal).filter(pk=pk).first()
    if row is None:
        raise NotFound
    principal.require(ACTIONS[row.action].scope)
    return row


# The body


def read_order(principal: Principal, data: object) -> Order:
    """Raises `InvalidField`, `Forbidden`."""
    if not isinstance(data, dict):
        raise InvalidField("body", "The body must be a JSON object.")
    name = data.get("action")
    if not isinstance(name, str) or name not in ACTIONS:
        raise InvalidField("action", f"action must be one of {', '.join(ACTIONS)}.")
    principal.require(ACTIONS[name].scope)
    options = read_options(name, data)
    if "pipeline" in options:
        principal.require(Scope.FILES_WRITE)
        options["pipeline"] = decide_pipeline(principal, options["pipeline"], pipelines())
    if ("ids" in data) == ("filter" in data):
        raise InvalidField("ids", "Give either ids or filter.")
    if "ids" in data:
        return Order(name, read_ids(data["ids"]), options=options)
    principal.require(Scope.FILES_READ)
    return Order(name, where=read_filter(data["filter"]), options=options)


def read_options(name: str, data: Mapping[str, object]) -> Options:
    """Raises `InvalidField`, also for members that the action does not read."""
    action = ACTIONS[name]
    known = [each for each in (action.needs, action.takes) if each]
    members = ["action", "ids", "filter", *known]
    for member in data:
        if member not in members:
            only = ", ".join(members)
            raise InvalidField(member[:40], f"The action {name} takes no {member[:40]!r}, only {only}.")
    if action.needs and action.needs not in data:
        raise InvalidField(action.needs, f"The action {name} needs {action.needs}.")
    return cast("Options", {option: OPTIONS[option](data[option]) for option in known if option in data})


def read_tags(value: object) -> list[str]:
    tags = parse_tags(value)
    if not tags:
        raise InvalidField("tags", "Give at least one tag.")
    return tags


def read_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidField("permanently", "permanently must be true or false.")
    return value


def read_pipeline(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidField("pipeline", "There is no pipeline of this name.")
    return value


OPTIONS: Mapping[str, Callable[[object], object]] = {
    "tags": read_tags,
    "visibility": check_visibility,
    "permanently": read_flag,
    "pipeline": read_pipeline,
}


def read_ids(value: object) -> list[uuid.UUID]:
    """Each once, in the order in which they were given."""
    if not isinstance(value, list) or not 0 < len(value) <= MAX_IDS:
        raise InvalidField("ids", f"ids must be a list of 1 to {MAX_IDS} ids of files.")
    return list(dict.fromkeys(map(read_id, value)))


def read_id(value: object) -> uuid.UUID:
    try:
        return uuid.UUID(value) if isinstance(value, str) else uuid.UUID(None)
    except (ValueError, TypeError):
        raise InvalidField("ids", f"{str(value)[:40]!r} is not the id of a file.") from None


def read_filter(value: object) -> dict[str, str]:
    """As texts, which the parameters of the list are."""
    if not isinstance(value, dict) or not value:
        raise InvalidField("filter", "filter must be an object with at least one filter.")
    return {name: read_value(name, each) for name, each in value.items()}


def read_value(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    known = without_fraction(value)
    if not isinstance(known, str | int):
        raise InvalidField(name[:40], f"The value of {name[:40]} must be a string, a number, true or false.")
    return joined(name, [str(known)])
