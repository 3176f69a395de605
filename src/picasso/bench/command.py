"""The command itself: measures, prints, removes what it has made."""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from typing import NoReturn
from urllib.parse import urlsplit

import psycopg

from picasso import conf
from picasso.bench import machine, service
from picasso.bench.service import TAG, groups
from picasso.bench.wire import BenchError, RateLimited, Target
from picasso_client import Client, PicassoError
from picasso_client.cli.advice import explained
from picasso_client.config import Login, resolve

SECONDS = 20.0
AT_ONCE = 500
"""So many files are deleted by one request."""

LIMITED = "The service allowed no more requests (429). Raise PICASSO_RATES, or the rates of the project, and try again."


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: float | None
    """None if it could not be measured; `note` says why."""
    unit: str
    note: str = ""

    def __str__(self) -> str:
        value = "-" if self.value is None else f"{self.value:,.1f}" if self.value < 10 else f"{self.value:,.0f}"
        return f"  {self.name:<38}{value:>10} {self.unit if self.value is not None else '':<5} {self.note}".rstrip()


def main(arguments: Sequence[str]) -> NoReturn:
    """Exit: 0, or 1 after an error, which is told. What can't be measured from here is none."""
    chosen = parser().parse_args(arguments)
    try:
        login = resolve(chosen.url, None)
        with Client(chosen.url) as client:
            if chosen.remove:
                print(f"{remove(client)} files are deleted.")
                sys.exit(0)
            run(client, login, chosen.seconds, as_json=chosen.json)
            sys.exit(0)
    except (PicassoError, BenchError, ValueError) as fault:
        sys.exit(f"picasso bench: {explained(fault, url=chosen.url)}")
    except RateLimited:
        sys.exit(f"picasso bench: {LIMITED}")


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="picasso bench",
        description="Measure a service that runs: uploads, processing, large files; and what this machine's disk and"
        " database allow. It takes about a minute, and removes what it has made.",
        epilog="The service and the key are those of PICASSO_URL and PICASSO_KEY, or of `picasso login`. Disk and"
        " database are those of PICASSO_DATA_DIR and DATABASE_URL, if the service is on this machine.",
    )
    found.add_argument("--url", help="the address of another service")
    found.add_argument("--seconds", type=seconds, default=SECONDS, help="of small uploads (default: 20)")
    found.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    found.add_argument("--remove", action="store_true", help=f"only delete the files with the tag {TAG}")
    return found


def seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= 600:
        raise argparse.ArgumentTypeError("from 0 to 600")
    return value


def run(client: Client, login: Login, duration: float, *, as_json: bool) -> None:
    tell: Callable[[str], object] = (lambda _: None) if as_json else print
    tell(f"{login.url}, {service.CONNECTIONS} connections, from this machine ({os.cpu_count()} cores)\n")
    figures: list[Figure] = []

    def show(found: Sequence[Figure]) -> None:
        figures.extend(found)
        for each in found:
            tell(str(each))

    try:
        target = Target(login)
        show(of_latency(target))
        show(of_small(target, duration))
        show(of_large(target))
    finally:
        removed = remove(client)
    tell(f"\nThe limits of this machine{place(login.url)}\n")
    show(of_machine(login.url))
    tell(f"\nThe {removed} files of this measurement are deleted.")
    if as_json:
        print(json.dumps([asdict(each) for each in figures]))


def of_latency(target: Target) -> list[Figure]:
    found = service.latency(target)
    note = "" if found is not None else "it was not processed: does a worker run?"
    return [Figure("one small file, until it is processed", found and found * 1000, "ms", note)]


def of_small(target: Target, duration: float) -> list[Figure]:
    found = service.small(target, duration)
    limits = f"; {found.limited} times it allowed no more (PICASSO_RATES)" if found.limited else ""
    times = f"half within {found.half * 1000:,.1f} ms, 99 % within {found.most * 1000:,.1f} ms{limits}"
    late = "" if found.processed_per_second else f"they were not within {service.SETTLE_SECONDS:.0f} s"
    return [
        Figure("uploads of 1 KB", found.per_second, "/s", times),
        Figure("jobs: uploaded and processed", found.processed_per_second, "/s", late),
    ]


def of_large(target: Target) -> list[Figure]:
    found = service.large(target)
    size = f"{found.size / 2**20:.0f} MiB"
    return [
        Figure(f"an upload of {size}", found.upload / 1e6, "MB/s"),
        Figure("its download, to this program", found.download / 1e6, "MB/s"),
    ]


def of_machine(url: str) -> list[Figure]:
    """Where the service is on this machine, and its folder and its database can be reached."""
    try:
        settings = conf.load(os.environ)
    except conf.ConfError as fault:
        return unmeasured(f"the settings of the service can't be read: {str(fault).splitlines()[0]}")
    if not is_here(url):
        return unmeasured("the service is on another machine: run it there")
    if not settings.data_dir.is_dir():
        return unmeasured(
            f"no data folder at {settings.data_dir}: set PICASSO_DATA_DIR, or run it in the service's folder"
        )
    return [
        measured("disk: small writes with fsync", "/s", lambda: machine.fsyncs(settings.data_dir)),
        measured("disk: one file, written and synced", "MB/s", lambda: machine.sequential(settings.data_dir) / 1e6),
        measured(
            f"{'SQLite' if settings.embedded_database else 'PostgreSQL'}: commits of one connection",
            "/s",
            lambda: machine.commits(settings.database_url, settings.data_dir),
        ),
    ]


def unmeasured(why: str) -> list[Figure]:
    return [Figure("disk and database", None, "", why)]


def measured(name: str, unit: str, call: Callable[[], float]) -> Figure:
    try:
        return Figure(name, call(), unit)
    except (OSError, sqlite3.Error, psycopg.Error) as fault:
        return Figure(name, None, unit, f"{type(fault).__name__}: {str(fault).splitlines()[0] if str(fault) else ''}")


def place(url: str) -> str:
    return "" if is_here(url) else ", where the service is not"


def is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def remove(client: Client) -> int:
    """Only what this has made: people may use its tag for files of their own."""
    ids = [file.id for file in client.files(tag=TAG) if TAG in file.attributes]
    for some in groups(ids, AT_ONCE):
        client.change_files("delete", some, permanently=True)
    return len(ids)
