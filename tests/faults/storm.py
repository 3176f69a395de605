"""Many resumable uploads at once, each cut again and again, while the server is killed; then all are looked at."""

from __future__ import annotations

import hashlib
import http.client
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx

from tests.faults.resuming import BrokenPromise, Content, Ietf, Resource, Sender, Tally, Tus, TusFinal
from tests.stack import NO_TLS

Way = Literal["tus", "ietf", "deferred", "concatenation"]
WAYS: tuple[Way, ...] = ("tus", "ietf", "deferred", "tus", "ietf", "concatenation")
"""A third each of tus as it is most often, of the IETF's, and of what tus has besides."""

FILES = "/api/v1.0/files/"
LOOK_EVERY = 0.02
LAND_SECONDS = 30.0  # within which a file is there after its upload was complete
READ = 2**20
PROGRESS = 4 * 2**20


@dataclass
class Upload:
    """One file, and how it is to be sent."""

    way: Way
    content: Content
    cuts: Sequence[int]
    tally: Tally = field(default_factory=Tally)
    address: str = ""
    """Of the upload that has become the file."""
    resources: list[Resource] = field(default_factory=list)

    def run(self, port: int) -> None:
        sender = Sender(port, self.content, self.cuts, self.tally)
        last = self._resource(sender)
        last.run()
        self.address = last.location

    def _resource(self, sender: Sender) -> Resource:
        """The one that becomes the file."""
        if self.way == "concatenation":
            return self._concatenated(sender)
        if self.way == "ietf":
            self.resources = [Ietf(sender, 0, self.content.size)]
        else:
            self.resources = [Tus(sender, 0, self.content.size, deferred=self.way == "deferred")]
        return self.resources[0]

    def _concatenated(self, sender: Sender) -> Resource:
        """With its parts whole, in any order; it may have been asked for before they were."""
        chance = random.Random(self.content.name)
        edges = [0, *sorted(chance.sample(range(1, self.content.size), chance.randint(1, 3))), self.content.size]
        parts = [Tus(sender, start, end, partial=True) for start, end in pairwise(edges)]
        final = TusFinal(sender, parts)
        self.resources = [*parts, final]
        for part in parts:
            part.create()
        if chance.random() < 0.5:
            final.create()
        for part in chance.sample(parts, len(parts)):
            part.run()
        return final


@dataclass
class Outcome:
    """Of a storm that is over."""

    seconds: float
    kills: int
    uploads: Sequence[Upload]
    faults: Sequence[str]

    def __str__(self) -> str:
        tallies = [upload.tally for upload in self.uploads]
        needed, sent = sum(u.content.size for u in self.uploads), sum(t.sent for t in tallies)
        statuses: Counter[str] = sum((t.statuses for t in tallies), Counter())
        return (
            f"{len(self.uploads)} uploads of {needed / 2**20:,.0f} MiB in {self.seconds:.1f} s;"
            f" {sum(t.closed for t in tallies)} cuts by close, {sum(t.reset for t in tallies)} by reset,"
            f" {sum(t.left for t in tallies)} overtaken while they went on;"
            f" {self.kills} kills, which broke {sum(t.broken for t in tallies)} connections;"
            f" {(sent - needed) / 2**20:,.0f} MiB sent again; {sum(t.abandoned for t in tallies)} abandoned creations;"
            f" answers {dict(sorted(statuses.items()))}"
        )


def uploads(number: int, cuts: int, small: tuple[int, int], large: Sequence[int], seed: int = 0) -> list[Upload]:
    """The first ones are as ``large`` says, all others of a random size between the two of ``small``."""
    chance = random.Random(seed)
    sizes = [*large, *(chance.randint(*small) for _ in range(number - len(large)))]
    found = []
    for n, size in enumerate(sizes):
        content = Content(f"storm-{seed}-{n}.bin", size)
        found.append(Upload(WAYS[n % len(WAYS)], content, chance.sample(range(1, size), cuts)))
    return found


def storm(port: int, sent: Sequence[Upload], kill: Callable[[], int], kills: int) -> Outcome:
    """All at once. ``kill`` is called when so much was promised as chance has it, until it has killed so often."""
    faults: list[str] = []

    def run(upload: Upload) -> None:
        try:
            upload.run(port)
        except BrokenPromise as broken:
            faults.append(f"{upload.content.name}, {upload.way}: {broken}")

    begun = time.monotonic()
    with ThreadPoolExecutor(len(sent)) as pool:
        running = [pool.submit(run, upload) for upload in sent]
        killed = _kill(sent, kill, kills, lambda: all(each.done() for each in running))
    for each in running:
        each.result()
    return Outcome(time.monotonic() - begun, killed, sent, faults)


def _kill(sent: Sequence[Upload], kill: Callable[[], int], kills: int, over: Callable[[], bool]) -> int:
    total = sum(upload.content.size for upload in sent)
    moments = sorted(random.Random(total).uniform(0.1, 0.7) * total for _ in range(kills))
    killed, before = 0, 0
    while killed < kills and not over():
        promised = sum(upload.tally.promised for upload in sent)
        # Whoever was started again has to have done something before it is its turn.
        if promised >= max(moments[killed], before + PROGRESS) and kill():
            killed, before = killed + 1, promised
        time.sleep(LOOK_EVERY)
    return killed


def check(url: str, sent: Sequence[Upload]) -> list[str]:
    """What is not as it has to be: each upload one file, with its bytes, and no file more."""
    with httpx.Client(base_url=url, timeout=60, verify=NO_TLS) as client:
        files = listed(client)
        names = Counter(file["name"] for file in files.values())
        faults = [f"{name} is there {times} times" for name, times in names.items() if times > 1]
        for upload in sent:
            faults += [f"{upload.content.name}, {upload.way}: {fault}" for fault in _faults(client, files, upload)]
    return faults


def listed(client: httpx.Client) -> Mapping[str, Mapping[str, Any]]:
    """All files by their id."""
    found: dict[str, Mapping[str, Any]] = {}
    page = 1
    while page:
        answer = client.get(FILES, params={"page": page, "page_size": 100}).json()
        found |= {file["id"]: file for file in answer["results"]}
        page = answer["next"]
    return found


def _faults(client: httpx.Client, files: Mapping[str, Mapping[str, Any]], upload: Upload) -> list[str]:
    if not upload.address:
        return ["was never complete"]
    shown = _landed(client, upload)
    file = files.get(shown.get("file_id") or "")
    if file is None:
        return [f"is complete, but no file: {shown}"]
    wanted = upload.content.sha256()
    fetched = _fetched(file["file"])
    return [] if wanted == fetched == file["sha256"] else [f"sent {wanted}, fetched {fetched}, shown {file['sha256']}"]


def _landed(client: httpx.Client, upload: Upload) -> Mapping[str, Any]:
    """As it is shown once it is a file, or did not become one in time."""
    deadline = time.monotonic() + LAND_SECONDS
    shown: Mapping[str, Any] = client.get(upload.address).json()
    while not shown.get("file_id") and time.monotonic() < deadline:
        time.sleep(0.1)
        shown = client.get(upload.address).json()
    return shown


def left_behind(data: Path, sent: Sequence[Upload]) -> list[Path]:
    """What lies in the folder of unfinished uploads, and is one that was sent to its end."""
    ids = {resource.location.rpartition("/")[2] for upload in sent if upload.address for resource in upload.resources}
    return [path for path in (data / "uploads").glob("*/*") if path.name.partition(".")[0] in ids]


def age(paths: Sequence[Path]) -> None:
    """Whoever was killed between landing a file and tidying up leaves that to the sweep of the next hour."""
    hours_ago = time.time() - 3 * 3600
    for path in paths:
        os.utime(path, (hours_ago, hours_ago))


def _fetched(url: str) -> str:
    """The SHA-256 of what is there."""
    parts, room, hash_ = urlsplit(url), memoryview(bytearray(READ)), hashlib.sha256()
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    connection.request("GET", parts.path)
    answer = connection.getresponse()
    while size := answer.readinto(room):
        hash_.update(room[:size])
    connection.close()
    return hash_.hexdigest() if answer.status == 200 else f"status {answer.status}"
