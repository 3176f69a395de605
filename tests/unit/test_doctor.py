"""The checks of `picasso doctor` that need no service."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.utils import timezone
from tests.ports import free_port
from tests.remote import certificate
from tests.waiting import join

from picasso import conf
from picasso.doctor import (
    broker,
    configuration,
    data_folder,
    database,
    decoders,
    entrance,
    receivers,
    report,
    scanner,
    workers,
)
from picasso.doctor.finding import Finding, Installation, Level, fault, ok, warning
from picasso.doctor.one_check import findings_of
from picasso.jobs.queues import Load


def installation(url: str = "http://127.0.0.1:8000", **env: str) -> Installation:
    return Installation(conf.load(env), url)


def wrong(found: Iterable[Finding]) -> set[str]:
    return {finding.name for finding in found if finding.level != Level.OK}


# Settings


@pytest.mark.parametrize(
    ("env", "names"),
    [
        ({}, set()),
        ({"PICASSO_HOST": "0.0.0.0", "PICASSO_ACCESS": "open"}, {"open-access"}),
        ({"PICASSO_DEBUG": "1"}, {"debug"}),
        ({"PICASSO_MAX_UPLOAD_SIZE": "200GiB"}, {"unfinished-size"}),
        ({"PICASSO_UPLOAD_EXPIRY": "60"}, {"expiry"}),
        ({"PICASSO_MAX_UNFINISHED_PER_CLIENT": "20000"}, {"unfinished-share"}),
        ({"PICASSO_TRUSTED_PROXIES": "*"}, {"trusted-proxies"}),
    ],
)
def test_settings(env: dict[str, str], names: set[str]) -> None:
    assert wrong(configuration.check(installation(**env))) == names


def test_settings_of_a_public_service() -> None:
    env = {"PICASSO_PUBLIC_URL": "https://files.example.com", "PICASSO_ACCESS": "keys"}
    found = wrong(configuration.check(installation("https://files.example.com", **env)))
    assert found == {"profile", "trusted-proxies"}
    assert "public-url" in wrong(configuration.check(installation("https://other.example.com", **env)))


# The data folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    path.mkdir(mode=0o700)
    (path / "secret.key").write_text("x" * 64)
    (path / "secret.key").chmod(0o600)
    return path


def test_a_data_folder(folder: Path) -> None:
    env = {"PICASSO_DATA_DIR": str(folder), "PICASSO_MAX_UPLOAD_SIZE": "1"}
    assert wrong(data_folder.check(installation(**env))) <= {"writing"}  # a slow disk is no fault of this test
    assert [path.name for path in folder.iterdir()] == ["secret.key"]
    (folder / "secret.key").chmod(0o644)
    folder.chmod(0o755)
    assert wrong(data_folder.check(installation(**env))) >= {"permissions", "secret-key"}
    assert wrong(data_folder.check(installation(PICASSO_DATA_DIR=f"{folder}/none"))) == {"data-folder"}


@pytest.mark.parametrize(
    ("setting", "level"), [("PICASSO_MIN_FREE_SPACE", "fault"), ("PICASSO_MAX_UPLOAD_SIZE", "warning")]
)
def test_a_full_disk(folder: Path, setting: str, level: str) -> None:
    settings = installation(PICASSO_DATA_DIR=str(folder), **{setting: "1000TiB"}).conf
    [finding, *_] = data_folder.space(settings)
    assert (finding.name, finding.level) == ("space", level)


def test_a_disk_without_hard_links(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    [finding] = data_folder.writing(folder)
    assert (finding.name, finding.level) == ("writing", Level.FAULT)
    assert [path.name for path in folder.iterdir()] == ["secret.key"]


# Database, broker, workers


@pytest.mark.parametrize(("skew", "level"), [(0.5, "ok"), (-5, "warning"), (100, "fault")])
def test_a_clock(skew: float, level: str) -> None:
    [finding] = database.clock(timezone.now() + timedelta(seconds=skew))
    assert finding.level == level


def test_a_broker_that_is_away() -> None:
    env = {"BROKER_URL": f"amqp://someone:secret-of-the-broker@127.0.0.1:{free_port()}/"}
    [finding] = broker.check(installation(**env))
    assert finding.level == Level.FAULT
    assert "secret-of-the-broker" not in finding.what
    assert wrong(broker.check(installation())) == set()


@pytest.mark.parametrize(
    ("load", "names"),
    [
        (Load("quick", False, 3, 0, 0, 5.0), set()),
        (Load("quick", True, 0, 0, 0, None), {"queue"}),
        (Load("quick", False, 3, 0, 0, 5000.0), {"queue"}),
    ],
)
def test_a_queue(load: Load, names: set[str]) -> None:
    assert wrong(workers.queue_of(load, lives=True)) == names
    assert wrong(workers.queue_of(load, lives=False)) == names | {"worker"}


# Decoders, scanner, receivers


def test_decoders(tmp_path: Path) -> None:
    assert wrong(decoders.magic()) == set()
    assert wrong(decoders.fonts((str(tmp_path),))) == {"fonts"}
    (tmp_path / "a.TTF").touch()
    assert wrong(decoders.fonts((str(tmp_path),))) == set()


def test_a_scanner_that_is_away() -> None:
    assert wrong(scanner.check(installation(PICASSO_CLAMD=f"tcp://127.0.0.1:{free_port()}"))) == {"scanner"}
    assert wrong(scanner.check(installation())) == set()


def test_old_signatures() -> None:
    version = "ClamAV 1.4.3/27800/%a %b %d %H:%M:%S %Y"
    now = datetime.now()  # noqa: DTZ005 - as clamd
    assert wrong(scanner.signatures(now.strftime(version))) == set()
    assert wrong(scanner.signatures((now - timedelta(days=9)).strftime(version))) == {"signatures"}
    assert wrong(scanner.signatures("ClamAV 1.4.3")) == set()


async def receiver(origin: str, **env: str) -> Finding:
    [finding] = await receivers.ask_all(installation(**env).conf, [origin])
    return finding


def test_receivers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        origin = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert asyncio.run(receiver(origin)).level == Level.WARNING  # a private address
    assert receivers.origin_of("https://user:password@a.example:8443/x?secret=1") == "https://a.example:8443"


# Through the URL


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"status": "ok"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Installation]:
    """A server whose certificate is valid for a day, if `tmp_path` is trusted."""
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        server.socket = certificate(tmp_path, "localhost").wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield installation(f"https://127.0.0.1:{server.server_port}")
        server.shutdown()
        join(thread)


def test_a_certificate_that_is_not_trusted(secure: Installation) -> None:
    [finding] = findings_of(entrance.check, secure)
    assert (finding.name, finding.level) == ("certificate", Level.FAULT)


def test_a_certificate_that_expires_soon(secure: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    levels = {finding.name: finding.level for finding in findings_of(entrance.check, secure)}
    assert levels["certificate-expiry"] == Level.WARNING
    assert levels["reachable"] == levels["ready"] == Level.OK
    assert levels["keep-alive"] == levels["scopes"] == Level.WARNING


# The report

FOUND = [
    ("Settings", ok("a", "All is well.")),
    ("Disk", warning("b", "It is slow.", "Buy another.", "operations.md")),
    ("Disk", fault("c", "It is full.", "Delete files.", "settings.md#picasso_min_free_space")),
]


def test_the_report() -> None:
    text = "\n".join(report.as_lines(FOUND))
    assert text.count("Disk") == 1
    assert "fault    It is full.\n         → Delete files. (docs/settings.md#picasso_min_free_space)" in text
    assert report.summary(FOUND) == "1 fault, 1 warning."
    assert report.summary(FOUND[:1]) == "Everything is as it should be."
    assert [each["level"] for each in json.loads(report.as_json(FOUND))["findings"]] == ["ok", "warning", "fault"]


def test_a_check_that_breaks() -> None:
    def check(_: Installation) -> Iterator[Finding]:
        yield ok("a", "All is well.")
        raise ValueError("odd")

    assert [finding.name for finding in findings_of(check, installation())] == ["a", "check-failed"]
