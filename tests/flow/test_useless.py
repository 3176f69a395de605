"""What would be good for nothing is refused, and errors say what to do instead."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from django.db import connection
from django.utils import timezone

from picasso.access import tokens
from picasso.access.projects import DEFAULT
from picasso.web.app import WebApp
from tests.flow import access
from tests.flow.http import client
from tests.flow.test_access_api import KEYS, PROJECTS, TENANT, patch, post
from tests.flow.test_misspelt import refused

pytestmark = pytest.mark.django_db(transaction=True)


def test_useless_settings_are_refused() -> None:
    past = timezone.now() - timedelta(minutes=1)
    answer = post(TENANT, KEYS, name="a", scopes=["files:write"], expires_at=past)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-field")
    assert answer.json()["errors"][0]["field"] == "expires_at"
    assert "default" in refused(patch(TENANT, f"{PROJECTS}default/", pipelines=["defualt"]), "pipelines")
    assert refused(patch(TENANT, f"{PROJECTS}default/", retention_days=0), "retention_days").startswith(
        "retention_days"
    )
    assert patch(TENANT, f"{PROJECTS}default/", pipelines=["default"], retention_days=None).status_code == 200


@pytest.mark.parametrize("project", [DEFAULT, replace(DEFAULT, pipelines=frozenset({"other"}))])
def test_a_token_for_no_pipeline_is_not_made(project: Any) -> None:
    row, _ = access.new_key()
    by = replace(TENANT, project=project, key_id=row.pk)
    name = "no-such" if project is DEFAULT else "default"
    refused(post(by, "/api/v1.0/tokens/", pipeline=name), "pipeline")


def test_json_that_is_not_declared_as_such_is_told_how() -> None:
    answer = client(TENANT).post(KEYS, "{}", content_type="text/plain")
    assert answer.status_code == 415
    assert "application/json" in answer.json()["detail"]


def test_wrong_credentials_are_told_apart(tmp_path: Path) -> None:
    row, key = access.new_key()
    kid = jwt.encode(access.claims(), tokens.signing_secret(row.pk), "HS256", headers={"kid": f"pk_{row.pk}"})
    text = access.token(row, scopes="files:write")

    async def run(app: WebApp) -> None:
        for path, credential, word in (
            (f"{access.FILES}?token={key}", "", "address"),
            (access.FILES, f'"{key}"', "quotes"),
            (access.FILES, kid, "without pk_"),
            (access.FILES, text, "scopes"),
        ):
            answer = await access.get(app, path, credential)
            assert answer.status == 401
            assert word in json.loads(answer.body)["detail"]

    access.with_keys(tmp_path, run)
    connection.close()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"quotas": {"bytes": 4}}, "0 of 4 bytes are used, and this upload has 8."),
        ({"policy": {"max_size": 4}}, "more than 4 bytes"),
    ],
)
def test_limits_are_told_in_bytes(tmp_path: Path, fields: dict[str, Any], sentence: str) -> None:
    access.project("limited", **fields)
    _, key = access.new_key("limited")

    async def run(app: WebApp) -> None:
        answer = await access.send(
            app, "POST", access.UPLOAD, key, access.form(), **{"content-type": "multipart/form-data; boundary=wall"}
        )
        assert answer.status == 413
        assert sentence in json.loads(answer.body)["detail"]

    access.with_keys(tmp_path, run)
    connection.close()
