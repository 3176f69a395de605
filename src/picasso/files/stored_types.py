"""How much is stored of each media type. Counted part by part, so that no statement takes long among millions."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator

from django.db.models import Count, Sum

from picasso.models import File

PAGE = 20_000

Stored = dict[tuple[int, str], tuple[int, int]]
"""The number of files and of bytes, by project and media type."""


def count_types() -> Stored:
    """Of all files, with those in the trash."""
    files: dict[tuple[int, str], int] = defaultdict(int)
    size: dict[tuple[int, str], int] = defaultdict(int)
    for first, last in parts():
        rows = File.everywhere.filter(pk__gte=first, pk__lte=last).order_by().values("project_id", "media_type")
        for row in rows.annotate(number=Count("pk"), bytes=Sum("size")):
            key = (row["project_id"], row["media_type"])
            files[key] += row["number"]
            size[key] += int(row["bytes"])
    return {key: (number, size[key]) for key, number in files.items()}


def parts() -> Iterator[tuple[uuid.UUID, uuid.UUID]]:
    """The first and the last id of each part of the table."""
    ids = File.everywhere.order_by("pk").values_list("pk", flat=True)
    start = ids.first()
    while start is not None:
        rest = ids.filter(pk__gte=start)
        following = rest[PAGE : PAGE + 1].first()
        last = rest[PAGE - 1 : PAGE].first() if following else ids.last()
        yield start, last or start
        start = following
