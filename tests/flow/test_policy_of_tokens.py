"""The media types of a token are kept to at the first bytes, before gigabytes arrive."""

from __future__ import annotations

import asyncio
import base64
import random
from pathlib import Path
from typing import Any

import pytest

from picasso.models import File
from picasso.web import body
from picasso.web.app import WebApp
from tests.flow.access import UPLOAD, UPLOADS, code, new_key, project, send, token, with_keys
from tests.flow.asgi import Exchange

pytestmark = pytest.mark.django_db(transaction=True)

GIB = 2**30
EXE = b"MZ" + random.Random(5).randbytes(70_000)


def part(name: str, content: bytes, more: str = "") -> bytes:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + content


HEADS: dict[str, tuple[str, str, dict[str, object]]] = {
    "raw": ("PUT", f"{UPLOAD}a.png", {}),
    "tus": (
        "POST",
        UPLOADS,
        {"tus_resumable": "1.0.0", "upload_length": GIB, "content_type": "application/offset+octet-stream"},
    ),
    "draft": ("POST", UPLOADS, {"upload_complete": "?1", "content_type": "image/png"}),
    "form": ("POST", UPLOAD, {"content_type": "multipart/form-data; boundary=b"}),
}


@pytest.mark.parametrize("way", HEADS)
def test_a_gibibyte_of_another_type_ends_at_its_first_bytes(tmp_path: Path, way: str) -> None:
    key, _ = new_key()
    text = token(key, media_types=["image/*"], owner="ann")

    async def begin(app: WebApp) -> Exchange:
        method, path, headers = HEADS[way]
        bearer = {} if way == "form" else {"authorization": f"Bearer {text}"}
        exchange = Exchange(app, method, path, {"content_length": GIB, **headers, **bearer})
        fields = part("token", text.encode() + b"\r\n") + part("file", b"", '; filename="a.png"')
        exchange.send((fields if way == "form" else b"") + EXE)
        await asyncio.wait_for(exchange.run(), 30)
        return exchange

    assert code(with_keys(tmp_path, begin)) == (415, "type-not-allowed")
    assert not File.everywhere.exists()
    assert not [each for each in tmp_path.rglob("*") if each.is_file() and each.stat().st_size >= 60_000]


# Tokens of one owner continue each other's uploads, and each keeps its own limits.

TEXT = b"no picture\n" * 3
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

TUS: dict[str, Any] = {"tus_resumable": "1.0.0", "content_type": "application/offset+octet-stream"}
PARTIAL: dict[str, Any] = {"content_type": "application/partial-upload"}

LIMITS: dict[str, tuple[dict[str, object], tuple[int, str]]] = {
    "types": ({"media_types": ["image/*"]}, (415, "type-not-allowed")),
    "size": ({"max_size": 5}, (413, "too-large")),
}


def two_tokens(**limits: object) -> tuple[str, str]:
    """Of one owner: one without limits, and one with them."""
    key, _ = new_key()
    return token(key, owner="ann", jti="one"), token(key, owner="ann", jti="two", **limits)


async def create(app: WebApp, credential: str, content: bytes, **more: object) -> str:
    """The path of a new upload by tus."""
    fields: dict[str, Any] = {"tus_resumable": "1.0.0", "upload_length": len(content), **more}
    made = await send(app, "POST", UPLOADS, credential, **fields)
    assert made.status == 201, made.body
    return made.headers["location"].partition("localhost")[2]


async def patch(app: WebApp, credential: str, path: str, content: bytes, offset: int = 0, **more: object) -> Exchange:
    return await send(app, "PATCH", path, credential, content, **{**TUS, "upload_offset": offset, **more})


async def at_once(app: WebApp, one: str, two: str, content: bytes) -> tuple[str, Exchange]:
    path = await create(app, one, content)
    return path, await patch(app, two, path, content)


async def the_rest(app: WebApp, one: str, two: str, content: bytes) -> tuple[str, Exchange]:
    path = await create(app, one, content)
    assert (await patch(app, one, path, content[:4])).status == 204
    return path, await patch(app, two, path, content[4:], 4)


async def with_its_length(app: WebApp, one: str, two: str, content: bytes) -> tuple[str, Exchange]:
    made = await send(app, "POST", UPLOADS, one, tus_resumable="1.0.0", upload_defer_length=1)
    path = made.headers["location"].partition("localhost")[2]
    return path, await patch(app, two, path, content, upload_length=len(content))


async def by_the_draft(app: WebApp, one: str, two: str, content: bytes) -> tuple[str, Exchange]:
    made = await send(app, "POST", UPLOADS, one, upload_complete="?0")
    path = made.headers["location"].partition("localhost")[2]
    more: dict[str, Any] = {"upload_offset": 0, "upload_complete": "?1"}
    return path, await send(app, "PATCH", path, two, content, **PARTIAL, **more)


async def completed_by_the_draft(app: WebApp, one: str, two: str, content: bytes) -> tuple[str, Exchange]:
    made = await send(app, "POST", UPLOADS, one, content, upload_complete="?0")
    path = made.headers["location"].partition("localhost")[2]
    more: dict[str, Any] = {"upload_offset": len(content), "upload_complete": "?1"}
    return path, await send(app, "PATCH", path, two, **PARTIAL, **more)


WAYS = {each.__name__: each for each in (at_once, the_rest, with_its_length, by_the_draft, completed_by_the_draft)}


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("way", WAYS)
def test_who_completes_an_upload_of_another_token_keeps_its_own_limits(tmp_path: Path, way: str, limit: str) -> None:
    limits, expected = LIMITS[limit]
    one, two = two_tokens(**limits)

    async def calls(app: WebApp) -> list[Exchange]:
        path, answer = await WAYS[way](app, one, two, TEXT)
        return [answer, await send(app, "HEAD", path, one, tus_resumable="1.0.0")]

    answer, head = with_keys(tmp_path, calls)
    assert code(answer) == expected
    assert head.status == 410, "it is over, as one that its own token may not upload"
    assert not File.everywhere.exists()


@pytest.mark.parametrize("way", WAYS)
def test_what_both_tokens_accept_becomes_a_file(tmp_path: Path, way: str) -> None:
    one, two = two_tokens(media_types=["image/*"], max_size=len(PNG))
    _, answer = with_keys(tmp_path, lambda app: WAYS[way](app, one, two, PNG))
    assert answer.status in {201, 204}, answer.body
    assert File.everywhere.get().media_type == "image/png"


def test_all_bytes_and_a_cut_do_not_pass_by_the_limits(tmp_path: Path) -> None:
    """Whoever asks for such an upload next makes it a file."""
    one, two = two_tokens(media_types=["image/*"])

    async def calls(app: WebApp) -> Exchange:
        path = await create(app, one, TEXT)
        bearer = {"authorization": f"Bearer {two}"}
        cut = Exchange(app, "PATCH", path, {"transfer_encoding": "chunked", **TUS, "upload_offset": 0, **bearer})
        cut.send(TEXT)
        cut.disconnect()
        await cut.run()
        return await send(app, "HEAD", path, one, tus_resumable="1.0.0")

    assert with_keys(tmp_path, calls).status == 410
    assert not File.everywhere.exists()


def test_a_part_is_continued_by_who_may_upload_as_much(tmp_path: Path) -> None:
    """What it becomes a part of is not known, and is committed with the limits of who joins the parts."""
    one, two = two_tokens(media_types=["image/*"])

    async def calls(app: WebApp) -> list[Exchange]:
        path = await create(app, one, TEXT, upload_concat="partial")
        return [await patch(app, two, path, TEXT), await patch(app, one, path, TEXT)]

    refused, added = with_keys(tmp_path, calls)
    assert code(refused) == (403, "forbidden")
    assert added.status == 204


# What comes at once takes a shorter way than what takes its time. Both have the same limits.

NAMED = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n' + TEXT + b"\r\n--b--\r\n"
KEY: dict[str, Any] = {"idempotency_key": "k"}
DOORS: dict[str, tuple[str, str, bytes, dict[str, Any]]] = {
    "form": ("POST", UPLOAD, NAMED, {"content_type": "multipart/form-data; boundary=b", **KEY}),
    "raw": ("PUT", f"{UPLOAD}a.txt", TEXT, KEY),
    "tus": ("POST", UPLOADS, TEXT, {**TUS, "upload_length": len(TEXT)}),
    "draft": ("POST", UPLOADS, TEXT, {"upload_complete": "?1"}),
}

REFUSALS: dict[str, tuple[dict[str, object], dict[str, Any], tuple[int, str]]] = {
    "types of the token": ({"media_types": ["image/*"]}, {}, (415, "type-not-allowed")),
    "size of the token": ({"max_size": 5}, {}, (413, "too-large")),
    "number of the token": ({"max_files": 1}, {}, (403, "token-used-up")),
    "types of the project": ({}, {"policy": {"allowed_types": ["image/*"]}}, (415, "type-not-allowed")),
    "size of the project": ({}, {"policy": {"max_size": 5}}, (413, "too-large")),
    "quota of the project": ({}, {"quotas": {"files": 1}}, (413, "quota-exceeded")),
    "quota of the owner": ({}, {"owner_quotas": {"files": 1}}, (413, "quota-exceeded")),
}


async def in_two_pieces(
    app: WebApp, credential: str, method: str, path: str, body: bytes, **fields: object
) -> Exchange:
    bearer = {"authorization": f"Bearer {credential}"}
    exchange = Exchange(app, method, path, {"content_length": len(body), **fields, **bearer})
    exchange.send(body[: len(body) // 2])
    running = asyncio.create_task(exchange.run())
    await exchange.taken()
    exchange.send(body[len(body) // 2 :], more=False)
    await running
    return exchange


@pytest.mark.parametrize("limit", REFUSALS)
@pytest.mark.parametrize("door", DOORS)
def test_both_ways_have_the_same_limits(tmp_path: Path, door: str, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limits, settings, expected = REFUSALS[limit]
    project(**settings)
    key, _ = new_key()
    text = token(key, owner="ann", jti="one", **limits)
    method, path, content, fields = DOORS[door]

    async def calls(app: WebApp) -> list[Exchange]:
        if "number" in limit or "quota" in limit:
            assert (await send(app, "PUT", f"{UPLOAD}first.txt", text, b"first")).status == 201
        short = await send(app, method, path, text, content, **fields)
        monkeypatch.setattr(body, "AT_ONCE_SECONDS", 0.0)
        return [short, await in_two_pieces(app, text, method, path, content, **fields)]

    answers = with_keys(tmp_path, calls)
    assert [code(answer) for answer in answers] == [expected] * 2
    assert not File.everywhere.exclude(name="first.txt").exists()
