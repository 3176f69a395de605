"""Following events: the list, the stream, and requests that wait."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from picasso import activity
from picasso.access import keys
from picasso.access.principal import Scope
from picasso.activity import Activity, Announcer
from picasso.events.queries import everything_after
from picasso.events.sequence import last_number, number_events, remove_old
from picasso.events.write import file_event, row, write
from picasso.models import Event, File
from picasso.web import event_hub
from picasso.web.app import WebApp
from picasso.web.event_hub import EventHub, Follower
from picasso.web.request import Message
from tests.flow.access import code, new_key, project, put, token, with_keys
from tests.flow.asgi import Exchange, ask, in_thread, with_app
from tests.flow.rows import new_file
from tests.waiting import eventually, within

pytestmark = pytest.mark.django_db(transaction=True)

EVENTS = "/api/v1.0/events/"

T = TypeVar("T")


def happen(*events: dict[str, Any]) -> None:
    write(*events)
    number_events()


def note(kind: str, **more: Any) -> dict[str, Any]:
    return row(kind, more.pop("project_id", 1), **more)


async def happens(*events: dict[str, Any]) -> None:
    await in_thread(happen, *events)


class Stream:
    """A client that follows."""

    def __init__(self, app: WebApp, query: str = "", **headers: object) -> None:
        self.exchange = Exchange(app, "GET", EVENTS + query, {"accept": "text/event-stream", **headers})
        self.exchange.send(b"", more=False)
        self.task = asyncio.ensure_future(self.exchange.run())

    async def until(
        self, found: Callable[[list[tuple[str, dict[str, Any]]]], bool]
    ) -> list[tuple[str, dict[str, Any]]]:
        await eventually(lambda: found(self.events))
        return self.events

    async def count(self, number: int) -> list[str]:
        return [name for name, _ in await self.until(lambda events: len(events) >= number)]

    @property
    def events(self) -> list[tuple[str, dict[str, Any]]]:
        return [
            (fields["event"], json.loads(fields["data"]))
            for block in self.exchange.body.decode().split("\n\n")
            if "data" in (fields := dict(line.split(": ", 1) for line in block.splitlines() if line[:1] != ":"))
        ]

    async def end(self) -> None:
        self.exchange.disconnect()
        async with asyncio.timeout(60):
            await self.task


@asynccontextmanager
async def following(app: WebApp, query: str = "", **headers: object) -> AsyncIterator[Stream]:
    """A stream that has begun to follow."""
    stream = Stream(app, query, **headers)
    begun = asyncio.ensure_future(stream.exchange.wait_for_beginning())
    await asyncio.wait({stream.task, begun}, return_when="FIRST_COMPLETED")
    if not stream.task.done():
        await begun
    try:
        yield stream
    finally:
        await stream.end()


async def listed(app: WebApp, query: str = "", **headers: object) -> dict[str, Any]:
    answer = await ask(app, "GET", EVENTS + query, b"", **headers)
    assert answer.status == 200, answer.body
    found: dict[str, Any] = json.loads(answer.body)
    return found


def names(page: dict[str, Any]) -> list[str]:
    return [event["type"] for event in page["results"]]


def test_the_list_goes_on_where_it_ended(tmp_path: Path) -> None:
    happen(*(note(kind) for kind in ("file.received", "file.processing", "file.processed")))

    async def call(app: WebApp) -> None:
        first = await listed(app, "?limit=2")
        assert (names(first), first["more"], first["reset"]) == (["file.received", "file.processing"], True, False)
        second = await listed(app, f"?after={first['last']}")
        assert (names(second), second["more"]) == (["file.processed"], False)
        assert second["last"] == second["results"][-1]["seq"]
        assert names(await listed(app, f"?after={second['last']}")) == []

    with_app(tmp_path, call)


def test_filters_of_lists_and_streams_are_the_same(tmp_path: Path) -> None:
    file = new_file(owner="ann", media_type="image/png")
    happen(
        note("upload.started", owner="ann"),
        file_event("file.received", file),
        {**file_event("file.processed", new_file()), "tags": ["red", "blue"]},
        note("job.failed", file_id=file.pk, owner="ann"),
    )
    expected = {
        "": ["upload.started", "file.received", "file.processed", "job.failed"],
        "?type=file.*": ["file.received", "file.processed"],
        "?type=upload.started,job.*": ["upload.started", "job.failed"],
        "?owner=ann": ["upload.started", "file.received", "job.failed"],
        f"?file={file.pk}": ["file.received", "job.failed"],
        "?tag=red": ["file.processed"],
        "?tag=r": [],
        "?tag=red&tag=blue": ["file.processed"],
        "?tag=red&tag=green": [],
        "?tag=blue&type=file.received": [],
    }

    async def call(app: WebApp) -> None:
        for query, wanted in expected.items():
            assert names(await listed(app, query)) == wanted, query
            async with following(app, f"{query}{'&' if query else '?'}after=0") as stream:
                assert await stream.count(len(wanted)) == wanted, query

    with_app(tmp_path, call)


REFUSED = (
    *("?tpye=file.*", "?type=file.procesed", "?type=", "?after=-1", "?after=x", "?after=9223372036854775808"),
    *("?file=1", "?tag=", "?owner=%00", "?after=1&after=2", "?type=" + ",".join(["*"] * 5 + ["x"])),
)


def test_what_nothing_reads_is_refused(tmp_path: Path) -> None:
    async def call(app: WebApp) -> None:
        for query in REFUSED:
            stream = await ask(app, "GET", EVENTS + query, accept="text/event-stream")
            assert code(stream) == (400, "invalid-field"), query
        for query in (*REFUSED, "?limit=0", "?limit=1001", "?wait=61", "?wait=x", "?wait=1&wait=2"):
            assert code(await ask(app, "GET", EVENTS + query)) == (400, "invalid-field"), query

    with_app(tmp_path, call)


def test_a_stream_from_now_on(tmp_path: Path) -> None:
    happen(note("file.received"))

    async def call(app: WebApp) -> None:
        async with following(app) as stream:
            begun = stream.exchange.body
            assert stream.exchange.headers["content-type"] == "text/event-stream; charset=utf-8"
            assert stream.exchange.headers["x-accel-buffering"] == "no"
            await happens(note("file.processed"), note("file.deleted"))
            assert await stream.count(2) == ["file.processed", "file.deleted"]
        assert begun.startswith(b"retry: 1000\nid: 1\n\n")
        assert b"id: 2\nevent: file.processed\ndata: {" in stream.exchange.body

    with_app(tmp_path, call)


def test_a_position_that_nobody_used_is_not_kept() -> None:
    async def run() -> tuple[int, int]:
        hub = EventHub(Activity())
        hub.start()
        try:
            before = await hub.position()
            await happens(note("file.processed"))
            return before, await hub.position()
        finally:
            await hub.stop()

    before, after = asyncio.run(run())
    assert after == before + 1


def test_followers_are_woken_by_announcements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []

    def counted(number: int, limit: int) -> list[Any]:
        reads.append(number)
        return everything_after(number, limit)

    monkeypatch.setattr("picasso.web.event_hub.everything_after", counted)
    monkeypatch.setattr(event_hub, "IDLE", 60.0)
    monkeypatch.setattr(activity, "_announcer", Announcer())

    async def call(app: WebApp) -> None:
        async with asyncio.timeout(60), following(app) as stream:
            seen = -1
            while seen != len(reads):  # until it does not look any more
                seen = len(reads)
                await asyncio.sleep(10 * event_hub.POLL)
            await happens(note("file.processed"))
            assert await stream.count(1) == ["file.processed"]
            app.end_streams()

    with_app(tmp_path, call)


def test_a_client_goes_on_behind_its_last_event(tmp_path: Path) -> None:
    happen(*(note("file.received") for _ in range(3)))

    async def call(app: WebApp) -> None:
        async with following(app, "?after=1", last_event_id=2) as stream:
            await happens(note("file.processed"))
            found = await stream.until(lambda events: len(events) >= 2)
        assert [event["seq"] for _, event in found] == [3, 4]

    with_app(tmp_path, call)


def test_two_clients_that_join_at_different_times_see_one_order(tmp_path: Path) -> None:
    async def call(app: WebApp) -> None:
        async with following(app) as early:
            for _ in range(5):
                await happens(note("file.received"), note("file.processed"))
            async with following(app, "?after=3") as late:
                for _ in range(5):
                    await happens(note("file.received"), note("file.processed"))
                await early.count(20)
                await late.count(17)
        assert [event["seq"] for _, event in early.events] == list(range(1, 21))
        assert late.events == early.events[3:]

    with_app(tmp_path, call)


@pytest.mark.parametrize("after", [1, 10**6])
def test_a_position_that_is_not_kept_is_told(tmp_path: Path, after: int) -> None:
    """Too old, or from a database that was restored since."""
    happen(*(note("file.received") for _ in range(3)))
    remove_old(-60)  # also what was written in this millisecond
    happen(note("file.processed"))

    async def call(app: WebApp) -> None:
        async with following(app, f"?after={after}") as stream:
            found = await stream.until(lambda events: len(events) >= 2)
        assert found[0] == ("reset", {"after": 3})
        assert found[1][1]["seq"] == 4
        page = await listed(app, f"?after={after}")
        assert (page["reset"], names(page)) == (True, ["file.processed"])

    with_app(tmp_path, call)


def test_other_projects_and_owners_and_jobs_are_not_seen(tmp_path: Path) -> None:
    other = project("other")
    _, secret = new_key("default", frozenset({Scope.EVENTS_READ}))
    of_ann = token(new_key()[0], owner="ann", scopes=["events:read", "jobs:read"])
    happen(
        note("file.received", project_id=other.pk),
        note("file.received", owner="bob"),
        note("file.processed", owner="ann"),
        note("job.failed", owner="ann"),
    )

    async def call(app: WebApp) -> None:
        assert names(await listed(app, authorization=f"Bearer {secret}")) == ["file.received", "file.processed"]
        assert names(await listed(app, f"?token={of_ann}")) == ["file.processed", "job.failed"]
        assert code(await ask(app, "GET", f"{EVENTS}?owner=bob&token={of_ann}")) == (403, "forbidden")
        async with following(app, f"?after=0&token={of_ann}") as stream:
            assert await stream.count(2) == ["file.processed", "job.failed"]
        assert code(await ask(app, "GET", EVENTS, accept="text/event-stream"))[0] == 401

    with_keys(tmp_path, call)


def test_a_revoked_key_ends_its_streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("picasso.web.event_stream.CHECK_SECONDS", 0.1)
    monkeypatch.setattr("picasso.web.event_hub.WAKE", 0.1)
    monkeypatch.setattr("picasso.access.authenticate.KEPT_SECONDS", 0.1)
    key, secret = new_key()

    async def call(app: WebApp) -> None:
        stream = Stream(app, authorization=f"Bearer {secret}")
        await stream.exchange.wait_for_beginning()
        await in_thread(keys.revoke, key)
        async with asyncio.timeout(60):
            await stream.task
        assert stream.exchange.sent[-1].get("more_body") is False

    with_keys(tmp_path, call)


def test_streams_of_one_client_are_limited(tmp_path: Path) -> None:
    async def call(app: WebApp) -> None:
        async with following(app), following(app):
            refused = await ask(app, "GET", EVENTS, accept="text/event-stream")
            assert code(refused) == (429, "too-many-streams")
            assert refused.headers["retry-after"]
            assert code(await ask(app, "GET", f"{EVENTS}?wait=1&after=0"))[0] == 429
        async with following(app):
            pass

    with_app(tmp_path, call, streams_per_client=2)


def test_streams_end_when_the_process_stops(tmp_path: Path) -> None:
    async def call(app: WebApp) -> Stream:
        stream = Stream(app)
        await stream.exchange.wait_for_beginning()
        return stream

    stream = with_app(tmp_path, call)
    assert stream.exchange.sent[-1].get("more_body") is False


class SlowExchange(Exchange):
    """Takes nothing but the head of the answer until it is told to go on."""

    goes_on: asyncio.Event

    async def _send(self, message: Message) -> None:
        await super()._send(message)
        async with within("the test to let the client go on"):
            await self.goes_on.wait()


def test_a_slow_client_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("picasso.web.event_hub.MAX_PENDING", 4000)
    monkeypatch.setattr("tests.flow.test_following.Exchange", SlowExchange)
    ended: list[Follower] = []

    def end(follower: Follower) -> None:
        ended.append(follower)
        end_follower(follower)

    end_follower = Follower.end
    monkeypatch.setattr(Follower, "end", end)

    async def call(app: WebApp) -> None:
        SlowExchange.goes_on = asyncio.Event()
        SlowExchange.goes_on.set()
        async with following(app) as slow:
            await eventually(lambda: bool(app._events._followers))  # before, it would catch up by itself
            SlowExchange.goes_on.clear()
            await happens(note("file.received"))
            assert await slow.count(1)
            await happens(*(note("file.received") for _ in range(40)))
            await eventually(lambda: bool(ended))
            SlowExchange.goes_on.set()
            async with asyncio.timeout(60):
                await slow.task
        assert slow.exchange.sent[-1].get("more_body") is False
        assert len(slow.events) == 1

    with_app(tmp_path, call)


def test_comments_tell_the_position(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("picasso.web.event_stream.COMMENT_SECONDS", 0)
    monkeypatch.setattr("picasso.web.event_hub.WAKE", 0.1)

    async def call(app: WebApp) -> None:
        async with following(app, "?type=file.deleted") as stream:
            await happens(note("file.received"))
            await eventually(lambda: b": nothing new\nid: 1\n\n" in stream.exchange.body)

    with_app(tmp_path, call)


def test_a_list_waits_for_an_event(tmp_path: Path) -> None:
    happen(note("file.received"))

    async def call(app: WebApp) -> None:
        assert names(await listed(app, "?after=0&wait=60")) == ["file.received"]
        waiting = asyncio.ensure_future(listed(app, "?after=1&wait=60&type=file.processed"))
        await asyncio.sleep(0.1)
        await happens(note("file.deleted"), note("file.processed"))
        assert names(await waiting) == ["file.processed"]
        assert names(await listed(app, "?after=3&wait=1")) == []

    with_app(tmp_path, call)


def settle(file_id: uuid.UUID) -> None:
    File.everywhere.filter(pk=file_id).update(state=File.State.PROCESSED)
    happen(file_event("file.processed", File.everywhere.get(pk=file_id)))


def test_a_file_is_waited_for(tmp_path: Path) -> None:
    file = new_file()
    path = f"/api/v1.0/files/{file.pk}/"

    async def call(app: WebApp) -> None:
        waiting = asyncio.ensure_future(ask(app, "GET", path, prefer="respond-async, wait=60"))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await in_thread(settle, file.pk)
        answer = await waiting
        assert (answer.status, json.loads(answer.body)["processed"]) == (200, True)
        assert answer.headers["preference-applied"] == "wait=60"
        assert "preference-applied" not in (await ask(app, "GET", path)).headers
        assert (await ask(app, "GET", path, prefer="wait=60")).headers["preference-applied"] == "wait=60"
        unknown = await ask(app, "GET", f"/api/v1.0/files/{uuid.uuid4()}/", prefer="wait=60")
        assert unknown.status == 404

    with_app(tmp_path, call)


def test_the_time_of_the_client_is_over(tmp_path: Path) -> None:
    file = new_file()

    async def call(app: WebApp) -> None:
        answer = await ask(app, "GET", f"/api/v1.0/files/{file.pk}/", prefer="wait=1")
        assert (answer.status, json.loads(answer.body)["processed"]) == (200, False)

    with_app(tmp_path, call)


def test_a_client_that_leaves_is_not_waited_for(tmp_path: Path) -> None:
    file = new_file()

    async def call(app: WebApp) -> None:
        exchange = Exchange(app, "GET", f"/api/v1.0/files/{file.pk}/", {"prefer": "wait=60"})
        exchange.send(b"", more=False)
        task = asyncio.ensure_future(exchange.run())
        await asyncio.sleep(0.1)
        exchange.disconnect()
        async with asyncio.timeout(60):
            await task
        assert exchange.status is None

    with_app(tmp_path, call)


def test_an_upload_waits_until_its_file_is_settled(tmp_path: Path) -> None:
    async def call(app: WebApp) -> None:
        exchange = Exchange(app, "PUT", "/api/v1.0/upload/a.txt", {"prefer": "wait=60", "content-length": 2})
        exchange.send(b"a\n", more=False)
        task = asyncio.ensure_future(exchange.run())
        async with within("a file"):
            while (file_id := await in_thread(newest)) is None:
                pass
        await in_thread(settle, file_id)
        async with asyncio.timeout(60):
            await task
        shown = json.loads(exchange.body)
        assert (exchange.status, shown["processed"]) == (201, True)
        assert shown.keys() >= {"facts", "derivatives", "error"}
        assert exchange.headers["preference-applied"] == "wait=60"

    with_app(tmp_path, call)


def newest() -> uuid.UUID | None:
    return File.everywhere.order_by("-pk").values_list("pk", flat=True).first()


def test_an_upload_is_told(tmp_path: Path) -> None:
    with_app(tmp_path, put)
    number_events()
    [event] = Event.everywhere.all()
    assert (event.seq, event.type, event.data) == (
        last_number(),
        "file.received",
        {"name": "a.txt", "size": 8, "state": "pending"},
    )


def test_few_followers_hear_sooner_than_many() -> None:
    pauses = [event_hub.poll(followers) for followers in (1, event_hub.SEVERAL, event_hub.MANY)]
    assert pauses == sorted(pauses)
    assert pauses[0] < event_hub.POLL / 2
    assert pauses[-1] == 2 * event_hub.POLL
