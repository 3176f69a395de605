"""Limits of unfinished uploads over HTTP: exact when many begin at once, in several processes too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.databases import Databases
from tests.live.conftest import web_only
from tests.live.resumable import TUS, UPLOADS, created, patch, path_of
from tests.live.wire import check_problem
from tests.services import RabbitMQ
from tests.stack import NO_TLS, Stack, production

pytestmark = pytest.mark.live


@pytest.fixture(scope="module", params=["embedded", "clustered"])
def stack(request: pytest.FixtureRequest, new_data: Callable[[], Path]) -> Iterator[Stack]:
    """With two web processes."""
    env = {"PICASSO_WEB_PROCESSES": "2", "PICASSO_RATES": "off"}
    if request.param == "clustered":
        postgres: Databases = request.getfixturevalue("postgres")
        rabbitmq: RabbitMQ = request.getfixturevalue("rabbitmq")
        env |= production(postgres.create_database("quota"), rabbitmq.url)
    with web_only(new_data(), **env) as started:
        yield started


def set_quotas(stack: Stack, **quotas: int) -> None:
    answer = stack.client.patch("/api/v1.0/projects/default/", json={"quotas": quotas})
    assert answer.status_code == 200, answer.text


def create_many(stack: Stack, number: int, **headers: str) -> list[httpx.Response]:
    """All at once."""

    def create(_: int) -> httpx.Response:
        # A connection of its own, so that all web processes get some.
        return httpx.post(f"{stack.url}{UPLOADS}", headers={**TUS, **headers}, timeout=60, verify=NO_TLS)

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(create, range(number)))


def statuses(answers: list[httpx.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def delete_all(stack: Stack, answers: list[httpx.Response]) -> None:
    for answer in answers:
        if answer.is_success:
            assert stack.client.delete(path_of(answer.headers["location"]), headers=TUS).status_code == 204


def test_64_at_once_are_as_many_as_the_quota_allows(stack: Stack) -> None:
    set_quotas(stack, concurrent_uploads=10)
    answers = create_many(stack, 64, **{"Upload-Defer-Length": "1"})
    assert statuses(answers) == {201: 10, 429: 54}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert check_problem(refused, 429, "too-many-uploads")
    assert refused.headers["retry-after"]
    delete_all(stack, answers)
    set_quotas(stack, unfinished_bytes=1000)
    answers = create_many(stack, 64, **{"Upload-Length": "30"})
    assert statuses(answers) == {201: 33, 413: 31}
    refused = next(answer for answer in answers if answer.status_code == 413)
    quota: dict[str, Any] = check_problem(refused, 413, "quota-exceeded")["quota"]
    assert (quota["name"], quota["limit"], quota["left"] < 30) == ("unfinished_bytes", 1000, True)
    delete_all(stack, answers)
    path = created(stack)
    assert patch(stack, path, 0, b"x" * 1000).status_code == 204
    check_problem(patch(stack, path, 1000, b"x"), 413, "quota-exceeded")
    assert stack.client.delete(path, headers=TUS).status_code == 204
    set_quotas(stack)


def test_promises_of_one_client_lock_nobody_out(stack: Stack) -> None:
    """Twenty times 5 GiB announced: one upload of 100 GiB that never comes."""
    answers = create_many(stack, 20, **{"Upload-Length": str(5 * 2**30)})
    if all(answer.status_code == 507 for answer in answers):
        pytest.skip("the disk has no 5 GiB")
    assert statuses(answers) == {201: 20}
    path = created(stack, 100)
    assert patch(stack, path, 0, b"x" * 100).status_code == 204
    delete_all(stack, answers)
