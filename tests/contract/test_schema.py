"""The OpenAPI document is true of what the service answers. That it is whole: `test_document`."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.contract.openapi import METHODS, Document, answers, conforms
from tests.stack import Stack

pytestmark = pytest.mark.live

SCHEMA = "/api/v1.0/schema/"
FILES = "/api/v1.0/files/"
UPLOAD = "/api/v1.0/upload/"


@pytest.fixture(scope="module")
def document(embedded: Stack) -> Document:
    answer = embedded.client.get(SCHEMA, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    found: Document = answer.json()
    return found


def check_answer(document: Document, method: str, path: str, answer: httpx.Response) -> None:
    """That the document has this status for this operation, with this type, and this body's shape."""
    listed = answers(document, document["paths"][path][method])
    assert str(answer.status_code) in listed, f"{method} {path} may not answer {answer.status_code}"
    content = listed[str(answer.status_code)].get("content", {})
    if not content:
        assert answer.content == b""
    elif "*/*" not in content:
        media_type = answer.headers["content-type"]
        assert media_type in content
        conforms(document, content[media_type]["schema"], answer.json())


def properties(document: Document, name: str) -> set[str]:
    return set(document["components"]["schemas"][name]["properties"])


# The document and the service


def test_every_operation_is_answered_and_no_other(document: Document, service: Stack) -> None:
    """The document is true to the code: 405 exactly for the methods that it does not list."""
    for path, methods in document["paths"].items():
        address = path.format(id=unknown_id(methods), name="x", processor="image", role="x", delivery=uuid4())
        for method in METHODS:
            status = service.client.request(method.upper(), address).status_code
            assert (status != 405) == (method in methods), (method, path, status)
            assert status < 500


def unknown_id(operations: dict[str, Any]) -> object:
    """Of the kind that the address takes: with another kind it is no address of the service."""
    schemas = [
        each["schema"]
        for operation in operations.values()
        for each in operation.get("parameters", ())
        if (each.get("in"), each.get("name")) == ("path", "id")
    ]
    return 2_000_000_000 if any(schema.get("type") == "integer" for schema in schemas) else uuid4()


def test_no_schema_has_a_list_or_a_date_of_its_own_name(document: Document) -> None:
    """Generated Python clients keep both in variables of one name, which type checkers refuse."""
    schemas = document["components"]["schemas"]
    own = {name: each.get("properties", {}).get(snake_case(name)) for name, each in schemas.items()}
    assert own["Lease"]
    assert [name for name, each in own.items() if each and not is_plain(each)] == []


def is_plain(schema: dict[str, Any]) -> bool:
    return schema.get("type") in {"string", "integer", "number", "boolean"} and "format" not in schema


def snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


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
    assert set(answer.json()) == properties(document, "StoredFile")
    assert "Location" in document["paths"][UPLOAD]["post"]["responses"]["201"]["headers"]
    file_id = answer.json()["id"]

    answer = service.client.get(FILES)
    check_answer(document, "get", FILES, answer)
    # Only ?count=fast answers that, instead of the exact number.
    assert set(answer.json()) == properties(document, "PaginatedListedFileList") - {"count_at_least"}
    assert set(answer.json()["results"][0]) == properties(document, "StoredFile")
    answer = service.client.get(FILES, params={"include": "thumbnail,error"})
    check_answer(document, "get", FILES, answer)
    assert set(answer.json()["results"][0]) == properties(document, "ListedFile")

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
