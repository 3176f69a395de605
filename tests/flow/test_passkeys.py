"""Passkeys: adding and removing them, signing in with them, and what is refused."""

from __future__ import annotations

import html
import json
import logging
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.test import Client

from picasso.access import challenges, passkeys, people
from picasso.api.people.account import MAX_DIGITS
from picasso.api.people.steps import SIGNED_IN_AT
from picasso.errors import Conflict, SignInRefused
from picasso.models import AuditEntry, ExternalIdentity, Passkey, SignInFailure, UsedChallenge
from picasso.receive.cleanup import sweep
from picasso.storage.folder import Folder
from tests.flow.authenticator import Authenticator, text_of
from tests.flow.http import client
from tests.flow.people import (
    ACCOUNT,
    CODE,
    EVERYTHING,
    FILES,
    NEW_PASSWORD,
    PASSWORD,
    PEOPLE,
    SIGN_IN,
    ask_as,
    code_of,
    is_inside,
    new_browser,
    post,
    set_up_second_factor,
    signed_in,
)
from tests.flow.rows import side_by_side

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("of_people", "at_public_url")]

ORIGIN = "https://files.example.com"
ALONE = "/sign-in/passkey/"


@pytest.fixture
def at_public_url(settings: Any) -> None:
    settings.PICASSO = replace(settings.PICASSO, public_url=f"{ORIGIN}/picasso")


@pytest.fixture
def device() -> Authenticator:
    return Authenticator(ORIGIN)


@pytest.fixture
def added(at_public_url: None, ann: User, device: Authenticator) -> Passkey:
    return passkeys.create(ann, "phone", device.create(passkeys.creation_options(ann)))


def options_in(page: Any) -> str:
    (found,) = re.findall(r'data-options="([^"]+)"', page.content.decode())
    return html.unescape(found)


def options_alone(browser: Client) -> str:
    return str(browser.get(ALONE).content.decode())


def refused(action: Callable[[], object]) -> bool:
    try:
        action()
    except SignInRefused:
        return True
    return False


def test_a_passkey_is_added_used_listed_and_removed(
    ann: User, browser: Client, device: Authenticator, tmp_path: Path
) -> None:
    other = new_browser()
    for each in (browser, other):
        signed_in(each)
    page = browser.post(ACCOUNT, {"do": "passkey", "name": "phone", "password": PASSWORD})
    answer = device.create(options_in(page))
    done = browser.post(ACCOUNT, {"do": "passkey-create", "credential": answer})
    assert "The passkey is added" in done.content.decode()
    assert "phone" in done.content.decode()
    assert is_inside(browser)
    assert not is_inside(other), "a new passkey ends the other sessions"
    assert browser.post(ACCOUNT, {"do": "passkey-create", "credential": answer}).status_code == 409
    alone = new_browser()
    entered = alone.post(ALONE, {"credential": device.get(options_alone(alone)), "next": "/account/"})
    assert entered["Location"] == "/account/"
    (whole,) = ask_as(alone, tmp_path, ("GET", FILES))
    assert whole.status == 200
    (row,) = passkeys.of(ann)
    assert (row.sign_count, row.name) == (1, "phone")
    assert row.last_used_at
    for password, status in (("", 403), ("wrong", 403), (PASSWORD, 200)):
        sent = {"do": "passkey-remove", "passkey": row.pk, "password": password}
        assert browser.post(ACCOUNT, sent).status_code == status
    assert not passkeys.of(ann)
    assert is_inside(browser)
    assert not is_inside(alone), "it was opened with the passkey that is removed"
    assert alone.post(ALONE, {"credential": device.get(options_alone(alone))}).status_code == 403
    said = AuditEntry.objects.order_by("at").values_list("details", flat=True)
    assert [each for each in said if "passkey" in each] == [
        {"name": "ann", "active": True, "passkey": "phone"},
        {"name": "ann", "passkey": "phone"},
        {"name": "ann", "active": False, "passkey": "phone"},
    ]


@pytest.mark.usefixtures("added")
def test_the_password_alone_is_not_enough_any_more(ann: User, browser: Client, device: Authenticator) -> None:
    device.verifies = False  # possession is enough after a password
    assert signed_in(browser, next="/account/")["Location"] == "/sign-in/code/?next=%2Faccount%2F"
    assert not is_inside(browser)
    page = browser.get(CODE)
    assert "Code from the app" not in page.content.decode()
    asked = options_in(page)
    assert [each["id"] for each in json.loads(asked)["allowCredentials"]] == [text_of(device.id)]
    entered = browser.post(CODE, {"credential": device.get(asked), "next": "/account/"})
    assert entered["Location"] == "/account/"
    assert is_inside(browser)
    assert not SignInFailure.objects.exists()


@pytest.mark.usefixtures("added")
def test_beside_an_app_either_one_is_enough(ann: User, browser: Client, device: Authenticator) -> None:
    set_up_second_factor(ann)
    for answer in ({"code": code_of(ann, 1)}, {}):
        signed_in(browser)
        page = browser.get(CODE)
        assert "Code from the app" in page.content.decode()
        sent = answer or {"credential": device.get(options_in(page))}
        assert browser.post(CODE, sent).status_code == 302
        browser.cookies.clear()


LIES: dict[str, dict[str, Any]] = {
    "another origin": {"origin": "https://evil.example"},
    "the origin without TLS": {"origin": "http://files.example.com"},
    "another host": {"host": "evil.example"},
    "a made-up challenge": {"challenge": text_of(bytes(56))},
    "the handle of somebody else": {"handle": text_of(b"x" * 32)},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
@pytest.mark.usefixtures("added")
def test_lies_are_refused_and_counted(browser: Client, device: Authenticator, lie: dict[str, Any]) -> None:
    answer = browser.post(ALONE, {"credential": device.get(options_alone(browser), **lie)})
    assert answer.status_code == 403
    assert SignInFailure.objects.filter(subject__startswith="passkey:").count() == 1
    denied = AuditEntry.objects.get(action="session.sign-in", outcome="denied")
    assert denied.details["name"] == "ann"
    assert Passkey.objects.get().sign_count == 0
    signed_in(browser)
    assert browser.post(CODE, {"credential": device.get(options_in(browser.get(CODE)), **lie)}).status_code == 403
    assert not is_inside(browser)


@pytest.mark.parametrize("lie", [LIES["another origin"], LIES["another host"], LIES["a made-up challenge"]])
def test_a_new_passkey_must_come_from_here(ann: User, device: Authenticator, lie: dict[str, Any]) -> None:
    with pytest.raises(SignInRefused):
        passkeys.create(ann, "phone", device.create(passkeys.creation_options(ann), **lie))
    assert not Passkey.objects.exists()


@pytest.mark.usefixtures("added")
def test_an_answer_is_good_for_once(browser: Client, device: Authenticator) -> None:
    answer = device.get(options_alone(browser))
    assert browser.post(ALONE, {"credential": answer}).status_code == 302
    assert new_browser().post(ALONE, {"credential": answer}).status_code == 403
    asked = options_alone(browser)
    device.get(asked)
    first, second = device.get(asked), device.get(asked)  # newer counts do not help: the challenge is used
    assert browser.post(ALONE, {"credential": first}).status_code == 302
    assert new_browser().post(ALONE, {"credential": second}).status_code == 403


@pytest.mark.usefixtures("added")
def test_of_parallel_uses_of_a_challenge_one_counts(device: Authenticator) -> None:
    asked = passkeys.request_options(None)
    answers = [passkeys.parse(device.get(asked)) for _ in range(6)]
    calls = [lambda each=each: not refused(lambda: passkeys.verify(each, None)) for each in answers]
    assert sum(side_by_side(calls)) == 1


@pytest.mark.usefixtures("added")
def test_a_challenge_expires(browser: Client, device: Authenticator, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = options_alone(browser)
    now = time.time()
    monkeypatch.setattr("picasso.access.challenges.time.time", lambda: now + challenges.SECONDS + 2)
    answer = browser.post(ALONE, {"credential": device.get(asked)})
    assert answer.status_code == 403
    assert "took too long" in answer.content.decode()
    assert not SignInFailure.objects.exists(), "a page that was open for too long guesses nothing"
    assert not AuditEntry.objects.filter(outcome="denied").exists()


@pytest.mark.usefixtures("added")
def test_a_page_that_is_too_old_is_no_wrong_code(
    browser: Client, device: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in(browser)
    asked, now = options_in(browser.get(CODE)), time.time()
    with monkeypatch.context() as later:
        later.setattr("picasso.access.challenges.time.time", lambda: now + challenges.SECONDS + 2)
        for _ in range(12):
            assert browser.post(CODE, {"credential": device.get(asked)}).status_code == 403
        lie = device.get(asked, challenge=text_of(bytes(56)))
        assert browser.post(CODE, {"credential": lie}).status_code == 403
    assert SignInFailure.objects.filter(subject__startswith="code:").count() == 1
    assert browser.post(CODE, {"credential": device.get(options_in(browser.get(CODE)))}).status_code == 302


@pytest.mark.parametrize(("ahead", "works"), [(30, True), (90, False)])
def test_a_challenge_of_the_future_is_refused(ahead: int, works: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks of machines differ a little."""
    now = time.time()
    with monkeypatch.context() as later:
        later.setattr("picasso.access.challenges.time.time", lambda: now + ahead)
        challenge = challenges.new("sign in")
    monkeypatch.setattr("picasso.access.challenges.time.time", lambda: now)
    assert challenges.use(challenge, "sign in") is works
    assert not challenges.is_late(challenge, "sign in")


@pytest.mark.usefixtures("added")
def test_a_challenge_is_for_one_purpose_and_one_person(ann: User, browser: Client, device: Authenticator) -> None:
    """What somebody was asked for after a password does not sign in alone, and the other way round."""
    bob = people.create("bob", NEW_PASSWORD, "viewer", None)
    for_ann, for_bob, alone = (passkeys.request_options(user) for user in (ann, bob, None))
    for asked, user in ((for_ann, None), (for_bob, None), (alone, ann), (for_bob, ann)):
        assert refused(lambda: passkeys.verify(passkeys.parse(device.get(asked)), user))  # noqa: B023 - called at once
    new = Authenticator(ORIGIN)
    assert refused(lambda: passkeys.create(bob, "x", new.create(passkeys.creation_options(ann))))


@pytest.mark.usefixtures("added")
def test_a_passkey_of_somebody_else_is_no_second_factor(browser: Client) -> None:
    bob, of_bob = people.create("bob", NEW_PASSWORD, "viewer", None), Authenticator(ORIGIN)
    passkeys.create(bob, "his", of_bob.create(passkeys.creation_options(bob)))
    signed_in(browser)
    page = browser.get(CODE)
    assert browser.post(CODE, {"credential": of_bob.get(options_in(page))}).status_code == 403
    assert not is_inside(browser)


@pytest.mark.usefixtures("added")
def test_a_copy_of_an_authenticator_is_noticed(browser: Client, device: Authenticator) -> None:
    copy = replace(device)
    for _ in range(2):
        assert browser.post(ALONE, {"credential": device.get(options_alone(browser))}).status_code == 302
    for _ in range(2):  # its counts are 1 and 2, as those that were seen
        assert new_browser().post(ALONE, {"credential": copy.get(options_alone(browser))}).status_code == 403
    assert Passkey.objects.get().sign_count == 2


@pytest.mark.usefixtures("added")
def test_without_a_password_the_device_must_know_the_person(browser: Client, device: Authenticator) -> None:
    device.verifies = False
    assert json.loads(options_alone(browser))["userVerification"] == "required"
    assert browser.post(ALONE, {"credential": device.get(options_alone(browser))}).status_code == 403


def test_a_key_that_knew_nobody_when_it_was_added_is_a_second_factor_only(
    ann: User, browser: Client, device: Authenticator
) -> None:
    """Whoever finds one without a PIN can give it one."""
    device.verifies = False
    passkeys.create(ann, "key", device.create(passkeys.creation_options(ann)))
    device.verifies = True
    answer = new_browser().post(ALONE, {"credential": device.get(options_alone(browser))})
    assert answer.status_code == 403
    assert "is a second factor only" in answer.content.decode()
    signed_in(browser)
    browser.post(CODE, {"credential": device.get(options_in(browser.get(CODE)))})
    alone, only = "Signs in alone", "Second factor only"
    page = browser.get(ACCOUNT).content.decode()
    assert (alone in page, only in page) == (False, True)
    Passkey.objects.update(verified=True)
    page = browser.get(ACCOUNT).content.decode()
    assert (alone in page, only in page) == (True, False)
    ExternalIdentity.objects.create(user=ann, issuer="https://login.example", subject="1")
    page = browser.get(ACCOUNT).content.decode()
    assert (alone in page, only in page) == (False, True)


@pytest.mark.usefixtures("added")
def test_authenticators_know_the_person_by_what_tells_nothing(
    ann: User, browser: Client, device: Authenticator, settings: Any
) -> None:
    before = passkeys.handle(ann)
    settings.SECRET_KEY = "another one"
    assert passkeys.handle(ann) != before, "nobody works it out from the number of the row"
    assert browser.post(ALONE, {"credential": device.get(options_alone(browser))}).status_code == 302


@pytest.mark.usefixtures("added")
def test_another_key_does_not_sign_for_a_passkey(browser: Client, device: Authenticator) -> None:
    thief = Authenticator(ORIGIN, id=device.id, user=device.user)
    assert browser.post(ALONE, {"credential": thief.get(options_alone(browser))}).status_code == 403


@pytest.mark.usefixtures("added")
def test_too_many_wrong_passkeys_lock_the_address(browser: Client, device: Authenticator) -> None:
    wrong = Authenticator(ORIGIN)
    sent = [browser.post(ALONE, {"credential": wrong.get(options_alone(browser))}).status_code for _ in range(22)]
    assert sent == [403] * 20 + [429] * 2
    assert browser.post(ALONE, {"credential": device.get(options_alone(browser))}).status_code == 429


@pytest.mark.usefixtures("added")
def test_wrong_passkeys_count_as_wrong_codes_after_a_password(browser: Client) -> None:
    signed_in(browser)
    wrong = Authenticator(ORIGIN)
    sent = [browser.post(CODE, {"credential": wrong.get(options_in(browser.get(CODE)))}).status_code for _ in range(11)]
    assert sent == [403] * 10 + [429]


@pytest.mark.usefixtures("added")
def test_who_is_deactivated_or_external_does_not_sign_in_with_a_passkey_alone(
    ann: User, browser: Client, device: Authenticator
) -> None:
    identity = ExternalIdentity.objects.create(user=ann, issuer="https://login.example", subject="1")
    answer = browser.post(ALONE, {"credential": device.get(options_alone(browser))})
    assert "You sign in with your organisation" in answer.content.decode()
    identity.delete()
    people.set_active(ann, False)
    assert browser.post(ALONE, {"credential": device.get(options_alone(browser))}).status_code == 403


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "\0", "x" * 30_000, '{"id": 1}', '{"id": "\ud800"}'])
def test_what_no_browser_sends_is_refused(browser: Client, ann: User, text: str) -> None:
    text = text.encode(errors="replace").decode()
    assert browser.post(ALONE, {"credential": text}).status_code == 403
    with pytest.raises(SignInRefused):
        passkeys.create(ann, "x", text)


@pytest.mark.parametrize("bad", ["\ud800", "a\0b", "", "x" * 5000])
@pytest.mark.usefixtures("added")
def test_a_bad_id_in_a_whole_answer_is_refused(ann: User, browser: Client, device: Authenticator, bad: str) -> None:
    for other in (bad, text_of(device.id)):
        for name in ("id", "rawId"):
            sent = json.loads(device.get(options_alone(browser))) | {"id": other, "rawId": other, name: bad}
            assert browser.post(ALONE, {"credential": json.dumps(sent)}).status_code == 403
    signed_in(browser)
    sent = json.loads(device.get(options_in(browser.get(CODE)))) | {"id": bad}
    assert browser.post(CODE, {"credential": json.dumps(sent)}).status_code == 403
    made = json.loads(Authenticator(ORIGIN).create(passkeys.creation_options(ann))) | {"id": bad}
    assert refused(lambda: passkeys.create(ann, "x", json.dumps(made)))


@pytest.mark.parametrize(("length", "works"), [(passkeys.MAX_ID, True), (passkeys.MAX_ID + 1, False)])
def test_a_bad_id_of_a_new_passkey_is_too_long(ann: User, length: int, works: bool) -> None:
    new = Authenticator(ORIGIN, id=b"x" * length)
    assert refused(lambda: passkeys.create(ann, "x", new.create(passkeys.creation_options(ann)))) is not works


def test_malformed_answers_are_counted_and_throttled(browser: Client) -> None:
    sent = [browser.post(ALONE, {"credential": "{}"}).status_code for _ in range(22)]
    assert sent == [403] * 20 + [429] * 2


@pytest.mark.usefixtures("added")
def test_what_a_stranger_sends_forges_no_line_of_the_log(
    browser: Client, device: Authenticator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "picasso")
    forged = "x\n2026-01-01 [info] all is well" + "y" * 5000
    assert browser.post(ALONE, {"credential": device.get(options_alone(browser), origin=forged)}).status_code == 403
    (said,) = [each.getMessage() for each in caplog.records if "a passkey was refused" in each.getMessage()]
    assert "all is well" in said
    assert "\n" not in said
    assert len(said) < 300


@pytest.mark.usefixtures("added")
def test_an_open_session_alone_adds_and_removes_nothing(ann: User, device: Authenticator, browser: Client) -> None:
    signed_in(browser)
    browser.post(CODE, {"credential": device.get(options_in(browser.get(CODE)))})
    for password, status in (("", 400), ("wrong", 403)):
        sent = {"do": "passkey", "name": "mine", "password": password}
        assert browser.post(ACCOUNT, sent).status_code == status
    new = Authenticator(ORIGIN).create(passkeys.creation_options(ann))
    assert browser.post(ACCOUNT, {"do": "passkey-create", "credential": new}).status_code == 409
    assert len(passkeys.of(ann)) == 1


def test_a_passkey_gets_a_new_name(added: Passkey, ann: User, browser: Client, device: Authenticator) -> None:
    signed_in(browser)
    browser.post(CODE, {"credential": device.get(options_in(browser.get(CODE)))})
    sent = {"do": "passkey-rename", "passkey": added.pk, "password": PASSWORD, "name": "old <phone>"}
    for bad, status in (({"password": "wrong"}, 403), ({"password": ""}, 403), ({"name": ""}, 400)):
        assert browser.post(ACCOUNT, sent | bad).status_code == status
    for bad in ({"name": "x" * 101}, {"name": "a\0b"}):
        assert browser.post(ACCOUNT, sent | bad).status_code == 400
    assert passkeys.of(ann)[0].name == "phone"
    page = browser.post(ACCOUNT, sent).content.decode()
    assert "The passkey has a new name." in page
    assert "old &lt;phone&gt;" in page
    assert AuditEntry.objects.filter(action="person.passkey", details__before="phone").count() == 1
    assert browser.post(ACCOUNT, sent | {"passkey": added.pk + 1}).status_code == 404


def test_nobody_removes_the_passkey_of_somebody_else(added: Passkey, browser: Client) -> None:
    people.create("bob", NEW_PASSWORD, "viewer", None)
    signed_in(browser, NEW_PASSWORD, "bob")
    for number in (str(added.pk), "0", "-1", "x", "9" * MAX_DIGITS, "9" * 100):
        sent = {"passkey": number, "password": NEW_PASSWORD, "name": "x"}
        for action in ("passkey-remove", "passkey-rename"):
            assert browser.post(ACCOUNT, {"do": action, **sent}).status_code == 404
    assert Passkey.objects.get().name == "phone"


def test_who_has_no_password_here_must_have_signed_in_lately(ann: User, browser: Client, device: Authenticator) -> None:
    signed_in(browser)
    User.objects.update(password=make_password(None))
    browser.force_login(User.objects.get())
    assert browser.post(ACCOUNT, {"do": "passkey", "name": "phone"}).status_code == 403
    session = browser.session
    session[SIGNED_IN_AT] = int(time.time()) - 60
    session.save()
    page = browser.post(ACCOUNT, {"do": "passkey", "name": "phone"})
    answer = device.create(options_in(page))
    assert browser.post(ACCOUNT, {"do": "passkey-create", "credential": answer}).status_code == 200
    (row,) = passkeys.of(ann)
    assert browser.post(ACCOUNT, {"do": "passkey-remove", "passkey": row.pk}).status_code == 200


def test_a_passkey_is_added_once_and_not_without_end(
    ann: User, device: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user in (ann, people.create("bob", NEW_PASSWORD, "viewer", None)):
        if user is ann:
            passkeys.create(ann, "phone", device.create(passkeys.creation_options(ann)))
        else:
            with pytest.raises(Conflict):
                passkeys.create(user, "phone", device.create(passkeys.creation_options(user)))
    monkeypatch.setattr(passkeys, "MAX_PASSKEYS", 1)
    with pytest.raises(Conflict):
        passkeys.create(ann, "other", Authenticator(ORIGIN).create(passkeys.creation_options(ann)))


@pytest.mark.usefixtures("added")
def test_an_administrator_removes_passkeys_with_a_new_password(ann: User, browser: Client) -> None:
    assert client_shows(ann)["second_factor"] is True
    answer = post(EVERYTHING, f"{ann.pk}/password/", remove_second_factor=True)
    assert client_shows(ann)["second_factor"] is False
    assert signed_in(browser, answer.json()["password"])["Location"] == "/"
    assert AuditEntry.objects.filter(action="person.passkey", details__active=False).count() == 1


def client_shows(user: User) -> dict[str, Any]:
    found: dict[str, Any] = client(EVERYTHING).get(f"{PEOPLE}{user.pk}/").json()
    return found


@pytest.mark.parametrize(
    ("public_url", "expected"),
    [
        ("", None),
        ("http://files.example.com", None),
        ("https://10.0.0.1", None),
        ("https://[::1]", None),
        ("https://Files.Example.com/picasso", ("files.example.com", "https://files.example.com")),
        ("https://files.example.com:443", ("files.example.com", "https://files.example.com")),
        ("https://files.example.com:8443", ("files.example.com", "https://files.example.com:8443")),
        ("http://localhost:8000", ("localhost", "http://localhost:8000")),
        ("https://файлы.example", ("xn--80asg7a0b.example", "https://xn--80asg7a0b.example")),
    ],
)
def test_host_and_origin_are_those_of_the_public_url(
    settings: Any, public_url: str, expected: tuple[str, str] | None
) -> None:
    settings.PICASSO = replace(settings.PICASSO, public_url=public_url)
    assert passkeys.site() == expected


@pytest.mark.usefixtures("added")
def test_without_a_public_url_there_are_none_and_they_still_count(ann: User, browser: Client, settings: Any) -> None:
    settings.PICASSO = replace(settings.PICASSO, public_url="")
    assert "data-passkey" not in browser.get(SIGN_IN).content.decode()
    assert browser.get(ALONE).status_code == 404
    signed_in(browser)
    assert "do not work at this address" in browser.get(CODE).content.decode()
    assert not is_inside(browser)


def test_used_challenges_are_forgotten_in_time(tmp_path: Path, device: Authenticator, added: Passkey) -> None:
    passkeys.verify(passkeys.parse(device.get(passkeys.request_options(None))), None)
    assert UsedChallenge.objects.count() == 2, "one of them has made the passkey"
    sweep(Folder(tmp_path))
    assert UsedChallenge.objects.count() == 2
    UsedChallenge.objects.update(at=Now() - timedelta(seconds=3 * challenges.SECONDS))
    sweep(Folder(tmp_path))
    assert not UsedChallenge.objects.exists()
