"""Webhooks against receivers of all kinds: what is sent, how it is signed, and what follows from the answer."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from standardwebhooks import Webhook as Verifier

from picasso.access.principal import Scope
from picasso.errors import NotFound
from picasso.events.write import clear
from picasso.models import AuditEntry, Delivery, Event, Webhook
from picasso.outbound import Limits
from picasso.outbound.client import Client, Options
from picasso.timestamps import rfc3339
from picasso.web.app import WebApp
from picasso.webhooks import endpoints, fan_out, results, schedule, sender, signing
from picasso.webhooks.claims import LEASE_SECONDS, QUICK, RESERVED, UNKNOWN, Work, claim, remove_old, room_of
from picasso.webhooks.messages import messages
from picasso.webhooks.results import Result
from picasso.webhooks.sender import TOTAL
from tests.flow.access import API, new_key, send, with_keys
from tests.flow.rows import new_file, taken_for_empty
from tests.flow.webhooks import LOOPBACK, SECRET, happen, new_webhook, sending, spread, wait_for, wait_until
from tests.remote import Asked, answer, certificate, remote

pytestmark = pytest.mark.django_db(transaction=True)

OK = answer(b"thanks")


def verified(request: Asked, secret: str = SECRET) -> dict[str, object]:
    """The body. Raises if the library of the standard does not accept the signature."""
    found: dict[str, object] = Verifier(secret).verify(request.body, request.headers)
    return found


def data_of(request: Asked) -> Any:
    return verified(request)["data"]


def test_a_receiver_is_told_and_can_verify_it() -> None:
    with remote(lambda _: OK) as receiver:
        new_webhook(f"{receiver.url}/hook?a=1")
        file = happen(file=new_file(name="Straße.txt", owner="ann", state="processed"))
        with sending():
            (delivery,) = wait_for()
    (request,) = receiver.asked
    assert (request.method, request.path) == ("POST", "/hook?a=1")
    assert request.headers["content-type"] == "application/json"
    body = verified(request)
    event = Event.everywhere.get()
    assert body["type"] == "file.processed"
    assert body["timestamp"] == rfc3339(event.at)
    data = data_of(request)
    assert {name: data[name] for name in ("id", "seq", "name", "owner", "state")} == {
        "id": str(file.pk),
        "seq": event.seq,
        "name": "Straße.txt",
        "owner": "ann",
        "state": "processed",
    }
    assert request.headers["webhook-id"] == f"msg_{event.seq}"
    assert delivery.state == "delivered"
    assert delivery.finished_at
    (attempt,) = delivery.log
    assert (attempt["status"], attempt["answer"]) == (200, "thanks")


def test_a_full_payload_has_the_file_as_it_is_now() -> None:
    with remote(lambda _: OK) as receiver:
        new_webhook(receiver.url, payload="full")
        large = {"text": {"words": ["word"] * 10_000}}
        for facts in ({"file": {"charset": "utf-8"}}, large):
            happen(file=new_file(facts=facts))
        with sending():
            wait_for(2)
    small, cut = sorted(map(data_of, receiver.asked), key=itemgetter("seq"))
    assert small["file"]["facts"] == {"file": {"charset": "utf-8"}}
    assert small["file"]["sha256"] == "0" * 64
    assert cut["omitted"] == ["facts"]
    assert all(len(each.body) <= 20_000 for each in receiver.asked)


def test_nothing_of_a_deleted_file_is_sent() -> None:
    with remote(lambda _: OK) as receiver:
        new_webhook(receiver.url, payload="full")
        file = happen(file=new_file(name="secret-name.txt"))
        with transaction.atomic():
            clear(file.pk)
            file.delete()
        with sending():
            wait_for()
    assert b"secret-name" not in receiver.asked[0].body


def test_both_secrets_sign_while_one_replaces_the_other() -> None:
    with remote(lambda _: OK) as receiver:
        webhook = new_webhook(receiver.url)
        new = endpoints.rotate(webhook, timedelta(hours=1))
        happen()
        with sending():
            wait_for()
        (request,) = receiver.asked
        assert verified(request) == verified(request, new)
        Webhook.everywhere.update(old_secret_until=timezone.now())
        happen()
        with sending():
            wait_for(2)
    assert len(receiver.asked[1].headers["webhook-signature"].split()) == 1
    assert verified(receiver.asked[1], new)


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ({"types": ["file.processed"]}, {1, 2}),
        ({"types": ["file.*"]}, {1, 2, 3}),
        ({"types": ["*"], "media_types": ["image/*"]}, {2}),
        ({"types": ["*"], "media_types": ["text/plain", "image/png"]}, {1, 2, 3}),
        ({"types": ["*"], "owners": ["ann"]}, {1}),
        ({"types": ["*"], "owners": ["a*", "an[n]"]}, set()),  # an owner is no pattern
        ({"types": ["*"], "pipelines": ["other"]}, {3}),
        ({"types": ["*"], "enabled": False}, set()),
    ],
)
def test_filters(filters: dict[str, object], wanted: set[int]) -> None:
    new_webhook("http://127.0.0.1/", **filters)
    happen(file=new_file(owner="ann"))
    happen(file=new_file(media_type="image/png"))
    happen("file.failed", file=new_file(pipeline="other"))
    assert set(Delivery.objects.values_list("event", flat=True)) == wanted


def test_a_fan_out_that_dies_skips_and_repeats_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    new_webhook("http://127.0.0.1/")
    happen()
    create = fan_out.create_deliveries

    def create_and_die(*arguments: Any) -> int:
        create(*arguments)
        raise RuntimeError

    monkeypatch.setattr(fan_out, "create_deliveries", create_and_die)
    with pytest.raises(RuntimeError):
        happen()
    monkeypatch.undo()
    spread()
    spread()
    assert list(Delivery.objects.order_by("event").values_list("event", flat=True)) == [1, 2]


def test_deliveries_go_with_their_events() -> None:
    webhook = new_webhook("http://127.0.0.1/")
    happen()
    happen()
    endpoints.send_test(webhook)
    assert remove_old(3600) == 0
    Event.everywhere.filter(seq=1).delete()
    Delivery.objects.filter(event=None).update(created_at=timezone.now() - timedelta(hours=2))
    assert remove_old(3600) == 2
    assert [each.event for each in Delivery.objects.all()] == [2]


def hang(request: Asked) -> None:
    with suppress(OSError):
        request.connection.settimeout(60)
        request.connection.recv(1)


def drip(request: Asked) -> None:
    with suppress(OSError):
        for each in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100_000:
            request.send(bytes([each]))
            time.sleep(0.01)


def endless(request: Asked) -> None:
    with suppress(OSError):
        request.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
        for _ in range(1024):
            request.send(bytes(2**20))


Receiver = Callable[[Asked], bytes | None]

ANSWERS: dict[str, tuple[Receiver, int | None, str]] = {
    "500": (lambda _: answer(b"oops", "500 Internal Server Error"), 500, ""),
    "302": (lambda _: answer(b"", "302 Found", {"Location": "http://127.0.0.1:1/"}), 302, ""),
    "closes": (lambda _: b"", None, "connection-failed"),
    "no HTTP": (lambda _: b"hello\r\n\r\n", None, "answer-not-valid"),
    "endless header": (lambda _: b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, None, "answer-not-valid"),
    "401 and NUL": (lambda _: answer(b"\0\xff", "401 Unauthorized"), 401, ""),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_is_no_success_is_tried_again(name: str) -> None:
    reply, status, error = ANSWERS[name]
    with remote(reply) as receiver:
        new_webhook(receiver.url)
        happen()
        before = timezone.now()
        with sending():
            (delivery,) = wait_for()
            after = timezone.now()
        assert (delivery.state, delivery.status, delivery.error) == ("waiting", status, error)
        delay = timedelta(seconds=schedule.DELAYS[1])
        assert before + delay * 0.8 < delivery.due_at < after + delay * 1.2
        assert len(receiver.asked) == 1
        webhook = Webhook.everywhere.get()
        assert webhook.failures == 1
        assert webhook.failing_since


def test_a_body_of_a_gigabyte_is_not_read() -> None:
    with remote(endless) as receiver:
        new_webhook(receiver.url)
        happen()
        with sending():
            (delivery,) = wait_for()
    assert delivery.state == "delivered"
    assert len(delivery.log[0]["answer"]) == 1024


def test_a_receiver_that_hangs_or_drips_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "LIMITS", Limits(connect=4, head=4, idle=4, total=4, body=None, redirects=0))
    with remote(hang) as hanging, remote(drip) as dripping, remote(lambda _: OK) as fast:
        slow = [new_webhook(each.url).pk for each in (hanging, dripping)]
        new_webhook(fast.url)
        for _ in range(20):
            happen()
        with sending():
            wait_for(20)
            assert Delivery.objects.filter(state="delivered").count() >= 18
            wait_until(lambda: Webhook.everywhere.filter(failures__gt=0).count() == 2)
    timed_out = Delivery.objects.filter(error="remote-timed-out")
    assert set(timed_out.values_list("webhook", flat=True)) == set(slow)


def test_webhooks_of_one_host_do_not_wait_for_each_other() -> None:
    def reply(request: Asked) -> bytes | None:
        if request.path == "/slow":
            hang(request)
            return None
        return OK

    with remote(reply) as receiver:
        new_webhook(f"{receiver.url}/slow")
        fast = new_webhook(f"{receiver.url}/fast")
        for _ in range(UNKNOWN + 1):
            happen()
        with sending():
            wait_until(lambda: Delivery.objects.filter(webhook=fast, state="delivered").count() == UNKNOWN + 1)


def test_webhooks_with_little_in_flight_come_first() -> None:
    busy, idle = new_webhook("http://127.0.0.1/"), new_webhook("http://127.0.0.1/")
    for _ in range(3):
        happen()
    assert {each.webhook for each in claim({busy.pk: 5}, 3)} == {idle.pk}


def test_an_event_that_is_removed_is_no_failure_of_the_receiver() -> None:
    webhook = new_webhook("http://127.0.0.1:1/")
    happen()
    found = claim({}, 1)
    Event.everywhere.all().delete()
    (message,) = messages(found)
    result = asyncio.run(sender.attempt(Client(Options()), message))  # which is not even opened
    results.write_results([result])
    webhook.refresh_from_db()
    assert (Delivery.objects.get().error, webhook.failures) == ("event-removed", 0)


def test_retry_after_is_obeyed() -> None:
    with remote(lambda _: answer(b"", "429 Too Many Requests", {"Retry-After": "3600"})) as receiver:
        new_webhook(receiver.url)
        happen()
        with sending():
            (delivery,) = wait_for()
    webhook = Webhook.everywhere.get()
    assert webhook.resume_at
    assert delivery.due_at - timezone.now() > timedelta(minutes=50)
    assert webhook.resume_at - timezone.now() > timedelta(minutes=50)
    happen()
    assert claim({}, 100) == []


def test_410_disables_and_is_told_to_others() -> None:
    with remote(lambda _: answer(b"", "410 Gone")) as receiver, remote(lambda _: OK) as other:
        gone = new_webhook(receiver.url, types=["file.processed"])
        new_webhook(other.url, types=["webhook.disabled"])
        happen()
        with sending():
            wait_for()
            spread()
            wait_for(2)
    gone.refresh_from_db()
    assert (gone.enabled, gone.disabled_reason) == (False, "gone")
    assert data_of(other.asked[0])["webhook"] == str(gone.pk)


def test_a_week_of_failures_disables() -> None:
    webhook = new_webhook("http://127.0.0.1/", failing_since=timezone.now() - timedelta(days=8), failures=99)
    happen()
    (found,) = claim({}, 1)
    results.write_results([Result(found, 500)])
    webhook.refresh_from_db()
    assert (webhook.enabled, webhook.disabled_reason) == (False, "failing")


def test_a_thin_message_has_no_file_that_another_webhook_gets() -> None:
    full, thin = new_webhook("http://127.0.0.1/", payload="full"), new_webhook("http://127.0.0.1/")
    happen()
    found = {each.claim.webhook: json.loads(each.body)["data"] for each in messages(claim({}, 2))}
    assert "file" in found[full.pk]
    assert "file" not in found[thin.pk]


def test_a_message_that_cant_be_made_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    new_webhook("http://127.0.0.1/", payload="full")
    other = new_webhook("http://127.0.0.1/")
    happen()

    def fail(_: int) -> None:
        raise ValueError

    monkeypatch.setattr("picasso.webhooks.messages.links_of", fail)
    assert [each.claim.webhook for each in messages(claim({}, 2))] == [other.pk]


def test_a_result_that_is_written_twice_counts_once() -> None:
    """A sender that stops may not learn that a result has been written."""
    new_webhook("http://127.0.0.1/")
    happen()
    (found,) = claim({}, 1)
    for _ in range(2):
        results.write_results([Result(found, 500)])
    delivery = Delivery.objects.get()
    assert (delivery.tries, len(delivery.log)) == (1, 1)
    assert Webhook.everywhere.get().failures == 1


def test_the_last_try_ends_it() -> None:
    new_webhook("http://127.0.0.1/")
    happen()
    for tries in range(len(schedule.DELAYS)):
        Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        Webhook.everywhere.update(resume_at=None)
        (found,) = claim({}, 1)
        assert found.tries == tries
        results.write_results([Result(found, 500)])
    delivery = Delivery.objects.get()
    assert (delivery.state, len(delivery.log)) == ("failed", 10)
    assert claim({}, 1) == []
    assert endpoints.replay(Webhook.everywhere.get(), failed=True) == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == ("waiting", 0)


def test_what_a_killed_sender_was_sending_is_sent_again() -> None:
    new_webhook("http://127.0.0.1/")
    happen()
    (lost,) = claim({}, 1)
    assert claim({}, 1) == []
    Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=1))  # LEASE_SECONDS later
    (found,) = claim({}, 1)
    assert found.attempt == lost.attempt + 1
    results.write_results([Result(lost, 500)])  # it was alive after all: its result does not count any more
    assert Delivery.objects.get().log == []
    assert Webhook.everywhere.get().failures == 0
    results.write_results([Result(found, 200)])
    assert Delivery.objects.get().state == "delivered"
    assert LEASE_SECONDS > 30  # longer than an attempt may take


def test_who_has_not_answered_quickly_takes_few_places() -> None:
    webhook = new_webhook("http://127.0.0.1/").pk
    file = new_file()
    for _ in range(QUICK + 8):
        happen(file=file)
    assert len(claim({}, 100)) == UNKNOWN
    assert len(claim({webhook: UNKNOWN}, TOTAL, {webhook})) == QUICK - UNKNOWN
    assert claim({webhook: QUICK}, TOTAL, {webhook}) == []
    Webhook.everywhere.update(failures=1)
    assert len(claim({}, TOTAL, {webhook})) == 1


def test_a_claim_keeps_to_its_limit_in_every_plan() -> None:
    with taken_for_empty("picasso_delivery"):
        webhooks = {new_webhook("http://127.0.0.1/").pk for _ in range(3)}
        for _ in range(10):
            happen()
        assert Counter(each.webhook for each in claim({}, 200)) == dict.fromkeys(webhooks, UNKNOWN)


def test_quick_receivers_that_hang_all_at_once_leave_places_to_others() -> None:
    free = TOTAL
    for _ in range(16):
        free -= (room := room_of(Work(uuid.uuid4(), 0, of_file=False), 0, free, quick=True))
        assert room > 0
    assert free > RESERVED
    assert room_of(Work(uuid.uuid4(), 0, of_file=False), 1, RESERVED, quick=True) == 0
    assert room_of(Work(uuid.uuid4(), 0, of_file=False), 0, RESERVED, quick=True) == 1
    assert room_of(Work(uuid.uuid4(), 0, of_file=False), 0, 0, quick=True) == 0


def test_bad_tls_is_refused(tmp_path: Path) -> None:
    with remote(lambda _: OK, certificate(tmp_path, "localhost")) as receiver:
        new_webhook(receiver.url)
        happen()
        with sending():
            (delivery,) = wait_for()
    assert (delivery.error, receiver.asked) == ("tls-failed", [])


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://0x7f.1/",
        "http://localhost/",
    ],
)
def test_addresses_that_are_not_public_are_not_spoken_to(url: str) -> None:
    new_webhook(url)
    happen()
    with sending(outbound_allowed=()):
        (delivery,) = wait_for()
    assert delivery.error == "address-not-allowed"


def test_a_test_message() -> None:
    with remote(lambda _: OK) as receiver:
        webhook = new_webhook(receiver.url)
        endpoints.send_test(webhook)
        with sending():
            (delivery,) = wait_for()
    assert (delivery.state, verified(receiver.asked[0])["type"]) == ("delivered", "webhook.test")


def test_earlier_events_are_replayed_to_a_new_webhook() -> None:
    for _ in range(3):
        happen()
    webhook = new_webhook("http://127.0.0.1/", types=["file.processed"])
    endpoints.send_test(webhook)  # a delivery without an event
    since = timezone.now() - timedelta(minutes=1)
    assert endpoints.replay(webhook, since=since) == 3
    assert endpoints.replay(webhook, since=since) == 0  # they are waiting already


def test_a_secret_that_cant_be_read_any_more_sends_nothing() -> None:
    with remote(lambda _: OK) as receiver:
        new_webhook(receiver.url, secret="gAAAAAB")
        happen()
        with sending():
            (delivery,) = wait_for()
    assert (delivery.error, receiver.asked) == ("secret-unreadable", [])


# The API


HOOKS = f"{API}webhooks/"
JSON_TYPE = {"content_type": "application/json"}


async def call(app: WebApp, key: str, method: str, path: str, body: object = None) -> Any:
    """The status, and the parsed body."""
    text = b"" if body is None else json.dumps(body).encode()
    answered = await send(app, method, path, key, text, **JSON_TYPE)
    return answered.status, json.loads(answered.body or b"null")


def with_app(folder: Path, use: Callable[[Callable[..., Any]], Any]) -> Any:
    _, key = new_key()

    async def run(app: WebApp) -> Any:
        return await use(partial(call, app, key))

    return with_keys(folder, run, outbound_allowed=LOOPBACK)


def test_a_webhook_by_the_api(tmp_path: Path, settings: Any) -> None:
    settings.PICASSO = replace(settings.PICASSO, outbound_allowed=LOOPBACK)

    async def use(ask: Callable[..., Any]) -> None:
        status, made = await ask("POST", HOOKS, {"url": "http://127.0.0.1:1/a", "owners": ["ann"]})
        assert (status, made["types"], made["enabled"]) == (201, ["file.processed", "file.failed"], True)
        assert len(signing.key_of(made.pop("secret"))) == 32
        one = f"{HOOKS}{made['id']}/"
        assert await ask("GET", one) == (200, made)
        assert (await ask("GET", HOOKS))[1]["results"] == [made]
        status, changed = await ask("PATCH", one, {"enabled": False, "types": ["*"]})
        assert (status, changed["disabled_reason"], changed["types"]) == (200, "requested", ["*"])
        assert (await ask("POST", f"{one}test/"))[0] == 409
        assert (await ask("PATCH", one, {"enabled": True}))[1]["disabled_at"] is None
        status, tested = await ask("POST", f"{one}test/")
        assert (status, tested["state"], tested["attempts"]) == (202, "waiting", [])
        assert (await ask("GET", f"{one}deliveries/?state=waiting"))[1]["results"] == [tested]
        assert (await ask("GET", f"{one}deliveries/?state=delivered"))[1]["results"] == []
        status, rotated = await ask("POST", f"{one}rotate/", {"grace": 60})
        assert status == 200
        assert rotated["secret"].startswith("whsec_")
        assert await ask("POST", f"{one}replay/", {"failed": True}) == (202, {"count": 0})
        assert (await ask("DELETE", one))[0] == 204
        assert (await ask("GET", one))[0] == 404

    with_app(tmp_path, use)
    assert not Delivery.objects.exists()
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert actions >= {f"webhook.{each}" for each in ("create", "update", "test", "rotate", "replay", "delete")}


REFUSED: list[tuple[dict[str, object], str]] = [
    ({}, "url"),
    ({"url": "ftp://example.com/"}, "url"),
    ({"url": "https://user:secret@example.com/"}, "url"),
    ({"url": "https://example.com:8080/"}, "url"),
    ({"url": "http://169.254.169.254/"}, "url"),
    ({"url": "http://[::ffff:10.0.0.1]/"}, "url"),
    ({"url": "http://2130706433/"}, "url"),
    ({"url": "https://example.com/", "types": ["file.procesed"]}, "types"),
    ({"url": "https://example.com/", "types": []}, "types"),
    ({"url": "https://example.com/", "payload": "fat"}, "payload"),
    ({"url": "https://example.com/", "media_types": ["image"]}, "media_types"),
    ({"url": "https://example.com/", "media_types": ["*/png"]}, "media_types"),
    ({"url": "https://example.com/", "pipelines": ["nope"]}, "pipelines"),
    ({"url": "https://example.com/", "secret": "whsec_AAAA"}, "secret"),
    ({"url": "https://example.com/", "owner": "ann"}, "owner"),
]


def test_what_is_refused(tmp_path: Path) -> None:
    async def use(ask: Callable[..., Any]) -> list[Any]:
        return [await ask("POST", HOOKS, body) for body, _ in REFUSED]

    answers = with_app(tmp_path, use)
    assert [(status, body["errors"][0]["field"]) for status, body in answers] == [(400, name) for _, name in REFUSED]
    assert not Webhook.everywhere.exists()


def test_events_of_jobs_take_the_scope_for_jobs(tmp_path: Path) -> None:
    _, key = new_key(scopes=frozenset({Scope.WEBHOOKS_WRITE}))

    async def use(app: WebApp) -> list[Any]:
        kinds = (["job.failed"], ["*"], ["job.*"], ["file.*"])
        return [await call(app, key, "POST", HOOKS, {"url": "https://example.com/", "types": each}) for each in kinds]

    assert [status for status, _ in with_keys(tmp_path, use)] == [403, 403, 403, 201]


def test_a_new_address_takes_the_scopes_of_what_it_gets(tmp_path: Path) -> None:
    _, key = new_key(scopes=frozenset({Scope.WEBHOOKS_WRITE}))
    jobs = new_webhook("https://example.com/", types=["job.failed"])
    full = new_webhook("https://example.com/", payload="full")
    thin = new_webhook("https://example.com/")

    async def use(app: WebApp) -> list[Any]:
        change = {"url": "https://example.org/"}
        moved = [await call(app, key, "PATCH", f"{HOOKS}{each.pk}/", change) for each in (jobs, full, thin)]
        return [*moved, await call(app, key, "PATCH", f"{HOOKS}{thin.pk}/", {"payload": "full"})]

    assert [status for status, _ in with_keys(tmp_path, use)] == [403, 403, 200, 403]


def test_a_project_has_a_limited_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "MAX_WEBHOOKS", 1)

    async def use(ask: Callable[..., Any]) -> list[Any]:
        return [await ask("POST", HOOKS, {"url": "https://example.com/"}) for _ in range(2)]

    assert [(status, body.get("code")) for status, body in with_app(tmp_path, use)] == [
        (201, None),
        (409, "too-many-webhooks"),
    ]


def test_what_waits_for_another_attempt_is_sent_at_once_when_it_is_named(tmp_path: Path) -> None:
    up = threading.Event()
    with remote(lambda _: OK if up.is_set() else answer(b"", "500 Internal Server Error")) as receiver:
        webhook = new_webhook(receiver.url)
        happen()
        with sending():
            (delivery,) = wait_for()
            up.set()
            assert endpoints.replay(webhook, ids=[delivery.pk]) == 1
            wait_until(lambda: Delivery.objects.filter(state="delivered").exists())
    delivery.refresh_from_db()
    assert [each["status"] for each in delivery.log] == [500, 200]  # the log keeps what was before
    with pytest.raises(NotFound):
        endpoints.replay(webhook, ids=[delivery.pk, uuid.uuid4()])
