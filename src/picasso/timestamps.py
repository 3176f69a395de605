"""How moments are written in every answer and message."""

from __future__ import annotations

from datetime import UTC, datetime

FORMAT = "%04Y-%m-%dT%H:%M:%S.%fZ"
"""RFC 3339 in UTC, for Django REST Framework.

Always six digits of the second, so that texts sort as moments do, and programs with one fixed format can read all. The
width is for years before 1000: those of a request come back in some answers.
"""


def rfc3339(at: datetime) -> str:
    """As of `FORMAT`. ``at`` has a time zone."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
