"""`python -m bench [measurement …] [options]`: measure, print a table, write bench/results/.

It measures and does not judge: the exit code is 1 only when something could not be measured for an error.
"""

import argparse
import shutil
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

import psutil

from bench import report
from bench.contenders import PICASSO
from bench.measures import MEASURES, PARTS, WITH_BEFORE
from bench.place import WORK, Place
from bench.report import Row

BUSY = 10.0


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    if not options.rivals_only and not PICASSO.exists():
        print("picasso is not installed beside this Python; --rivals-only measures the others alone", file=sys.stderr)
        return 1
    whole = [name for name in MEASURES if name not in PARTS and (options.before or name not in WITH_BEFORE)]
    names = options.measurements or whole
    rows: list[Row] = []
    busy: list[float] = []
    errors = 0
    for name in names:
        print(f"{name}:", flush=True)
        busy.append(_busy())
        errors += not _measured(name, options, rows)
    if rows:
        written = report.write(rows, _label(names, options), max(busy))
        print(f"\n{report.markdown(rows)}\n\nWritten to bench/results/{written.name}")
    return 1 if errors else 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Picasso beside its rivals.")
    known = ", ".join(MEASURES)
    parser.add_argument(
        "measurements", nargs="*", metavar="measurement", help=f"which of {known}; all if none is named"
    )
    parser.add_argument("--quick", action="store_true", help="smaller sizes and fewer rounds: a look, not a result")
    parser.add_argument("--rivals-only", action="store_true", help="without Picasso")
    parser.add_argument(
        "--before",
        type=Path,
        metavar="COMMAND",
        help="an earlier build's `picasso`, for `regression`",
    )
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.measurements if name not in MEASURES]:
        parser.error(f"unknown: {', '.join(unknown)}; there are {known}")
    return options


def _busy() -> float:
    """Percent of the processors that others use before a measurement begins."""
    percent = psutil.cpu_percent(interval=3)
    if percent > BUSY:
        print(f"    WARNING: the machine is {percent:.0f} % busy with something else; this will show", flush=True)
    return percent


def _measured(name: str, options: argparse.Namespace, rows: list[Row]) -> bool:
    """Run one measurement in a folder of its own, which stays only if it failed. True if it did not fail."""
    WORK.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=WORK))
    # PostgreSQL may run as a user of its own, which has to get through to its folder.
    folder.chmod(0o755)
    try:
        rows += MEASURES[name](Place(folder, options.quick, not options.rivals_only, options.before))
    except Exception:
        traceback.print_exc()
        print(f"{name} could not be measured; its logs are kept in bench/.work/{folder.name}", file=sys.stderr)
        return False
    shutil.rmtree(folder)
    return True


def _label(names: Sequence[str], options: argparse.Namespace) -> str:
    parts = [] if set(names) >= MEASURES.keys() - PARTS - WITH_BEFORE else list(names)
    parts += ["quick"] if options.quick else []
    parts += ["rivals"] if options.rivals_only else []
    return "".join(f"-{part}" for part in parts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
