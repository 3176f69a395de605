"""People by the API: who sees whom, and who may change what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User

from picasso import models
from picasso.access import people, projects
from picasso.access.principal import OPEN, Principal, Scope
from picasso.models import AuditEntry, Membership
from tests.flow.http import client
from tests.flow.people import (
    EVERYTHING,
    PASSWORD,
    PEOPLE,
    admin_of,
    fast_hashes,
    is_inside,
    new_browser,
    post,
    signed_in,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    fast_hashes(monkeypatch)


@pytest.fixture
def shop() -> models.Project:
    return models.Project.objects.create(name="shop")


def person(name: str, role: str, project: models.Project | None) -> User:
    return people.create(name, PASSWORD, role, project)


def patch(principal: Principal, user: User, **body: Any) -> Any:
    return client(principal).patch(f"{PEOPLE}{user.pk}/", body, content_type="application/json")


def names(principal: Principal) -> set[str]:
    return {each["name"] for each in client(principal).get(PEOPLE).json()["results"]}


def test_a_new_person_gets_a_password_that_is_shown_once(shop: models.Project) -> None:
    answer = post(admin_of(shop), "", name="ann", role="operator")
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    made = answer.json()
    assert (made["role"], made["role_everywhere"], made["active"]) == ("operator", None, True)
    browser = new_browser()
    signed_in(browser, made["password"])
    assert is_inside(browser)
    assert "password" not in client(admin_of(shop)).get(f"{PEOPLE}{made['id']}/").json()
    assert AuditEntry.objects.filter(action="person.role", details__name="ann").exists()


def test_a_name_that_is_taken_and_a_weak_password_are_refused(shop: models.Project) -> None:
    person("ann", "viewer", shop)
    for body in ({"name": "Ann"}, {"name": "bob", "password": "12345"}, {"name": "a b"}):
        answer = post(admin_of(shop), "", role="viewer", **body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid-field")
    assert User.objects.count() == 1


@pytest.mark.parametrize("active", [True, False])
def test_of_a_person_elsewhere_a_name_tells_only_that_it_is_taken(shop: models.Project, active: bool) -> None:
    people.set_active(person("Ann", "admin", models.Project.objects.get(name="default")), active)
    assert post(admin_of(shop), "", name="ann", role="viewer").json()["detail"] == "This name is taken."


def test_an_administrator_of_a_project_sees_and_changes_only_its_people(shop: models.Project) -> None:
    ann, bob = person("ann", "viewer", shop), person("bob", "viewer", models.Project.objects.get(name="default"))
    root = person("root", "admin", None)
    assert names(admin_of(shop)) == {"ann", "root"}
    assert names(EVERYTHING) == {"ann", "bob", "root"}
    assert patch(admin_of(shop), bob, role="admin").status_code == 404
    assert patch(admin_of(shop), ann, role="operator").json()["role"] == "operator"
    for change in ({"role_everywhere": "viewer"}, {"active": False}):
        assert patch(admin_of(shop), root, **change).status_code == 403
    assert post(admin_of(shop), "", name="eve", role="viewer", everywhere=True).status_code == 403
    assert Membership.objects.filter(user=ann).get().role == "operator"


def test_nobody_gives_or_takes_more_than_they_have(shop: models.Project) -> None:
    weak = replace(admin_of(shop), scopes=frozenset({Scope.PROJECT_ADMIN, *people.SCOPES["viewer"]}))
    ann = person("ann", "admin", shop)
    assert post(weak, "", name="eve", role="admin").status_code == 403
    assert patch(weak, ann, role="viewer").status_code == 403
    assert patch(weak, ann, role=None).status_code == 403
    assert post(weak, "", name="eve", role="viewer").status_code == 201


def test_whoever_may_less_takes_over_no_account(shop: models.Project) -> None:
    """A service with open access lets everybody do much, but nobody fetch what is in quarantine or use the admin."""
    root, ann = person("root", "admin", None), person("ann", "viewer", shop)
    assert post(OPEN, f"{root.pk}/password/").status_code == 403
    assert patch(OPEN, root, active=False).status_code == 403
    assert patch(OPEN, root, role_everywhere=None).status_code == 403
    assert post(OPEN, f"{ann.pk}/password/").status_code == 200
    browser = new_browser()
    signed_in(browser, name="root")
    assert post(OPEN, f"{root.pk}/sign-out/").status_code == 403
    assert post(replace(OPEN, scopes=frozenset({Scope.SERVICE_ADMIN})), f"{root.pk}/sign-out/").status_code == 403
    assert is_inside(browser)
    assert post(OPEN, f"{ann.pk}/sign-out/").status_code == 204


def test_nobody_changes_themselves(shop: models.Project) -> None:
    ann = person("ann", "admin", shop)
    mine = replace(admin_of(shop), scopes=frozenset(Scope), identity=f"user:{ann.pk}")
    for answer in (patch(mine, ann, role=None), patch(mine, ann, active=False), post(mine, f"{ann.pk}/password/")):
        assert answer.status_code == 409
    assert Membership.objects.get(user=ann).role == "admin"


def test_a_role_is_taken_and_given_here_and_everywhere(shop: models.Project) -> None:
    ann = person("ann", "viewer", shop)
    in_shop = replace(EVERYTHING, project=projects.snapshot(shop))
    assert patch(in_shop, ann, role=None, role_everywhere="admin").json()["role_everywhere"] == "admin"
    ann.refresh_from_db()
    assert ann.is_superuser
    assert patch(in_shop, ann, role_everywhere=None).json()["role_everywhere"] is None
    assert not Membership.objects.exists()
    ann.refresh_from_db()
    assert not ann.is_superuser
    assert patch(admin_of(shop), person("bob", "viewer", shop), role=None).json()["role"] is None


def test_a_lost_password_a_sign_out_and_a_deactivation(shop: models.Project) -> None:
    ann, browser = person("ann", "viewer", shop), new_browser()
    signed_in(browser)
    assert is_inside(browser)
    assert post(EVERYTHING, f"{ann.pk}/sign-out/").status_code == 204
    assert not is_inside(browser)
    password = post(EVERYTHING, f"{ann.pk}/password/", remove_second_factor=True).json()["password"]
    signed_in(browser, password)
    assert is_inside(browser)
    assert patch(EVERYTHING, ann, active=False).json()["active"] is False
    assert not is_inside(browser)
    for name in ("password", "sign-out"):
        assert post(admin_of(shop), f"{ann.pk}/{name}/").status_code == 403
