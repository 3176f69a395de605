"""Browsers can show what we make: each derivative of each kind is opened in Chromium."""

from __future__ import annotations

from typing import Any

import pytest

from tests import browser
from tests.contract.samples import samples
from tests.devtools import Window
from tests.stack import Stack


@pytest.fixture(scope="module")
def stack(processing: Stack) -> Stack:
    return processing


def local(url: str) -> str:
    return url.replace("127.0.0.1", "localhost")


def made(stack: Stack, content: bytes, pipeline: str) -> list[dict[str, Any]]:
    answer = stack.client.post("/api/v1.0/upload/", data={"pipeline": pipeline}, files={"file": ("a", content)})
    assert answer.status_code == 201, answer.text
    file = stack.settled(answer.json()["id"], 120)
    assert file["state"] == "processed", file["error"]
    derivatives: list[dict[str, Any]] = file["derivatives"]
    return derivatives


def test_chromium_shows_what_we_make(chromium: Window, stack: Stack) -> None:
    derivatives: list[dict[str, Any]] = []
    for media_type, content in samples().items():
        kind = media_type.partition("/")[0]
        if kind in {"video", "audio"}:
            derivatives += made(stack, content, "web")
        elif kind == "image" and media_type in {"image/png", "image/gif", "image/jpeg"}:
            derivatives += made(stack, content, "formats")
        elif media_type == "application/pdf":
            derivatives += made(stack, content, "default")
    playable = [each for each in derivatives if each["media_type"].partition("/")[0] in {"image", "video", "audio"}]
    # A segment of HLS is no film of its own.
    playable = [each for each in playable if "hls" not in each["role"]]
    questions = [(each["media_type"].partition("/")[0], local(each["url"])) for each in playable]
    assert {kind for kind, _ in questions} == {"image", "video", "audio"}
    for derivative, verdict in zip(playable, browser.verdicts(chromium, questions), strict=True):
        assert "error" not in verdict, (derivative, verdict)
        if derivative["width"]:
            assert (verdict["width"], verdict["height"]) == (derivative["width"], derivative["height"]), derivative


def test_what_is_no_picture_is_not_taken_for_one(chromium: Window, stack: Stack) -> None:
    """Lest the judge says yes to everything."""
    url = local(stack.upload(b"just a text")["file"])
    wrong = browser.verdicts(chromium, [("image", url), ("video", url), ("audio", local(f"{stack.url}/nothing"))])
    assert all("error" in verdict for verdict in wrong)
