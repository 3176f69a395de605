"""Ports for servers of tests, which processes that run side by side never share."""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

_ports: set[int] = set()


def free_port() -> int:
    """A port of this process until its end, on which nobody listens.

    It is below those the kernel gives to outgoing connections (32768 and up on Linux). One that bind(0) gives comes
    from exactly those, so it could be taken while its server is stopped.
    """
    while True:
        # SystemRandom, as parallel test runs may be seeded alike.
        port = random.SystemRandom().randrange(16_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            _reserve(port)
            probe.bind(("127.0.0.1", port))
            return port


def _reserve(port: int) -> None:
    """Raises `BlockingIOError` if this or another process of the tests has it: its server may be about to start."""
    if port in _ports:
        raise BlockingIOError
    fcntl.lockf(_reservations(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    _ports.add(port)


@cache
def _reservations() -> int:
    """An empty file, open until the end of this process, in which a lock of one byte stands for a port."""
    path = Path(tempfile.gettempdir()) / f"picasso-ports-{os.getuid()}"
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
