"""No hostile file crashes a child, exceeds its limits or reveals other files."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from picasso.process import registry
from picasso.process.child_pool import ChildPool
from picasso.process.child_protocol import AttemptFailed
from picasso.process.contract import ProcessorError, Source
from tests.hostile import Hostile, all_files
from tests.hostile.pdf import ENDED_BY_LIMITS
from tests.sampling import everything, sample
from tests.stack import BUSY, Stack

MEMORY = 2 * 2**30  # the default

SECONDS = 60.0 * BUSY

# None of the files is large, so none may take a processor longer than this. Where the time by the clock is more, as on
# a busy machine, the file is processed once more and its processor time is measured.
PATIENCE = 30.0

# What files that name another one would show of it.
STOLEN = (b"root:x:0:0", b"daemon:x:1:1")

# There are too many files for every run: this share of each kind is taken.
SHARE = 0.05

# Of the tests of all files, in seconds.
LONG = pytest.mark.timeout(1800 if everything() else 300)

ENDLESS = {f"pdf: {name}" for name in ENDED_BY_LIMITS}


class Outcome(NamedTuple):
    file: str
    processor: str
    verdict: str
    seconds: float
    stolen: bool


@pytest.fixture(scope="module")
def children() -> Iterator[ChildPool]:
    children = ChildPool(MEMORY, jobs_per_child=32)
    children.open()
    try:
        yield children
    finally:
        children.close()


def module(hostile: Hostile) -> str:
    return hostile.name.partition(":")[0]


def kind(hostile: Hostile) -> str:
    """The module that it is from, and its media type: each is tested in every run."""
    return f"{module(hostile)} {hostile.media_type}"


def processors_of(media_type: str) -> list[str]:
    """Those that run in a child. Processors on request are included; one that asks a service has tests of its own."""
    wanting = (each for each in registry.processors().values() if registry.matches(each.media_types, media_type))
    return [each.name for each in wanting if each.name != "script" and not getattr(each, "service", False)]


def outcome(children: ChildPool, hostile: Hostile, processor: str, folder: Path, seconds: float = SECONDS) -> Outcome:
    path = folder / "original"
    folder.mkdir()
    path.write_bytes(hostile.content)
    began = time.monotonic()
    shown = b""
    try:
        result = children.run(processor, Source(path, hostile.media_type), folder / "made", seconds)
        shown = json.dumps(dict(result.facts)).encode()
        verdict = "done"
    except ProcessorError as error:
        verdict = error.code
    except AttemptFailed as fault:
        verdict = f"trouble: {fault.error.code}"
    took = time.monotonic() - began
    shown += b"".join(made.read_bytes() for made in (folder / "made").glob("*"))
    return Outcome(hostile.name, processor, verdict, took, any(stolen in shown for stolen in STOLEN))


def processor_seconds(hostile: Hostile, processor: str, folder: Path) -> float:
    """What a new child needs for this file."""
    children = ChildPool(MEMORY, jobs_per_child=32)
    children.open()
    try:
        outcome(children, hostile, processor, folder)
        (child,) = children._idle[processor]
        used = psutil.Process(child.pid).cpu_times()
        return used.user + used.system
    finally:
        children.close()


def test_there_are_some_of_each_kind() -> None:
    kinds = Counter(map(module, all_files()))
    assert kinds.keys() >= {"archive", "av", "document", "image", "pdf", "table", "text"}
    assert min(kinds.values()) >= 15, kinds


@LONG
def test_each_file_ends_within_its_limits(children: ChildPool, tmp_path: Path) -> None:
    files = sample([hostile for hostile in all_files() if hostile.name not in ENDLESS], kind, SHARE)
    asked = [(hostile, processor) for hostile in files for processor in processors_of(hostile.media_type)]
    with ThreadPoolExecutor(2) as threads:
        outcomes = list(
            threads.map(
                lambda each: outcome(children, each[1][0], each[1][1], tmp_path / str(each[0])), enumerate(asked)
            )
        )
    slowest = sorted(outcomes, key=lambda each: -each.seconds)[:5]
    print(f"\n{len(outcomes)} outcomes: {Counter(each.verdict for each in outcomes)}; slowest: {slowest}")
    # One that is stopped for its memory is contained, too; a crash, a bug or a time limit is tried again in vain.
    bad = [each for each in outcomes if each.verdict.startswith("trouble:") and "memory" not in each.verdict]
    assert not bad
    assert not [each for each in outcomes if each.stolen]
    slow = [question for question, each in zip(asked, outcomes, strict=True) if each.seconds > PATIENCE]
    used = {
        (hostile.name, processor): processor_seconds(hostile, processor, tmp_path / f"slow {n}")
        for n, (hostile, processor) in enumerate(slow)
    }
    assert not [each for each, seconds in used.items() if seconds > PATIENCE], used


@LONG
def test_an_endless_decoder_is_ended(children: ChildPool, tmp_path: Path) -> None:
    """PDFium draws recursive forms and patterns until the time limit (a short one here) or the memory is used up.

    Without memory it ends its process, which counts as a crash, and after three crashes as poison.
    """
    endless = [hostile for hostile in all_files() if hostile.name in ENDLESS]
    assert len(endless) == len(ENDLESS)
    for number, hostile in enumerate(sample(endless, kind, 1 / 2)):
        ended = outcome(children, hostile, "pdf", tmp_path / str(number), seconds=4)
        assert ended.verdict in {"trouble: time-limit", "trouble: out-of-memory", "trouble: crashed"}
        assert ended.seconds < 9 * BUSY


@LONG
def test_the_service_and_other_jobs_survive(embedded: Stack) -> None:
    some = [each for each in all_files() if each.made and each.name not in ENDLESS][::7]
    some = sample(some, module, SHARE)
    hostile = [embedded.upload(each.content, each.name, each.media_type)["id"] for each in some]
    neighbours = [embedded.upload(f"neighbour {n}".encode())["id"] for n in range(20)]
    for neighbour in neighbours:
        assert embedded.settled(neighbour, 240)["state"] == "processed"
    codes: Counter[str] = Counter()
    for file_id in hostile:
        file = embedded.settled(file_id, 240)
        codes[file["error"]["code"] if file["error"] else "processed"] += 1
    print(f"\n{codes}")
    assert not codes.keys() & {"poison", "crashed", "time-limit", "processor-error", "worker-died"}
    assert embedded.client.get("/readyz").status_code == 200
