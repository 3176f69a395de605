"""Who may do what: every route and method, asked by every kind of principal. A new route without a row fails.

One table says what each needs. The answers to strangers, to keys with one scope each, to another project and another
owner, and to credentials that have ended follow from it.
"""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple, cast

import jwt
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from picasso import addresses
from picasso.access import claims, keys, tokens
from picasso.access.principal import Scope
from picasso.api.urls import urlpatterns
from picasso.models import Delivery, Derivative, File, FileBatch, Import, Job, Key, Membership, Project, Upload, Webhook
from picasso.storage.folder import Folder
from picasso.urls import urlpatterns as pages
from picasso.web.app import WebApp
from tests.flow.asgi import Exchange, ask
from tests.flow.rows import new_file, new_job

pytestmark = pytest.mark.django_db(transaction=True)

EVERYBODY = "everybody"
SOMEBODY = "somebody"
"""Any valid credential."""

TUS = {"tus_resumable": "1.0.0"}
CHUNK = {"content_type": "application/offset+octet-stream"}
JSON = {"content_type": "application/json"}

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Objects(NamedTuple):
    """Rows of the project ``default`` and of the owner ann, to fill the addresses."""

    file: File
    job: Job
    upload: Upload
    key: Key
    trashed: File
    imported: Import
    batch: FileBatch
    webhook: Webhook
    delivery: Delivery
    person: User
    guest: User
    """Without a role, so whoever administers the service may do as much."""

    def address(self, pattern: str) -> str:
        """The path of a pattern, with the ids and names of these objects."""
        values = {
            "file": self.file.pk,
            "name": addresses.name_of(self.file.key),
            "job": self.job.pk,
            "upload": self.upload.pk,
            "key": self.key.pk,
            "trashed": self.trashed.pk,
            "import": self.imported.pk,
            "batch": self.batch.pk,
            "webhook": self.webhook.pk,
            "delivery": self.delivery.pk,
            "person": self.person.pk,
            "guest": self.guest.pk,
            "project": "default",
            "queue": "quick",
        }
        return pattern.format(**values)


@dataclass(frozen=True)
class Row:
    """What a route and method need."""

    pattern: str
    """The path; what is in braces is filled with an object of the project ``default``."""
    needs: Scope | str
    owned: bool = False
    """Whether the object has an owner, so that a token of another owner gets 404."""
    body: bytes = b""
    headers: Mapping[str, object] = field(default_factory=dict)

    @property
    def names_object(self) -> bool:
        return "{" in self.pattern and "{queue}" not in self.pattern


A, HOOKS, WORK = addresses.API, Scope.WEBHOOKS_WRITE, Scope.JOBS_WORK

LEASE = {"picasso_lease": "1.none"}

# (name of the route, method): what it needs.
API: dict[tuple[str, str], Row] = {
    ("root", "GET"): Row(A, EVERYBODY),
    ("schema", "GET"): Row(f"{A}schema/", EVERYBODY),
    ("docs", "GET"): Row(f"{A}docs/", EVERYBODY),
    ("error-codes", "GET"): Row(f"{A}error-codes/", EVERYBODY),
    ("me", "GET"): Row(f"{A}me/", SOMEBODY),
    ("files", "GET"): Row(f"{A}files/", Scope.FILES_READ),
    ("file", "GET"): Row(f"{A}files/{{file}}/", Scope.FILES_READ, owned=True),
    ("file", "DELETE"): Row(f"{A}files/{{file}}/", Scope.FILES_DELETE, owned=True),
    ("file-batches", "POST"): Row(
        f"{A}files/batch/",
        Scope.FILES_WRITE,
        body=b'{"action": "tag", "ids": ["019ab3f2-7c1e-7d3a-9f52-3a4be0c5d1f7"], "tags": ["a"]}',
        headers=JSON,
    ),
    ("file-batch", "GET"): Row(f"{A}files/batch/{{batch}}/", Scope.FILES_WRITE, owned=True),
    ("file-batch", "DELETE"): Row(f"{A}files/batch/{{batch}}/", Scope.FILES_WRITE, owned=True),
    ("file-deliveries", "GET"): Row(f"{A}files/{{file}}/deliveries/", HOOKS),
    ("file-days", "GET"): Row(f"{A}files/days/", Scope.FILES_READ),
    ("file-neighbours", "GET"): Row(f"{A}files/{{file}}/neighbours/", Scope.FILES_READ, owned=True),
    ("file-jobs", "GET"): Row(f"{A}files/{{file}}/jobs/", Scope.JOBS_READ, owned=True),
    ("file-restore", "POST"): Row(f"{A}files/{{trashed}}/restore/", Scope.FILES_DELETE, owned=True),
    ("trash", "GET"): Row(f"{A}trash/", Scope.FILES_READ),
    ("audit", "GET"): Row(f"{A}audit/", Scope.PROJECT_ADMIN),
    ("usage", "GET"): Row(f"{A}usage/", Scope.FILES_READ),
    ("jobs", "GET"): Row(f"{A}jobs/", Scope.JOBS_READ),
    ("jobs-summary", "GET"): Row(f"{A}jobs/summary/", Scope.JOBS_READ),
    ("jobs-count", "GET"): Row(f"{A}jobs/count/?state=failed", Scope.JOBS_READ),
    ("system", "GET"): Row(f"{A}system/", Scope.JOBS_READ),
    ("system-metrics", "GET"): Row(f"{A}system/metrics/", Scope.JOBS_READ),
    ("system-storage", "GET"): Row(f"{A}system/storage/", Scope.JOBS_READ),
    ("system-checks", "GET"): Row(f"{A}system/checks/", Scope.SERVICE_ADMIN),
    ("system-settings", "GET"): Row(f"{A}system/settings/", Scope.SERVICE_ADMIN),
    ("job", "GET"): Row(f"{A}jobs/{{job}}/", Scope.JOBS_READ, owned=True),
    ("job-retry", "POST"): Row(f"{A}jobs/{{job}}/retry/", Scope.JOBS_WRITE, owned=True),
    ("job-cancel", "POST"): Row(f"{A}jobs/{{job}}/cancel/", Scope.JOBS_WRITE, owned=True),
    ("jobs-retry", "POST"): Row(f"{A}jobs/retry/", Scope.JOBS_WRITE, body=b'{"state": "failed"}', headers=JSON),
    ("jobs-cancel", "POST"): Row(f"{A}jobs/cancel/", Scope.JOBS_WRITE, body=b'{"state": "failed"}', headers=JSON),
    ("jobs-claim", "POST"): Row(f"{A}jobs/claim/", WORK, body=b'{"processors": ["none"]}', headers=JSON),
    ("job-renew", "POST"): Row(f"{A}jobs/{{job}}/renew/", WORK, headers=LEASE),
    ("job-progress", "POST"): Row(f"{A}jobs/{{job}}/progress/", WORK, body=b"{}", headers={**JSON, **LEASE}),
    ("job-finish", "POST"): Row(f"{A}jobs/{{job}}/finish/", WORK, body=b"{}", headers={**JSON, **LEASE}),
    ("job-fail", "POST"): Row(f"{A}jobs/{{job}}/fail/", WORK, body=b"{}", headers={**JSON, **LEASE}),
    ("events", "GET"): Row(f"{A}events/", Scope.EVENTS_READ),
    ("pipelines", "GET"): Row(f"{A}pipelines/", Scope.FILES_WRITE),
    ("queues", "GET"): Row(f"{A}queues/", Scope.JOBS_READ),
    ("queue-pause", "POST"): Row(f"{A}queues/{{queue}}/pause/", Scope.SERVICE_ADMIN),
    ("queue-resume", "POST"): Row(f"{A}queues/{{queue}}/resume/", Scope.SERVICE_ADMIN),
    ("webhooks", "GET"): Row(f"{A}webhooks/", HOOKS),
    ("webhooks", "POST"): Row(f"{A}webhooks/", HOOKS, body=b"{}", headers=JSON),
    ("webhook", "GET"): Row(f"{A}webhooks/{{webhook}}/", HOOKS),
    ("webhook", "PATCH"): Row(f"{A}webhooks/{{webhook}}/", HOOKS, body=b"{}", headers=JSON),
    ("webhook", "DELETE"): Row(f"{A}webhooks/{{webhook}}/", HOOKS),
    ("webhook-rotate", "POST"): Row(f"{A}webhooks/{{webhook}}/rotate/", HOOKS, body=b'{"grace": -1}', headers=JSON),
    ("webhook-test", "POST"): Row(f"{A}webhooks/{{webhook}}/test/", HOOKS),
    ("webhook-replay", "POST"): Row(f"{A}webhooks/{{webhook}}/replay/", HOOKS, body=b"{}", headers=JSON),
    ("webhook-deliveries", "GET"): Row(f"{A}webhooks/{{webhook}}/deliveries/", HOOKS),
    ("webhook-delivery", "GET"): Row(f"{A}webhooks/{{webhook}}/deliveries/{{delivery}}/", HOOKS),
    ("imports", "GET"): Row(f"{A}imports/", Scope.FILES_WRITE),
    ("imports", "POST"): Row(f"{A}imports/", Scope.FILES_WRITE, body=b"{}", headers=JSON),
    ("import", "GET"): Row(f"{A}imports/{{import}}/", Scope.FILES_WRITE, owned=True),
    ("import-retry", "POST"): Row(f"{A}imports/{{import}}/retry/", Scope.FILES_WRITE, owned=True),
    ("import", "DELETE"): Row(f"{A}imports/{{import}}/", Scope.FILES_WRITE, owned=True),
    ("keys", "GET"): Row(f"{A}keys/", Scope.PROJECT_ADMIN),
    ("keys", "POST"): Row(f"{A}keys/", Scope.PROJECT_ADMIN, body=b"{}", headers=JSON),
    ("key", "GET"): Row(f"{A}keys/{{key}}/", Scope.PROJECT_ADMIN),
    ("key", "PATCH"): Row(f"{A}keys/{{key}}/", Scope.PROJECT_ADMIN, body=b'{"networks": 1}', headers=JSON),
    ("key", "DELETE"): Row(f"{A}keys/{{key}}/", Scope.PROJECT_ADMIN),
    ("key-rotate", "POST"): Row(f"{A}keys/{{key}}/rotate/", Scope.PROJECT_ADMIN, body=b'{"grace": -1}', headers=JSON),
    ("key-signing-secret", "POST"): Row(f"{A}keys/{{key}}/signing-secret/", Scope.PROJECT_ADMIN),
    ("tokens", "POST"): Row(f"{A}tokens/", Scope.FILES_WRITE, body=b"{}", headers=JSON),
    ("file-links", "POST"): Row(f"{A}files/{{file}}/links/", Scope.FILES_READ, owned=True, body=b"{}", headers=JSON),
    ("link-keys-rotate", "POST"): Row(f"{A}link-keys/rotate/", Scope.PROJECT_ADMIN),
    ("link-keys-revoke", "POST"): Row(f"{A}link-keys/revoke/", Scope.PROJECT_ADMIN),
    ("file", "PATCH"): Row(f"{A}files/{{file}}/", Scope.FILES_WRITE, owned=True, body=b"{}", headers=JSON),
    ("people", "GET"): Row(f"{A}people/", Scope.PROJECT_ADMIN),
    ("people", "POST"): Row(f"{A}people/", Scope.PROJECT_ADMIN, body=b"{}", headers=JSON),
    ("person", "GET"): Row(f"{A}people/{{person}}/", Scope.PROJECT_ADMIN),
    ("person", "PATCH"): Row(f"{A}people/{{person}}/", Scope.PROJECT_ADMIN, body=b"{}", headers=JSON),
    ("person-password", "POST"): Row(
        f"{A}people/{{person}}/password/", Scope.SERVICE_ADMIN, body=b'{"remove_second_factor": 1}', headers=JSON
    ),
    ("person-invitation", "POST"): Row(
        f"{A}people/{{person}}/invitation/", Scope.PROJECT_ADMIN, body=b'{"expires_in": 1}', headers=JSON
    ),
    ("person-invitation", "DELETE"): Row(f"{A}people/{{person}}/invitation/", Scope.PROJECT_ADMIN),
    ("person-sign-out", "POST"): Row(f"{A}people/{{guest}}/sign-out/", Scope.SERVICE_ADMIN),
    ("projects", "GET"): Row(f"{A}projects/", Scope.PROJECT_ADMIN),
    ("projects", "POST"): Row(f"{A}projects/", Scope.SERVICE_ADMIN, body=b"{}", headers=JSON),
    ("project", "GET"): Row(f"{A}projects/{{project}}/", Scope.PROJECT_ADMIN),
    ("project", "PATCH"): Row(f"{A}projects/{{project}}/", Scope.PROJECT_ADMIN, body=b"{}", headers=JSON),
    ("project-webhook-secret", "POST"): Row(
        f"{A}projects/{{project}}/webhook-secret/", Scope.PROJECT_ADMIN, body=b'{"grace": -1}', headers=JSON
    ),
    ("project", "DELETE"): Row(f"{A}projects/{{project}}/", Scope.SERVICE_ADMIN),
}

FORM = {"content_type": "multipart/form-data; boundary=b"}
FORM_BODY = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\na\r\n--b--\r\n'
U, D = addresses.UPLOADS, addresses.DOWNLOADS

# The handlers that are no views of Django, by the paths of `picasso.web.router`.
HANDLERS: dict[str, list[tuple[str, Row]]] = {
    addresses.ALIVE: [("GET", Row(addresses.ALIVE, EVERYBODY))],
    addresses.READY: [("GET", Row(addresses.READY, EVERYBODY))],
    addresses.UPLOAD: [
        ("POST", Row(addresses.UPLOAD, Scope.FILES_WRITE, body=FORM_BODY, headers=FORM)),
        ("PUT", Row(f"{addresses.UPLOAD}a.txt", Scope.FILES_WRITE, body=b"a")),
    ],
    addresses.UPLOADS: [
        ("POST", Row(U, Scope.FILES_WRITE, headers={**TUS, "upload_length": 3})),
        ("PUT", Row(f"{U}", Scope.FILES_WRITE, body=b"a", headers={"upload_complete": "?0"})),
        ("HEAD", Row(f"{U}{{upload}}", Scope.FILES_WRITE, owned=True, headers=TUS)),
        ("GET", Row(f"{U}{{upload}}", Scope.FILES_WRITE, owned=True)),
        ("PATCH", Row(f"{U}{{upload}}", Scope.FILES_WRITE, owned=True, headers={**TUS, **CHUNK, "upload_offset": 0})),
        ("DELETE", Row(f"{U}{{upload}}", Scope.FILES_WRITE, owned=True, headers=TUS)),
    ],
    addresses.DOWNLOADS: [
        ("GET", Row(f"{D}{{file}}/{{name}}", Scope.FILES_READ, owned=True)),
        ("HEAD", Row(f"{D}{{file}}/{{name}}", Scope.FILES_READ, owned=True)),
        ("GET", Row(f"{D}{{file}}/derived/image/small.png", Scope.FILES_READ, owned=True)),
    ],
    addresses.IMPORTS: [("GET", Row(f"{A}imports/{{import}}/", Scope.FILES_WRITE, owned=True))],
    addresses.JOBS: [
        ("POST", Row(f"{A}jobs/claim/", WORK, body=b"{}", headers={**JSON, "prefer": "wait=1"})),
        ("PUT", Row(f"{A}jobs/{{job}}/derivatives/a", WORK, body=b"a", headers=LEASE)),
        ("POST", Row(f"{A}jobs/{{job}}/derivatives/a", WORK, body=b"a", headers=LEASE)),
    ],
    # Behind the last number a list answers at once, and a stream would not end. Both ask for the same scope.
    addresses.EVENTS: [("GET", Row(f"{addresses.EVENTS}?after=999999999&wait=1", Scope.EVENTS_READ))],
    addresses.FILES: [("GET", Row(f"{A}files/{{file}}/", Scope.FILES_READ, owned=True, headers={"prefer": "wait=1"}))],
}

ROWS: list[tuple[str, Row]] = [(method, row) for (_, method), row in API.items()]
for rows_of_handler in HANDLERS.values():
    ROWS.extend(rows_of_handler)


def names_of(view: Any) -> list[str]:
    return [method for method in METHODS if hasattr(view.view_class, method.lower())]


def test_every_route_has_a_row() -> None:
    routes = {(each.name, method) for each in urlpatterns for method in names_of(each.callback)}
    assert routes == set(API)
    app = WebApp(settings.PICASSO, Folder(Path(settings.PICASSO.data_dir)))
    assert {*app._router._exact, *(root for root, _ in app._router._below)} == set(HANDLERS)
    # An icon, and pages for people: sign-in protects itself, and Django's admin lets in nobody who has not signed in
    # as staff.
    known = {
        "",
        "favicon.ico",
        "sign-in/",
        "sign-in/code/",
        "sign-in/passkey/",
        "sign-in/invitation/",
        "sign-in/oidc/",
        "sign-in/oidc/callback/",
        "sign-out/",
        "account/",
        "admin/login/",
        "admin/password_change/",
        "admin/r/<path:rest>",
        "admin/",
        # The views of the console: who is a stranger has to sign in first, and what they show is the API's.
        *(rf"^{pattern[1:]}/?$" for pattern in addresses.CONSOLE.values()),
    }
    found = {str(each.pattern) for each in cast("list[Any]", pages)} - {addresses.API[1:]}
    assert found == known


# Principals


Headers = dict[str, object]


OF_TOKENS = sorted(claims.TOKEN_SCOPES)


class Credentials:
    """A header for each kind of principal."""

    def __init__(self) -> None:
        default, other = Project.objects.get(name="default"), Project.objects.create(name="other")
        self.with_scope = {scope: bearer(keys.create(default, scope, {scope})[1]) for scope in Scope}
        self.everything = bearer(keys.create(default, "all", set(Scope))[1])
        self.other_project = bearer(keys.create(other, "other", set(Scope) - {Scope.SERVICE_ADMIN})[1])
        row, text = keys.create(default, "tokens", set(Scope))
        self.other_owner = bearer(token(row.pk, owner="bob", scopes=OF_TOKENS, imports=True))
        self.owner = bearer(token(row.pk, owner="ann", scopes=OF_TOKENS, imports=True))
        expired = keys.create(default, "t", set(Scope), expires_at=timezone.now() - timedelta(seconds=1))[1]
        revoked_row, revoked = keys.create(default, "t", set(Scope))
        keys.revoke(revoked_row)
        elsewhere = keys.create(default, "t", set(Scope), networks=["203.0.113.0/24"])[1]
        self.ended = {
            "expired key": bearer(expired),
            "revoked key": bearer(revoked),
            "mistyped key": bearer(text[:-1]),
            "expired token": bearer(token(row.pk, exp=int(time.time()) - 3600)),
            "token for somebody else": bearer(token(row.pk, aud="another")),
            "token of a revoked key": bearer(token(revoked_row.pk)),
            "unsigned token": bearer(jwt.encode(claims_of(), "", "none", headers={"kid": row.pk})),
        }
        self.not_from_here = bearer(elsewhere)


def claims_of(**changes: object) -> dict[str, object]:
    return {"aud": "picasso", "exp": int(time.time()) + 600, "project": "default", **changes}


def token(key_id: str, **changes: object) -> str:
    return tokens.sign(key_id, claims_of(**changes))


def bearer(text: str) -> Headers:
    return {"authorization": f"Bearer {text}"}


# Asking


class Service:
    """The application, which lets nobody in without a credential, and a thread that makes rows."""

    def __init__(self, folder: Path) -> None:
        self.storage = Folder(folder)
        self.app = WebApp(replace(settings.PICASSO, access="keys"), self.storage)
        self._database = ThreadPoolExecutor(1)
        self._objects: Objects | None = None

    async def in_thread(self, call: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._database, call)

    async def ask(self, method: str, row: Row, credential: Headers) -> Exchange:
        """With new objects after a request that was allowed, as it may have deleted its."""
        path = row.pattern
        if "{" in path:
            self._objects = self._objects or await self.in_thread(lambda: make_objects(self.storage))
            path = self._objects.address(path)
        answer = await ask(self.app, method, path, row.body, **{**row.headers, **credential})
        if answer.status is None or answer.status < 400:
            self._objects = None
        return answer

    async def stop(self) -> None:
        await self.app.stop()
        await self.in_thread(close)
        self._database.shutdown()


def make_objects(storage: Folder, **fields: Any) -> Objects:
    file = new_file(owner="ann", **fields)
    derived = f"{file.key.rpartition('/')[0]}/derived/image-1/small.png"
    Derivative.objects.create(
        file=file, processor="image", role="small", key=derived, media_type="image/png", size=5, sha256="0" * 64
    )
    for key in (file.key, derived):
        path = storage.files.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"bytes")
    upload = Upload.everywhere.create(owner="ann", principal="owner:ann", protocol="tus", length=3, reserved=3)
    storage.uploads.begin(upload.pk).release()
    row, _ = keys.create(Project.objects.get(name="default"), "object", {Scope.PROJECT_ADMIN})
    trashed = new_file(owner="ann", deleted_at=timezone.now())
    imported = Import.everywhere.create(project_id=1, owner="ann", url="http://a/", host="a")
    batch = FileBatch.everywhere.create(
        project_id=1, owner="ann", action="tag", after=file.pk, until=file.pk, total=1, state=FileBatch.State.DONE
    )
    webhook = Webhook.everywhere.create(project_id=1, url="http://a/", types=["file.*"], secret="")
    delivery = Delivery.objects.create(webhook=webhook, type="webhook.test")
    person = User.objects.create(username=uuid.uuid4().hex)
    Membership.objects.create(user=person, project_id=1, role="viewer")
    guest = User.objects.create(username=uuid.uuid4().hex)
    return Objects(file, new_job(file), upload, row, trashed, imported, batch, webhook, delivery, person, guest)


def close() -> None:
    """The connection of the thread that calls this."""
    connection.close()


def with_service(folder: Path, call: Callable[[Service, Credentials], Any]) -> Any:
    credentials = Credentials()
    connection.close()

    async def run() -> Any:
        service = Service(folder)
        service.app.start()
        try:
            return await call(service, credentials)
        finally:
            await service.stop()

    return asyncio.run(run())


@pytest.fixture(scope="module", autouse=True)
def _unlimited() -> Iterator[None]:
    yield
    connection.close()


def check_all(folder: Path, check: Callable[[Service, Credentials, str, Row], Any]) -> None:
    """Report every wrong answer at once."""

    async def each(service: Service, credentials: Credentials) -> list[str]:
        wrong: list[str] = []
        for method, row in ROWS:
            wrong += [f"{method} {row.pattern}: {text}" for text in await check(service, credentials, method, row)]
        return wrong

    wrong = with_service(folder, each)
    assert not wrong, "\n".join(wrong)


def differs(what: str, answer: Exchange, *expected: int) -> list[str]:
    return [] if answer.status in expected else [f"{what} got {answer.status} {answer.body[:200]!r}, not {expected}"]


def allowed(what: str, answer: Exchange) -> list[str]:
    refused = {401, 403, 404} if answer.status != 404 or b"upload" not in answer.body else {401, 403}
    return [f"{what} got {answer.status} {answer.body[:200]!r}"] if answer.status in refused else []


def test_strangers_and_credentials_that_have_ended(tmp_path: Path) -> None:
    async def check(service: Service, credentials: Credentials, method: str, row: Row) -> list[str]:
        wrong = []
        for what, credential in {"a stranger": {}, **credentials.ended}.items():
            answer = await service.ask(method, row, credential)
            if row.needs == EVERYBODY:
                continue  # whether a bad credential is refused or ignored there is open
            if row.pattern[: len(addresses.DOWNLOADS)] == addresses.DOWNLOADS and not credential:
                wrong += differs(what, answer, 401, 404)  # a private file looks like none to a stranger
            else:
                wrong += differs(what, answer, 401)
        answer = await service.ask(method, row, credentials.not_from_here)
        return wrong if row.needs == EVERYBODY else [*wrong, *differs("from another network", answer, 403)]

    check_all(tmp_path, check)


def test_each_scope_alone(tmp_path: Path) -> None:
    async def check(service: Service, credentials: Credentials, method: str, row: Row) -> list[str]:
        wrong = []
        for scope, credential in credentials.with_scope.items():
            answer = await service.ask(method, row, credential)
            if row.needs in {scope, EVERYBODY, SOMEBODY}:
                wrong += allowed_or_found(f"{scope}", answer, row)
            elif row.pattern.startswith(addresses.DOWNLOADS):
                wrong += differs(scope, answer, 403, 404)
            else:
                wrong += differs(scope, answer, 403) or names_missing(scope, answer, method, row)
        return wrong

    check_all(tmp_path, check)


def names_missing(what: str, answer: Exchange, method: str, row: Row) -> list[str]:
    """A refusal names the scope that it is about. An answer to HEAD has no body."""
    return [] if method == "HEAD" or str(row.needs).encode() in answer.body else [f"{what} hears {answer.body!r}"]


def allowed_or_found(what: str, answer: Exchange, row: Row) -> list[str]:
    """An upload belongs to who began it, so a key does not find the one of a token."""
    if "{upload}" in row.pattern:
        return differs(what, answer, 404)
    return [f"{what} got {answer.status} {answer.body[:200]!r}"] if answer.status in {401, 403, 404, 500} else []


def test_another_project_finds_nothing(tmp_path: Path) -> None:
    async def check(service: Service, credentials: Credentials, method: str, row: Row) -> list[str]:
        answer = await service.ask(method, row, credentials.other_project)
        if row.needs == Scope.SERVICE_ADMIN:
            return differs("another project", answer, 403)
        if row.names_object:
            return differs("another project", answer, 404)
        return differs("another project", answer, 200, 201, 204, 400, 409, 503)

    check_all(tmp_path, check)


def test_another_owner_finds_nothing(tmp_path: Path) -> None:
    async def check(service: Service, credentials: Credentials, method: str, row: Row) -> list[str]:
        answer = await service.ask(method, row, credentials.other_owner)
        return differs("another owner", answer, 404) if row.owned else []

    check_all(tmp_path, check)


def test_an_owner_reaches_what_is_theirs(tmp_path: Path) -> None:
    async def check(service: Service, credentials: Credentials, method: str, row: Row) -> list[str]:
        if not row.owned:
            return []
        answer = await service.ask(method, row, credentials.owner)
        return [f"the owner got {answer.status} {answer.body[:200]!r}"] if answer.status in {401, 403, 404, 500} else []

    check_all(tmp_path, check)


def test_a_foreign_id_looks_like_none(tmp_path: Path) -> None:
    """Byte for byte, but for the id: nobody learns whether an object of another project exists."""

    async def both(service: Service, credentials: Credentials) -> list[str]:
        wrong = []
        for method, row in ROWS:
            if not row.names_object or row.needs == Scope.SERVICE_ADMIN or "{project}" in row.pattern:
                continue
            foreign = await service.ask(method, row, credentials.other_project)
            ids = r"\{(file|job|upload|trashed|import|batch|webhook|delivery)\}"
            made_up = re.sub(ids, str(uuid.uuid4()), row.pattern)
            made_up = made_up.replace("{key}", "A" * 12).replace("{person}", "999999999").replace("{name}", "note.txt")
            missing = await ask(service.app, method, made_up, row.body, **{**row.headers, **credentials.other_project})
            if (foreign.status, foreign.body) != (missing.status, missing.body):
                wrong.append(
                    f"{method} {row.pattern}: {foreign.status} {foreign.body!r}, {missing.status} {missing.body!r}"
                )
        return wrong

    assert with_service(tmp_path, both) == []


def test_a_public_file_is_for_everybody_and_nothing_else_of_it(tmp_path: Path) -> None:
    async def fetch(service: Service, credentials: Credentials) -> list[int | None]:
        objects = await service.in_thread(lambda: make_objects(service.storage, visibility="public"))
        downloads = [row for _, row in HANDLERS[addresses.DOWNLOADS]]
        facts = [API["file", "GET"], API["file-jobs", "GET"]]
        answers = [await ask(service.app, "GET", objects.address(row.pattern)) for row in (*downloads, *facts)]
        deleted = await ask(service.app, "DELETE", objects.address(API["file", "DELETE"].pattern))
        return [answer.status for answer in (*answers, deleted)]

    assert with_service(tmp_path, fetch) == [200, 200, 200, 401, 401, 401]
