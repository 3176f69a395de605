"""The OpenAPI document is whole: every route, method, error and scope is in it, in words and with examples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from jsonschema_rs import Draft202012Validator

from picasso import addresses
from picasso.api.openapi.handlers import has_options
from picasso.api.openapi.operations import ROWS
from picasso.api.urls import urlpatterns
from picasso.error_codes import JOB_CODES, REQUEST_CODES
from picasso.process.file_actions import ACTIONS
from tests.contract.openapi import (
    Document,
    answers,
    conforms,
    made_here,
    operations,
    parameters,
    require_valid,
    resolved,
)
from tests.flow import test_matrix as matrix

ONLY_OF_PAGES = {"sign-in-refused", "sign-in-locked"}
"""Codes of the pages where people sign in, which are no part of the API."""

FOR_EVERYBODY = {
    addresses.HOME,
    addresses.API,
    addresses.DOCS,
    addresses.SCHEMA,
    addresses.ERROR_CODES,
    addresses.ALIVE,
    addresses.READY,
}


@pytest.fixture(scope="module")
def document() -> Document:
    return made_here().document


def test_it_is_valid(document: Document) -> None:
    assert document["openapi"].startswith("3.1.")
    require_valid(document)


def test_a_broken_document_would_be_noticed(document: Document) -> None:
    upload = document["paths"][addresses.UPLOAD]["post"]
    broken = {**upload, "responses": {**upload["responses"], "201": {}}}
    with pytest.raises(Exception, match="description"):
        require_valid({**document, "paths": {addresses.UPLOAD: {"post": broken}}})


def test_every_reference_leads_somewhere(document: Document) -> None:
    def references(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for inner in node.values():
                yield from references(inner)
        elif isinstance(node, list):
            for inner in node:
                yield from references(inner)

    found = set(references(document))
    assert "#/components/schemas/Problem" in found
    for reference in found:
        assert resolved(document, {"$ref": reference}) is not None


def test_making_it_warns_of_nothing() -> None:
    assert made_here().warnings == ""


def test_every_route_and_method_is_in_it(document: Document) -> None:
    for each in urlpatterns:
        path = addresses.API + re.sub(r"<\w+:(\w+)>", r"{\1}", str(each.pattern)).replace("{pk}", "{id}")
        methods = {name.lower() for name in matrix.names_of(each.callback)}
        methods |= ({"head"} if "get" in methods else set()) | ({"options"} if has_options(path) else set())
        assert set(document["paths"].get(path, {})) == methods, f"{path}: {methods}"
    for root, rows in matrix.HANDLERS.items():
        below = [methods for path, methods in document["paths"].items() if path.startswith(root)]
        listed = {method for methods in below for method in methods}
        assert {method.lower() for method, _ in rows} <= listed, root


def test_operations_are_described_in_words(document: Document) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names)) >= 140
    tags = {each["name"] for each in document["tags"]}
    for method, path, operation in operations(document):
        name = operation["operationId"]
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", name)
        if method not in {"options", "head"}:
            assert name in ROWS, f"{method} {path}: {name} needs a row in picasso.api.openapi.operations"
        assert re.fullmatch(r"[A-Z][A-Za-z,:/ -]{5,70}", operation["summary"]), operation["summary"]
        assert operation["tags"]
        assert set(operation["tags"]) <= tags
        assert operation["description"].strip().endswith((".", "*", "`")), (name, operation["description"])
    assert {name for name in ROWS if name not in names} == set()


def test_every_operation_lists_what_it_may_answer(document: Document) -> None:
    for method, path, operation in operations(document):
        found = answers(document, operation)
        assert any(status < "4" for status in found), (method, path)
        if path in {addresses.ALIVE, addresses.READY}:
            continue
        assert {"400", "429", "431", "500", "503"} <= set(found), (method, path)
        assert {"401", "403", "404"} <= set(found), (method, path)
        for status, answer in found.items():
            assert answer["description"]
            if status >= "4" and method != "head":
                (content,) = answer["content"].items()
                assert content[0] == "application/problem+json"
                assert content[1]["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert method != "head" or "content" not in answer


def test_every_operation_has_an_example(document: Document) -> None:
    for method, path, operation in operations(document):
        in_words = [each for each in parameters(document, operation) if "example" in each]
        bodies = [*answers(document, operation).items(), ("request", operation.get("requestBody", {}))]
        contents = [
            (status, media_type, content)
            for status, body in bodies
            for media_type, content in body.get("content", {}).items()
        ]
        shown = [
            content for status, _, content in contents if not status.startswith(("4", "5")) and "examples" in content
        ]
        assert in_words or shown or path == addresses.ALIVE, (method, path)
        for status, media_type, content in contents:
            assert content.get("examples") or "json" not in media_type, (method, path, status)
            for example in content.get("examples", {}).values():
                conforms(document, content["schema"], resolved(document, example)["value"])
        for each in in_words:
            conforms(document, each["schema"], each["example"])


def codes_in(document: Document, operation: Document) -> Iterator[tuple[str, str]]:
    for status, answer in answers(document, operation).items():
        for content in answer.get("content", {}).values():
            for name in content.get("examples", {}):
                if status >= "4":
                    yield status, name


def test_every_error_code_is_named_by_an_operation(document: Document) -> None:
    named = {each for _, _, operation in operations(document) for each in codes_in(document, operation)}
    of_resources = set(document["components"]["schemas"]["Error"]["properties"]["code"]["examples"])
    assert {status for status, _ in named} <= {str(each.status) for each in REQUEST_CODES}
    for each in REQUEST_CODES:
        if each.code not in ONLY_OF_PAGES:
            assert (str(each.status), each.code) in named or each.code in of_resources, each.code
    assert {each.code for each in JOB_CODES} <= of_resources


def test_every_operation_says_which_credentials_it_takes(document: Document) -> None:
    schemes = document["components"]["securitySchemes"]
    assert schemes["bearer"]["scheme"] == "bearer"
    assert schemes["session"]["name"] == settings.SESSION_COOKIE_NAME
    for _, path, operation in operations(document):
        headers = {each["name"] for each in parameters(document, operation) if each["in"] == "header"}
        kinds = {name for each in operation["security"] for name in each}
        if path in FOR_EVERYBODY:
            assert operation["security"] == []
            assert "Picasso-Owner" not in headers
            continue
        assert kinds == {"bearer", "session", *(["link"] if path.startswith("/files/") else [])}
        assert {"Picasso-Owner", "Picasso-Project", "Accept-Language"} <= headers


def test_every_operation_says_which_scope_it_needs(document: Document) -> None:
    """As the table of who may do what has it, which the service is held to."""

    def listed(path: str, method: str) -> list[str]:
        needed: list[dict[str, list[str]]] = document["paths"][path][method.lower()]["security"]
        return needed[0]["bearer"] if needed else []

    for each in urlpatterns:
        path = addresses.API + re.sub(r"<\w+:(\w+)>", r"{\1}", str(each.pattern)).replace("{pk}", "{id}")
        for method in matrix.names_of(each.callback):
            needs = matrix.API[str(each.name), method].needs
            wanted: list[Any] = [] if needs in {matrix.EVERYBODY, matrix.SOMEBODY} else [str(needs)]
            assert listed(path, method) == wanted, (method, path)
            assert (needs == matrix.EVERYBODY) == (path in FOR_EVERYBODY), (method, path)
    for root in (addresses.UPLOAD, addresses.UPLOADS, addresses.DOWNLOADS):
        scopes = {str(row.needs) for _, row in matrix.HANDLERS[root]}
        for method, path, operation in operations(document):
            if path.startswith(root):
                assert set(operation["security"][0]["bearer"]) == scopes, (method, path)


OPTIONS_OF_BATCHES: dict[str, Any] = {
    "tags": ["old"],
    "visibility": "public",
    "permanently": True,
    "pipeline": "default",
}


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_on_many_files_has_the_members_that_it_reads(document: Document, action: str) -> None:
    schema = {**document["components"]["schemas"]["NewFileBatchRequest"], "components": document["components"]}
    own = {ACTIONS[action].needs, ACTIONS[action].takes} - {""}
    least: dict[str, Any] = {"action": action, "ids": ["019ab3f2-7c1e-7d3a-9f52-3a4be0c5d1f7"]}
    least |= {name: OPTIONS_OF_BATCHES[name] for name in own}
    assert Draft202012Validator(schema).is_valid(least)
    for name, value in OPTIONS_OF_BATCHES.items():
        assert Draft202012Validator(schema).is_valid({**least, name: value}) == (name in own), name


def test_a_list_in_a_parameter_is_not_empty(document: Document) -> None:
    found = [each["schema"] for each in document["components"]["parameters"].values()]
    lists = [each for each in found if each.get("type") == "array"]
    assert lists
    assert all(each["minItems"] for each in lists)


def test_everybody_may_do_everything_where_the_access_is_open(document: Document) -> None:
    optional = {} in document["paths"][addresses.FILES]["get"]["security"]
    assert optional == (settings.PICASSO.access == "open")


OF_CREATION = {
    *(
        "pipeline",
        "visibility",
        "expires_at",
        "tags",
        "attributes",
        "webhook_url",
        "Picasso-Tags",
        "Picasso-Attributes",
    ),
    *("Picasso-Webhook-Url", "Content-Disposition", "Upload-Complete", "Upload-Draft-Interop-Version", "Upload-Length"),
    *("Upload-Metadata", "Idempotency-Key", "Repr-Digest", "Content-Digest", "Prefer"),
}
OF_TUS = {"Tus-Resumable", "Upload-Defer-Length", "Upload-Concat", "Upload-Checksum"}
OF_CONTENT = {
    *("Tus-Resumable", "Upload-Offset", "Upload-Complete", "Upload-Draft-Interop-Version", "Upload-Length"),
    *("Upload-Checksum", "Content-Digest", "Prefer"),
}
OF_DOWNLOADS = {
    *("download", "expires", "signature", "Range", "If-Range", "If-Match", "If-None-Match"),
    *("If-Modified-Since", "If-Unmodified-Since"),
}
TAKEN = {
    **dict.fromkeys(("upload_file", "put_file", "upload_named_file", "put_named_file", "put_upload"), OF_CREATION),
    "create_upload": OF_CREATION | OF_TUS,
    "append_to_upload": OF_CONTENT,
    "override_method_of_upload": OF_CONTENT | {"X-HTTP-Method-Override"},
    **{key: {"Tus-Resumable"} for key in ("find_offset", "cancel_upload")},
    **dict.fromkeys(("download_file", "download_derivative"), OF_DOWNLOADS),
    **{key: {"If-Match", "If-None-Match"} for key in ("get_file", "change_file", "delete_file")},
    "create_import": {"Idempotency-Key", "Prefer"},
    "list_events": {"wait", "Last-Event-ID"},
}
RAW, APPENDED = {"application/octet-stream"}, {"application/offset+octet-stream", "application/partial-upload"}
BODIES = {
    "upload_file": {"multipart/form-data", *RAW},
    **dict.fromkeys(("put_file", "upload_named_file", "put_named_file", "create_upload", "put_upload"), RAW),
    **dict.fromkeys(("append_to_upload", "override_method_of_upload"), APPENDED),
}


def test_parameters_and_bodies_are_in_it_also_if_no_schema_can_say_which_values_fit(document: Document) -> None:
    """Whoever makes a client from it has arguments for them."""
    by_name = {operation["operationId"]: operation for _, _, operation in operations(document)}
    for name, taken in TAKEN.items():
        assert taken <= {each["name"] for each in parameters(document, by_name[name])}, name
    for name, media_types in BODIES.items():
        assert set(by_name[name]["requestBody"]["content"]) == media_types, name
    form = by_name["upload_file"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    wishes = {"pipeline", "visibility", "expires_at", "tags", "attributes", "webhook_url"}
    assert set(form["properties"]) == {"token", "file", *wishes}


def test_an_owner_may_have_all_characters_that_the_service_takes(document: Document) -> None:
    listed = parameters(document, document["paths"][addresses.FILES]["get"])
    (owner,) = [each["schema"] for each in listed if each["name"] == "owner"]
    taken = Draft202012Validator(owner)
    for letter in [*map(chr, range(0x370)), *"\u200b\u2028\u3000\ue000日яש🦊"]:
        assert taken.is_valid(letter) == letter.isprintable(), ascii(letter)


def test_links_lead_to_operations_that_take_their_parameters(document: Document) -> None:
    by_name = {operation["operationId"]: operation for _, _, operation in operations(document)}
    found = [
        link
        for operation in by_name.values()
        for answer in answers(document, operation).values()
        for link in answer.get("links", {}).values()
    ]
    assert len(found) > 40
    for link in found:
        taken = {each["name"] for each in parameters(document, by_name[link["operationId"]])}
        assert set(link["parameters"]) <= taken, link
