"""Tokens: what they let through on every way in, and what they refuse."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
import zlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connection
from django.utils import timezone

from picasso.access import projects, tokens
from picasso.access.claims import ClaimError, parse_claims
from picasso.access.principal import Scope
from picasso.models import File, Key, TokenUse
from picasso.web.app import WebApp
from tests.flow.access import (
    API,
    FILES,
    UPLOAD,
    UPLOADS,
    claims,
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
from tests.waiting import SECONDS

pytestmark = pytest.mark.django_db(transaction=True)

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def b64(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def signed(header: object, payload: object, secret: str) -> str:
    text = f"{b64(header)}.{b64(payload)}"
    return f"{text}.{b64(hmac.digest(secret.encode(), text.encode(), 'sha256'))}"


def pem(private: Any) -> str:
    found: bytes = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return found.decode()


# Every way in


async def by_form(app: WebApp, text: str) -> Exchange:
    return await post_form(app, form(("token", text.encode())))


async def by_query(app: WebApp, text: str) -> Exchange:
    return await send(app, "PUT", f"{UPLOAD}a.txt?token={text}", body=b"content\n")


async def by_tus(app: WebApp, text: str) -> Exchange:
    made = await create_tus(app, text)
    return await append_tus(app, made, text) if made.status == 201 else made


async def create_tus(app: WebApp, text: str) -> Exchange:
    name = "filename YS50eHQ="
    return await send(app, "POST", UPLOADS, text, tus_resumable="1.0.0", upload_length=8, upload_metadata=name)


async def append_tus(app: WebApp, made: Exchange, text: str) -> Exchange:
    kind = {"content_type": "application/offset+octet-stream", "upload_offset": 0}
    return await send(app, "PATCH", path_of(made), text, b"content\n", tus_resumable="1.0.0", **kind)


def path_of(made: Exchange) -> str:
    return made.headers["location"].removeprefix("http://localhost")


async def by_draft(app: WebApp, text: str) -> Exchange:
    return await send(app, "POST", f"{UPLOAD}a.txt", text, b"content\n", upload_complete="?1")


WAYS = [by_form, by_query, put, by_tus, by_draft]


@pytest.mark.parametrize("way", WAYS)
def test_a_token_works_on_every_way_in(way: Callable[[WebApp, str], Any], tmp_path: Path) -> None:
    key, _ = new_key("shop")
    text = token(key, owner="ann", pipeline="default", expires_in=3600)
    answer = with_keys(tmp_path, lambda app: way(app, text))
    assert answer.status in {201, 204}, answer.body
    (file,) = File.everywhere.all()
    assert (file.project_id, file.owner, file.visibility) == (key.project_id, "ann", "private")
    assert file.expires_at
    assert timedelta(minutes=55) < file.expires_at - timezone.now() <= timedelta(hours=1)


LIMITED: list[tuple[dict[str, Any], tuple[int, str]]] = [
    ({"media_types": ["image/*"]}, (415, "type-not-allowed")),
    ({"max_size": 7}, (413, "too-large")),
    ({"scopes": ["files:read"]}, (403, "forbidden")),
    ({"exp": int(time.time()) - 3600}, (401, "expired-token")),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("limit", "expected"), LIMITED, ids=lambda v: next(iter(v)) if isinstance(v, dict) else "")
def test_a_token_limits_every_way_in(
    way: Callable[[WebApp, str], Any], limit: dict[str, Any], expected: tuple[int, str], tmp_path: Path
) -> None:
    key, _ = new_key()
    answer = with_keys(tmp_path, lambda app: way(app, token(key, **limit)))
    assert code(answer) == expected
    assert not File.everywhere.exists()


@pytest.mark.parametrize("way", WAYS)
def test_max_files_holds_on_every_way_in(way: Callable[[WebApp, str], Any], tmp_path: Path) -> None:
    key, _ = new_key()
    text = token(key, max_files=2, jti="one")

    async def three(app: WebApp) -> list[Exchange]:
        return [await way(app, text) for _ in range(3)]

    *accepted, refused = with_keys(tmp_path, three)
    assert all(answer.status in {201, 204} for answer in accepted)
    assert code(refused) == (403, "token-used-up")
    assert File.everywhere.count() == 2
    assert TokenUse.objects.get().files == 2


def test_max_files_is_exact_among_parallel_uploads(tmp_path: Path) -> None:
    key, _ = new_key()
    text = token(key, max_files=5, jti="one", owner="ann")
    apps = 2

    async def race(first: WebApp) -> list[Exchange]:
        return list(await asyncio.gather(*(put(first, text, f"{n}.txt") for n in range(32 // apps))))

    answers = with_keys(tmp_path, race) + with_keys(tmp_path, race)
    assert sorted(code(answer) for answer in answers) == [(201, "")] * 5 + [(403, "token-used-up")] * 27
    assert File.everywhere.count() == 5


def test_a_repeated_request_is_answered_also_when_its_token_is_used_up(tmp_path: Path) -> None:
    key, _ = new_key()
    text = token(key, max_files=1)

    async def twice(app: WebApp) -> list[Exchange]:
        path, once = f"{UPLOAD}a.txt", "once"
        return [await send(app, "PUT", path, text, b"content\n", idempotency_key=once) for _ in range(2)]

    first, second = with_keys(tmp_path, twice)
    assert first.status == second.status == 201
    assert json.loads(first.body)["id"] == json.loads(second.body)["id"]


def test_a_repeated_request_may_have_a_new_token_in_its_query(tmp_path: Path) -> None:
    key, _ = new_key()
    texts = [token(key, owner="ann", jti=jti) for jti in ("one", "two")]

    async def twice(app: WebApp) -> list[Exchange]:
        paths = [f"{UPLOAD}a.txt?token={text}&visibility=private" for text in texts]
        return [await send(app, "PUT", path, body=b"content\n", idempotency_key="once") for path in paths]

    first, second = with_keys(tmp_path, twice)
    assert first.status == second.status == 201
    assert json.loads(first.body)["id"] == json.loads(second.body)["id"]


def test_a_refused_resumable_upload_ends(tmp_path: Path) -> None:
    key, _ = new_key()
    text = token(key, media_types=["image/*"], owner="ann")

    async def refused(app: WebApp) -> list[Exchange]:
        made = await create_tus(app, text)
        patch = await append_tus(app, made, text)
        return [patch, await send(app, "HEAD", path_of(made), text, tus_resumable="1.0.0")]

    patch, head = with_keys(tmp_path, refused)
    assert code(patch) == (415, "type-not-allowed")
    assert head.status == 410


def test_a_type_is_the_one_of_the_content(tmp_path: Path) -> None:
    key, _ = new_key()
    text = token(key, media_types=["image/png"])

    async def both(app: WebApp) -> list[Exchange]:
        path, script = f"{UPLOAD}a.png", b"<script>1</script>"
        disguised = await send(app, "PUT", path, text, script, content_type="image/png")
        return [disguised, await put(app, text, "a.txt", PNG)]

    disguised, real = with_keys(tmp_path, both)
    assert (code(disguised), real.status) == ((415, "type-not-allowed"), 201)


# A form


def test_the_token_of_a_form_comes_before_its_file(tmp_path: Path) -> None:
    key, secret = new_key()
    text = token(key).encode()

    async def forms(app: WebApp) -> list[Exchange]:
        return [
            await post_form(app, form()),
            await post_form(app, form(("file", b"content\n"), ("token", text), file=None)),
            await post_form(app, form(("token", text), ("token", text))),
            await post_form(app, form(("token", b"nonsense"))),
            await post_form(app, form(("token", secret.encode()))),
            await post_form(app, form(("token", text)), secret),
            await post_form(app, form(("token", text)), idempotency_key="x"),
            await post_form(app, form(("token", text), ("visibility", b"public"))),
            await post_form(app, form(("token", text), ("visibility", b"secret"))),
            await post_form(app, form(("token", text), ("expires_at", b"yesterday"))),
        ]

    assert [code(answer) for answer in with_keys(tmp_path, forms)] == [
        (401, "unauthorized"),
        (401, "unauthorized"),
        (400, "invalid-field"),
        (401, "invalid-token"),
        (401, "invalid-token"),
        (400, "bad-request"),
        (401, "unauthorized"),
        (403, "forbidden"),
        (400, "invalid-field"),
        (400, "invalid-field"),
    ]
    assert not File.everywhere.exists()


def test_a_form_without_a_token_is_refused_before_its_file(tmp_path: Path) -> None:
    async def sends_the_head_only(app: WebApp) -> Exchange:
        headers = {"content-length": 10**9, "content-type": "multipart/form-data; boundary=wall"}
        exchange = Exchange(app, "POST", UPLOAD, headers)
        exchange.send(form()[:90])
        task = asyncio.create_task(exchange.run())
        await asyncio.wait([task], timeout=SECONDS)
        exchange.disconnect()
        await task
        return exchange

    assert code(with_keys(tmp_path, sends_the_head_only)) == (401, "unauthorized")


# Owners


def test_a_token_sees_the_files_of_its_owner_only(tmp_path: Path) -> None:
    key, _ = new_key()
    scopes = ["files:read", "files:write", "files:delete", "jobs:read", "jobs:write"]
    ann, bob = (token(key, owner=name, scopes=scopes) for name in ("ann", "bob"))

    async def look(app: WebApp) -> tuple[list[Exchange], list[Exchange], list[Exchange]]:
        stored = json.loads((await put(app, ann)).body)
        path = stored["file"].removeprefix("http://localhost").partition("?")[0]
        one = [f"{FILES}{stored['id']}/", f"{FILES}{stored['id']}/jobs/", path]
        lists = [await get(app, each, bob) for each in (FILES, f"{API}jobs/")]
        mine = [await get(app, each, ann) for each in one]
        foreign = [await get(app, each, bob) for each in one]
        foreign.append(await send(app, "DELETE", one[0], bob))
        return mine, foreign, lists

    mine, foreign, (files, jobs) = with_keys(tmp_path, look)
    assert [answer.status for answer in mine] == [200] * 3
    assert [code(answer) for answer in foreign] == [(404, "not-found")] * 4
    assert json.loads(files.body)["count"] == 0
    assert json.loads(jobs.body)["results"] == []


def test_an_upload_of_another_owner_does_not_exist(tmp_path: Path) -> None:
    key, _ = new_key()
    ann, again, bob = (token(key, owner=name, jti=jti) for name, jti in (("ann", "1"), ("ann", "2"), ("bob", "3")))

    async def look(app: WebApp) -> list[int | None]:
        path = path_of(await create_tus(app, ann))
        asked = [("HEAD", bob), ("GET", bob), ("DELETE", bob), ("HEAD", again)]
        return [(await send(app, method, path, text, tus_resumable="1.0.0")).status for method, text in asked]

    assert with_keys(tmp_path, look) == [404, 404, 404, 200]


def test_a_key_may_act_for_an_owner_and_a_token_for_its_own_only(tmp_path: Path) -> None:
    key, secret = new_key()
    ann = token(key, owner="ann")

    async def requests(app: WebApp) -> list[Exchange]:
        async def put_for(credential: str, owner: str) -> Exchange:
            return await send(app, "PUT", f"{UPLOAD}a.txt", credential, b"content\n", picasso_owner=owner)

        made = [
            await put_for(secret, "ann"),
            await put_for(secret, "Zoë"),
            await put_for(secret, "x" * 256),
            await put_for(ann, "ann"),
            await put_for(ann, "bob"),
            await put_for("", "ann"),
        ]
        made.append(await send(app, "GET", FILES, secret, picasso_owner="ann"))
        return made

    *answers, listed = with_keys(tmp_path, requests)
    expected = [(201, ""), (201, ""), (400, "invalid-field"), (201, ""), (403, "forbidden"), (401, "unauthorized")]
    assert [code(answer) for answer in answers] == expected
    assert json.loads(listed.body)["count"] == 2
    assert sorted(File.everywhere.values_list("owner", flat=True)) == ["Zoë", "ann", "ann"]


# Rights


def test_a_token_never_has_more_than_its_key(tmp_path: Path) -> None:
    key, _ = new_key("small", frozenset({Scope.FILES_READ}))
    answer = with_keys(tmp_path, lambda app: put(app, token(key, scopes=["files:write", "files:read"])))
    assert code(answer) == (403, "forbidden")


@pytest.mark.parametrize("scope", ["project:admin", "service:admin", "webhooks:write", "files:quarantine", "*", ""])
def test_a_token_never_administers(scope: str, tmp_path: Path) -> None:
    key, _ = new_key("all", frozenset(Scope))
    answer = with_keys(tmp_path, lambda app: get(app, FILES, token(key, scopes=[scope])))
    assert code(answer) == (401, "invalid-token")


def test_a_token_ends_with_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, _ = new_key()
    text = token(key)
    now = [1000.0]
    monkeypatch.setattr("picasso.access.authenticate.time.monotonic", lambda: now[0])

    async def before_and_after(app: WebApp) -> list[Exchange]:
        first = await put(app, text)
        await asyncio.to_thread(revoke, key)
        now[0] += projects.KEPT_SECONDS
        return [first, await put(app, text)]

    first, second = with_keys(tmp_path, before_and_after)
    assert (first.status, code(second)) == (201, (401, "revoked-key"))


def revoke(key: Key) -> None:
    Key.objects.filter(pk=key.pk).update(revoked_at=timezone.now())
    connection.close()


@pytest.mark.parametrize("made_by", ["application", "service"])
def test_the_networks_of_a_token_are_its_own(tmp_path: Path, made_by: str) -> None:
    """Those of its key are where the application is, and its browsers are not there."""
    row, text = new_key(networks=["127.0.0.1"])
    near, far = {"x_forwarded_for": "127.0.0.1"}, {"x_forwarded_for": "192.0.2.1"}

    async def made(app: WebApp, **limits: Any) -> str:
        if made_by == "application":
            return token(row, **limits)
        body = json.dumps(limits).encode()
        answer = await send(app, "POST", f"{API}tokens/", text, body, content_type="application/json", **near)
        return str(json.loads(answer.body)["token"])

    async def call(app: WebApp) -> list[tuple[int | None, str]]:
        anywhere, inside = await made(app), await made(app, networks=["10.0.0.0/8", "192.0.2.0/24"])
        pairs = [(text, far), (anywhere, far), (inside, far), (inside, near)]
        return [code(await send(app, "PUT", f"{UPLOAD}a.txt", each, b"x", **where)) for each, where in pairs]

    answers = with_keys(tmp_path, call, trusted_proxies=("*",))
    assert answers == [(403, "network-not-allowed"), (201, ""), (201, ""), (403, "network-not-allowed")]


@pytest.mark.parametrize("networks", [[], ["x"], [1], "10.0.0.0/8", ["10.0.0.0/33"], ["10.0.0.0/8"] * 11, {"a": 1}])
def test_networks_that_make_no_sense(networks: object) -> None:
    with pytest.raises(ClaimError, match="networks"):
        parse_claims({"networks": networks}, str)


def test_a_token_ends_with_the_expiry_of_its_key(tmp_path: Path) -> None:
    key, _ = new_key(expires_at=timezone.now() - timedelta(seconds=1))
    assert code(with_keys(tmp_path, lambda app: put(app, token(key)))) == (401, "expired-key")


# EdDSA


def test_a_token_of_the_applications_own_key(tmp_path: Path) -> None:
    private, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    key, _ = new_key(public_key=pem(private))
    head = {"kid": key.pk}
    texts = [
        jwt.encode(claims(), private, "EdDSA", headers=head),
        jwt.encode(claims(), other, "EdDSA", headers=head),
        token(key),
    ]

    async def each(app: WebApp) -> list[Exchange]:
        return [await put(app, text) for text in texts]

    assert [code(answer) for answer in with_keys(tmp_path, each)] == [(201, ""), (401, "invalid-token"), (201, "")]


def test_a_replaced_public_key_ends_what_the_old_one_signed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    key, _ = new_key(public_key=pem(private))
    text = jwt.encode(claims(), private, "EdDSA", headers={"kid": key.pk})
    now = [1000.0]
    monkeypatch.setattr("picasso.access.authenticate.time.monotonic", lambda: now[0])

    def replace_key() -> None:
        Key.objects.filter(pk=key.pk).update(public_key=pem(other))
        connection.close()

    async def before_and_after(app: WebApp) -> list[Exchange]:
        first = await put(app, text)
        await asyncio.to_thread(replace_key)
        now[0] += projects.KEPT_SECONDS
        return [first, await put(app, text)]

    first, second = with_keys(tmp_path, before_and_after)
    assert (first.status, code(second)) == (201, (401, "invalid-token"))


@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----", "rsa"])
def test_only_ed25519_keys_verify(text: str) -> None:
    if text == "rsa":
        text = pem(generate_private_key(65537, 2048))
    with pytest.raises(ValueError, match="must be"):
        tokens.parse_public_key(text)


def test_what_is_wrong_with_a_credential_is_told(tmp_path: Path) -> None:
    async def each(app: WebApp) -> list[Any]:
        return [await put(app, text) for text in ("wrongkey", "eyJhbGciOiJI")]

    neither, cut = with_keys(tmp_path, each)
    assert (code(neither), code(cut)) == ((401, "invalid-token"), (401, "invalid-token"))
    assert b"neither a key (pk_" in neither.body
    assert b"it was cut" in cut.body


# Attacks


def attack(name: str) -> Callable[[Callable[[Key], str]], Callable[[Key], str]]:
    def keep(make: Callable[[Key], str]) -> Callable[[Key], str]:
        ATTACKS[name] = make
        return make

    return keep


ATTACKS: dict[str, Callable[[Key], str]] = {}

HEAD = {"alg": "HS256", "typ": "JWT"}


def with_head(key: Key, **head: object) -> str:
    return signed({**HEAD, "kid": key.pk, **head}, claims(), tokens.signing_secret(key.pk))


def with_claims(key: Key, payload: object) -> str:
    return signed({**HEAD, "kid": key.pk}, payload, tokens.signing_secret(key.pk))


for algorithm in ("none", "None", "NONE", "nOnE", "", None, 5, ["HS256"], {"a": 1}, "HS384", "RS256", "ES256"):
    ATTACKS[f"alg {algorithm}"] = lambda key, algorithm=algorithm: with_head(key, alg=algorithm)  # type: ignore[misc]

for kid in ("' OR 1=1 --", "../../../dev/null", "", None, 0, ["x"], "\0", "a" * 300, "000000000000", "%", "ключ"):
    ATTACKS[f"kid {kid}"] = lambda key, kid=kid: with_head(key, kid=kid)  # type: ignore[misc]

for field in ("jwk", "jku", "x5u", "x5c", "crit", "b64", "zip"):
    ATTACKS[f"header {field}"] = lambda key, field=field: with_head(key, **{field: ["exp"]})  # type: ignore[misc]


def with_text(member: bytes) -> bytes:
    return json.dumps(claims()).encode()[:-1] + b", " + member + b"}"


FAR = int(time.time()) + 2 * 86_400

VALUES: dict[str, list[object]] = {
    "aud": [None, "other", "", ["other"], 5, {"picasso": 1}],
    "exp": [None, "tomorrow", FAR, 1e400, -1, 10**400, True, [], {}],
    "nbf": [FAR, "x", 10**30],
    "iat": [FAR, "x"],
    "project": ["other", "", 5, ["default"]],
    "owner": ["", "a" * 256, "a\0b", "\ud800", 5, {"a": 1}, "a\nb"],
    "scopes": [[], ["files:write", "x"], {"files:write": 1}, 5, [5], None, [["files:write"]]],
    "pipeline": ["", 5],
    "max_size": [0, -1, "1", 1.5, True, 2**70],
    "max_files": [0, -1, "1", 1.5, True],
    "media_types": [[], ["image"], "image/*", [5], ["a/b"] * 51, [""]],
    "visibility": ["secret", 1, ["public"]],
    "expires_in": [0, -1, "1", 10**12],
    "attributes": [None, [], "a", 1, {"a": "\0"}, {"a" * 129: 1}, {"a": 1e31}],
    "tags": [None, "a", [""], [1], ["a\nb"], ["a" * 65], {}],
    "jti": ["", "a" * 129, 5],
    "max_flies": [3],
}
for claim, values in VALUES.items():
    for value in values:

        def make(key: Key, claim: str = claim, value: object = value) -> str:
            payload = claims(**{claim: value})
            if claim in {"aud", "exp"} and value is None:
                del payload[claim]
            return with_claims(key, payload)

        ATTACKS[f"{claim} {str(value)[:20]}"] = make

ATTACKS |= {
    "unsigned": lambda key: f"{b64({**HEAD, 'kid': key.pk})}.{b64(claims())}.",
    "two parts": lambda key: token(key).rpartition(".")[0],
    "four parts": lambda key: f"{token(key)}.x",
    "five parts": lambda key: f"{token(key)}.x.y",
    "other claims": lambda key: ".".join(
        [*token(key).split(".")[:1], b64(claims(owner="bob")), token(key).split(".")[2]]
    ),
    "another signature": lambda key: f"{token(key).rpartition('.')[0]}.{b64(bytes(32))}",
    "another key": lambda key: signed({**HEAD, "kid": key.pk}, claims(), tokens.signing_secret(new_key("b")[0].pk)),
    "the id as the secret": lambda key: signed({**HEAD, "kid": key.pk}, claims(), key.pk),
    "the stored hash as the secret": lambda key: signed({**HEAD, "kid": key.pk}, claims(), key.secret_hash),
    "an empty secret": lambda key: signed({**HEAD, "kid": key.pk}, claims(), ""),
    "the public key as the secret": lambda key: signed({**HEAD, "kid": key.pk}, claims(), key.public_key),
    "the key of another project": lambda key: signed(
        {**HEAD, "kid": new_key("elsewhere")[0].pk}, claims(), tokens.signing_secret(key.pk)
    ),
    "a compressed payload": lambda key: signed(
        {**HEAD, "kid": key.pk, "zip": "DEF"},
        zlib.compress(json.dumps(claims(sub="a" * 10**6)).encode())[2:-4],
        tokens.signing_secret(key.pk),
    ),
    "a key id of a megabyte": lambda key: with_head(key, kid="a" * 10**6),
    "huge": lambda key: with_claims(key, claims(owner="a" * 10_000)),
    "a huge header": lambda key: with_head(key, typ="J" * 10_000),
    "nested": lambda key: with_claims(key, with_text(b'"sub": ' + b"[" * 1500 + b"]" * 1500)),
    "nested objects": lambda key: with_claims(key, b'{"a":' * 500 + b"1" + b"}" * 500),
    "an array": lambda key: with_claims(key, [claims()]),
    "a string": lambda key: with_claims(key, "claims"),
    "not JSON": lambda key: with_claims(key, b"{exp: 1}"),
    "NaN": lambda key: with_claims(key, b'{"aud": "picasso", "exp": NaN}'),
    "Infinity": lambda key: with_claims(key, b'{"aud": "picasso", "exp": Infinity}'),
    "not UTF-8": lambda key: with_claims(key, b'{"aud": "picasso", "exp": 1, "owner": "\xff"}'),
    "UTF-16": lambda key: with_claims(key, json.dumps(claims()).encode("utf-16")),
    "a claim twice": lambda key: with_claims(key, with_text(b'"owner": "ann", "owner": "bob"')),
    "a header twice": lambda key: signed(
        f'{{"alg": "none", "alg": "HS256", "kid": "{key.pk}"}}'.encode(), claims(), tokens.signing_secret(key.pk)
    ),
    "standard base64": lambda key: token(key).replace("_", "/").replace("-", "+") + "=",
    "many dots": lambda key: "." * 4000,
    "a space": lambda key: token(key).replace(".", " .", 1),
    "letters": lambda key: "é" * 100,
}


def test_attacks(tmp_path: Path) -> None:
    """All of them against one application: each is 401, quickly, and none of them stores anything."""
    private = Ed25519PrivateKey.generate()
    key, _ = new_key(public_key=pem(private))
    texts = {name: make(key) for name, make in ATTACKS.items()}

    async def each(app: WebApp) -> dict[str, tuple[int | None, str]]:
        found = {}
        for name, text in texts.items():
            found[name] = code(await put(app, text))
        return found

    found = with_keys(tmp_path, each)
    refused = {(401, "invalid-token"), (401, "expired-token")}
    assert {name: status for name, status in found.items() if status not in refused} == {}
    assert not File.everywhere.exists()


@pytest.mark.parametrize(
    ("times", "accepted"),
    [
        ({"exp": -30}, True),
        ({"exp": -90}, False),
        ({"exp": 86_400}, True),
        ({"exp": 86_400 + 120}, False),
        ({"nbf": 30}, True),
        ({"nbf": 120}, False),
        ({"iat": 30}, True),
        ({"iat": 120}, False),
    ],
)
def test_clocks_may_differ_by_a_minute(times: dict[str, int], accepted: bool, tmp_path: Path) -> None:
    key, _ = new_key()
    text = token(key, **{claim: int(time.time()) + seconds for claim, seconds in times.items()})

    async def twice(app: WebApp) -> list[bool]:
        return [(await put(app, text)).status == 201 for _ in range(2)]

    assert with_keys(tmp_path, twice) == [accepted] * 2


def test_a_verified_token_expires_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, _ = new_key()
    text = token(key)

    async def before_and_after(app: WebApp) -> list[Exchange]:
        first = await put(app, text)
        later = time.time() + 700
        monkeypatch.setattr("picasso.access.tokens.time.time", lambda: later)
        return [first, await put(app, text)]

    first, second = with_keys(tmp_path, before_and_after)
    assert (first.status, code(second)) == (201, (401, "expired-token"))


def test_a_request_has_one_credential(tmp_path: Path) -> None:
    key, secret = new_key()
    text = token(key)
    in_form = form(("token", text.encode()))

    async def requests(app: WebApp) -> list[Exchange]:
        return [
            await send(app, "PUT", f"{UPLOAD}a.txt?token={text}", secret),
            await send(app, "PUT", f"{UPLOAD}a.txt?token={text}&token={text}"),
            await send(app, "PUT", f"{UPLOAD}a.txt?token={secret}"),
            await send(app, "PUT", f"{UPLOAD}a.txt?token="),
            await ask(
                app, "POST", f"{UPLOAD}?token={text}", in_form, content_type="multipart/form-data; boundary=wall"
            ),
        ]

    wrong, missing = (401, "invalid-token"), (401, "unauthorized")
    expected = [(400, "bad-request"), (400, "bad-request"), wrong, missing, (400, "bad-request")]
    assert [code(answer) for answer in with_keys(tmp_path, requests)] == expected


def test_a_token_without_an_id_counts_by_what_was_signed(tmp_path: Path) -> None:
    """The last character of a signature has bits that do not count: with other ones it is the same token."""
    key, _ = new_key()
    text = token(key, max_files=1)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = text[:-1] + letters[letters.index(text[-1]) ^ 1]

    async def both(app: WebApp) -> list[Exchange]:
        return [await put(app, text), await put(app, twin)]

    first, second = with_keys(tmp_path, both)
    assert first.status == 201
    assert code(second) in {(403, "token-used-up"), (401, "invalid-token")}
    assert File.everywhere.count() == 1


def test_a_key_whose_project_has_another_name(tmp_path: Path) -> None:
    key, _ = new_key("shop")
    project("other")

    async def both(app: WebApp) -> list[Exchange]:
        return [await put(app, token(key, project="shop")), await put(app, token(key, project="other"))]

    assert [code(answer) for answer in with_keys(tmp_path, both)] == [(201, ""), (401, "invalid-token")]


def test_secrets_of_keys_differ_and_are_not_stored() -> None:
    first, second = new_key()[0], new_key()[0]
    assert tokens.signing_secret(first.pk) != tokens.signing_secret(second.pk)
    assert hashlib.sha256(tokens.signing_secret(first.pk).encode()).hexdigest() != first.secret_hash
