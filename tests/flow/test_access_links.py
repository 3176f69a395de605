"""Visibility and links: who fetches which bytes, with which address, and for how long."""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings

from picasso.access import link_keys, links, projects
from picasso.access.principal import Scope
from picasso.models import Derivative, File, LinkKey
from picasso.web.app import WebApp
from tests.cost import least_seconds
from tests.flow.access import (
    API,
    FILES,
    UPLOAD,
    UPLOADS,
    code,
    form,
    get,
    new_key,
    post_form,
    project,
    put,
    send,
    token,
    with_keys,
)
from tests.flow.asgi import Exchange, ask

pytestmark = pytest.mark.django_db(transaction=True)

LINK = re.compile(r"/files/[0-9a-f-]{36}/a\.txt\?expires=\d+&signature=\d+-[A-Za-z0-9_-]{24}")


def address(stored: Exchange) -> str:
    found: str = json.loads(stored.body)["file"]
    return found.removeprefix("http://localhost")


def test_a_private_file_has_a_link_and_a_public_one_a_plain_address(tmp_path: Path) -> None:
    _, key = new_key()

    async def both(app: WebApp) -> list[Exchange]:
        private = await put(app, key)
        public = await send(app, "PUT", f"{UPLOAD}a.txt?visibility=public", key, b"content\n")
        of_private, of_public = address(private), address(public)
        assert LINK.fullmatch(of_private)
        assert "?" not in of_public
        paths = [of_private, of_private.partition("?")[0], of_public]
        strangers = [await get(app, path) for path in paths]
        return [*strangers, await get(app, paths[1], key)]

    linked, plain, public, mine = with_keys(tmp_path, both)
    assert [answer.status for answer in (linked, plain, public, mine)] == [200, 404, 200, 200]
    assert linked.body == public.body == mine.body == b"content\n"
    assert linked.headers["cache-control"] == mine.headers["cache-control"] == "private, no-cache"
    assert public.headers["cache-control"] == "public, max-age=60"
    assert public.headers["cross-origin-resource-policy"] == "cross-origin"


def test_lists_show_the_same_link_for_a_while(tmp_path: Path) -> None:
    _, key = new_key()

    async def twice(app: WebApp) -> list[str]:
        stored = await put(app, key)
        path = f"{FILES}{json.loads(stored.body)['id']}/"
        shown = [json.loads((await get(app, each, key)).body) for each in (FILES, path)]
        return [json.loads(stored.body)["file"], shown[0]["results"][0]["file"], shown[1]["file"]]

    assert len(set(with_keys(tmp_path, twice))) <= 2  # 2 at the one moment in three hours when they change


@pytest.mark.parametrize("seconds", [1, 60, 3600, 86_400])
def test_a_rounded_expiry_is_never_too_late_nor_much_too_early(seconds: int) -> None:
    for now in (0.0, 1.5, 1e9, 1764450000.9, 1764453599.0):
        left = links.rounded_expiry(now, seconds) - now
        assert seconds * 7 / 8 - 1 <= left <= seconds


def spoilt(link: str) -> dict[str, str]:
    path, expires, key_id, signature = re.fullmatch(r"(.*)\?expires=(\d+)&signature=(\d+)-(.*)", link).groups()  # type: ignore[union-attr]
    end = f"signature={key_id}-{signature}"
    other = "A" if signature[0] != "A" else "B"
    return {
        "expires": f"{path}?expires={int(expires) + 1}&{end}",
        "no expires": f"{path}?{end}",
        "two expires": f"{path}?expires={expires}&expires={expires}&{end}",
        "expires with a sign": f"{path}?expires=+{expires}&{end}",
        "expires with a zero": f"{path}?expires=0{expires}&{end}",
        "expires in other digits": f"{path}?expires={''.join(chr(ord(c) + 0x630) for c in expires)}&{end}",
        "signature": f"{path}?expires={expires}&signature={key_id}-{other}{signature[1:]}",
        "a short signature": f"{path}?expires={expires}&{end[:-1]}",
        "a long signature": f"{path}?expires={expires}&{end}A",
        "two signatures": f"{path}?expires={expires}&{end}&{end}",
        "an empty signature": f"{path}?expires={expires}&signature=",
        "another key": f"{path}?expires={expires}&signature={int(key_id) + 1}-{signature}",
        "the key with a zero": f"{path}?expires={expires}&signature=0{key_id}-{signature}",
        "a huge key": f"{path}?expires={expires}&signature={'9' * 18}-{signature}",
        "another name": f"{path[:-5]}b.txt?expires={expires}&{end}",
        "another file": f"{path[:-7]}{'0' if path[-7] != '0' else '1'}/a.txt?expires={expires}&{end}",
        "a derivative": f"{path[:-6]}/derived/image/a.txt?expires={expires}&{end}",
        "a longer path": f"{path}/x?expires={expires}&{end}",
    }


def test_a_spoilt_link_is_refused_whatever_it_names(tmp_path: Path) -> None:
    """All are 403, whether or not there is such a file: the answer tells nothing."""
    _, key = new_key()

    async def each(app: WebApp) -> dict[str, tuple[int | None, str]]:
        link = address(await put(app, key))
        return {name: code(await get(app, text)) for name, text in spoilt(link).items()}

    found = with_keys(tmp_path, each)
    assert {name: status for name, status in found.items() if status != (403, "invalid-link")} == {}


def test_a_link_opens_one_address_only(tmp_path: Path) -> None:
    _, key = new_key()

    async def each(app: WebApp) -> list[Exchange]:
        link = address(await put(app, key))
        query = link.partition("?")[2]
        api = [f"{FILES}?{query}", f"{API}jobs/?{query}", f"{API}me/?{query}", f"{FILES}{link[7:43]}/?{query}"]
        answers = [await get(app, path) for path in api]
        return [*answers, await send(app, "DELETE", link), await send(app, "PUT", f"{UPLOAD}a.txt?{query}")]

    answers = with_keys(tmp_path, each)
    assert [answer.status for answer in answers] == [401, 401, 401, 401, 405, 401]


def test_a_link_serves_parts_and_attachments(tmp_path: Path) -> None:
    _, key = new_key()

    async def each(app: WebApp) -> list[Exchange]:
        link = address(await put(app, key))
        query = link.partition("?")[2]
        paths = [link, f"{link}&download", link.replace(query, f"download=1&{query}")]
        answers = [await ask(app, "GET", path, b"", range="bytes=0-1,4-5") for path in paths]
        return [*answers, await ask(app, "HEAD", paths[1])]

    answers = with_keys(tmp_path, each)
    assert [answer.status for answer in answers] == [206, 206, 206, 200]
    kinds = [answer.headers["content-disposition"].partition(";")[0] for answer in answers]
    assert kinds == ["inline", "attachment", "attachment", "attachment"]
    assert all(b"\r\n\r\nco\r\n" in answer.body for answer in answers[:3])


def test_a_link_expires(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, key = new_key()

    async def before_and_after(app: WebApp) -> list[Exchange]:
        link = address(await put(app, key))
        expires = int(re.findall(r"expires=(\d+)", link)[0])
        found = []
        for now in (expires - 1.0, float(expires), expires + 1e6):
            monkeypatch.setattr("picasso.access.links.time.time", lambda now=now: now)
            found.append(await get(app, link))
        return found

    first, *later = with_keys(tmp_path, before_and_after)
    assert first.status == 200
    assert [code(answer) for answer in later] == [(410, "expired-link")] * 2


def test_a_link_of_a_deleted_file_is_404(tmp_path: Path) -> None:
    _, key = new_key()

    async def delete(app: WebApp) -> Exchange:
        stored = await put(app, key)
        await send(app, "DELETE", f"{FILES}{json.loads(stored.body)['id']}/", key)
        return await get(app, address(stored))

    assert code(with_keys(tmp_path, delete)) == (404, "not-found")


def test_another_projects_key_signs_no_link_to_this_ones_file(tmp_path: Path) -> None:
    _, key = new_key("ann")
    theirs = link_keys.current(project("bob").pk)

    async def forge(app: WebApp) -> Exchange:
        path = unquote(address(await put(app, key)).partition("?")[0])
        return await get(app, path + links.Signer(theirs, int(time.time()) + 60).query(path))

    assert code(with_keys(tmp_path, forge)) == (404, "not-found")


# Keys of links


def with_clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr("picasso.access.authenticate.time.monotonic", lambda: now[0])
    return now


def test_revoking_ends_all_links_and_rotating_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (_, admin), (_, other) = new_key(), new_key("other")
    now = with_clock(monkeypatch)

    async def each(app: WebApp) -> list[int | None]:
        link, foreign = address(await put(app, admin)), address(await put(app, other))
        found = []
        for action in ("rotate", "revoke"):
            assert (await send(app, "POST", f"{API}link-keys/{action}/", admin)).status == 204
            now[0] += projects.KEPT_SECONDS
            found += [(await get(app, each)).status for each in (link, foreign)]
        return [*found, (await get(app, address(await put(app, admin)))).status]

    assert with_keys(tmp_path, each) == [200, 200, 403, 200, 200]


def test_only_two_keys_of_links_live(tmp_path: Path) -> None:
    row = project()
    link_keys.current(row.pk)
    for _ in range(3):
        link_keys.rotate(row.pk)
    assert LinkKey.objects.filter(project=row).count() == link_keys.LIVE


def test_the_database_alone_signs_no_links() -> None:
    row = link_keys.create(project().pk)
    before = link_keys.of_row(row)
    with override_settings(SECRET_KEY="another one"):
        assert link_keys.of_row(row).secret != before.secret
    assert row.secret.encode() not in before.secret


def test_signing_is_cheap() -> None:
    """Measured without load: 3 µs. The bound is for a busy machine."""
    signer = links.Signer(link_keys.LinkKey(1, bytes(32)), 1_800_000_000)
    rounds = 2000

    def sign() -> None:
        for number in range(rounds):
            signer.query(f"/files/01890a5d-ac96-774b-bcce-{number:012}/picture.jpg")

    assert least_seconds(sign, 30e-6 * rounds) < 30e-6 * rounds


# Links by request


def test_links_by_request(tmp_path: Path) -> None:
    row, key = new_key()
    reads = token(row, scopes=["files:read"])

    async def each(app: WebApp) -> list[Exchange]:
        stored = json.loads((await put(app, key)).body)
        await asyncio.to_thread(add_derivative, stored["id"])
        path = f"{FILES}{stored['id']}/links/"

        async def make(body: dict[str, Any], credential: str = key) -> Exchange:
            return await send(app, "POST", path, credential, json.dumps(body).encode(), content_type="application/json")

        made = [
            await make({}),
            await make({"expires_in": 604_800, "variant": "thumbnail-256"}),
            await make({"expires_in": 604_801}),
            await make({"expires_in": 0}),
            await make({"variant": "poster"}),
            await make({"expires_in": 604_800}, reads),
            await make({"expires_in": 60}, reads),
            await make({}, token(row)),
            await make({}, token(row, owner="bob", scopes=["files:read"])),
        ]
        fetched = await get(app, json.loads(made[0].body)["url"].removeprefix("http://localhost"))
        return [fetched, *made]

    fetched, *made = with_keys(tmp_path, each)
    assert fetched.body == b"content\n"
    assert [answer.status for answer in made] == [201, 201, 400, 400, 404, 400, 201, 403, 404]
    assert "/derived/image/x.webp?expires=" in json.loads(made[1].body)["url"]


def add_derivative(file_id: str) -> None:
    file = File.everywhere.get(pk=file_id)
    values = {"media_type": "image/webp", "size": 1, "sha256": "0" * 64}
    Derivative.objects.create(file=file, processor="image", role="thumbnail-256", key="a/x.webp", **values)
    connection.close()


# Visibility


@pytest.mark.parametrize("visibility", ["public", "private"])
def test_the_visibility_of_the_project_counts_for_files_that_name_none(visibility: str, tmp_path: Path) -> None:
    project(visibility=visibility)
    _, key = new_key()
    with_keys(tmp_path, lambda app: put(app, key))
    assert File.everywhere.get().visibility == visibility


def test_the_visibility_on_each_way_in(tmp_path: Path) -> None:
    _, key = new_key()
    until = "2099-12-31T23:59:59Z"
    query = f"visibility=public&expires_at={until}"
    metadata = "filename YS50eHQ=,visibility cHVibGlj,expires_at MjA5OS0xMi0zMVQyMzo1OTo1OVo="

    async def each(app: WebApp) -> list[Exchange]:
        tus = {"tus_resumable": "1.0.0", "upload_length": 8, "content_type": "application/offset+octet-stream"}
        return [
            await post_form(app, form(("visibility", b"public"), ("expires_at", until.encode())), key),
            await send(app, "PUT", f"{UPLOAD}a.txt?{query}", key, b"content\n"),
            await send(app, "POST", UPLOADS, key, b"content\n", upload_metadata=metadata, **tus),
            await send(app, "POST", f"{UPLOAD}a.txt?{query}", key, b"content\n", upload_complete="?1"),
        ]

    assert {answer.status for answer in with_keys(tmp_path, each)} == {201}
    files = File.everywhere.all()
    assert len(files) == 4
    assert {(file.visibility, file.expires_at and file.expires_at.year) for file in files} == {("public", 2099)}


@pytest.mark.parametrize(
    "wish",
    [
        "visibility=secret",
        "visibility=PUBLIC",
        "expires_at=2001-01-01T00:00:00Z",
        "expires_at=2999-01-01T00:00:00Z",
        "expires_at=tomorrow",
    ],
)
def test_a_wrong_wish(wish: str, tmp_path: Path) -> None:
    _, key = new_key()
    answer = with_keys(tmp_path, lambda app: send(app, "PUT", f"{UPLOAD}a.txt?{wish}", key, b"x"))
    assert code(answer) == (400, "invalid-field")
    assert json.loads(answer.body)["errors"][0]["field"] == wish.partition("=")[0]


def test_the_visibility_of_a_pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from picasso.process import pipelines
    from picasso.process.pipelines import Pipelines

    rows = [replace(each, visibility="public") for each in pipelines.pipelines()]
    monkeypatch.setattr("picasso.web.app.pipelines", lambda: Pipelines(rows))
    _, key = new_key()
    with_keys(tmp_path, lambda app: put(app, key))
    assert File.everywhere.get().visibility == "public"


def test_a_project_allows_pipelines(tmp_path: Path) -> None:
    project(pipelines=["web"])
    _, key = new_key()
    assert code(with_keys(tmp_path, lambda app: put(app, key))) == (403, "forbidden")


def test_a_token_makes_a_file_public_only_if_it_says_so(tmp_path: Path) -> None:
    row, _ = new_key()
    public, private, silent = (token(row, visibility=value) for value in ("public", "private", None))

    async def each(app: WebApp) -> list[int | None]:
        async def wish(text: str, value: str) -> int | None:
            return (await send(app, "PUT", f"{UPLOAD}a.txt?visibility={value}", text, b"x")).status

        asked = [(public, "public"), (public, "private"), (private, "public"), (silent, "public"), (silent, "private")]
        return [await wish(*each) for each in asked]

    assert with_keys(tmp_path, each) == [201, 403, 403, 403, 201]


# PATCH


def test_patch(tmp_path: Path) -> None:
    _, key = new_key()
    _, writes = new_key(scopes=frozenset({Scope.FILES_WRITE}))
    _, reads = new_key(scopes=frozenset({Scope.FILES_READ}))
    _, other = new_key("other")

    async def each(app: WebApp) -> list[Exchange]:
        path = f"{FILES}{json.loads((await put(app, key)).body)['id']}/"

        async def patch(body: object, credential: str = key, kind: str = "application/merge-patch+json") -> Exchange:
            return await send(app, "PATCH", path, credential, json.dumps(body).encode(), content_type=kind)

        return [
            await patch({"visibility": "public", "name": "b.txt", "expires_at": "2099-12-31T23:59:59+01:00"}),
            await patch({"expires_at": None}, kind="application/json"),
            await patch({"visibility": "private"}, writes),
            await patch({"expires_at": "2099-12-31T23:59:59Z"}, writes),
            await patch({"visibility": "private"}, reads),
            await patch({"visibility": "private"}, other),
            await patch({"visibility": None}),
            await patch({"visibility": ["public"]}),
            await patch({"name": ""}),
            await patch({"name": "a" * 256}),
            await patch({"size": 5}),
            await patch([]),
            await patch({"name": "b"}, kind="text/plain"),
        ]

    changed, restored, *others = with_keys(tmp_path, each)
    shown = json.loads(changed.body)
    assert (shown["visibility"], shown["name"]) == ("public", "b.txt")
    assert shown["expires_at"].startswith("2099-12-31T22:59:59")
    assert shown["file"].endswith("/a.txt")
    assert json.loads(restored.body)["expires_at"] is None
    statuses = [answer.status for answer in others]
    assert statuses == [204, 403, 403, 404, 400, 400, 400, 400, 400, 400, 415]


def test_a_token_changes_what_its_application_leaves_to_it(tmp_path: Path) -> None:
    row, _ = new_key()
    scopes = ["files:read", "files:write", "files:delete"]
    ann = token(row, owner="ann", scopes=scopes, expires_in=3600)
    public, nobody = token(row, owner="ann", scopes=scopes, visibility="public"), token(row, scopes=scopes)

    async def each(app: WebApp) -> list[int | None]:
        path = f"{FILES}{json.loads((await put(app, ann)).body)['id']}/"

        async def patch(body: object, text: str) -> int | None:
            kind = "application/merge-patch+json"
            return (await send(app, "PATCH", path, text, json.dumps(body).encode(), content_type=kind)).status

        return [
            await patch({"name": "b"}, ann),
            await patch({"visibility": "public"}, ann),
            await patch({"expires_at": None}, ann),
            await patch({"expires_at": "2099-01-01T00:00:00Z"}, ann),
            await patch({"visibility": "public"}, public),
            await patch({"name": "b"}, nobody),
            await patch({"name": "c"}, token(row, owner="bob", scopes=scopes)),
        ]

    assert with_keys(tmp_path, each) == [200, 403, 403, 403, 403, 403, 404]


def test_a_file_that_becomes_private_is_not_served_any_more(tmp_path: Path) -> None:
    _, key = new_key()

    async def each(app: WebApp) -> list[Exchange]:
        stored = await send(app, "PUT", f"{UPLOAD}a.txt?visibility=public", key, b"content\n")
        path, kind = f"{FILES}{json.loads(stored.body)['id']}/", "application/merge-patch+json"
        await send(app, "PATCH", path, key, b'{"visibility": "private"}', content_type=kind)
        return [await get(app, address(stored)), await get(app, address(stored), key)]

    stranger, mine = with_keys(tmp_path, each)
    assert (stranger.status, mine.headers["cache-control"]) == (404, "private, no-cache")


def test_with_open_access_addresses_are_plain(tmp_path: Path) -> None:
    stored = with_keys(tmp_path, put, access="open")
    assert "?" not in address(stored)
    assert settings.PICASSO.link_expiry == 86_400
