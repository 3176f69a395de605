"""What every view of JSON needs: the errors that it may answer, and the checked content of a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from rest_framework import serializers

from picasso.api.errors import ProblemSerializer
from picasso.api.field_errors import fault_of
from picasso.errors import PROBLEM_JSON, InvalidField
from picasso.query_values import require_all


def problems(*statuses: int) -> dict[Any, Any]:
    return {(status, PROBLEM_JSON): ProblemSerializer for status in statuses}


def validated(serializer: serializers.BaseSerializer[Any]) -> dict[str, Any]:
    """The checked content of a request. Raises `InvalidField`, also for members that nothing reads."""
    require_known_members(serializer)
    require_types(serializer)
    try:
        known = serializer.is_valid()
    except RecursionError as fault:
        raise InvalidField("body", "The body is nested too deeply.") from fault
    if not known:
        first, *others = [fault_of(serializer, str(field), found) for field, found in dict(serializer.errors).items()]
        raise InvalidField(first["field"], first["detail"], *others)
    values: dict[str, Any] = serializer.validated_data
    return values


def require_types(serializer: serializers.BaseSerializer[Any]) -> None:
    """DRF takes 5 for "5", and "no" for false. Raises `InvalidField` for what has another type than the schema says."""
    if isinstance(serializer, serializers.Serializer) and isinstance(serializer.initial_data, dict):
        fields, sent = serializer.fields, serializer.initial_data
        require_all(partial(require_type, name, fields[name], value) for name, value in sent.items())


def require_type(name: str, field: Any, value: Any) -> None:
    """Raises `InvalidField`."""
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        for each in value:
            require_type(name, field.child, each)
    elif value is not None and not isinstance(value, dict | list):
        kind = next((kind for kind in TYPES if isinstance(field, kind)), None)
        if kind and (type(value) not in TYPES[kind][0]):
            sentence = TYPES[kind][1]
            raise InvalidField(name, sentence(name))


TYPES: Mapping[type[serializers.Field[Any, Any, Any, Any]], tuple[tuple[type, ...], Callable[[str], str]]] = {
    serializers.BooleanField: ((bool,), lambda name: f"{name} must be true or false."),
    serializers.IntegerField: ((int, float), lambda name: f"{name} must be a whole number."),
    serializers.CharField: ((str,), lambda name: f"{name} must be a string."),
    serializers.ChoiceField: ((str,), lambda name: f"{name} must be a string."),
}
"""The types that JSON has for a field."""


def require_known_members(serializer: serializers.BaseSerializer[Any]) -> None:
    """A misspelt limit must not silently be none. Raises `InvalidField`."""
    if not isinstance(serializer, serializers.Serializer) or not isinstance(serializer.initial_data, dict):
        return
    known = [name for name, field in serializer.fields.items() if not field.read_only]
    for name in serializer.initial_data:
        if name in serializer.fields and name not in known:
            raise InvalidField(name, f"{name} can't be set.")
        if name not in known:
            raise InvalidField(str(name)[:40], f"There is no {str(name)[:40]!r} here, only {', '.join(known)}.")


def utc(at: int) -> datetime:
    """Of Unix time."""
    return datetime.fromtimestamp(at, UTC)
