"""What all lists of the API have in common: parameters that are checked, and pages by cursor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from picasso.access import audit, keys
from picasso.access.actor import Actor
from picasso.access.principal import OPEN, SERVICE, Principal, Scope
from picasso.access.projects import DEFAULT, read
from picasso.jobs import bulk_actions, queries
from picasso.models import AuditEntry, Job, Project
from tests.flow.http import client
from tests.flow.rows import copy_many, new_file, new_job
from tests.flow.test_access_api import KEYS, PROJECTS, TENANT
from tests.flow.test_jobs_api import rows_read
from tests.flow.test_misspelt import AUDIT, FILES, JOBS, LISTS, TRASH, refused

pytestmark = pytest.mark.django_db

WITH_PAGES = (FILES, TRASH, JOBS, AUDIT, KEYS, PROJECTS)
WITH_CURSOR = (JOBS, AUDIT, KEYS, PROJECTS)


def pages(path: str, by: Principal = OPEN, **where: Any) -> Iterator[dict[str, Any]]:
    """From the first page on."""
    cursor: dict[str, str] = {}
    while True:
        answer = client(by).get(path, {**where, **cursor})
        assert answer.status_code == 200, answer.content
        page: dict[str, Any] = answer.json()
        yield page
        if not page["next"]:
            return
        cursor = {"cursor": page["next"]}


def names(page: dict[str, Any]) -> list[str]:
    return [each["id" if "id" in each else "name"] for each in page["results"]]


# Parameters


@pytest.mark.parametrize("path", WITH_PAGES)
@pytest.mark.parametrize(
    "size", ["-1", "0", "", "+1", "1.0", "1e2", "٣", "²", "\0", " 1", "1" * 10, "9" * 5000, "many"]
)
def test_a_bad_page_size_is_named(path: str, size: str) -> None:
    refused(client().get(path, {"page_size": size}), "page_size")


@pytest.mark.parametrize("path", WITH_PAGES)
def test_a_large_page_size_is_as_many_as_there_may_be(path: str) -> None:
    assert client().get(path, {"page_size": "999999999"}).status_code == 200
    assert " means " in client().get(path, {"page_size": "9999999999"}).json()["detail"]


@pytest.mark.parametrize("path", [FILES, TRASH])
def test_a_bad_page_is_named_and_a_page_past_the_end_is_not_there(path: str) -> None:
    for page in ("-1", "0", "", "x", "٣", "\0", "9" * 30):
        refused(client().get(path, {"page": page}), "page")
    assert client().get(path, {"page": "999999999"}).status_code == 404


@pytest.mark.parametrize("path", LISTS)
def test_a_parameter_that_is_there_twice_is_named(path: str) -> None:
    refused(client().get(path, {"page_size": ["1", "1"]} if path in WITH_PAGES else {"format": ["json"] * 2}),
            "page_size" if path in WITH_PAGES else "format")  # fmt: skip
    for format_ in ("xml", "", "\0"):
        refused(client().get(path, {"format": format_}), "format")
    assert client().get(path, {"format": "json"}).status_code == 200


@pytest.mark.parametrize(
    ("path", "name", "values"),
    [
        (AUDIT, "since", ["", "0", "٢٠٢٦-01-01", "2026-13-01", "0001-01-01T00:00:00+14:00", "10000-01-01", "2026-W01"]),
        (AUDIT, "until", ["2026-11-29T12:00:00 02:00", "9999-12-31T23:59:59-14:00", "\0", "now"]),
        (AUDIT, "outcome", ["", "Done", "done "]),
        (JOBS, "state", ["", "Done", "\0"]),
        (JOBS, "queue", ["", "slow"]),
        (
            JOBS,
            "file",
            ["7", "{01a22a20-0800-7000-8000-000000000001}", "\u0660" * 32, "01a22a2008007000800000000000000_"],
        ),
        (JOBS, "processor", ["", "x" * 65, "a\0"]),
    ],
)
def test_bad_values_are_named(path: str, name: str, values: list[str]) -> None:
    for value in values:
        refused(client().get(path, {name: value}), name)


# Cursors


def fill(path: str, count: int) -> None:
    project = Project.objects.get(name="default")
    for n in range(count):
        if path == JOBS:
            new_job()
        elif path == AUDIT:
            audit.record("x.y", actor=Actor("key", "key:a", DEFAULT.id), n=n)
        elif path == KEYS:
            keys.create(project, f"key {n}", [Scope.FILES_READ])
        else:
            Project.objects.create(name=f"project-{n}")


@pytest.mark.parametrize("path", WITH_CURSOR)
def test_pages_go_forth_and_back(path: str) -> None:
    fill(path, 6)
    (whole,) = pages(path)
    assert len(whole["results"]) >= 6
    forth = list(pages(path, page_size=3))
    assert [each for page in forth for each in names(page)] == names(whole)
    back = [forth[-1]]
    while back[-1]["previous"]:
        back.append(client().get(path, {"page_size": 3, "cursor": back[-1]["previous"]}).json())
    assert [names(page) for page in back] == [names(page) for page in reversed(forth)]


@pytest.mark.parametrize("path", WITH_CURSOR)
def test_a_cursor_is_for_the_list_that_made_it(path: str) -> None:
    fill(path, 3)
    cursor = client().get(path, {"page_size": 1}).json()["next"]
    assert client().get(path, {"page_size": 3, "cursor": cursor, "format": "json"}).status_code == 200
    elsewhere = next(each for each in WITH_CURSOR if each != path)
    changed = [f"{cursor[:n]}{'A' if cursor[n] != 'A' else 'B'}{cursor[n + 1 :]}" for n in range(0, len(cursor) - 1, 7)]
    unknown = (cursor[:-4], f"{cursor}AAAA", f"{cursor}A", "A" * 5000, *changed)
    for wrong in ("x", f"{cursor}=", f" {cursor}", "\0", "é", f"{cursor}\n", *unknown):
        refused(client().get(path, {"cursor": wrong}), "cursor")
    refused(client().get(elsewhere, {"cursor": cursor}), "cursor")
    other = replace(OPEN, project=read(Project.objects.create(name="other").pk))
    refused(client(other).get(path, {"cursor": cursor}), "cursor")
    refused(client(replace(OPEN, owner="ann")).get(path, {"cursor": cursor}), "cursor")
    if path in (JOBS, AUDIT):
        refused(
            client().get(path, {"cursor": cursor, **({"state": "done"} if path == JOBS else {"actor": "a"})}), "cursor"
        )


def test_a_tenant_has_one_project_and_its_own_keys() -> None:
    fill(PROJECTS, 3)
    keys.create(Project.objects.get(name="project-1"), "theirs", [Scope.FILES_READ])
    assert [each["name"] for page in pages(PROJECTS, TENANT, page_size=1) for each in page["results"]] == ["default"]
    assert [each for page in pages(KEYS, TENANT) for each in page["results"]] == []


# What lists read


def test_an_administrator_sees_own_rows_those_of_no_project_and_of_projects_once_and_in_order() -> None:
    for n in range(12):
        project = (DEFAULT.id, 77, None, 88)[n % 4]
        audit.record(f"x.{n}", ("file", "project")[n % 3 == 0], project=project, actor=Actor("key", "key:a"))
    expected = [f"x.{n}" for n in reversed(range(12)) if n % 4 in (0, 2) or n % 3 == 0]
    for size in (1, 4, 50):
        assert [row["action"] for page in pages(AUDIT, page_size=size) for row in page["results"]] == expected


@pytest.mark.skipif(connection.vendor != "postgresql", reason="of PostgreSQL's planner")
@pytest.mark.parametrize("where", [{}, {"actor": "key:a"}])
def test_the_audit_of_an_administrator_reads_no_more_than_its_page(where: dict[str, str]) -> None:
    """Among 20,000 rows of other projects."""
    entry = AuditEntry.objects.create(project=2, actor="key:a", action="x.y", target="file")
    copy_many(entry, 20_000, project="2 + mod(n, 2)")
    client().get(AUDIT, where)
    from picasso.access import audit_queries

    plan = audit_queries.select(OPEN, where)[:51].explain(analyze=True, format="json")
    assert rows_read(json.loads(plan)[0]["Plan"]) <= 200, plan


def test_jobs_of_all_projects_are_listed_newest_first(capsys: pytest.CaptureFixture[str]) -> None:
    projects = [DEFAULT.id, *(Project.objects.create(name=f"p-{n}").pk for n in range(2))]
    made = [
        new_job(new_file(project_id=pk), project_id=pk, state=state) for pk in projects for state in ("done", "failed")
    ]
    failed = [str(job.pk) for job in made if job.state == "failed"][::-1]
    call_command("jobs", "list", "--state", "failed", "--json", "--limit", "2")
    assert [job["id"] for job in json.loads(capsys.readouterr().out)] == failed[:2]
    assert queries.newest(bulk_actions.select(SERVICE, {}), 0) == []


def test_jobs_of_very_many_projects_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PROJECTS_AT_ONCE", 2)
    made = [new_job(project_id=Project.objects.create(name=f"p-{n}").pk) for n in range(5)]
    found = queries.newest(Job.everywhere.all(), 4)
    assert [job.pk for job in found] == [job.pk for job in reversed(made)][:4]
