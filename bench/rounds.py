"""Repeating a measurement so that the contenders' numbers can be compared."""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Series:
    """The values of one contender, one per round."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def show(self, unit: str, digits: int = 0) -> str:
        """Median and range, for a table."""
        middle, low, high = (f"{value:,.{digits}f}" for value in (self.median, min(self.values), max(self.values)))
        return f"{middle} {unit} ({low} … {high})" if len(self.values) > 1 else f"{middle} {unit}"


def interleaved(rounds: int, runs: Mapping[str, Callable[[], float]]) -> dict[str, Series]:
    """Run every contender once a round: a slow minute of the machine then falls on all of them.

    The order turns, so that none always runs in the wake of the same other one.
    """
    values: dict[str, list[float]] = {name: [] for name in runs}
    names = list(runs)
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            value = runs[name]()
            values[name].append(value)
            print(f"    round {number + 1} of {rounds}: {name}: {value:,.3f}", flush=True)
    return {name: Series(tuple(found)) for name, found in values.items()}
