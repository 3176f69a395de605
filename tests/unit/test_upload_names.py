"""The name of a file in Content-Disposition."""

from __future__ import annotations

import pytest

from picasso.errors import BadRequest
from picasso.receive.content_disposition import name_in


@pytest.mark.parametrize(
    "disposition", ["attachment; filename=a;b.txt", "attachment; filename=a; b.txt; x=1", "form-data; filename=a;b;c"]
)
def test_a_bare_name_with_a_semicolon_is_refused(disposition: str) -> None:
    with pytest.raises(BadRequest):
        name_in(disposition)


@pytest.mark.parametrize(
    "disposition",
    ["attachment; filename=a b.txt;", 'attachment; x; filename="a b.txt"', "attachment; filename=a b.txt ; size=3"],
)
def test_a_name_with_a_known_end(disposition: str) -> None:
    assert name_in(disposition) == "a b.txt"
