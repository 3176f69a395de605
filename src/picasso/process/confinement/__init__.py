"""All that keeps a child to its work, best first, with whatever this kernel gives to this user.

A fork server calls `enter` once, each child calls `Confinement.apply`. A layer that can't be had is left out, and
said so; one that is there and fails when it is applied ends the child, which has decoded nothing yet.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from picasso.process.confinement import kernel, landlock, limits, namespaces, seccomp
from picasso.process.confinement.readable_paths import readable as readable

LINUX = sys.platform == "linux"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a child is given."""

    memory: int
    """Bytes of address space."""
    output: int
    """Bytes that one job may write."""
    slot: Path
    """The folder with its ``in``, which it may read, and its ``out``, which it may write to."""


@dataclass(frozen=True, slots=True)
class Confinement:
    """The layers that are to be had here."""

    no_new_privileges: bool = False
    capabilities: bool = False
    """Whether they could be dropped."""
    network: str = ""
    landlock: int = 0
    seccomp: bool = False

    def apply(self, bounds: Bounds, readable: Iterable[Path]) -> None:
        """In a child, for good. Raises `OSError`."""
        if LINUX:
            kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        own_user = "user" in self.network and kernel.version() >= limits.COUNTED_BY_NAMESPACE
        limits.apply(bounds.memory, bounds.output, own_user=own_user)
        if self.landlock:
            landlock.restrict([bounds.slot / "in", *readable], [bounds.slot / "out", Path("/dev/null")])
        if self.seccomp:
            seccomp.apply()

    def report(self) -> dict[str, str]:
        """Each layer and how far it goes, in words for a log."""
        network = [self.network, "seccomp" if self.seccomp else "", "landlock (TCP)" if self.landlock >= 4 else ""]
        return {
            "limits": "memory, processor time, files, output" if LINUX else "processor time, files, output",
            "privileges": "none, no new ones" if self.no_new_privileges and self.capabilities else "the worker's",
            "files": f"landlock (ABI {self.landlock})" if self.landlock else "open",
            "network": " + ".join(filter(None, network)) or "open",
            "programs": "seccomp" if self.seccomp else "landlock" if self.landlock else "open",
            "signals": "seccomp" if self.seccomp else "landlock" if self.landlock >= 6 else "open",
        }


def enter() -> Confinement:
    """Take the steps that children inherit, and find out about the others. This process must have one thread only."""
    if not LINUX:
        return Confinement()
    network = namespaces.enter()
    no_new_privileges = tried(lambda: kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1))
    return Confinement(
        no_new_privileges,
        tried(namespaces.drop_capabilities),
        network,
        landlock.abi() if no_new_privileges else 0,
        no_new_privileges and seccomp.supported(),
    )


def tried(step: Callable[[], object]) -> bool:
    try:
        step()
    except (OSError, KeyError):
        return False
    return True
