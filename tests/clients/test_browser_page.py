"""docs/browser.md as it is written: a server makes a token, and pages of another origin upload with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import browser
from tests.clients.checks import content
from tests.clients.conftest import WithKeys
from tests.clients.test_documented import bundled, examples
from tests.devtools import Window
from tests.ports import free_port
from tests.stack import NO_TLS, until

PAGE = "browser.md"
ADDRESS = "http://localhost:8000"
FILES = "/api/v1.0/files/"


class Shop:
    """A service that needs keys, and the application whose pages upload to it."""

    def __init__(self, service: WithKeys) -> None:
        self.stack = stack = service.stack
        self.port = free_port()
        self.key = service.key
        self.secret = service.signing_secret
        self.client = httpx.Client(
            base_url=stack.url, headers={"Authorization": f"Bearer {self.key}"}, timeout=60, verify=NO_TLS
        )
        settings = {"cors_origins": [f"http://localhost:{self.port}"]}
        assert self.client.patch("/api/v1.0/projects/default/", json=settings).status_code == 200
        until(self.is_allowed, 10, lambda: "the origin of the page is never allowed")

    def is_allowed(self) -> bool:
        """Whether pages may use the service: it remembers a project for some seconds."""
        answer = self.client.get("/api/v1.0/me/", headers={"Origin": f"http://localhost:{self.port}"})
        return "access-control-allow-origin" in answer.headers

    def close(self) -> None:
        self.client.close()

    def token(self, owner: str) -> str:
        """By the example for a server."""
        [code] = examples("python", PAGE)
        code = code.replace('os.environ["KEY_ID"]', repr(self.key.split("_")[1]))
        code = code.replace('os.environ["SIGNING_SECRET"]', repr(self.secret))
        space: dict[str, Any] = {}
        exec(code, space)
        token: str = space["upload_token"](owner)
        return token

    def show(self, chromium: Window, script: str, port: int | None = None) -> dict[str, Any]:
        [verdict] = browser.verdicts(chromium, [("script", script)], port=port or self.port)
        return verdict

    def stored(self, sent: bytes) -> list[dict[str, Any]]:
        digest = hashlib.sha256(sent).hexdigest()
        files = self.client.get(FILES, params={"page_size": 100}).json()["results"]
        return [file for file in files if file["sha256"] == digest]


@pytest.fixture(scope="module")
def shop(with_keys: WithKeys) -> Iterator[Shop]:
    with closing(Shop(with_keys)) as shop:
        yield shop


def text() -> bytes:
    return content(16).hex().encode()


def file_of(sent: bytes) -> str:
    return f"new File([{json.dumps(sent.decode())}], 'a.txt', {{type: 'text/plain'}})"


def module(shop: Shop, folder: Path, number: int) -> str:
    return bundled(folder, examples("js", PAGE)[number].replace(ADDRESS, f"http://localhost:{shop.stack.port}"))


@pytest.mark.parametrize("number", range(len(examples("js", PAGE))))
@pytest.mark.usefixtures("javascript")
def test_scripts(shop: Shop, chromium: Window, tmp_path: Path, number: int) -> None:
    sent, token = text(), shop.token("ann")
    upload = f"{module(shop, tmp_path, number)}; return {{answer: await example.upload({file_of(sent)}, '{token}')}};"
    verdict = shop.show(chromium, upload)
    assert "error" not in verdict, verdict
    [file] = shop.stored(sent)
    assert file["owner"] == "ann"
    if "signature=" in verdict["answer"]:
        assert httpx.get(verdict["answer"], timeout=60, verify=NO_TLS).content == sent


def test_a_form(shop: Shop, chromium: Window) -> None:
    sent, token = text(), shop.token("bob")
    [form] = examples("html", PAGE)
    form = form.replace(ADDRESS, f"http://localhost:{shop.stack.port}").replace("TOKEN", token)
    verdict = shop.show(
        chromium,
        f"""
        document.body.innerHTML = {json.dumps(form)} + '<iframe name="answer"></iframe>';
        const [form, frame] = [document.forms[0], document.querySelector('iframe')];
        const files = new DataTransfer();
        files.items.add({file_of(sent)});
        form.file.files = files.files;
        form.target = 'answer';
        const answered = new Promise((done) => frame.addEventListener('load', done, {{ once: true }}));
        form.submit();
        await answered;
        return {{ answer: 'sent' }};
        """,
    )
    assert verdict == {"answer": "sent"}
    [file] = shop.stored(sent)
    assert file["owner"] == "bob"


@pytest.mark.usefixtures("javascript")
def test_a_page_of_another_origin_and_a_type_that_is_not_allowed(shop: Shop, chromium: Window, tmp_path: Path) -> None:
    """Lest the above worked without the settings that it describes."""
    sent, token = text(), shop.token("ann")
    upload = f"{module(shop, tmp_path, 0)}; return {{answer: await example.upload({file_of(sent)}, '{token}')}};"
    assert "error" in shop.show(chromium, upload, free_port())
    refused = shop.show(chromium, upload.replace(sent.decode(), "%PDF-1.7 "))
    assert "error" in refused
    assert not shop.stored(sent)
