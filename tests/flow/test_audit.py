"""The audit: a row for every change, in its transaction, that nobody changes afterwards."""

from __future__ import annotations

import json
import re
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from picasso import addresses
from picasso.access import actor, audit, audit_queries
from picasso.access.actor import Actor
from picasso.access.principal import ANONYMOUS, OPEN, PROJECT_SCOPES, SERVICE, Principal, Scope
from picasso.access.projects import DEFAULT, read
from picasso.files.delete import delete
from picasso.jobs import commands
from picasso.models import AuditEntry, FileBatch, Import, Project
from picasso.storage.folder import Folder
from picasso.web.denials import MAX_ROWS, MAX_SENDER_ROWS, Denial, Sampler
from tests.flow.http import client
from tests.flow.rows import new_file, new_job
from tests.flow.webhooks import new_webhook

pytestmark = pytest.mark.django_db

AUDIT = "/api/v1.0/audit/"

TENANT = Principal("key", DEFAULT, PROJECT_SCOPES, identity="key:tenant")
ADMIN = replace(TENANT, scopes=frozenset(Scope), identity="key:admin")


def rows() -> list[tuple[str, str, str]]:
    """Oldest first."""
    return list(AuditEntry.objects.order_by("id").values_list("action", "target", "target_id"))


def make_key(http: Client) -> str:
    body = {"name": "a", "scopes": ["files:read"]}
    answer = http.post("/api/v1.0/keys/", body, content_type="application/json")
    found: str = answer.json()["id"]
    return found


def make_project(http: Client) -> str:
    http.post("/api/v1.0/projects/", {"name": "other"}, content_type="application/json")
    return "other"


def make_file(_: Client) -> str:
    return str(new_file("note.txt").pk)


def make_job(_: Client, **fields: Any) -> str:
    return str(new_job(new_file("note.txt"), **fields).pk)


def make_import(_: Client) -> str:
    return str(Import.everywhere.create(project_id=1, url="http://a/", host="a").pk)


def make_failed_import(_: Client) -> str:
    return str(Import.everywhere.create(project_id=1, url="http://a/", host="a", state="failed").pk)


def make_batch(http: Client) -> str:
    file = make_file(http)
    row = FileBatch.everywhere.create(project_id=1, action="tag", after=uuid.UUID(int=0), until=file, total=1)
    return str(row.pk)


def make_webhook(_: Client) -> str:
    return str(new_webhook("http://127.0.0.1/").pk)


def make_invited(http: Client) -> str:
    body = {"name": "invited", "role": "viewer", "invite": True}
    return str(http.post("/api/v1.0/people/", body, content_type="application/json").json()["id"])


def make_person(_: Client) -> str:
    return str(User.objects.create_user("ann").pk)


Make = Callable[[Client], str]

# Each address of the API that changes something: its method, what is to exist before, a body, the row that it leaves.
CHANGES: dict[str, list[tuple[str, Make | None, dict[str, Any], str]]] = {
    "file": [
        ("DELETE", make_file, {}, "file.delete"),
        ("PATCH", make_file, {"visibility": "public"}, "file.update"),
    ],
    "key-signing-secret": [("POST", make_key, {}, "key.show-secret")],
    "link-keys-rotate": [("POST", None, {}, "links.rotate")],
    "link-keys-revoke": [("POST", None, {}, "links.revoke")],
    "file-restore": [("POST", lambda _: str(new_file("a", deleted_at=timezone.now()).pk), {}, "file.restore")],
    "imports": [("POST", None, {"url": "http://files.example.com/"}, "import.create")],
    "import": [("DELETE", make_import, {}, "import.cancel")],
    "import-retry": [("POST", make_failed_import, {}, "import.retry")],
    "file-batches": [("POST", None, {"action": "tag", "ids": [str(uuid.uuid4())], "tags": ["a"]}, "file.batch")],
    "file-batch": [("DELETE", make_batch, {}, "file.batch.stop")],
    "webhooks": [("POST", None, {"url": "https://files.example.com/"}, "webhook.create")],
    "webhook": [
        ("PATCH", make_webhook, {"description": "a"}, "webhook.update"),
        ("DELETE", make_webhook, {}, "webhook.delete"),
    ],
    "webhook-rotate": [("POST", make_webhook, {}, "webhook.rotate")],
    "webhook-test": [("POST", make_webhook, {}, "webhook.test")],
    "webhook-replay": [("POST", make_webhook, {"failed": True}, "webhook.replay")],
    "jobs-retry": [("POST", lambda http: make_job(http, state="failed"), {"state": "failed"}, "job.retry")],
    "jobs-cancel": [("POST", make_job, {"state": "waiting"}, "job.cancel")],
    "job-retry": [("POST", lambda http: make_job(http, state="done"), {}, "job.retry")],
    "job-cancel": [("POST", make_job, {}, "job.cancel")],
    "queue-pause": [("POST", lambda _: "quick", {}, "queue.pause")],
    "queue-resume": [("POST", lambda _: "quick", {}, "queue.resume")],
    "keys": [("POST", None, {"name": "a", "scopes": ["files:read"]}, "key.create")],
    "key": [("PATCH", make_key, {"name": "b"}, "key.update"), ("DELETE", make_key, {}, "key.revoke")],
    "key-rotate": [("POST", make_key, {}, "key.rotate")],
    "people": [("POST", None, {"name": "ann", "role": "viewer"}, "person.role")],
    "person": [
        ("PATCH", make_person, {"role": "viewer"}, "person.role"),
        ("PATCH", make_person, {"active": False}, "person.deactivate"),
    ],
    "person-password": [("POST", make_person, {}, "person.password")],
    "person-invitation": [
        ("POST", make_person, {}, "person.invite"),
        ("DELETE", make_invited, {}, "person.withdraw-invitation"),
    ],
    "person-sign-out": [("POST", make_person, {}, "person.sign-out")],
    "projects": [("POST", None, {"name": "other"}, "project.create")],
    "project-webhook-secret": [("POST", lambda _: "default", {}, "project.webhook-secret")],
    "project": [
        ("PATCH", make_project, {"trash_days": 3}, "project.update"),
        ("DELETE", make_project, {}, "project.delete"),
    ],
}


# Each gives something away that is signed and changes nothing, or is the work of a job, like that of a worker within.
NO_ROWS = {
    *("tokens", "file-links"),
    *("jobs-claim", "job-renew", "job-progress", "job-finish", "job-fail"),
}


def api_patterns() -> list[URLPattern]:
    (api,) = (each for each in get_resolver().url_patterns if getattr(each, "namespace", "") == "api")
    return [each for each in api.url_patterns if isinstance(each, URLPattern)]  # type: ignore[union-attr]


def changing_methods(pattern: URLPattern) -> set[str]:
    view = getattr(pattern.callback, "view_class", None) or getattr(pattern.callback, "cls", None)
    return {name.upper() for name in ("post", "put", "patch", "delete") if hasattr(view, name)}


def test_every_address_that_changes_something_is_tried() -> None:
    """A new route needs a row in `CHANGES`."""
    found = {str(each.name): methods for each in api_patterns() if (methods := changing_methods(each))}
    found = {name: methods for name, methods in found.items() if name not in NO_ROWS}
    assert found == {name: {method for method, *_ in tries} for name, tries in CHANGES.items()}


@pytest.mark.parametrize(
    ("name", "method", "make", "body", "action"),
    [(name, *each) for name, tries in CHANGES.items() for each in tries],
    ids=[f"{each[0]} {name}" for name, tries in CHANGES.items() for each in tries],
)
def test_a_change_leaves_a_row(
    *, name: str, method: str, make: Make | None, body: dict[str, Any], action: str, storage: Folder
) -> None:
    http = client(ADMIN)
    target = make(http) if make else ""
    (pattern,) = (each for each in api_patterns() if each.name == name)
    path = f"/api/v1.0/{pattern.pattern!s}"
    for placeholder in ("<uuid:pk>", "<slug:pk>", "<int:pk>", "<str:name>", "<slug:name>"):
        path = path.replace(placeholder, target)
    media_type = "application/merge-patch+json" if name == "file" else "application/json"
    content = json.dumps(body) if body else ""
    answer = http.generic(method, path, content, media_type, REMOTE_ADDR="192.0.2.7")
    assert 200 <= answer.status_code < 300, answer.content
    row = AuditEntry.objects.get(action=action)
    assert (row.actor_kind, row.actor, row.address) == ("key", "key:admin", "192.0.2.7")
    assert row.outcome == "done"
    if make:
        assert row.target_id == target
    shown = client(ADMIN).get(AUDIT, {"action": action}).json()["results"]
    assert [each["target_id"] for each in shown] == [row.target_id]


@pytest.fixture(autouse=True)
def storage(tmp_path: Path, settings: Any) -> Folder:
    settings.PICASSO = replace(settings.PICASSO, data_dir=tmp_path)
    return Folder(tmp_path)


def test_a_refused_change_leaves_no_row_of_it(storage: Folder) -> None:
    assert client(TENANT).delete(f"/api/v1.0/files/{uuid.uuid4()}/").status_code == 404
    assert client(replace(TENANT, scopes=frozenset())).post("/api/v1.0/keys/").status_code == 403
    assert rows() == []


def test_a_row_and_its_change_share_a_transaction(storage: Folder) -> None:
    file = new_file("note.txt")

    def fail_after_deletion() -> None:
        with transaction.atomic():
            delete(OPEN, storage, file)
            assert len(rows()) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_deletion()
    assert rows() == []


@pytest.mark.parametrize("statement", ["UPDATE picasso_auditentry SET actor = 'x'", "DELETE FROM picasso_auditentry"])
def test_a_row_stays_as_it_is(statement: str) -> None:
    audit.record("file.delete", "file", "1")
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert rows() == [("file.delete", "file", "1")]


def test_only_old_rows_are_removed_by_their_age(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "REMOVE_AT_ONCE", 2)
    old = timezone.now() - timedelta(days=31)
    AuditEntry.objects.bulk_create([AuditEntry(action=f"old.{n}", actor_kind="key", at=old) for n in range(5)])
    audit.record("file.delete", "file", "1")
    assert audit.remove_older(30) == 5
    assert rows() == [("file.delete", "file", "1")]
    assert audit.remove_older(30) == 0
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry.objects.all().delete()


def test_what_is_written_is_short_and_has_no_secrets() -> None:
    audit.record(
        "x.y",
        "x",
        "a\0b\x1b[31m",
        project=5,
        names=[str(n) for n in range(50)],
        long="x" * 5000,
        path="/?token=abcdef123",
    )
    row = AuditEntry.objects.get()
    assert row.project == 5
    assert row.target_id == "a\ufffdb\ufffd[31m"
    assert (len(row.details["names"]), len(row.details["long"])) == (audit.MAX_ITEMS, audit.MAX_TEXT)
    assert row.details["path"] == "/?token=***"


def test_jobs_of_several_projects_leave_a_row_in_each() -> None:
    other = Project.objects.create(name="other")
    jobs = [new_job(new_file("a")), new_job(new_file("b")), new_job(new_file("c", project=other), project=other)]
    with actor.acting(Actor("command-line", "system:root")):
        commands.cancel_all([job.pk for job in jobs])
    found = AuditEntry.objects.order_by("count").values_list("project", "count", "target_id", "actor")
    assert list(found) == [(other.pk, 1, str(jobs[2].pk), "system:root"), (DEFAULT.id, 2, "", "system:root")]


# Who sees what


def test_a_project_sees_its_own_rows_only() -> None:
    other = Project.objects.create(name="other")
    for project in (DEFAULT.id, other.pk, None):
        audit.record(f"x.{project}", project=project, actor=Actor("key", "key:a"))

    def seen(by: Principal) -> set[str]:
        return {row["action"] for row in client(by).get(AUDIT).json()["results"]}

    assert seen(TENANT) == {"x.1"}
    assert seen(replace(TENANT, project=read(other.pk))) == {f"x.{other.pk}"}
    assert seen(ADMIN) == {"x.1", "x.None"}
    assert client(replace(TENANT, scopes=frozenset({Scope.FILES_READ}))).get(AUDIT).status_code == 403
    assert client(ANONYMOUS).get(AUDIT).status_code == 401


def test_filters_and_pages() -> None:
    now = timezone.now()
    for n in range(7):
        who = Actor("key", f"key:{n % 2}", DEFAULT.id, address=f"192.0.2.{n}")
        audit.record("file.delete" if n else "filed", "file", f"id-{n}", actor=who)
    http = client(TENANT)

    def found(**where: str) -> list[str]:
        return [row["target_id"] for row in http.get(AUDIT, where).json()["results"]]

    assert found(action="file") == [f"id-{n}" for n in range(6, 0, -1)]
    assert found(action="filed") == ["id-0"]
    assert found(actor="key:1") == ["id-5", "id-3", "id-1"]
    assert found(target="id-3") == found(target="file:id-3") == found(address="192.0.2.3") == ["id-3"]
    assert found(target="job:id-3") == found(outcome="denied") == []
    assert found(since=(now + timedelta(hours=1)).isoformat()) == []
    assert len(found(since=(now - timedelta(hours=1)).isoformat(), until=(now + timedelta(hours=1)).isoformat())) == 7
    first = http.get(AUDIT, {"page_size": "5"}).json()
    second = http.get(AUDIT, {"page_size": "5", "cursor": first["next"]}).json()
    assert [row["target_id"] for row in first["results"] + second["results"]] == [f"id-{n}" for n in range(6, -1, -1)]
    for wrong in (
        {"since": "yesterday"},
        {"since": "0001-01-01T00:00:00+14:00"},
        {"actor": ""},
        {"action": "x" * 301},
        {"cursor": "x"},
        {"target": "\0"},
    ):
        assert http.get(AUDIT, wrong).status_code == 400, wrong


def test_json_lines() -> None:
    for n in range(120):
        audit.record("x.y", "x", f"{n}\n", actor=Actor("key", "key:a", DEFAULT.id), n=n)
    answer = client(TENANT).get(AUDIT, {"page_size": "1000"}, headers={"Accept": "application/x-ndjson"})
    assert answer["Content-Type"].startswith("application/x-ndjson")
    lines = answer.content.decode().splitlines()
    assert [json.loads(line)["details"]["n"] for line in lines] == list(range(119, -1, -1))
    assert "Link" in answer


# The command line, sign-ins, denials


def test_the_command_shows_rows(capsys: pytest.CaptureFixture[str]) -> None:
    audit.record("file.delete", "file", "1", actor=Actor("key", "key:a", DEFAULT.id, address="192.0.2.1"), owner="ann")
    audit.record("job.cancel", count=3)
    call_command("audit", "--action", "file")
    assert "Z default key:a 192.0.2.1 file.delete file:1 owner=ann" in capsys.readouterr().out
    call_command("audit", "--json", "--project", "default")
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["address"] == "192.0.2.1"


def test_the_command_and_the_api_print_the_same_lines(capsys: pytest.CaptureFixture[str]) -> None:
    audit.record("file.delete", "file", "1", actor=Actor("key", "key:a", DEFAULT.id, address="192.0.2.1"), size=5)
    audit.record("x.y")
    call_command("audit", "--json")
    printed = capsys.readouterr().out
    answer = client(ADMIN).get(AUDIT, headers={"Accept": "application/x-ndjson"})
    assert printed == answer.content.decode()
    rows = [json.loads(line) for line in printed.splitlines()]
    assert [row["project"] for row in rows] == [None, "default"]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", row["at"]) for row in rows)


def test_a_row_of_a_deleted_project_has_its_id() -> None:
    audit.record("x.y", project=987)
    (row,) = audit_queries.select(SERVICE, {})[:2]
    assert audit_queries.project_of(row) == "987"


def test_sign_ins_to_the_admin_leave_rows() -> None:
    User.objects.create_superuser("ann", password="a-good-password")
    http = client(ANONYMOUS)
    for name, password in (("ann", "wrong"), ("my-password-in-the-wrong-field", "x"), ("ann", "a-good-password")):
        http.post(addresses.SIGN_IN, {"username": name, "password": password}, REMOTE_ADDR="192.0.2.9")
    http.post(addresses.SIGN_OUT)
    found = list(AuditEntry.objects.order_by("id").values_list("action", "outcome", "target_id"))
    user = str(User.objects.get().pk)
    assert found == [
        ("session.sign-in", "denied", user),
        ("session.sign-in", "denied", ""),
        ("session.sign-in", "done", user),
        ("session.sign-out", "done", user),
    ]
    assert set(AuditEntry.objects.values_list("address", flat=True)) == {"192.0.2.9", "127.0.0.1"}
    assert [row.details.get("name", "") for row in AuditEntry.objects.order_by("id")] == ["ann", "", "ann", "ann"]
    assert "my-password" not in str(list(AuditEntry.objects.values()))


def test_a_cookie_does_not_hide_the_key_of_a_request() -> None:
    User.objects.create_superuser("ann", password="a-good-password")
    http = client(ADMIN)
    http.login(username="ann", password="a-good-password")
    http.delete(f"/api/v1.0/files/{new_file().pk}/")
    assert AuditEntry.objects.get(action="file.delete").actor == "key:admin"


def test_a_change_in_the_admin_names_its_user() -> None:
    User.objects.create_superuser("ann", password="a-good-password")
    http = client(ANONYMOUS)
    http.login(username="ann", password="a-good-password")
    file = new_file("note.txt")
    body = {"action": "delete_selected", "_selected_action": [str(file.pk)], "post": "yes"}
    http.post("/admin/picasso/file/", body, REMOTE_ADDR="192.0.2.9")
    row = AuditEntry.objects.get(action="file.delete")
    assert (row.actor, row.target_id) == (f"user:{User.objects.get().pk}", str(file.pk))
    assert http.get("/admin/picasso/auditentry/").status_code == 200
    assert http.post(f"/admin/picasso/auditentry/{row.pk}/delete/", {"post": "yes"}).status_code == 403


def denial(identity: str = "", address: str = "192.0.2.1", code: str = "forbidden") -> Denial:
    return Denial(Actor("key", identity, address=address), code, "GET", "/")


def test_denied_requests_are_sampled() -> None:
    written: list[tuple[str, str, int]] = []
    now = [0.0]
    sampler = Sampler(lambda each, count: written.append((*each.kind, count)), lambda: now[0])
    for _ in range(100):
        sampler.note(denial("key:a"))
        sampler.note(denial(address="192.0.2.1"))
        sampler.note(denial(address="192.0.2.1", code="unauthorized"))
    assert written == [("forbidden", "key:a", 1), ("forbidden", "192.0.2.1", 1), ("unauthorized", "192.0.2.1", 1)]
    now[0] = 61
    sampler.end_minute()
    assert [count for *_, count in written[3:]] == [99, 99, 99]
    sampler.note(denial("key:a"))
    assert written[-1] == ("forbidden", "key:a", 1)


def test_many_addresses_cost_a_bounded_number_of_rows() -> None:
    counts: list[int] = []
    sampler = Sampler(lambda _, count: counts.append(count), lambda: 0.0)
    for n in range(5000):
        sampler.note(denial(address=f"10.0.{n // 250}.{n % 250}"))
    sampler.end_minute(now=True)
    assert len(counts) <= 1003
    assert sum(counts) == 5000


def test_a_flood_of_denials_costs_a_bounded_number_of_rows_a_day() -> None:
    """Of one principal with many codes, and of any number of addresses; and nothing is left uncounted."""
    now, found = [0.0], Counter[str]()

    def write(each: Denial, count: int) -> None:
        found[each.sender] += 1
        found["counted"] += count

    sampler, sent = Sampler(write, lambda: now[0]), 0
    for minute in range(1440):
        now[0] = 60.0 * minute + 1
        for n in range(20):
            sampler.note(denial("key:a", code=f"code-{n}"))
            sampler.note(denial(address=f"10.{minute // 250}.{minute % 250}.{n}"))
            sent += 2
    sampler.end_minute(now=True)
    assert found.pop("counted") == sent
    assert found["key:a"] <= MAX_SENDER_ROWS
    assert sum(found.values()) <= MAX_ROWS + 2 * 1440
    now[0] = 86_402
    sampler.note(denial("key:a"))
    assert found["key:a"] <= MAX_SENDER_ROWS + 1
    assert sum(found.values()) > MAX_ROWS / 2


def test_addresses_of_one_ipv6_network_count_together() -> None:
    def kind(address: str) -> tuple[str, str]:
        return Denial(Actor("anonymous", address=address), "unauthorized", "GET", "/").kind

    assert kind("2001:db8:1:2:3::4") == kind("2001:db8:1:2::1") != kind("2001:db8:1:3::1")
    assert kind("::ffff:192.0.2.1") == kind("192.0.2.1") != kind("::ffff:192.0.2.2")
