"""What the Python client does without a service."""

from __future__ import annotations

import inspect
import json
import os
import pty
import sys
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from picasso_client import AsyncClient, Client, Derivative, PicassoError, config, partial, retries
from picasso_client.cli.files import with_errors
from picasso_client.cli.output import size_text
from picasso_client.cli.progress import bars
from picasso_client.errors import PROBLEM_JSON
from picasso_client.models import unread_file
from picasso_client.upload_options import small_upload_call


def signature(client: type, name: str) -> list[tuple[str, Any, Any]]:
    """Names, kinds and defaults of the parameters."""
    found = inspect.signature(getattr(client, name)).parameters.values()
    return [(each.name, each.kind, each.default) for each in found]


def test_both_clients_have_the_same_methods() -> None:
    def names(client: type) -> set[str]:
        return {name for name in vars(client) if name == "__init__" or not name.startswith("_")}

    assert names(Client) == names(AsyncClient)
    for name in names(Client) - {"url"}:
        assert signature(Client, name) == signature(AsyncClient, name), name


def test_the_port_of_a_service_on_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in config.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PICASSO_PORT", "9000")
    assert config.resolve(None, None).url == "http://127.0.0.1:9000"
    monkeypatch.setenv("PICASSO_PORT", "x")
    with pytest.raises(ValueError, match=r"127\.0\.0\.1:x"):
        config.resolve(None, None)
    config.save(config.Login("https://files.example.com", None))
    assert config.resolve(None, None).url == "https://files.example.com", "a login comes first"


@pytest.mark.parametrize("path", ["http://[::1", "http://x:99999/", "ftp://127.0.0.1/x", "http://a..b/"])
def test_what_can_not_be_sent(path: str, tmp_path: Path) -> None:
    with Client("http://127.0.0.1:9", retries=0) as client:
        with pytest.raises(PicassoError, match="invalid-request"):
            client.request("GET", path)
        with pytest.raises(PicassoError, match="invalid-request"):
            client.download(Derivative("x", path, "", 1, None, None), tmp_path / "x")
    assert not list(tmp_path.iterdir())


def test_a_header_that_can_not_be_sent() -> None:
    with Client("http://127.0.0.1:9", retries=0) as client, pytest.raises(PicassoError, match="invalid-request"):
        client.upload(b"x", idempotency_key="ä")


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (httpx.DecodingError("broken"), "unexpected-answer"),
        (httpx.TooManyRedirects("many"), "unexpected-answer"),
        (httpx.LocalProtocolError("Illegal header value b'a\\nb'"), "invalid-request"),
        (httpx.ReadError("cut"), "no-answer"),
    ],
)
def test_no_error_of_httpx_comes_out(fault: Exception, code: str) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise fault

    with Client("http://127.0.0.1:9", retries=0, http={"transport": httpx.MockTransport(answer)}) as client:
        with pytest.raises(PicassoError, match=code):
            client.file("x")
        with pytest.raises(PicassoError, match=code):
            next(client.events())


@pytest.mark.parametrize(
    "body", [b"data: {}\n\n", b"data: [1]\n\n", b"data: " + b"[" * 100_000 + b"\n\n", b"event: reset\n\n"]
)
def test_a_stream_of_another_program(body: bytes) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    with Client("http://127.0.0.1:9", retries=0, http={"transport": transport}) as client:
        with pytest.raises(PicassoError, match="unexpected-answer"):
            next(client.events(0))
        with pytest.raises(PicassoError, match="unexpected-answer"):
            client.file("x")


def test_one_download_at_a_time_has_a_temporary_file(tmp_path: Path) -> None:
    """Locks are those of an open file, so two of this process are as two processes."""
    part = tmp_path / ".picasso-x.part"
    part.write_bytes(b"beginning")
    handle = partial.locked(part)
    assert handle is not None
    with partial.claimed(part) as other:
        assert other != part
        other.write_bytes(b"mine")
    assert list(tmp_path.iterdir()) == [part]
    partial.release(handle, part)
    with partial.claimed(part) as mine:
        assert mine.read_bytes() == b"beginning", "a beginning is kept"
        mine.write_bytes(b"")
    assert not list(tmp_path.iterdir()), "nothing is no beginning"


def test_a_temporary_file_that_was_put_in_place_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its opening and its lock."""
    part = tmp_path / ".picasso-x.part"

    def put(opened: Path) -> int:
        handle = real(opened)
        partial.put_in_place(opened, tmp_path / "x", overwrite=False)
        return handle

    real = partial.open_part
    monkeypatch.setattr(partial, "open_part", put)
    with partial.claimed(part) as mine:
        assert mine != part
        mine.write_bytes(b"mine")
        with pytest.raises(FileExistsError) as there:
            partial.put_in_place(mine, tmp_path / "x", overwrite=False)
    assert there.value.filename == str(tmp_path / "x")


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_960, "1.0 MB"), (4_294_967_296, "4.3 GB")]
)
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text


def read_all(terminal: int, found: list[bytes]) -> None:
    """Until the other side is closed, which is an error on Linux."""
    with suppress(OSError):
        while piece := os.read(terminal, 10_000):
            found.append(piece)


@pytest.mark.parametrize(("total", "shown"), [(4_000_000, "1.5/4.0 MB"), (None, "1.5 MB")])
def test_a_progress_bar_has_one_unit(monkeypatch: pytest.MonkeyPatch, total: int | None, shown: str) -> None:
    leader, terminal = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    read: list[bytes] = []
    reader = Thread(target=read_all, args=(leader, read), daemon=True)
    reader.start()
    with os.fdopen(terminal, "w") as screen:
        monkeypatch.setattr(sys, "stderr", screen)
        with bars() as all_bars, all_bars.bar("film.mp4", None) as report:
            report(0, total)
            report(1_500_000, total)
            all_bars.refresh()
    reader.join(60)
    os.close(leader)
    seen = b"".join(read).decode()
    assert "film.mp4" in seen
    assert shown in seen
    assert "iB" not in seen


def answers(*of: int | Exception) -> httpx.MockTransport:
    """These, one after the other: errors of the service by their status, and faults."""
    left = list(of)

    def answer(_: httpx.Request) -> httpx.Response:
        next_one = left.pop(0)
        if isinstance(next_one, Exception):
            raise next_one
        problem = {"code": "x", "detail": "x"}
        return httpx.Response(next_one, headers={"Content-Type": PROBLEM_JSON}, content=json.dumps(problem))

    return httpx.MockTransport(answer)


@pytest.mark.parametrize(
    ("before", "is_done"),
    [
        ([429], False),
        ([503, 429], False),
        ([httpx.ConnectError("refused")], False),
        ([httpx.ReadError("cut")], True),
        ([500, 429], True),
        ([], False),
    ],
)
def test_a_delete_of_what_is_not_there(
    monkeypatch: pytest.MonkeyPatch, before: list[int | Exception], is_done: bool
) -> None:
    """Only an attempt that may have deleted it makes it a success."""
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.001)
    expected = nullcontext() if is_done else pytest.raises(PicassoError)
    with Client("http://127.0.0.1:9", http={"transport": answers(*before, 404)}) as client, expected:
        client.delete("x")


@pytest.mark.parametrize("media_type", ["text/plain\r\nX-Evil: 1", "text/plain\n", "text/\0", "text/\x85"])
@pytest.mark.parametrize("attributes", [{}, {"text": "a" * 7000}])
def test_a_media_type_that_would_end_its_head(media_type: str, attributes: dict[str, str]) -> None:
    with Client("http://127.0.0.1:9", retries=0) as client, pytest.raises(ValueError, match="control characters"):
        client.upload(b"x", media_type=media_type, attributes=attributes)


def test_the_boundary_of_a_form_is_not_known_before() -> None:
    types = {small_upload_call(b"x", "x", {"tags": ["a" * 7000]}).headers["Content-Type"] for _ in range(5)}
    assert len(types) == 5


@pytest.mark.parametrize("fault", [404, 429, 500, httpx.ReadError("cut")])
def test_a_reason_that_can_not_be_read_does_not_end_a_list(fault: int | Exception) -> None:
    files = [replace(unread_file(str(number), "a"), state="failed") for number in range(3)]
    with Client("http://127.0.0.1:9", retries=0, http={"transport": answers(*[fault] * 3)}) as client:
        assert list(with_errors(client, iter(files))) == files
