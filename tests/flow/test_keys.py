"""Keys: their form, what they let through, and how soon a revocation takes effect."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from django.db import connection
from django.utils import timezone

from picasso import models
from picasso.access import keys
from picasso.access.principal import PROJECT_SCOPES, Scope
from picasso.access.projects import KEPT_SECONDS
from picasso.errors import ExpiredKey, InvalidKey, NetworkNotAllowed, RevokedKey
from picasso.models import DEFAULT_PROJECT, File, Key
from picasso.web.app import WebApp
from tests.flow.access import with_keys
from tests.flow.asgi import Exchange, ask

pytestmark = pytest.mark.django_db(transaction=True)

T = TypeVar("T")

FILES, UPLOAD = "/api/v1.0/files/", "/api/v1.0/upload/"


def project(name: str = "default") -> models.Project:
    return models.Project.objects.get_or_create(name=name)[0]


async def upload(app: WebApp, key: str = "", name: str = "a.txt") -> Exchange:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return await ask(app, "PUT", f"{UPLOAD}{name}", b"content", **headers)


def code(answer: Exchange) -> tuple[int | None, str]:
    return answer.status, json.loads(answer.body).get("code", "")


def test_a_key_has_a_form_that_scanners_find() -> None:
    row, text = keys.create(project(), "test", PROJECT_SCOPES)
    assert text.startswith(f"pk_{row.pk}_")
    assert keys.parse(text) == (row.pk, row.secret_hash)
    assert text not in json.dumps(list(Key.objects.values("id", "secret_hash", "name")))


@pytest.mark.parametrize("spoil", [lambda t: t[:-1], lambda t: t[:20] + "x" + t[21:], lambda t: t + "0", str.lower])
def test_a_mistyped_key_is_told_from_a_revoked_one(spoil: Callable[[str], str]) -> None:
    _, text = keys.create(project(), "test", PROJECT_SCOPES)
    spoilt = spoil(text)
    if spoilt != text:
        with pytest.raises(InvalidKey):
            keys.parse(spoilt)


def test_a_secret_must_be_the_right_one() -> None:
    row, _ = keys.create(project(), "test", PROJECT_SCOPES)
    known = keys.find(row.pk)
    assert known
    with pytest.raises(RevokedKey):
        known.principal(keys.hash_of("another"), "127.0.0.1")


@pytest.mark.parametrize(
    ("networks", "address", "allowed"),
    [
        ([], "", True),
        (["10.0.0.0/8"], "10.1.2.3", True),
        (["10.0.0.0/8"], "::ffff:10.1.2.3", True),
        (["10.0.0.0/8"], "11.1.2.3", False),
        (["2001:db8::/32"], "2001:db8::1", True),
        (["2001:db8::/32"], "10.1.2.3", False),
        (["10.0.0.0/8"], "", False),
        (["10.0.0.1"], "10.0.0.1", True),
    ],
)
def test_networks(networks: list[str], address: str, allowed: bool) -> None:
    row, text = keys.create(project(), "test", PROJECT_SCOPES, networks=networks)
    known, secret = keys.known(row), keys.parse(text).secret_hash
    if allowed:
        assert known.principal(secret, address).identity == f"key:{row.pk}"
    else:
        with pytest.raises(NetworkNotAllowed):
            known.principal(secret, address)


def test_an_expired_key() -> None:
    row, text = keys.create(project(), "t", PROJECT_SCOPES, expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(ExpiredKey):
        keys.known(row).principal(keys.parse(text).secret_hash, "")


def test_nobody_is_let_in_without_a_key(tmp_path: Path) -> None:
    _, text = keys.create(project(), "t", PROJECT_SCOPES)

    async def strangers(app: WebApp) -> list[Exchange]:
        return [
            await upload(app),
            await ask(app, "GET", FILES),
            await ask(app, "POST", "/api/v1.0/uploads/", tus_resumable="1.0.0", upload_length=3),
            await upload(app, "pk_nonsense"),
            await upload(app, text[:-1]),
        ]

    answers = with_keys(tmp_path, strangers)
    assert [code(answer) for answer in answers] == [(401, "unauthorized")] * 3 + [(401, "invalid-key")] * 2
    assert all(answer.headers["www-authenticate"].startswith("Bearer ") for answer in answers)
    assert not File.everywhere.exists()


def test_a_project_sees_its_own_files_only(tmp_path: Path) -> None:
    (_, ann), (_, bob) = (keys.create(project(name), name, PROJECT_SCOPES) for name in ("ann", "bob"))

    async def both(app: WebApp) -> list[Exchange]:
        stored = await upload(app, ann)
        address = json.loads(stored.body)
        files = [await ask(app, "GET", FILES, authorization=f"Bearer {key}") for key in (ann, bob)]
        path = f"{FILES}{address['id']}/"
        one = [await ask(app, "GET", path, authorization=f"Bearer {key}") for key in (ann, bob)]
        gone = await ask(app, "DELETE", path, authorization=f"Bearer {bob}")
        return [stored, *files, *one, gone]

    stored, of_ann, of_bob, mine, foreign, gone = with_keys(tmp_path, both)
    assert stored.status == 201
    assert [json.loads(answer.body)["count"] for answer in (of_ann, of_bob)] == [1, 0]
    assert (mine.status, foreign.status, gone.status) == (200, 404, 404)


def test_a_key_without_the_scope_is_refused(tmp_path: Path) -> None:
    _, reads = keys.create(project(), "reads", {Scope.FILES_READ})
    answer = with_keys(tmp_path, lambda app: upload(app, reads))
    assert code(answer) == (403, "forbidden")
    assert Scope.FILES_WRITE in json.loads(answer.body)["detail"]


def test_a_revoked_key_ends_within_the_seconds_that_it_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, text = keys.create(project(), "t", PROJECT_SCOPES)
    now = [1000.0]
    monkeypatch.setattr("picasso.access.authenticate.time.monotonic", lambda: now[0])

    async def before_and_after(app: WebApp) -> list[Exchange]:
        first = await upload(app, text)
        await asyncio.to_thread(revoke, row)
        second = await upload(app, text)
        now[0] += KEPT_SECONDS
        return [first, second, await upload(app, text)]

    first, second, third = with_keys(tmp_path, before_and_after)
    assert (first.status, second.status, code(third)) == (201, 201, (401, "revoked-key"))


def revoke(row: Key) -> None:
    Key.objects.filter(pk=row.pk).update(revoked_at=timezone.now())
    connection.close()


def test_the_last_use_is_kept(tmp_path: Path) -> None:
    row, text = keys.create(project(), "t", PROJECT_SCOPES)
    with_keys(tmp_path, lambda app: upload(app, text))
    row.refresh_from_db()
    assert row.last_used_at
    assert timezone.now() - row.last_used_at < timedelta(minutes=5)


def test_the_default_project_is_the_first() -> None:
    assert project().pk == DEFAULT_PROJECT
