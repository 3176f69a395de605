"""One running attempt as others see it: how far it is, what it says, and a way to end it."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

# Bytes of what a processor says that are kept, from the end.
MAX_LOG = 4096

# An operator's terminal is not a processor's to speak to, and a database takes no NUL.
CONTROL = re.compile(r"[^\n\t\x20-\x7e\xa0-\U0010ffff]")


class Ticket:
    """Thread-safe."""

    def __init__(self, hidden: Iterable[Path] = ()) -> None:
        """``hidden`` are folders whose paths are cut out of the log."""
        self.progress: float | None = None
        """0 to 1; None as long as nobody said."""
        self._said = b""
        self._hidden = [*hidden]
        self._lock = threading.Lock()
        self._end: Callable[[], None] | None = None
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        return self._cancelled

    def cancel(self) -> None:
        """End the attempt: its child is killed, and whoever runs it gets `contain.Cancelled`."""
        with self._lock:
            self._cancelled = True
            if self._end:
                self._end()

    def attach(self, end: Callable[[], None] | None) -> None:
        """What `cancel` is to do from now on; called at once if it was cancelled before."""
        with self._lock:
            self._end = end
            if end and self._cancelled:
                end()

    def hide(self, *folders: Path) -> None:
        self._hidden += folders

    def hear(self, said: bytes) -> None:
        self._said = (self._said + said)[-MAX_LOG:]

    @property
    def log(self) -> str:
        """The end of what the child wrote to stdout and stderr: at most 4 KiB of UTF-8, without paths of ours."""
        if not self._said:
            return ""
        text = self._said.decode(errors="replace")
        for folder in sorted({*map(str, self._hidden), *OURS}, key=len, reverse=True):
            text = re.sub(re.escape(folder) + r"(?![\w.-])", "…", text)
        text = CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))
        return text.encode()[-MAX_LOG:].decode(errors="ignore")


# Where Python and we ourselves are installed; "/usr" tells nobody anything, and cutting it would spoil other paths.
OURS = {
    str(path)
    for path in (
        *(Path(sys.prefix), Path(sys.base_prefix), Path(__file__).parents[2]),
        Path(os.path.expanduser("~")),  # noqa: PTH111 - Path.home() raises where there is none
    )
    if len(path.parts) > 2
}
