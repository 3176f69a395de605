"""Imports from a server with a slow line, so that they are under way when something is killed."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.remote import Asked, answer
from tests.stack import Stack

CONTENT = b"".join(b"%d lines of text, all of them different\n" % n for n in range(80_000))
HALF, LITTLE = len(CONTENT) // 2, 1000


@dataclass
class SlowServer:
    """A good server with a slow line: after the first half of an answer it sends little until it is `hurried`."""

    hurried: threading.Event = field(default_factory=threading.Event)

    def __call__(self, asked: Asked) -> None:
        offset = int(asked.headers.get("range", "bytes=0-")[6:-1])
        fields = {"ETag": '"one"', "Content-Range": f"bytes {offset}-{len(CONTENT) - 1}/{len(CONTENT)}"}
        whole = answer(CONTENT[offset:], "206 Partial Content" if offset else "200 OK", fields)
        sent = HALF
        asked.send(whole[:sent])
        while not self.hurried.wait(0.2):
            asked.send(whole[sent : sent + LITTLE])
            sent += LITTLE
        asked.send(whole[sent:])


def begin(stack: Stack, url: str, number: int) -> None:
    for n in range(number):
        made = stack.client.post("/api/v1.0/imports/", json={"url": f"{url}/{n}.txt"})
        assert made.status_code == 201, made.text


def begun(stack: Stack) -> set[Path]:
    """The unfinished uploads of which there are bytes on the disk."""
    return {path for path in (stack.data / "uploads").rglob("*") if not path.suffix and has_bytes(path)}


def has_bytes(path: Path) -> bool:
    with suppress(FileNotFoundError):
        return path.is_file() and path.stat().st_size > 0
    return False


def ended(stack: Stack) -> bool:
    # Asked once: between two questions one may go from running to waiting.
    rows = stack.client.get("/api/v1.0/imports/").json()["results"]
    return not {row["state"] for row in rows} & {"waiting", "running"}


def take_away(stack: Stack, number: int) -> None:
    """Check that so many were imported, each as one whole file, and delete the files."""
    rows = stack.client.get("/api/v1.0/imports/").json()["results"]
    assert [row["state"] for row in rows] == ["imported"] * number, rows
    found = [stack.client.get(row["file"]).json() for row in rows]
    assert len({file["id"] for file in found}) == number
    for file in found:
        assert stack.client.get(file["file"]).content == CONTENT
        assert stack.client.delete(f"/api/v1.0/files/{file['id']}/").status_code == 204
