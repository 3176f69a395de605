"""The service is killed in the middle of an upload, several times; the client goes on, and one file comes of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.clients.checks import check_stored, content, file_of
from tests.clients.node import Running, running
from tests.clients.test_tus_js_client import METADATA, Client
from tests.sampling import sample
from tests.stack import Stack, until

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("javascript")]

SIZE = 4_000_000
PAUSE = 25  # for each 64 KiB, which makes it two seconds for all of them
LOST = 1_000_000  # at the most by a kill: half a second's worth, in pipes and in memory
PROTOCOLS = ["tus-v1", "ietf-draft-03", "ietf-draft-05"]
# Each of these takes seconds, so not every run has all.
SOME_PROTOCOLS = sample(PROTOCOLS, lambda _: "client and service killed", 1 / 3)


def kill_web(stack: Stack) -> None:
    """The processes that speak HTTP; those that are started in their place find the same socket."""
    until(lambda: bool(stack.processes("web")), 10, lambda: "no web process was started")
    kill_all(stack.processes("web"))


def power_cut(stack: Stack) -> None:
    """All processes, and all of them are started again."""
    kill_all(stack.processes())
    stack.kill()
    stack.start()


def kill_all(processes: list[psutil.Process]) -> None:
    """SIGKILL, to the first one first, lest it starts the others again."""
    assert processes
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    until(lambda: not any(map(alive, processes)), 10, lambda: f"they live: {processes}")


def alive(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def killed_at(
    stack: Stack, client: Running, reached: list[int], kill: Callable[[Stack], None], parts: int = 1
) -> dict[str, Any]:
    """The last that the client says; the service is killed whenever so much is sent and all parts went on after a kill.

    tus-js-client gives up if the answer to a HEAD is cut off, so no kill comes before the last part has its answer.
    """
    waiting, to_find = list(reached), 0
    last: dict[str, Any] = {}
    for last in client.said():
        to_find -= "found" in last
        if waiting and to_find <= 0 and last.get("sent", 0) >= waiting[0]:
            waiting.pop(0)
            kill(stack)
            to_find = parts
    assert not waiting, f"ended too early: {last}"
    assert "error" not in last, last
    return last


CASES = sample(product(PROTOCOLS, (kill_web, power_cut)), lambda case: f"client, {case[1].__name__}", 1 / 3)


@pytest.mark.parametrize(("protocol", "kill"), CASES)
def test_a_client_tries_again(stack: Stack, tmp_path: Path, protocol: str, kill: Callable[[Stack], None]) -> None:
    sent = content(SIZE)
    reached = [1_200_000, 2_200_000, 3_200_000] if kill is kill_web else [SIZE // 2]
    ask = Client(stack, tmp_path, sent).asked({"protocol": protocol, "metadata": METADATA}, pause=PAUSE)
    with running("upload.mjs", ask) as client:
        result = killed_at(stack, client, reached, kill)
    check_stored(stack, result["file"], sent, METADATA["filename"], METADATA["filetype"])
    heads = [offset for method, status, offset in result["requests"] if method == "HEAD" and status < 300]
    assert len(heads) >= len(reached)
    # What had arrived before a kill was not sent again.
    assert all(offset > least - LOST for offset, least in zip(heads, reached, strict=False)), heads


def test_parts_try_again(stack: Stack, tmp_path: Path) -> None:
    sent = content(SIZE)
    options = {"parallelUploads": 3, "metadata": METADATA}
    with running("upload.mjs", Client(stack, tmp_path, sent).asked(options, pause=PAUSE * 2)) as client:
        result = killed_at(stack, client, [SIZE // 3, SIZE * 2 // 3], kill_web, parts=3)
    check_stored(stack, file_of(stack, result["url"]), sent, METADATA["filename"], METADATA["filetype"])


@pytest.mark.parametrize("protocol", SOME_PROTOCOLS)
def test_client_and_service_are_killed(stack: Stack, tmp_path: Path, protocol: str) -> None:
    """A new process of the one finds in its store where to go on, one of the other what it had."""
    sent = content(SIZE)
    client = Client(stack, tmp_path, sent)
    options = {"protocol": protocol, "metadata": METADATA}
    with running("upload.mjs", client.asked(options, store=client.store, pause=PAUSE)) as first:
        next(said for said in first.said() if said.get("sent", 0) > SIZE // 2)
        kill_web(stack)
    result = client.upload(options, store=client.store)
    assert result["requests"][0][2] > SIZE // 2 - LOST
    check_stored(stack, result["file"], sent, METADATA["filename"], METADATA["filetype"])
