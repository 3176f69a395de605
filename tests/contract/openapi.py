"""Reading an OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

from drf_spectacular import validation
from drf_spectacular.generators import SchemaGenerator
from jsonschema_rs import Draft202012Validator

Document = dict[str, Any]

METHODS = {"get", "head", "put", "post", "delete", "patch", "options"}


@cache
def own_document() -> Document:
    """As this process makes it, for no request."""
    found: Document = json.loads(json.dumps(cast("Any", SchemaGenerator)().get_schema(request=None, public=True)))
    return found


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert method in METHODS
            yield method, path, operation


def resolved(document: Document, node: Document) -> Document:
    """The node that a reference leads to."""
    while "$ref" in node:
        found: Any = document
        for key in node["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        node = found
    return node


def parameters(document: Document, operation: Document) -> list[Document]:
    return [resolved(document, each) for each in operation.get("parameters", [])]


def answers(document: Document, operation: Document) -> dict[str, Document]:
    return {status: resolved(document, each) for status, each in operation["responses"].items()}


def conforms(document: Document, schema: Document, body: object) -> None:
    _validator(json.dumps(schema), json.dumps(document["components"]["schemas"])).validate(body)


@cache
def _validator(schema: str, schemas: str) -> Draft202012Validator:
    whole = {**json.loads(schema), "components": {"schemas": json.loads(schemas)}}
    return Draft202012Validator(whole, validate_formats=True)


def require_valid(document: Document) -> None:
    """By OpenAPI's own JSON schema."""
    path = Path(validation.__file__).parent / "openapi_3_1_schema.json"
    Draft202012Validator(json.loads(path.read_text())).validate(document)
    for schema in document["components"]["schemas"].values():
        Draft202012Validator(schema | {"components": document["components"]})
