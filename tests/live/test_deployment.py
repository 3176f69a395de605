"""The configurations in docs/deployment.md, with other ports and without TLS."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests import nginx
from tests.live.wire import head, wire
from tests.ports import free_port
from tests.services import required_program
from tests.stack import NO_TLS, Stack, until

pytestmark = pytest.mark.live

PAGE = (Path(__file__).parents[2] / "docs/deployment.md").read_text()
PATIENT: dict[str, Any] = {"timeout": 60, "verify": NO_TLS}

FORGED = {
    "X-Forwarded-For": "198.51.100.7",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "999",
    "X-Forwarded-Prefix": "/evil",
    "Forwarded": "host=evil.example;proto=https",
}


@dataclass(frozen=True, slots=True)
class Proxy:
    port: int
    interim: bool
    """Whether it passes interim responses on."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def here(self, address: str) -> str:
        """The same address without TLS, which HAProxy's configuration says that there is."""
        return urlsplit(address)._replace(scheme="http").geturl()


def documented(first_line: str, changes: Mapping[str, str]) -> str:
    """The configuration whose first line is a comment with this path, with replacements for this machine."""
    found = re.search(rf"```\w+\n# {re.escape(first_line)}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    text = found[1]
    for there, here in changes.items():
        assert there in text
        text = text.replace(there, here)
    return text


def by_nginx(folder: Path, port: int, web: str) -> AbstractContextManager[object]:
    text = documented("/etc/nginx/conf.d/picasso.conf", {"443 ssl": f"127.0.0.1:{port}", "http://127.0.0.1:8000": web})
    text = text.replace("/var/log/nginx/", f"{folder}/")
    main = nginx.MAIN.format(user=nginx.user(), port=free_port(), server="").rstrip().removesuffix("}")
    server = re.sub(r" +ssl_.*\n", "", text)
    return nginx.running(folder, port, f"{main}{server}}}")


def by_caddy(folder: Path, port: int, web: str) -> AbstractContextManager[object]:
    changes = {"files.example.com {": f"http://127.0.0.1:{port} {{", "127.0.0.1:8000": urlsplit(web).netloc}
    text = documented("/etc/caddy/Caddyfile", changes)
    (folder / "Caddyfile").write_text(f"{{\n admin off\n}}\n{text}")
    return running(["caddy", "run", "--config", "Caddyfile", "--adapter", "caddyfile"], folder, port)


def by_haproxy(folder: Path, port: int, web: str) -> AbstractContextManager[object]:
    bind = ":443 ssl crt /etc/ssl/private/files.example.com.both.pem"
    changes = {bind: f"127.0.0.1:{port}", "127.0.0.1:8000": urlsplit(web).netloc}
    (folder / "haproxy.cfg").write_text(documented("/etc/haproxy/haproxy.cfg", changes))
    return running(["haproxy", "-f", "haproxy.cfg"], folder, port)


@contextmanager
def running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    argv = [required_program(command[0]), *command[1:]]
    log = folder / "log"
    with log.open("wb") as output:
        environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        process = subprocess.Popen(argv, stdout=output, stderr=output, cwd=folder, env=environment)
    try:
        until(lambda: nginx.listens(port), 10, lambda: f"{command[0]} does not listen:\n{log.read_text()}")
        yield
    finally:
        process.terminate()
        process.wait()


PROXIES = {"nginx": (by_nginx, False), "caddy": (by_caddy, True), "haproxy": (by_haproxy, True)}


@pytest.fixture(scope="module", params=PROXIES)
def proxy(
    request: pytest.FixtureRequest, believing: Stack, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    run, interim = PROXIES[request.param]
    port = free_port()
    with run(tmp_path_factory.mktemp(request.param), port, believing.url):
        yield Proxy(port, interim)


def test_forged_headers_do_not_pass(proxy: Proxy) -> None:
    answer = httpx.post(f"{proxy.url}/api/v1.0/upload/", files={"file": b"hello"}, headers=FORGED, **PATIENT)
    assert answer.status_code == 201
    assert proxy.here(answer.json()["file"]).startswith(f"{proxy.url}/files/")


def test_large_uploads_pass_and_come_back(proxy: Proxy) -> None:
    sent = bytes(5 * 2**20)
    answer = httpx.put(f"{proxy.url}/api/v1.0/upload/zeros.bin", content=sent, **PATIENT)
    assert answer.status_code == 201
    file = proxy.here(answer.json()["file"])
    assert httpx.get(file, **PATIENT).content == sent
    part = httpx.get(file, headers={"Range": "bytes=0-9"}, **PATIENT)
    assert (part.status_code, part.content) == (206, bytes(10))


def test_interim_responses_reach_the_client_where_the_page_says_so(proxy: Proxy) -> None:
    fields = {"Upload_Complete": "?1", "Upload_Draft_Interop_Version": 8, "Content_Type": "text/plain"}
    with wire(proxy) as connection:
        # What is small and comes at once needs no interim response.
        connection.send(head(proxy, "PUT", "/api/v1.0/upload/a.txt", Content_Length=5, **fields), b"he")
        if proxy.interim:
            assert connection.read().status == 104
        connection.send(b"llo")
        assert connection.read().status == 201


@pytest.mark.parametrize("proxy", ["nginx"], indirect=True)
def test_other_bodies_are_small(proxy: Proxy) -> None:
    large = httpx.post(f"{proxy.url}/api/v1.0/jobs/retry/", content=bytes(2 * 2**20), **PATIENT)
    assert large.status_code == 413
