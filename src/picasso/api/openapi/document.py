"""Joins the parts: drf-spectacular's document of the views, and what it does not know."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from picasso import addresses
from picasso.api.openapi import bodies, constraints, credentials, errors, examples, handlers, links, methods, uploads
from picasso.api.openapi.operations import ROWS, Row
from picasso.api.openapi.parts import component, header_docs

ORDER = ("get", "head", "post", "put", "patch", "delete", "options")
HEALTH = (addresses.ALIVE, addresses.READY)
PAGES_OF_LINK = "The addresses of the neighbouring pages (RFC 8288)."
RATES = header_docs(RateLimit="What remains of each limit.", RateLimit_Policy="The limits: quota and window.")
SUCCESS_HEADERS: Mapping[tuple[str, str], dict[str, Any]] = {
    **{(name, "201"): header_docs(Location="Its address.") for name in ("create_import",)},
    ("change_files", "202"): header_docs(Location="Where its progress is."),
    ("get_file", "200"): header_docs(Preference_Applied="`wait=30`, if the service has waited."),
}


def complete(result: dict[str, Any]) -> dict[str, Any]:
    """The whole document. ``result`` is that of the views."""
    paths = {**result["paths"], **handlers.OPERATIONS}
    document = Document(result["components"]["schemas"])
    result["paths"] = {path: document.path(path, paths[path]) for path in sorted(paths)}
    result["tags"] = [{"name": name, "description": what} for name, what in TAGS.items()]
    result["components"].update(document.components())
    return result


WHOLE = ("Audit", "Key", "NewKey", "NewWebhook", "Project", "Webhook")
"""Answers that have all of their members. drf-spectacular takes those for optional that a request may leave out."""

TAGS = {
    "upload": "Uploads in one request, and resumable ones by tus or by the IETF draft.",
    "files": "Files: list, show, change, delete, download.",
    "trash": "Deleted files that can be restored.",
    "imports": "Files that the service fetches from URLs.",
    "events": "What has happened, as a list or as a stream.",
    "webhooks": "Messages to other applications.",
    "jobs": "The processing of files.",
    "remote processors": "For workers elsewhere: take jobs, send results.",
    "queues": "The queues of jobs.",
    "system": "The service itself: health, workers, figures over time, checks, settings.",
    "access": "Projects, keys, tokens, usage and the audit log.",
    "service": "The directory of the service.",
    "schema": "This document.",
    "health": "Checks for monitors and load balancers.",
}


class Document:
    def __init__(self, schemas: dict[str, Any]) -> None:
        self._schemas = {**schemas, **uploads.SCHEMAS, **methods.SCHEMAS}
        self._schemas["Problem"]["properties"].update(errors.MEMBERS)
        bodies.constrain(self._schemas)
        for name in WHOLE:
            self._schemas[name]["required"] = sorted(self._schemas[name]["properties"])
        self._schemas["Error"]["properties"]["code"]["examples"] = errors.OF_RESOURCES
        self._responses = errors.Registry()
        self._parameters: dict[str, dict[str, Any]] = {}

    def components(self) -> dict[str, Any]:
        answers = {name: {"value": value} for name, value in examples.ANSWERS.items() if name in self._schemas}
        return {
            "schemas": dict(sorted(self._schemas.items())),
            "responses": self._responses.found,
            "parameters": self._parameters,
            "examples": {**answers, **errors.problem_examples()},
            "securitySchemes": credentials.SCHEMES,
        }

    def path(self, path: str, operations: Mapping[str, Any]) -> dict[str, Any]:
        """All operations of a path, with HEAD and OPTIONS."""
        found = {method: self._described(path, each) for method, each in operations.items()}
        if "get" in found:
            found.setdefault("head", methods.head_of(found["get"]))
        if handlers.has_options(path):
            options = methods.options_of(path, next(iter(found.values())), handlers.OPTIONS.get(path))
            found["options"] = {**options, "summary": "Show the methods of this address"}
        rows = {method: row_of(first_of(operations, method, each)) for method, each in found.items()}
        return {
            method: self._finished(path, method, found[method], rows[method]) for method in ORDER if method in found
        }

    def _described(self, path: str, operation: Mapping[str, Any]) -> dict[str, Any]:
        row = row_of(operation)
        text = operation.get("description", "").strip() or f"{row.summary}."
        return {"operationId": operation["operationId"], "summary": row.summary, **operation, "description": text}

    def _finished(self, path: str, method: str, operation: dict[str, Any], row: Row) -> dict[str, Any]:
        parameters = [*operation.get("parameters", []), *credentials.parameters(path)]
        successes = {status: each for status, each in operation["responses"].items() if status < "4"}
        declared = {status: each for status, each in operation["responses"].items() if status >= "4"}
        codes = codes_of(path, method, operation, row)
        refused = errors.responses(codes, declared, head=method == "head")
        names = {each["name"] for each in parameters}
        return {
            **operation,
            "summary": f"{operation['summary']}: headers only" if method == "head" else operation["summary"],
            "security": credentials.security(path, method, row.scope),
            "parameters": [self._parameter(path, each) for each in parameters],
            **({"requestBody": self._body(operation["requestBody"])} if "requestBody" in operation else {}),
            "responses": {
                **{
                    status: self._success(path, operation["operationId"], status, each, names)
                    for status, each in successes.items()
                },
                **{status: self._responses.reference(status, each) for status, each in refused.items()},
            },
        }

    def _parameter(self, path: str, parameter: dict[str, Any]) -> dict[str, Any]:
        found = {**parameter, "schema": constraints.of_parameter(path, parameter)}
        if "example" in found["schema"]:
            found["example"] = found["schema"].pop("example")
        if found["in"] == "path":
            found["example"] = examples.in_path(path, found["name"])
            return found
        return self._shared(found)

    def _shared(self, parameter: dict[str, Any]) -> dict[str, str]:
        """A parameter is written once, in ``components/parameters``."""
        base, number = re.sub(r"[^A-Za-z0-9_-]", "_", parameter["name"]), 1
        while self._parameters.setdefault(name := f"{base}{number if number > 1 else ''}", parameter) != parameter:
            number += 1
        return component("parameters", name)

    def _body(self, body: dict[str, Any]) -> dict[str, Any]:
        content = {
            media_type: self._with_example(bodies.with_pipelines(each), examples.REQUESTS)
            for media_type, each in body["content"].items()
        }
        needed = {"required": True} if any(map(self._needs_members, content.values())) else {}
        return {**body, **needed, "content": content}

    def _needs_members(self, content: Mapping[str, Any]) -> bool:
        """Whether a body of JSON must have something in it."""
        schema = self._schemas.get(content.get("schema", {}).get("$ref", "").rpartition("/")[2], {})
        return bool(schema.get("minProperties") or schema.get("else"))

    def _success(
        self, path: str, operation: str, status: str, response: dict[str, Any], parameters: set[str]
    ) -> dict[str, Any]:
        content = {
            media_type: self._answer(media_type, each) for media_type, each in response.get("content", {}).items()
        }
        headers = {**response.get("headers", {}), **SUCCESS_HEADERS.get((operation, status), {})}
        if {"page", "cursor"} & parameters:
            headers.update(header_docs(Link=PAGES_OF_LINK))
        if path not in HEALTH:
            headers.update(RATES)
        found = links.links_of(operation, status, parameters)
        return {
            "description": response.get("description") or SUCCESS[status],
            **({"headers": headers} if headers else {}),
            **({"content": content} if content else {}),
            **({"links": found} if found else {}),
        }

    def _answer(self, media_type: str, content: dict[str, Any]) -> dict[str, Any]:
        if media_type in examples.LINES and "examples" not in content:
            return {**content, "examples": {"lines": {"value": examples.LINES[media_type]}}}
        if content["schema"].get("additionalProperties") == {} and "properties" not in content["schema"]:
            return {**content, "examples": {"document": {"value": examples.DOCUMENT}}}  # the only free object
        return self._with_example(content, examples.ANSWERS)

    def _with_example(self, content: dict[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
        if "examples" in content or "example" in content:
            return content
        name, value = self._example(content["schema"], table)
        return {**content, "examples": {name: value}} if name else content

    def _example(self, schema: Mapping[str, Any], table: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """The name of an example and the example; empty if there is none."""
        if schema.get("type") == "array":
            name, _ = self._example(schema["items"], table)
            return name, {"value": [table[name]]} if name else {}
        name = schema.get("$ref", "").rpartition("/")[2]
        if match := re.fullmatch(r"Paginated(\w+)List", name):
            return name, {"value": examples.of_page([table[match[1]]], self._schemas[name])}
        if name not in table:
            return "", {}
        return name, component("examples", name) if table is examples.ANSWERS else {"value": table[name]}


SUCCESS = {
    "200": "It was done.",
    "201": "It was created.",
    "202": "It was accepted.",
    "204": "It was done. There is nothing to show.",
    "304": "Nothing has changed.",
}


def first_of(operations: Mapping[str, Any], method: str, operation: Mapping[str, Any]) -> Mapping[str, Any]:
    """The operation whose row counts: for HEAD that of GET, for OPTIONS the first one of the path."""
    if method == "head" and "head" not in operations:
        found: Mapping[str, Any] = operations["get"]
        return found
    return next(iter(operations.values())) if method == "options" else operation


def row_of(operation: Mapping[str, Any]) -> Row:
    """A test holds that each operation has a row. Without one the description must do."""
    first, _, _ = operation.get("description", "").partition(".")
    return ROWS.get(operation["operationId"]) or Row(first.strip() or operation["operationId"])


def codes_of(path: str, method: str, operation: Mapping[str, Any], row: Row) -> list[str]:
    if path in HEALTH:
        return list(row.codes)
    found = [*errors.ANYWHERE, *(row.codes if method != "options" else ())]
    # A wrong credential is refused also where none is needed.
    found += errors.WITH_CREDENTIALS
    if method in {"post", "put", "patch", "delete"}:
        found += errors.CHANGES
    if "application/json" in json.dumps(operation["responses"].get("200", {})):
        found += errors.JSON_ANSWER
    return found
