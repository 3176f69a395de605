"""Two at the same moment who change one person: the second waits for the first, and then sees what it did."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from picasso import models
from picasso.access import invitations, people, people_of_projects
from picasso.access.principal import Scope
from picasso.access.sign_in_locks import Client
from picasso.errors import Conflict, Forbidden, PicassoError, SignInRefused
from picasso.models import Invitation
from tests.flow.people import NEW_PASSWORD, PASSWORD, admin_of, fast_hashes
from tests.waiting import SECONDS, in_background, outcome_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="on SQLite a transaction that writes is alone"),
]

LIFETIME = timedelta(days=1)

# What ends a link, and why nobody of the project invites the person after it.
CHANGES: dict[str, tuple[Callable[[User], Any], type[PicassoError]]] = {
    "role elsewhere": (lambda user: people.give_role(user, "viewer", other_project()), Forbidden),
    "role everywhere": (lambda user: people.give_role(user, "admin", None), Forbidden),
    "password": (lambda user: people.set_password(user, PASSWORD), Forbidden),
    "inactive": (lambda user: people.set_active(user, False), Conflict),
}


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    fast_hashes(monkeypatch)


@pytest.fixture
def shop() -> models.Project:
    return models.Project.objects.create(name="shop")


@pytest.fixture
def ann(shop: models.Project) -> User:
    other_project()
    return people.create("ann", None, "viewer", shop)


def other_project() -> models.Project:
    return models.Project.objects.get_or_create(name="other")[0]


def begun(call: Callable[[], Any]) -> Future[Any]:
    """In a thread with a connection of its own, once it waits for a lock or has ended."""

    def run() -> Any:
        try:
            return call()
        finally:
            connection.close()

    outcome, deadline = in_background(run), time.monotonic() + SECONDS
    while not outcome.done() and not somebody_waits():
        assert time.monotonic() < deadline, "neither waits nor ends"
        time.sleep(0.01)
    return outcome


def somebody_waits() -> bool:
    """For this transaction. Not by pg_stat_activity, which stays the same within a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("name", CHANGES)
def test_who_is_being_changed_is_invited_only_if_that_is_still_right(
    shop: models.Project, ann: User, name: str
) -> None:
    change, refusal = CHANGES[name]
    with transaction.atomic():
        change(ann)
        asked = begun(lambda: people_of_projects.invite(admin_of(shop), ann, LIFETIME))
    with pytest.raises(refusal):
        outcome_of(asked)
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_ends_the_link_that_is_being_made(shop: models.Project, ann: User, name: str) -> None:
    change, _ = CHANGES[name]
    with transaction.atomic():
        people_of_projects.invite(admin_of(shop), ann, LIFETIME)
        asked = begun(lambda: change(ann))
    outcome_of(asked)
    assert not Invitation.objects.exists()


def test_a_link_that_is_used_while_the_person_gets_a_password(shop: models.Project, ann: User) -> None:
    """Both want the person and the link, in the same order: no deadlock."""
    secret = invitations.create(ann).secret
    with transaction.atomic():
        people.locked(ann)
        asked = begun(lambda: invitations.accept(secret, NEW_PASSWORD, Client("10.0.0.1")))
        people.set_password(ann, PASSWORD)
    with pytest.raises(SignInRefused):
        outcome_of(asked)
    assert User.objects.get(pk=ann.pk).check_password(PASSWORD)


def test_nobody_gets_the_password_of_a_person_who_is_given_more(shop: models.Project, ann: User) -> None:
    limited = replace(admin_of(shop), scopes=people.SCOPES["viewer"] | {Scope.SERVICE_ADMIN})
    with transaction.atomic():
        people.give_role(ann, "admin", shop)
        asked = begun(lambda: people_of_projects.replace_password(limited, ann, remove_second_factor=False))
    with pytest.raises(Forbidden):
        outcome_of(asked)
    assert not User.objects.get(pk=ann.pk).has_usable_password()
