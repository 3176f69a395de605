"""Scanning while clamd or its worker is killed: every file gets its right verdict, and none is served before."""

from __future__ import annotations

import io
import socket
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import pytest

from tests.sampling import sample
from tests.services import Clamd
from tests.stack import Stack, running, until

pytestmark = [pytest.mark.faults, pytest.mark.live]

CONFIG = """
[pipelines.default.scan]
options.not_scanned = "quarantine"

[pipelines.strict.scan]
options.infected = "delete"
"""


class Gate:
    """Passes connections on to clamd. Closed, it keeps everything back that clamd answers."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open = threading.Event()
        self._open.set()
        self.held = threading.Event()
        """Set when an answer was kept back."""
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._open.clear()

    def open(self) -> None:
        self.held.clear()
        self._open.set()

    def remove(self) -> None:
        self._open.set()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError), socket.create_connection(self._target) as server:
            forth = threading.Thread(target=self._pass_on, args=(client, server), daemon=True)
            forth.start()
            while data := server.recv(65536):
                # Pings and versions pass, so that nobody takes clamd to be away.
                if data.startswith(b"stream") and not self._open.is_set():
                    self.held.set()
                    self._open.wait()
                client.sendall(data)
        with suppress(OSError):
            # Its other thread reads from it, and until that ends a mere `close` tells the service nothing.
            client.shutdown(socket.SHUT_RDWR)

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="module")
def gate(clamd: Clamd) -> Iterator[Gate]:
    made = Gate(("127.0.0.1", clamd.port))
    yield made
    made.remove()


@pytest.fixture(scope="module")
def stack(gate: Gate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("scanning")
    config = folder / "picasso.toml"
    config.write_text(CONFIG)
    env = {"PICASSO_CLAMD": gate.url, "PICASSO_CLAMD_MAX_SIZE": "2MiB", "PICASSO_CONFIG": str(config)}
    with running(folder / "data", **env) as made:
        yield made


@pytest.fixture(autouse=True)
def _recovered(clamd: Clamd, gate: Gate) -> Iterator[None]:
    yield
    gate.open()
    clamd.start()


def docx(content: bytes) -> bytes:
    inner, outer = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("eicar.com", content)
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"<Types/>")
        archive.writestr("word/embeddings/a.zip", inner.getvalue())
    return outer.getvalue()


def get(stack: Stack, file: dict[str, Any]) -> tuple[int, str]:
    answer = stack.client.get(urlsplit(file["file"]).path)
    return answer.status_code, "" if answer.is_success else answer.json()["code"]


def assert_clean(stack: Stack, file: dict[str, Any]) -> None:
    settled = stack.settled(file["id"], 60)
    assert (settled["state"], settled["scan"], settled["quarantined"]) == ("processed", "clean", False), settled
    assert settled["facts"]["text"]["words"] == 2
    assert get(stack, file) == (200, "")


def assert_infected(stack: Stack, file: dict[str, Any]) -> None:
    settled = stack.settled(file["id"], 60)
    assert (settled["state"], settled["error"]["code"], settled["scan"]) == ("failed", "infected", "infected"), settled
    assert settled["facts"].keys() == {"file", "scan"}
    assert get(stack, file) == (403, "infected")


class Watch:
    """Fetches files all the time, and remembers what was served."""

    def __init__(self, stack: Stack, *files: dict[str, Any]) -> None:
        self._stack, self._files = stack, files
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.answers: set[tuple[int, str]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        """At least once, however soon it ends."""
        while True:
            self.answers |= {get(self._stack, file) for file in self._files}
            if self._ended.wait(0.02):
                return


def test_verdicts(stack: Stack) -> None:
    clean, infected = stack.upload(b"two words"), stack.upload(docx(Clamd.EICAR), "a.docx")
    large = stack.upload(bytes(2**21 + 1), "a.bin", "application/octet-stream")
    assert {clean["scan"], infected["scan"], large["scan"]} == {"waiting"}
    assert_clean(stack, clean)
    assert_infected(stack, infected)
    settled = stack.settled(large["id"])
    assert (settled["state"], settled["scan"], settled["error"]["code"]) == ("failed", "not-scanned", "not-scanned")
    assert get(stack, large) == (403, "not-scanned")


def test_a_file_that_is_deleted_by_policy(stack: Stack) -> None:
    answer = stack.client.put("/api/v1.0/upload/a.txt?pipeline=strict", content=Clamd.MARKER)
    file = answer.json()
    assert answer.status_code == 201, file
    address = f"/api/v1.0/files/{file['id']}/"
    until(lambda: stack.client.get(address).status_code == 404, 30, lambda: f"it is still there: {stack.log_tail()}")
    assert get(stack, file) == (404, "not-found")


def test_clamd_is_away_for_the_whole_upload(stack: Stack, clamd: Clamd) -> None:
    clamd.kill()
    clean = [stack.upload(b"two words") for _ in range(5)]
    infected = [stack.upload(b"some " + Clamd.MARKER) for _ in range(5)]
    with Watch(stack, *clean, *infected) as watch:
        until(lambda: "scanner" in stack.client.get("/readyz").text, 30, lambda: "readyz does not tell")
        until(lambda: "service-away" in stack.client.get("/api/v1.0/jobs/?processor=scan").text, 30, stack.log_tail)
    assert watch.answers == {(423, "not-scanned-yet")}
    ready = stack.client.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]["scanner"]) == (503, "The virus scanner does not answer.")
    with Watch(stack, *infected) as watch:
        clamd.start()
        for file in clean:
            assert_clean(stack, file)
        for file in infected:
            assert_infected(stack, file)
    assert watch.answers <= {(423, "not-scanned-yet"), (403, "infected")}
    stack.wait_for("/readyz")


@pytest.fixture(params=sample(["clamd", "worker"], lambda _: "scanning", 1 / 2))
def kill(request: pytest.FixtureRequest, stack: Stack, clamd: Clamd, gate: Gate) -> Callable[[], None]:
    """Kills a part of the service, and brings it back."""

    def kill_clamd() -> None:
        clamd.kill()
        gate.open()
        clamd.start()

    def kill_worker() -> None:
        stack.processes("worker", "service")[-1].kill()
        gate.open()

    return kill_clamd if request.param == "clamd" else kill_worker


def test_killed_during_a_scan(stack: Stack, gate: Gate, kill: Callable[[], None]) -> None:
    gate.close()
    clean, infected = stack.upload(b"two words"), stack.upload(b"some " + Clamd.MARKER)
    assert gate.held.wait(60)
    assert {get(stack, clean), get(stack, infected)} == {(423, "not-scanned-yet")}
    kill()
    with Watch(stack, infected) as watch:
        assert_clean(stack, clean)
        assert_infected(stack, infected)
    assert watch.answers <= {(423, "not-scanned-yet"), (403, "infected")}


def test_deleted_during_its_scan(stack: Stack, gate: Gate) -> None:
    gate.close()
    file = stack.upload(b"some " + Clamd.MARKER)
    assert gate.held.wait(60)
    assert stack.client.delete(f"/api/v1.0/files/{file['id']}/").status_code == 204
    gate.open()
    assert_clean(stack, stack.upload(b"two words"))
    assert stack.client.get(f"/api/v1.0/files/{file['id']}/").status_code == 404

    def left() -> list[Path]:
        return [path for path in stack.stored_files() if file["id"] in str(path)]

    until(lambda: not left(), 15, lambda: f"left: {left()}")
    assert "storage failed" not in Path(stack.log).read_text()
