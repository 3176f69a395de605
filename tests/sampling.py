"""How much of the long tests runs: everything with `make test-all`, else a sample of each kind, new every day."""

from __future__ import annotations

import os
import random
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

# "1" runs everything.
ALL = "PICASSO_TEST_ALL"
# Any text. By default it is the date, so that all runs of a day take the same sample.
SEED = "PICASSO_TEST_SEED"

T = TypeVar("T")


def everything() -> bool:
    return os.environ.get(ALL, "") not in {"", "0"}


def seed() -> str:
    return os.environ.get(SEED) or datetime.now(UTC).date().isoformat()


def settings() -> Mapping[str, str]:
    """The environment in which the same sample is taken again, also after midnight."""
    return {ALL: "1" if everything() else "0", SEED: seed()}


def header() -> str:
    if everything():
        return "samples: everything runs"
    return f"samples: {SEED}={seed()} takes the same ones again, {ALL}=1 takes everything"


def sample(items: Iterable[T], kind: Callable[[T], Hashable], share: float) -> list[T]:
    """This ``share`` of the items of each kind, and at least one of each; all of them if everything is to run."""
    found = list(items)
    if everything():
        return found
    kinds: dict[Hashable, list[T]] = defaultdict(list)
    for item in found:
        kinds[kind(item)].append(item)
    # By kind, so that an item more of one kind changes nothing of the others.
    return [each for name, some in kinds.items() for each in _some(some, f"{seed()} {name}", share)]


def _some(items: list[T], seed: str, share: float) -> list[T]:
    return random.Random(seed).sample(items, max(1, round(len(items) * share)))


def left_out(tests: Mapping[str, tuple[str, float]]) -> set[str]:
    """Which tests do not run today, of those that repeat a kind: ``tests`` are ids, each with its kind and a share."""
    found = set(tests)
    for kind, share in set(tests.values()):
        alike = sorted(test for test, of in tests.items() if of == (kind, share))
        found -= set(sample(alike, lambda _, kind=kind: kind, share))  # type: ignore[misc]
    return found


def number(everything_: int, few: int) -> int:
    """How many of something that is made at random."""
    return everything_ if everything() else few


def random_seed() -> int:
    """For what is made at random and not chosen from a list."""
    return 0 if everything() else int.from_bytes(seed().encode()[-6:])
