"""``webhook_url`` of uploads: every way to name one, which are allowed, what is sent, and how a receiver ends it."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from standardwebhooks import Webhook as Verifier

from picasso.access.principal import OPEN, PROJECT_SCOPES, Scope
from picasso.events.write import file_event, write
from picasso.files import batch
from picasso.files.delete import remove
from picasso.models import (
    AuditEntry,
    DeletedFileWebhook,
    Delivery,
    Event,
    File,
    FileWebhook,
    Import,
    Project,
    Webhook,
)
from picasso.storage import default_storage
from picasso.storage.folder import Folder
from picasso.timestamps import rfc3339
from picasso.web.app import WebApp
from picasso.webhooks import fan_out, of_files
from picasso.webhooks.claims import claim
from picasso.webhooks.messages import messages
from tests.flow.access import API, UPLOAD, UPLOADS, code, form, get, new_key, post_form, send, token, with_keys
from tests.flow.http import client
from tests.flow.rows import new_file
from tests.flow.webhooks import LOOPBACK, happen, new_webhook, sending, spread, wait_for, wait_until
from tests.remote import Asked, answer, remote

pytestmark = pytest.mark.django_db(transaction=True)

URL = "http://127.0.0.1:9/hook?a=1"
ADMIN = "/admin/picasso/"
JSON_TYPE = {"content_type": "application/json"}


@pytest.fixture(autouse=True)
def _local(settings: Any) -> None:
    settings.PICASSO = replace(settings.PICASSO, outbound_allowed=LOOPBACK, outbound_ports=frozenset({80, 443, 9}))


def allow(*hosts: str) -> None:
    Project.objects.filter(pk=1).update(webhook_hosts=list(hosts))


def metadata(**values: str) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in values.items())


def named(url: str, **fields: Any) -> File:
    file = new_file(**fields)
    FileWebhook.objects.create(file=file, url=url)
    return file


def test_every_way_names_one(tmp_path: Path) -> None:
    allow("127.0.0.1")
    row, key = new_key()
    claims = token(row, webhook_url=URL)
    tus = {"tus_resumable": "1.0.0", "upload_length": 1, "content_type": "application/offset+octet-stream"}
    url = "http%3A%2F%2F127.0.0.1%3A9%2Fhook%3Fa%3D1"

    async def upload(app: WebApp) -> list[int | None]:
        answers = [
            await post_form(app, form(("webhook_url", URL.encode())), key),
            await post_form(app, form(), key, picasso_webhook_url=URL),
            await send(app, "PUT", f"{UPLOAD}a?webhook_url={url}", key, b"a"),
            await send(app, "PUT", f"{UPLOAD}a", key, b"a", picasso_webhook_url=URL),
            await send(app, "POST", UPLOADS, key, b"a", **tus, upload_metadata=metadata(webhook_url=URL)),
            await send(app, "PUT", f"{UPLOAD}a?webhook_url={url}", key, b"a", upload_complete="?1"),
            # The claim of a token counts, whatever its client says.
            await send(app, "PUT", f"{UPLOAD}a", claims, b"a", picasso_webhook_url="http://127.0.0.1:9/other"),
            await send(app, "PUT", f"{UPLOAD}a", key, b"a"),
        ]
        body = json.dumps({"url": "http://127.0.0.1:9/file", "webhook_url": URL}).encode()
        answers.append(await send(app, "POST", f"{API}imports/", key, body, **JSON_TYPE))
        return [each.status for each in answers]

    assert with_keys(tmp_path, upload) == [201] * 9
    assert list(FileWebhook.objects.values_list("url", flat=True)) == [URL] * 7
    assert Import.everywhere.get().webhook_url == URL


@pytest.mark.parametrize(
    ("hosts", "url", "refused"),
    [
        ([], URL, (403, "webhook-host-not-allowed")),
        (["app.example.com"], URL, (403, "webhook-host-not-allowed")),
        (["*.example.com"], "https://example.com/", (403, "webhook-host-not-allowed")),
        (["*.example.com"], "https://bad-example.com/", (403, "webhook-host-not-allowed")),
        (["127.0.0.1"], "http://2130706434/", (403, "webhook-host-not-allowed")),
        (["10.0.0.1"], "http://10.0.0.1/", (400, "address-not-allowed")),
        (["192.168.0.1"], "http://192.168.0.1/", (400, "address-not-allowed")),
        (["127.0.0.1"], "ftp://127.0.0.1/", (400, "url-not-valid")),
        (["127.0.0.1"], "nonsense", (400, "url-not-valid")),
        (["127.0.0.1"], f"http://127.0.0.1/{'a' * 2048}", (400, "invalid-field")),
    ],
)
def test_what_is_refused_before_the_body_arrives(
    hosts: list[str], url: str, refused: tuple[int, str], tmp_path: Path
) -> None:
    allow(*hosts)
    _, key = new_key()

    async def upload(app: WebApp) -> list[Any]:
        tus = {"tus_resumable": "1.0.0", "upload_length": 1, "upload_metadata": metadata(webhook_url=url)}
        return [
            await send(app, "PUT", f"{UPLOAD}a", key, b"a", picasso_webhook_url=url),
            await post_form(app, form(("webhook_url", url.encode())), key),
            await send(app, "POST", UPLOADS, key, b"", **tus),
        ]

    assert [code(each) for each in with_keys(tmp_path, upload)] == [refused] * 3
    assert not File.everywhere.exists()


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("http://192.168.0.1/", "address-not-allowed"),
        ("http://[::1]/", "address-not-allowed"),
        ("ftp://example.com/", "url-not-valid"),
        ("https://user@example.com/", "url-not-valid"),
    ],
)
def test_a_refused_address_is_the_same_error_in_every_field(url: str, wrong: str, tmp_path: Path) -> None:
    allow("192.168.0.1", "::1", "example.com")
    _, key = new_key()

    async def ask(app: WebApp) -> list[Any]:
        body, as_hook = json.dumps({"url": url}).encode(), {"url": "https://example.com/", "webhook_url": url}
        return [
            await send(app, "POST", f"{API}imports/", key, body, **JSON_TYPE),
            await send(app, "POST", f"{API}webhooks/", key, body, **JSON_TYPE),
            await send(app, "POST", f"{API}imports/", key, json.dumps(as_hook).encode(), **JSON_TYPE),
            await post_form(app, form(("webhook_url", url.encode())), key),
        ]

    got = with_keys(tmp_path, ask)
    found = [(code(each), json.loads(each.body)["errors"][0]["field"]) for each in got]
    assert found == [((400, wrong), field) for field in ("url", "url", "webhook_url", "webhook_url")]


def test_names_below_a_host_are_allowed() -> None:
    allow("*.example.com")
    with remote(lambda _: answer(b"")) as receiver:
        named("https://a.b.example.com/")
        happen(file=FileWebhook.objects.get().file)
        (found,) = messages(claim({}, 1))
        assert (found.url, found.refusal) == ("https://a.b.example.com/", "")
        allow()
        Delivery.objects.update(due_at="2020-01-01T00:00:00Z")
        (found,) = messages(claim({}, 1))
        assert found.refusal == "webhook-host-not-allowed"
    assert not receiver.asked


def test_a_receiver_verifies_it_by_the_secret_of_the_project(tmp_path: Path) -> None:
    allow("127.0.0.1")
    row, key = new_key()
    with remote(lambda _: answer(b"thanks")) as receiver:
        file = named(f"{receiver.url}/hook?a=1")
        other = new_file()
        for kind in ("file.received", "file.processing", "file.processed"):
            write(file_event(kind, file), file_event(kind, other))
        spread()

        async def ask(app: WebApp) -> Any:
            rotated = await send(
                app, "POST", f"{API}projects/default/webhook-secret/", key, b'{"grace": 60}', **JSON_TYPE
            )
            return json.loads(rotated.body)["secret"]

        secret = with_keys(tmp_path, ask)
        with sending():
            wait_for(2)
        bodies = [Verifier(secret).verify(each.body, each.headers) for each in receiver.asked]
        assert sorted(body["type"] for body in bodies) == ["file.processed", "file.received"]
        assert {each.path for each in receiver.asked} == {"/hook?a=1"}
        assert {each.headers["webhook-signature"].count("v1,") for each in receiver.asked} <= {1, 2}

        async def look(app: WebApp) -> list[Any]:
            reader = token(row, scopes=["files:read"])
            one = f"{API}files/{file.pk}/"
            asked = [(one, key), (one, reader), (f"{API}files/{other.pk}/", key), (f"{one}deliveries/", key)]
            return [json.loads((await get(app, path, credential)).body) for path, credential in asked]

        seen, hidden, none, deliveries = with_keys(tmp_path, look)
    assert [each["webhook_url"] for each in (seen, hidden, none)] == [f"{receiver.url}/hook?a=1", None, None]
    assert [each["state"] for each in deliveries["results"]] == ["delivered"] * 2
    attempt = deliveries["results"][0]["attempts"][0]
    assert attempt["answer"] == "thanks"
    assert attempt["at"] == rfc3339(datetime.fromisoformat(attempt["at"]))
    assert AuditEntry.objects.filter(action="project.webhook-secret").count() == 1


def test_410_ends_it_for_this_file_only() -> None:
    allow("127.0.0.1")

    def reply(request: Asked) -> bytes:
        return answer(b"", status="410 Gone") if request.path == "/gone" else answer(b"")

    with remote(reply) as receiver:
        gone, there = named(f"{receiver.url}/gone"), named(f"{receiver.url}/there")
        for _ in range(2):
            happen(file=gone)
            happen(file=there)
        with sending():
            wait_until(lambda: not Delivery.objects.filter(state="waiting").exists())
    assert Delivery.objects.filter(state="delivered").count() == 2
    assert FileWebhook.objects.get(file=gone).disabled_at
    assert FileWebhook.objects.get(file=there).disabled_at is None
    row = Webhook.everywhere.exclude(host__in=("", "*")).get()
    assert (row.enabled, row.failures, row.host) == (True, 0, "127.0.0.1")
    notice = Event.everywhere.get(type="webhook.disabled")
    assert (notice.file_id, notice.data) == (gone.pk, {"reason": "gone"})
    happen(file=gone)
    assert not Delivery.objects.filter(state="waiting").exists()


def test_a_failure_is_tried_again_over_days() -> None:
    allow("127.0.0.1")
    with remote(lambda _: answer(b"", status="500 Error")) as receiver:
        happen(file=named(receiver.url))
        with sending():
            (delivery,) = wait_for()
    assert (delivery.state, delivery.tries, delivery.status) == ("waiting", 1, 500)


def test_it_is_forgotten_with_its_file() -> None:
    allow("127.0.0.1")
    file = named(URL)
    happen(file=file)
    remove(default_storage(), File.everywhere.all(), file)
    assert not FileWebhook.objects.exists()
    (found,) = messages(claim({}, 1))
    assert (found.url, found.refusal) == ("", "event-removed")


def test_its_deletion_is_told(tmp_path: Path) -> None:
    allow("127.0.0.1")
    with remote(lambda _: answer(b"")) as receiver:
        file, other, gone = (named(f"{receiver.url}/{name}") for name in ("one", "many", "gone"))
        FileWebhook.objects.filter(file=gone).update(disabled_at="2020-01-01T00:00:00Z")
        remove(default_storage(), File.everywhere.all(), file)
        fan_out.forget_deleted()
        write(file_event("file.updated", other))  # is not told any more: the file is deleted before
        batch.delete_all(OPEN, Folder(tmp_path), [other.pk, gone.pk], permanently=True)
        assert DeletedFileWebhook.objects.count() == 2
        spread()
        fan_out.forget_deleted()
        assert DeletedFileWebhook.objects.count() == 2
        with sending():
            wait_until(lambda: not Delivery.objects.filter(state="waiting").exists())
        fan_out.forget_deleted()
    told = {each.path: json.loads(each.body) for each in receiver.asked}
    assert {path: body["type"] for path, body in told.items()} == {"/one": "file.deleted", "/many": "file.deleted"}
    assert told["/one"]["data"]["id"] == str(file.pk)
    assert "name" not in told["/one"]["data"]
    assert len(receiver.asked) == Delivery.objects.count() == 2
    assert not DeletedFileWebhook.objects.exists()


def test_hosts_share_a_few_rows_and_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_files, "MAX_HOSTS", 2)
    for number in range(4):
        happen(file=named(f"http://{number}.example.com/"))
    assert sorted(Webhook.everywhere.values_list("host", flat=True)) == ["*", "0.example.com", "1.example.com"]
    assert Delivery.objects.count() == 4
    Delivery.objects.all().delete()
    monkeypatch.setattr(of_files, "UNUSED", -timedelta(minutes=1))
    of_files.remove_unused()
    assert list(Webhook.everywhere.values_list("host", flat=True)) == ["*"]


def test_a_host_that_gets_a_delivery_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    happen(file=named(URL))
    host = Webhook.everywhere.get(host="127.0.0.1")
    Delivery.objects.all().delete()
    monkeypatch.setattr(of_files, "UNUSED", -timedelta(minutes=1))
    lists = []

    def deliver(rows: Any) -> list[Any]:
        """As another transaction may do before the rows are locked."""
        found = list(rows)
        Delivery.objects.create(webhook=host, type="file.processed")
        lists.append(found)
        return found

    monkeypatch.setattr(of_files, "list", deliver, raising=False)
    of_files.remove_unused()
    assert lists == [[host.pk]]
    assert Delivery.objects.filter(webhook=host).exists()


def test_endpoints_are_other_webhooks(tmp_path: Path) -> None:
    endpoint = new_webhook("http://127.0.0.1:9/all")
    _, key = new_key()
    happen(file=named(URL))
    assert Delivery.objects.count() == 2
    hidden = Webhook.everywhere.exclude(host="").get()

    async def ask(app: WebApp) -> list[Any]:
        found = await get(app, f"{API}webhooks/", key)
        return [json.loads(found.body), (await get(app, f"{API}webhooks/{hidden.pk}/", key)).status]

    listed, status = with_keys(tmp_path, ask)
    assert [each["id"] for each in listed["results"]] == [str(endpoint.pk)]
    assert status == 404


def test_hosts_by_api_command_and_admin(tmp_path: Path) -> None:
    _, key = new_key()
    _, reader = new_key(scopes=frozenset(PROJECT_SCOPES - {Scope.PROJECT_ADMIN}))

    async def ask(app: WebApp) -> list[Any]:
        path, body = f"{API}projects/default/", b'{"webhook_hosts": ["app.example.com"]}'
        return [
            code(await send(app, "PATCH", path, key, each, **JSON_TYPE))
            for each in (body, b'{"webhook_hosts": ["https://app.example.com"]}')
        ] + [(await send(app, "PATCH", path, reader, body, **JSON_TYPE)).status]

    (changed, _), refused, denied = with_keys(tmp_path, ask)
    assert (changed, refused, denied) == (200, (400, "invalid-field"), 403)
    out = StringIO()
    call_command("webhooks", "hosts", "--add", "*.example.com", "--remove", "app.example.com", stdout=out)
    assert out.getvalue() == "*.example.com\n"
    with pytest.raises(CommandError, match=r"'http://x y/' is no host.* such as app\.example\.com"):
        call_command("webhooks", "hosts", "--add", "http://x y/")
    call_command("webhooks", "secret", "--json", stdout=(shown := StringIO()))
    assert json.loads(shown.getvalue())["secret"].startswith("whsec_")
    browser = client()
    browser.force_login(User.objects.create_superuser("ann"))
    page = f"{ADMIN}project/1/change/"
    assert browser.get(page).status_code == 200
    assert "at most 100 hosts" in browser.post(page, {"webhook_hosts": '["a b"]'}).content.decode()
    assert browser.post(page, {"webhook_hosts": '["hooks.example.com"]', "name": "other"}).status_code == 302
    row = Project.objects.get(pk=1)
    assert (row.webhook_hosts, row.name) == (["hooks.example.com"], "default")
    changes = AuditEntry.objects.filter(action="project.update")
    assert [each.details["changed"] for each in changes] == [["webhook_hosts"]] * 3


def test_a_retried_request_names_the_same_one(tmp_path: Path) -> None:
    allow("127.0.0.1")
    _, key = new_key()

    async def upload(app: WebApp) -> list[int | None]:
        again = {"idempotency_key": uuid.uuid4().hex, "picasso_webhook_url": URL}
        answers = [await send(app, "PUT", f"{UPLOAD}a", key, b"a", **again) for _ in range(2)]
        again["picasso_webhook_url"] = "http://127.0.0.1:9/other"
        return [each.status for each in [*answers, await send(app, "PUT", f"{UPLOAD}a", key, b"a", **again)]]

    assert with_keys(tmp_path, upload) == [201, 201, 422]
    assert FileWebhook.objects.count() == 1
