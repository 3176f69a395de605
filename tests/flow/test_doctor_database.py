"""The checks of `picasso doctor` that ask the database."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import uuid4

import pytest
from django.utils import timezone

from picasso import conf
from picasso.access.projects import DEFAULT
from picasso.doctor import database, forwarding, receivers, workers
from picasso.doctor.finding import Finding, Installation, Level
from picasso.models import Upload, Worker
from picasso.webhooks import of_files

HERE = Installation(conf.load({}), "http://127.0.0.1:8000")


def wrong(found: Iterable[Finding]) -> set[str]:
    return {finding.name for finding in found if finding.level != Level.OK}


@pytest.mark.django_db
def test_a_database_with_all_tables() -> None:
    assert wrong(database.check(HERE)) == set()


@pytest.mark.django_db
def test_workers() -> None:
    Worker.objects.create(name="here/1", queue="quick", seen_at=timezone.now())
    found = [finding for finding in workers.check(HERE) if finding.level != Level.OK]
    assert [finding.what.split()[5] for finding in found] == ["heavy"]


@pytest.mark.django_db
def test_webhooks_of_uploads_have_no_address_to_ask() -> None:
    of_files.key_row(DEFAULT.id)
    of_files.of_host(DEFAULT.id, "app.example.com")
    [finding] = receivers.check(HERE)
    assert (finding.level, finding.what) == (Level.OK, "There are no webhooks.")


@pytest.mark.django_db
def test_no_webhooks() -> None:
    assert wrong(receivers.check(HERE)) == set()


def address_of(seen: str, own: str) -> Level:
    row = Upload.everywhere.create(address=seen, project_id=DEFAULT.id)
    return forwarding.client_address("https://files.example.com", str(row.pk), own).level


@pytest.mark.django_db
def test_the_address_of_a_client() -> None:
    assert address_of("198.51.100.7", "198.51.100.7") == Level.OK
    assert address_of("8.8.8.8", "10.0.0.3") == Level.OK  # behind a router
    assert address_of(forwarding.FORGED, "198.51.100.7") == Level.FAULT
    assert address_of("127.0.0.1", "10.0.0.3") == Level.WARNING
    assert forwarding.client_address("http://elsewhere", str(uuid4()), "::1").level == Level.FAULT
