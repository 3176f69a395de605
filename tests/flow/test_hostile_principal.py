"""A project tries to learn or change anything of another one, through every route and all that a request can carry."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, seed
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from picasso import addresses
from picasso.api.urls import urlpatterns
from picasso.storage.folder import Folder
from picasso.web.app import WebApp
from tests.flow.asgi import Exchange, ask
from tests.flow.hostile_world import CHUNK, HOSTILE, TUS, TWIN, Attacker, Victim
from tests.sampling import number, random_seed, sample

pytestmark = pytest.mark.django_db(transaction=True)

# What stands for an object of the victim (b) or of the attacker (a): see `Victim.values` and `Attacker.values`.
OBJECTS = ("b_file", "b_trashed", "b_job", "b_failed", "b_upload", "b_part", "a_file", "a_trashed", "a_job", "a_upload")
NAMES = ("b_project", "b_key", "a_project", "a_key", "b_owner")
WORDS = (*OBJECTS, *NAMES, "b_sha256", "b_name", "b_repeated", "a_owner")

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
JSON_TYPES = {"PATCH": "application/merge-patch+json"}


def routes() -> list[str]:
    """The paths of all views, and of the handlers that are none. A new one is tried too."""
    views = [f"{addresses.API}{each.pattern}" for each in urlpatterns]
    app = WebApp(settings.PICASSO, Folder(Path(settings.PICASSO.data_dir)))
    below = [root for root, _ in app._router._below]
    names = ["", "<uuid:pk>", "<uuid:pk>/<str:name>", "<uuid:pk>/$b_name.txt", "<uuid:pk>/derived/image/small.txt"]
    return [*views, *app._router._exact, *(f"{root}{name}" for root in below for name in names)]


def fields_of_schema() -> tuple[list[str], list[str]]:
    """The parameters of all operations, and the members of all bodies."""
    generator: Any = SchemaGenerator
    schema = generator().get_schema(request=None, public=True)
    operations = [each for path in schema["paths"].values() for each in path.values() if isinstance(each, dict)]
    given = [one for each in operations for one in each.get("parameters", [])]
    shared = schema["components"].get("parameters", {})
    named = [shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in given]
    parameters = {one["name"] for one in named if one["in"] == "query"}
    members = {name for each in schema["components"]["schemas"].values() for name in each.get("properties", {})}
    more = {"project", "project_id", "owner", "lineage", "id", "key", "file", "file_id", "deleted_at", "created_by"}
    return sorted(parameters | {"token", "owner", "project", "search", "ordering", "format"}), sorted(members | more)


@dataclass(frozen=True)
class Attack:
    """A request, in which ``$name`` stands for an id or a word."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    credential: str = "key"

    def texts(self) -> str:
        return repr((self.path, self.query, self.headers, self.body)) + f"${self.credential}"

    def filled_body(self, values: Mapping[str, str]) -> bytes:
        return Template(self.body).safe_substitute(values).encode()

    async def send(self, app: WebApp, values: Mapping[str, str]) -> Exchange:
        def fill(text: str) -> str:
            return Template(text).safe_substitute(values)

        query = "&".join(f"{name}={fill(value)}" for name, value in self.query)
        path = fill(self.path) + (f"?{query}" if query else "")
        headers: dict[str, object] = {name: fill(value) for name, value in self.headers.items()}
        if self.credential == "link":
            path += ("&" if query else "") + (values["link"] if not query else values["link"][1:])
        elif self.credential == "token_in_query":
            path += f"{'&' if query else '?'}token={values['token']}"
        elif self.credential:
            headers["authorization"] = f"Bearer {values[self.credential]}"
        return await ask(app, self.method, path, self.filled_body(values), **headers)


CREDENTIALS = ("key",) * 5 + ("token", "token_of_owner", "token_for_project", "forged_token", "forged_key", "link", "")

# Bodies that the views take, so that some requests get far.
BODIES: tuple[dict[str, object], ...] = (
    {"file": "$b_file", "state": "failed"},
    {"file": "$b_file"},
    {"state": "failed"},
    {"state": "waiting"},
    {"processor": "pdf"},
    {"pipeline": "default", "error": "x"},
    {"name": "$b_name", "visibility": "public"},
    {"name": "another", "scopes": ["files:read"], "lineage": "$b_key", "project": "$b_project"},
    {"name": "another", "scopes": ["service:admin"]},
    {"owner": "$b_owner", "scopes": ["files:read"]},
    {"project": "$b_project"},
    {"name": "$b_project"},
    {"grace": 0},
    {"expires_in": 60, "variant": "small"},
    {"trash_days": 0, "retention_days": 1},
    {"cors_origins": ["https://a.example"], "policy": {}},
    {},
)

HEADERS: Mapping[str, tuple[str, ...]] = {
    "picasso_project": ("$b_project", "$a_project", "default"),
    "picasso_owner": ("$b_owner", "$a_owner"),
    "idempotency_key": ("$b_repeated", "mine"),
    "upload_concat": (
        "final;$u/$b_part",
        "final;http://localhost$u/$b_part $u/$a_part",
        "final;$u/$b_upload",
        "final;$u/$a_part",
        "partial",
    ),
    "upload_metadata": (
        "filename YS50eHQ=,owner $b_owner64,project $b_project64",
        "project_id $b_project64,visibility cHVibGlj",
    ),
    "upload_offset": ("4", "0"),
    "upload_length": ("9", "4"),
    "upload_complete": ("?0", "?1"),
    "if_match": ('"$b_sha256"', "*"),
    "if_none_match": ('"$b_sha256"', "*"),
    "location": ("$u/$b_upload",),
    "content_location": (f"{addresses.FILES}$b_file/",),
    "x_http_method_override": ("DELETE", "PATCH"),
    "repr_digest": ("sha-256=:$b_sha256:",),
    "range": ("bytes=0-3",),
    "accept": ("application/x-ndjson", "text/html"),
    "tus_resumable": ("1.0.0",),
    "cookie": ("sessionid=$b_key",),
    "x_forwarded_for": ("10.0.0.1",),
    "content_type": ("multipart/form-data; boundary=b", CHUNK["content_type"], "application/json"),
}

UPLOADS = addresses.UPLOADS.rstrip("/")


@st.composite
def attacks(draw: st.DrawFn, paths: list[str], parameters: list[str], members: list[str]) -> Attack:
    """Any method of any route, with any of all that a request can carry."""
    objects, names, words = st.sampled_from(OBJECTS), st.sampled_from(NAMES), st.sampled_from(WORDS)
    path = draw(st.sampled_from(paths))
    path = re.sub(r"<uuid:\w+>", lambda _: f"${draw(objects)}", path)
    path = re.sub(r"<(?:slug|str):\w+>", lambda _: f"${draw(names)}", path)
    method = draw(st.sampled_from(METHODS))
    value = st.one_of(
        words.map("${}".format),
        st.sampled_from(["older", "newer"]).flatmap(lambda way: objects.map(lambda one: f"{way}-${one}")),
        st.sampled_from(["file", "key", "job"]).flatmap(lambda kind: words.map(lambda one: f"{kind}:${one}")),
        st.sampled_from(["1", "2", "true", "failed", "waiting", "text", "default", "0"]),
    )
    query = draw(st.lists(st.tuples(st.sampled_from(parameters), value), max_size=2)) if draw(st.booleans()) else []
    headers = {name: draw(st.sampled_from(HEADERS[name])) for name in draw(some_headers())}
    headers = {name: value.replace("$u", UPLOADS) for name, value in headers.items()}
    body = "content"
    if method in {"POST", "PATCH", "DELETE"} and draw(st.booleans()):
        values = {**draw(st.sampled_from(BODIES)), **draw(st.dictionaries(st.sampled_from(members), value, max_size=1))}
        body = json.dumps(values)
        headers["content_type"] = JSON_TYPES.get(method, "application/json")
    return Attack(method, path, tuple(query), headers, body, draw(st.sampled_from((*CREDENTIALS, "token_in_query"))))


def some_headers() -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(sorted(HEADERS)), unique=True, max_size=4)


@st.composite
def uploads(draw: st.DrawFn) -> Attack:
    """What reaches the uploads of the victim if anything does."""
    target = draw(st.sampled_from(["", "/$b_upload", "/$b_part", "/$b_file", "/$a_upload", "/$a_part"]))
    method = draw(st.sampled_from(["POST", "PATCH", "HEAD", "DELETE", "GET", "PUT"]))
    names = draw(st.lists(st.sampled_from(["upload_concat", "idempotency_key", "picasso_owner"]), unique=True))
    headers = {name: draw(st.sampled_from(HEADERS[name])).replace("$u", UPLOADS) for name in names}
    headers |= draw(st.sampled_from([{**CHUNK, "upload_offset": "4"}, TUS, {"upload_complete": "?1"}]))
    if not target and "upload_concat" not in headers:
        headers["upload_length"] = "7"
    credential = draw(st.sampled_from(["key", "token_of_owner", "token", "forged_token"]))
    return Attack(method, UPLOADS + (target or "/"), (), headers, "content", credential)


# What may differ between two answers though nothing is learnt by it.
CHANGING = {"date", "ratelimit", "ratelimit-policy", "content-length", "retry-after", "etag", "upload-expires"}
CHANGES = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"  # ids
    r"|\d{4}-\d\d-\d\dT[\d:.]+Z?|\d+\.\d+"  # times
    r"|max-age=\d+|expires=\d+|signature=\d+-[\w-]+"
    r"|eyJ[\w-]+\.[\w-]+\.[\w-]+|p[ks]_[0-9A-Za-z]{12}_[\w-]+"
)
# An id may be without a digit or a capital letter: then only what is around it tells it from a word.
KEY_IDS = re.compile(r"""\b(?=\w*\d)(?=\w*[A-Z])[0-9A-Za-z]{12}\b|(?<=["'/])[0-9A-Za-z]{12}(?=["'/])""")


def shown(answer: Exchange, values: Mapping[str, str]) -> tuple[object, ...]:
    """An answer with the names of what it was about, so that the one to the twin can be compared with it."""
    headers = sorted((name, value) for name, value in answer.headers.items() if name not in CHANGING)
    text = f"{headers}\n{answer.body.decode(errors='replace')}"
    for name in sorted(values, key=lambda each: -len(values[each])):
        # A page that asks for a sign-in has the address of the request within its own.
        text = text.replace(values[name], f"${name}").replace(quote(values[name].removeprefix("?"), ""), f"${name}")
    if answer.status and answer.status < 400:
        text = KEY_IDS.sub("…", CHANGES.sub("…", re.sub(r"\$[ab]_(?:\w+)", "…", text)))
    return answer.status, text


class World:
    """The service, the victim, and the loop that all run in."""

    def __init__(self, folder: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self.app = WebApp(replace(settings.PICASSO, access="keys"), Folder(folder))
        self.run(self._start())
        self.victim = Victim(self.app, folder, self.run)
        self._numbers = itertools.count()

    async def _start(self) -> None:
        self.app.start()

    def run(self, call: Any) -> Any:
        return self.loop.run_until_complete(call)

    def attackers(self) -> tuple[Attacker, Attacker]:
        found = next(self._numbers)
        victim = self.victim
        return (
            Attacker(self.app, self.run, f"{HOSTILE}-{found}", victim.values),
            Attacker(self.app, self.run, f"{TWIN}-{found}", victim.made_up),
        )

    def stop(self) -> None:
        self.run(self.app.stop())
        self.loop.close()
        connection.close()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    # What is remembered stays remembered: so it does not matter at which of two requests it would be read again.
    monkeypatch.setattr("picasso.access.authenticate.KEPT_SECONDS", 1e6)
    monkeypatch.setattr("picasso.access.projects.KEPT_SECONDS", 1e6)
    world = World(tmp_path)
    try:
        yield world
    finally:
        world.stop()


class Siege(RuleBasedStateMachine):
    """The hostile project and its twin, request by request."""

    world: World
    requests: st.SearchStrategy[Attack]

    def __init__(self) -> None:
        super().__init__()
        self.hostile, self.twin = self.world.attackers()
        self.victim = self.world.victim
        self.before = self.victim.snapshot()
        self.sent: set[str] = set()

    @rule(data=st.data())
    def anything(self, data: st.DataObject) -> None:
        self.attack(data.draw(self.requests))

    @rule(attack=uploads())
    def upload(self, attack: Attack) -> None:
        self.attack(attack)

    def attack(self, attack: Attack) -> None:
        self.sent |= {name for name in self.victim.values if f"${name}" in attack.texts()}
        self.sent |= {"b_owner"} if attack.credential == "token_of_owner" else set()
        answer = self.world.run(attack.send(self.world.app, self.hostile.values))
        other = self.world.run(attack.send(self.world.app, self.twin.values))
        for each in (self.hostile, self.twin) if "$" in attack.body else ():
            each.know_digest(attack.filled_body(each.values))
        self.tells_nothing(attack, answer)
        assert answer.status != 500, (attack, answer.body)
        if f"{addresses.API}audit/" not in attack.path:  # counts of denials are written when a minute is over
            assert shown(answer, self.hostile.values) == shown(other, self.twin.values), attack

    def tells_nothing(self, attack: Attack, answer: Exchange) -> None:
        secrets = [value for name, value in self.victim.values.items() if name not in self.sent]
        text = f"{answer.headers} {answer.body.decode(errors='replace')}"
        learnt = [each for each in (*secrets, *self.victim.hidden) if each in text]
        assert not learnt, (attack, text[:2000])

    @invariant()
    def nothing_changed(self) -> None:
        assert self.victim.snapshot() == self.before

    def teardown(self) -> None:
        self.world.run(self.victim.works(self.world.app))
        for each in (self.hostile, self.twin):
            each.forget()


def test_no_request_reaches_another_project(world: World) -> None:
    parameters, members = fields_of_schema()

    class InThisWorld(Siege):
        pass

    InThisWorld.world = world
    InThisWorld.requests = attacks(routes(), parameters, members)
    run = hypothesis_settings(
        max_examples=number(12, 4),
        stateful_step_count=number(50, 40),
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(random_seed())(InThisWorld), settings=run)


def on_objects() -> list[tuple[str, str]]:
    """Methods and addresses: each method of each route that names an object, with one of another project at least.

    With which ones changes from day to day. Where everything runs, it is each of them.
    """
    of_ids, of_names = ("b_file", "b_trashed", "b_failed", "b_upload"), ("b_key", "b_project")
    asked = [
        (path, method, re.sub(r"<\w+:\w+>", f"${what}", path))
        for path, method in itertools.product([path for path in routes() if "<" in path], METHODS)
        for what in (of_ids if "<uuid" in path else of_names)
    ]
    return [(method, filled) for _, method, filled in sample(asked, lambda each: each[:2], 1 / 2)]


def test_each_method_of_each_route_with_an_object(world: World) -> None:
    """What a random walk may take long to come by."""
    siege = type("Every", (Siege,), {"world": world})()
    for path, method in itertools.product([path for path in routes() if "<" not in path], METHODS):
        siege.attack(Attack(method, path))
    for method, filled in on_objects():
        siege.attack(Attack(method, filled))
    # Stored as it is, so that its digest is another one than that of the twin's.
    siege.attack(Attack("PUT", f"{addresses.UPLOAD}a.json", body='{"lineage": "$b_key"}'))
    siege.nothing_changed()
    siege.teardown()


def test_what_happens_in_another_project_shows_nowhere(world: World) -> None:
    """Not in a list, not in a number."""
    hostile, _ = world.attackers()
    kinds = {"job": "a_job", "key": "a_key", "projects": "a_project"}
    attacks = []
    for path in routes():
        kind = path.removeprefix(addresses.API).partition("/")[0]
        filled = re.sub(r"<\w+:\w+>", f"${kinds.get(kind.removesuffix('s'), kinds.get(kind, 'a_file'))}", path)
        if "audit" not in path:  # has what this test itself was refused
            attacks += [Attack("GET", filled), Attack("GET", filled, (("page_size", "100"), ("state", "failed")))]

    def answers() -> list[tuple[object, ...]]:
        found = [world.run(attack.send(world.app, hostile.values)) for attack in attacks]
        return [shown(each, hostile.values) for each in found]

    before = answers()
    assert {status for status, _ in before} > {200}
    world.victim.grow(world.app, world.run)
    after = answers()
    assert [(one, was, now) for one, was, now in zip(attacks, before, after, strict=True) if was != now] == []


class Statements:
    """The statements of all connections that are opened from now on."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def watch(self, *, connection: BaseDatabaseWrapper, **_: Any) -> None:
        connection.execute_wrappers.append(self._note)

    def _note(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "auditentry" not in sql:  # denials are written by a thread, as a sample
            self.found.append(sql)
        return execute(sql, params, many, context)


@pytest.fixture
def statements() -> Iterator[Statements]:
    found = Statements()
    connection.close()
    connection_created.connect(found.watch)
    yield found
    connection_created.disconnect(found.watch)
    with suppress(ValueError):
        connection.execute_wrappers.remove(found._note)


def test_a_foreign_id_costs_the_same_statements_as_a_missing_one(statements: Statements, world: World) -> None:
    """So the time tells nothing either."""
    hostile, twin = world.attackers()

    def asked(attack: Attack, values: Mapping[str, str]) -> list[str]:
        statements.found.clear()
        world.run(attack.send(world.app, values))
        return sorted(statements.found)

    def differs(attack: Attack) -> bool:
        return asked(attack, hostile.values) != asked(attack, twin.values)

    wrong = []
    for method, filled in on_objects():
        attack = Attack(method, filled, headers=TUS)
        # A round of the service may come between, but not each time.
        if all(differs(attack) for _ in range(4)):
            wrong.append((attack.method, attack.path))
    assert wrong == []
