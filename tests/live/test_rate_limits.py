"""Rates on the real service: two web processes count as one, and a client that waits as long as it is told goes on."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import http_sf
import httpx
import pytest

from tests.databases import Databases
from tests.live.conftest import web_only
from tests.sampling import sample
from tests.stack import NO_TLS, Stack

pytestmark = pytest.mark.live

FILES = "/api/v1.0/files/"

CONNECTIONS = 32


def hammer(stack: Stack, times: int, address: str) -> Counter[int]:
    """Statuses of so many requests on each of 32 connections."""

    def on_one_connection(_: int) -> list[int]:
        with httpx.Client(
            base_url=stack.url, timeout=60, verify=NO_TLS, headers={"X-Forwarded-For": address}
        ) as client:
            return [client.get(FILES).status_code for _ in range(times)]

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return Counter(status for found in pool.map(on_one_connection, range(CONNECTIONS)) for status in found)


@pytest.mark.parametrize("quota", sample([50, 400], lambda _: "quota", 1 / 2))
def test_two_processes_keep_one_limit(new_data: Callable[[], Path], postgres: Databases, quota: int) -> None:
    """A window of hours: nothing comes back while the test runs, however slow the machine."""
    env = {
        "DATABASE_URL": postgres.create_database(f"rates{quota}"),
        "PICASSO_WEB_PROCESSES": "2",
        "PICASSO_RATES": f"address={quota}/10h",
        "PICASSO_TRUSTED_PROXIES": "127.0.0.1",
    }
    with web_only(new_data(), **env) as stack:
        found = hammer(stack, 2 * quota // CONNECTIONS + 2, "2001:db8::1")
        assert set(found) == {200, 429}
        tolerance = 2 * (quota // 100)
        # Below the quota only by what the other process has reserved, if one of them got no connection.
        assert quota - quota // 8 <= found[200] <= quota + tolerance
        # What is reserved and not used comes back: all of the quota can be used.
        deadline = time.monotonic() + 60
        while found[200] < quota and time.monotonic() < deadline:
            time.sleep(0.5)
            found += hammer(stack, 1, "2001:db8::2")
        assert quota <= found[200] <= quota + tolerance
        assert hammer(stack, 1, "2001:db8:0:1::1") == {200: CONNECTIONS}


def test_a_client_that_waits_as_it_is_told_goes_on(new_data: Callable[[], Path]) -> None:
    with web_only(new_data(), PICASSO_RATES="address=2/3") as stack:
        refused = next(answer for answer in (stack.client.get(FILES) for _ in range(1000)) if answer.status_code == 429)
        wait = int(refused.headers["retry-after"])
        assert 1 <= wait <= 4
        time.sleep(wait)
        answer = stack.client.get(FILES)
        assert answer.status_code == 200
        items: Any = http_sf.parse(answer.headers["ratelimit"].encode(), tltype="list")
        assert [(name, parameters["r"]) for name, parameters in items] == [("address", 1)]


def test_strangers_can_not_name_their_address_and_read_why_they_are_refused(new_data: Callable[[], Path]) -> None:
    with web_only(new_data(), PICASSO_RATES="address=2/10h") as stack:
        headers = [{"X-Forwarded-For": f"192.0.2.{number}"} for number in range(3)]
        assert [stack.client.get(FILES, headers=each).status_code for each in headers] == [200, 200, 429]
        # An upload that is refused can read why, also while it sends its body: the answer is not lost in a reset.
        refused = stack.client.put("/api/v1.0/upload/large.bin", content=bytes(8 * 2**20))
        assert (refused.status_code, refused.json()["code"]) == (429, "rate-limited")


def test_a_page_that_drops_300_files_meets_no_limit_in_development(policies: Stack) -> None:
    """The usual rates."""

    def upload(number: int) -> int:
        return policies.client.put(f"/api/v1.0/upload/{number}.txt", content=b"content").status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(upload, range(300))) == {201}
    assert "ratelimit" in policies.client.get(FILES).headers
