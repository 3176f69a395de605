"""A web application whose pages have our elements. It is another origin than the service."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from tests import devtools
from tests.devtools import Window
from tests.waiting import SECONDS

READY = "document.readyState === 'complete' && Boolean(customElements.get('picasso-file'))"

# Keeps what the elements tell the page, in its order.
LISTEN = """
    globalThis.told = [];
    for (const name of ['added', 'progress', 'uploaded', 'processed', 'failed', 'removed'])
        addEventListener(`picasso-${name}`, ({ type, detail: { file, name, reason = '' } }) =>
            told.push([type.slice(8), name ?? file?.name ?? '', reason]));
    true
"""


class Application:
    """Serves pages and scripts by their paths, a token at ``/token``, and keeps the forms that it gets."""

    def __init__(self, port: int, token: Callable[[], str]) -> None:
        self.url = f"http://localhost:{port}"
        self.token = token
        self.policy = ""
        self.files: dict[str, tuple[str, bytes]] = {}
        self.forms: queue.Queue[dict[str, list[str]]] = queue.Queue()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True

    @contextmanager
    def served(self) -> Iterator[Application]:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()

    def show(self, window: Window, body: str, script: bytes = b"", lang: str = "en", policy: str = "") -> Elements:
        """A page with this body; the script is a module, ``policy`` its Content-Security-Policy."""
        self.policy = policy
        head = f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>Application</title>'
        more = '<script type="module" src="/page.js"></script>' if script else ""
        page = f'{head}<meta name="viewport" content="width=device-width"><main><h1>Application</h1>{body}</main>{more}'
        self.files = {"/": ("text/html", page.encode()), "/page.js": ("text/javascript", script)}
        tab = window.page(f"{self.url}/", READY)
        tab.run(LISTEN)
        return Elements(tab)

    def form(self) -> dict[str, list[str]]:
        """The next one that was sent."""
        return self.forms.get(timeout=SECONDS)


class Elements:
    """The elements of a page, as their users see them."""

    def __init__(self, tab: devtools.Page) -> None:
        self.tab = tab

    def inside(self, selector: str, element: str = "picasso-uploader") -> str:
        """An expression for an element in the shadow of another one."""
        return f"document.querySelector({json.dumps(element)})?.shadowRoot.querySelector({json.dumps(selector)})"

    def text(self, selector: str, element: str = "picasso-uploader") -> str:
        return str(self.tab.run(f"{self.inside(selector, element)}?.innerText ?? ''"))

    def says(self, words: str, selector: str, element: str = "picasso-uploader") -> None:
        """Wait for it."""
        expression = f"{self.inside(selector, element)}?.innerText.includes({json.dumps(words)})"
        try:
            self.tab.until(expression)
        except AssertionError:
            shown = self.tab.run(f"document.querySelector({json.dumps(element)})?.shadowRoot.innerHTML")
            raise AssertionError(f"never says {words!r} but {shown}") from None

    def choose(self, *paths: Path) -> None:
        found = self.tab.ask("Runtime.evaluate", expression=self.inside("input"))
        files = [str(path) for path in paths]
        self.tab.ask("DOM.setFileInputFiles", files=files, objectId=found["result"]["objectId"])

    def drop(self, name: str, media_type: str) -> None:
        """Drag a file over the uploader, and drop it there."""
        file = f"new File(['film'], {json.dumps(name)}, {{ type: {json.dumps(media_type)} }})"
        self.tab.run(f"""
            (() => {{
                const dataTransfer = new DataTransfer(), area = {self.inside("[part=dropzone]")};
                dataTransfer.items.add({file});
                for (const type of ['dragenter', 'dragover', 'drop'])
                    area.dispatchEvent(new DragEvent(type, {{ dataTransfer, bubbles: true, cancelable: true }}));
            }})()
        """)

    def click(self, selector: str) -> None:
        self.tab.until(f"{self.inside(selector)}?.checkVisibility()")
        self.tab.run(f"{self.inside(selector)}.click()")

    def told(self, event: str, name: str = "") -> list[str]:
        """Wait for this event: its type, the name of its file, the reason."""
        found = f"told.find(([type, name]) => type === {json.dumps(event)} && name.includes({json.dumps(name)}))"
        told: list[str] = self.tab.once(lambda: self.tab.run(found), f"told of {event!r}: {self.tab.run('told')}")
        return told

    def focus_is(self, name: str) -> None:
        """Wait until what has the focus is called so, also inside of the elements."""
        found = (
            "(() => { let at = document.activeElement;"
            " while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;"
            f" return (at.getAttribute('aria-label') ?? at.innerText).trim().startsWith({json.dumps(name)}) }})()"
        )
        self.tab.until(found)

    def groups(self) -> list[str]:
        """The names of all groups, as a screen reader has them."""
        nodes = self.tab.ask("Accessibility.getFullAXTree")["nodes"]
        return [node["name"]["value"] for node in nodes if node.get("role", {}).get("value") == "group"]

    @property
    def value(self) -> Any:
        return self.tab.run("document.querySelector('picasso-uploader').value")


def _handler(application: Application) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/token":
                self._answer("text/plain", application.token().encode())
            elif self.path in application.files:
                self._answer(*application.files[self.path])
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            application.forms.put(parse_qs(body.decode(), keep_blank_values=True))
            self._answer("text/html", b"<!doctype html><title>Sent</title>")

        def _answer(self, media_type: str, body: bytes) -> None:
            self.send_response(200)
            headers: dict[str, str] = {"Content-Type": media_type, "Content-Length": str(len(body))}
            if application.policy and media_type == "text/html":
                headers["Content-Security-Policy"] = application.policy
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    return Handler
