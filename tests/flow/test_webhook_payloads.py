"""What a delivery says, as it is shown to people: the same as is sent."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from picasso.access.principal import OPEN, Scope
from picasso.events.write import clear
from picasso.models import Delivery
from picasso.timestamps import rfc3339
from tests.flow.http import client
from tests.flow.rows import new_file
from tests.flow.webhooks import happen, new_webhook

pytestmark = pytest.mark.django_db(transaction=True)

HOOKS = "/api/v1.0/webhooks/"


def test_a_delivery_shows_what_it_says() -> None:
    webhook = new_webhook("http://127.0.0.1/", payload="full")
    file = happen(file=new_file(name="a.txt", state="processed"))
    delivery = Delivery.objects.get()
    address = f"{HOOKS}{webhook.pk}/deliveries/{delivery.pk}/"
    answer = client().get(address)
    assert answer.headers["cache-control"] == "no-store"
    shown = answer.json()
    assert shown["payload"]["type"] == "file.processed"
    assert shown["payload"]["data"]["file"]["id"] == str(file.pk)
    assert shown["message_id"] == f"msg_{delivery.event}"
    with transaction.atomic():
        clear(file.pk)
        file.delete()
    assert "a.txt" not in client().get(address).content.decode()


def test_it_takes_the_scopes_that_its_webhook_takes() -> None:
    webhook = new_webhook("http://127.0.0.1/", payload="full")
    happen()
    address = f"{HOOKS}{webhook.pk}/deliveries/{Delivery.objects.get().pk}/"
    only_hooks = replace(OPEN, scopes=frozenset({Scope.WEBHOOKS_WRITE}))
    refused = client(only_hooks).get(address)
    assert (refused.status_code, "files:read" in refused.json()["detail"]) == (403, True)
    webhook.payload = "thin"
    webhook.save()
    assert "file" not in client(only_hooks).get(address).json()["payload"]["data"]


def test_a_test_and_one_of_another_webhook() -> None:
    webhook, other = new_webhook("http://127.0.0.1/"), new_webhook("http://127.0.0.1/")
    delivery = Delivery.objects.create(webhook=webhook, type="webhook.test")
    shown = client().get(f"{HOOKS}{webhook.pk}/deliveries/{delivery.pk}/").json()
    assert shown["payload"]["data"] == {"webhook": str(webhook.pk)}
    for pk in (delivery.pk, uuid.uuid4()):
        assert client().get(f"{HOOKS}{other.pk}/deliveries/{pk}/").status_code == 404


def test_a_webhook_that_pauses_says_until_when() -> None:
    until = timezone.now() + timedelta(minutes=1)
    webhook = new_webhook("http://127.0.0.1/", resume_at=until, failures=3)
    assert client().get(f"{HOOKS}{webhook.pk}/").json()["resume_at"] == rfc3339(until)


def test_the_error_codes_have_cause_and_remedy() -> None:
    codes = client().get("/api/v1.0/error-codes/").json()
    assert {"quota-exceeded", "not-found"} <= {each["code"] for each in codes["requests"]}
    assert {"corrupt", "out-of-time"} & {each["code"] for each in codes["jobs"]}
    assert all(each["cause"] and each["remedy"] for kind in codes.values() for each in kind)
