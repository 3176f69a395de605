"""When a file expires: as soon as the first of its client, its pipeline and its project wants it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from picasso.models import MAX_DAYS


def earliest(uploaded_at: datetime, wish: datetime | None, retention_days: Iterable[int | None]) -> datetime | None:
    """Of a client's ``wish`` and the days that its pipeline and its project keep a file. None: never."""
    ends = [uploaded_at + timedelta(days=min(days, MAX_DAYS)) for days in retention_days if days]
    return min([*ends, *([wish] if wish else [])], default=None)
