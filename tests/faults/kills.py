"""Which processes of a service can be killed, and how."""

from __future__ import annotations

from contextlib import suppress

import psutil

from tests.stack import Stack


def fork_servers(stack: Stack) -> list[psutil.Process]:
    return [p for p in stack.processes("picasso.process.forkserver") if not is_child(p)]


def children(stack: Stack) -> list[psutil.Process]:
    return [p for p in stack.processes("picasso.process.forkserver") if is_child(p)]


def is_child(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        parent = process.parent()
        return parent is not None and "picasso.process.forkserver" in parent.cmdline()
    return True


def kill(processes: list[psutil.Process]) -> int:
    killed = 0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
            killed += 1
    return killed


def power_cut(stack: Stack) -> None:
    """SIGKILL for all of it; the first first, lest it starts the others again."""
    kill(stack.processes())
    stack.kill()
