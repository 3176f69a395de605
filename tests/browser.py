"""Headless Chromium decides whether a browser can show a file."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.devtools import Window

# `judge` returns the outcome of a URL. A video or sound must play for a moment.
PAGE = b"""<!doctype html><title>judge</title><script>
const wait = (element, event) => new Promise((done, failed) => {
    element.addEventListener(event, done, { once: true });
    element.addEventListener("error", () => failed(element.error || event), { once: true });
});
async function image(url) {
    const element = new Image();
    element.src = url;
    await element.decode();
    return { width: element.naturalWidth, height: element.naturalHeight };
}
async function media(kind, url) {
    const element = document.createElement(kind);
    element.muted = true;
    element.src = url;
    document.body.append(element);
    await element.play();
    while (element.currentTime < 0.2 && !element.ended) await wait(element, "timeupdate");
    return { width: element.videoWidth, height: element.videoHeight, duration: element.duration };
}
const script = (code) => (async () => {}).constructor(code)();
async function judge(kind, url) {
    const late = new Promise((_, failed) => setTimeout(() => failed("nothing happened"), 60000));
    const made = kind === "image" ? image : kind === "script" ? script : (url) => media(kind, url);
    try {
        return await Promise.race([made(url), late]);
    } catch (error) {
        return { error: String(error) };
    }
}
</script><body></body>"""
LOADED = "document.readyState === 'complete'"


def verdicts(chromium: Window, questions: Sequence[tuple[str, str]], port: int = 0) -> list[dict[str, Any]]:
    """The outcome of each (``image``, ``video`` or ``audio``, URL): its sizes, or an ``error``.

    The URLs are on ``localhost``, as the page is: other ports of an IP address are another site to Chromium.
    A (``script``, code) is run, and what it returns is its verdict.
    """
    with served(port) as url:
        page = chromium.page(url, LOADED)
        found = [page.run(f"judge({json.dumps(kind)}, {json.dumps(what)})") for kind, what in questions]
        page.close()
        return found


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: Any) -> None: ...


@contextmanager
def served(port: int) -> Iterator[str]:
    """The address of the page, of which ``port`` is a part; 0 is any."""
    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://localhost:{server.server_port}/"
        finally:
            server.shutdown()
