"""What a JSON Merge Patch (RFC 7396) may change of a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from rest_framework import serializers

from picasso.api.json_parser import JSONParser
from picasso.errors import InvalidField
from picasso.files.change import Changes
from picasso.metadata import parse_tags
from picasso.models import Visibility
from picasso.receive.new_file import MAX_NAME, clean_name
from picasso.receive.terms import check_visibility, parse_expiry


class MergePatchParser(JSONParser):
    media_type = "application/merge-patch+json"


class FileChangesSerializer(serializers.Serializer[Any]):
    """For the schema."""

    name = serializers.CharField(max_length=MAX_NAME, required=False)
    visibility = serializers.ChoiceField(choices=Visibility.choices, required=False)
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="In the future. Null: it does not expire."
    )
    tags = serializers.ListField(child=serializers.CharField(), required=False, help_text="Replaces all tags.")
    attributes = serializers.DictField(
        required=False, help_text="Merged into the attributes, also within objects; null removes a key."
    )


def name(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME:
        raise InvalidField("name", f"The name must be a string of 1 to {MAX_NAME} characters.")
    return clean_name(value)


def expiry(value: object) -> object:
    return None if value is None else parse_expiry(value)


def attributes(value: object) -> object:
    """The patch; `change` merges it."""
    if value is not None and not isinstance(value, dict):
        raise InvalidField("attributes", "attributes must be an object; null removes all.")
    return value


READERS: Mapping[str, Callable[[object], object]] = {
    "name": name,
    "visibility": check_visibility,
    "expires_at": expiry,
    "tags": parse_tags,
    "attributes": attributes,
}


def file_changes(data: object) -> Changes:
    """Raises `InvalidField`."""
    if not isinstance(data, dict):
        raise InvalidField("body", "The body must be a JSON object.")
    for field in data:
        if field not in READERS:
            raise InvalidField(str(field)[:40], f"Only {', '.join(READERS)} can be changed.")
    return cast("Changes", {field: READERS[field](value) for field, value in data.items()})
