"""One big file on its way into each of the contenders, on the same disk: what the measurements of it share."""

import os
import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bench.contenders import nginx
from bench.load import BLOCK, curl
from bench.place import Place, settle

# nginx as it comes, and with the buffer that made it fastest.
BUFFERS = {"nginx": "16k", "nginx-128k": "128k"}
AS_IT_COMES, FASTEST = BUFFERS


def write_random(file: Path, size: int) -> None:
    with file.open("wb") as out:
        for _ in range(size // BLOCK):
            out.write(secrets.token_bytes(BLOCK))


def freshen(file: Path) -> None:
    """New content at the start, so that no round is spared work by what an earlier one stored; all of it in memory."""
    with file.open("r+b") as out:
        out.write(secrets.token_bytes(4096))
    with file.open("rb") as back:
        while back.read(8 * BLOCK):
            pass
    settle()


def put_into_nginx(stack: ExitStack, place: Place, name: str, file: Path, syncs: list[float]) -> Callable[[], float]:
    """A round of a new nginx of this name. `syncs` is given the seconds with an fsync behind each round."""
    server = stack.enter_context(nginx(place, name, BUFFERS[name]))
    stored = place.folder / name / "files" / file.name

    def run() -> float:
        freshen(file)
        seconds = curl(server.port, f"/{file.name}", "--upload-file", str(file))
        syncs.append(seconds + fsync_seconds(stored))
        forget(stored.parent, file.stat().st_size)
        return seconds

    return run


def fsync_seconds(file: Path) -> float:
    begun = time.perf_counter()
    handle = os.open(file, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
    return time.perf_counter() - begun


def only_file(folder: Path, size: int) -> Path:
    """What was stored there, whatever else lies beside it."""
    stored = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_size == size]
    if len(stored) != 1:
        raise RuntimeError(f"expected one stored file of {size} bytes, found {len(stored)}")
    return stored[0]


def forget(folder: Path, size: int) -> None:
    """Delete what was stored, and make sure that it was."""
    only_file(folder, size).unlink()
    settle()
