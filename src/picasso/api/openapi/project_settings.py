"""The settings of a project that are JSON, as a schema. What checks them: `picasso.access.project_settings`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from picasso.access.host_patterns import MAX_HOSTS
from picasso.access.project_settings import SCAN_OPTIONS
from picasso.access.quotas import MAX, NAMES
from picasso.policy.active_content import KINDS
from picasso.policy.model import OTHERS, SUBJECTS, Reaction
from picasso.policy.parse import MAX_BYTES, MAX_PATTERNS
from picasso.rate_policies import PROJECT_NAMES

TYPE = r"^\s*(\*|[A-Za-z0-9*?][A-Za-z0-9.+*?-]{0,62}/[A-Za-z0-9*?][A-Za-z0-9.+*?-]{0,126})\s*$"
"""A pattern of media types: ``image/*``, ``application/pdf``, ``*``."""

HOST = {"type": "string", "pattern": r"^(\*\.)?[a-z0-9_]([a-z0-9_.-]{0,250}[a-z0-9_])?$"}
HOSTS = {"type": "array", "items": HOST, "maxItems": MAX_HOSTS}
ORIGIN = {"type": "string", "pattern": r"^[a-z][a-z0-9+.-]*://[a-z0-9._-]+(:[1-9]\d{2,4})?$"}
ORIGINS = {"anyOf": [{"items": ORIGIN}, {"items": {"const": "*"}, "maxItems": 1}]}
WINDOW = r"([1-9]\d{0,5}s?|[1-9]\d{0,3}m|[1-9]\d?h|([1-9]|[12]\d|3[01])d|[smhd])"
RATE = {"type": "string", "pattern": rf"^(off|[1-9]\d{{0,8}}/{WINDOW})$"}
REACTION = {"type": "string", "enum": list(Reaction)}
BYTES = {"type": "integer", "minimum": 1, "maximum": MAX_BYTES}
TYPES = {"type": "array", "items": {"type": "string", "pattern": TYPE}, "maxItems": MAX_PATTERNS}


def members(properties: Mapping[str, Any]) -> dict[str, Any]:
    """An object with these members only; each may be left out."""
    return {"properties": dict(properties), "additionalProperties": False}


LIMIT = {"type": ["integer", "null"], "minimum": 0, "maximum": MAX - 1}
QUOTAS = members(dict.fromkeys(NAMES, LIMIT))
SIZES = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": MAX_PATTERNS,
    "propertyNames": {"pattern": TYPE},
    "additionalProperties": BYTES,
}


REACTIONS = {"type": "object", "propertyNames": {"enum": [*KINDS, OTHERS]}, "additionalProperties": REACTION}


def or_null(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: {"anyOf": [each, {"type": "null"}]} for name, each in properties.items()}


SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "policy": members(
        or_null(
            {
                "allowed_types": {**TYPES, "minItems": 1},
                "forbidden_types": TYPES,
                "max_size": {"anyOf": [BYTES, SIZES]},
                **dict.fromkeys(SUBJECTS, REACTION),
                "active_content": {"anyOf": [REACTION, REACTIONS]},
            }
        )
    ),
    "quotas": QUOTAS,
    "owner_quotas": QUOTAS,
    "rates": members(dict.fromkeys(PROJECT_NAMES, RATE)),
    "scan": members(
        {
            "enabled": {"type": "boolean", "description": "Only where the service has a scanner."},
            **{name: {"type": "string", "enum": list(choices)} for name, choices in SCAN_OPTIONS.items()},
        }
    ),
    "imports": members({"allowed": {"type": "boolean"}, "hosts": HOSTS}),
    "cors_origins": ORIGINS,
    "webhook_hosts": HOSTS,
}


def settings_of_projects(*, has_scanner: bool) -> dict[str, Mapping[str, Any]]:
    """By name."""
    if has_scanner:
        return dict(SETTINGS)
    properties = {
        **SETTINGS["scan"]["properties"],
        "enabled": {"type": "boolean", "not": {"const": True}, "description": "Not true: there is no scanner."},
    }
    return {**SETTINGS, "scan": members(properties)}
