"""Clients that upload all the time, whatever is killed meanwhile, and remember what they were promised."""

from __future__ import annotations

import hashlib
import logging
import random
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import httpx
import pyvips

from tests.sampling import everything
from tests.stack import NO_TLS, until

Kind = Literal["text", "picture", "corrupt"]

# Of a JPEG. One that ends before it has neither size nor pixels, so nothing of it can be shown.
START_OF_FRAME = b"\xff\xc0"

# Of thousands of requests nobody wants to read when a test fails.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("pyvips").setLevel(logging.WARNING)

THREADS = 3
# Seconds between two uploads of a thread. Each upload costs a job, and a look at all that became of it.
PAUSE = 0.06 if everything() else 0.3
# Where something must be under way at any moment.
SHORT_PAUSE = 0.06 if everything() else 0.15


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that got its 201."""

    kind: Kind
    sha256: str
    size: int


@dataclass
class Load:
    """Uploads from the `with` statement's begin to its end, or to `stop`."""

    url: str
    accepted: dict[str, Upload] = field(default_factory=dict)
    refused: list[httpx.Response] = field(default_factory=list)
    """Answers that are no 201."""
    unanswered: set[str] = field(default_factory=set)
    """SHA-256 of what was sent when the connection broke: it may have been stored, or not."""
    pause: float = PAUSE

    def __post_init__(self) -> None:
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(THREADS)]
        self._pictures = pictures()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def kinds(self) -> Counter[Kind]:
        return Counter(upload.kind for upload in list(self.accepted.values()))

    def statuses(self) -> Counter[int]:
        return Counter(answer.status_code for answer in list(self.refused))

    def go_on(self, seconds: float) -> None:
        time.sleep(seconds)

    def go_on_with_success(self, seconds: float, more: int = 5) -> None:
        """For so long at least, and until so many more uploads were accepted: on a busy machine that takes longer."""
        before = len(self.accepted)
        self.go_on(seconds)
        until(
            lambda: len(self.accepted) >= before + more,
            15,
            lambda: f"{len(self.accepted) - before} uploads accepted; refused: {self.statuses()}",
        )

    def _run(self, thread: int) -> None:
        chance = random.Random(thread)
        with httpx.Client(base_url=self.url, timeout=60, verify=NO_TLS) as client:
            while not self._stopped.wait(self.pause):
                self._upload(client, chance)

    def _upload(self, client: httpx.Client, chance: random.Random) -> None:
        kind: Kind = chance.choices(["text", "picture", "corrupt"], [16, 5, 1])[0]  # type: ignore[assignment]
        content = self._content(kind, chance)
        digest = hashlib.sha256(content).hexdigest()
        name = {"text": "note.txt"}.get(kind, "picture.jpg")
        try:
            answer = client.post("/api/v1.0/upload/", files={"file": (name, content)})
        except httpx.TransportError:
            with self._lock:
                self.unanswered.add(digest)
            return
        with self._lock:
            if answer.status_code == 201:
                self.accepted[answer.json()["id"]] = Upload(kind, digest, len(content))
            else:
                self.refused.append(answer)

    def _content(self, kind: Kind, chance: random.Random) -> bytes:
        if kind == "text":
            return f"{uuid.uuid4()}\n".encode() * chance.randint(1, 200)
        picture = with_comment(chance.choice(self._pictures), uuid.uuid4().bytes)
        return picture if kind == "picture" else picture[: picture.index(START_OF_FRAME)]


def pictures() -> list[bytes]:
    return [jpeg(width, seed) for seed, width in enumerate((300, 640, 1300))]


def jpeg(width: int, seed: int) -> bytes:
    noise: Any = pyvips.Image.gaussnoise(width, width * 3 // 4, mean=128, sigma=20, seed=seed).cast("uchar")
    content: bytes = noise.bandjoin([noise, noise]).copy(interpretation="srgb").jpegsave_buffer(Q=60)
    return content


def with_comment(content: bytes, comment: bytes) -> bytes:
    """The same picture in bytes of its own."""
    return content[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + content[2:]
