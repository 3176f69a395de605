"""Tokens that the service makes, and the secrets with which applications make their own."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import jwt
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from picasso.access import tokens
from picasso.access.principal import Scope
from picasso.models import File
from picasso.web.app import WebApp
from tests.flow.access import API, code, new_key, put, send, token, with_keys
from tests.flow.asgi import Exchange

pytestmark = pytest.mark.django_db(transaction=True)

TOKENS = f"{API}tokens/"


async def make(app: WebApp, key: str, body: object, **headers: object) -> Exchange:
    return await send(app, "POST", TOKENS, key, json.dumps(body).encode(), content_type="application/json", **headers)


def test_a_key_makes_a_token(tmp_path: Path) -> None:
    _, key = new_key("shop", frozenset({Scope.FILES_WRITE}))
    body = {"owner": "ann", "max_files": 1, "media_types": ["text/*"], "valid_for": 600}

    async def both(app: WebApp) -> list[Exchange]:
        made = await make(app, key, body)
        return [made, await put(app, json.loads(made.body)["token"])]

    made, stored = with_keys(tmp_path, both)
    assert (made.status, stored.status) == (201, 201)
    assert made.headers["cache-control"] == "no-store"
    assert File.everywhere.get().owner == "ann"
    left = datetime.fromisoformat(json.loads(made.body)["expires_at"]) - timezone.now()
    assert timedelta(seconds=500) < left <= timedelta(seconds=600)
    claims = jwt.decode(json.loads(made.body)["token"], options={"verify_signature": False})
    assert {"jti", "aud", "exp", *body} - {"valid_for"} == set(claims)


REFUSED: list[tuple[object, tuple[int, str]]] = [
    ({"scopes": ["files:read"]}, (403, "forbidden")),
    ({"scopes": ["project:admin"]}, (400, "invalid-field")),
    ({"project": "other"}, (403, "forbidden")),
    ({"valid_for": 86_401}, (400, "invalid-field")),
    ({"valid_for": "600"}, (400, "invalid-field")),
    ({"valid_for": True}, (400, "invalid-field")),
    ({"exp": 2**33}, (400, "invalid-field")),
    ({"aud": "other"}, (400, "invalid-field")),
    ({"max_flies": 3}, (400, "invalid-field")),
    ({"attributes": []}, (400, "invalid-field")),
    ({"attributes": {"a": "a" * 4000}}, (400, "invalid-field")),
    ({"tags": "a"}, (400, "invalid-field")),
    ({"owner": ""}, (400, "invalid-field")),
    ([], (400, "invalid-field")),
]


def test_what_is_refused(tmp_path: Path) -> None:
    _, key = new_key("shop", frozenset({Scope.FILES_WRITE}))

    async def each(app: WebApp) -> list[Exchange]:
        return [await make(app, key, body) for body, _ in REFUSED]

    assert [code(answer) for answer in with_keys(tmp_path, each)] == [expected for _, expected in REFUSED]


def test_only_a_key_makes_tokens(tmp_path: Path) -> None:
    row, key = new_key()

    async def each(app: WebApp) -> list[Exchange]:
        return [
            await make(app, token(row), {}),
            await make(app, "", {}),
            await make(app, key, {"owner": "bob"}, picasso_owner="ann"),
            await make(app, key, {}, picasso_owner="ann"),
        ]

    *answers, of_ann = with_keys(tmp_path, each)
    assert [code(answer) for answer in answers] == [(403, "forbidden"), (401, "unauthorized"), (403, "forbidden")]
    assert jwt.decode(json.loads(of_ann.body)["token"], options={"verify_signature": False})["owner"] == "ann"


def test_a_token_does_not_outlive_its_key(tmp_path: Path) -> None:
    _, key = new_key(expires_at=timezone.now() + timedelta(minutes=5))
    made = json.loads(with_keys(tmp_path, lambda app: make(app, key, {})).body)
    assert jwt.decode(made["token"], options={"verify_signature": False})["exp"] <= time.time() + 301


def test_the_signing_secret(tmp_path: Path) -> None:
    row, admin = new_key()
    small, writer = new_key(scopes=frozenset({Scope.FILES_WRITE}))
    everything, _ = new_key(scopes=frozenset(Scope))
    foreign, _ = new_key("other")

    async def each(app: WebApp) -> list[Exchange]:
        asked = [(small, admin), (row, writer), (everything, admin), (foreign, admin)]
        return [await send(app, "POST", f"{API}keys/{key.pk}/signing-secret/", by) for key, by in asked]

    shown, *refused = with_keys(tmp_path, each)
    expected: dict[str, Any] = {"kid": small.pk, "alg": "HS256", "signing_secret": tokens.signing_secret(small.pk)}
    assert json.loads(shown.body) == expected
    assert shown.headers["cache-control"] == "no-store"
    assert [answer.status for answer in refused] == [403, 403, 404]


def test_a_new_key_shows_its_signing_secret_and_takes_ed25519_only(tmp_path: Path) -> None:
    _, admin = new_key()

    async def each(app: WebApp) -> list[Exchange]:
        async def create(**more: str) -> Exchange:
            body = json.dumps({"name": "a", "scopes": ["files:read"], **more}).encode()
            return await send(app, "POST", f"{API}keys/", admin, body, content_type="application/json")

        return [await create(), await create(public_key="nonsense")]

    made, refused = with_keys(tmp_path, each)
    shown = json.loads(made.body)
    assert shown["signing_secret"] == tokens.signing_secret(shown["id"])
    assert code(refused) == (400, "invalid-field")


def test_the_command_prints_the_signing_secret() -> None:
    row, text = new_key()
    out = StringIO()
    call_command("keys", "secret", text, stdout=out)
    assert out.getvalue().strip() == tokens.signing_secret(row.pk)
    with pytest.raises(CommandError):
        call_command("keys", "secret", "nothing")
