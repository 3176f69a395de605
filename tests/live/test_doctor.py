"""`picasso doctor` behind a real nginx: a right configuration, and wrong ones."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from picasso import conf
from picasso.doctor import downloads, entrance, forwarding, streams, uploads
from picasso.doctor.finding import Finding, Installation, Level
from picasso.doctor.one_check import findings_of
from picasso.doctor.site import Site
from tests import nginx
from tests.live.conftest import Shared
from tests.ports import free_port
from tests.stack import Stack

pytestmark = pytest.mark.live

HEADERS = """
    proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Port ""; proxy_set_header X-Forwarded-Prefix ""; proxy_set_header Forwarded "";
"""
SCHEME = 'proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host "";'
PASSED = "client_max_body_size 0; proxy_request_buffering off;"

# What each server has besides, and what is found at it.
SERVERS = {
    "right": (SCHEME + PASSED, set[str]()),
    "body limit": (SCHEME + "proxy_request_buffering off;", {"body-limit"}),
    "uploads collected": (SCHEME + "client_max_body_size 0;", {"request-buffering"}),
    "wrong scheme": (
        'proxy_set_header X-Forwarded-Proto https; proxy_set_header X-Forwarded-Host "";' + PASSED,
        {"urls", "file-urls"},
    ),
    "headers of clients": (PASSED, {"forged-headers"}),
    "methods": (SCHEME + PASSED + "if ($request_method ~ ^(PATCH|DELETE)$) { return 405; }", {"methods", "change"}),
    "fields": (
        SCHEME + PASSED + 'proxy_set_header Upload-Metadata ""; proxy_set_header Idempotency-Key "";',
        {"upload-fields", "idempotency-key"},
    ),
    "ranges": (SCHEME + PASSED + 'proxy_set_header Range "";', {"range"}),
    "connections": (SCHEME + PASSED + "keepalive_timeout 0;", {"keep-alive"}),
}


@pytest.fixture(scope="module")
def believing(shared_web: Shared) -> Stack:
    """Trusts whoever comes from this machine."""
    return shared_web(PICASSO_TRUSTED_PROXIES="127.0.0.1")


@dataclass(frozen=True, slots=True)
class Proxies:
    """One nginx with all servers."""

    urls: dict[str, str]
    stack: Stack

    def installation(self, name: str) -> Installation:
        settings = conf.load({"PICASSO_DATA_DIR": str(self.stack.data), "PICASSO_TRUSTED_PROXIES": "127.0.0.1"})
        return Installation(settings, self.urls[name])


@pytest.fixture(scope="module")
def proxies(believing: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxies]:
    ports = {name: free_port() for name in SERVERS}
    first, *others = (
        f"listen 127.0.0.1:{port}; {HEADERS} {SERVERS[name][0]} location / {{ proxy_pass {believing.url}; }}"
        for name, port in ports.items()
    )
    block = "".join([first, *(f"}} server {{ {other}" for other in others)])
    with nginx.server(tmp_path_factory.mktemp("nginx"), free_port(), block):
        yield Proxies({name: f"http://127.0.0.1:{port}" for name, port in ports.items()}, believing)


def found_at(installation: Installation) -> list[Finding]:
    """By all checks through the URL that need no database."""
    site = Site(installation)
    checks = (entrance.check, uploads.check, downloads.check)
    found = [finding for check in checks for finding in findings_of(check, installation)]
    return [*found, forwarding.urls(site), *forwarding.forged_headers(site)]


def be_patient(monkeypatch: pytest.MonkeyPatch, expected: set[str]) -> None:
    """Wait long for what must come, also on a busy machine, and shortly for what does not come."""
    monkeypatch.setattr(uploads, "REFUSED_WITHIN", 60 if "body-limit" in expected else 0.2)
    monkeypatch.setattr(uploads, "ARRIVED_WITHIN", 1 if "request-buffering" in expected else 60)
    monkeypatch.setattr(streams, "WITHIN", 2 if "streams" in expected else 60)


WITHOUT_WORKER = {"ready", "streams"}


def is_wrong(finding: Finding) -> bool:
    return finding.level != Level.OK and finding.name not in WITHOUT_WORKER


@pytest.mark.parametrize("name", SERVERS)
def test_what_is_wrong_is_found(proxies: Proxies, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    be_patient(monkeypatch, SERVERS[name][1])
    wrong = [finding for finding in found_at(proxies.installation(name)) if is_wrong(finding)]
    assert {finding.name for finding in wrong} == SERVERS[name][1], wrong
    assert all(finding.what and finding.change and finding.page for finding in wrong)


COMPRESSED = "gzip on; gzip_proxied any; gzip_types text/event-stream;"


@pytest.mark.parametrize(
    ("more", "expected"),
    [(COMPRESSED, set[str]()), (f"{COMPRESSED} proxy_ignore_headers X-Accel-Buffering;", {"streams"})],
    ids=["passed", "kept back"],
)
def test_events(
    embedded: Stack, tmp_path: Path, more: str, expected: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """nginx 1.22 keeps a stream back only if it compresses it as well."""
    be_patient(monkeypatch, expected)
    block = f"{HEADERS} {SCHEME} {more} location / {{ proxy_pass {embedded.url}; }}"
    with nginx.server(tmp_path, free_port(), block) as url:
        [finding] = findings_of(streams.check, Installation(conf.load({}), url))
    assert (finding.name, finding.level) == ("streams", Level.FAULT if expected else Level.OK), finding


def test_another_program(tmp_path: Path, believing: Stack) -> None:
    with nginx.server(tmp_path, free_port(), "location / { return 200 hello; }") as url:
        found = list(findings_of(entrance.check, Installation(conf.load({}), url)))
    assert [finding.name for finding in found if finding.level == Level.FAULT][:1] == ["reachable"]


def test_nobody_answers() -> None:
    [finding] = findings_of(entrance.check, Installation(conf.load({}), f"http://127.0.0.1:{free_port()}"))
    assert (finding.name, finding.level) == ("reachable", Level.FAULT)


def test_the_command(proxies: Proxies) -> None:
    """It finds what is missing here, the workers; and it leaves nothing behind."""
    stack = proxies.stack
    before = stored(stack)
    argv = [stack.python, "-m", "picasso", "doctor", "--json", "--url", proxies.urls["right"]]
    ran = subprocess.run(argv, env=stack.environment, capture_output=True, text=True, timeout=180)
    findings = json.loads(ran.stdout)["findings"]
    assert ran.returncode == 1, ran.stderr
    assert {each["name"] for each in findings if each["level"] != "ok"} == {"worker", *WITHOUT_WORKER}
    assert {each["subject"] for each in findings} >= {"Settings", "Database", "Proxy: addresses"}
    assert [each["level"] for each in findings if each["name"] == "client-address"] == ["ok"]
    assert stored(stack) == before


def stored(stack: Stack) -> tuple[Any, ...]:
    files = stack.client.get("/api/v1.0/files/").json()["count"]
    uploads = sorted(path.name for path in (stack.data / "uploads").rglob("*") if path.is_file())
    return files, stack.client.get("/api/v1.0/trash/").json()["count"], uploads, sorted(stack.stored_files())
