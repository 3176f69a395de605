"""A resumable upload belongs to who began it: for all others it does not exist, also with its address."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from picasso.access import keys
from picasso.access.principal import OPEN, PROJECT_SCOPES, SERVICE, Principal
from picasso.access.projects import DEFAULT, Project
from picasso.addresses import UPLOADS
from picasso.errors import NotFound, Unauthorized
from picasso.models import File, Upload
from picasso.models import Project as ProjectRow
from picasso.receive.new_file import belongs_to
from picasso.receive.uploads import Uploads
from picasso.storage.folder import Folder
from picasso.web.app import WebApp
from tests.flow.access import with_keys
from tests.flow.asgi import Exchange, ask
from tests.flow.uploads import begun, tus, with_uploads

pytestmark = pytest.mark.django_db(transaction=True)

T = TypeVar("T")

Fields = dict[str, Any]

TUS: Fields = {"tus_resumable": "1.0.0"}
CHUNK: Fields = {**TUS, "content_type": "application/offset+octet-stream"}
PARTIAL: Fields = {"content_type": "application/partial-upload", "upload_complete": "?1"}


def key(project: str = "default", lineage: str = "") -> Fields:
    row, _ = ProjectRow.objects.get_or_create(name=project)
    _, text = keys.create(row, "test", PROJECT_SCOPES, created_by="test", lineage=lineage)
    return {"authorization": f"Bearer {text}"}


async def begin(app: WebApp, who: Fields, **fields: object) -> str:
    """The path of a new tus upload of four bytes."""
    answer = await ask(app, "POST", UPLOADS, **{"upload_length": 4, **TUS, **who, **fields})
    assert answer.status == 201, answer.body
    return UPLOADS + answer.headers["location"].rpartition("/")[2]


async def all_requests(app: WebApp, path: str, who: Fields) -> dict[str, int | None]:
    """The statuses of everything that can be asked of an upload."""
    answers = {
        "tus head": await ask(app, "HEAD", path, **TUS, **who),
        "tus patch": await ask(app, "PATCH", path, b"evil", upload_offset=0, **CHUNK, **who),
        "tus delete": await ask(app, "DELETE", path, **TUS, **who),
        "overridden": await ask(app, "POST", path, x_http_method_override="DELETE", **TUS, **who),
        "get": await ask(app, "GET", path, **who),
        "draft head": await ask(app, "HEAD", path, **who),
        "draft patch": await ask(app, "PATCH", path, b"evil", upload_offset=0, **PARTIAL, **who),
        "draft delete": await ask(app, "DELETE", path, **who),
    }
    for name, answer in answers.items():
        assert "upload-offset" not in answer.headers, name
    return {name: answer.status for name, answer in answers.items()}


def test_an_upload_exists_only_for_who_began_it(tmp_path: Path) -> None:
    mine, others = key(), [key(), key("other")]

    async def try_all(app: WebApp) -> None:
        path = await begin(app, mine)
        for who in others:
            assert set((await all_requests(app, path, who)).values()) == {404}
        assert set((await all_requests(app, path, {})).values()) == {401}
        answer = await ask(app, "PATCH", path, b"mine", upload_offset=0, **CHUNK, **mine)
        assert (answer.status, answer.headers["upload-offset"]) == (204, "4")
        for who in others:  # also when it has become a file
            assert set((await all_requests(app, path, who)).values()) == {404}
        answer = await ask(app, "HEAD", path, **TUS, **mine)
        assert (answer.status, "content-location" in answer.headers) == (200, True)

    with_keys(tmp_path, try_all)
    assert File.everywhere.get().size == 4


def test_an_upload_records_who_began_it_and_from_where(tmp_path: Path) -> None:
    mine = key(lineage="mine")

    async def create(app: WebApp) -> None:
        await begin(app, mine)
        answer = await ask(app, "POST", UPLOADS, upload_complete="?0", content_disposition="attachment", **mine)
        assert answer.status == 201, answer.body

    with_keys(tmp_path, create)
    rows = Upload.everywhere.values_list("protocol", "project", "principal", "address")
    assert sorted(rows) == [(way, 1, "key:mine", "127.0.0.1") for way in ("draft", "tus")]


def test_a_request_of_somebody_else_interrupts_nobody(tmp_path: Path) -> None:
    mine, other = key(), key()

    async def interfere(app: WebApp) -> None:
        path = await begin(app, mine)
        slow = Exchange(app, "PATCH", path, {"content-length": 4, "upload-offset": 0, **CHUNK, **mine})
        running = asyncio.create_task(slow.run())
        slow.send(b"mi")
        await asyncio.sleep(0.3)
        for status in (await all_requests(app, path, other)).values():
            assert status == 404
        slow.send(b"ne", more=False)
        await running
        assert slow.status == 204

    with_keys(tmp_path, interfere)


def test_a_rotated_key_continues_what_its_predecessor_began(tmp_path: Path) -> None:
    before, after = key(lineage="shared"), key(lineage="shared")

    async def rotate(app: WebApp) -> None:
        path = await begin(app, before)
        assert (await ask(app, "PATCH", path, b"mine", upload_offset=0, **CHUNK, **after)).status == 204

    with_keys(tmp_path, rotate)


def test_a_part_of_somebody_else_does_not_exist(tmp_path: Path) -> None:
    mine, others = key(), [key(), key("other")]

    async def take(app: WebApp) -> None:
        own = await begin(app, mine, upload_concat="partial")
        foreign = [await begin(app, who, upload_concat="partial") for who in others]
        missing = f"{UPLOADS}6ba7b810-9dad-41d1-80b4-00c04fd430c8"
        answers = [
            await ask(app, "POST", UPLOADS, upload_concat=f"final;{own} {part}", **TUS, **mine)
            for part in (*foreign, missing)
        ]
        assert [answer.status for answer in answers] == [404] * 3
        details = [
            json.loads(answer.body)["detail"].replace(path.rpartition("/")[2], "")
            for answer, path in zip(answers, (*foreign, missing), strict=True)
        ]
        assert len(set(details)) == 1, "it can't be told from one that is missing"
        for who, part in zip(others, foreign, strict=True):
            assert (await ask(app, "HEAD", part, **TUS, **who)).status == 200

    with_keys(tmp_path, take)
    assert not Upload.everywhere.exclude(final=None).exists()


@pytest.mark.parametrize("way", ["tus", "draft", "raw"])
def test_an_idempotency_key_is_its_senders_own(tmp_path: Path, way: str) -> None:
    """Clients count from 1, and a second client got the first one's file."""
    clients = [key(), key(), key("other")]
    create: dict[str, tuple[str, str, Fields]] = {
        "tus": ("POST", UPLOADS, {"upload_length": 4, **CHUNK}),
        "draft": ("POST", UPLOADS, {"upload_complete": "?1"}),
        "raw": ("PUT", f"{UPLOADS.replace('uploads', 'upload')}a.txt", {}),
    }
    method, path, fields = create[way]

    async def send(app: WebApp) -> list[tuple[int | None, str]]:
        found = []
        for who in (*clients, *clients):
            headers = {"idempotency_key": "1", "content_disposition": 'attachment; filename="a"', **fields, **who}
            answer = await ask(app, method, path, b"1234", **headers)
            body = json.loads(answer.body)
            found.append((answer.status, body["id"]))
        return found

    answers = with_keys(tmp_path, send)
    assert answers[:3] == answers[3:], "each gets its own answer again"
    assert {status for status, _ in answers} == {201}
    assert len({found for _, found in answers}) == 3
    assert File.everywhere.count() == 3


def principal(identity: str, project: Project = DEFAULT, owner: str | None = None) -> Principal:
    return Principal("token", project, PROJECT_SCOPES, owner, identity)


def test_a_new_token_of_the_same_owner_continues(tmp_path: Path) -> None:
    ann, bob = principal("owner:ann", owner="ann"), principal("owner:bob", owner="bob")

    async def look(uploads: Uploads) -> None:
        row = await begun(uploads, tus(4, **belongs_to(ann)))
        for who in (principal("owner:ann", owner="ann"), SERVICE):
            assert (await uploads.status(who, row.pk)).row.pk == row.pk
            async with uploads.lock(who, row.pk) as locked:
                assert locked.pk == row.pk
        for who in (bob, principal("owner:ann", replace(DEFAULT, id=2)), principal("token:ann"), OPEN):
            with pytest.raises(NotFound):
                await uploads.status(who, row.pk)
            with pytest.raises(NotFound):
                async with uploads.lock(who, row.pk):
                    pass
        with pytest.raises(Unauthorized):
            await uploads.status(Principal("anonymous", None, frozenset()), row.pk)

    with_uploads(Folder(tmp_path), look)


def test_an_open_service_continues_uploads_from_before_there_were_principals(tmp_path: Path) -> None:
    async def look(uploads: Uploads) -> None:
        row = await begun(uploads, tus(4))
        assert (await uploads.status(OPEN, row.pk)).offset == 0
        with pytest.raises(NotFound):
            await uploads.status(principal(""), row.pk)

    with_uploads(Folder(tmp_path), look)
