"""`get`: download files."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from picasso_client.cli.context import PATIENT, Settings, fail_if, of_service
from picasso_client.cli.files import IDS, texts
from picasso_client.cli.output import error_json, reason, show_json
from picasso_client.cli.parallel import in_threads
from picasso_client.cli.progress import Bars, bars
from picasso_client.client import Client
from picasso_client.downloads import name_of
from picasso_client.errors import PicassoError
from picasso_client.models import Derivative, File
from picasso_client.names import numbered

STDOUT = Path("-")


@dataclass(frozen=True, slots=True)
class Result:
    file_id: str
    path: Path | None = None
    error: Exception | None = None


@dataclass(slots=True)
class Fetching:
    """One run of the command. Two files of the same name get different ones."""

    client: Client
    target: Path
    role: str | None
    force: bool
    bars: Bars
    taken: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def work(self, file_id: str) -> Result:
        try:
            wanted = self.wanted(self.client.file(file_id))
            with self.bars.bar(name_of(wanted), wanted.size) as report:
                path = self.client.download(wanted, self.path_of(wanted), overwrite=self.force, progress=report)
            return Result(file_id, path)
        except (PicassoError, OSError) as error:
            return Result(file_id, error=error)

    def wanted(self, file: File) -> File | Derivative:
        if self.role is None:
            return file
        for derivative in file.derivatives:
            if derivative.role == self.role:
                return derivative
        roles = ", ".join(each.role for each in file.derivatives)
        raise PicassoError(404, "not-found", f"The file has no {self.role!r}; it has: {roles or 'nothing'}.")

    def path_of(self, wanted: File | Derivative) -> Path:
        if not self.target.is_dir():
            return self.target
        name, number = name_of(wanted), 1
        with self.lock:
            while (unique := numbered(name, number) if number > 1 else name).casefold() in self.taken:
                number += 1
            self.taken.add(unique.casefold())
        return self.target / unique


@click.command()
@IDS
@click.option(
    "-o",
    "--output",
    "place",
    type=click.Path(path_type=str),
    default=".",
    help="A folder (NEW/ is created) or a file; - to print.",
)
@click.option("-d", "--derivative", metavar="ROLE", help="Such as thumbnail-256, instead of the original.")
@click.option("-f", "--force", is_flag=True, help="Overwrite what is there.")
@click.option("-p", "--parallel", type=click.IntRange(1, 64), default=4, show_default=True, help="Files at once.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines.")
@of_service
def get(
    settings: Settings,
    /,
    *,
    ids: Sequence[uuid.UUID],
    place: str,
    derivative: str | None,
    force: bool,
    parallel: int,
    as_json: bool,
) -> None:
    """Download files, by their ids, into the current folder.

    Their names are made safe. A file is there as a whole and checked, or not at all.
    """
    wanted = texts(ids)
    output = Path(place)
    if place.endswith((os.sep, "/")):
        output.mkdir(parents=True, exist_ok=True)
    if len(wanted) > 1 and not output.is_dir():
        raise click.UsageError("With several files --output is a folder that exists.")
    with settings.client(PATIENT) as client, bars() as shown:
        if output == STDOUT:
            failed = print_one(Fetching(client, output, derivative, force, shown), wanted[0])
        else:
            run = Fetching(client, output, derivative, force, shown)
            message = "Interrupted. The same command goes on from here."
            failed = sum(tell(each, shown, as_json) for each in in_threads(run.work, wanted, parallel, message))
    fail_if(failed)


def print_one(run: Fetching, file_id: str) -> int:
    """Only when all bytes are there and checked."""
    with TemporaryDirectory(prefix="picasso-") as folder:
        run.target = Path(folder) / "file"
        result = run.work(file_id)
        if result.path is None:
            run.bars.message(f"{file_id}: {reason(result.error)}")
            return 1
        with result.path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
    return 0


def tell(result: Result, shown: Bars, as_json: bool) -> int:
    """1 if it failed."""
    if as_json:
        found = {"path": str(result.path)} if result.path else {"error": error_json(result.error)}
        show_json({"id": result.file_id, **found})
    elif result.path:
        shown.result(str(result.path))
    if result.error:
        shown.message(f"{result.file_id}: {reason(result.error)}")
    return int(result.error is not None)


COMMANDS = {"get": get}
