"""One running attempt, as other threads see it: its progress, its output, and a way to end it."""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

# How much of a processor's output is kept: so many bytes from its end.
MAX_LOG = 4096

# A processor must not send control codes to an operator's terminal, and a database takes no NUL.
CONTROL = re.compile(r"[^\n\t\x20-\x7e\xa0-\U0010ffff]")


class RunningAttempt:
    """Thread-safe."""

    def __init__(self, hidden: Iterable[Path] = (), let_go: Callable[[], None] = lambda: None) -> None:
        """The paths of the ``hidden`` folders are removed from the log.

        ``let_go`` is called by the thread that waits for the attempt when that takes its time. It must not
        wait: meanwhile nobody watches the child.
        """
        self.let_go = let_go
        self.progress: float | None = None
        """0 to 1; None until the processor reports something."""
        self.begun = time.monotonic()
        """Set anew when its turn comes."""
        self._output = b""
        self._hidden = [*hidden]
        self._lock = threading.Lock()
        self._end: Callable[[], None] | None = None
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        return self._cancelled

    def cancel(self) -> None:
        """End the attempt: its child is killed, and `ChildPool.run` raises `Cancelled`."""
        with self._lock:
            self._cancelled = True
            if self._end:
                self._end()

    def on_cancel(self, end: Callable[[], None] | None) -> None:
        """Have `cancel` call ``end`` from now on. It is called at once if the attempt is cancelled already."""
        with self._lock:
            self._end = end
            if end and self._cancelled:
                end()

    def hide(self, *folders: Path) -> None:
        """Remove the paths of these folders from the log, too."""
        self._hidden += folders

    def add_output(self, output: bytes) -> None:
        self._output = (self._output + output)[-MAX_LOG:]

    @property
    def log(self) -> str:
        """The end of what the child wrote to stdout and stderr: at most 4 KiB of UTF-8, without our own paths."""
        if not self._output:
            return ""
        text = self._output.decode(errors="replace")
        for folder in sorted({*map(str, self._hidden), *INSTALLATION}, key=len, reverse=True):
            text = re.sub(re.escape(folder) + r"(?![\w.-])", "…", text)
        text = CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))
        return text.encode()[-MAX_LOG:].decode(errors="ignore")


# Where Python and Picasso are installed. Short paths such as "/usr" reveal nothing, and removing them would spoil
# other paths.
INSTALLATION = {
    str(path)
    for path in (
        *(Path(sys.prefix), Path(sys.base_prefix), Path(__file__).parents[2]),
        Path(os.path.expanduser("~")),  # noqa: PTH111 - Path.home() raises where there is none
    )
    if len(path.parts) > 2
}
