"""Imports that are asked for again: Idempotency-Key, retry by the API and in the admin, and what is left of them."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from picasso.imports import states
from picasso.models import Import
from picasso.web.app import WebApp
from tests.flow.access import API, code, new_key, send, with_keys
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
