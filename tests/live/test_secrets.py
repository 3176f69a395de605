"""After a run with everything that goes wrong in one: no secret is in a log, an error, a command line or a dump."""

from __future__ import annotations

import json
import re
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.brokers import Broker
from tests.databases import Databases
from tests.sampling import sample
from tests.stack import Stack, lives, production, running, until

pytestmark = pytest.mark.live

MARK = "marker-0123456789abcdef"

# What a client sends; none of it may be written down.
SENT = {
    "bearer": f"bearer-{MARK}",
    "basic": f"basic-{MARK}",
    "cookie": f"cookie-{MARK}",
    "token": f"query-token-{MARK}",
    "signature": f"query-signature-{MARK}",
}

REQUESTS = [
    ("GET", f"/api/v1.0/files/?token={SENT['token']}&signature={SENT['signature']}"),
    ("GET", f"/files/0190a1b2-0000-7000-8000-000000000000/x?expires=1&signature={SENT['signature']}"),
    ("POST", f"/api/v1.0/upload/?token={SENT['token']}"),
    ("PATCH", f"/api/v1.0/uploads/nothing?token={SENT['token']}"),
    ("GET", f"/api/v1.0/jobs/?state=wrong&token={SENT['token']}"),
    ("GET", f"/admin/?token={SENT['token']}"),
    ("GET", f"/nothing/%00?token={SENT['token']}"),
    ("GET", f"/readyz?token={SENT['token']}"),
]


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, postgres: Databases, new_broker: Callable[[], Broker]
) -> Iterator[Stack]:
    data = tmp_path_factory.mktemp("secrets") / "data"
    env = production(postgres.create_database("secrets"), new_broker().url)
    more = {"PICASSO_SECRET_KEY": f"secret-key-of-the-settings-{MARK}", "PICASSO_LOG_LEVEL": "debug"}
    with running(data, **{**env, **more}) as made:
        yield made
    assert_no_secret_in_log(made)


def secrets(stack: Stack) -> set[str]:
    """The secrets of the settings and of clients."""
    passwords = {urlsplit(stack._env[name]).password for name in ("DATABASE_URL", "BROKER_URL")}
    return {stack._env["PICASSO_SECRET_KEY"], *filter(None, passwords), *SENT.values()}


def assert_clean(text: str, stack: Stack) -> None:
    found = {secret for secret in secrets(stack) if secret in text}
    assert not found, [line for line in text.splitlines() if any(secret in line for secret in found)][:5]


def assert_no_secret_in_log(stack: Stack) -> None:
    assert_clean(stack.log.read_text(), stack)
    assert not [*Path.cwd().glob("core*"), *stack.data.rglob("core*")]


def send_everything(stack: Stack) -> None:
    authorizations = [f"Bearer {SENT['bearer']}", f"Basic {SENT['basic']}", SENT["bearer"]]
    for method, path in REQUESTS:
        for authorization in authorizations:
            headers = {"Authorization": authorization, "Cookie": f"sessionid={SENT['cookie']}"}
            stack.client.request(method, path, headers=headers, content=b"x" if method != "GET" else None)
    for head in (f"GET /?token={SENT['token']} HTTP/1.1\r\nHost:\0x\r\n\r\n", f"?token={SENT['token']}\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", stack.port), timeout=60) as wire:
            wire.sendall(head.encode())
            wire.recv(4096)


def command_lines(stack: Stack) -> str:
    return "\n".join(" ".join(process.cmdline()) for process in stack.processes())


def run(stack: Stack, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "picasso", *arguments]
    return subprocess.run(argv, env=stack._env | env, capture_output=True, text=True, timeout=120)


def test_no_secret_is_written_down(stack: Stack, postgres: Databases) -> None:
    send_everything(stack)
    stack.settled(stack.upload(b"some text")["id"])
    stack.settled(stack.upload(b"\xff\xd8\xff\xe0 no picture", "a.jpg", "image/jpeg")["id"])
    lines = command_lines(stack)
    assert "worker" in lines
    assert_clean(lines, stack)
    # The web and worker processes die by a signal that leaves a dump where dumps are allowed.
    for process in [*stack.processes("web"), *stack.processes("worker")]:
        assert process.rlimit(resource.RLIMIT_CORE) == (0, 0)
        process.send_signal(signal.SIGSEGV)
        until(lambda process=process: not lives(process), 20, lambda: "it still runs")  # type: ignore[misc]
    stack.wait_for("/readyz")
    assert stack.top.rlimit(resource.RLIMIT_CORE) == (0, 0)
    assert "starting it again" in stack.log.read_text()
    # Once more when it has ended, in the fixture.
    assert_no_secret_in_log(stack)


WRONG: dict[str, Callable[[str], str]] = {
    "an unknown host": lambda url: re.sub(r"@[^/]*", "@nowhere.invalid", url),
    "a closed port": lambda url: re.sub(r"@[^/]*", "@127.0.0.1:1", url),
    "a user that does not exist": lambda url: url.replace("//picasso:", "//nobody:"),
    "a wrong path": lambda url: f"{url}-nothing",
    "an unknown scheme": lambda url: f"my{url}",
    "no number as port": lambda url: re.sub(r"@[^/]*", "@127.0.0.1:http", url),
    "an unknown option": lambda url: f"{url}?nonsense=1",
    "a slash in the password": lambda url: re.sub(r":([^:@]*)@", r":/\1@", url),
    "a slash and an @ in the password": lambda url: re.sub(r":([^:@]*)@", r":x@/\1@", url),
}


@pytest.mark.parametrize("kind", sample(WRONG, lambda _: "a command", 1 / 3))
def test_no_secret_is_in_the_errors_of_a_command(stack: Stack, kind: str) -> None:
    """`tests/unit/test_redaction.py` has more of them."""
    url = WRONG[kind](stack._env["DATABASE_URL"])
    ended = run(stack, "manage", "migrate", DATABASE_URL=url)
    assert ended.returncode
    assert_clean(ended.stdout + ended.stderr, stack)


@contextmanager
def worker(stack: Stack, folder: Path, broker_url: str) -> Iterator[Path]:
    """Its log."""
    folder.mkdir()
    env = {**stack._env, "BROKER_URL": broker_url, "PICASSO_DATA_DIR": str(folder)}
    argv = [sys.executable, "-m", "picasso", "worker", "--queue", "quick"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(argv, env=env, stdout=log, stderr=log)
    try:
        yield folder / "log"
    finally:
        process.terminate()
        process.wait(60)


def test_no_secret_is_in_the_log_of_a_worker_without_broker(stack: Stack, tmp_path: Path) -> None:
    others = ["a user that does not exist", "a slash in the password", "an unknown scheme"]
    kinds = ["a closed port", *sample(others, lambda _: "a worker", 1 / 3)]
    with ExitStack() as workers:
        logs = [
            workers.enter_context(worker(stack, tmp_path / kind, WRONG[kind](stack._env["BROKER_URL"])))
            for kind in kinds
        ]
        for log in logs:
            until(lambda log=log: bool(log.read_text()), 30, lambda: "it logs nothing")  # type: ignore[misc]
        until(lambda: "broker" in logs[0].read_text(), 30, logs[0].read_text)
    for log in logs:
        assert_clean(log.read_text(), stack)


@pytest.mark.parametrize("command", ["diffsettings", "diffsettings --all", "check --deploy"])
def test_no_secret_is_shown_by_commands_about_settings(stack: Stack, command: str) -> None:
    shown = run(stack, "manage", *command.split())
    assert shown.returncode == 0, shown.stderr
    assert_clean(shown.stdout + shown.stderr, stack)


def test_no_secret_is_in_a_traceback(stack: Stack) -> None:
    """Of code that nobody expects to fail, and of a thread."""
    code = (
        "import threading; from django.conf import settings;"
        " fail = lambda: 1 / 0 if 0 else int(settings.PICASSO.broker_url + settings.SECRET_KEY);"
        " t = threading.Thread(target=fail); t.start(); t.join(); fail()"
    )
    ended = run(stack, "manage", "shell", "--no-imports", "-c", code)
    assert ended.returncode
    assert ended.stderr.count("Traceback") == 2
    assert ended.stderr.count("***") >= 2
    assert_clean(ended.stdout + ended.stderr, stack)


def test_files_are_for_owner_and_group_only(stack: Stack) -> None:
    file = stack.settled(stack.upload(Path("docs/picture.jpg").read_bytes(), "picture.jpg", "image/jpeg")["id"])
    assert file["derivatives"]
    everything = [stack.data, *stack.data.rglob("*")]
    stored = {path.stat().st_mode & 0o777 for path in stack.stored_files() if "media" in path.parts}
    assert stored == {0o640}
    assert [path for path in everything if path.exists() and path.stat().st_mode & 0o027] == []


def test_denied_and_refused_requests_are_in_the_audit(stack: Stack) -> None:
    """By the way of a real answer; `tests/flow/test_audit.py` has the rest."""
    for _ in range(3):
        stack.client.get("/api/v1.0/files/", headers={"Authorization": "Bearer wrong"})

    def rows() -> list[dict[str, Any]]:
        shown = run(stack, "audit", "--action", "request", "--json")
        return [json.loads(line) for line in shown.stdout.splitlines()]

    found: list[dict[str, Any]] = []

    def written() -> bool:
        found[:] = rows()
        return any(row["address"] == "127.0.0.1" for row in found)

    # They are written every few seconds, and each look starts a process.
    until(written, 20, lambda: str(found), every=1.5)
    assert all(row["outcome"] in {"denied", "refused"} for row in found)
    assert_clean(str(found), stack)
