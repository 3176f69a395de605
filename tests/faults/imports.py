"""Imports from a server with a slow line, so that they are under way when something is killed."""

from __future__ import annotations

import time

from tests.remote import Asked, answer
from tests.stack import Stack

CONTENT = b"".join(b"%d lines of text, all of them different\n" % n for n in range(80_000))
PIECE = 2**18


def slowly(asked: Asked) -> None:
    """A good server with a slow line: two seconds for all, or what is left of them for the rest."""
    offset = int(asked.headers.get("range", "bytes=0-")[6:-1])
    fields = {"ETag": '"one"', "Content-Range": f"bytes {offset}-{len(CONTENT) - 1}/{len(CONTENT)}"}
    head, _, body = answer(CONTENT[offset:], "206 Partial Content" if offset else "200 OK", fields).partition(
        b"\r\n\r\n"
    )
    asked.send(head + b"\r\n\r\n")
    for start in range(0, len(body), PIECE):
        asked.send(body[start : start + PIECE])
        time.sleep(2 * PIECE / len(CONTENT))


def begin(stack: Stack, url: str, number: int) -> None:
    for n in range(number):
        made = stack.client.post("/api/v1.0/imports/", json={"url": f"{url}/{n}.txt"})
        assert made.status_code == 201, made.text


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
