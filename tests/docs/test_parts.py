"""`make test` runs every folder of tests."""

from __future__ import annotations

from tests.__main__ import check_parts


def test_every_folder_is_in_a_part() -> None:
    check_parts()
