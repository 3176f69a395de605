"""``picasso webhooks``."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from picasso.models import AuditEntry, Delivery, Project, Webhook
from picasso.webhooks import signing
from tests.flow.webhooks import LOOPBACK, SECRET, happen, new_webhook, sending, wait_for
from tests.remote import answer, remote

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _loopback(settings: Any) -> None:
    settings.PICASSO = replace(settings.PICASSO, outbound_allowed=LOOPBACK)


def run(*arguments: object) -> str:
    out = io.StringIO()
    call_command("webhooks", *map(str, arguments), stdout=out)
    return out.getvalue()


def run_json(*arguments: object) -> Any:
    return json.loads(run(*arguments, "--json"))


def test_a_webhook_from_its_creation_to_its_end() -> None:
    pk, secret = run("create", "http://127.0.0.1/a", "--type", "file.*", "--media-type", "image/*").split()
    assert len(signing.key_of(secret)) == 32
    shown = run_json("show", pk)
    assert (shown["id"], shown["types"], shown["media_types"]) == (pk, ["file.*"], ["image/*"])
    assert "enabled" in run("list")
    assert run_json("list", "--project", "default") == [shown]
    assert run_json("disable", pk)["disabled_reason"] == "requested"
    assert "disabled" in run("list").splitlines()[1].split()
    with pytest.raises(CommandError, match="is disabled"):
        run("test", pk)
    assert "is enabled" in run("enable", pk)
    (tested,) = run_json("test", pk)
    assert (tested["type"], tested["state"], tested["attempts"]) == ("webhook.test", "waiting", [])
    assert run_json("deliveries", pk, "--state", "waiting") == [tested]
    rotated = run("rotate", pk, "--grace", 60).split()
    assert rotated[0] == pk
    row = Webhook.everywhere.get()
    assert signing.cipher.decrypt(row.secret) == rotated[1] != secret
    assert row.old_secret_until
    assert timezone.now() < row.old_secret_until < timezone.now() + timedelta(seconds=61)
    assert "is deleted" in run("delete", pk)
    assert not Delivery.objects.exists()
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {
        f"webhook.{each}" for each in ("create", "update", "test", "rotate", "delete")
    }


def test_what_has_failed_is_replayed() -> None:
    with remote(lambda asked: answer(b"\x1b[2J", "200 OK")) as receiver:
        webhook = new_webhook(receiver.url)
        happen()
        Delivery.objects.update(state="failed", due_at=timezone.now())
        since = ("--since", (timezone.now() - timedelta(minutes=1)).isoformat())
        assert run_json("replay", webhook.pk, "--failed", *since) == {"count": 1}
        with sending():
            wait_for()
        shown = run("deliveries", webhook.pk)
        (delivery,) = run_json("deliveries", webhook.pk)
        assert "200 in" in shown
        assert "\x1b" not in shown
        assert (delivery["state"], delivery["attempts"][0]["answer"]) == ("delivered", "\x1b[2J")
        assert "again: 1" in run("replay", webhook.pk, "--delivery", delivery["id"])


def test_secrets_are_not_shown() -> None:
    webhook = new_webhook("http://127.0.0.1/", old_secret=signing.cipher.encrypt(SECRET))
    for shown in (run("list"), run("list", "--json"), run("show", webhook.pk), run("show", webhook.pk, "--json")):
        assert str(webhook.pk) in shown
        assert not [each for each in (SECRET, webhook.secret, webhook.old_secret) if each in shown]


def test_the_project_is_the_one_that_was_named() -> None:
    other = Project.objects.create(name="other")
    made = run_json("create", "http://127.0.0.1/", "--project", "other")
    assert (made["project"], made["types"]) == ("other", ["file.processed", "file.failed"])
    assert Webhook.objects.of(other.pk).count() == 1
    assert run_json("list", "--project", "default") == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "ftp://127.0.0.1/"),
        ("create", "http://10.0.0.1/"),
        ("create", "http://127.0.0.1/", "--type", "file.procesed"),
        ("create", "http://127.0.0.1/", "--project", "none"),
        ("create", "http://127.0.0.1/", "--description", "x" * 256),
        ("list", "--project", "none"),
        ("show", "0" * 32),
        ("show", "none"),
        ("replay", "ID"),
        ("replay", "ID", "--since", "yesterday"),
        ("rotate", "ID", "--grace", "9" * 30),
        ("deliveries", "ID", "--limit", "-1"),
    ],
)
def test_what_is_refused(arguments: tuple[str, ...]) -> None:
    pk = str(new_webhook("http://127.0.0.1/").pk)
    with pytest.raises(CommandError):
        run(*(pk if each == "ID" else each for each in arguments))
    assert Webhook.everywhere.count() == 1
