"""What members of bodies may be, where no serializer says it: texts, URLs, attributes, actions on many files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings

from picasso.api.openapi.constraints import NO_NUL, ONE_TYPE, PARAMETERS, TAG, line, number
from picasso.api.openapi.installation import pipeline_names, remote_names
from picasso.api.openapi.project_settings import TYPE, settings_of_projects
from picasso.files.filters import MAX_FILTERS
from picasso.metadata import MAX_KEY, MAX_NUMBER, MAX_TAGS, MIN_NUMBER
from picasso.models import File
from picasso.process.file_actions import ACTIONS

NOT_BLANK = r"^[^\x00]*[^\s\x00\x1c-\x1f\x85][^\x00]*$"
"""Without NUL, and not only spaces."""

BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
LABEL = "[A-Za-z0-9_][A-Za-z0-9_-]{0,62}"
URL = rf"^[Hh][Tt][Tt][Pp][Ss]?://({LABEL}\.){{0,8}}[A-Za-z_][A-Za-z0-9_-]{{0,62}}(:(80|443))?(/[^\x00-\x20\x7f\\]*)?$"
"""With the name of a host. Addresses and other ports are possible where the settings allow them."""

TYPE_OR_FAMILY = r"^\s*(\*|\*/\*|[A-Za-z0-9][A-Za-z0-9.+-]{0,62}/(\*|[A-Za-z0-9][A-Za-z0-9.+-]{0,125}\*?))\s*$"
"""A media type, or the beginning of some: ``image/png``, ``image/*``, ``*``."""

WHICH_DELIVERIES = {
    "if": {"required": ["failed"], "properties": {"failed": {"const": True}}},
    "else": {"anyOf": [{"required": ["deliveries"]}, {"required": ["since"]}]},
}

NETWORK = {
    "type": "string",
    "anyOf": [
        {"format": "ipv4"},
        {"format": "ipv6"},
        {"pattern": rf"^{BYTE}(\.{BYTE}){{3}}/([12]?[0-9]|3[0-2])$"},
    ],
}
DER = "MCowBQYDK2VwAyEA[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="
PUBLIC_KEY = rf"^(-----BEGIN PUBLIC KEY-----\n{DER}\n-----END PUBLIC KEY-----\n?)?$"
"""Of Ed25519, in PEM."""

TAGS = {"type": "array", "items": TAG, "maxItems": MAX_TAGS}

VALUE = {"$ref": "#/components/schemas/Value"}
NAMES = {"maxLength": MAX_KEY, "pattern": NO_NUL}
VALUES: dict[str, Any] = {
    "Value": {
        "description": "A value of JSON as attributes may have it. Numbers are neither very small nor very large.",
        "if": {"type": "number"},
        "then": {
            "anyOf": [
                {"const": 0},
                {"minimum": MIN_NUMBER, "maximum": MAX_NUMBER},
                {"minimum": -MAX_NUMBER, "maximum": -MIN_NUMBER},
            ]
        },
        "else": {
            "anyOf": [
                {"type": "string", "pattern": NO_NUL},
                {"type": ["boolean", "null"]},
                {"type": "array", "items": VALUE},
                {"type": "object", "additionalProperties": VALUE, "propertyNames": NAMES},
            ]
        },
    }
}
ATTRIBUTES_OF_FILE = {
    "type": "object",
    "additionalProperties": {},
    "propertyNames": NAMES,
    # Not as `additionalProperties`: generators of clients do not know values that hold others of their kind.
    "patternProperties": {"^": VALUE},
}


def constrain(schemas: dict[str, Any]) -> None:
    """Bodies have no members that nothing reads, and no values that are refused."""
    schemas.update(VALUES)
    for name, schema in schemas.items():
        if name.endswith("Request") and schema.get("type") == "object":
            schema["additionalProperties"] = False
            # Of jobs, pipelines that there were once can be asked for, too.
            for member, each in schema["properties"].items() if name != "FilterRequest" else ():
                constrain_member(member, each)
            for text in texts(schema):
                text["pattern"] = NOT_BLANK if text.get("minLength") else NO_NUL
    constrain_batch(schemas["NewFileBatchRequest"])
    jobs = schemas["FilterRequest"]
    jobs["minProperties"] = 1
    for name in ("processor", "pipeline", "error"):
        jobs["properties"][name].update(line(64))
    found = settings_of_projects(has_scanner=bool(settings.PICASSO.clamd))
    for name in ("ProjectRequest", "PatchedProjectRequest"):
        for member, each in found.items():
            schemas[name]["properties"][member].update(each)
    for name in ("WebhookRequest", "PatchedWebhookRequest"):
        schemas[name]["properties"]["media_types"]["items"]["pattern"] = TYPE_OR_FAMILY
    schemas["ReplayRequest"].update(WHICH_DELIVERIES)
    processors = schemas["ClaimRequest"]["properties"]["processors"]
    processors["minItems"] = 1
    processors["items"].update(remote_names())


def texts(schema: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The texts in a schema of which nothing is known."""
    for each in schema.get("properties", {}).values():
        found = each.get("items", each)
        if found.get("type") == "string" and not found.keys() & {"pattern", "enum", "format"}:
            yield found


def constrain_member(name: str, schema: dict[str, Any]) -> None:
    match name:
        case "pipeline":
            schema.update(pipeline_names())
        case "pipelines":
            schema["items"] = {"type": "string", **pipeline_names()}
        case "expires_at":
            schema.pop("minLength", None)
            schema["format"] = "date-time"
        case "tags":
            schema.update(TAGS)
        case "attributes":
            schema.update(ATTRIBUTES_OF_FILE)
        case "url" | "webhook_url":
            schema["pattern"] = URL
        case "networks":
            schema["items"] = NETWORK
        case "public_key":
            schema["pattern"] = PUBLIC_KEY
        case "media_types":
            schema["items"]["pattern"] = TYPE
        case "types":
            schema["items"]["pattern"] = f"^{ONE_TYPE}$"


def with_pipelines(content: Mapping[str, Any]) -> dict[str, Any]:
    """A body whose schema is in its place, such as a form, with the names of the pipelines."""
    schema = content.get("schema", {})
    if "pipeline" not in schema.get("properties", {}):
        return dict(content)
    pipeline = {**schema["properties"]["pipeline"], **pipeline_names()}
    return {**content, "schema": {**schema, "properties": {**schema["properties"], "pipeline": pipeline}}}


# Actions on many files


def constrain_batch(schema: dict[str, Any]) -> None:
    """Either ``ids`` or ``filter``, and the members that the action reads.

    As conditions, which generators of clients leave out: alternatives would be a type each.
    """
    schema["properties"]["filter"].update(filter_of_files())
    schema["if"] = {"required": ["ids"]}
    schema["then"] = {"properties": {"filter": False}}
    schema["else"] = {"required": ["filter"]}
    schema["dependentSchemas"] = {"action": of_actions(sorted({(each.needs, each.takes) for each in ACTIONS.values()}))}


def of_actions(kinds: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """What holds for each kind of actions, by the members that they need and take."""
    (needs, takes), *others = kinds
    names = [name for name, each in ACTIONS.items() if (each.needs, each.takes) == (needs, takes)]
    if not others:
        return of_action(needs, takes)
    condition = {"properties": {"action": {"enum": names}}}
    return {"if": condition, "then": of_action(needs, takes), "else": of_actions(others)}


def of_action(needs: str, takes: str) -> dict[str, Any]:
    """What holds for an action that needs and takes these members."""
    others = {"tags", "visibility", "permanently", "pipeline"} - {needs, takes}
    least = {"tags": {"minItems": 1}} if needs == "tags" else {}
    return {"required": list(filter(None, [needs])), "properties": {**least, **dict.fromkeys(sorted(others), False)}}


def filter_of_files() -> dict[str, Any]:
    """As the parameters of the list of files, with numbers and truth values of JSON too."""
    size = {"anyOf": [number(0), {"type": "string", "pattern": "^[0-9]{1,18}$"}]}
    moment = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]}
    value = {"type": "string", **line()}
    return {
        "minProperties": 1,
        "maxProperties": MAX_FILTERS,
        "properties": {
            "state": {"type": "string", "enum": File.State.values},
            "processed": {"anyOf": [{"type": "boolean"}, {"type": "string", "enum": ["true", "false"]}]},
            "uploaded_after": moment,
            "uploaded_before": moment,
            "size_min": size,
            "size_max": size,
            "tag": TAG,
            **{
                name: {"type": "string", **PARAMETERS[name]}
                for name in ("media_type", "sha256", "name", "owner", "pipeline", "error")
            },
        },
        "patternProperties": {
            rf"^attributes\.[^\x00]{{1,{MAX_KEY}}}$": {"anyOf": [value, {"type": ["boolean", "integer"]}]}
        },
        "additionalProperties": False,
    }
