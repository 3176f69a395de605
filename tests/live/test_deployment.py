"""The nginx configuration in docs/deployment.md, with another port and without TLS."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests import nginx
from tests.live.conftest import web_only
from tests.services import free_port

pytestmark = pytest.mark.live

PAGE = Path(__file__).parents[2] / "docs/deployment.md"
FORGED = {
    "X-Forwarded-For": "198.51.100.7",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "999",
    "X-Forwarded-Prefix": "/evil",
    "Forwarded": "host=evil.example;proto=https",
}


@pytest.fixture(scope="module")
def proxy(new_data: Callable[[], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    found = re.search(r"```nginx\n.*?(server \{.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    port = free_port()
    with web_only(new_data(), PICASSO_TRUSTED_PROXIES="127.0.0.1") as stack:
        block = re.sub(r" +ssl_.*\n", "", found[1])
        for there, here in {"443 ssl": f"127.0.0.1:{port}", "http://127.0.0.1:8000": stack.url}.items():
            assert there in block
            block = block.replace(there, here)
        folder = tmp_path_factory.mktemp("nginx")
        main = nginx.MAIN.format(user=nginx.user(), port=free_port(), server="")
        with nginx.running(folder, port, f"{main.rstrip().removesuffix('}')}{block}}}"):
            yield f"http://127.0.0.1:{port}"


def test_forged_headers_do_not_pass(proxy: str) -> None:
    answer = httpx.post(f"{proxy}/api/v1.0/upload/", files={"file": b"hello"}, headers=FORGED)
    assert answer.status_code == 201
    assert answer.json()["file"].startswith(f"{proxy}/files/")


def test_large_uploads_pass_and_come_back(proxy: str) -> None:
    sent = bytes(5 * 2**20)
    answer = httpx.put(f"{proxy}/api/v1.0/upload/zeros.bin", content=sent)
    assert answer.status_code == 201
    assert httpx.get(answer.json()["file"]).content == sent
    part = httpx.get(answer.json()["file"], headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.content) == (206, bytes(10))


def test_other_bodies_are_small(proxy: str) -> None:
    assert httpx.post(f"{proxy}/api/v1.0/jobs/retry/", content=bytes(2 * 2**20)).status_code == 413
