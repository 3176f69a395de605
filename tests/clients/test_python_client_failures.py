"""The Python client where a key may do little, links expire, proxies refuse and answers get lost."""

from __future__ import annotations

import dataclasses
import hashlib
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from picasso_client import Client, PicassoError, partial, retries
from picasso_client.config import VARIABLES
from picasso_client.errors import PROBLEM_JSON
from tests import nginx
from tests.clients.checks import check_stored, content
from tests.clients.cutting import cutting
from tests.ports import free_port
from tests.stack import Stack

LARGE = 2**20 + 1

NewClient = Callable[..., Client]


@pytest.fixture
def new_client(stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[NewClient]:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.05)
    made: list[Client] = []

    def new(url: str = stack.url, **options: Any) -> Client:
        made.append(Client(url, **options))
        return made[-1]

    yield new
    for each in made:
        each.close()


def key_with(stack: Stack, *scopes: str) -> str:
    made = stack.client.post("/api/v1.0/keys/", json={"name": "client", "scopes": scopes})
    assert made.status_code == 201, made.text
    return str(made.json()["key"])


def test_a_key_that_may_only_write(stack: Stack, new_client: NewClient) -> None:
    client = new_client(key=key_with(stack, "files:write"))
    for sent in (content(10).hex().encode(), content(LARGE)):
        file = client.upload(sent, name="a.bin")
        assert (file.name, file.size) == ("a.bin", len(sent))
        check_stored(stack, f"/{file.id}", sent)
        changed = client.update(file.id, tags=["b"], attributes={"x": 1})
        assert (changed.id, changed.tags, changed.attributes, changed.state) == (file.id, ("b",), {"x": 1}, "")
        assert new_client().file(file.id).attributes == {"x": 1}
        with pytest.raises(PicassoError, match=r"The file \S+ is stored, but can't be waited for") as failed:
            client.upload(sent, wait=1)
        assert (failed.value.status, failed.value.code) == (403, "forbidden")


@pytest.mark.parametrize("size", [10, LARGE])
def test_long_attributes_through_a_proxy(stack: Stack, new_client: NewClient, tmp_path: Path, size: int) -> None:
    """nginx takes no header field of more than 8 KiB by default."""
    attributes, sent = {"text": "я" * 7_500, "n": 1}, content(size)
    proxy = f"location / {{ proxy_pass {stack.url}; proxy_set_header Host $http_host; client_max_body_size 0; }}"
    with nginx.server(tmp_path / "nginx", free_port(), proxy) as url:
        file = new_client(url).upload(sent, name="ä.txt", media_type="text/x-odd", tags=["b, c"], attributes=attributes)
    assert (file.attributes, file.tags) == (attributes, ("b, c",))
    check_stored(stack, f"/{file.id}", sent, "ä.txt", "text/x-odd")


def test_long_attributes_of_an_upload_that_goes_on(stack: Stack, new_client: NewClient, tmp_path: Path) -> None:
    attributes, sent, kept = {"text": "я" * 7_500, "list": [1]}, content(LARGE), list[str]()

    def cut(*_: object) -> None:
        raise OSError("cut")

    proxy = f"location / {{ proxy_pass {stack.url}; proxy_set_header Host $http_host; client_max_body_size 0; }}"
    with nginx.server(tmp_path / "nginx", free_port(), proxy) as url:
        client = new_client(url)
        with pytest.raises(OSError, match="cut"):
            client.upload(sent, tags=["b"], attributes=attributes, started=kept.append, progress=cut)
        file = client.resume(kept[0], sent, tags=["b"], attributes=attributes)
    assert (file.attributes, file.tags) == (attributes, ("b",))


def test_long_attributes_directly(stack: Stack, new_client: NewClient) -> None:
    """They are there from the first event on."""
    file = new_client().upload(content(LARGE), attributes={"text": "я" * 7_500})
    events = new_client().request("GET", "events/", params={"file": file.id, "after": "0"})["results"]
    assert "file.updated" not in {event["type"] for event in events}


class Expired(httpx.HTTPTransport):
    """Refuses one link as a service does whose access is not open. This one is, so it looks at no signature."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if b"signature=old" not in request.url.query:
            return super().handle_request(request)
        problem = {"status": 410, "code": "expired-link", "detail": "This link has expired."}
        return httpx.Response(410, headers={"Content-Type": PROBLEM_JSON}, json=problem)


def test_a_link_that_has_expired(stack: Stack, new_client: NewClient, tmp_path: Path) -> None:
    """With a beginning that is there already."""
    client = new_client(key=key_with(stack, "files:read", "files:write"), http={"transport": Expired()})
    sent = content(3_000_000)
    file = client.upload(sent, name="a.bin", visibility="private")
    address, _, query = file.url.partition("?")
    assert "signature=" in query
    expired = dataclasses.replace(file, url=f"{address}?signature=old")
    part = partial.part_of(tmp_path / "a.bin", file.sha256)
    part.write_bytes(sent[:1_000_000])
    offsets: list[int] = []
    path = client.download(expired, tmp_path, progress=lambda done, _: offsets.append(done))
    assert path.read_bytes() == sent
    assert min(offsets) > 1_000_000
    new_client().delete(file.id, permanently=True)
    with pytest.raises(PicassoError, match="expired-link"):
        client.download(expired, tmp_path / "b.bin")
    assert not list(tmp_path.glob(".picasso-*"))


def test_another_process_fetches_to_the_same_place(new_client: NewClient, tmp_path: Path) -> None:
    client, sent = new_client(), content(1_500_000)
    file = client.upload(sent, name="a.bin")
    part = partial.part_of(tmp_path / "a.bin", hashlib.sha256(sent).hexdigest())
    handle = partial.locked(part)
    assert handle is not None
    part.write_bytes(sent[:1000])
    assert client.download(file, tmp_path).read_bytes() == sent
    assert part.read_bytes() == sent[:1000], "it belongs to the other one"
    partial.release(handle, part)


def test_a_change_of_many_files_that_fails_in_the_middle(new_client: NewClient) -> None:
    ids = [str(uuid.uuid4()) for _ in range(500)]
    with pytest.raises(PicassoError) as failed:
        new_client().change_files("delete", [*ids, "none"])
    assert failed.value.status == 400
    assert [outcome.id for outcome in failed.value.outcomes] == ids


def test_an_answer_that_is_lost(stack: Stack, new_client: NewClient) -> None:
    """What was done is not taken for a failure."""
    file = new_client().upload(content(10), name="a.bin")
    with cutting(stack.port, [("down", 1)]) as proxy:
        client = new_client(proxy.url)
        assert client.update(file.id, name="b.bin").name == "b.bin"
        proxy.cuts.append(("down", 1))
        client.delete(file.id, permanently=True)
        assert proxy.done == 2
    with pytest.raises(PicassoError, match="not-found"):
        new_client().delete(file.id)
