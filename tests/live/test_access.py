"""A service that lets nobody in without a key, from its first start on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.stack import Stack, running

pytestmark = pytest.mark.live

FILES, UPLOAD = "/api/v1.0/files/", "/api/v1.0/upload/"


@pytest.fixture(scope="module")
def closed(new_data: Callable[[], Path]) -> Iterator[Stack]:
    with running(new_data(), "up", "/healthz", PICASSO_ACCESS="keys") as stack:
        yield stack


def printed_keys(stack: Stack) -> list[str]:
    return re.findall(r"\bpk_\w+", stack.log.read_text())


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_the_first_start_prints_a_key_that_works(closed: Stack) -> None:
    (key,) = printed_keys(closed)
    assert closed.client.get(FILES).status_code == 401
    assert closed.client.post(UPLOAD, files={"file": ("a.txt", b"text")}).status_code == 401
    answer = closed.client.post(UPLOAD, files={"file": ("a.txt", b"text")}, headers=bearer(key))
    assert answer.status_code == 201
    listed = closed.client.get(FILES, headers=bearer(key)).json()
    assert listed["count"] == 1
    assert closed.client.get(f"{FILES}{answer.json()['id']}/").status_code == 401


def test_a_later_start_prints_none(closed: Stack) -> None:
    (key,) = printed_keys(closed)
    assert "pk_" not in closed.manage("migrate")
    made = closed.manage("keys", "create", "reader", "--scope", "files:read").strip()
    assert closed.client.get(FILES, headers=bearer(made)).status_code == 200
    assert closed.client.post(UPLOAD, files={"file": ("a.txt", b"text")}, headers=bearer(made)).status_code == 403
    closed.manage("keys", "revoke", made)
    assert made.split("_")[1] in closed.manage("keys", "list")
    assert closed.client.get("/api/v1.0/me/", headers=bearer(key)).json()["scopes"].count("service:admin") == 1


def test_an_administrator_acts_in_each_project_by_its_name(closed: Stack) -> None:
    (key,) = printed_keys(closed)
    post = closed.client.post
    assert post("/api/v1.0/projects/", json={"name": "shop"}, headers=bearer(key)).status_code == 201
    in_shop = {**bearer(key), "Picasso-Project": "shop"}
    made = post("/api/v1.0/keys/", json={"name": "shop", "scopes": ["files:write"]}, headers=in_shop).json()["key"]
    assert post(UPLOAD, files={"file": ("a.txt", b"text")}, headers=bearer(made)).status_code == 201
    assert closed.client.get(FILES, headers=in_shop).json()["count"] == 1
    elsewhere = {**bearer(made), "Picasso-Project": "default"}
    assert post(UPLOAD, files={"file": ("a.txt", b"text")}, headers=elsewhere).status_code == 403
    assert closed.client.get(FILES, headers={**bearer(key), "Picasso-Project": "nowhere"}).status_code == 404


def test_an_open_start_with_keys_warns(closed: Stack) -> None:
    """Whoever gave the setting once and forgets it at the next start opens the service to everybody."""
    assert "Warning" not in closed.manage("migrate")
    assert "Set PICASSO_ACCESS=keys at each start" in closed.manage("migrate", PICASSO_ACCESS="open")
