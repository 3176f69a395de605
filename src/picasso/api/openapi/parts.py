"""Small parts of an OpenAPI document: parameters, headers, responses."""

from __future__ import annotations

from typing import Any

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
BYTES = {"schema": {"type": "string", "format": "binary"}}

MOMENT = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$"


def problems(**reasons: str) -> dict[str, Any]:
    """Error responses by status: ``s404="…"``. `picasso.api.openapi.errors` adds the codes."""
    return {status.removeprefix("s"): {"description": why, "content": PROBLEM} for status, why in reasons.items()}


def header_docs(**headers: str) -> dict[str, Any]:
    """Response headers by name; underscores stand for hyphens."""
    return {
        name.replace("_", "-"): {"description": what, "schema": {"type": "string"}} for name, what in headers.items()
    }


def path_parameter(name: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", **schema}}


def header(name: str, what: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": what, "schema": {"type": "string", **schema}}


def query(name: str, what: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "string", **schema}, "description": what}


def component(kind: str, name: str) -> dict[str, str]:
    """A reference to ``#/components/<kind>/<name>``."""
    return {"$ref": f"#/components/{kind}/{name}"}
