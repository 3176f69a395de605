"""The promises, kept while parts of the real service are killed under load.

Nothing accepted is lost, and the status never lies: after each fault every upload that got a 201 is listed, comes back
byte for byte, and is processed, or failed for its own reason, with its derivatives exactly once.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import sqlite3
import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psycopg
import pytest

from picasso.workdir import LOCK
from tests.faults import imports, webhooks
from tests.faults.following import Follower
from tests.faults.kills import children, fork_servers, kill, power_cut
from tests.faults.load import SHORT_PAUSE, Load, Upload
from tests.remote import remote
from tests.sampling import everything, number, sample
from tests.services import Postgres, RabbitMQ, Service, Unavailable, started
from tests.stack import SETTLED, Stack, production, running, until

pytestmark = [pytest.mark.faults, pytest.mark.live, pytest.mark.timeout(300)]

WITHIN = 60.0  # seconds from recovery until all is settled
BEFORE = AFTER = 1.5 if everything() else 1.0  # seconds of load before a fault and after its end
LOOK_EVERY = 0.3  # seconds: each look reads all rows


@dataclass
class Place:
    """A running service with what it stands on."""

    stack: Stack
    query: Callable[[str], list[tuple[Any, ...]]]
    postgres: Postgres | None = None
    rabbitmq: RabbitMQ | None = None

    def readiness(self) -> dict[str, Any]:
        with suppress(httpx.TransportError):
            answer = self.stack.client.get("/readyz")
            checks: dict[str, Any] = answer.json().get("checks", {})
            return {"status": answer.status_code, **checks}
        return {"status": 0}


@pytest.fixture(scope="module")
def cluster_of_module(tmp_path_factory: pytest.TempPathFactory, servers_folder: Path) -> Iterator[Place]:
    """The production profile, on a PostgreSQL and a RabbitMQ of its own: they are killed as well."""
    with ExitStack() as stack:
        try:
            postgres = stack.enter_context(started(Postgres, servers_folder))
            rabbitmq = stack.enter_context(started(RabbitMQ, servers_folder))
        except Unavailable as why:
            pytest.skip(f"can't be had here: {why}")
        data = tmp_path_factory.mktemp("cluster") / "data"
        env = production(postgres.url, rabbitmq.url, PICASSO_WEB_PROCESSES="2", PICASSO_OUTBOUND_ALLOWED="127.0.0.1")
        service = Stack(data, **env)
        service.start()

        def query(statement: str) -> list[tuple[Any, ...]]:
            with psycopg.connect(postgres.url) as connection:
                return list(connection.execute(statement.encode()).fetchall())

        yield Place(service, query, postgres, rabbitmq)
        service.client.close()
        if service.runs:
            service.stop()


@pytest.fixture
def cluster(cluster_of_module: Place) -> Place:
    return restored(cluster_of_module)


@pytest.fixture(scope="module")
def single_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The embedded default."""
    with running(tmp_path_factory.mktemp("single") / "data", PICASSO_OUTBOUND_ALLOWED="127.0.0.1") as service:

        def query(statement: str) -> list[tuple[Any, ...]]:
            with closing(sqlite3.connect(service.data / "picasso.sqlite3", timeout=30)) as connection, connection:
                return connection.execute(statement).fetchall()

        yield Place(service, query)


@pytest.fixture
def single(single_of_module: Place) -> Place:
    return restored(single_of_module)


def restored(place: Place) -> Place:
    """Everything runs, also if the test before has stopped something, or failed in the middle."""
    for server in filter(None, (place.postgres, place.rabbitmq)):
        server.start()
    if not place.stack.runs:
        place.stack.start()
    place.stack.wait_for("/readyz")
    return place


@pytest.fixture(params=["clustered", "embedded"])
def place(request: pytest.FixtureRequest) -> Place:
    """The same faults on both."""
    found: Place = request.getfixturevalue({"clustered": "cluster", "embedded": "single"}[request.param])
    return found


def end(stack: Stack) -> None:
    stack.client.close()
    stack.stop()


# What must hold afterwards


@dataclass
class Listed:
    state: str
    sha256: str
    url: str


def assert_kept(place: Place, load: Load, recovered: float, *, killed_web: bool = False) -> None:
    """All that the promises say of this load, and of all that is stored."""
    assert load.kinds()["text"], "no load"
    until(
        lambda: not unsettled(place, load),
        max(1.0, recovered + WITHIN - time.monotonic()),
        lambda: (
            f"unsettled {WITHIN:.0f} s after recovery:"
            f" {jobs_of(place, unsettled(place, load))}\n{place.stack.log_tail()}"
        ),
        promise=True,
        every=LOOK_EVERY,
    )
    print(f"\nsettled {time.monotonic() - recovered:.1f} s after recovery; {load.kinds()}", end=" ")
    print(f"{load.statuses()}, {len(load.unanswered)} without an answer", end="")
    files = listing(place.stack)
    lost = load.accepted.keys() - files.keys()
    assert not lost, f"accepted, and not in the list: {lost}"
    for file_id, upload in load.accepted.items():
        assert_file(place.stack, file_id, files[file_id], upload)
    assert_nothing_else(place, load, files, killed_web=killed_web)


def unsettled(place: Place, load: Load) -> set[str]:
    """Files that have no verdict yet, and accepted ones that are not there."""
    states = {
        str(uuid.UUID(str(file_id))): state for file_id, state in place.query("SELECT id, state FROM picasso_file")
    }
    return {each for each, state in states.items() if state not in SETTLED} | (load.accepted.keys() - states.keys())


def jobs_of(place: Place, files: set[str]) -> list[tuple[Any, ...]]:
    rows = place.query(
        "SELECT file_id, state, attempt, failures, crashes, error_code, due_at, leased_until FROM picasso_job"
    )
    return [row for row in rows if str(uuid.UUID(str(row[0]))) in files][:20]


def listing(stack: Stack) -> dict[str, Listed]:
    """Every page of the list."""
    found: dict[str, Listed] = {}
    page, listed = 1, 0
    while page:
        answer = stack.client.get("/api/v1.0/files/", params={"page": page, "page_size": 100}).json()
        listed += len(answer["results"])
        for each in answer["results"]:
            found[each["id"]] = Listed(each["state"], each["sha256"], each["file"])
        page = answer["next"]
    assert listed == len(found), "one file is listed twice"
    assert answer["count"] == len(found), "the count is not exact"
    return found


def assert_file(stack: Stack, file_id: str, listed: Listed, upload: Upload) -> None:
    content = stack.client.get(listed.url).content
    assert hashlib.sha256(content).hexdigest() == upload.sha256 == listed.sha256, "not the bytes that were sent"
    if upload.kind == "text":
        assert listed.state == "processed", stack.file(file_id)
        return
    file = stack.file(file_id)
    if upload.kind == "corrupt":
        assert (file["state"], file["error"] and file["error"]["code"]) == ("failed", "corrupt"), file
        assert not file["derivatives"]
        return
    assert (file["state"], file["error"]) == ("processed", None), file
    roles = [derivative["role"] for derivative in file["derivatives"]]
    assert sorted(roles) == ["thumbnail-1024", "thumbnail-256"], "derivatives not exactly once"
    for derivative in file["derivatives"]:
        made = stack.client.get(derivative["url"])
        assert (made.status_code, len(made.content)) == (200, derivative["size"])


def assert_nothing_else(place: Place, load: Load, files: dict[str, Listed], *, killed_web: bool) -> None:
    data = place.stack.data
    promised = Counter(upload.sha256 for upload in load.accepted.values())
    assert max(promised.values()) == 1, "one upload became two files"
    remove_orphans(data, files, at_most=len(load.unanswered) if killed_web else 0)
    assert_derived(place)
    until(lambda: not in_scratch(data), 15, lambda: f"left in scratch/: {in_scratch(data)}")


def remove_orphans(data: Path, files: Collection[str], at_most: int) -> None:
    """Whoever is killed while it stores a file may leave bytes without a row, which `sweep` removes an hour later.

    The next test starts without them.
    """

    def orphans() -> list[Path]:
        return [path for path in (data / "media").glob("*/*/??/*") if path.name[:36] not in files]

    def unfinished() -> list[Path]:
        return list((data / "incoming").iterdir())

    # A living process may remove what a cut request has left a moment later.
    until(
        lambda: len(orphans()) + len(unfinished()) <= at_most,
        15,
        lambda: f"bytes without a row: {orphans() + unfinished()}",
    )
    for path in orphans():
        remove(path)
    for path in unfinished():
        path.unlink(missing_ok=True)


def remove(path: Path) -> None:
    """An original, or the folder of what was derived from one."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def in_scratch(data: Path) -> list[Path]:
    """What lies there beside the empty slots of living workers: bytes of jobs, and folders of the dead."""
    scratch = data / "scratch"
    bytes_ = [path for path in scratch.rglob("*") if not path.is_dir() and path.name != LOCK]
    return bytes_ + [folder for folder in scratch.iterdir() if not held(folder / LOCK)]


def held(lock: Path) -> bool:
    """Whether a living worker has it."""
    with suppress(FileNotFoundError), lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def assert_derived(place: Place) -> None:
    """In the storage lies exactly what the rows name."""
    media = place.stack.data / "media"
    named = {key for (key,) in place.query("SELECT key FROM picasso_derivative")}
    lying = {str(path.relative_to(media)) for path in media.glob("*/*/??/*/derived/*/*")}
    assert named == lying, f"missing: {sorted(named - lying)[:9]}; too many: {sorted(lying - named)[:9]}"
    twice = place.query("SELECT file_id FROM picasso_derivative GROUP BY file_id, processor, role HAVING count(*) > 1")
    assert not twice


# Each starts most of a service again, so that on most days one of them is enough; or kills processes that others of
# them kill as well, so that some of them are.
DRAWN = [
    *sample(["test_everything_is_killed", "test_no_worker"], lambda _: "started again", 1 / 2),
    *sample(
        [
            "test_workers_are_killed_from_the_smallest_part_up",
            "test_web_processes_are_killed",
            "test_followers_miss_nothing_and_see_nothing_twice",
            "test_webhooks_miss_nothing_when_their_sender_is_killed",
            "test_imports_are_continued_when_their_worker_is_killed",
        ],
        lambda _: "killed",
        3 / 5,
    ),
]


AnyTest = TypeVar("AnyTest", bound=Callable[..., None])


def drawn(test: AnyTest) -> AnyTest:
    """Runs on the days for which it is drawn, and always where everything runs."""
    skip = pytest.mark.skipif(test.__name__ not in DRAWN, reason="another test is drawn today")
    marked: AnyTest = skip(test)
    return marked


# Processes


@drawn
def test_workers_are_killed_from_the_smallest_part_up(place: Place) -> None:
    with Load(place.stack.url) as load:
        load.go_on_with_success(BEFORE)
        for _ in range(number(6, 4)):
            # On a busy machine there is not always one.
            until(lambda: kill(children(place.stack)) > 0, 20, lambda: "no child was ever there")
            load.go_on(0.2)
        until(lambda: len(fork_servers(place.stack)) >= 2, 20, lambda: "no two fork servers were ever there")
        assert kill(fork_servers(place.stack)) >= 2
        load.go_on(1)
        assert kill(place.stack.processes("worker", "quick")) == 1
        recovered = time.monotonic()
        load.go_on_with_success(AFTER)
    assert not load.unanswered
    assert not load.refused
    assert_kept(place, load, recovered)


@drawn
def test_web_processes_are_killed(place: Place) -> None:
    with Load(place.stack.url) as load:
        load.go_on_with_success(BEFORE)
        for process in place.stack.processes("web"):
            assert kill([process])
            load.go_on(0.7)
        place.stack.wait_for("/healthz", 20)
        recovered = time.monotonic()
        load.go_on_with_success(AFTER)
    assert not load.refused
    assert_kept(place, load, recovered, killed_web=True)


@drawn
def test_followers_miss_nothing_and_see_nothing_twice(place: Place) -> None:
    """Web, worker and the sequencer in it are killed in turn, while two clients follow."""
    [[before]] = place.query("SELECT COALESCE(max(last), 0) FROM picasso_eventcounter WHERE id = 1")
    url = place.stack.url
    with Follower(url, before) as one, Follower(url, before) as other:
        with Load(url) as load:
            load.go_on_with_success(0)
            for process in ("web", "quick", "heavy", "web"):
                load.go_on(0.5)
                kill_when_there(place.stack, process)
            load.go_on(0.5)
            place.stack.wait_for("/readyz")
            recovered = time.monotonic()
            load.go_on_with_success(0.5)
        files = set(load.accepted)
        until(
            lambda: files <= settled_in(one) & settled_in(other), WITHIN, lambda: f"not told: {files - settled_in(one)}"
        )
        [[last]] = place.query("SELECT last FROM picasso_eventcounter WHERE id = 1")
        until(lambda: min(one.last, other.last) >= last, WITHIN, lambda: f"{one.last}, {other.last} of {last}")
    seen = [event for event in one.seen if event[0] <= last]
    assert [seq for seq, _, _ in seen] == list(range(before + 1, last + 1))
    assert seen == [event for event in other.seen if event[0] <= last]
    assert min(one.connections, other.connections) > 1
    received = Counter(file_id for _, kind, file_id in seen if kind == "file.received")
    assert {received[file_id] for file_id in files} == {1}
    assert not load.refused
    assert_kept(place, load, recovered, killed_web=True)


def kill_when_there(stack: Stack, *words: str) -> None:
    """All processes with these words, as soon as there is one: it may just have been killed, and not started again."""
    until(lambda: kill(stack.processes(*words)) > 0, 20, lambda: f"no process {words}: {stack.log_tail()}")


def settled_in(follower: Follower) -> set[str | None]:
    return {file_id for _, kind, file_id in list(follower.seen) if kind in {"file.processed", "file.failed"}}


@drawn
def test_webhooks_miss_nothing_when_their_sender_is_killed(place: Place) -> None:
    """It is killed in the middle of attempts. Every event arrives, and no message is of no event."""
    with webhooks.receiving(place.stack, place.query) as receiver:
        with Load(place.stack.url, pause=SHORT_PAUSE) as load:
            for _ in range(2):
                until(receiver.has_more, 20, place.stack.log_tail)
                receiver.gate.close()
                until(lambda: receiver.gate.held > 0, 20, place.stack.log_tail)
                kill_when_there(place.stack, "worker", "quick")
                receiver.gate.open()
            recovered = time.monotonic()
        assert not load.refused
        assert not load.unanswered
        assert_kept(place, load, recovered)
        until(receiver.has_tried_all, WITHIN, place.stack.log_tail, promise=True)
        assert receiver.end_leases(), "the sender was never killed in the middle of an attempt"
        until(
            receiver.has_all, WITHIN, lambda: f"not told: {receiver.missing()}\n{place.stack.log_tail()}", promise=True
        )
    assert receiver.ids() <= receiver.known()
    files = {file_id for kind, file_id in receiver.told() if kind in {"file.processed", "file.failed"}}
    assert load.accepted.keys() <= files


@drawn
def test_imports_are_continued_when_their_worker_is_killed(place: Place) -> None:
    stack, slow = place.stack, imports.SlowServer()
    before = imports.begun(stack)
    with remote(slow) as server:
        imports.begin(stack, server.url, 6)
        until(lambda: len(imports.begun(stack) - before) == 6, 30, stack.log_tail)
        assert kill(stack.processes("worker", "--queue", "quick"))
        slow.hurried.set()
        until(lambda: imports.ended(stack), WITHIN, stack.log_tail, promise=True)
    imports.take_away(stack, 6)
    # Killed between placing a file and its COMMIT, the worker leaves the first file, and the import makes another one.
    remove_orphans(stack.data, listing(stack), at_most=6)
    assert len([asked for asked in server.asked if "range" in asked.headers]) == len(server.asked) - 6 >= 6


@drawn
def test_everything_is_killed(place: Place) -> None:
    """The power cut."""
    with Load(place.stack.url) as load:
        load.go_on_with_success(BEFORE)
        power_cut(place.stack)
        for server in filter(None, (place.postgres, place.rabbitmq)):
            server.kill()
        load.stop()
        for server in filter(None, (place.postgres, place.rabbitmq)):
            server.start()
    place.stack.start()
    recovered = time.monotonic()
    with Load(place.stack.url, load.accepted, load.refused, load.unanswered) as load:
        load.go_on_with_success(AFTER)
    assert_kept(place, load, recovered, killed_web=True)


# Servers


def clean_stop(server: Service) -> None:
    server.stop()


def sigkill(server: Service) -> None:
    server.kill()


@pytest.mark.parametrize("end_it", sample([clean_stop, sigkill], lambda _: "broker", 1 / 2))
def test_the_broker_is_away(cluster: Place, end_it: Callable[[Service], None]) -> None:
    assert cluster.rabbitmq
    with Load(cluster.stack.url) as load:
        load.go_on_with_success(BEFORE)
        end_it(cluster.rabbitmq)
        before = len(load.accepted)
        load.go_on(1)
        expected = {"status": 503, "database": "ok", "storage": "ok"}
        until(
            lambda: (told := cluster.readiness()).get("broker") != "ok" and expected.items() <= told.items(),
            15,
            lambda: str(cluster.readiness()),
        )
        until(lambda: len(load.accepted) > before + 10, 15, lambda: "uploads were held up")
        cluster.rabbitmq.start()
        recovered = time.monotonic()
        load.go_on_with_success(AFTER)
    assert not load.refused
    assert not load.unanswered
    assert_kept(cluster, load, recovered)


@pytest.mark.parametrize("end_it", sample([clean_stop, sigkill], lambda _: "database", 1 / 2))
def test_the_database_is_away(cluster: Place, end_it: Callable[[Service], None]) -> None:
    assert cluster.postgres
    with Load(cluster.stack.url) as load:
        load.go_on_with_success(BEFORE)
        end_it(cluster.postgres)
        until(
            lambda: (told := cluster.readiness())["status"] == 503 and told.get("database") != "ok",
            15,
            lambda: str(cluster.readiness()),
        )
        until(lambda: len(load.refused) > 10, 15, lambda: "nothing was refused")
        cluster.postgres.start()
        recovered = time.monotonic()
        load.go_on_with_success(AFTER)
        load.stop()
    assert load.statuses().keys() == {503}, load.statuses()
    assert not load.unanswered, "a client was left without an answer"
    for answer in load.refused:
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) > 0
        assert answer.json()["code"] == "unavailable"
    sent = {answer.request.headers["content-length"] for answer in load.refused}
    assert len(sent) > 1
    assert_kept(cluster, load, recovered)


@drawn
def test_no_worker(cluster: Place) -> None:
    """`picasso web` alone takes uploads; a worker that comes later does the rest."""
    stack = cluster.stack
    assert cluster.postgres
    assert cluster.rabbitmq
    stack.stop()
    cluster.query("DELETE FROM picasso_worker RETURNING 1")
    env = production(cluster.postgres.url, cluster.rabbitmq.url)
    web, worker = Stack(stack.data, "web", **env), Stack(stack.data, "worker", **env)
    try:
        web.start("/healthz")
        alone = Place(web, cluster.query, cluster.postgres, cluster.rabbitmq)
        with Load(web.url) as load:
            load.go_on_with_success(BEFORE)
            told = alone.readiness()
            assert told["status"] == 503
            assert "worker" in told["worker"]
            assert (told["database"], told["storage"], told["broker"]) == ("ok", "ok", "ok")
        assert not load.refused
        assert not load.unanswered
        states = Counter(state for (state,) in cluster.query("SELECT state FROM picasso_job WHERE attempt = 0"))
        assert states["waiting"] >= len(load.accepted)
        worker.start("")
        recovered = time.monotonic()
        assert_kept(alone, load, recovered)
        until(lambda: alone.readiness()["status"] == 200, 15, lambda: str(alone.readiness()))
    finally:
        for each in (worker, web):
            if each.runs:
                end(each)
