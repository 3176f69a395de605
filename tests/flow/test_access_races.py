"""Thirty-two at the same moment: what may happen once happens once, and what has ended lets nobody in."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pyotp
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from picasso.access import keys, link_keys, second_factor
from picasso.errors import Conflict
from picasso.models import File, Key, LinkKey, SecondFactor
from picasso.web.app import WebApp
from tests.flow.access import code, new_key, project, put, token, with_keys
from tests.flow.rows import side_by_side

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 32


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    connection.close()


def test_the_first_key_is_made_once() -> None:
    assert len([text for text in side_by_side([keys.create_first_admin] * MANY) if text]) == 1
    assert Key.objects.count() == 1


def test_a_key_without_grace_has_one_successor() -> None:
    key, _ = new_key()

    def rotate() -> bool:
        try:
            return bool(keys.rotate(key, timedelta(0), "test"))
        except Conflict:
            return False

    assert sum(side_by_side([rotate] * MANY)) == 1
    assert Key.objects.count() == 2


def test_rotations_never_prolong_a_key() -> None:
    end = timezone.now() + timedelta(minutes=10)
    key, _ = new_key(expires_at=end)
    graces = [timedelta(minutes=minutes) for minutes in range(1, 17)]
    assert side_by_side([partial(rotated, key, grace) for grace in graces]).count(True) == 1
    key.refresh_from_db()
    assert key.expires_at
    assert key.expires_at <= end
    assert Key.objects.filter(expires_at__gt=end).count() == 0


def rotated(key: Key, grace: timedelta) -> bool:
    """Whether this rotation was the first; the others are refused."""
    try:
        keys.rotate(key, grace, "test")
    except Conflict:
        return False
    return True


def test_a_project_signs_its_first_links_with_one_key() -> None:
    row = project("links")
    made = side_by_side([partial(link_keys.current, row.pk)] * MANY)
    assert {key.id for key in made} == {LinkKey.objects.get(project=row).pk}


@pytest.fixture
def person() -> User:
    return User.objects.create_user("ann")


def test_a_code_of_an_app_is_valid_once(person: User) -> None:
    secret = second_factor.enrol(person)
    assert second_factor.confirm(person, pyotp.TOTP(secret).now())
    SecondFactor.objects.update(last_step=0)
    code = pyotp.TOTP(secret).now()
    assert sum(side_by_side([partial(second_factor.verify, person, code)] * MANY)) == 1


def test_a_recovery_code_is_valid_once(person: User) -> None:
    codes = second_factor.confirm(person, pyotp.TOTP(second_factor.enrol(person)).now())
    assert codes
    used = side_by_side([partial(second_factor.verify, person, code) for code in codes[:2]] * (MANY // 2))
    assert sum(used) == 2
    assert len(SecondFactor.objects.get().recovery_codes) == len(codes) - 2


@pytest.mark.parametrize("kind", ["key", "token"])
def test_nothing_gets_in_after_a_revocation(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients that never stop: a request that begins when the memory of the key is over is refused."""
    memory = 0.3
    monkeypatch.setattr("picasso.access.authenticate.KEPT_SECONDS", memory)
    row, text = new_key()
    credential = text if kind == "key" else token(row)
    revoked_at: list[float] = []

    def revoke() -> None:
        keys.revoke(row)
        connection.close()
        revoked_at.append(time.monotonic())

    async def client(app: WebApp) -> list[tuple[float, tuple[int | None, str]]]:
        found = []
        while not revoked_at or time.monotonic() < revoked_at[0] + 2 * memory:
            begun = time.monotonic()
            found.append((begun, code(await put(app, credential))))
        return [*found, (time.monotonic(), code(await put(app, credential)))]

    async def storm(app: WebApp) -> list[tuple[float, tuple[int | None, str]]]:
        clients = [asyncio.create_task(client(app)) for _ in range(MANY)]
        await asyncio.to_thread(revoke_after_the_first, revoke)
        return [each for one in await asyncio.gather(*clients) for each in one]

    answers = with_keys(tmp_path, storm)
    late = Counter(answer for begun, answer in answers if begun > revoked_at[0] + memory)
    assert set(late) == {(401, "revoked-key")}
    assert {answer for _, answer in answers} == {(201, ""), (401, "revoked-key")}


def revoke_after_the_first(revoke: Callable[[], None]) -> None:
    """Also after a minute in which none came: the others go on until then."""
    end = time.monotonic() + 60
    while not File.everywhere.exists() and time.monotonic() < end:
        time.sleep(0.01)
    revoke()
