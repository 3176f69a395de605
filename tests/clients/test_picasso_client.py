"""Picasso's own client for Python, both kinds: they have one core, and pass the same tests."""

from __future__ import annotations

import asyncio
import io
import socketserver
import threading
import uuid
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from picasso_client import AsyncClient, Client, Derivative, PicassoError, retries
from tests import nginx
from tests.clients.checks import check_stored, content, times_stored
from tests.clients.cutting import cutting
from tests.clients.test_kills import kill_web
from tests.ports import free_port
from tests.stack import Stack

LARGE = 4_500_000


class Blocking:
    """`AsyncClient` with the calls of `Client`."""

    def __init__(self, url: str, **more: Any) -> None:
        self._runner = asyncio.Runner()
        self._client = AsyncClient(url, **more)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            found = getattr(self._client, name)(*args, **options)
            if isinstance(found, AsyncGenerator):
                return self._each(found)
            return self._runner.run(found)

        return call

    def _each(self, found: AsyncGenerator[Any]) -> Iterator[Any]:
        try:
            while (item := self._runner.run(anext(found, None))) is not None:
                yield item
        finally:
            self._runner.run(found.aclose())

    def end(self) -> None:
        self._runner.run(self._client.close())
        self._runner.close()


NewClient = Callable[..., Any]


@pytest.fixture(autouse=True)
def no_login(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of whoever runs the tests; and pauses that take no time."""
    for name in ("PICASSO_URL", "PICASSO_KEY", "PICASSO_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.05)


@pytest.fixture(params=["sync", "async"])
def new_client(request: pytest.FixtureRequest) -> Iterator[NewClient]:
    made: list[Any] = []

    def new(url: str, **more: Any) -> Any:
        made.append(Client(url, **more) if request.param == "sync" else Blocking(url, **more))
        return made[-1]

    yield new
    for each in made:
        each.close() if isinstance(each, Client) else each.end()


@pytest.fixture
def client(stack: Stack, new_client: NewClient) -> Any:
    return new_client(stack.url)


def test_a_small_file(stack: Stack, client: Any) -> None:
    sent = b"Harlequin with a mirror " + content(8).hex().encode()
    name = 'Arlequín "1917"/x.txt'
    file = client.upload(sent, name=name, tags=["a, b", "c"], attributes={"year": 1917, "é": None}, wait=30)
    assert (file.name, file.tags, file.attributes) == (name, ("a, b", "c"), {"year": 1917, "é": None})
    assert (file.state, file.media_type, file.declared_type) == ("processed", "text/plain", "text/plain")
    check_stored(stack, file.id, sent)


@pytest.mark.parametrize("length_known", [True, False])
def test_a_large_file_is_cut(stack: Stack, new_client: NewClient, tmp_path: Path, length_known: bool) -> None:
    sent = content(LARGE)
    path = tmp_path / "Größe.bin"
    path.write_bytes(sent)
    chunks = iter([sent[at : at + 70_001] for at in range(0, LARGE, 70_001)])
    arrived: list[int] = []
    options = {"name": path.name, "tags": ["x"], "progress": lambda done, _: arrived.append(done)}
    with cutting(stack.port, [("up", 1_000_000), ("up", 900_000)]) as proxy:
        file = new_client(proxy.url).upload(path if length_known else chunks, **options)
    assert proxy.done == 2
    assert (file.name, file.tags) == (path.name, ("x",))
    assert sorted(arrived) == arrived
    assert arrived[-1] == LARGE
    check_stored(stack, file.id, sent)


def test_a_lost_answer_stores_no_second_file(stack: Stack, new_client: NewClient) -> None:
    small, large = content(1000), content(2_000_000)
    with cutting(stack.port, [("down", 1)] * 4) as proxy:
        client = new_client(proxy.url)
        client.upload(small)
        client.upload(large)
        assert proxy.done == 4
    assert times_stored(stack, small) == times_stored(stack, large) == 1


@pytest.mark.sampled("the service of a client is killed", 1 / 2)
@pytest.mark.parametrize("new_client", ["sync"], indirect=True)
def test_the_service_is_killed_while_it_receives(stack: Stack, client: Any) -> None:
    sent = content(LARGE)
    killed: list[int] = []

    def kill(done: int, _: int | None) -> None:
        if not killed:
            killed.append(done)
            kill_web(stack)

    check_stored(stack, client.upload(io.BytesIO(sent), progress=kill).id, sent)
    assert killed


def test_another_client_goes_on(stack: Stack, new_client: NewClient) -> None:
    sent = content(LARGE)
    kept: list[str] = []
    with cutting(stack.port, [("up", 2_000_000)]) as proxy, pytest.raises(PicassoError) as failed:
        new_client(proxy.url, retries=0).upload(sent, name="a.bin", started=kept.append)
    assert (failed.value.status, failed.value.code) == (0, "no-answer")
    assert [failed.value.upload_url] == kept
    address = kept[0].replace(proxy.url, stack.url)
    offsets: list[int] = []
    other = new_client(stack.url)
    with pytest.raises(PicassoError, match="content-changed"):
        other.resume(address, sent[:-1])
    file = other.resume(address, sent, progress=lambda done, _: offsets.append(done))
    assert offsets[0] > 1_000_000
    assert check_stored(stack, file.id, sent)["name"] == "a.bin"
    assert other.resume(address, sent).id == file.id, "it was complete"


@pytest.mark.parametrize("new_client", ["sync"], indirect=True)
def test_an_upload_goes_on_with_other_bytes(stack: Stack, new_client: NewClient) -> None:
    sent = content(LARGE)
    with cutting(stack.port, [("up", 2_000_000)]) as proxy, pytest.raises(PicassoError) as failed:
        new_client(proxy.url, retries=0).upload(sent)
    assert failed.value.upload_url
    address = failed.value.upload_url.replace(proxy.url, stack.url)
    with pytest.raises(PicassoError, match="digest-mismatch"):
        new_client(stack.url).resume(address, b"x" + sent[1:])


def test_all_pages_are_listed(stack: Stack, client: Any) -> None:
    tag = uuid.uuid4().hex
    ids = [client.upload(content(10), name=f"{n}.bin", tags=[tag]).id for n in range(3)]
    for filters in ({"tag": tag}, {"tag": tag, "page_size": 2}):
        assert [file.id for file in client.files(**filters)] == ids[::-1]
    assert not list(client.files(tag=tag, attributes={"nobody": "has it"}))
    with pytest.raises(PicassoError) as refused:
        list(client.files(colour="red"))
    assert (refused.value.status, refused.value.errors[0].field) == (400, "colour")


def test_a_file_is_changed_and_deleted(client: Any) -> None:
    file = client.upload(content(10), attributes={"a": 1, "b": 2})
    changed = client.update(file.id, name="new.bin", tags=["t"], attributes={"a": None})
    assert (changed.name, changed.tags, changed.attributes) == ("new.bin", ("t",), {"b": 2})
    client.delete(file.id, permanently=True)
    with pytest.raises(PicassoError) as gone:
        client.file(file.id)
    assert (gone.value.status, gone.value.code) == (404, "not-found")


@pytest.mark.parametrize("cuts", [[], [("down", 1_500_000), ("down", 700_000)]])
def test_a_download(stack: Stack, new_client: NewClient, tmp_path: Path, cuts: list[tuple[str, int]]) -> None:
    sent = content(4_000_000)
    file = new_client(stack.url).upload(sent, name="../../ä\x1b[2J.bin")
    with cutting(stack.port, cuts) as proxy:
        client = new_client(proxy.url)
        shown = client.file(file.id)
        path = client.download(shown, tmp_path)
        assert (path.read_bytes(), proxy.done) == (sent, len(cuts))
        assert path.parent == tmp_path
        assert path.name == "ä_[2J.bin"
        path.write_bytes(b"mine")
        with pytest.raises(FileExistsError):
            client.download(shown, tmp_path)
        assert path.read_bytes() == b"mine"
        assert client.download(shown, path, overwrite=True).read_bytes() == sent
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("new_client", ["sync"], indirect=True)
def test_two_downloads_of_the_same_content(client: Any, tmp_path: Path) -> None:
    sent = content(1_500_000)
    first, second = (client.upload(sent, name=name) for name in ("a.bin", "b.bin"))
    others: list[Path] = []

    def meanwhile(*_: object) -> None:
        if not others:
            others.append(client.download(second, tmp_path))

    path = client.download(first, tmp_path, progress=meanwhile)
    assert path.read_bytes() == others[0].read_bytes() == sent
    assert {each.name for each in tmp_path.iterdir()} == {"a.bin", "b.bin"}


@pytest.mark.parametrize("new_client", ["sync"], indirect=True)
def test_two_downloads_to_the_same_place(client: Any, tmp_path: Path) -> None:
    sent = content(1_500_000)
    file = client.upload(sent, name="a.bin")
    others: list[Path] = []

    def meanwhile(*_: object) -> None:
        if not others:
            others.append(client.download(file, tmp_path, overwrite=True))

    assert client.download(file, tmp_path, overwrite=True, progress=meanwhile).read_bytes() == sent
    assert [each.name for each in tmp_path.iterdir()] == ["a.bin"]


@pytest.mark.parametrize(
    ("sent", "options", "hint"),
    [
        (b"x", {"tag": "summer"}, "'tags'"),
        (b"x", {"nope": 1}, "pipeline"),
        (b"x", {"tags": "summer"}, "list"),
        (io.StringIO("x"), {}, "'rb'"),
    ],
)
def test_wrong_options_of_an_upload(new_client: NewClient, sent: Any, options: Any, hint: str) -> None:
    with pytest.raises(TypeError, match=hint):
        new_client("http://127.0.0.1:9").upload(sent, **options)


@contextmanager
def answering(head: bytes, body: bytes) -> Iterator[str]:
    """The address of a server that says the same to every request, and closes the connection."""

    class Handler(socketserver.StreamRequestHandler):
        timeout = 30

        def handle(self) -> None:
            length = 0
            while line := self.rfile.readline().strip().lower():
                if line.startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            self.rfile.read(length)
            self.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + head + b"\r\n\r\n" + body)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_download_that_is_always_cut_at_the_same_place(new_client: NewClient, tmp_path: Path) -> None:
    """By a server without ranges."""
    with answering(b"Content-Length: 1000", bytes(500)) as url:
        wanted = Derivative("preview", f"{url}/x.png", "image/png", 1000, None, None)
        with pytest.raises(PicassoError, match="no-answer"):
            new_client(url, retries=2).download(wanted, tmp_path / "x.png")
    assert not (tmp_path / "x.png").exists()


def test_an_upload_of_which_nothing_arrives(new_client: NewClient) -> None:
    with answering(b"Location: /uploads/x\r\nUpload-Offset: 0\r\nContent-Length: 0", b"") as url:
        with pytest.raises(PicassoError, match="Nothing of what was sent") as failed:
            new_client(url, retries=2).upload(bytes(2**20 + 1))
        assert failed.value.upload_url == f"{url}/api/v1.0/uploads/x"


@pytest.mark.parametrize("body", [b'{"x": 1}', b"[]", b"<p>"])
def test_another_program_answers(new_client: NewClient, body: bytes) -> None:
    with answering(b"Content-Length: %d" % len(body), body) as url:
        client = new_client(url, retries=0)
        calls: list[Callable[[], object]] = [
            lambda: client.file("x"),
            lambda: list(client.files()),
            lambda: client.upload(b"small"),
            lambda: client.upload(bytes(2**20 + 1)),
            lambda: client.change_files("delete", ["x"]),
            lambda: client.import_url("http://example.com/x"),
        ]
        for call in calls:
            with pytest.raises(PicassoError, match="unexpected-answer"):
                call()


@pytest.mark.parametrize("new_client", ["async"], indirect=True)
def test_a_proxy_refuses_large_requests(stack: Stack, new_client: NewClient, tmp_path: Path) -> None:
    """nginx allows a mebibyte by default."""
    sent = content(LARGE)
    proxy = "proxy_http_version 1.1; proxy_set_header Host $http_host;"
    with nginx.server(tmp_path / "nginx", free_port(), f"location / {{ proxy_pass {stack.url}; {proxy} }}") as url:
        file = new_client(url).upload(sent)
    check_stored(stack, file.id, sent)


@pytest.mark.parametrize("new_client", ["async"], indirect=True)
def test_a_download_goes_on_in_another_process(stack: Stack, new_client: NewClient, tmp_path: Path) -> None:
    sent = content(3_000_000)
    file = new_client(stack.url).upload(sent, name="a.bin")
    with cutting(stack.port, [("down", 1_000_000)]) as proxy:
        client = new_client(proxy.url, retries=0)
        with pytest.raises(PicassoError, match="no-answer"):
            client.download(client.file(file.id), tmp_path)
    (part,) = tmp_path.iterdir()
    arrived: list[int] = []
    part.write_bytes(part.read_bytes()[:-1] + b"!")  # a broken beginning does no harm
    with pytest.raises(PicassoError, match="digest-mismatch"):
        new_client(stack.url).download(file, tmp_path, progress=lambda done, _: arrived.append(done))
    assert arrived[0] > 500_000
    assert new_client(stack.url).download(file, tmp_path).read_bytes() == sent


@pytest.mark.parametrize("new_client", ["async"], indirect=True)
def test_events_over_cuts_and_a_kill(stack: Stack, new_client: NewClient) -> None:
    client = new_client(stack.url)
    first = client.request("GET", "events/", params={"limit": 1000})["last"]
    tag = uuid.uuid4().hex
    ids = [client.upload(content(10), tags=[tag]).id for _ in range(4)]
    with cutting(stack.port, [("down", 600)]) as proxy:
        events = new_client(proxy.url).events(first, tag=tag, type="file.received")
        found = [next(events) for _ in range(2)]
        kill_web(stack)
        found += [next(events) for _ in range(2)]
        events.close()
        assert proxy.done == 1
    assert [event.data["id"] for event in found] == ids
    assert len({event.seq for event in found}) == 4


def test_waiting_has_an_end(client: Any) -> None:
    file = client.upload(content(10))
    assert client.wait(file.id, 30).settled
    with pytest.raises(PicassoError, match="address-not-allowed"):
        client.wait_import(client.import_url("http://127.0.0.1:9/x").id, 30)


def test_without_a_service(new_client: NewClient) -> None:
    with pytest.raises(PicassoError) as failed:
        new_client("http://127.0.0.1:9", retries=1).file("x")
    assert (failed.value.status, failed.value.code) == (0, "no-answer")
