"""Values that commands are given."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import timedelta

import pytest

from picasso.management.arguments import grace


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("3600", 3600), ("90s", 90), ("2m", 120), ("1h", 3600)])
def test_a_grace_is_a_number_of_seconds_or_has_a_unit(text: str, seconds: int) -> None:
    assert grace(timedelta(days=1))(text) == seconds


@pytest.mark.parametrize("text", ["", "1w", "-1", "1.5h", "86401", "25h", "9999999999d"])
def test_other_graces_are_refused(text: str) -> None:
    with pytest.raises((ArgumentTypeError, ValueError)):
        grace(timedelta(days=1))(text)
