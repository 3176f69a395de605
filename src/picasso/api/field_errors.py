"""What is wrong with a member of a body, in our own words. DRF tells the member, a code, and a sentence of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.settings import api_settings

from picasso.errors import FieldError

NON_FIELD_ERRORS_KEY = api_settings.NON_FIELD_ERRORS_KEY

Sentence = Callable[[str, Any], str]
"""From the name of a member and its field."""

BY_CODE: Mapping[str, Sentence] = {
    "required": lambda name, _: f"{name} is missing.",
    "null": lambda name, _: f"{name} must not be null.",
    "blank": lambda name, _: f"{name} must not be empty.",
    "empty": lambda name, _: f"{name} must not be empty.",
    "not_a_list": lambda name, _: f"{name} must be a list.",
    "not_a_dict": lambda name, _: f"{name} must be an object.",
    "invalid_choice": lambda name, field: f"{name} must be one of {', '.join(map(str, field.choices))}.",
    "max_value": lambda name, field: f"{name} must be at most {field.max_value}.",
    "min_value": lambda name, field: f"{name} must be at least {field.min_value}.",
    "max_length": lambda name, field: too_long(name, field.max_length, is_text=is_text(field)),
    "min_length": lambda name, field: too_short(name, field.min_length, is_text=is_text(field)),
}

BY_TYPE: Mapping[type[Any], Sentence] = {
    serializers.DateTimeField: lambda name, _: f"{name} must be a time such as 2026-11-29T12:00:00Z.",
    serializers.UUIDField: lambda name, _: f"{name} must be an id such as 0190f4e6-5d3c-7b1a-9c0e-2f6a8b4d1e35.",
    serializers.IntegerField: lambda name, _: f"{name} must be a whole number.",
    serializers.FloatField: lambda name, _: f"{name} must be a number.",
    serializers.BooleanField: lambda name, _: f"{name} must be true or false.",
    serializers.SlugField: lambda name, _: f"{name} may have letters of ASCII, digits, hyphens and underscores only.",
    serializers.CharField: lambda name, _: f"{name} must be a string.",
    serializers.Serializer: lambda _name, _field: "The body must be a JSON object.",
}
"""For a value that is none of this type. The first type that fits counts."""


def fault_of(serializer: serializers.BaseSerializer[Any], member: str, found: Any) -> FieldError:
    """One fault of a member. ``found`` is what DRF has about it: lists and objects with its sentences inside."""
    field: Any = getattr(serializer, "fields", {}).get(member, serializer)
    name = "body" if member == NON_FIELD_ERRORS_KEY else member
    path, field, detail = first_detail(name, field, found)
    return FieldError(field=name, detail=sentence_of(path, field, detail))


def first_detail(path: str, field: Any, found: Any) -> tuple[str, Any, Any]:
    """The first sentence in it, with the path to what it is about, such as ``scopes[0]``, and the field of that."""
    while isinstance(found, list | dict):
        if isinstance(found, list):
            found = found[0]
            continue
        key, found = next(iter(found.items()))
        if isinstance(field, serializers.ListField | serializers.DictField):
            path, field = f"{path}[{key}]", field.child
    return path, field, found


def sentence_of(name: str, field: Any, detail: Any) -> str:
    """Our own sentence for one of DRF's. The others are our own already."""
    if is_of_library(field, detail):
        by_type = next((say for kind, say in BY_TYPE.items() if isinstance(field, kind)), None)
        if say := BY_CODE.get(detail.code) or by_type:
            return say(name, field)
    return str(detail) if str(detail).startswith(name) else f"{name}: {detail}"


def is_of_library(field: Any, detail: Any) -> bool:
    """Whether DRF says it: by a code of the field, with the words that the field has for that."""
    words = str(getattr(field, "error_messages", {}).get(detail.code, "")).partition("{")[0]
    return bool(detail.code in BY_CODE or (words and str(detail).startswith(words)))


def is_text(field: Any) -> bool:
    return isinstance(field, serializers.CharField)


def too_long(name: str, most: int, *, is_text: bool) -> str:
    return f"{name} must have at most {most} characters." if is_text else f"{name} must have at most {most} items."


def too_short(name: str, least: int, *, is_text: bool) -> str:
    if least == 1:
        return f"{name} must not be empty."
    return f"{name} must have at least {least} characters." if is_text else f"{name} must have at least {least} items."
