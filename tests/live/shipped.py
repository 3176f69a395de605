"""A real nginx with deploy/nginx.conf, of which nothing is changed but where things are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import nginx
from tests.ports import free_port
from tests.stack import until

CONFIGURATION = Path(__file__).parents[2] / "deploy/nginx.conf"


@dataclass(frozen=True, slots=True)
class Shipped:
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def reached_web(self, method: str, path: str) -> bool:
        """Whether nginx has asked the service; it logs a request some time after it has answered."""

        def logged() -> list[dict[str, Any]]:
            lines = [json.loads(line) for line in self.log.read_text().splitlines()]
            return [line for line in lines if (line["method"], line["path"]) == (method, path)]

        until(lambda: bool(logged()), 10, lambda: f"not logged: {method} {path}")
        return bool(logged()[-1]["web_seconds"])


@contextmanager
def shipped_nginx(folder: Path, web: str, data: Path) -> Iterator[Shipped]:
    """In front of a service at ``web``, which stores its files in ``data``; in an empty folder."""
    port = free_port()
    changes = {
        "/etc/nginx/mime.types": "mime.types",
        "/etc/nginx/proxies.conf": "/dev/null",
        "/tmp/": f"{folder}/",
        "listen 8080": f"listen 127.0.0.1:{port}",
        "http://web:8000": web,
        "/data/media": f"{data}/media",
        "/dev/stdout": "access.log",
    }
    text = CONFIGURATION.read_text()
    for there, here in changes.items():
        assert there in text
        text = text.replace(there, here)
    with nginx.running(folder, port, f"{nginx.user()}\n{text}"):
        yield Shipped(port, folder / "access.log")
