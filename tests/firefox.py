"""Headless Firefox as a user, driven by Marionette, which needs no other program:
https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html"""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.devtools import READY, SECONDS
from tests.services import required_program

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The name of the reference to an element: WebDriver, section 12."""

# It picks a free port, sends nothing to other machines, and asks nothing.
PREFERENCES: dict[str, bool | int | str] = {
    "marionette.port": 0,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "browser.newtabpage.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "",
    "toolkit.telemetry.enabled": False,
    "ui.prefersReducedMotion": 1,
    "intl.accept_languages": "en",
}

COMPLAINTS = """
    const { warningFlag } = Ci.nsIScriptError, found = Services.console.getMessageArray();
    const errors = found.filter((each) => each instanceof Ci.nsIScriptError && !(each.flags & warningFlag)
        && each.sourceName.startsWith(arguments[0]));
    return errors.map(({ errorMessage, sourceName, lineNumber }) => `${errorMessage} ${sourceName}:${lineNumber}`);
"""


def required() -> str:
    """The browser's program; see `required_program`."""
    return required_program("firefox-esr", "firefox")


class Firefox:
    """One process with one window. Its profile is in a folder that is kept when it ends."""

    def __init__(self, program: str, profile: Path) -> None:
        profile.mkdir(parents=True)
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
        (profile / "user.js").write_text("\n".join(lines))
        # Complaints of pages are read where the browser's own code runs.
        argv = [program, "--headless", "--marionette", "--remote-allow-system-access", "--profile", str(profile)]
        with (profile / "output").open("wb") as output:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        self._profile = profile
        self._number = 0
        self._connection = self._connected()
        self._read()  # its greeting
        self.ask("WebDriver:NewSession", capabilities={"alwaysMatch": {"unhandledPromptBehavior": "accept"}})

    def _connected(self) -> socket.socket:
        port = self._profile / "MarionetteActivePort"
        text = waited(lambda: port.read_text() if port.exists() else "", lambda: f"no port: {self._output()}")
        return socket.create_connection(("127.0.0.1", int(text)), SECONDS)

    def _output(self) -> str:
        return (self._profile / "output").read_text(errors="replace")[-2000:]

    def ask(self, command: str, **parameters: Any) -> Any:
        self._number += 1
        message = json.dumps([0, self._number, command, parameters]).encode()
        self._connection.sendall(b"%d:%b" % (len(message), message))
        _, number, error, answer = self._read()
        assert number == self._number
        assert error is None, (command, error["error"], error["message"])
        return answer

    def _read(self) -> Any:
        length = b""
        while (byte := self._connection.recv(1)) != b":":
            assert byte, f"Firefox has ended: {self._output()}"
            length += byte
        left, body = int(length), b""
        while len(body) < left:
            piece = self._connection.recv(left - len(body))
            assert piece, f"Firefox has ended: {self._output()}"
            body += piece
        return json.loads(body)

    def go(self, url: str, ready: str = READY) -> None:
        """Open this address. Returns when the expression ``ready`` is true."""
        self.ask("WebDriver:Navigate", url=url)
        self.until(ready)

    def run(self, code: str) -> Any:
        """The value of this expression. Promises are awaited."""
        return self.ask("WebDriver:ExecuteScript", script=f"return {code}", args=[])["value"]

    def until(self, code: str) -> Any:
        """The value of this expression once it is true."""
        return waited(lambda: self.run(code), lambda: f"never {code}; the page says:\n{self.text('main')}")

    def text(self, selector: str) -> str:
        """The visible text of an element; empty if there is none."""
        return str(self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    def click(self, selector: str) -> None:
        """As soon as it is there, with the mouse."""
        self.until(f"document.querySelector({json.dumps(selector)})?.checkVisibility()")
        self.ask("WebDriver:ElementClick", id=self._element(selector))

    def write(self, selector: str, text: str) -> None:
        """Type into a field; into one of files, choose the file of this path."""
        self.until(f"!!document.querySelector({json.dumps(selector)})")
        self.ask("WebDriver:ElementSendKeys", id=self._element(selector), text=text)

    def _element(self, selector: str) -> str:
        found = self.ask("WebDriver:FindElement", using="css selector", value=selector)
        return str(found["value"][ELEMENT])

    def size(self, width: int, height: int) -> None:
        self.ask("WebDriver:SetWindowRect", width=width, height=height)

    def picture(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.ask("WebDriver:TakeScreenshot", full=False)["value"]))

    def complaints(self, of: str) -> list[str]:
        """The errors on the console since it started, of scripts and styles from addresses that begin so."""
        self.ask("Marionette:SetContext", value="chrome")
        try:
            found: list[str] = self.ask("WebDriver:ExecuteScript", script=COMPLAINTS, args=[of])["value"]
        finally:
            self.ask("Marionette:SetContext", value="content")
        return found

    def kill(self) -> None:
        self._connection.close()
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def waited(found: Callable[[], Any], otherwise: Callable[[], str]) -> Any:
    """What ``found`` gives once it is true."""
    deadline = time.monotonic() + SECONDS
    while not (value := found()):
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.05)
    return value


@contextmanager
def running(profile: Path) -> Iterator[Firefox]:
    browser = Firefox(required(), profile)
    try:
        yield browser
    finally:
        browser.kill()
