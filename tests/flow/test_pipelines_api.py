"""`GET pipelines/`: what a form can say of the limits before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from picasso.access.principal import OPEN, Principal
from picasso.access.token_limits import TokenLimits, token_policy
from picasso.policy import parse_policy
from picasso.process import pipelines
from tests.flow.http import client

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1.0/pipelines/"
GIB = 2**30


@pytest.fixture(autouse=True)
def _pipelines(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = parse_policy({"allowed_types": ["image/*"], "forbidden_types": ["image/svg+xml"], "max_size": 5000})
    known = pipelines.Pipelines([pipelines.Pipeline("album", policy=policy), pipelines.Pipeline("default")])
    monkeypatch.setattr("picasso.api.pipelines.pipelines", lambda: known)


def listed(principal: Principal = OPEN) -> dict[str, Any]:
    answer = client(principal).get(ADDRESS)
    assert answer.status_code == 200, answer.content
    return {each.pop("name"): each for each in answer.json()}


def test_what_each_pipeline_accepts() -> None:
    found = listed()
    assert list(found) == ["default", "album"]
    assert found["default"] == {"allowed_types": [], "forbidden_types": [], "max_size": 5 * GIB}
    assert found["album"] == {"allowed_types": ["image/*"], "forbidden_types": ["image/svg+xml"], "max_size": 5000}


def test_a_project_narrows_it() -> None:
    assert OPEN.project
    project = replace(OPEN.project, pipelines=frozenset({"default"}), policy={"max_size": 700})
    assert listed(replace(OPEN, project=project))["default"]["max_size"] == 700
    assert list(listed(replace(OPEN, project=project))) == ["default"]


def test_a_token_narrows_it() -> None:
    limits = TokenLimits("t", 1e12, pipeline="album", policy=token_policy(300, ("image/png",)))
    found = listed(replace(OPEN, kind="token", limits=limits))
    assert list(found) == ["album"]
    assert found["album"]["max_size"] == 300
    assert "image/png" in found["album"]["allowed_types"]


def test_without_a_policy_and_a_setting_there_is_no_limit(settings: Any) -> None:
    settings.PICASSO = replace(settings.PICASSO, max_upload_size=0)
    assert listed()["default"]["max_size"] is None
