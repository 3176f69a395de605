"""Webhooks that are sent for real, to servers of the test."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.conf import settings

from picasso.activity import Activity
from picasso.events.sequence import number_events
from picasso.events.write import file_event, write
from picasso.models import Delivery, File, Webhook
from picasso.outbound_rules import parse_rules
from picasso.webhooks import signing
from picasso.webhooks.fan_out import fan_out
from picasso.webhooks.sender import WebhookSender
from tests.flow.rows import new_file

LOOPBACK = parse_rules("127.0.0.1")
SECRET = signing.new_secret()


def new_webhook(url: str, **fields: Any) -> Webhook:
    values = {"types": ["file.*"], "secret": signing.cipher.encrypt(SECRET), **fields}
    made = Webhook.everywhere.create(project_id=1, url=url, **values)
    return Webhook.everywhere.get(pk=made.pk)


def happen(kind: str = "file.processed", file: File | None = None) -> File:
    """An event, numbered, with its deliveries."""
    file = file or new_file()
    write(file_event(kind, file))
    spread()
    return file


def spread() -> None:
    while number_events():
        pass
    while fan_out():
        pass


@contextmanager
def sending(**conf: Any) -> Iterator[None]:
    sender = WebhookSender(replace(settings.PICASSO, **{"outbound_allowed": LOOPBACK, **conf}), Activity())
    sender.start()
    try:
        yield
    finally:
        sender.stop()


def wait_for(number: int = 1) -> list[Delivery]:
    """Until so many deliveries have had an attempt, oldest first."""
    wait_until(lambda: len(attempted()) >= number)
    return attempted()


def attempted() -> list[Delivery]:
    return [each for each in Delivery.objects.order_by("event", "id") if each.log]


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
