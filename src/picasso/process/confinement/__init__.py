"""Confinement of a child, with as many layers as this kernel allows to this user.

A fork server calls `enter` once, and each child calls `Confinement.apply`. A layer that is not available is left out
and reported. If an available layer fails when it is applied, the child ends before it has decoded anything.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from picasso import linux
from picasso.process.confinement import landlock, limits, namespaces, seccomp
from picasso.process.confinement.readable_paths import readable as readable


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of one child."""

    memory: int
    """Bytes of address space."""
    output: int
    """Bytes that one job may write."""
    slot: Path
    """A folder with ``in``, which the child may read, and ``out``, which it may write to."""


@dataclass(frozen=True, slots=True)
class Confinement:
    """The layers that are available."""

    no_new_privileges: bool = False
    no_capabilities: bool = False
    network: str = ""
    """Which namespaces the fork server entered; empty if none."""
    landlock: int = 0
    """The version of its ABI; 0 if not available."""
    seccomp: bool = False

    def apply(self, bounds: Bounds, readable: Iterable[Path]) -> None:
        """Confine this process, a child, for good. Raises `OSError`."""
        if linux.IS_LINUX:
            linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        own_user = "user" in self.network and linux.kernel_version() >= limits.COUNTS_BY_NAMESPACE
        limits.apply(bounds.memory, bounds.output, own_user=own_user)
        if self.landlock:
            landlock.restrict([bounds.slot / "in", *readable], [bounds.slot / "out", Path("/dev/null")])
        if self.seccomp:
            seccomp.apply()

    def report(self) -> dict[str, str]:
        """Each layer and how far it goes, as text for the log."""
        network = [self.network, "seccomp" if self.seccomp else "", "landlock (TCP)" if self.landlock >= 4 else ""]
        return {
            "limits": "memory, processor time, files, output" if linux.IS_LINUX else "processor time, files, output",
            "privileges": "none, no new ones" if self.no_new_privileges and self.no_capabilities else "the worker's",
            "files": f"landlock (ABI {self.landlock})" if self.landlock else "open",
            "network": " + ".join(filter(None, network)) or "open",
            "programs": "seccomp" if self.seccomp else "landlock" if self.landlock else "open",
            "signals": "seccomp" if self.seccomp else "landlock" if self.landlock >= 6 else "open",
        }


def enter() -> Confinement:
    """Apply the layers that children inherit, and find out which others are available.

    This process must have only one thread.
    """
    if not linux.IS_LINUX:
        return Confinement()
    network = namespaces.enter()
    no_new_privileges = succeeds(lambda: linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1))
    return Confinement(
        no_new_privileges,
        succeeds(namespaces.drop_capabilities),
        network,
        landlock.abi() if no_new_privileges else 0,
        no_new_privileges and seccomp.supported(),
    )


def succeeds(step: Callable[[], object]) -> bool:
    try:
        step()
    except (OSError, KeyError):
        return False
    return True
