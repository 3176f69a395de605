"""What values of parameters and bodies may be, where drf-spectacular can't see it from the views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from picasso.access.owners import MAX_OWNER
from picasso.events.filter import MAX_PAGE, MAX_WAIT
from picasso.query_values import MAX_NUMBER, MAX_TEXT

NO_NUL = r"^[^\x00]+$"


def text(longest: int = MAX_TEXT) -> dict[str, Any]:
    return {"minLength": 1, "maxLength": longest, "pattern": NO_NUL}


def number(least: int, most: int = MAX_NUMBER) -> dict[str, Any]:
    return {"minimum": least, "maximum": most}


TYPE = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*/(\*|[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*)"

PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    # Also other printable characters.
    "owner": {"minLength": 1, "maxLength": MAX_OWNER, "pattern": "^[ -~]+$"},
    **{name: text(64) for name in ("processor", "pipeline", "error")},
    **{name: text() for name in ("action", "actor", "target", "address")},
    "name": text(255),
    "after": number(0),
    "Last-Event-ID": number(0),
    "limit": number(1, MAX_PAGE),
    "wait": number(0, MAX_WAIT),
    "size_min": number(0),
    "size_max": number(0),
    "sha256": {"pattern": "^[0-9A-Fa-f]{64}$"},
    "media_type": {"pattern": f"^{TYPE}(,{TYPE}){{0,9}}$"},
}
"""Of parameters that are not in paths, by name."""


def of_parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    """Its schema with all constraints."""
    known = {} if parameter["in"] == "path" or "enum" in parameter["schema"] else PARAMETERS.get(parameter["name"], {})
    return {**known, **parameter["schema"]}


def constrain_requests(schemas: dict[str, Any]) -> None:
    """Bodies have no members that nothing reads."""
    for name, schema in schemas.items():
        if name.endswith("Request") and schema.get("type") == "object":
            schema["additionalProperties"] = False
    jobs = schemas["FilterRequest"]
    jobs["minProperties"] = 1
    for name in ("processor", "pipeline", "error"):
        jobs["properties"][name].update(text(64))
    for name in ("WebhookRequest", "PatchedWebhookRequest", "NewImportRequest"):
        schemas[name]["properties"]["url"]["pattern"] = "^[Hh][Tt][Tt][Pp][Ss]?://.+"
