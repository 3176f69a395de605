"""Takes the pictures of the README: `python -m tests.docs.screenshots`. `picasso demo` fills the service for them."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pyvips

from tests.console.pages import look, opened
from tests.devtools import Browsers, Window
from tests.stack import Stack, running, until

FOLDER = Path(__file__).parents[2] / "docs/screenshots"
HARBOUR = "Panorama of the harbour at noon, taken from the lighthouse-v1.jpg"
DRAWN = "[...document.images].every((each) => each.complete) && !document.querySelector('[aria-busy=true]')"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        browsers = Browsers(Path(folder) / "profiles")
        with running(Path(folder) / "data") as stack, browsers.running().window() as window:
            fill(stack)
            FOLDER.mkdir(exist_ok=True)
            ids = {file["name"]: file["id"] for file in files(stack)}
            take(window, stack, "/?view=grid&tag=holiday", "files")
            take(window, stack, f"/files/{ids[HARBOUR]}", "file", dark=True)
            take(window, stack, "/jobs/?state=failed", "jobs")
            take(window, stack, "/", "phone", phone=True)
        browsers.kill()


def fill(stack: Stack) -> None:
    subprocess.run([sys.executable, "-m", "picasso", "demo"], env=os.environ | {"PICASSO_URL": stack.url}, check=True)
    until(lambda: all(file["processed"] or file["state"] == "failed" for file in files(stack)), 60, lambda: "not done")


def files(stack: Stack) -> list[dict[str, object]]:
    found: list[dict[str, object]] = stack.client.get("/api/v1.0/files/?page_size=100").json()["results"]
    return found


def take(window: Window, stack: Stack, path: str, name: str, *, dark: bool = False, phone: bool = False) -> None:
    page = opened(window, stack, path)
    look(page, dark=dark, phone=phone)
    if not phone:
        page.ask("Emulation.setDeviceMetricsOverride", width=1280, height=900, deviceScaleFactor=1, mobile=False)
    page.until(DRAWN)
    page.until("!document.body.innerText.includes('Checking…')")
    picture = base64.b64decode(page.ask("Page.captureScreenshot")["data"])
    pyvips.Image.new_from_buffer(picture, "").webpsave(str(FOLDER / f"{name}.webp"), Q=82)
    page.close()


if __name__ == "__main__":
    main()
