"""Requests that come while others are looked up are looked up together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from django.db.models import QuerySet

from picasso.access.policies import Policies
from picasso.access.principal import ANONYMOUS, OPEN, SERVICE, Principal
from picasso.addresses import download_path
from picasso.errors import NotFound, PicassoError, Unavailable
from picasso.files import queries
from picasso.models import File, Project
from picasso.web.downloads import Download, find_all
from picasso.web.lookups import ROUNDS, Asked, Lookups
from tests.flow.rows import new_file


class Database:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.answers: asyncio.Queue[Exception | None] = asyncio.Queue()

    async def __call__(self, _: object, asked: Sequence[Asked]) -> list[Any]:
        self.asked.append([path for _, path in asked])
        if fault := await self.answers.get():
            raise fault
        return [NotFound() if path.startswith("no") else path for _, path in asked]


async def looked_up(*faults: Exception | None) -> tuple[Database, list[Any]]:
    database = Database()
    lookups = Lookups(lambda asked: [], database)
    names = ["a", "no-b", "c", "d", "no-e"]
    tasks = []
    for name in names:
        tasks.append(asyncio.create_task(lookups.find(OPEN, name)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    tasks[3].cancel()
    for fault in faults:
        database.answers.put_nowait(fault)
    return database, await asyncio.gather(*tasks, return_exceptions=True)


def test_what_waits_is_asked_for_together() -> None:
    database, found = asyncio.run(looked_up(None, None, None))
    assert database.asked == [["a"], ["no-b"], ["c", "d", "no-e"]]
    assert len(database.asked) == ROUNDS + 1
    assert [type(each) for each in found] == [str, NotFound, str, asyncio.CancelledError, NotFound]


def test_what_comes_in_one_turn_of_the_loop_is_asked_for_together() -> None:
    async def ask() -> list[list[str]]:
        database = Database()
        database.answers.put_nowait(None)
        lookups = Lookups(lambda asked: [], database)
        found: list[Any] = await asyncio.gather(*(lookups.find(OPEN, name) for name in "abc"))
        assert found == ["a", "b", "c"]
        return database.asked

    assert asyncio.run(ask()) == [["a", "b", "c"]]


def test_a_fault_of_the_database_is_told_to_those_who_asked_with_it() -> None:
    _, found = asyncio.run(looked_up(Unavailable(), None, RuntimeError()))
    assert [type(each) for each in found] == [Unavailable, NotFound, RuntimeError, asyncio.CancelledError, RuntimeError]


@pytest.mark.django_db(transaction=True)
def test_each_finds_what_it_may_fetch() -> None:
    mine, public = new_file("mine.txt"), new_file("public.txt", visibility="public")
    other = new_file("other.txt", project=Project.objects.create(name="other"))
    paths = [download_path(file.pk, file.key) for file in (mine, public, other)]
    asked = [(who, path) for path in paths for who in (OPEN, ANONYMOUS, SERVICE)]
    found = find_all([*asked, (OPEN, "/files/x/y"), (OPEN, f"{paths[0]}z")], Policies())
    assert [shown(each) for each in found] == [
        *("mine.txt", "not-found", "mine.txt"),
        *("public.txt", "public.txt", "public.txt"),
        *("not-found", "not-found", "other.txt"),
        *("not-found", "not-found"),
    ]


def shown(found: Download | Exception) -> str:
    return found.name if isinstance(found, Download) else found.code if isinstance(found, PicassoError) else str(found)


@pytest.mark.django_db(transaction=True)
def test_what_is_wrong_with_one_file_is_no_fault_of_the_others() -> None:
    files = [new_file(f"{name}.txt") for name in ("a", "wrong", "b")]
    File.everywhere.filter(pk=files[1].pk).update(facts=["not an object"])
    asked = [(OPEN, download_path(file.pk, file.key)) for file in files]
    found = find_all([*asked, (OPEN, "/files/x/y")], Policies())
    assert [shown(each) for each in found[::2]] == ["a.txt", "b.txt"]
    assert isinstance(found[1], AttributeError)
    assert shown(found[3]) == "not-found"


@pytest.mark.django_db(transaction=True)
def test_what_is_wrong_with_one_who_asks_is_no_fault_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    file = new_file("a.txt")
    path = download_path(file.pk, file.key)
    fetchable_by = queries.fetchable_by

    def refuse_service(who: Principal) -> QuerySet[File]:
        if who is SERVICE:
            raise RuntimeError("wrong")
        return fetchable_by(who)

    monkeypatch.setattr(queries, "fetchable_by", refuse_service)
    assert [shown(each) for each in find_all([(OPEN, path), (SERVICE, path)], Policies())] == ["a.txt", "wrong"]
