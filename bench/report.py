"""What was measured, as a table on the screen and as Markdown and JSON in bench/results/."""

import datetime as dt
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.rounds import Series

RESULTS = Path(__file__).parent / "results"
HEADINGS = ("what", "measured", "result", "bar", "verdict")


@dataclass(frozen=True)
class Bar:
    """What the result should reach (`>=`) or stay within (`<=`)."""

    sense: str
    limit: float
    unit: str

    def holds(self, value: float) -> bool:
        return value >= self.limit if self.sense == ">=" else value <= self.limit

    def __str__(self) -> str:
        return f"{self.sense} {self.limit:g}{self.unit}"


@dataclass(frozen=True)
class Row:
    """One line of the table. `result` is None when there was nothing to compare; `why` then says what was missing."""

    what: str
    measured: str
    result: float | None = None
    bar: Bar | None = None
    why: str = ""
    samples: Mapping[str, Series] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        if self.result is None:
            return f"not measured: {self.why}" if self.why else "-"
        if self.bar is None:
            return "-"
        return "ok" if self.bar.holds(self.result) else "falls short"

    def cells(self) -> tuple[str, ...]:
        unit = self.bar.unit if self.bar else "x"
        result = "-" if self.result is None else f"{self.result:.2f}{unit}"
        return (self.what, self.measured, result, str(self.bar or "-"), self.verdict)


def compared(what: str, samples: Mapping[str, Series], over: str, under: str, *, bar: Bar, shown: str) -> Row:
    """A row whose result is one median divided by another; without a result if either contender did not run."""
    if over not in samples or under not in samples:
        missing = over if over not in samples else under
        return Row(what, shown, bar=bar, why=f"{missing} did not run", samples=samples)
    return Row(what, shown, samples[over].median / samples[under].median, bar, samples=samples)


def show(samples: Mapping[str, Series], unit: str, digits: int = 0) -> str:
    return "; ".join(f"{name} {series.show(unit, digits)}" for name, series in samples.items())


def markdown(rows: Sequence[Row]) -> str:
    lines = [HEADINGS, tuple("---" for _ in HEADINGS), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def machine() -> dict[str, str]:
    """The facts without which the numbers mean little. No names of hosts or paths."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": f"{os.cpu_count()} cores, {model}",
        "memory": f"{memory:.0f} GiB",
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def write(rows: Sequence[Row], label: str, busy: float) -> Path:
    """Write both forms of the report. `label` tells partial and quick runs from a whole one; `busy` is what others
    used of the processors, in percent, before the measurement for which that was worst."""
    today = dt.datetime.now(dt.UTC).date().isoformat()
    stem = RESULTS / f"{today}{label}"
    RESULTS.mkdir(exist_ok=True)
    facts = machine() | {"used by others": f"at most {busy:.0f} % of the processors"}
    head = f"# Bench, {today}\n\n{', '.join(f'{name} {value}' for name, value in facts.items())}.\n"
    notes = "Medians, with the range of all rounds in parentheses. Server and load share the machine.\n"
    stem.with_name(stem.name + ".md").write_text(f"{head}{notes}\n{markdown(rows)}\n")
    found = [asdict(row) | {"verdict": row.verdict} for row in rows]
    text = json.dumps({"machine": facts, "rows": found}, indent=2, ensure_ascii=False)
    stem.with_name(stem.name + ".json").write_text(text + "\n")
    return stem.with_name(stem.name + ".md")
