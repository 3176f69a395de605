"""What is measured of a service, over HTTP."""

from __future__ import annotations

import json
import secrets
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

from picasso import addresses
from picasso.bench.wire import BLOCK, RateLimited, Target, Wire, blocks, seconds_since

TAG = "picasso-bench"
"""Of all that this makes, and by which it is removed."""
MARKS = {"Picasso-Tags": TAG, "Picasso-Attributes": json.dumps({TAG: True})}

CONNECTIONS = 16
SMALL = 1000
MAX_FILES = 20_000
SETTLE_SECONDS = 30.0
LATENCIES = 15
LARGE = 256 * 2**20
TRIAL = 16 * 2**20
LARGE_SECONDS = 25.0
"""For uploads and downloads of large files together."""
ROUNDS = 3


@dataclass(slots=True)
class Sent:
    """What one connection has sent."""

    times: list[float] = field(default_factory=list)
    """Seconds of each upload."""
    limited: int = 0
    """How often the service has allowed no more requests."""


@dataclass(frozen=True, slots=True)
class Small:
    files: int
    per_second: float
    half: float
    """Half of the uploads took no longer, in seconds."""
    most: float
    """99 % took no longer."""
    processed_per_second: float | None
    """Uploaded and processed, both at once; None if it did not end in time."""
    limited: int


@dataclass(frozen=True, slots=True)
class Large:
    size: int
    upload: float
    """Bytes per second."""
    download: float


def small(target: Target, seconds: float) -> Small:
    """Uploads of small texts on several connections, each of which is one job. Raises `BenchError`."""
    begun, numbers = time.perf_counter(), count()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        sent = list(pool.map(lambda _: send(target, numbers, begun + seconds), range(CONNECTIONS)))
    times, took = sorted(t for each in sent for t in each.times), seconds_since(begun)
    settled = wait_until_settled(target)
    return Small(
        files=len(times),
        per_second=len(times) / took,
        half=statistics.median(times) if times else 0.0,
        most=times[int(len(times) * 0.99)] if times else 0.0,
        processed_per_second=len(times) / seconds_since(begun) if settled else None,
        limited=sum(each.limited for each in sent),
    )


def send(target: Target, numbers: Iterator[int], end: float) -> Sent:
    sent = Sent()
    with target.connection() as wire:
        while time.perf_counter() < end and (number := next(numbers)) < MAX_FILES:
            begun = time.perf_counter()
            try:
                upload(wire, number)
                sent.times.append(seconds_since(begun))
            except RateLimited as limit:
                sent.limited += 1
                time.sleep(min(limit.seconds, max(0.0, end - time.perf_counter())))
    return sent


def upload(wire: Wire, number: int) -> str:
    """A text that no other file has; its id."""
    content = f"{secrets.token_hex(16)} {number}\n".encode() * 30
    headers = {**MARKS, "Content-Type": "text/plain"}
    body = content[:SMALL]
    found: str = wire.put(f"{addresses.UPLOAD}{number}.txt", body, headers, len(body))["id"]
    return found


def wait_until_settled(target: Target) -> bool:
    """Whether all files have been processed in time."""
    end = time.perf_counter() + SETTLE_SECONDS
    with target.connection() as wire:
        while time.perf_counter() < end:
            with suppress(RateLimited):
                query = f"tag={TAG}&processed=false&page_size=1"
                if not wire.get(f"{addresses.FILES}?{query}")["results"]:
                    return True
            time.sleep(0.25)
    return False


def latency(target: Target) -> float | None:
    """Seconds until a file that comes alone is processed, half of the times; None if that takes too long."""
    times = []
    with target.connection() as wire:
        for number in range(LATENCIES):
            begun = time.perf_counter()
            with suppress(RateLimited):
                file = upload(wire, number)
                shown = wire.get(f"{addresses.FILES}{file}/", {"Prefer": "wait=10"})
                if shown["state"] not in {"processed", "failed"}:
                    return None
                times.append(seconds_since(begun))
    return statistics.median(times) if times else None


def large(target: Target) -> Large:
    """One large file at a time, of a size for which there is time. Raises `BenchError`."""
    block = secrets.token_bytes(BLOCK)
    with target.connection() as wire:
        took = timed(lambda: upload_large(wire, block, TRIAL))
        size = LARGE if took * LARGE / TRIAL < LARGE_SECONDS / ROUNDS / 2 else TRIAL
        urls: list[str] = []
        up = [timed(lambda: urls.append(upload_large(wire, block, size))) for _ in range(ROUNDS)]
        down = [timed(lambda url=url: wire.fetch(url)) for url in urls]  # type: ignore[misc]
    return Large(size, size / statistics.median(up), size / statistics.median(down))


def upload_large(wire: Wire, block: bytes, size: int) -> str:
    """Where its bytes are."""
    headers = {**MARKS, "Content-Type": "application/octet-stream"}
    for _ in range(ROUNDS):
        try:
            found: str = wire.put(f"{addresses.UPLOAD}large.bin", blocks(block, size), headers, size)["file"]
        except RateLimited as limit:
            time.sleep(limit.seconds)
        else:
            return found
    raise RateLimited(0)


def timed(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return seconds_since(begun)


def groups(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
