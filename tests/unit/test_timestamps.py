"""Every moment is written in the same way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from rest_framework import serializers

from picasso.timestamps import rfc3339

MOMENTS = {
    "2026-12-01T04:00:05.000000Z": datetime(2026, 12, 1, 4, 0, 5, tzinfo=UTC),
    "2026-12-01T04:00:05.120000Z": datetime(2026, 12, 1, 4, 0, 5, 120_000, tzinfo=UTC),
    "0588-04-01T00:00:00.000000Z": datetime(588, 4, 1, tzinfo=UTC),
    "2026-11-30T22:00:05.000001Z": datetime(2026, 12, 1, 1, 0, 5, 1, tzinfo=timezone(timedelta(hours=3))),
}


@pytest.mark.parametrize("text", MOMENTS)
def test_six_digits_of_the_second_in_utc(text: str) -> None:
    assert rfc3339(MOMENTS[text]) == text
    assert serializers.DateTimeField().to_representation(MOMENTS[text]) == text
