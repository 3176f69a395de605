"""Progress bars: on a terminal only, on the standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    Task,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from picasso_client.cli.output import show, size_text
from picasso_client.names import printable

Report = Callable[[int, int | None], object]

SHOWN_NAME = 32
"""Characters."""


class Bars:
    """A bar for each file that is being sent or fetched."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress

    @contextmanager
    def bar(self, name: str, size: int | None) -> Iterator[Report]:
        """A function to call with how many bytes are done."""
        if self._progress is None:
            yield lambda done, total: None
            return
        progress, task = self._progress, self._progress.add_task(short(name), total=size)
        try:
            yield lambda done, total: progress.update(task, completed=done, total=total)
        finally:
            progress.remove_task(task)

    def refresh(self) -> None:
        """Draw at once."""
        if self._progress:
            self._progress.refresh()

    def result(self, text: str) -> None:
        """A line of the standard output; above the bars if both are on the terminal."""
        if self._progress and sys.stdout.isatty():
            self.message(text)
        else:
            show(text)

    def message(self, text: str) -> None:
        """Above the bars."""
        if self._progress:
            self._progress.console.print(printable(text), markup=False, highlight=False, soft_wrap=True)
        else:
            sys.stderr.write(printable(text) + "\n")


class Amount(DownloadColumn):
    """``1.2/3.4 MB`` in powers of 1000, as the speed; ``1.2 MB`` where only the end tells the size."""

    def render(self, task: Task) -> Text:
        if task.total is not None:
            return super().render(task)
        return Text(size_text(int(task.completed)), style="progress.download")


def short(name: str) -> str:
    text = printable(name)
    return text if len(text) <= SHOWN_NAME else f"{text[: SHOWN_NAME // 2]}…{text[-SHOWN_NAME // 2 + 1 :]}"


@contextmanager
def bars() -> Iterator[Bars]:
    if not sys.stderr.isatty():
        yield Bars(None)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        Amount(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, redirect_stdout=sys.stdout.isatty()) as progress:
        yield Bars(progress)
