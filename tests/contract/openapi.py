"""Reading an OpenAPI document."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stderr
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, cast

from drf_spectacular import validation
from drf_spectacular.generators import SchemaGenerator
from jsonschema_rs import Draft202012Validator

Document = dict[str, Any]

METHODS = {"get", "head", "put", "post", "delete", "patch", "options"}


class Made(NamedTuple):
    document: Document
    warnings: str


@cache
def made_here() -> Made:
    """What this process makes for no request. drf-spectacular prints to stderr what it can't know or has to rename."""
    with redirect_stderr(io.StringIO()) as warnings:
        found: object = cast("Any", SchemaGenerator)().get_schema(request=None, public=True)
    return Made(json.loads(json.dumps(found)), warnings.getvalue())


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


# With the document, so that no other one gets its id.
_VALIDATORS: dict[tuple[int, str], tuple[Document, Draft202012Validator]] = {}


def conforms(document: Document, schema: Document, body: object) -> None:
    key = (id(document), json.dumps(schema))
    if key not in _VALIDATORS:
        whole = {**schema, "components": {"schemas": document["components"]["schemas"]}}
        _VALIDATORS[key] = (document, Draft202012Validator(whole, validate_formats=True))
    _VALIDATORS[key][1].validate(body)


def require_valid(document: Document) -> None:
    """By OpenAPI's own JSON schema."""
    path = Path(validation.__file__).parent / "openapi_3_1_schema.json"
    Draft202012Validator(json.loads(path.read_text())).validate(document)
    for schema in document["components"]["schemas"].values():
        Draft202012Validator(schema | {"components": document["components"]})
