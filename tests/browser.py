"""Headless Chromium decides whether a browser can show a file."""

from __future__ import annotations

import json
import queue
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.services import required_program

# Reports the outcome of each URL. A video or sound must play for a moment.
PAGE = """<!doctype html><title>judge</title><script>
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
    const late = new Promise((_, failed) => setTimeout(() => failed("nothing happened"), 20000));
    const made = kind === "image" ? image : kind === "script" ? script : (url) => media(kind, url);
    try {
        return await Promise.race([made(url), late]);
    } catch (error) {
        return { error: String(error) };
    }
}
onload = async () => {
    const told = await (await fetch("/questions")).json();
    const verdicts = [];
    for (const [kind, url] of told) verdicts.push(await judge(kind, url));
    await fetch("/verdicts", { method: "POST", body: JSON.stringify(verdicts) });
};
</script><body></body>"""


def required() -> str:
    """The browser's program; see `required_program`."""
    return required_program("chromium", "chromium-browser", "google-chrome")


def command(chromium: str, profile: str, url: str) -> list[str]:
    """The command that starts it without a window; it sends nothing to other machines."""
    argv = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    argv += ["--autoplay-policy=no-user-gesture-required", "--mute-audio", f"--user-data-dir={profile}"]
    argv += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    return [*argv, "--remote-debugging-port=0", url]


def verdicts(
    chromium: str, questions: Sequence[tuple[str, str]], seconds: float = 240, port: int = 0
) -> list[dict[str, Any]]:
    """The outcome of each (``image``, ``video`` or ``audio``, URL): its sizes, or an ``error``.

    The URLs are on ``localhost``, as the page is: other ports of an IP address are another site to Chromium.
    A (``script``, code) is run, and what it returns is its verdict.
    """
    answers: queue.Queue[list[dict[str, Any]]] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_page = self.path == "/"
            body = PAGE if is_page else json.dumps(questions)
            self._answer(body.encode(), "text/html" if is_page else "application/json")

        def do_POST(self) -> None:
            answers.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer(b"", "text/plain")

        def _answer(self, body: bytes, media_type: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server, tempfile.TemporaryDirectory() as profile:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        argv = command(chromium, profile, f"http://localhost:{server.server_port}/")
        browser = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            return answers.get(timeout=seconds)
        finally:
            browser.kill()
            browser.wait()
            server.shutdown()
