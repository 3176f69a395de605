"""Tags and attributes: what is accepted, and that every way to upload carries them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from picasso.errors import InvalidField
from picasso.metadata import MAX_ATTRIBUTES, attributes_in, merged, parse_attributes, parse_tags, tags_in
from picasso.models import File
from picasso.web.app import WebApp
from tests.flow.access import UPLOAD, UPLOADS, form, new_key, post_form, send, token, with_keys
from tests.flow.asgi import Exchange

TAGS = ["beach", "ümlaut"]
ATTRIBUTES = {"order": 17, "nested": {"ü": [1.5, None, True]}}


def deep(levels: int) -> Any:
    value: Any = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b, a ,b,", ["a", "b"]),
        ('["a, b", " c "]', ["a, b", "c"]),
        ("u\u0308", ["ü"]),
        ("", []),
        (",".join(map(str, range(50))), sorted(map(str, range(50)))),
        ("x" * 64, ["x" * 64]),
    ],
)
def test_tags_of_a_text(text: str, expected: list[str]) -> None:
    assert tags_in(text) == expected


@pytest.mark.parametrize(
    "value",
    [
        *("a", [1], [None], [""], ["  "], ["x" * 65], ["a\0"], ["a\nb"], ["\ud800"], [["a"]], {"a": 1}),
        *(list(map(str, range(51))), ["\u0301" * 100_000]),
    ],
    ids=range(13),
)
def test_wrong_tags(value: Any) -> None:
    with pytest.raises(InvalidField):
        parse_tags(value)


@pytest.mark.parametrize(
    "text",
    [
        *("[]", "1", '"a"', "{", '{"a": NaN}', '{"a": 1e999}', '{"a": 1e31}', '{"a": 1e-31}', '{"a": 1, "a": 2}'),
        *('{"a": "\\u0000"}', '{"\\u0000": 1}', '{"a": "\\ud800"}', '{"\udc80": 1}', "[" * 100_000),
        *(json.dumps({"a" * 129: 1}), json.dumps(deep(17)), json.dumps({"a": "x" * MAX_ATTRIBUTES})),
        *(f'{{"a": {"9" * 5000}}}', f'{{"a": {"9" * 40}}}', json.dumps({"a": [[{"b": {"c": "\0"}}]]})),
    ],
    ids=range(20),
)
def test_wrong_attributes(text: str) -> None:
    with pytest.raises(InvalidField) as caught:
        attributes_in(text)
    assert [error["field"] for error in caught.value.errors] == ["attributes"]


def test_attributes_at_their_limits() -> None:
    full = {"a": "ü" * ((MAX_ATTRIBUTES - 8) // 2)}
    assert parse_attributes(full) == full
    assert parse_attributes(deep(16)) == deep(16)
    assert attributes_in('{"": 1e30, "b": -1e-30, "c": -0.0}') == {"": 10**30 + 19884624838656, "b": -1e-30, "c": 0}
    assert "e" not in json.dumps(attributes_in('{"a": 1e20}')).replace('"a"', "")


def test_a_merge_patch_is_that_of_the_rfc() -> None:
    old = {"a": {"b": 1, "c": 2}, "d": [1], "e": None}
    assert merged(old, {"a": {"b": None, "x": {"y": None}}, "d": [None]}) == {
        "a": {"c": 2, "x": {}},
        "d": [None],
        "e": None,
    }
    assert merged(old, None) == {}
    assert old["a"] == {"b": 1, "c": 2}
    with pytest.raises(InvalidField):
        merged(old, deep(100_000))


def encoded(**values: Any) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in values.items())


async def by_form(app: WebApp, credential: str) -> Exchange:
    fields = [("tags", "ümlaut".encode()), ("tags", b"beach"), ("attributes", json.dumps(ATTRIBUTES).encode())]
    return await post_form(app, form(*fields), credential)


async def by_header(app: WebApp, credential: str) -> Exchange:
    headers = {"picasso_tags": 'beach, %"%c3%bcmlaut"', "picasso_attributes": json.dumps(ATTRIBUTES)}
    return await send(app, "PUT", f"{UPLOAD}a.txt", credential, b"content", **headers)


async def by_byte_sequence(app: WebApp, credential: str) -> Exchange:
    value = base64.b64encode(json.dumps(ATTRIBUTES, ensure_ascii=False).encode()).decode()
    headers = {"picasso_tags": json.dumps(TAGS, ensure_ascii=False), "picasso_attributes": f":{value}:"}
    return await send(app, "PUT", f"{UPLOAD}a.txt", credential, b"content", **headers)


async def by_query(app: WebApp, credential: str) -> Exchange:
    query = "tags=beach&tags=%C3%BCmlaut&attributes=" + json.dumps(ATTRIBUTES).replace(" ", "")
    return await send(app, "PUT", f"{UPLOAD}a.txt?{query}", credential, b"content")


async def by_form_and_address(app: WebApp, credential: str) -> Exchange:
    headers = {"picasso_attributes": json.dumps(ATTRIBUTES), "content_type": "multipart/form-data; boundary=wall"}
    return await send(app, "POST", f"{UPLOAD}?tags=beach&tags=%C3%BCmlaut", credential, form(), **headers)


async def by_tus(app: WebApp, credential: str) -> Exchange:
    fields = encoded(filename="a.txt", tags="beach,ümlaut", attributes=json.dumps(ATTRIBUTES))
    headers: dict[str, object] = {"tus_resumable": "1.0.0", "upload_length": 7, "upload_metadata": fields}
    made = await send(app, "POST", UPLOADS, credential, b"", **headers)
    shown = json.loads(made.body)
    assert (shown["tags"], shown["attributes"]) == (TAGS, ATTRIBUTES)
    path = f"{UPLOADS}{shown['id']}"
    chunk: dict[str, object] = {"upload_offset": 0, "content_type": "application/offset+octet-stream"}
    await send(app, "PATCH", path, credential, b"content", **{"tus_resumable": "1.0.0", **chunk})
    return made


async def by_draft(app: WebApp, credential: str) -> Exchange:
    headers = {"picasso_tags": json.dumps(TAGS), "picasso_attributes": json.dumps(ATTRIBUTES), "upload_complete": "?1"}
    return await send(app, "POST", f"{UPLOAD}a.txt", credential, b"content", **headers)


async def by_claims(app: WebApp, credential: str) -> Exchange:
    fields = [("tags", b"beach"), ("attributes", b'{"order": 18, "nested": {}}')]
    return await post_form(app, form(*fields), credential)


@pytest.mark.django_db(transaction=True)
def test_every_way_to_upload_carries_them(tmp_path: Path) -> None:
    row, key = new_key()
    claims = token(row, tags=TAGS, attributes=ATTRIBUTES)
    ways = (by_form, by_form_and_address, by_header, by_byte_sequence, by_query, by_tus, by_draft)

    async def upload(app: WebApp) -> list[tuple[int | None, Any]]:
        answers = [*[await way(app, key) for way in ways], await by_claims(app, claims)]
        return [(answer.status, json.loads(answer.body)) for answer in answers]

    answers = with_keys(tmp_path, upload)
    assert [(status, body.get("tags"), body.get("attributes")) for status, body in answers] == [
        (201, TAGS, ATTRIBUTES)
    ] * 8
    rows = File.everywhere.values_list("tags", "attributes")
    assert list(rows) == [(TAGS, ATTRIBUTES)] * 8


@pytest.mark.django_db(transaction=True)
def test_wrong_ones_are_refused_with_their_field(tmp_path: Path) -> None:
    _, key = new_key()

    async def upload(app: WebApp) -> list[Exchange]:
        return [
            await post_form(app, form(("tags", b"a\0")), key),
            await post_form(app, form(("attributes", b'{"a": "\xff"}')), key),
            await post_form(app, form(*[("tags", b"%d" % n) for n in range(51)]), key),
            await send(app, "PUT", f"{UPLOAD}a?tags=%FF", key, b"a"),
            await send(app, "PUT", f"{UPLOAD}a?attributes=1", key, b"a"),
            await send(app, "PUT", f"{UPLOAD}a?tags=a", key, b"a", picasso_tags="b"),
            await send(app, "PUT", f"{UPLOAD}a", key, b"a", picasso_tags='"a'),
        ]

    answers = with_keys(tmp_path, upload)
    assert [answer.status for answer in answers] == [400] * 7
    fields = [json.loads(answer.body)["errors"][0]["field"] for answer in answers]
    assert fields == ["tags", "attributes", "tags", "tags", "attributes", "tags", "tags"]
    assert not File.everywhere.exists()


@pytest.mark.django_db(transaction=True)
def test_what_the_form_and_the_address_both_say_is_refused(tmp_path: Path) -> None:
    _, key = new_key()

    async def upload(app: WebApp) -> Exchange:
        headers = {"content_type": "multipart/form-data; boundary=wall"}
        return await send(app, "POST", f"{UPLOAD}?tags=a", key, form(("tags", b"b")), **headers)

    answered = with_keys(tmp_path, upload)
    assert (answered.status, json.loads(answered.body)["errors"][0]["field"]) == (400, "tags")
    assert not File.everywhere.exists()
