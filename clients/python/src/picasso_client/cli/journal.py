"""What an upload command has done so far, so that the same command goes on after Ctrl-C, a crash or a failure.

A journal is a file of JSON lines in the folder of the state, one for each command: its service, options and paths.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from picasso_client.config import state_folder

# Seconds. The service forgets an unfinished upload after a day.
KEPT = 24 * 3600


@dataclass
class Journal:
    path: Path
    entries: dict[str, dict[str, str]] = field(default_factory=dict)
    """By file: ``upload``, the address of its resumable upload, and ``file``, the id of what it has become."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: str, what: str) -> str | None:
        """``key``: as `key_of`."""
        return self.entries.get(key, {}).get(what)

    def put(self, key: str, what: str, value: str) -> None:
        """Write it down at once."""
        with self.lock:
            entry = self.entries.setdefault(key, {})
            entry[what] = value
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w", encoding="utf-8") as file:
                file.write(json.dumps({"key": key, **entry}) + "\n")

    @property
    def done(self) -> int:
        return sum("file" in entry for entry in self.entries.values())

    @property
    def has_begun(self) -> bool:
        """Whether anything has arrived that need not be sent again."""
        return any({"file", "upload"} & entry.keys() for entry in self.entries.values())

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


def key_of(path: Path) -> str:
    """Of a file as it is now: another one after it was changed. So ask before the file is read."""
    stat = path.stat()
    return json.dumps([str(path.absolute()), stat.st_size, stat.st_mtime_ns])


def journal_of(url: str, key: str | None, paths: Sequence[Path], options: Mapping[str, Any]) -> Journal:
    """The one of this command, with what it has done within the last day."""
    what = json.dumps([url, key, [str(path.absolute()) for path in paths], options], sort_keys=True)
    folder = state_folder() / "uploads"
    path = folder / f"{hashlib.sha256(what.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}.jsonl"
    for old in folder.glob("*.jsonl"):
        if time.time() - old.stat().st_mtime > KEPT:
            old.unlink(missing_ok=True)
    return Journal(path, dict(read(path)))


def read(path: Path) -> list[tuple[str, dict[str, str]]]:
    """A line that was cut by a crash counts for nothing."""
    found = []
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError:
        return []
    for line in lines:
        try:
            entry = json.loads(line)
            found.append((entry.pop("key"), entry))
        except (ValueError, KeyError, AttributeError, TypeError):
            continue
    return found
