"""`python -m tests.contract`: Schemathesis with all its checks against a service of its own, one tag at a time.

It takes minutes for a tag, so no run of the suite does it. The requests are new ones each time; `--seed` repeats them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from signal import SIGINT

import httpx

from tests.stack import Stack, running

HERE = Path(__file__).parent
SCHEMA = "/api/v1.0/schema/"
ACCESS = ("open", "keys")
SEQUENCES = "sequences"
"""In place of a tag: requests of all tags, which follow the links of the document."""


def main(arguments: list[str]) -> int:
    options = parser().parse_args(arguments)
    failed = []
    for access in [options.access] if options.access else ACCESS:
        with tempfile.TemporaryDirectory(prefix="picasso-contract-") as folder:
            data = Path(folder) / "data"
            with running(data, PICASSO_ACCESS=access, PICASSO_RATES="off") as service:
                wanted = options.tag or [*tags(service), SEQUENCES]
                failed += [f"{access}, {tag}" for tag in wanted if not ran(service, tag, options)]
    print(f"\nFailed: {'; '.join(failed)}" if failed else "\nNothing was found.")
    return 1 if failed else 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m tests.contract", description=(__doc__ or "").partition("\n")[0])
    made.add_argument("--access", choices=ACCESS, help="only this one; else both, `keys` with an administrator's key")
    made.add_argument("--tag", action="append", help=f"only this one, or `{SEQUENCES}`; may be repeated")
    made.add_argument("--examples", type=int, default=100, help="for each operation")
    made.add_argument("--seconds", type=int, help="for each tag; what has been found by then is reported")
    made.add_argument("--seed", help="that of an earlier run")
    return made


def tags(service: Stack) -> list[str]:
    """Of all operations, in the order of the document."""
    paths = httpx.get(f"{service.url}{SCHEMA}", headers={"Accept": "application/json"}).json()["paths"]
    return list(dict.fromkeys(tag for methods in paths.values() for each in methods.values() for tag in each["tags"]))


def ran(service: Stack, tag: str, options: argparse.Namespace) -> bool:
    """Whether Schemathesis had nothing to say of the operations of a tag."""
    print(f"\n### {service.environment['PICASSO_ACCESS']}: {tag}", flush=True)
    process = subprocess.Popen([*command(service, options), *part(tag)], cwd=HERE)
    try:
        return process.wait(options.seconds) == 0
    except subprocess.TimeoutExpired:
        process.send_signal(SIGINT)
        return process.wait() == 0


def command(service: Stack, options: argparse.Namespace) -> list[str]:
    found = [str(Path(sys.executable).with_name("st")), "run", f"{service.url}{SCHEMA}", "--checks", "all"]
    found += ["--max-examples", str(options.examples), "--generation-database", "none", "--warnings", "off"]
    found += ["--seed", options.seed] if options.seed else []
    return [*found, *headers(service)]


def part(tag: str) -> list[str]:
    return (
        ["--phases", "stateful"]
        if tag == SEQUENCES
        else ["--phases", "examples,coverage,fuzzing", "--include-tag", tag]
    )


def headers(service: Stack) -> Iterator[str]:
    """A new key each time, as made-up requests may revoke it."""
    if service.environment["PICASSO_ACCESS"] == "keys":
        key = service.manage("keys", "create", "made-up", "--admin").split()[-1]
        yield from ("--header", f"Authorization: Bearer {key}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
