"""Jobs and queues in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from picasso.jobs.states import State
from picasso.models import File, Job
from tests.flow.http import client
from tests.flow.rows import new_job

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    browser = client()
    browser.force_login(User.objects.create_superuser("ann"))
    return browser


def act(admin: Client, model: str, action: str, chosen: list[Any]) -> None:
    body = {"action": action, "_selected_action": [str(each) for each in chosen]}
    assert admin.post(f"/admin/picasso/{model}/", body).status_code == 302


def test_the_admin_retries_and_cancels(admin: Client) -> None:
    failed, waiting = new_job(state=State.FAILED, progress=0.5, log="said"), new_job()
    assert admin.get("/admin/picasso/job/").status_code == 200
    assert "said" in admin.get(f"/admin/picasso/job/{failed.pk}/change/").content.decode()
    assert admin.get(f"/admin/picasso/file/{failed.file_id}/change/").status_code == 200
    act(admin, "job", "retry", [failed.pk, waiting.pk])
    assert set(Job.everywhere.values_list("state", flat=True)) == {State.WAITING}
    act(admin, "job", "cancel", [failed.pk])
    assert Job.everywhere.get(pk=failed.pk).state == State.CANCELLED
    assert File.everywhere.get(pk=failed.file_id).state == File.State.FAILED


def test_one_job_is_retried_and_cancelled_on_its_page(admin: Client) -> None:
    failed = new_job(state=State.FAILED, error_code="corrupt", error_detail="It ends too early.")
    File.everywhere.filter(pk=failed.file_id).update(name="<b>ann\u202egpj.exe")
    page = f"/admin/picasso/job/{failed.pk}"
    listed = admin.get("/admin/picasso/job/").content.decode()
    assert "&lt;b&gt;ann\ufffdgpj.exe" in listed
    assert "corrupt: It ends too early." in listed
    shown = admin.get(f"{page}/change/").content.decode()
    assert "most likely fail again" in shown
    assert f'action="{page}/retry/"' in shown
    assert admin.get(f"{page}/retry/").status_code == 405
    assert admin.post(f"{page}/retry/").status_code == 302
    assert Job.everywhere.get().state == State.WAITING
    assert f'action="{page}/cancel/"' in admin.get(f"{page}/change/").content.decode()
    assert admin.post(f"{page}/cancel/").status_code == 302
    assert Job.everywhere.get().state == State.CANCELLED
    assert "nothing was done" in admin.post(f"{page}/cancel/", follow=True).content.decode()


def test_who_may_only_look_at_jobs_cant_act_on_them() -> None:
    failed = new_job(state=State.FAILED)
    bob = User.objects.create_user("bob", is_staff=True)
    bob.user_permissions.add(Permission.objects.get(codename="view_job"))
    browser = client()
    browser.force_login(bob)
    page = f"/admin/picasso/job/{failed.pk}"
    assert "/retry/" not in browser.get(f"{page}/change/").content.decode()
    assert browser.post(f"{page}/retry/").status_code == 403
    browser.post("/admin/picasso/job/", {"action": "retry", "_selected_action": [str(failed.pk)]})
    assert Job.everywhere.get().state == State.FAILED


def test_the_admin_has_no_page_of_queues(admin: Client) -> None:
    """It showed a paused queue as a green tick. The console has the switches, and the API."""
    assert admin.get("/admin/picasso/queue/").status_code == 404
