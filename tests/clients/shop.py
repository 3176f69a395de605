"""A service that needs keys, and an application whose pages upload to it."""

from __future__ import annotations

import hashlib
from typing import Any

import httpx

from tests import browser
from tests.clients.test_documented import examples
from tests.clients.with_keys import WithKeys
from tests.devtools import Window
from tests.ports import free_port
from tests.stack import NO_TLS, until

PAGE = "browser.md"
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
