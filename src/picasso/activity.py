"""Tells all processes of an installation that there may be something to do.

Loops that look for work in the database look rarely while nothing happens. Whoever commits work announces it: then all
loops look at once, and often for a while. An announcement is only a hint. What nobody has announced, or what becomes
due by itself, is found a little later.

On PostgreSQL it is a NOTIFY after the COMMIT: in the transaction it would hold a lock of all committing transactions.
With SQLite it is the change of a file beside the database, of which Linux informs those who wait for it. On other
systems the loops look often all the time.
"""

from __future__ import annotations

import logging
import math
import os
import select
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from django.db import DatabaseError, InterfaceError, connection, transaction

from picasso import linux

log = logging.getLogger(__name__)

CHANNEL = "picasso_activity"

# All in seconds. For so long after an announcement the loops look often.
LINGER = 1.0
# So soon a process announces again. What it commits in between is found by those loops.
AGAIN = 0.05
# Until the next try to listen.
OUTAGE_PAUSE = 1.0

EVENT = struct.Struct("iIII")
"""``struct inotify_event`` of inotify(7), for the watch of a file: it has no name."""


class Announcer:
    """Of this process: what it announces, it announces some times in a second at most. Thread-safe."""

    def __init__(self) -> None:
        self._again_at = -math.inf

    def announce(self) -> None:
        now = time.monotonic()
        if now < self._again_at:
            return
        self._again_at = now + AGAIN
        # What has been committed stays so. Without the hint, work begins a little later.
        with suppress(DatabaseError, InterfaceError, OSError):
            notify()


_announcer = Announcer()


def announce() -> None:
    """Announce the work of the present transaction after its COMMIT."""
    transaction.on_commit(_announcer.announce)


def notify() -> None:
    """Raises `OSError`, and what the database raises."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")
    elif path := activity_file():
        touch(path)


def activity_file() -> Path | None:
    """The file of a database in a file."""
    name = Path(connection.settings_dict["NAME"])
    return Path(f"{name}-activity") if name.is_absolute() else None


def touch(path: Path) -> None:
    try:
        os.utime(path)
    except FileNotFoundError:
        path.touch()


class Source(Protocol):
    """Something that is readable after an announcement."""

    def fileno(self) -> int: ...

    def read(self) -> None:
        """Take what is there. Raises if nothing more will come."""

    def close(self) -> None: ...


class PostgresSource:
    """By the connection of this thread."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        self._pgconn: Any = connection.connection.pgconn

    def fileno(self) -> int:
        socket: int = self._pgconn.socket
        return socket

    def read(self) -> None:
        self._pgconn.consume_input()
        while self._pgconn.notifies():
            pass

    def close(self) -> None:
        connection.close()


class FileSource:
    """By inotify."""

    def __init__(self, path: Path) -> None:
        touch(path)
        self._fd = linux.inotify(path, linux.IN_ATTRIB)

    def fileno(self) -> int:
        return self._fd

    def read(self) -> None:
        masks = [mask for _, mask, _, _ in EVENT.iter_unpack(os.read(self._fd, 64 * EVENT.size))]
        if any(mask & linux.IN_IGNORED for mask in masks):
            raise OSError("the file was removed")

    def close(self) -> None:
        os.close(self._fd)


def source() -> Source | None:
    """None if there is none on this system. Raises `OSError`, and what the database raises."""
    if connection.vendor == "postgresql":
        return PostgresSource()
    path = activity_file()
    return FileSource(path) if path and linux.IS_LINUX else None


class Activity:
    """Hears announcements, in a thread of its own from `start` to `stop`. Thread-safe."""

    def __init__(self) -> None:
        self._wakers: set[Callable[[], object]] = set()
        self._always: set[Callable[[], object]] = set()
        self._lock = threading.Lock()
        # As long as nothing can be heard, there may be activity at any time.
        self._active_until = math.inf
        self._stopped = False
        self._thread: threading.Thread | None = None
        self._stop = -1
        """The writing end of a pipe, whose reading end the thread has."""

    def start(self) -> None:
        """Does nothing if it was started or stopped before."""
        with self._lock:
            if self._thread or self._stopped:
                return
            stopping, self._stop = os.pipe()
            self._thread = threading.Thread(target=self._run, args=(stopping,), name="activity", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Does no harm when called twice, or without `start`."""
        with self._lock:
            was_stopped, self._stopped = self._stopped, True
            # The thread looks at the flag when the pipe wakes it.
            if self._thread and not was_stopped:
                os.close(self._stop)
        if self._thread:
            self._thread.join(timeout=2)

    @contextmanager
    def waking(self, wake: Callable[[], object], *, always: bool = False) -> Iterator[None]:
        """Call it, in another thread, when there may be something to do after a time in which nothing happened.

        Or ``always`` when something is announced, for a loop on which others wait.
        """
        wakers = self._always if always else self._wakers
        with self._lock:
            wakers.add(wake)
        try:
            yield
        finally:
            with self._lock:
                wakers.discard(wake)

    def pause(self, active: float, idle: float) -> float:
        """How long a loop that has found nothing waits: so long while there is activity, and so long otherwise."""
        return active if time.monotonic() < self._active_until else idle

    def _run(self, stopping: int) -> None:
        stop = select.poll()  # select() refuses descriptors from 1024 on, which a busy web process has
        stop.register(stopping, select.POLLIN)
        while not self._stopped:
            try:
                heard = source()
                if heard is None:
                    break
                with closing(heard):
                    self._listen(heard, stopping)
            except Exception as fault:  # nothing may end the thread: nobody would notice
                log.debug("can't hear what others do, trying again: %s", fault)
                connection.close()
            with self._lock:
                self._active_until = math.inf
            stop.poll(OUTAGE_PAUSE * 1000)
        os.close(stopping)

    def _listen(self, heard: Source, stopping: int) -> None:
        """Until the end. Begins with what was announced before."""
        poll = select.poll()
        poll.register(heard, select.POLLIN)
        poll.register(stopping, select.POLLIN)
        while not self._stopped:
            self._be_active()
            poll.poll()
            if not self._stopped:
                heard.read()

    def _be_active(self) -> None:
        with self._lock:
            now = time.monotonic()
            was_active, self._active_until = now < self._active_until < math.inf, now + LINGER
            # If it was active, the other loops look often already.
            wakers = [*self._always, *(() if was_active else self._wakers)]
        for wake in wakers:
            with suppress(RuntimeError):  # its event loop has ended
                wake()


class Rounds:
    """Calls a function again and again: after the seconds that it has returned, or sooner if there is activity."""

    def __init__(self, activity: Activity, work: Callable[[], float], *, always: bool = False) -> None:
        """``always``: as `Activity.waking`."""
        self._activity = activity
        self._work = work
        self._always = always
        self._woken = threading.Event()
        self._stopped = False

    def run(self) -> None:
        """Until `stop`, in the thread that calls it."""
        with self._activity.waking(self._woken.set, always=self._always):
            while True:
                self._woken.clear()
                if self._stopped:
                    return
                self._woken.wait(self._work())

    def stop(self) -> None:
        """Without waiting for the end of the present round."""
        self._stopped = True
        self._woken.set()
