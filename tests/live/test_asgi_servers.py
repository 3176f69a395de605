"""The application runs on any ASGI server: slower, and without what only Picasso's own protocol offers."""

from __future__ import annotations

import hashlib
import random
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from picasso.web.body import QUIET_SECONDS
from tests.live.resumable import created, digest, file_of, look, offset, patch
from tests.live.wire import FILES, PNG, UPLOAD, check_problem, chunked, head, wire
from tests.sampling import sample
from tests.stack import Stack, migrated

pytestmark = pytest.mark.live

APPLICATION = "picasso.asgi:application"
MEGABYTE = 10**6

# How each server is started on a port. The last one is the server that we use, with its own protocol instead of ours.
SERVERS = {
    "hypercorn": lambda port: ["hypercorn", "--bind", f"127.0.0.1:{port}", APPLICATION],
    "granian": lambda port: [
        *("granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws", APPLICATION)
    ],
    "uvicorn": lambda port: ["uvicorn", "--host", "127.0.0.1", "--port", str(port), APPLICATION],
}


class OtherServer(Stack):
    """The web part of the service, without a worker, on another ASGI server."""

    def __init__(self, data: Path, name: str) -> None:
        super().__init__(data)
        self._name = name

    @property
    def argv(self) -> list[str]:
        return [self.python, "-m", *SERVERS[self._name](self.port)]


# Ours always, and one of the others.
DRAWN = ["uvicorn", *sample([name for name in SERVERS if name != "uvicorn"], lambda _: "another server", 1 / 2)]


@pytest.fixture(scope="module", params=DRAWN)
def server(request: pytest.FixtureRequest, new_data: Callable[[], Path]) -> Iterator[Stack]:
    stack = OtherServer(shutil.copytree(migrated(), new_data()), request.param)
    stack.start("/healthz")
    try:
        yield stack
    finally:
        stack.client.close()
        stack.stop()


@pytest.mark.parametrize("size", [1, 70_000, 30 * MEGABYTE])
def test_a_form_is_stored(server: Stack, size: int) -> None:
    content = random.randbytes(size)
    file = server.upload(content, "a.bin", "application/octet-stream")
    assert file["size"] == size
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    assert server.client.get(file["file"]).content == content


@pytest.mark.parametrize("size", [1, 30 * MEGABYTE])
def test_a_raw_body_is_stored(server: Stack, size: int) -> None:
    content = random.randbytes(size)
    answer = server.client.put(f"{UPLOAD}a.bin", content=content)
    assert answer.status_code == 201, answer.text
    assert answer.json()["sha256"] == hashlib.sha256(content).hexdigest()
    assert server.client.get(answer.json()["file"]).content == content


def test_a_raw_body_of_unknown_length_is_stored(server: Stack) -> None:
    pieces = [random.randbytes(100_000) for _ in range(30)]
    headers = {"Content-Digest": f"sha-256=:{digest(b''.join(pieces))}:"}
    answer = server.client.put(f"{UPLOAD}a.bin", content=iter(pieces), headers=headers)
    assert answer.status_code == 201, answer.text
    assert server.client.get(answer.json()["file"]).content == b"".join(pieces)


def test_a_client_that_pauses_loses_nothing(server: Stack) -> None:
    """Pauses of about as long as Picasso waits before it writes what it has: it must not miss the next piece."""

    def upload(seed: int) -> None:
        chance = random.Random(seed)
        pieces = [chance.randbytes(2000) for _ in range(12)]
        fields = {"Content_Type": "application/octet-stream", "Content_Length": 24_000}
        with wire(server) as connection:
            connection.send(head(server, "PUT", f"{UPLOAD}a.bin", **fields))
            for piece in pieces:
                connection.send(piece)
                time.sleep(QUIET_SECONDS + chance.uniform(-0.002, 0.003))
            answer = connection.read()
        assert answer.status == 201
        assert answer.json()["sha256"] == hashlib.sha256(b"".join(pieces)).hexdigest()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(upload, range(8)))


def test_an_upload_by_tus_in_two_pieces(server: Stack) -> None:
    content = random.randbytes(9 * MEGABYTE)
    path, half = created(server, len(content)), 4 * MEGABYTE + 3
    assert patch(server, path, 0, content[:half]).headers["upload-offset"] == str(half)
    assert offset(server, path) == half
    last = patch(server, path, half, content[half:])
    assert last.status_code == 204, last.text
    file = file_of(server, look(server, path).headers)
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    assert server.client.get(file["file"]).content == content


def test_a_download_has_ranges_and_conditions(server: Stack) -> None:
    content = random.randbytes(3 * MEGABYTE)
    url = server.upload(content, "a.bin", "application/octet-stream")["file"]
    part = server.client.get(url, headers={"Range": "bytes=1000000-1999999"})
    assert part.status_code == 206
    assert part.headers["content-range"] == f"bytes 1000000-1999999/{len(content)}"
    assert part.content == content[1_000_000:2_000_000]
    assert server.client.get(url, headers={"If-None-Match": part.headers["etag"]}).status_code == 304
    whole = server.client.head(url)
    assert whole.headers["content-length"] == str(len(content))


def test_files_are_listed_and_deleted(server: Stack) -> None:
    ids = [server.upload(PNG + bytes([n]), f"{n}.png", "image/png")["id"] for n in range(3)]
    page = server.client.get(FILES, params={"page_size": 3}).json()
    assert [file["id"] for file in page["results"]] == ids[::-1]
    assert server.client.delete(f"{FILES}{ids[0]}/").status_code == 204
    check_problem(server.client.get(f"{FILES}{ids[0]}/"), 404, "not-found")
    assert server.client.get(FILES).json()["count"] == page["count"] - 1


def test_what_is_refused_is_a_problem_document(server: Stack) -> None:
    check_problem(server.client.post(UPLOAD, files={"other": ("a.txt", b"a")}), 400, "invalid-field", "file")
    check_problem(server.client.get("/no/such/page"), 404, "not-found")


def test_an_upload_that_is_cut_off_stores_nothing(server: Stack) -> None:
    before = server.client.get(FILES).json()["count"]
    with wire(server) as connection:
        connection.send(head(server, Content_Type="application/octet-stream", Content_Length=1000), b"half")
    with wire(server) as connection:
        connection.send(head(server, Content_Type="application/octet-stream", Transfer_Encoding="chunked"))
        connection.send(next(chunked([b"half"])))
    assert server.upload(b"whole")["size"] == len(b"whole")
    assert server.client.get(FILES).json()["count"] == before + 1


def test_it_is_not_our_own_server(server: Stack) -> None:
    """These tests would prove nothing with our protocol, which alone sends interim responses."""
    assert server.processes("picasso.asgi:application")
    fields: dict[str, Any] = {"Upload_Complete": "?0", "Upload_Draft_Interop_Version": 8, "Content_Length": 4}
    with wire(server) as connection:
        connection.send(head(server, path="/api/v1.0/uploads/", **fields), b"half")
        assert connection.read().status == 201


def test_the_pages_of_django_are_served(server: Stack) -> None:
    assert server.client.get("/api/v1.0/schema/").status_code == 200
    assert "Picasso" in server.client.get("/", headers={"Accept": "text/html"}).text
    assert server.client.get("/admin/", follow_redirects=True).status_code == 200


def test_an_announced_trailer_is_refused(server: Stack) -> None:
    fields = {"Content_Type": "application/octet-stream", "Transfer_Encoding": "chunked", "Trailer": "Content-Digest"}
    with wire(server) as connection:
        connection.send(head(server, Content_Disposition='attachment; filename="a"', **fields))
        assert connection.read().status == 400
