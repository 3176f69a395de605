"""Where a measurement runs, and how much of it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parent.parent
RIVALS = Path(__file__).parent / "rivals"
WORK = Path(__file__).parent / ".work"

T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """`picasso` is False when only the rivals are measured; `before` is the `picasso` command of an earlier build."""

    folder: Path
    quick: bool
    picasso: bool
    before: Path | None = None

    def pick(self, full: T, quick: T) -> T:
        return quick if self.quick else full

    def new_folder(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(parents=True)
        return folder

    def inside(self, name: str) -> Place:
        """The same in a new folder of this one."""
        return replace(self, folder=self.new_folder(name))

    def free_bytes(self) -> int:
        return shutil.disk_usage(self.folder).free


def settle() -> None:
    """Have all dirty pages written, so that one contender's writeback is not billed to the next."""
    os.sync()
