"""Headless Chromium as a user: it opens pages, chooses files, clicks and reads. It is driven by Chrome's DevTools
protocol over a pipe, which needs no WebSocket."""

from __future__ import annotations

import base64
import fcntl
import itertools
import json
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.services import required_program

SECONDS = 60  # of a busy machine

# When the service's own page is ready.
READY = "document.documentElement?.classList.contains('js')"

# Whether the element could be clicked.
CLICK = "((found) => found?.checkVisibility() && !found.disabled && (found.click(), true))({})"

# It sends nothing to other machines: all names in `example` are this one. It does not slow down hidden pages. The pages
# of a site share one process, and none is started in advance: to start one takes longer than most of what a page does.
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--mute-audio"),
    "--autoplay-policy=no-user-gesture-required",
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
    *("--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--remote-debugging-pipe"),
    *("--renderer-process-limit=1", "--disable-features=SpareRendererForSitePerProcess"),
    "--host-resolver-rules=MAP *.example 127.0.0.1",
)


def required() -> str:
    """The browser's program; see `required_program`."""
    return required_program("chromium", "chromium-browser", "google-chrome")


class BrowserEnded(Exception):
    """The process of the browser, or that of a page, has ended: nothing more comes of it, unlike of a slow page."""


class PageLeft(AssertionError):
    """The page went to another address in the moment in which it was asked."""


# How Chromium says so.
LEFT = (
    "navigated or closed",
    "xecution context",
    "context with specified id",
    "Promise was collected",
    "No target with",
)

# All but the cache of files.
STORED = "local_storage,indexeddb,service_workers,cache_storage,websql,file_systems,shared_storage"

Answer = dict[str, Any]
Answers = queue.Queue[Answer | BrowserEnded]


class Browser:
    """One process. Its profile is in a folder that is kept when it ends."""

    def __init__(self, program: str, profile: Path) -> None:
        to_it, self._to = os.pipe()
        self._from, from_it = os.pipe()
        self._pid = spawned([program, *FLAGS, f"--user-data-dir={profile}"], to_it, from_it)
        os.close(to_it)
        os.close(from_it)
        self._numbers = itertools.count(1)
        self._writing = threading.Lock()
        self._answers: dict[int, tuple[str, Answers]] = {}
        self._pages: dict[str, Page] = {}
        self._ended = ""
        self.origins: set[str] = set()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def runs(self) -> bool:
        return not self._ended

    @contextmanager
    def window(self) -> Iterator[Window]:
        """A private window: its pages share cookies and local storage with each other only. They are closed with it."""
        window = self.new_window()
        yield window
        if self.runs:
            self.ask("Target.disposeBrowserContext", browserContextId=window.context)

    def new_window(self) -> Window:
        return Window(self, self.ask("Target.createBrowserContext")["browserContextId"])

    def page(self, url: str, ready: str = READY, **target: str) -> Page:
        """A new tab that has loaded this page."""
        tab = self.ask("Target.createTarget", url="about:blank", **target)["targetId"]
        session = self.ask("Target.attachToTarget", targetId=tab, flatten=True)["sessionId"]
        page = self._pages[session] = Page(self, session, tab)
        for domain in ("Page", "Runtime", "Network", "Log", "Inspector"):
            page.ask(f"{domain}.enable")
        page.go(url, ready)
        return page

    def visit(self, url: str) -> None:
        """Remember that pages of this address may store something."""
        parts = urlsplit(url)
        if parts.netloc:
            self.origins.add(f"{parts.scheme}://{parts.netloc}")

    def ask(self, method: str, session: str = "", **params: Any) -> Answer:
        return self.begin(method, session, **params)()

    def begin(self, method: str, session: str = "", **params: Any) -> Callable[[], Answer]:
        """Send a command; what is returned waits for the answer."""
        number = next(self._numbers)
        answers: Answers = queue.Queue()
        self._answers[number] = session, answers
        try:
            self.tell(method, session, number, **params)
        except BrokenPipeError:
            answers.put(BrowserEnded(f"{method}: Chromium has ended"))
        return lambda: _answer(method, answers)

    def tell(self, method: str, session: str = "", number: int = 0, **params: Any) -> None:
        """Send a command and do not wait for the answer."""
        message = {"id": number or next(self._numbers), "method": method, "params": params}
        data = json.dumps({**message, **({"sessionId": session} if session else {})}).encode() + b"\0"
        with self._writing:
            while data:
                data = data[os.write(self._to, data) :]

    def close(self) -> None:
        """Close it as a user does, so that it saves its state."""
        if self.runs:
            self.tell("Browser.close")
        self._reader.join(SECONDS)
        self.kill()

    def kill(self) -> None:
        if self._pid:
            os.killpg(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
            self._reader.join(SECONDS)
            os.close(self._to)
            os.close(self._from)
            self._pid = 0

    def _read(self) -> None:
        held = b""
        while data := os.read(self._from, 2**16):
            *messages, held = (held + data).split(b"\0")
            for message in map(json.loads, messages):
                self._hear(message)
        self._ended = "Chromium has ended"
        self._end(self._ended)

    def _hear(self, message: dict[str, Any]) -> None:
        session, method = message.get("sessionId", ""), message.get("method", "")
        if waiting := self._answers.pop(message.get("id", 0), None):
            waiting[1].put(message)
        elif method == "Inspector.targetCrashed":
            self._end("the page has crashed", session)
        elif page := self._pages.get(session):
            page.hear(method, message.get("params", {}))

    def _end(self, why: str, session: str = "") -> None:
        """No answer comes any more: of this session, or of any."""
        for number, (asked, answers) in list(self._answers.items()):
            if session in {"", asked}:
                del self._answers[number]
                answers.put(BrowserEnded(why))


def _answer(method: str, answers: Answers) -> Answer:
    try:
        answer = answers.get(timeout=SECONDS)
    except queue.Empty:
        raise AssertionError(f"Chromium runs, but has not answered {method} in {SECONDS} s") from None
    if isinstance(answer, BrowserEnded):
        raise answer
    if "error" in answer:
        error = answer["error"]
        raise (PageLeft if any(words in error["message"] for words in LEFT) else AssertionError)(method, error)
    found: Answer = answer["result"]
    return found


class Browsers:
    """One browser for all tests of a session, and a new one after a test in which it has ended."""

    def __init__(self, profiles: Path) -> None:
        self._profiles = profiles
        self._started: list[Browser] = []
        self._windows: dict[Browser, KeptWindow] = {}

    @contextmanager
    def kept_window(self) -> Iterator[Window]:
        """The same one each time, without what was stored in it: it has the scripts of the pages compiled already."""
        browser = self.running()
        if browser not in self._windows:
            self._windows[browser] = KeptWindow(browser.new_window())
        kept = self._windows[browser]
        yield kept.window
        if browser.runs:
            kept.empty()

    def running(self) -> Browser:
        if not self._started or not self._started[-1].runs:
            self._started.append(Browser(required(), self._profiles / str(len(self._started))))
        return self._started[-1]

    def kill(self) -> None:
        for browser in self._started:
            browser.kill()


@dataclass(frozen=True)
class Window:
    browser: Browser
    context: str

    def page(self, url: str, ready: str = READY) -> Page:
        return self.browser.page(url, ready, browserContextId=self.context)


class KeptWindow:
    """A window for one test after the other. A page of its own, which stays empty, deletes what others have stored."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self._page = window.page("about:blank", "true")

    def empty(self) -> None:
        """Close all other pages, and delete cookies and all that pages have stored; files stay in the cache."""
        browser, context = self.window.browser, self.window.context
        for tab in self._others():
            with suppress(PageLeft):  # one that closes already
                browser.ask("Target.closeTarget", targetId=tab)
        self._page.once(lambda: not self._others(), "all pages are closed")
        browser.ask("Storage.clearCookies", browserContextId=context)
        for origin in browser.origins:
            self._page.ask("Storage.clearDataForOrigin", origin=origin, storageTypes=STORED)

    def _others(self) -> list[str]:
        targets = self.window.browser.ask("Target.getTargets")["targetInfos"]
        found = [each for each in targets if each["browserContextId"] == self.window.context and each["type"] == "page"]
        return [each["targetId"] for each in found if each["targetId"] != self._page.tab]


@dataclass(slots=True)
class Sent:
    """A request of a page, and the status of its answer; 0 without an answer."""

    method: str
    path: str
    headers: dict[str, str]
    status: int = 0


@dataclass
class Page:
    """One tab. ``complaints`` are the errors on its console, those of CSP included."""

    browser: Browser
    session: str
    tab: str = ""
    complaints: list[str] = field(default_factory=list)
    requests: dict[str, Sent] = field(default_factory=dict)
    _loaded: threading.Event = field(default_factory=threading.Event)

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        return self.browser.ask(method, self.session, **params)

    def go(self, url: str = "", ready: str = READY) -> None:
        """Open this address, or reload the page. Returns when the expression ``ready`` is true."""
        self._loaded.clear()
        self.browser.visit(url)
        self.ask("Page.navigate", url=url) if url else self.ask("Page.reload")
        assert self._loaded.wait(SECONDS), url
        self.until(ready)

    def close(self) -> None:
        self.ask("Page.close")

    def run(self, code: str) -> Any:
        """The value of this expression. Promises are awaited."""
        return self.begin(code)()

    def begin(self, code: str) -> Callable[[], Any]:
        """Run this expression; what is returned waits for its value."""
        answer = self.browser.begin(
            "Runtime.evaluate", self.session, expression=code, awaitPromise=True, returnByValue=True
        )
        return lambda: _value(answer())

    def until(self, code: str, seconds: float = SECONDS) -> Any:
        """The value of this expression once it is true."""
        return self.once(lambda: self.run(code), code, seconds)

    def once(self, found: Callable[[], Any], what: str, seconds: float = SECONDS) -> Any:
        """What ``found`` returns once it is true. A page that leaves its address meanwhile is asked again."""
        deadline = time.monotonic() + seconds
        while True:
            with suppress(PageLeft):
                if value := found():
                    return value
            assert time.monotonic() < deadline, f"never {what}; the page says:\n{self.text('main')}"
            time.sleep(0.05)

    def text(self, selector: str) -> str:
        """The visible text of an element; empty if there is none."""
        return str(self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    def click(self, selector: str) -> None:
        """Click it as soon as it is there, in the same moment: a page may draw it anew."""
        self.until(CLICK.format(f"document.querySelector({json.dumps(selector)})"))

    def choose(self, *paths: Path, selector: str = "input[type=file]") -> None:
        """Choose these files in the file dialog."""
        element = self.ask("Runtime.evaluate", expression=f"document.querySelector({json.dumps(selector)})")
        self.ask("DOM.setFileInputFiles", files=[str(path) for path in paths], objectId=element["result"]["objectId"])

    def connected(self, yes: bool) -> None:
        """Take the browser offline or online again; the page gets the event."""
        self.ask(
            "Network.emulateNetworkConditions", offline=not yes, latency=0, downloadThroughput=-1, uploadThroughput=-1
        )

    def sent(self, method: str, below: str = "/") -> list[Sent]:
        found = list(self.requests.values())
        return [each for each in found if each.method == method and each.path.startswith(below)]

    def picture(self, path: Path, width: int = 900, height: int = 700, dark: bool = False) -> None:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot")["data"]))

    def hear(self, event: str, told: dict[str, Any]) -> None:
        """Handle an event. Runs in the thread that reads from the browser."""
        if event == "Page.loadEventFired":
            self._loaded.set()
        elif event == "Page.javascriptDialogOpening":
            self.browser.tell("Page.handleJavaScriptDialog", self.session, accept=True)
        elif event == "Runtime.exceptionThrown":
            self.complaints.append(str(told["exceptionDetails"].get("exception", {}).get("description", told)))
        elif event == "Log.entryAdded" and is_complaint(told["entry"]):
            self.complaints.append(told["entry"]["text"])
        elif event == "Network.requestWillBeSent":
            request = told["request"]
            headers = {name.lower(): value for name, value in request["headers"].items()}
            self.requests[told["requestId"]] = Sent(request["method"], urlsplit(request["url"]).path, headers)
        elif event == "Network.responseReceived" and told["requestId"] in self.requests:
            self.requests[told["requestId"]].status = told["response"]["status"]


def _value(answer: Answer) -> Any:
    assert "exceptionDetails" not in answer, answer["exceptionDetails"]
    return answer["result"].get("value")


def is_complaint(entry: dict[str, Any]) -> bool:
    """False for failed requests, and for the warning that an untouched page may not ask before it is left."""
    return entry["level"] == "error" and entry["source"] not in {"network", "intervention"}


def spawned(argv: list[str], to_it: int, from_it: int) -> int:
    """The pid of a new process in its own session. It reads commands from 3 and writes to 4."""
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (to_it, from_it)]
    actions = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
    actions += [(os.POSIX_SPAWN_DUP2, fd, place) for fd, place in zip(high, (3, 4), strict=True)]  # type: ignore[misc]
    try:
        return os.posix_spawn(argv[0], argv, os.environ, file_actions=actions, setsid=True)
    finally:
        for fd in high:
            os.close(fd)
