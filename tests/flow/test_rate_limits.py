"""Rates of requests to the web application: who is counted, what the answers say, and what is refused."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import http_sf
import pytest

from picasso import models
from picasso.access import keys
from picasso.access.principal import PROJECT_SCOPES
from picasso.limits.attempts import Attempts
from picasso.limits.default import default_counters
from picasso.rate_policies import parse_policies
from picasso.web.app import WebApp
from tests.flow import access
from tests.flow.asgi import Exchange, ask

pytestmark = pytest.mark.django_db(transaction=True)

T = TypeVar("T")

FILES, SCHEMA = "/api/v1.0/files/", "/api/v1.0/schema/"
QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"

NOTHING_ELSE = "key=off,token=off,owner=off,user=off,address=off,list=off,schema=off,failure=off,"
"""Only what a test adds."""


@pytest.fixture(autouse=True)
def _new_counters() -> Iterator[None]:
    default_counters.cache_clear()
    yield
    default_counters.cache_clear()


def with_rates(folder: Path, rates: str, call: Callable[[WebApp], Awaitable[T]], **conf: Any) -> T:
    """Call it with an application that believes every X-Forwarded-For, and is open unless ``conf`` says otherwise."""
    policies = parse_policies(NOTHING_ELSE + rates)
    return access.with_keys(folder, call, **{"access": "open", "rates": policies, "trusted_proxies": ("*",), **conf})


async def get(app: WebApp, path: str = FILES, address: str = "192.0.2.1", query: str = "", **headers: Any) -> Exchange:
    return await ask(app, "GET", f"{path}?{query}", x_forwarded_for=address, **headers)


async def statuses(app: WebApp, times: int, **request: Any) -> list[int | None]:
    return [(await get(app, **request)).status for _ in range(times)]


def parsed(answer: Exchange, name: str) -> dict[str, dict[str, int]]:
    """A list of strings with parameters, as RFC 9651 has it."""
    items: Any = http_sf.parse(answer.headers[name].encode(), tltype="list")
    return {str(item): dict(parameters) for item, parameters in items}


def test_answers_have_the_fields_of_what_was_counted(tmp_path: Path) -> None:
    async def look(app: WebApp) -> None:
        first, second = await get(app, query="page=1"), await get(app, query="page=1")
        policy = {"address": {"q": 5, "w": 3600}, "list": {"q": 3, "w": 60}}
        assert parsed(first, "ratelimit-policy") == parsed(second, "ratelimit-policy") == policy
        assert [item["r"] for item in parsed(first, "ratelimit").values()] == [4, 2]
        assert [item["r"] for item in parsed(second, "ratelimit").values()] == [3, 1]
        assert 0 < parsed(first, "ratelimit")["address"]["t"] <= 3600
        missing = await get(app, "/files/no-such-file/x")
        assert missing.status == 404
        assert parsed(missing, "ratelimit")["address"]["r"] == 2

    with_rates(tmp_path, "address=5/1h,list=3/60", look)


def test_what_is_too_much_is_429_and_says_when_to_come_back(tmp_path: Path) -> None:
    async def exceed(app: WebApp) -> None:
        assert await statuses(app, 3) == [200] * 3
        for method, path in [("GET", FILES), ("PUT", "/api/v1.0/upload/a.txt"), ("POST", "/api/v1.0/uploads/")]:
            refused = await ask(app, method, path, b"content", x_forwarded_for="192.0.2.1")
            assert refused.status == 429
            assert refused.headers["content-type"] == "application/problem+json"
            problem = json.loads(refused.body)
            assert (problem["type"], problem["code"]) == (QUOTA_EXCEEDED, "rate-limited")
            assert problem["violated-policies"] == ["address"]
            window = parsed(refused, "ratelimit")["address"]
            assert window["r"] == 0
            assert window["t"] <= int(refused.headers["retry-after"]) <= 3601
            assert parsed(refused, "ratelimit-policy") == {"address": {"q": 3, "w": 3600}}
        assert await statuses(app, 1, address="192.0.2.2") == [200]

    with_rates(tmp_path, "address=3/1h", exceed)
    assert not models.File.objects.of(1).exists()


def test_health_and_preflights_are_never_refused(tmp_path: Path) -> None:
    async def look(app: WebApp) -> None:
        assert await statuses(app, 2) == [200, 429]
        ask_first: dict[str, Any] = {"origin": "https://app.example", "access-control-request-method": "PUT"}
        for method, path, status in [("GET", "/healthz", 200), ("OPTIONS", "/api/v1.0/upload/", 204)]:
            answer = await ask(app, method, path, x_forwarded_for="192.0.2.1", **ask_first)
            assert answer.status == status
            assert "ratelimit" not in answer.headers

    with_rates(tmp_path, "address=1/1h", look, cors_origins=("https://app.example",))


def test_pages_of_other_sites_can_read_the_fields(tmp_path: Path) -> None:
    async def look(app: WebApp) -> None:
        for status in (200, 429):
            answer = await ask(app, "GET", FILES, x_forwarded_for="192.0.2.1", origin="https://app.example")
            assert answer.status == status
            exposed = {name.strip().lower() for name in answer.headers["access-control-expose-headers"].split(",")}
            assert {"ratelimit", "ratelimit-policy", "retry-after"} <= exposed

    with_rates(tmp_path, "address=1/1h", look, cors_origins=("https://app.example",))


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("198.51.100.7, 192.0.2.1", "198.51.100.7", True),
    ],
)
def test_addresses(tmp_path: Path, one: str, other: str, shared: bool) -> None:
    """With every proxy trusted, the first address of a chain is the client's."""

    async def look(app: WebApp) -> list[int | None]:
        return [*await statuses(app, 1, address=one), *await statuses(app, 1, address=other)]

    assert with_rates(tmp_path, "address=1/1h", look) == [200, 429 if shared else 200]


def test_costly_requests_have_their_own_policies(tmp_path: Path) -> None:
    async def look(app: WebApp) -> None:
        assert await statuses(app, 2, query="page=1") == [200, 429]
        assert await statuses(app, 1, path=FILES.rstrip("/"), query="page=2") == [429]
        for path in ("jobs", "trash", "audit"):
            assert await statuses(app, 1, path=f"/api/v1.0/{path}/", query="state=failed") == [429]
        assert (await ask(app, "POST", "/api/v1.0/jobs/retry/", x_forwarded_for="192.0.2.1")).status == 429
        neighbours = f"{FILES}00000000-0000-0000-0000-000000000000/neighbours/"
        assert await statuses(app, 1, path=neighbours, query="tag=a") == [429]
        assert await statuses(app, 1, path=neighbours.rstrip("/"), query="tag=a") == [429]
        assert await statuses(app, 1, path=neighbours) == [404]
        for path in ("queues", "system/storage", "system/metrics", "jobs/summary", "files/days"):
            assert await statuses(app, 1, path=f"/api/v1.0/{path}/") == [429]
        assert await statuses(app, 2) == [200, 200]
        assert await statuses(app, 2, path=SCHEMA) == [200, 429]

    with_rates(tmp_path, "address=100/1h,list=1/1h,schema=1/1h", look)


def test_attempts_to_sign_in_are_counted_by_address(tmp_path: Path) -> None:
    async def look(app: WebApp) -> None:
        for path in ("/sign-in/", "/sign-in/code/", "/admin/login/"):
            answer = await ask(app, "POST", path, x_forwarded_for="192.0.2.9")
            assert answer.status != 429
            assert "sign-in" in parsed(answer, "ratelimit")
        for method, path in (("POST", "/sign-in/"), ("POST", "/account/"), ("GET", "/sign-in/oidc/")):
            assert (await ask(app, method, path, x_forwarded_for="192.0.2.9")).status == 429
        assert (await get(app, "/sign-in/oidc/callback/", address="192.0.2.9")).status == 429
        assert (await get(app, "/sign-in/", address="192.0.2.9")).status == 200

    with_rates(tmp_path, "sign-in=3/1h", look)


def new_key(project: models.Project, **fields: object) -> str:
    return keys.create(project, "test", PROJECT_SCOPES, **fields)[1]  # type: ignore[arg-type]


def test_a_key_is_counted_and_not_its_address(tmp_path: Path) -> None:
    project = models.Project.objects.get(pk=1)
    one, other = new_key(project), new_key(project)

    async def look(app: WebApp) -> None:
        found = []
        for number in range(3):
            answer = await get(app, address=f"192.0.2.{number}", authorization=f"Bearer {one}")
            assert [*parsed(answer, "ratelimit")] == ["key"]
            found.append(answer.status)
        assert found == [200, 200, 429]
        assert await statuses(app, 1, authorization=f"Bearer {other}") == [200]

    with_rates(tmp_path, "key=2/1h,address=1/1h", look, access="keys")


def test_a_project_has_a_limit_of_its_own_and_can_change_others(tmp_path: Path) -> None:
    project = models.Project.objects.get(pk=1)
    models.Project.objects.filter(pk=1).update(rates={"requests": "3/1h", "key": "2/1h", "list": "off"})
    strangers = models.Project.objects.create(name="other")
    one, other, foreign = new_key(project), new_key(project), new_key(strangers)

    async def look(app: WebApp) -> None:
        assert await statuses(app, 3, authorization=f"Bearer {one}", query="page=1") == [200, 200, 429]
        last = await get(app, authorization=f"Bearer {other}")
        assert (last.status, parsed(last, "ratelimit")["requests"]["r"]) == (200, 0)
        refused = await get(app, authorization=f"Bearer {other}")
        assert json.loads(refused.body)["violated-policies"] == ["requests"]
        assert parsed(refused, "ratelimit-policy")["requests"] == {"q": 3, "w": 3600}
        assert await statuses(app, 4, authorization=f"Bearer {foreign}") == [200] * 4

    with_rates(tmp_path, "key=100/1h,list=1/1h", look, access="keys")


def test_rates_that_make_no_sense_do_not_fail_requests(tmp_path: Path) -> None:
    project = models.Project.objects.get(pk=1)
    models.Project.objects.filter(pk=1).update(rates={"requests": ["many"]})
    key = new_key(project)

    async def look(app: WebApp) -> None:
        assert await statuses(app, 2, authorization=f"Bearer {key}") == [200, 200]

    with_rates(tmp_path, "key=100/1h", look, access="keys")


def test_wrong_keys_cost_the_address_and_nobody_learns_of_a_right_one(tmp_path: Path) -> None:
    key = new_key(models.Project.objects.get(pk=1))
    wrong = f"{key[:20]}{'A' if key[20] != 'A' else 'B'}{key[21:]}"

    async def guess(app: WebApp) -> None:
        first = await get(app, authorization=f"Bearer {wrong}")
        assert (first.status, parsed(first, "ratelimit")["failure"]["r"]) == (401, 2)
        assert await statuses(app, 3, authorization=f"Bearer {wrong}") == [401, 401, 429]
        right, another = [await get(app, authorization=f"Bearer {text}") for text in (key, wrong)]
        assert right.status == another.status == 429
        assert right.body == another.body
        assert right.headers.keys() == another.headers.keys()
        assert await statuses(app, 1) == [401]  # without a credential nothing was guessed
        assert await statuses(app, 1, address="192.0.2.2", authorization=f"Bearer {key}") == [200]

    with_rates(tmp_path, "failure=3/1h", guess, access="keys")


def test_what_was_valid_once_is_no_guess(tmp_path: Path) -> None:
    key = new_key(models.Project.objects.get(pk=1), expires_at=datetime(2020, 1, 1, tzinfo=UTC))

    async def send(app: WebApp) -> None:
        assert await statuses(app, 5, authorization=f"Bearer {key}") == [401] * 5

    with_rates(tmp_path, "failure=1/1h", send, access="keys")


def test_the_password_of_a_proxy_is_no_guess(tmp_path: Path) -> None:
    async def send(app: WebApp) -> None:
        assert await statuses(app, 5, authorization="Basic dXNlcjpwYXNz") == [401] * 5

    with_rates(tmp_path, "failure=1/1h", send, access="keys")


def test_a_valid_key_is_never_counted_as_a_failure(tmp_path: Path) -> None:
    key = new_key(models.Project.objects.get(pk=1))

    async def send(app: WebApp) -> None:
        assert await statuses(app, 5, authorization=f"Bearer {key}") == [200] * 5

    with_rates(tmp_path, "failure=1/1h", send, access="keys")


def wrong_keys(number: int) -> list[str]:
    """Such as somebody guesses them: with a right checksum."""
    bodies = [f"pk_{keys.random_text(keys.ID_LENGTH)}_{keys.random_text(keys.SECRET_LENGTH)}" for _ in range(number)]
    return [body + keys.checksum(body) for body in bodies]


def test_parallel_guesses_are_looked_up_no_more_often_than_they_may_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does a flood of them keep a right key of the same address waiting for more than that."""
    asked: list[str] = []
    find = keys.find

    def slowly(name: str) -> keys.KnownKey | None:
        asked.append(name)
        time.sleep(0.02)
        return find(name)

    monkeypatch.setattr(keys, "find", slowly)
    right = [new_key(models.Project.objects.get(pk=1)) for _ in range(8)]

    async def guess(app: WebApp) -> None:
        assert set(await parallel(app, right)) == {200}
        answers = await parallel(app, [*wrong_keys(60), right[0]])
        assert Counter(answers[:-1]) == {401: 3, 429: 57}
        assert answers[-1] in {200, 429}

    with_rates(tmp_path, "failure=3/1h", guess, access="keys")
    assert len(asked) <= len(right) + 3


async def parallel(app: WebApp, texts: list[str]) -> list[int | None]:
    answers = await asyncio.gather(*(get(app, authorization=f"Bearer {text}") for text in texts))
    return [answer.status for answer in answers]


def test_who_waits_and_leaves_keeps_nobody_waiting(tmp_path: Path) -> None:
    async def leave() -> None:
        attempts = Attempts()

        async def left() -> int:
            return 1

        await attempts.begin("a", left)
        waiting = [asyncio.create_task(attempts.begin("a", left)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        attempts.end("a")
        waiting[1].cancel()
        await asyncio.wait_for(waiting[2], 10)
        attempts.end("a")
        await asyncio.wait_for(attempts.begin("a", left), 10)

    asyncio.run(leave())


def allowed(answers: list[Exchange]) -> list[bool]:
    return [answer.status != 429 for answer in answers]


def test_tokens_are_counted_each_and_for_their_owner(tmp_path: Path) -> None:
    key, foreign = access.new_key()[0], access.new_key("other")[0]
    one, two = access.token(key, owner="ann", jti="1"), access.token(key, owner="ann", jti="2")

    async def look(app: WebApp) -> None:
        first = await access.get(app, FILES, one)
        assert {name: item["r"] for name, item in parsed(first, "ratelimit").items()} == {"token": 1, "owner": 2}
        assert allowed([await access.get(app, FILES, text) for text in (one, one, two, two)]) == [
            True,
            False,
            True,
            False,
        ]
        # Somebody else's owner of the same name, and a token without an owner.
        others = [access.token(foreign, owner="ann", jti="1"), access.token(key, jti="3")]
        assert allowed([await access.get(app, FILES, text) for text in others]) == [True, True]

    with_rates(tmp_path, "token=2/1h,owner=3/1h,address=1/1h", look, access="keys")


def test_a_key_that_acts_for_owners_is_counted_as_one_key(tmp_path: Path) -> None:
    key = access.new_key()[1]

    async def look(app: WebApp) -> None:
        answers = [await access.send(app, "GET", FILES, key, picasso_owner=name) for name in ("ann", "bob", "eve")]
        assert allowed(answers) == [True, True, False]

    with_rates(tmp_path, "key=2/1h,owner=100/1h", look, access="keys")


def test_a_token_in_a_form_is_counted_as_well(tmp_path: Path) -> None:
    text = access.token(access.new_key()[0], owner="ann")
    body = access.form(("token", text.encode()))

    async def look(app: WebApp) -> None:
        assert [(await access.post_form(app, body)).status for _ in range(3)] == [201, 201, 429]
        assert not allowed([await access.get(app, FILES, text)])[0]

    with_rates(tmp_path, "token=2/1h,owner=100/1h", look, access="keys")


def test_wrong_tokens_in_forms_cost_the_address(tmp_path: Path) -> None:
    right = access.token(access.new_key()[0])
    wrong = f"{right[:-8]}{'A' * 8}"
    bodies = [access.form(("token", text.encode())) for text in (wrong, right)]

    async def guess(app: WebApp) -> None:
        assert [(await access.post_form(app, bodies[0])).status for _ in range(3)] == [401, 401, 429]
        assert (await access.post_form(app, bodies[1])).status == 429
        assert (await access.send(app, "GET", f"{FILES}?token={right}")).status == 429

    with_rates(tmp_path, "failure=2/1h", guess, access="keys")


def test_without_policies_nothing_is_counted(tmp_path: Path) -> None:
    async def look(app: WebApp) -> None:
        answer = await get(app, query="page=1")
        assert not {"ratelimit", "ratelimit-policy"} & answer.headers.keys()

    with_rates(tmp_path, "", look)
