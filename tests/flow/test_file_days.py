"""How many files there are of each day."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from picasso.files.filters import first_id
from picasso.models import File
from tests.flow.http import client
from tests.flow.rows import new_file

pytestmark = pytest.mark.django_db

DAYS = "/api/v1.0/files/days/"


def stored(at: str, **fields: Any) -> File:
    """A file of this time."""
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    file_id = uuid.UUID(int=first_id(moment).int + uuid.uuid4().int % 2**74)
    return new_file(id=file_id, uploaded_at=moment, **fields)


def days(**query: str) -> list[tuple[str, int]]:
    answer = client().get(DAYS, query)
    assert answer.status_code == 200, answer.content
    assert answer.json()["next"] is None
    return [(each["day"], each["count"]) for each in answer.json()["results"]]


def test_in_both_orders_and_in_the_days_of_a_place() -> None:
    for at in ("2026-11-29T23:30", "2026-11-30T00:30", "2026-11-30T12:00", "2025-01-01T00:00", "2026-03-29T00:30"):
        stored(at)
    utc = [("2026-11-30", 2), ("2026-11-29", 1), ("2026-03-29", 1), ("2025-01-01", 1)]
    assert days() == utc
    assert days(ordering="uploaded_at") == utc[::-1]
    assert days(timezone="Europe/Berlin") == [("2026-11-30", 3), ("2026-03-29", 1), ("2025-01-01", 1)]
    west = [("2026-11-30", 1), ("2026-11-29", 2), ("2026-03-28", 1), ("2024-12-31", 1)]
    assert days(timezone="America/New_York") == west
    assert days(start="2026-11-29") == utc[1:]
    assert days(start="2026-11-29", ordering="uploaded_at") == [utc[1], utc[0]]


def test_only_what_matches_and_may_be_seen() -> None:
    stored("2026-11-30T10:00", name="one", tags=["a"], media_type="image/png")
    stored("2026-11-29T10:00", name="two", tags=["a"], media_type="video/mp4")
    stored("2026-11-28T10:00", name="three", media_type="text/plain")
    stored("2026-11-27T10:00", project_id=2)
    stored("2026-11-26T10:00", deleted_at=datetime(2026, 11, 26, tzinfo=UTC))
    assert [day for day, _ in days()] == ["2026-11-30", "2026-11-29", "2026-11-28"]
    assert [day for day, _ in days(media_type="image/*,text/plain")] == ["2026-11-30", "2026-11-28"]
    assert [day for day, _ in days(tag="a", uploaded_before="2026-11-30")] == ["2026-11-29"]
    assert [day for day, _ in days(name="T")] == ["2026-11-29", "2026-11-28"]
    assert days(name="nothing") == []


def test_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("picasso.api.file_days.PAGE", 2)
    for day in range(1, 6):
        stored(f"2026-11-0{day}T10:00")
    for order in ("uploaded_at", "-uploaded_at"):
        found: list[str] = []
        start: dict[str, str] = {}
        while True:
            page = client().get(DAYS, {"ordering": order, **start}).json()
            found += [each["day"] for each in page["results"]]
            if page["next"] is None:
                break
            start = {"start": page["next"]}
        assert found == sorted((f"2026-11-0{day}" for day in range(1, 6)), reverse=order.startswith("-"))


@pytest.mark.parametrize(
    "query",
    [
        *({"timezone": each} for each in ("Mars/Olympus", "", "../etc/passwd", "Europe", "a\0b")),
        *({"start": each} for each in ("yesterday", "2026-13-01", "20261130", "0001-01-01", "9999-12-31")),
        *({name: "x"} for name in ("ordering", "state", "cursor", "page")),
        {"ordering": "name"},
    ],
)
def test_a_wrong_parameter_is_named(query: dict[str, str]) -> None:
    answer = client().get(DAYS, query)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, next(iter(query)))
