"""What the list of files adds to each file when it is asked to: its picture, and why it failed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from picasso.models import Derivative, File
from tests.flow.http import client
from tests.flow.rows import new_file, new_job
from tests.flow.test_misspelt import FILES, refused

pytestmark = pytest.mark.django_db


def listed(**where: str) -> dict[str, dict[str, Any]]:
    answer = client().get(FILES, {"page_size": "100", **where})
    assert answer.status_code == 200, answer.content
    return {file["name"]: file for file in answer.json()["results"]}


def picture(file: File, role: str = "thumbnail-256", **fields: Any) -> None:
    values = {"processor": "image", "key": f"a/{role}", "media_type": "image/webp", "size": 9, "sha256": "0" * 64}
    Derivative.objects.create(file=file, role=role, **{**values, **fields})


def test_without_it_nothing_is_added() -> None:
    new_file("a.txt")
    assert not {"thumbnail", "error"} & listed()["a.txt"].keys()
    assert "error" not in listed(include="thumbnail")["a.txt"]


def test_the_picture_and_its_thumbhash() -> None:
    picture(new_file("a.png", "image/png", facts={"image": {"thumbhash": "abc="}}), width=256, height=128)
    picture(new_file("b.mp3", "audio/mpeg", facts={"audio": {}}), "waveform", processor="audio")
    picture(new_file("hidden.png", "image/png", quarantined=True))
    new_file("c.txt")
    found = {name: file["thumbnail"] for name, file in listed(include="thumbnail").items()}
    shown = found["a.png"]
    assert (shown["role"], shown["width"], shown["height"], shown["thumbhash"]) == ("thumbnail-256", 256, 128, "abc=")
    assert shown["url"].endswith("/thumbnail-256")
    assert (found["b.mp3"]["role"], found["b.mp3"]["thumbhash"]) == ("waveform", None)
    assert found["c.txt"] is found["hidden.png"] is None


def test_why_it_failed() -> None:
    failed = new_file("a.png", state="failed")
    new_job(failed, processor="scan", state="cancelled", error_code="cancelled")
    new_job(failed, processor="image", state="failed", error_code="corrupt", error_detail="It ends too early.")
    new_job(failed, processor="text", state="failed", error_code="timeout")
    new_file("b.png")
    found = listed(include="error,thumbnail")
    assert found["a.png"]["error"] == {"code": "corrupt", "detail": "It ends too early."}
    assert found["a.png"]["error"] == client().get(f"{FILES}{failed.pk}/").json()["error"]
    assert found["b.png"]["error"] is None


def test_a_page_takes_as_many_queries_however_long_it_is() -> None:
    counts = []
    for number in range(6):
        file = new_file(f"{number}.png", "image/png", state="failed")
        picture(file)
        new_job(file, state="failed", error_code="corrupt")
        with CaptureQueriesContext(connection) as queries:
            listed(include="thumbnail,error", cursor="")
        counts.append(len(queries))
    assert len(set(counts)) == 1, counts


@pytest.mark.parametrize("include", ["", "facts", "thumbnail,", "thumbnail;error", "Thumbnail", "\0"])
def test_a_part_that_there_is_not_is_named(include: str) -> None:
    refused(client().get(FILES, {"include": include}), "include")
