"""What is made in a quicker way than by DRF and Django's middleware is the same as theirs."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from django.utils import translation
from rest_framework.fields import SkipField

from picasso.access.link_keys import LinkKey
from picasso.access.links import Signer, signer_for
from picasso.access.policies import Policies
from picasso.access.principal import ENVIRON, OPEN, SERVICE, Principal, Scope
from picasso.access.projects import DEFAULT
from picasso.addresses import download_path
from picasso.errors import NotFound
from picasso.files import queries, shown
from picasso.models import Derivative, File, FileWebhook, Project
from picasso.serializers import MEMBERS, FileDetailSerializer, FileSerializer, Links
from picasso.web import django_handler
from picasso.web.django_handler import Answer, Pool, WithPrincipal, plain_answer
from picasso.web.downloads import Download, find_all
from tests.flow.rows import new_file, new_job
from tests.flow.test_misspelt import FILES

pytestmark = pytest.mark.django_db

EAST = timezone(timedelta(hours=5, minutes=30))
LINKS = Links("https://files.example.com/a%20b", Signer(LinkKey(7, b"secret"), 1_800_000_000))


def by_fields(file: File, serializer: FileSerializer) -> dict[str, Any]:
    """As DRF itself does it."""
    found = {}
    for name, field in serializer.fields.items():
        try:
            value = field.get_attribute(file)
        except SkipField:
            continue
        found[name] = None if value is None else field.to_representation(value)
    return found


def files() -> list[File]:
    noon = datetime(2026, 11, 30, 12, tzinfo=UTC)
    return [
        new_file("plain.txt"),
        new_file("до встречи & 100%.txt", tags=["a", "и"], attributes={"n": 1.5, "none": None, "text": "x"}),
        new_file("public.png", "image/png", visibility="public", state="failed", owner="ann"),
        new_file("ends.png", "image/png", expires_at=noon, uploaded_at=noon + timedelta(microseconds=120)),
        new_file("east.png", expires_at=noon.astimezone(EAST), scan="infected", quarantined=True),
    ]


def test_members_are_the_fields() -> None:
    serializer = FileSerializer(context={"links": LINKS})
    assert serializer.fields.keys() == MEMBERS
    for file in files():
        expected = by_fields(file, serializer)
        assert serializer.to_representation(file) == expected
        assert list(serializer.to_representation(file)) == list(expected)


def test_rows_show_the_same_as_objects() -> None:
    files()
    serializer = FileSerializer(context={"links": LINKS})
    rows = cast("Any", queries.rows(queries.newest_first(OPEN)))
    objects = queries.newest_first(OPEN)
    assert [serializer.to_representation(row) for row in rows] == [
        serializer.to_representation(file) for file in objects
    ]


def environ(query: str = "", path: str = FILES, method: str = "GET", **headers: str) -> dict[str, Any]:
    scope = {"type": "http", ENVIRON: OPEN, "extensions": {}}
    return {
        "asgi.scope": scope,
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "http",
        ENVIRON: OPEN,
        **headers,
    }


@pytest.fixture
def django(monkeypatch: pytest.MonkeyPatch) -> Iterator[WithPrincipal]:
    """With the connection of the test: neither way may close it."""
    monkeypatch.setattr(django_handler, "close_old_connections", lambda: None)
    signals = (request_started, request_finished)
    for each in signals:
        each.disconnect(close_old_connections)
    yield WithPrincipal()
    for each in signals:
        each.connect(close_old_connections)


def with_middleware(django: WithPrincipal, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any]) -> Answer:
    with monkeypatch.context() as patch:
        patch.setattr(django_handler, "PLAIN", frozenset())
        return django(asked)


def unordered(answer: Answer) -> tuple[int, dict[bytes, bytes], bytes]:
    # The application puts these on every answer (`picasso.web.security_headers`).
    always = {b"x-content-type-options", b"referrer-policy", b"cross-origin-opener-policy"}
    return answer.status, {name: value for name, value in answer.headers if name not in always}, answer.body


@pytest.mark.parametrize(
    "query",
    [
        "",
        "page_size=2&page=2",
        "cursor=",
        "include=thumbnail,error",
        "tag=a&count=fast",
        "attributes.n=1.5",
        "name=png&ordering=-size",
        "media_type=image/png,text/plain",
    ],
)
def test_a_page_is_the_same_without_middleware(
    django: WithPrincipal, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    damaged = next(file for file in files() if file.state == "failed")
    new_job(damaged, state="failed", error_code="corrupt", error_detail="The picture is damaged or incomplete.")
    for language in ("", "ru"):
        asked = environ(query, HTTP_ACCEPT_LANGUAGE=language)
        found = plain_answer({**asked})
        assert found is not None
        assert found.status == 200
        assert unordered(found) == unordered(with_middleware(django, monkeypatch, asked))


def one_of_each() -> Iterator[File]:
    """Files whose pages have different parts."""
    processed = new_file("picture.jpg", "image/jpeg", state="processed", facts={"image": {"width": 7, "a": "\u2028"}})
    for role in ("thumbnail-256", "cover art"):
        key = f"image/jpeg/aa/{processed.id}/derived/image-1/{role}.webp"
        Derivative.objects.create(
            file=processed,
            processor="image",
            sha256="0" * 64,
            role=role,
            key=key,
            media_type="image/webp",
            size=9,
            width=4,
            height=None,
        )
    yield processed
    damaged = new_file("damaged.png", "image/png", state="failed", attributes={"n": 1.5}, expires_at=datetime.now(UTC))
    new_job(damaged, processor="pdf", state="cancelled", error_code="cancelled", error_detail="The job was cancelled.")
    new_job(damaged, state="failed", error_code="corrupt", error_detail="The picture is damaged or incomplete.")
    yield damaged
    withheld = new_file(
        "withheld.bin", quarantined=True, scan="infected", facts={"file": {"extension": "x"}, "text": {}}
    )
    Derivative.objects.create(
        file=withheld,
        processor="text",
        sha256="0" * 64,
        role="text",
        key="text/plain/aa/text.txt",
        media_type="text/plain",
        size=1,
    )
    yield withheld
    told = new_file("told.txt", visibility="public", owner="ann", tags=["a"])
    FileWebhook.objects.create(file=told, url="https://example.com/?secret=1", disabled_at=datetime.now(UTC))
    yield told


@pytest.mark.parametrize("scopes", [OPEN.scopes, {Scope.FILES_READ}])
def test_a_file_is_the_same_without_middleware(
    django: WithPrincipal, monkeypatch: pytest.MonkeyPatch, scopes: Collection[Scope]
) -> None:
    who = replace(OPEN, scopes=frozenset(scopes))
    for file in one_of_each():
        asked = environ(path=f"{FILES}{file.pk}/", HTTP_ACCEPT_LANGUAGE="ru") | {ENVIRON: who}
        asked["asgi.scope"] = {**asked["asgi.scope"], ENVIRON: who}
        found = plain_answer({**asked})
        assert found is not None
        assert unordered(found) == unordered(with_middleware(django, monkeypatch, asked))
        by_object = FileDetailSerializer(context={"links": links_of_test(who), "shows_webhooks": len(scopes) > 1})
        with translation.override("ru"):
            assert json.loads(found.body) == by_object.to_representation(File.everywhere.get(pk=file.pk))
        known = asked | {"HTTP_IF_NONE_MATCH": dict(found.headers)[b"etag"].decode()}
        unchanged = plain_answer({**known})
        assert unchanged is not None
        assert unchanged.status == 304
        assert unordered(unchanged) == unordered(with_middleware(django, monkeypatch, known))


def links_of_test(who: Principal) -> Links:
    return Links("http://localhost", signer_for(who))


def test_each_sees_the_files_in_its_reach_whoever_asked_before() -> None:
    mine, hers = new_file("mine.txt", owner="ann"), new_file("hers.txt", owner="eve")
    project = replace(DEFAULT, id=Project.objects.create(name="other").pk)
    foreign = new_file("foreign.txt", project_id=project.id)
    who = [OPEN, replace(OPEN, owner="ann"), replace(OPEN, owner="eve"), replace(OPEN, project=project), SERVICE]
    sees = [{mine, hers}, {mine}, {hers}, {foreign}, {mine, hers, foreign}]
    for _ in range(2):
        for principal, expected in zip(who, sees, strict=True):
            assert {file for file in (mine, hers, foreign) if is_shown(principal, file)} == expected
        assert not is_shown(replace(OPEN, scopes=frozenset()), mine)
    File.everywhere.filter(pk=mine.pk).update(deleted_at=datetime.now(UTC))
    assert not is_shown(OPEN, mine)


def is_shown(principal: Principal, file: File) -> bool:
    try:
        return shown.get(principal, file.pk).id == file.pk
    except NotFound:
        return False


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_has_ended_is_replaced() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("the connection is a file")
    file = new_file()
    asked = environ(path=f"{FILES}{file.pk}/")
    django = WithPrincipal()
    assert django({**asked}).status == 200
    connection.connection.close()
    assert django({**asked}).status == 200
    connection.connection.close()
    (download,) = find_all([(OPEN, download_path(file.pk, file.key))], Policies())
    assert isinstance(download, Download)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (environ("page=9"), 404),
        (environ("nonsense=1"), 400),
        (environ(HTTP_ACCEPT="text/html"), 406),
        (environ("page=x", HTTP_ACCEPT_LANGUAGE="ru"), 400),
        (environ(method="POST", CONTENT_LENGTH="0"), 405),
        (environ(method="OPTIONS"), 200),
        (environ(path=f"{FILES}nothing/"), 404),
        (environ(path=f"{FILES}019ab3f2-7c1e-7d3a-9f52-3a4be0c5d1f7/"), 404),
        (environ(path=f"{FILES}019AB3F2-7c1e-7d3a-9f52-3a4be0c5d1f7/"), 404),
    ],
)
def test_all_else_is_answered_by_django(django: WithPrincipal, asked: dict[str, Any], status: int) -> None:
    assert plain_answer({**asked}) is None
    answer = django(asked)
    assert answer.status == status
    if asked.get("HTTP_ACCEPT_LANGUAGE") == "ru":
        assert dict(answer.headers)[b"content-language"] == b"ru"


def test_a_fault_of_a_view_is_raised_and_ends_the_request() -> None:
    def fails(_: dict[str, Any]) -> Answer:
        raise RuntimeError("a fault")

    async def ask() -> None:
        pool = Pool(cast("Any", fails), 1, most=1)
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/",
            "query_string": b"",
            "http_version": "1.1",
            ENVIRON: SERVICE,
        }
        for _ in range(2):  # the first one does not count any more
            with pytest.raises(RuntimeError, match="a fault"):
                await pool(scope, b"")
        pool.stop()

    asyncio.run(ask())
