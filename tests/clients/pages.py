"""A page in headless Chromium that does what it is told, from another origin than the service's."""

from __future__ import annotations

import json
import queue
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests import browser
from tests.clients.node import bundle

PAGE = b'<!doctype html><meta charset="utf-8"><title>clients</title><script src="/page.js"></script>'
IDLE = 300


class Gate:
    """Each request of a task with ``gated`` waits here until it is let through."""

    def __init__(self) -> None:
        self.arrived = 0
        self.permitted = 0
        self._permits = threading.Semaphore(0)

    def wait(self) -> None:
        self.arrived += 1  # by one page, which sends one request at a time
        self._permits.acquire(timeout=IDLE)

    def let_through(self, requests: int) -> None:
        self.permitted += requests
        self._permits.release(requests)

    @property
    def holds_one(self) -> bool:
        """Whether a request waits here, and all that were let through before it have an answer."""
        return self.arrived > self.permitted


class Page:
    """Does one task at a time, each in a freshly loaded page with the local storage of those before."""

    def __init__(self, port: int) -> None:
        self.content = b""
        self.gate = Gate()
        self.tasks: queue.Queue[dict[str, Any]] = queue.Queue()
        self.progress: queue.Queue[dict[str, Any]] = queue.Queue()
        self.results: queue.Queue[dict[str, Any]] = queue.Queue()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True

    def start(self, content: bytes, **task: object) -> None:
        self.content = content
        self.gate = Gate()
        while not self.progress.empty():
            self.progress.get()
        self.tasks.put(task)

    def do(self, content: bytes, **task: object) -> dict[str, Any]:
        self.start(content, **task)
        return self.result()

    def result(self, seconds: float = 200) -> dict[str, Any]:
        return self.results.get(timeout=seconds)

    @contextmanager
    def shown(self, program: str) -> Iterator[Page]:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            argv = browser.command(program, profile, f"http://localhost:{self._server.server_port}/")
            shown = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
            try:
                yield self
            finally:
                shown.kill()
                shown.wait()
                self.tasks.put({})
                self._server.shutdown()
                self._server.server_close()


def _handler(page: Page) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/task":
                self._answer(json.dumps(page.tasks.get(timeout=IDLE)).encode(), "application/json")
            elif self.path == "/gate":
                page.gate.wait()
                self._answer(b"", "text/plain")
            elif self.path == "/content":
                self._answer(page.content, "application/octet-stream")
            elif self.path == "/page.js":
                self._answer(bundle(), "text/javascript")
            else:
                self._answer(PAGE, "text/html")

        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            (page.results if self.path == "/result" else page.progress).put(told)
            self._answer(b"", "text/plain")

        def _answer(self, body: bytes, media_type: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    return Handler
