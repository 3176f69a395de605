"""People of an identity provider: what its claims make of them, and the way there and back without a session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.cookies import SimpleCookie
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

from picasso.access import external_people, oidc, oidc_claims, people, second_factor
from picasso.access.oidc import Flow
from picasso.conf import GroupRole
from picasso.errors import SignInRefused
from picasso.models import AuditEntry, ExternalIdentity, Membership, Project
from tests.flow.people import CODE, PASSWORD, Role, code_of, is_inside, new_browser, set_up_second_factor
from tests.flow.rows import side_by_side

pytestmark = pytest.mark.django_db(transaction=True)

START, CALLBACK = "/sign-in/oidc/", "/sign-in/oidc/callback/"
GROUPS = (GroupRole("staff", "admin", ""), GroupRole("support", "viewer", "shop"))


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    connection.close()


@pytest.fixture(autouse=True)
def _configured(settings: Any) -> None:
    settings.PICASSO = replace(
        django_settings.PICASSO, oidc_issuer="https://login.example", oidc_client_id="picasso", oidc_groups=GROUPS
    )


@pytest.fixture
def browser() -> Client:
    return new_browser()


def claims(**more: Any) -> dict[str, Any]:
    return {"sub": "1", "preferred_username": "kim", "groups": ["staff"], **more}


def test_first_sign_ins_of_one_person_at_once_make_one_person() -> None:
    found = side_by_side([lambda: external_people.sign_in(claims()).pk] * 16)
    assert set(found) == {User.objects.get().pk}
    assert ExternalIdentity.objects.count() == Membership.objects.count() == 1


def test_first_sign_ins_of_people_with_one_name_at_once_make_each_of_them() -> None:
    names = ("kim", "\uff4bim", "KIM", "kim")  # the second is written in wide letters, which are the same name
    side_by_side(
        [
            partial(external_people.sign_in, claims(sub=str(n), preferred_username=name))
            for n, name in enumerate(names * 2)
        ]
    )
    found = [user.username.lower() for user in User.objects.all()]
    assert sorted(found) == ["kim", *(f"kim-{n}" for n in range(2, 9))]


@pytest.mark.parametrize("name", ["sub", "preferred_username", "email", "name", "acr", "groups", "amr"])
@pytest.mark.parametrize("value", ["a\0b", "a\nb", "\x1b[31m", "\ud800", "\u202e", "x" * 1025, {"a": 1}, 1.5, True])
def test_a_claim_that_no_table_takes_is_refused(name: str, value: object) -> None:
    with pytest.raises(SignInRefused, match=name):
        external_people.sign_in(claims(**{name: value}))
    assert not User.objects.exists()


@pytest.mark.parametrize("value", [["staff", "a\0"], ["staff", None], ["staff"] * 10_001, [["staff"]]])
def test_groups_that_are_no_list_of_names_are_refused(value: object) -> None:
    with pytest.raises(SignInRefused, match="groups"):
        external_people.sign_in(claims(groups=value))


@pytest.mark.parametrize("sub", [None, "", 7])
def test_nobody_is_let_in_without_a_subject(sub: object) -> None:
    with pytest.raises(SignInRefused, match="sub"):
        external_people.sign_in(claims(sub=sub))


def test_long_subjects_are_told_apart() -> None:
    """They are never cut: two people would become one."""
    first = external_people.sign_in(claims(sub="x" * 254 + "1"))
    second = external_people.sign_in(claims(sub="x" * 254 + "2"))
    assert first != second
    with pytest.raises(SignInRefused):
        external_people.sign_in(claims(sub="x" * 256))


@pytest.mark.parametrize("name", ["\ufdfa" * 20, "x" * 255, "/////", "ann smith", "\u00e9" * 200, "%_%"])
def test_any_name_fits(name: str) -> None:
    made = external_people.sign_in(claims(preferred_username=name))
    assert 0 < len(User.objects.get(pk=made.pk).username) <= 150


def test_an_inactive_person_is_refused_and_keeps_their_roles() -> None:
    user = external_people.sign_in(claims())
    people.set_active(user, False)
    Project.objects.create(name="shop")
    with pytest.raises(SignInRefused):
        external_people.sign_in(claims(groups=["support"]))
    assert Membership.objects.get().role == Role.ADMIN


def test_roles_follow_the_groups_and_only_changes_are_written_down() -> None:
    Project.objects.create(name="shop")
    external_people.sign_in(claims())
    external_people.sign_in(claims())
    assert AuditEntry.objects.filter(action="person.role").count() == 1
    user = external_people.sign_in(claims(groups="support"))
    assert [(each.role, str(each.project)) for each in Membership.objects.all()] == [("viewer", "shop")]
    user.refresh_from_db()
    assert not user.is_superuser
    assert not user.is_staff


# The way there and back


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The claims that the provider answers with. The protocol itself is tested with a real one."""
    found = claims()
    made = {"url": "https://login.example/auth", "state": "the-state", "nonce": "the-nonce", "code_verifier": "v"}
    fake = SimpleNamespace(
        create_authorization_url=lambda uri: made,
        fetch_access_token=lambda uri, code, code_verifier: {"id_token": code},
        parse_id_token=lambda token, nonce: found if token["id_token"] == "right" else None,
    )
    monkeypatch.setattr(oidc, "client", lambda: fake)
    return found


def come_back(browser: Client, code: str = "right", state: str = "the-state") -> Any:
    return browser.get(CALLBACK, {"code": code, "state": state})


def test_the_way_to_the_provider_stores_nothing(browser: Client, provider: dict[str, Any]) -> None:
    answer = browser.get(START, {"next": "/account/"})
    assert answer["Location"] == "https://login.example/auth"
    cookie = answer.cookies["picasso-oidc"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 600)
    assert "the-state" not in cookie.value
    assert not Session.objects.exists()
    assert "sessionid" not in browser.cookies
    assert come_back(browser, state="another").status_code == 502
    assert come_back(browser).status_code == 502, "one answer is looked at"
    assert not Session.objects.exists()
    browser.get(START, {"next": "/account/"})
    assert come_back(browser)["Location"] == "/account/"
    assert is_inside(browser)
    assert come_back(browser).status_code == 502


@pytest.mark.parametrize("value", ["", "made-up", "gAAAAAB" + "x" * 90, "\xe9"])
def test_a_made_up_cookie_is_refused(browser: Client, provider: dict[str, Any], value: str) -> None:
    browser.cookies = SimpleCookie()
    browser.cookies["picasso-oidc"] = value
    assert come_back(browser).status_code == 502


def test_a_flow_ends_after_some_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    text = Flow("s", "n", "v", "https://files.example/", "/").encrypted()
    assert oidc.flow_of(text)
    monkeypatch.setattr(oidc, "MINUTES", 0)
    monkeypatch.setattr("cryptography.fernet.time.time", lambda: 2e9 * 2)
    assert oidc.flow_of(text) is None


def test_a_refusal_is_a_page_and_is_written_down(browser: Client, provider: dict[str, Any]) -> None:
    provider["preferred_username"] = "a\0b"
    browser.get(START)
    answer = come_back(browser)
    assert answer.status_code == 403
    assert b"preferred_username" in answer.content
    assert AuditEntry.objects.filter(action="session.sign-in", outcome="denied").count() == 1


@pytest.mark.parametrize(
    ("setting", "more", "asked"),
    [
        ((), {}, True),
        ((), {"amr": ["mfa"]}, True),
        (("mfa",), {}, True),
        (("mfa",), {"amr": ["pwd"]}, True),
        (("mfa",), {"amr": ["pwd", "mfa"]}, False),
        (("urn:strong", "mfa"), {"acr": "urn:strong"}, False),
        (("",), {"acr": ""}, True),
    ],
)
def test_the_second_factor_is_asked_for_unless_the_provider_did(
    provider: dict[str, Any], settings: Any, setting: tuple[str, ...], more: Any, asked: bool
) -> None:
    browser = new_browser()
    user = external_people.sign_in(claims())
    set_up_second_factor(user)
    settings.PICASSO = replace(settings.PICASSO, oidc_second_factor=setting)
    provider.update(more)
    browser.get(START, {"next": "/account/"})
    answer = come_back(browser)
    if asked:
        assert answer["Location"] == "/sign-in/code/?next=%2Faccount%2F"
        assert not is_inside(browser)
        assert browser.post(CODE, {"code": code_of(user, 1), "next": "/account/"})["Location"] == "/account/"
    assert is_inside(browser)


def test_a_person_with_a_password_is_no_person_of_the_provider() -> None:
    people.create("kim", PASSWORD, Role.VIEWER, None)
    made = external_people.sign_in(claims())
    assert made.username == "kim-2"
    assert second_factor.of(made) is None


def test_claims_of_common_providers() -> None:
    found = oidc_claims.parse({"sub": "00u1", "email": "a@b.example", "groups": "staff", "amr": ["pwd", "otp"]})
    assert (found.name, found.groups) == ("a@b.example", ("staff",))
    assert found.methods == {"pwd", "otp"}
