"""What is told about a code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestCode:
    """A ``code`` in the problem document that answers a request."""

    code: str
    status: int
    cause: str
    remedy: str


@dataclass(frozen=True, slots=True)
class JobCode:
    """A ``code`` in the ``error`` of a job, and of a file whose job failed."""

    code: str
    cause: str
    remedy: str
    retried: bool = False
    """Whether the service itself tries again before it gives up."""
    permanent: bool = False
    """Whether a retry ends the same way, unless the settings or the program have changed."""
