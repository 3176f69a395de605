"""Filters, orders and counts of the list of files."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from picasso.access.principal import OPEN, Principal
from picasso.access.projects import read
from picasso.files import queries
from picasso.keyset import Searched
from picasso.models import File, Project, new_id
from tests.flow.http import client
from tests.flow.rows import new_file, new_job
from tests.flow.test_jobs_api import rows_read
from tests.flow.test_misspelt import FILES, refused

pytestmark = pytest.mark.django_db


def ask(where: dict[str, Any], by: Principal = OPEN) -> Any:
    return client(by).get(FILES, where)


def found(**where: Any) -> list[str]:
    """The names of the files, sorted; on one page."""
    texts = {name: value if isinstance(value, list) else str(value) for name, value in where.items()}
    answer = ask({"page_size": "100", **texts})
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert body["count"] == len(body["results"])
    return sorted(file["name"] for file in body["results"])


def at(moment: str) -> dict[str, Any]:
    """The id and the time of a file that was uploaded then."""
    uploaded_at = datetime.fromisoformat(moment).astimezone(UTC)
    milliseconds = int(uploaded_at.timestamp() * 1000)
    return {"id": uuid.UUID(int=(milliseconds << 80) | (new_id().int & (2**80 - 1))), "uploaded_at": uploaded_at}


def test_times_have_one_width() -> None:
    """So that texts sort as moments do, and a fixed format reads them all."""
    file = new_file("a.txt", **at("2026-03-01T12:00:05+00:00"), expires_at=datetime(2999, 1, 1, tzinfo=UTC))
    (listed,), detail = ask({}).json()["results"], client().get(f"{FILES}{file.pk}/").json()
    for shown in (listed, detail):
        assert shown["uploaded_at"] == "2026-03-01T12:00:05.000000Z"
        assert shown["expires_at"] == "2999-01-01T00:00:00.000000Z"


def test_by_state() -> None:
    for state in File.State.values:
        new_file(state, state=state)
    for state in File.State.values:
        assert found(state=state) == [state]
    assert found(processed="true") == ["processed"]
    assert found(processed="false") == ["failed", "pending", "processing"]


def test_by_media_type() -> None:
    for media_type in ("image/png", "image/svg+xml", "application/pdf", "video/mp4", "imagery/png"):
        new_file(media_type, media_type)
    assert found(media_type="image/png") == ["image/png"]
    assert found(media_type="image/*") == ["image/png", "image/svg+xml"]
    assert found(media_type="Application/PDF, video/*,video/mp4") == ["application/pdf", "video/mp4"]
    assert found(media_type="image/*", processed="false", state="pending") == ["image/png", "image/svg+xml"]
    assert found(media_type="model/*") == []


def test_by_time() -> None:
    for second in ("00", "01", "02"):
        moment = f"2026-05-01T12:00:{second}.500Z"
        new_file(second, **at(moment))
    assert found(uploaded_after="2026-05-01T12:00:01.500Z") == ["01", "02"]
    assert found(uploaded_before="2026-05-01T12:00:01.500Z") == ["00"]
    assert found(uploaded_after="2026-05-01T14:00:01.500001+02:00") == ["02"]
    assert found(uploaded_after="2026-05-01", uploaded_before="2026-05-02") == ["00", "01", "02"]
    assert found(uploaded_before="1969-12-31T23:59:59Z") == found(uploaded_after="9999-12-31T23:59:59Z") == []


def test_by_size_and_hash() -> None:
    for size in (0, 10, 2**40):
        new_file(str(size), size=size, sha256=f"{size:064x}")
    assert found(size_min=10) == ["10", str(2**40)]
    assert found(size_max=10) == ["0", "10"]
    assert found(size_min=10, size_max=10) == ["10"]
    assert found(size_min=2**63 - 1) == []
    assert found(sha256=f"{10:064X}") == ["10"]
    assert found(sha256="f" * 64) == []


def test_by_name() -> None:
    for name in ("Отчёт 2026.pdf", "Straße.txt", "100%_sure\\.txt", "report.PDF"):
        new_file(name)
    assert found(name="отчЁТ") == ["Отчёт 2026.pdf"]
    assert found(name="отче\u0308т") == ["Отчёт 2026.pdf"]
    assert found(name="STRAßE") == ["Straße.txt"]
    assert found(name="%") == found(name="_") == found(name="\\") == found(name="0%_S") == ["100%_sure\\.txt"]
    assert found(name=".pdf") == ["report.PDF", "Отчёт 2026.pdf"]
    assert found(name="'; --") == []


def test_by_owner_pipeline_tag_and_attributes() -> None:
    new_file("a", owner="ann", pipeline="web", tags=["x", "y,z"], attributes={"k": "5", "a.b": True, '"q"': None})
    new_file("b", owner="bob", tags=["xx"], attributes={"k": 5, "n": {"k": "5"}, "l": ["5"], "5": 1e20})
    new_file("c", tags=[], attributes={"k": 5.0})
    assert found(owner="ann") == found(pipeline="web") == found(tag="x") == found(tag="y,z") == ["a"]
    assert found(pipeline="default") == ["b", "c"]
    assert found(owner="nobody") == found(tag="y") == []
    assert (found(tag=["x", "y,z"]), found(tag=["x", "xx"])) == (["a"], [])
    assert found(**{"attributes.k": "5"}) == ["a", "b", "c"]
    assert found(**{"attributes.k": "5.0"}) == ["b", "c"]
    assert found(**{"attributes.a.b": "true"}) == found(**{'attributes."q"': "null"}) == ["a"]
    assert found(**{"attributes.a.b": "1"}) == found(**{"attributes.l": "5"}) == found(**{"attributes.n": "5"}) == []
    assert found(**{"attributes.5": "1e20"}) == found(**{"attributes.5": "100000000000000000000"}) == ["b"]
    for odd in ("NaN", "-Infinity", "1e999", "9" * 300, '{"a": 1}', "[", '"5"', "%", "тест"):
        assert found(**{"attributes.k": odd}) == []


def failed(name: str, *jobs: tuple[str, str]) -> None:
    file = new_file(name, state=File.State.FAILED)
    for n, (state, code) in enumerate(jobs):
        new_job(file, processor=f"p{n}", state=state, error_code=code)


def test_by_error() -> None:
    failed("corrupt", ("done", ""), ("failed", "corrupt"))
    failed("infected", ("failed", "infected"), ("cancelled", "cancelled"))
    failed("cancelled", ("cancelled", "cancelled"))
    new_job(new_file("retried", state="processing"), error_code="corrupt")
    assert found(error="corrupt") == ["corrupt"]
    assert found(error="infected") == ["infected"]
    assert found(error="cancelled") == ["cancelled"]
    assert found(error="nothing", state="failed") == []


def test_files_of_others_and_in_the_trash_are_not_found() -> None:
    project = Project.objects.create(name="another")
    new_file("theirs", project=project, media_type="image/png", state="failed")
    new_file("trashed", media_type="image/png", deleted_at=datetime.now(UTC))
    for where in ({}, {"media_type": "image/png,video/*"}, {"processed": "false"}, {"name": "t"}, {"size_min": 1}):
        assert found(**where) == []
    other = replace(OPEN, project=read(project.pk))
    assert ask({"processed": "false", "error": "x"}, other).json()["count"] == 0
    assert ask({"media_type": "image/png,video/*"}, other).json()["count"] == 1


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("state", ["", "done", "failed,pending", "\0"]),
        ("processed", ["", "True", "1", "yes"]),
        ("media_type", ["", "image", "*/*", "image/", "image/png,", ",".join(f"a/{n}" for n in range(11)), "a/\0"]),
        ("uploaded_after", ["", "yesterday", "٢٠٢٦-01-01", "2026-02-30", "2026-01-01T25:00:00Z", "99999-01-01", "\0"]),
        ("uploaded_before", ["0001-01-01T00:00:00+01:00", "2026-01-01 12:00:00 02:00", "1764500000"]),
        ("size_min", ["", "-1", "1.5", "1e3", "٣", "9223372036854775808", "9" * 5000]),
        ("size_max", ["x", " 1", "+1"]),
        ("sha256", ["", "f" * 63, "g" * 64, "f" * 65]),
        ("name", ["", "\0", "x" * 256]),
        ("owner", ["", "\0", "x" * 256]),
        ("tag", ["", " ", "\0", "x" * 65, "a\nb"]),
        ("pipeline", ["", "\0", "x" * 65]),
        ("error", ["", "\0", "x" * 65]),
        ("attributes.k", ["", "\0", "x" * 301]),
        ("attributes.", ["x"]),
        ("attributes", ["x"]),
        ("ordering", ["", "id", "-", "--size", "size,name", "Size", "uploaded_at\0"]),
        ("count", ["", "slow", "Fast"]),
        ("cursor", ["x"]),
    ],
)  # fmt: skip
def test_bad_values_are_named(name: str, values: list[str]) -> None:
    for value in values:
        refused(ask({name: value}), name)


# Orders and cursors


def cursors(**where: Any) -> Iterator[dict[str, Any]]:
    """From the first page on, by cursor."""
    cursor: str | None = ""
    while cursor is not None:
        answer = ask({"page_size": "3", **where, "cursor": cursor})
        assert answer.status_code == 200, answer.content
        page = answer.json()
        yield page
        cursor = page["next"]


def some_files() -> None:
    for n, name in enumerate(("b", "a", "B", "é", "a", "z", "Ж", "a", "", "😀")):
        new_file(name, ("image/png", "image/gif", "video/mp4")[n % 3], size=(7, 5, 7, 2**40)[n % 4])


@pytest.mark.parametrize("ordering", ["uploaded_at", "-uploaded_at", "size", "-size", "name", "-name"])
@pytest.mark.parametrize("where", [{}, {"processed": "false"}, {"media_type": "image/*,video/mp4"}, {"size_max": "7"}])
def test_cursors_walk_every_order_with_every_filter_both_ways(ordering: str, where: dict[str, str]) -> None:
    some_files()
    key = {"uploaded_at": "id"}.get(ordering.removeprefix("-"), ordering.removeprefix("-"))
    (whole,) = [ask({"page_size": "100", "ordering": ordering, **where}).json()]
    ids = [file["id"] for file in whole["results"]]
    expected = sorted(whole["results"], key=lambda file: (file[key], file["id"]), reverse=ordering.startswith("-"))
    assert ids == [file["id"] for file in expected]
    forth = list(cursors(ordering=ordering, **where))
    assert [file["id"] for page in forth for file in page["results"]] == ids
    assert {page["count"] for page in forth} == {len(ids)}
    back, page = [forth[-1]["results"]], forth[-1]
    while page["previous"]:
        page = ask({**where, "page_size": "3", "ordering": ordering, "cursor": page["previous"]}).json()
        back.append(page["results"])
    assert [file["id"] for page in reversed(back) for file in page] == ids


def test_a_walk_misses_nothing_while_files_come_and_go() -> None:
    some_files()
    before = set(File.everywhere.values_list("pk", flat=True))
    seen: list[str] = []
    for page in cursors(ordering="size"):
        seen += [file["id"] for file in page["results"]]
        new_file("new", size=6)
        File.everywhere.filter(pk=seen[-1]).delete()
    assert len(seen) == len(set(seen))
    assert {str(pk) for pk in before} <= set(seen)


def test_a_cursor_fits_its_filters_and_its_order_only() -> None:
    some_files()
    cursor = ask({"cursor": "", "page_size": 2, "size_min": "1"}).json()["next"]
    assert ask({"cursor": cursor, "size_min": "1", "count": "fast", "page_size": 5}).status_code == 200
    for wrong in ({}, {"size_min": "2"}, {"size_min": "1", "ordering": "size"}, {"size_min": "1", "attributes.a": "b"}):
        refused(ask({"cursor": cursor, **wrong}), "cursor")
    refused(ask({"cursor": cursor, "size_min": "1", "page": "1"}), "page")
    other = replace(OPEN, project=read(Project.objects.create(name="other").pk))
    refused(ask({"cursor": cursor, "size_min": "1"}, other), "cursor")
    refused(ask({"cursor": cursor, "size_min": "1"}, replace(OPEN, owner="ann")), "cursor")


def test_the_links_of_a_cursor() -> None:
    some_files()
    first = ask({"cursor": "", "page_size": 4, "media_type": "image/*"})
    following = client().get(first["Link"].split("<")[-1].split(">")[0].removeprefix("http://testserver"))
    assert len(following.json()["results"]) == 3
    back = client().get(following["Link"].split("<")[1].split(">")[0].removeprefix("http://testserver"))
    assert back.json() == first.json()


# Counts


def test_a_fast_count_is_exact_while_that_is_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("picasso.api.files.FAST_COUNT", 4)
    for _ in range(6):
        new_file("a")
    for _ in range(3):
        new_file("b")

    def page(**where: Any) -> dict[str, Any]:
        body: dict[str, Any] = ask({"page_size": 2, "count": "fast", **where}).json()
        return body

    assert page()["count"] == 9
    assert page(name="b")["count"] == 3
    many = page(state="pending")
    assert (many.get("count"), many["count_at_least"], many["next"]) == (None, 4, 2)
    assert page(state="pending", page=4)["count_at_least"] == 9
    assert (page(state="pending", page=5)["next"], page(state="pending", page=5)["count"]) == (None, 9)
    assert ask({"page_size": 2, "count": "fast", "state": "pending", "page": 6}).status_code == 404
    assert page(state="pending", cursor="")["count_at_least"] == 4
    assert page(state="pending", page_size=50, cursor="")["count"] == 9
    assert ask({"state": "pending"}).json()["count"] == 9
    links = ask({"page_size": 2, "count": "fast", "state": "pending"})["Link"]
    assert ('rel="next"' in links, 'rel="last"' in links) == (True, False)


def test_a_search_looks_at_the_first_files_then_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("picasso.keyset", "picasso.files.queries"):
        monkeypatch.setattr(f"{module}.WINDOW", 4)
    for n in range(12):
        new_file("odd" if n % 2 else "even", media_type=f"image/{n % 3}", size=n)

    def sizes(**where: Any) -> list[int]:
        found: list[int] = []
        page: dict[str, Any] = {"next": ""}
        while page["next"] is not None:
            page = ask({"page_size": 1, "count": "fast", "name": "odd", **where, "cursor": page["next"]}).json()
            found += [file["size"] for file in page["results"]]
        return found

    assert sizes() == [11, 9, 7, 5, 3, 1]
    assert sizes(ordering="size") == [1, 3, 5, 7, 9, 11]
    assert sizes(media_type="image/0,image/2") == [11, 9, 5, 3]
    assert sizes(size_max=5, ordering="-size") == [5, 3, 1]
    assert ask({"page_size": 1, "count": "fast", "name": "odd"}).json()["count_at_least"] == 2
    assert ask({"page_size": 50, "count": "fast", "name": "odd"}).json()["count"] == 6


# What lists read


FOUND: list[dict[str, str]] = [
    {"state": "failed"},
    {"processed": "false"},
    {"media_type": "audio/*"},
    {"media_type": "audio/flac,model/*"},
    {"sha256": "f" * 64},
    {"pipeline": "rare"},
    {"owner": "ann"},
    {"tag": "rare"},
    {"attributes.k": "v"},
    {"name": "rarely"},
    {"error": "corrupt"},
]

# Copies of the first file, newer than it.
COPIES = """
    INSERT INTO picasso_file (id, uploaded_at, name, size, media_type, declared_type, sha256, key, state, facts, tags)
    SELECT (left(id::text, 14) || '7fff-8fff-' || lpad(to_hex(g), 12, '0'))::uuid, uploaded_at,
        'name-' || g || '.png', g, 'image/png', '', lpad(g::text, 64, '0'), 'k', 'processed', '{}',
        CASE g % 2 WHEN 0 THEN '["common"]' ELSE '[]' END::jsonb
    FROM picasso_file, generate_series(1, 20000) AS g
"""


# What autovacuum does some time after so many rows: a search through a GIN index reads what is pending as well.
CLEAN = """
    SELECT gin_clean_pending_list(i.indexrelid) FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
    WHERE i.indrelid = 'picasso_file'::regclass AND a.amname = 'gin'
"""


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="of PostgreSQL's planner")
def test_a_list_reads_no_more_than_its_page() -> None:
    """Of 20,000 files, of which one is what one looks for, the oldest of all."""
    oldest = at("2020-01-01T00:00:00Z")
    rare = new_file(
        "rarely.flac", "audio/flac", state="failed", sha256="f" * 64, pipeline="rare", owner="ann", tags=["rare"],
        attributes={"k": "v"}, size=10**7, **oldest,
    )  # fmt: skip
    new_job(rare, state="failed", error_code="corrupt")
    with connection.cursor() as cursor:
        cursor.execute(COPIES)
        cursor.execute(CLEAN)
        cursor.execute("ANALYZE picasso_file")
    for where in ({}, *FOUND):
        selected = queries.select(OPEN, where).order_by("-id")
        rows = (selected.all() if isinstance(selected, Searched) else selected)[:11]
        assert len(rows) == (1 if where else 11)
        plan = rows.explain(analyze=True, format="json")
        assert rows_read(json.loads(plan)[0]["Plan"]) <= 100, plan
