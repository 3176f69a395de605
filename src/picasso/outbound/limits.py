"""What one request may cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sizes are bytes, times are seconds."""

    connect: float = 10.0
    """To connect to one address of the host, TLS included."""
    head: float = 30.0
    """From the request to the end of the answer's header, redirects included."""
    idle: float = 30.0
    """Between two pieces of the answer."""
    total: float | None = 60.0
    """From the request to the end of the answer. The caller's own time counts."""
    body: int | None = 2**20
    """Of the answer; more raise `AnswerTooLarge`."""
    min_rate: int = 0
    """Bytes a second, on average, from `GRACE` seconds on."""
    redirects: int = 5
    """With 0 a redirect is an answer like others."""


# So long the average may be below `Limits.min_rate`.
GRACE = 30.0

# Of the header of an answer: of its first line, of one field, and how many fields.
MAX_LINE = 8190
MAX_FIELD = 8190
MAX_FIELDS = 100
