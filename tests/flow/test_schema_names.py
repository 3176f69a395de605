"""The names of an installation in its OpenAPI document, whose address is for everybody."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from picasso.process import pipelines
from picasso.process.pipelines import Pipeline, Pipelines
from picasso.process.remote.declared import RemoteProcessor
from picasso.web.app import WebApp
from tests.flow import access
from tests.flow.http import client
from tests.flow.test_misspelt import refused

pytestmark = pytest.mark.django_db(transaction=True)

SCHEMA = "/api/v1.0/schema/"
NAMES = ("acme-merger", "acme-scanner")


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> None:
    from picasso.api import schema
    from picasso.api.openapi import installation

    found = Pipelines([Pipeline("default"), Pipeline(NAMES[0])], {NAMES[1]: RemoteProcessor(NAMES[1], ())})
    for module in (pipelines, installation):
        monkeypatch.setattr(module, "pipelines", lambda: found)
    monkeypatch.setattr(schema, "rendered", cache(schema.rendered.__wrapped__))


@pytest.mark.usefixtures("acme")
def test_only_those_who_are_known_read_the_names_of_the_installation(tmp_path: Path) -> None:
    row, key = access.new_key()

    async def look(app: WebApp) -> list[dict[str, Any]]:
        credentials = (key, "", access.token(row, owner="ann"))
        return [json.loads((await access.send(app, "GET", f"{SCHEMA}?format=json", each)).body) for each in credentials]

    known, *strangers = access.with_keys(tmp_path, look)
    assert all(name in json.dumps(known) for name in NAMES)
    for each in strangers:
        assert not any(name in json.dumps(each) for name in NAMES)
        assert each["paths"].keys() == known["paths"].keys()
        assert each["components"]["schemas"].keys() == known["components"]["schemas"].keys()


def test_the_format_is_one_that_the_document_has() -> None:
    for wrong in ("", "xml", "JSON"):
        assert "json" in refused(client().get(SCHEMA, {"format": wrong}), "format")
    assert client().get(SCHEMA, {"format": "json"})["Content-Type"].startswith("application/vnd.oai.openapi+json")


def test_the_document_is_sent_with_gzip_to_whoever_takes_it() -> None:
    plain = client().get(SCHEMA, {"format": "json"})
    packed = client().get(SCHEMA, {"format": "json"}, headers={"accept-encoding": "br, gzip"})
    assert (packed["Content-Encoding"], plain.get("Content-Encoding")) == ("gzip", None)
    assert gzip.decompress(packed.content) == plain.content
    assert len(packed.content) < len(plain.content) / 5
    assert all("Accept-Encoding" in each["Vary"] for each in (plain, packed))
