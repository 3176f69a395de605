"""A page in headless Chromium that does what it is told, from another origin than the service's."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests import devtools
from tests.clients.node import bundle
from tests.devtools import Window

PAGE = b'<!doctype html><meta charset="utf-8"><title>clients</title><script src="/page.js"></script>'
READY = "'perform' in window"
# A test has ended by then.
LONGEST = 60


class Gate:
    """Each request of a task with ``gated`` waits here until it is let through."""

    def __init__(self) -> None:
        self._arrived = 0
        self._permitted = 0.0
        self._changed = threading.Condition()

    def wait(self) -> None:
        with self._changed:
            self._arrived += 1
            number = self._arrived
            self._changed.notify_all()
            self._changed.wait_for(lambda: number <= self._permitted, LONGEST)

    def let_through(self, requests: float) -> None:
        with self._changed:
            self._permitted += requests
            self._changed.notify_all()

    def open(self) -> None:
        self.let_through(float("inf"))

    def hold_next(self, seconds: float) -> None:
        """Return when a request waits here, and all that were let through before it have an answer.

        The page sends one request at a time.
        """
        with self._changed:
            holds = self._changed.wait_for(lambda: self._arrived > self._permitted, seconds)
        assert holds, f"the page has sent {self._arrived} requests of {self._permitted} in {seconds} s"


class Page:
    """Does one task at a time, each in a freshly loaded page with the local storage of those before."""

    def __init__(self, url: str, window: Window) -> None:
        self.content = b""
        self.gate = Gate()
        self.result: Callable[[], dict[str, Any]]
        self._url = url
        self._window = window
        self._tab: devtools.Page | None = None

    def start(self, content: bytes, **task: object) -> None:
        """``result`` waits for what comes of it."""
        self.content = content
        self.gate = Gate()
        if self._tab:
            self._tab.go(ready=READY)
        else:
            self._tab = self._window.page(self._url, READY)
        self.result = self._tab.begin(f"perform({json.dumps(task)})")

    def do(self, content: bytes, **task: object) -> dict[str, Any]:
        self.start(content, **task)
        return self.result()


class Site:
    """Serves the page at one port, to one test after the other."""

    def __init__(self, port: int) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self.page: Page

    @contextmanager
    def served(self) -> Iterator[Site]:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()

    @contextmanager
    def shown(self, window: Window) -> Iterator[Page]:
        self.page = Page(f"http://localhost:{self._server.server_port}/", window)
        try:
            yield self.page
        finally:
            self.page.gate.open()


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/gate":
                site.page.gate.wait()
                self._answer(b"", "text/plain")
            elif self.path == "/content":
                self._answer(site.page.content, "application/octet-stream")
            elif self.path == "/page.js":
                self._answer(bundle(), "text/javascript")
            else:
                self._answer(PAGE, "text/html")

        def _answer(self, body: bytes, media_type: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    return Handler
