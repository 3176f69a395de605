"""Picasso's own JavaScript client, in Node."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import jwt
import pytest

from picasso_client import retries
from picasso_client.actions import Answer
from picasso_client.errors import PROBLEM_JSON
from tests import nginx
from tests.clients import node
from tests.clients.checks import check_stored, content, times_stored
from tests.clients.node import running
from tests.clients.pages import Page
from tests.clients.test_kills import kill_web
from tests.ports import free_port
from tests.stack import Stack

pytestmark = pytest.mark.usefixtures("javascript")

SIZE = 3_000_000
SKEW = 60  # seconds after which an expired token is refused


@pytest.fixture
def sent() -> bytes:
    return content(SIZE)


@pytest.fixture
def file(tmp_path: Path, sent: bytes) -> Path:
    path = tmp_path / "Arlequín.bin"
    path.write_bytes(sent)
    return path


def do(name: str, stack: Stack, **task: object) -> dict[str, Any]:
    with running("picasso.mjs", node.asked({"do": name, "url": stack.url, **task})) as client:
        *_, last = client.said()
    assert "error" not in last, last
    return last


def token(key: dict[str, Any], age: float) -> str:
    """A token of one end user that expired so many seconds ago."""
    claims = {"aud": "picasso", "exp": time.time() - age, "owner": "ann", "scopes": key["scopes"]}
    return jwt.encode(claims, key["signing_secret"], "HS256", headers={"kid": key["id"]})


def heads(result: dict[str, Any]) -> list[int]:
    return [offset for method, status, offset in result["requests"] if method == "HEAD" and status < 300]


def test_everything(stack: Stack, file: Path, sent: bytes) -> None:
    tag = file.parent.name
    result = do("everything", stack, file=file, tag=tag)
    small, large, stream = result["small"], result["large"], result["stream"]
    assert (small["name"], small["declared_type"], small["state"]) == ('é😀".txt', "text/plain", "processed")
    assert (small["tags"], small["attributes"]) == (sorted([tag, "Ä, b"]), {"π": [1, None]})
    assert small["visibility"] == large["visibility"] == "public"
    assert large["attributes"] == stream["attributes"] == {"π": [1, None]}
    assert (large["name"], large["size"], stream["name"]) == (file.name, SIZE, "stream")
    assert large["sha256"] == stream["sha256"]
    assert times_stored(stack, sent) == 2
    assert result["listed"] == [stream["id"], large["id"], small["id"]]
    assert result["progress"][-1] == [1000, 1000]
    assert (result["changed"]["tags"], result["changed"]["attributes"]) == ([tag], {})
    assert result["again"]["tags"] == sorted([tag, "more"])
    check_events(result["seen"], small["id"])
    check_errors(result)


def check_events(seen: list[tuple[int, str, str]], small: str) -> None:
    numbers = [number for number, _, _ in seen]
    assert numbers == sorted(set(numbers))
    types = [kind for _, kind, file in seen if file == small and kind != "file.processing"]
    assert types == ["file.received", "file.processed", "file.updated", "file.updated", "file.deleted"]


def check_errors(result: dict[str, Any]) -> None:
    assert (result["refused"]["status"], result["refused"]["errors"][0]["field"]) == (400, "size")
    for name in ("empty", "emptyPath"):
        assert (result[name]["code"], result[name]["own"]) == ("invalid-field", True)
    assert (result["gone"]["status"], result["gone"]["code"]) == (404, "not-found")
    assert result["elsewhere"]["status"] == 404


@pytest.mark.parametrize("stream", [False, True], ids=["path", "stream"])
def test_the_connection_is_cut(stack: Stack, file: Path, sent: bytes, stream: bool) -> None:
    cuts = [250_000, 250_000] if stream else [1_000_000, 1_500_000]
    result = do("cut", stack, file=file, cuts=cuts, stream=stream)
    assert result["retries"][:2] == ["no-answer", "no-answer"]
    first, second, *_ = heads(result)
    assert 0 < first < second < SIZE
    check_stored(stack, result["file"]["file"].rpartition("/")[0], sent)


def test_a_proxy_refuses_large_requests(stack: Stack, file: Path, sent: bytes, tmp_path: Path) -> None:
    """nginx allows a mebibyte by default."""
    proxy = "proxy_http_version 1.1; proxy_set_header Host $http_host;"
    with nginx.server(tmp_path / "nginx", free_port(), f"location / {{ proxy_pass {stack.url}; {proxy} }}") as url:
        last = do("cut", stack, url=url, file=file, cuts=[])
    assert len([status for method, status, _ in last["requests"] if (method, status) == ("PATCH", 204)]) >= 3
    assert len(last["retries"]) <= 2
    check_stored(stack, last["file"]["file"].rpartition("/")[0], sent)


@pytest.mark.sampled("the service of a client is killed", 1 / 2)
def test_the_service_is_killed(stack: Stack, file: Path, sent: bytes) -> None:
    with running("picasso.mjs", node.asked({"do": "slow", "url": stack.url, "file": file})) as client:
        said = client.said()
        next(each for each in said if each.get("sent", 0) >= SIZE // 2)
        kill_web(stack)
        *_, last = said
    assert "error" not in last, last
    assert 0 < heads(last)[0] < SIZE
    check_stored(stack, last["file"]["file"].rpartition("/")[0], sent)


def test_a_second_process_goes_on(stack: Stack, file: Path, sent: bytes, tmp_path: Path) -> None:
    store = tmp_path / "store"
    first = do("stored", stack, file=file, store=store, stopAt=SIZE // 2)
    assert first["unfinished"] == [[file.name, SIZE]]
    assert first["uploadUrl"].startswith("http")
    second = do("stored", stack, file=file, store=store)
    assert [method for method, *_ in second["requests"]] == ["HEAD", "PATCH", "GET"]
    assert heads(second)[0] > SIZE // 4
    assert second["unfinished"] == []
    check_stored(stack, second["file"]["file"].rpartition("/")[0], sent)


def test_a_pause_and_a_token_that_expires(stack: Stack, file: Path) -> None:
    made = {"name": "client", "scopes": ["files:read", "files:write"]}
    key = stack.client.post("/api/v1.0/keys/", json=made).json()
    tokens = [token(key, SKEW - 4), token(key, -600)]
    result = do("paused", stack, file=file, tokens=tokens, stopAt=SIZE // 2)
    assert result["stopped"]["name"] == "AbortError"
    assert SIZE // 3 < result["offset"] < SIZE
    assert result["file"]["size"] == SIZE
    assert result["asked"] == 2
    assert "stopped" in result["other"]
    assert result["cancelled"]["status"] in {404, 410}


def test_an_aborted_upload_lets_node_end(stack: Stack, file: Path) -> None:
    """Its longest timer is that of a quiet connection, of a minute."""
    with running("picasso.mjs", node.asked({"do": "aborted", "url": stack.url, "file": file, "stopAt": 1})) as client:
        assert next(client.said())["name"] == "AbortError"
        client.process.wait(60)


def test_long_attributes_through_a_proxy(stack: Stack, file: Path, sent: bytes, tmp_path: Path) -> None:
    """nginx takes no header field of more than 8 KiB by default."""
    proxy = f"location / {{ proxy_pass {stack.url}; proxy_set_header Host $http_host; client_max_body_size 0; }}"
    with nginx.server(tmp_path / "nginx", free_port(), proxy) as url:
        found = do("described", stack, url=url, file=file)
    for each, size in ((found["small"], 1000), (found["large"], SIZE)):
        assert (each["size"], each["name"], each["declared_type"]) == (size, "ä.txt", "text/x-odd")
        assert (each["tags"], each["attributes"]) == (["b, c"], {"text": "я" * 7500})
    assert found["most"] == 1000


def test_both_clients_try_the_same_again(stack: Stack) -> None:
    codes = sorted(retries.CODES)
    found = do("temporary", stack, codes=codes)

    def may(status: int, code: str, kind: str) -> bool:
        return retries.passes(Answer(status, {"content-type": kind}, json.dumps({"code": code}).encode()))

    for code, statuses in zip(["x", *codes], found["own"], strict=True):
        assert statuses == [status for status in range(400, 600) if may(status, code, PROBLEM_JSON)], code
    assert found["others"] == [status for status in range(400, 600) if may(status, "x", "text/html")]


def test_what_was_refused_is_not_done(stack: Stack) -> None:
    """Only an attempt that may have deleted a file makes 404 a success."""
    before = [[], [429], [503], ["ECONNREFUSED"], ["ECONNRESET"], [500, 429]]
    found = do("refused", stack, before=before)
    assert found["deleted"] == [404, 404, 404, 404, 0, 0]
    assert found["types"] == ["TypeError", "TypeError"]


def test_a_page_is_loaded_anew(stack: Stack, page: Page, sent: bytes) -> None:
    """The page has the client from the service, which is another origin, and the store of the browser."""
    module = f"http://localhost:{stack.port}/static/picasso/client/index.js"
    files = [{"name": "Arlequín.bin", "type": "application/x-harlequin"}]
    task = {"client": "picasso", "module": module, "files": files, "options": {"chunkSize": 300_000}}
    first = page.do(sent, **task, stopAt=SIZE // 2)
    assert "error" not in first, first
    assert [each["size"] for each in first["unfinished"]] == [SIZE]
    second = page.do(sent, **task)
    assert "error" not in second, second
    assert second["sent"][0] >= SIZE // 3
    assert not second["unfinished"]
    check_stored(stack, second["files"][0].rpartition("/")[0], sent, files[0]["name"], files[0]["type"])


def test_the_types_are_those_of_the_code() -> None:
    """Of the client, of its declarations, and of an application that uses them."""
    ran = subprocess.run(
        [node.node(), node.JS / "node_modules/tsc/bin/tsc", "-p", node.JS / "types"], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout
