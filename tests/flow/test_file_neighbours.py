"""The files before and after one, in a list with filters and an order."""

from __future__ import annotations

from typing import Any

import pytest

from picasso.models import File
from tests.flow.http import client
from tests.flow.rows import new_file

pytestmark = pytest.mark.django_db


def beside(file: File, **query: str) -> tuple[Any, Any]:
    """The names of the two; None at the ends."""
    answer = client().get(f"/api/v1.0/files/{file.pk}/neighbours/", query)
    assert answer.status_code == 200, answer.content
    return tuple(found and found["name"] for found in (answer.json()["previous"], answer.json()["next"]))


def test_in_each_order() -> None:
    c, a, b = (new_file(name=name, size=size) for name, size in (("c", 5), ("a", 5), ("b", 9)))
    assert [beside(file) for file in (b, a, c)] == [(None, "a"), ("b", "c"), ("a", None)]
    assert beside(a, ordering="uploaded_at") == ("c", "b")
    assert [beside(file, ordering="name") for file in (a, b, c)] == [(None, "b"), ("a", "c"), ("b", None)]
    assert [beside(file, ordering="-size") for file in (b, a, c)] == [(None, "a"), ("b", "c"), ("a", None)]


def test_with_filters_that_the_file_itself_need_not_match() -> None:
    files = [new_file(name=f"{n} x", tags=["odd"] if n % 2 else [], media_type="image/png") for n in range(5)]
    assert beside(files[1], tag="odd") == ("3 x", None)
    assert beside(files[2], tag="odd") == ("3 x", "1 x")
    assert beside(files[2], media_type="image/*,video/mp4") == ("3 x", "1 x")
    assert beside(files[2], name="X", tag="odd", ordering="uploaded_at") == ("1 x", "3 x")
    assert beside(files[2], name="nothing") == (None, None)


@pytest.mark.parametrize("query", [{"ordering": "x"}, {"tga": "x"}, {"state": "x"}, {"cursor": ""}, {"count": "fast"}])
def test_a_wrong_parameter_is_named(query: dict[str, str]) -> None:
    answer = client().get(f"/api/v1.0/files/{new_file().pk}/neighbours/", query)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, next(iter(query)))


def test_of_a_file_of_others_there_are_none() -> None:
    assert client().get(f"/api/v1.0/files/{new_file(project_id=2).pk}/neighbours/").status_code == 404
