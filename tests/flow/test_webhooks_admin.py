"""The pages of the admin for webhooks and deliveries."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from picasso.models import AuditEntry, Delivery, Webhook
from picasso.webhooks import signing
from tests.flow.http import client
from tests.flow.webhooks import SECRET, happen, new_webhook

pytestmark = pytest.mark.django_db(transaction=True)

ADMIN = "/admin/picasso/"


@pytest.fixture
def admin() -> Client:
    browser = client()
    browser.force_login(User.objects.create_superuser("ann"))
    return browser


def act(browser: Client, model: str, action: str, chosen: object) -> None:
    body = {"action": action, "_selected_action": [str(chosen)]}
    assert browser.post(f"{ADMIN}{model}/", body).status_code == 302


def test_the_pages_show_no_secret_and_change_nothing(admin: Client) -> None:
    webhook = new_webhook("http://127.0.0.1/hook", old_secret=signing.cipher.encrypt(SECRET))
    happen()
    Delivery.objects.update(log=[{"status": 500, "answer": "<script>alert(1)</script>"}])
    delivery = Delivery.objects.get()
    for path in (f"webhook/?q={webhook.pk}", f"webhook/{webhook.pk}/change/", "delivery/?q=nothing", "delivery/"):
        assert admin.get(ADMIN + path).status_code == 200
    page = admin.get(f"{ADMIN}webhook/{webhook.pk}/change/").content.decode()
    assert "http://127.0.0.1/hook" in page
    assert not [each for each in (SECRET, webhook.secret, webhook.old_secret, "whsec_") if each in page]
    page = admin.get(f"{ADMIN}delivery/{delivery.pk}/change/").content.decode()
    assert "alert(1)" in page
    assert "<script>alert" not in page
    for model, row in (("webhook", webhook), ("delivery", delivery)):
        for path in ("add/", f"{row.pk}/delete/"):
            assert admin.post(f"{ADMIN}{model}/{path}", {"post": "yes"}).status_code == 403
        assert admin.post(f"{ADMIN}{model}/{row.pk}/change/", {"url": "http://a/"}).status_code == 403
    assert Webhook.everywhere.get().url == webhook.url


def test_the_actions(admin: Client) -> None:
    webhook = new_webhook("http://127.0.0.1/")
    happen()
    Delivery.objects.update(state="failed")
    act(admin, "webhook", "disable", webhook.pk)
    assert Webhook.everywhere.get().disabled_reason == "requested"
    for action in ("test", "replay_failed"):
        act(admin, "webhook", action, webhook.pk)  # refused
    act(admin, "delivery", "replay", Delivery.objects.get().pk)  # refused
    assert Delivery.objects.get().state == "failed"
    act(admin, "webhook", "enable", webhook.pk)
    assert Webhook.everywhere.get().enabled
    act(admin, "webhook", "replay_failed", webhook.pk)
    assert Delivery.objects.get().state == "waiting"
    Delivery.objects.update(state="delivered")
    act(admin, "delivery", "replay", Delivery.objects.get().pk)
    assert Delivery.objects.get().state == "waiting"
    act(admin, "webhook", "test", webhook.pk)
    assert Delivery.objects.filter(type="webhook.test").count() == 1
    assert set(AuditEntry.objects.filter(actor_kind="session").values_list("action", flat=True)) >= {
        f"webhook.{each}" for each in ("update", "replay", "test")
    }


def test_who_may_only_look_cant_act() -> None:
    webhook = new_webhook("http://127.0.0.1/")
    bob = User.objects.create_user("bob", is_staff=True)
    bob.user_permissions.add(Permission.objects.get(codename="view_webhook"))
    browser = client()
    browser.force_login(bob)
    assert browser.get(f"{ADMIN}webhook/").status_code == 200
    browser.post(f"{ADMIN}webhook/", {"action": "disable", "_selected_action": [str(webhook.pk)]})
    assert Webhook.everywhere.get().enabled
