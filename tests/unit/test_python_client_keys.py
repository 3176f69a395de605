"""The Python client with a key that may write files and not read them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from picasso_client import Client, PicassoError
from picasso_client.errors import PROBLEM_JSON

ID = "0190f3a2-0000-7000-8000-000000000001"
LARGE = b"x" * (2**20 + 1)
LONGEST_HEAD = 6_000
LONG = {"text": "a" * 6_000}


@dataclass
class FakeService:
    """tus and ``PATCH`` of a file, behind a proxy that refuses long heads."""

    offset: int = 0
    shown: Mapping[str, Any] | None = None
    """What a ``GET`` of the file shows; None if the key may not read it."""
    changes: list[Any] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if len(request.headers.get("Upload-Metadata", "")) > LONGEST_HEAD:
            return httpx.Response(400, text="<h1>Request Header Or Cookie Too Large</h1>")
        if request.url.path.endswith(f"/files/{ID}/"):
            return self.file(request)
        if request.method == "POST":
            return httpx.Response(201, headers={"Location": "http://picasso/api/v1.0/uploads/1"})
        self.offset += len(request.content)
        ended = {"Content-Location": f"/api/v1.0/files/{ID}/"} if self.offset == len(LARGE) else {}
        return httpx.Response(
            204, headers={"Upload-Offset": str(self.offset), "Upload-Length": str(len(LARGE)), **ended}
        )

    def file(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH":
            self.changes.append(json.loads(request.content))
        if self.shown is not None:
            return httpx.Response(200, json=self.shown)
        if request.method == "PATCH":
            return httpx.Response(204)
        problem = {"code": "forbidden", "detail": "files:read is missing."}
        return httpx.Response(403, headers={"Content-Type": PROBLEM_JSON}, content=json.dumps(problem))


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def client(service: FakeService) -> Iterator[Client]:
    transport = httpx.MockTransport(service)
    with Client("http://picasso", "pk_x", retries=0, http={"transport": transport}) as made:
        yield made


def cut(*_: object) -> None:
    raise OSError("cut")


def stored(**more: Any) -> Mapping[str, Any]:
    unknown = dict.fromkeys(("file", "name", "media_type", "declared_type", "sha256"), "")
    return {"id": ID, **unknown, "size": 1, "state": "pending", "uploaded_at": "2026-11-30T00:00:00Z", **more}


def test_a_change(service: FakeService, client: Client) -> None:
    file = client.update(ID, name="b.txt", tags=["a"], attributes={"x": 1, "y": None}, expires_at=None)
    assert (file.id, file.name, file.tags, file.attributes, file.state) == (ID, "b.txt", ("a",), {"x": 1}, "")
    assert file.raw == {"id": ID, "name": "b.txt", "tags": ["a"], "attributes": {"x": 1}}
    assert service.changes == [{"name": "b.txt", "tags": ["a"], "attributes": {"x": 1, "y": None}, "expires_at": None}]


def test_an_upload_through_a_proxy_that_refuses_long_heads(service: FakeService, client: Client) -> None:
    file = client.upload(LARGE, name="a.bin", tags=["a"], attributes=LONG)
    assert (file.id, file.name, file.size, file.attributes) == (ID, "a.bin", len(LARGE), LONG)
    assert service.changes == [{"tags": ["a"], "attributes": LONG}]


def test_an_upload_that_goes_on(service: FakeService, client: Client) -> None:
    file = client.resume("http://picasso/api/v1.0/uploads/1", LARGE, tags=["a"], attributes=LONG)
    assert (file.id, file.size, file.attributes, file.tags) == (ID, len(LARGE), LONG, ("a",))
    assert service.changes == [{"tags": ["a"], "attributes": LONG}]
    service.offset = 0
    client.resume("http://picasso/api/v1.0/uploads/1", LARGE, tags=["a"], attributes={"text": "a"})
    assert len(service.changes) == 1, "short ones were there from the beginning"


def test_attributes_that_only_were_too_long_with_a_url(service: FakeService, client: Client) -> None:
    attributes, started = {"text": "a" * 2_900}, list[str]()
    service.shown = stored()
    url = f"https://example.com/{'x' * 2_000}"
    with pytest.raises(OSError, match="cut"):
        client.upload(LARGE, attributes=attributes, webhook_url=url, started=started.append, progress=cut)
    for _ in range(2):
        service.offset = 0
        client.resume(started[0], LARGE, tags=["a\u0308 "], attributes=attributes)
        service.shown = stored(attributes={**attributes, "more": 1}, tags=["\u00e4", "b"])
    assert service.changes == [{"tags": ["a\u0308 "], "attributes": attributes}], "once: then they are there"


def test_an_answer_of_another_program(service: FakeService, client: Client) -> None:
    service.shown = {}
    with pytest.raises(PicassoError, match="unexpected-answer"):
        client.update(ID, tags=[])
