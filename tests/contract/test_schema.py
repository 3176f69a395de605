"""The OpenAPI document: valid, whole, and true of what the service answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
import schemathesis
from django.conf import settings as settings_of_django
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # its stubs are no dependency of ours
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from picasso.api.schema import HANDLERS
from tests.sampling import number
from tests.stack import Stack

pytestmark = pytest.mark.live

Document = dict[str, Any]

SCHEMA = "/api/v1.0/schema/"
FILES = "/api/v1.0/files/"
UPLOAD = "/api/v1.0/upload/"
METHODS = {"get", "put", "post", "delete", "patch"}

# Answers that any operation may give and that none lists: the request was none that this API knows.
ANYWHERE = {405, 406}


@pytest.fixture(scope="module")
def document(embedded: Stack) -> Document:
    answer = embedded.client.get(SCHEMA, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    found: Document = answer.json()
    return found


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert method in METHODS
            yield method, path, operation


def check_answer(document: Document, method: str, path: str, answer: httpx.Response) -> None:
    """That the document has this status for this operation, with this type, and this body's shape."""
    listed = document["paths"][path][method]["responses"]
    assert str(answer.status_code) in listed, f"{method} {path} may not answer {answer.status_code}"
    content = listed[str(answer.status_code)].get("content", {})
    if not content:
        assert answer.content == b""
    elif "*/*" not in content:
        media_type = answer.headers["content-type"]
        assert media_type in content
        conforms(document, content[media_type]["schema"], answer.json())


def conforms(document: Document, schema: Document, body: object) -> None:
    whole = {**schema, "components": document["components"]}
    Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(body)


def properties(document: Document, name: str) -> set[str]:
    return set(document["components"]["schemas"][name]["properties"])


# The document


def test_it_is_valid(document: Document) -> None:
    assert document["openapi"].startswith("3.1.")
    validate_schema(document)  # type: ignore[no-untyped-call] # by OpenAPI's own JSON schema
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_a_broken_document_would_be_noticed(document: Document) -> None:
    broken = json.loads(json.dumps(document))
    broken["paths"][UPLOAD]["post"]["responses"]["201"].pop("description")
    with pytest.raises(Exception, match="description"):
        validate_schema(broken)  # type: ignore[no-untyped-call] # as above


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
        target = document
        for key in reference.removeprefix("#/").split("/"):
            target = target[key]


def test_operations_have_names_of_their_own(document: Document) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names)) >= 39


def test_making_it_warns_of_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """drf-spectacular prints to stderr what it can't know or has to rename."""
    generator = cast("Any", SchemaGenerator)()
    assert generator.get_schema(request=None, public=True)["paths"]
    assert capsys.readouterr().err == ""


def test_every_operation_says_which_credentials_it_takes(document: Document) -> None:
    schemes = document["components"]["securitySchemes"]
    assert schemes["bearer"]["scheme"] == "bearer"
    assert schemes["session"]["name"] == settings_of_django.SESSION_COOKIE_NAME
    credentials: list[dict[str, list[str]]] = [{"bearer": []}, {"session": []}]
    for _, path, operation in operations(document):
        headers = {each["name"] for each in operation.get("parameters", []) if each["in"] == "header"}
        if path in {SCHEMA, "/healthz", "/readyz"}:
            assert operation["security"] == []
            assert "Picasso-Owner" not in headers
            continue
        assert operation["security"] == [*credentials, *([{"link": []}, {}] if path.startswith("/files/") else [])]
        assert {"Picasso-Owner", "Picasso-Project"} <= headers
        assert {"401", "403"} <= set(operation["responses"])


def test_the_doors_are_in_it(document: Document) -> None:
    for path, methods in HANDLERS.items():
        assert document["paths"][path] == json.loads(json.dumps(methods))
    assert {UPLOAD, FILES, f"{FILES}{{id}}/", "/healthz", "/readyz"} <= set(document["paths"])


def test_every_operation_is_answered_and_no_other(document: Document, service: Stack) -> None:
    """The document is true to the code: 405 exactly for the methods that it does not list."""
    for path, methods in document["paths"].items():
        address = path.format(id=uuid4(), name="x", processor="image")
        for method in METHODS:
            status = service.client.request(method.upper(), address).status_code
            assert (status != 405) == (method in methods), (method, path, status)
            assert status < 500


def test_every_error_is_a_problem(document: Document) -> None:
    for method, path, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status >= "4":
                assert list(answer["content"]) == ["application/problem+json"], (method, path, status)
                (content,) = answer["content"].values()
                assert content["schema"] == {"$ref": "#/components/schemas/Problem"}


def test_the_page_that_shows_it_needs_nobody_else(service: Stack) -> None:
    page = service.client.get("/api/v1.0/docs/")
    assert page.status_code == 200
    assert "swagger" in page.text
    assert "//cdn" not in page.text
    assert "https://" not in page.text.replace("https://github.com", "")


# Answers of the real service


def test_upload_list_and_detail_conform(document: Document, service: Stack) -> None:
    answer = service.client.post(UPLOAD, files={"file": ("a.txt", b"content\n", "text/plain")})
    check_answer(document, "post", UPLOAD, answer)
    assert set(answer.json()) == properties(document, "File")
    assert "Location" in document["paths"][UPLOAD]["post"]["responses"]["201"]["headers"]
    file_id = answer.json()["id"]

    answer = service.client.get(FILES)
    check_answer(document, "get", FILES, answer)
    # Only ?count=fast answers that, instead of the exact number.
    assert set(answer.json()) == properties(document, "PaginatedFileList") - {"count_at_least"}
    assert set(answer.json()["results"][0]) == properties(document, "File")

    for moment in (lambda: None, lambda: service.settled(file_id)):
        moment()
        answer = service.client.get(f"{FILES}{file_id}/")
        check_answer(document, "get", f"{FILES}{{id}}/", answer)
        assert set(answer.json()) == properties(document, "FileDetail")


def test_derivatives_and_failures_conform(document: Document, service: Stack) -> None:
    pyvips = pytest.importorskip("pyvips")
    picture = pyvips.Image.black(40, 30).pngsave_buffer()
    for content, state in ((picture, "processed"), (picture[:60] + b"x" * 60, "failed")):
        sent = service.upload(content, "a.png", "image/png")
        assert service.settled(sent["id"])["state"] == state
        answer = service.client.get(f"{FILES}{sent['id']}/")
        check_answer(document, "get", f"{FILES}{{id}}/", answer)
        for made in answer.json()["derivatives"]:
            assert set(made) == properties(document, "Derivative")
        if state == "failed":
            assert set(answer.json()["error"]) == properties(document, "Error")
        else:
            assert answer.json()["derivatives"]


def test_problems_conform(document: Document, service: Stack) -> None:
    problem = {"$ref": "#/components/schemas/Problem"}
    missing = f"{FILES}{uuid4()}/"
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    client = service.client
    for method, path, answer in [
        ("get", FILES, client.get(FILES, params={"page": 0})),
        ("get", f"{FILES}{{id}}/", client.get(missing)),
        ("delete", f"{FILES}{{id}}/", client.delete(missing)),
        ("post", UPLOAD, client.post(UPLOAD, content=b"--x--", headers=form)),
        ("post", UPLOAD, client.post(UPLOAD, content=b"--", headers=form)),
        ("post", UPLOAD, client.post(UPLOAD, content=b"", headers={"Content-Type": "text/plain"})),
        ("get", "/files/{id}/{name}", client.get(f"/files/{uuid4()}/a")),
    ]:
        assert answer.status_code >= 400
        check_answer(document, method, path, answer)
        conforms(document, problem, answer.json())
        assert set(answer.json()) <= properties(document, "Problem")


def test_downloads_conform(document: Document, service: Stack) -> None:
    sent = service.upload(b"content\n")
    for headers, status in [
        ({}, 200),
        ({"Range": "bytes=1-2"}, 206),
        ({"If-None-Match": "*"}, 304),
        ({"If-Match": '"other"'}, 412),
        ({"Range": "bytes=99-"}, 416),
    ]:
        answer = service.client.get(sent["file"], headers=headers)
        assert answer.status_code == status
        check_answer(document, "get", "/files/{id}/{name}", answer)


def test_an_export_without_rows_has_its_type(service: Stack) -> None:
    lines = "application/x-ndjson"
    answer = service.client.get("/api/v1.0/audit/", params={"action": "nothing"}, headers={"Accept": lines})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith(lines)


def test_health_and_deletion_conform(document: Document, service: Stack) -> None:
    for path in ("/healthz", "/readyz"):
        check_answer(document, "get", path, service.client.get(path))
    sent = service.upload(b"content\n")
    answer = service.client.delete(f"{FILES}{sent['id']}/")
    assert answer.status_code == 204
    check_answer(document, "delete", f"{FILES}{{id}}/", answer)


# Requests made up from the document


schemathesis.serializer.alias(
    ["application/offset+octet-stream", "application/partial-upload"], "application/octet-stream"
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def test_made_up_requests_are_answered_as_documented(service: Stack) -> None:
    """What Schemathesis thinks of, valid and not, for each operation; ids are random, so nothing is deleted."""
    api = schemathesis.openapi.from_url(f"{service.url}{SCHEMA}")
    # Made-up credentials would be refused before anything else; the service here is open.
    api.config.generation.with_security_parameters = False
    tried: set[str] = set()
    for found in api.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr] # what is wrong with the document raises here

        @given(case=operation.as_strategy())
        @settings(
            max_examples=number(12, 6),
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def try_it(case: Any) -> None:
            # Python's client takes the 104 that it brings for the answer.
            case.headers.pop("Upload-Draft-Interop-Version", None)
            answer = case.call()
            if answer.status_code not in ANYWHERE:
                case.validate_response(answer, checks=CHECKS)
            tried.add(operation.label)  # noqa: B023 - called within its turn

        try_it()
    assert len(tried) >= 39
