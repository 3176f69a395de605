"""Imports that are asked for again: Idempotency-Key, retry by the API and in the admin, and what is left of them."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from picasso.imports import create, states
from picasso.models import Import
from picasso.web.app import WebApp
from tests.flow.access import API, code, new_key, project, send, token, with_keys
from tests.flow.http import client

pytestmark = pytest.mark.django_db(transaction=True)

URL = "https://files.example.com/a.txt?key=secret"
IMPORTS = f"{API}imports/"
ADMIN = "/admin/picasso/import/"


def new_import(**fields: Any) -> Import:
    return Import.everywhere.create(project_id=1, url=URL, host="files.example.com", **fields)


def test_the_same_key_creates_one_import(tmp_path: Path) -> None:
    (_, first), (_, second) = new_key(), new_key()

    async def run(app: WebApp) -> None:
        async def post(key: str, **body: object) -> Any:
            text = json.dumps({"url": URL, **body}).encode()
            return await send(app, "POST", IMPORTS, key, text, content_type="application/json", idempotency_key="k")

        made, again, other = await post(first), await post(first), await post(second)
        assert [made.status, again.status, other.status] == [201] * 3
        ids = [json.loads(each.body)["id"] for each in (made, again, other)]
        assert ids[0] == ids[1] != ids[2]
        assert made.headers["location"] == again.headers["location"]
        assert code(await post(first, tags=["a"])) == (422, "idempotency-key-reused")
        long = await send(
            app, "POST", IMPORTS, first, b"{}", content_type="application/json", idempotency_key="k" * 256
        )
        assert long.status == 400

    with_keys(tmp_path, run)
    assert Import.everywhere.count() == 2


def test_a_failed_import_is_tried_again(tmp_path: Path) -> None:
    _, key = new_key()
    row = new_import(
        state="failed", failures=8, attempts=8, error_code="remote-busy", finished_at="2026-11-29T00:00:00Z"
    )

    row.refresh_from_db()

    async def run(app: WebApp) -> None:
        path = f"{IMPORTS}{row.pk}/retry/"
        retried = await send(app, "POST", path, key)
        shown = json.loads(retried.body)
        assert (retried.status, shown["state"], shown["error"], shown["finished_at"]) == (200, "waiting", None, None)
        assert code(await send(app, "POST", path, key)) == (409, "conflict")
        assert (await send(app, "POST", f"{IMPORTS}{uuid.uuid4()}/retry/", key)).status == 404

    with_keys(tmp_path, run)
    before = row.created_at
    row.refresh_from_db()
    assert (row.url, row.failures, row.attempts) == (URL, 0, 8)
    assert row.requested_at > before


def test_the_page_shows_no_query_and_its_actions_act() -> None:
    browser = client()
    browser.force_login(User.objects.create_superuser("ann"))
    failed, waiting = new_import(state="failed"), new_import(webhook_url="https://a/?key=hidden")
    for path in ("", "?state=failed", f"{failed.pk}/change/", f"{waiting.pk}/change/"):
        page = browser.get(ADMIN + path)
        assert page.status_code == 200
        assert not [each for each in ("key=secret", "key=hidden") if each in page.content.decode()]
    for action in ("cancel", "retry"):
        chosen = [str(failed.pk), str(waiting.pk)] if action == "cancel" else [str(failed.pk)]
        assert browser.post(ADMIN, {"action": action, "_selected_action": chosen}).status_code == 302
    states_of = dict(Import.everywhere.values_list("pk", "state"))
    assert states_of == {failed.pk: "waiting", waiting.pk: "cancelled"}


def test_what_cant_be_removed_now_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "REMAINS", 2)
    rows = sorted(new_import(state="cancelled", upload=uuid.uuid4()).pk for _ in range(3))
    assert [row.pk for row in states.remains(states.BEFORE_ALL)] == rows[:2]
    assert [row.pk for row in states.remains(rows[1])] == rows[2:]


def test_what_is_refused_for_a_new_import_is_not_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(create, "MAX_UNFINISHED", 1)
    owner, key = new_key()
    row = new_import(state="failed")
    path = f"{IMPORTS}{row.pk}/retry/"

    def retried(credential: str) -> tuple[int | None, str]:
        async def run(app: WebApp) -> tuple[int | None, str]:
            return code(await send(app, "POST", path, credential))

        return with_keys(tmp_path, run)

    project(imports={"hosts": ["other.example.com"]})
    assert retried(key) == (403, "forbidden")
    project(imports={}, quotas={"files": 0})
    assert retried(key) == (413, "quota-exceeded")
    project(quotas={})
    other = new_import()
    assert retried(key) == (429, "too-many-imports")
    other.delete()
    row.refresh_from_db()
    assert row.state == "failed"
    assert retried(token(owner)) == (404, "not-found")
    assert retried(key) == (200, "")


def test_a_token_without_an_owner_sees_its_own_imports(tmp_path: Path) -> None:
    owner, key = new_key()
    mine, others = token(owner, imports=True), token(owner, imports=True, max_files=9)
    foreign = new_import(owner="ann", principal="owner:ann")

    async def run(app: WebApp) -> None:
        body = json.dumps({"url": URL}).encode()
        made = await send(app, "POST", IMPORTS, mine, body, content_type="application/json")
        path = f"{IMPORTS}{json.loads(made.body)['id']}/"
        found = {name: await send(app, "GET", IMPORTS, each) for name, each in (("mine", mine), ("others", others))}
        assert [len(json.loads(found[name].body)["results"]) for name in ("mine", "others")] == [1, 0]
        assert (await send(app, "GET", path, mine)).status == 200
        for method in ("GET", "DELETE"):
            assert (await send(app, method, path, others)).status == 404
            assert (await send(app, method, f"{IMPORTS}{foreign.pk}/", mine)).status == 404
        assert len(json.loads((await send(app, "GET", IMPORTS, key)).body)["results"]) == 2

    with_keys(tmp_path, run)
