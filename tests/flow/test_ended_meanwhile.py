"""A key is revoked, a token expires, a session or a project ends while a body arrives: it does not become a file."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.utils import timezone

from picasso.access import keys, projects
from picasso.models import File, Key, Membership, Project, Upload
from picasso.rate_policies import Policy
from picasso.storage.folder import Folder
from picasso.web import recheck
from picasso.web.app import WebApp
from tests.flow.access import UPLOAD, UPLOADS, code, form, new_key, send, token, with_keys
from tests.flow.asgi import Exchange

pytestmark = pytest.mark.django_db(transaction=True)

BODY = b"line of text\n" * 1000
HALF = len(BODY) // 2

TUS: dict[str, Any] = {"tus_resumable": "1.0.0", "content_type": "application/offset+octet-stream"}

End = Callable[[], object]
Fields = dict[str, Any]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is remembered, and each request is long enough to be asked again at its end, and only there."""
    monkeypatch.setattr("picasso.access.authenticate.KEPT_SECONDS", 0.0)
    monkeypatch.setattr(recheck, "COMMIT_SECONDS", 0.0)


async def slowly(app: WebApp, method: str, path: str, body: bytes, end: End, **headers: object) -> Exchange:
    """Send the body in two halves, and let ``end`` happen between them."""
    exchange = Exchange(app, method, path, {"content-length": len(body), **headers})
    exchange.send(body[:HALF])
    running = asyncio.create_task(exchange.run())
    await exchange.taken()
    await asyncio.to_thread(closing_connection, end)
    exchange.send(body[HALF:], more=False)
    await running
    return exchange


def closing_connection(call: End) -> None:
    try:
        call()
    finally:
        connection.close()


async def by_form(app: WebApp, who: Fields, end: End) -> Exchange:
    kind = "multipart/form-data; boundary=wall"
    return await slowly(app, "POST", UPLOAD, form(file=BODY), end, content_type=kind, **who)


async def by_raw(app: WebApp, who: Fields, end: End) -> Exchange:
    return await slowly(app, "PUT", f"{UPLOAD}a.txt", BODY, end, **who)


async def by_raw_with_key(app: WebApp, who: Fields, end: End) -> Exchange:
    return await slowly(app, "PUT", f"{UPLOAD}a.txt", BODY, end, idempotency_key='"once"', **who)


async def by_tus_at_once(app: WebApp, who: Fields, end: End) -> Exchange:
    return await slowly(app, "POST", UPLOADS, BODY, end, upload_length=len(BODY), **TUS, **who)


async def by_draft_at_once(app: WebApp, who: Fields, end: End) -> Exchange:
    return await slowly(app, "POST", UPLOADS, BODY, end, upload_complete="?1", **who)


WAYS = [by_form, by_raw, by_raw_with_key, by_tus_at_once, by_draft_at_once]


def revoke(row: Key) -> End:
    return lambda: keys.revoke(row)


@pytest.mark.parametrize("way", WAYS)
def test_nothing_stays_of_an_upload_whose_key_is_revoked(
    tmp_path: Path, way: Callable[[WebApp, Fields, End], Awaitable[Exchange]]
) -> None:
    row, text = new_key()

    async def call(app: WebApp) -> Exchange:
        return await way(app, {"authorization": f"Bearer {text}"}, revoke(row))

    assert code(with_keys(tmp_path, call)) == (401, "revoked-key")
    assert not File.everywhere.exists()
    assert not Upload.everywhere.exists()
    assert not stored_bytes(tmp_path)


def stored_bytes(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.stat().st_size >= HALF]


@pytest.mark.parametrize("draft", [False, True])
def test_what_came_in_earlier_requests_stays(tmp_path: Path, draft: bool) -> None:
    """So the successor of the key continues there."""
    row, text = new_key()
    successor = keys.create(Project.objects.get(), "b", keys.known(row).scopes, lineage=row.lineage)[1]
    fields: Fields = {"upload_complete": "?1", "content_type": "application/partial-upload"} if draft else TUS
    create: Fields = {"upload_complete": "?0"} if draft else {**TUS, "upload_length": len(BODY)}

    async def call(app: WebApp) -> tuple[int | None, str]:
        begun = await send(app, "POST", UPLOADS, text, BODY[:100], **create)
        path = begun.headers["location"].partition("localhost")[2]
        more = {**fields, "upload_offset": 100, "authorization": f"Bearer {text}"}
        ended = await slowly(app, "PATCH", path, BODY[100:], revoke(row), **more)
        head = await send(app, "HEAD", path, successor, **({} if draft else TUS))
        assert head.headers["upload-offset"] == "100"
        last = await send(app, "PATCH", path, successor, BODY[100:], **{**fields, "upload_offset": 100})
        assert last.status in {200, 201, 204}
        return code(ended)

    assert with_keys(tmp_path, call) == (401, "revoked-key")
    assert File.everywhere.get().size == len(BODY)


def test_a_body_without_its_end_does_not_complete_an_upload_either(tmp_path: Path) -> None:
    """The upload has its length, and a round of the recovery would make it a file."""
    row, text = new_key()

    async def call(app: WebApp) -> None:
        begun = await send(app, "POST", UPLOADS, text, **{**TUS, "upload_length": len(BODY)})
        path = begun.headers["location"].partition("localhost")[2]
        head = {"transfer-encoding": "chunked", "authorization": f"Bearer {text}", "upload-offset": 0, **TUS}
        exchange = Exchange(app, "PATCH", path, head)
        exchange.send(BODY)
        running = asyncio.create_task(exchange.run())
        await exchange.taken()
        await asyncio.to_thread(closing_connection, revoke(row))
        exchange.disconnect()
        await running
        await app._recovery.run_round()

    with_keys(tmp_path, call)
    upload = Upload.everywhere.get()
    assert (upload.finished_at, upload.file_id) == (None, None)
    assert Folder(tmp_path).uploads.stat(upload.pk).offset < len(BODY)


def ended_token(end: str) -> tuple[Fields, End, str]:
    row, _ = new_key("shop")
    text = token(row, owner="ann")
    ends: dict[str, tuple[End, str]] = {
        "its key is revoked": (revoke(row), "revoked-key"),
        "its key expires": (lambda: Key.objects.update(expires_at=timezone.now() - timedelta(1)), "expired-key"),
        "its key may not upload any more": (lambda: Key.objects.update(scopes=["files:read"]), "forbidden"),
        "its project is deleted": (lambda: projects.delete(Project.objects.get(name="shop")), "invalid-token"),
    }
    return {"authorization": f"Bearer {text}"}, *ends[end]


@pytest.mark.parametrize(
    "end", ["its key is revoked", "its key expires", "its key may not upload any more", "its project is deleted"]
)
def test_a_token_ends(tmp_path: Path, end: str) -> None:
    who, happen, expected = ended_token(end)

    async def call(app: WebApp) -> Exchange:
        return await by_raw(app, who, happen)

    assert code(with_keys(tmp_path, call)) == (403 if expected == "forbidden" else 401, expected)
    assert not stored_bytes(tmp_path)


async def tus_creation(app: WebApp, text: str) -> Exchange:
    return await send(app, "POST", UPLOADS, text, **TUS, upload_length=5)


async def raw_upload(app: WebApp, text: str) -> Exchange:
    return await send(app, "PUT", f"{UPLOAD}a.txt", text, BODY)


@pytest.mark.parametrize("way", [raw_upload, tus_creation])
@pytest.mark.parametrize("quotas", [{}, {"files": 5}])
def test_nothing_gets_into_a_project_that_was_deleted(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: Callable[[WebApp, str], Awaitable[Exchange]],
    quotas: dict[str, int],
) -> None:
    """Also in the seconds in which its keys are remembered: nobody could see the file, or delete it."""
    monkeypatch.setattr("picasso.access.authenticate.KEPT_SECONDS", 60.0)
    text = new_key("shop")[1]
    Project.objects.filter(name="shop").update(quotas=quotas)

    async def call(app: WebApp) -> Exchange:
        assert (await send(app, "GET", "/api/v1.0/files/", text)).status == 200
        await asyncio.to_thread(closing_connection, lambda: projects.delete(Project.objects.get(name="shop")))
        return await way(app, text)

    assert code(with_keys(tmp_path, call)) == (401, "unauthorized")
    assert not File.everywhere.exists()
    assert not Upload.everywhere.exists()
    assert not stored_bytes(tmp_path)


def test_a_token_in_a_form_expires(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("picasso.access.tokens.LEEWAY", 0)
    body = form(("token", token(new_key()[0], exp=time.time() + 0.4).encode()), file=BODY)

    async def call(app: WebApp) -> Exchange:
        kind = "multipart/form-data; boundary=wall"
        return await slowly(app, "POST", UPLOAD, body, lambda: time.sleep(0.5), content_type=kind)

    assert code(with_keys(tmp_path, call)) == (401, "expired-token")
    assert not stored_bytes(tmp_path)


@pytest.fixture
def session() -> Fields:
    """Of somebody who may upload in two projects."""
    user = get_user_model().objects.create(username="ann")
    for name in ("default", "shop"):
        Membership.objects.create(user=user, project=Project.objects.get_or_create(name=name)[0], role="operator")
    client = Client()
    client.force_login(user)
    return {"cookie": f"sessionid={client.cookies['sessionid'].value}", "sec_fetch_site": "same-origin"}


@pytest.mark.parametrize("project", ["", "shop"])
@pytest.mark.parametrize("end", ["signed out", "left", "demoted"])
def test_a_session_ends(tmp_path: Path, session: Fields, project: str, end: str) -> None:
    """Also if its person still belongs to another project."""
    name = project or "default"
    members = Membership.objects.filter(project__name=name)
    ends: dict[str, End] = {
        "signed out": lambda: get_user_model().objects.update(is_active=False),
        "left": members.delete,
        "demoted": lambda: members.update(role="viewer"),
    }
    who = {**session, **({"picasso_project": project} if project else {})}

    async def call(app: WebApp) -> tuple[Exchange, Exchange]:
        return await by_raw(app, who, lambda: None), await by_raw(app, who, ends[end])

    before, after = with_keys(tmp_path, call)
    assert before.status == 201
    assert after.status == (403 if end == "demoted" else 401)
    assert File.everywhere.count() == 1


def test_a_long_body_ends_while_it_arrives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only when all of it has come: whoever was thrown out can't go on to fill the disk."""
    monkeypatch.setattr(recheck, "BODY_SECONDS", 0.0)
    row, text = new_key()

    async def call(app: WebApp) -> Exchange:
        head = {"content-length": 10**9, "authorization": f"Bearer {text}"}
        exchange = Exchange(app, "PUT", f"{UPLOAD}a.txt", head)
        exchange.send(b"x" * 100)
        running = asyncio.create_task(exchange.run())
        await exchange.taken()
        await asyncio.to_thread(closing_connection, revoke(row))
        exchange.send(b"x" * 100)
        await exchange.wait_for_beginning()
        exchange.disconnect()
        await running
        return exchange

    assert code(with_keys(tmp_path, call)) == (401, "revoked-key")


def test_a_short_upload_is_not_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recheck, "COMMIT_SECONDS", 60.0)
    asked: list[str] = []
    find = keys.find

    def counted(name: str) -> keys.KnownKey | None:
        asked.append(name)
        return find(name)

    monkeypatch.setattr(keys, "find", counted)
    text = new_key()[1]
    answer = with_keys(tmp_path, lambda app: send(app, "PUT", f"{UPLOAD}a.txt", text, BODY))
    assert (answer.status, len(asked)) == (201, 1)


def test_the_end_of_a_right_key_is_no_guess(tmp_path: Path) -> None:
    row, text = new_key()
    other = new_key()[1]

    async def call(app: WebApp) -> None:
        ended = await by_raw(app, {"authorization": f"Bearer {text}"}, revoke(row))
        assert code(ended) == (401, "revoked-key")
        assert (await send(app, "PUT", f"{UPLOAD}a.txt", other, BODY)).status == 201

    with_keys(tmp_path, call, rates={"failure": Policy("failure", 1, 3600)})
