"""What is printed: results to the standard output, everything else to the standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import click

from picasso_client.errors import PicassoError
from picasso_client.models import Failure, File
from picasso_client.names import printable


def say(text: str) -> None:
    """A message for people. Names in it do no harm to a terminal."""
    click.echo(printable(text), err=True)


def show(text: str) -> None:
    """A line of results for people."""
    click.echo(printable(text))


def show_json(value: Mapping[str, Any]) -> None:
    """A line of results for programs; ASCII, so no encoding of the terminal can break it."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def error_json(error: Exception | None) -> Mapping[str, Any]:
    if isinstance(error, PicassoError):
        found: dict[str, Any] = {"status": error.status, "code": error.code, "detail": error.detail}
        return {**found, "errors": [{"field": each.field, "detail": each.detail} for each in error.errors]}
    return {"status": 0, "code": "local", "detail": str(error)}


def file_line(file: File, *, wide: bool = False) -> str:
    """With the code of the error of a file that failed; if wide, with its sentence."""
    uploaded = file.uploaded_at.astimezone().strftime("%Y-%m-%d %H:%M")
    why = f"  ({failure_text(file.error) if wide else file.error.code})" if file.error else ""
    return f"{file.id}  {file.state:10}  {size_text(file.size):>8}  {uploaded}  {file.media_type:24}  {file.name}{why}"


def size_text(size: int) -> str:
    """In powers of 1000, as the progress bars."""
    number, units = float(size), ["B", "kB", "MB", "GB", "TB"]
    while number >= 999.95 and len(units) > 1:  # otherwise it would be shown as 1000.0
        number, units = number / 1000, units[1:]
    return f"{number:.1f} {units[0]}" if units[0] != "B" else f"{size} B"


def reason(error: Exception | None) -> str:
    """Why something failed, for people."""
    if isinstance(error, FileNotFoundError) and error.filename is not None:
        return "there is no such file"
    if isinstance(error, FileExistsError):
        return f"{error.filename} is there already (--force overwrites it)."
    return str(error)


def failure_text(failure: Failure | None) -> str:
    return f"{failure.code}: {failure.detail}" if failure else "failed"
