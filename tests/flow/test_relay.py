"""The relay between the table and a real RabbitMQ, and the broker inside the process."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import timedelta
from typing import Any

import amqp
import pytest
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from picasso.activity import Activity
from picasso.jobs import relay as relay_module
from picasso.jobs import states
from picasso.jobs.broker import Broker
from picasso.jobs.relay import BATCH, OUTAGE_PAUSE, WINDOW, Relay, RunningAttempts
from picasso.jobs.states import Progress, State
from picasso.jobs.throughput import Throughput
from picasso.models import Job, Worker
from tests.brokers import Broker as RabbitBroker
from tests.flow.rows import new_file, new_job, running_job, start
from tests.ports import free_port
from tests.stack import until

pytestmark = pytest.mark.django_db(transaction=True)

QUEUE = "picasso.quick"

BROKER = Broker(settings.PICASSO)
app = BROKER.celery


def use_broker(patch: pytest.MonkeyPatch, url: str) -> None:
    patch.setitem(app.conf, "broker_url", url)
    patch.setitem(app.conf, "broker_transport_options", {})


@pytest.fixture
def broker(rabbitmq: RabbitBroker, monkeypatch: pytest.MonkeyPatch) -> Iterator[amqp.Channel]:
    """The app speaks to a real RabbitMQ, whose queue is empty; a channel of our own to it."""
    use_broker(monkeypatch, rabbitmq.url)
    with closing(dialled(rabbitmq.url)) as channel_connection:
        channel = channel_connection.channel()
        with suppress(amqp.NotFound):
            channel.queue_purge(QUEUE)
            yield channel
            return
        yield channel_connection.channel()


def dialled(url: str) -> amqp.Connection:
    with app.connection_for_write(url) as parsed:
        address = f"{parsed.hostname}:{parsed.port}"
        host = parsed.virtual_host or "/"
        found = amqp.Connection(address, parsed.userid or "", parsed.password or "", virtual_host=host)
    found.connect()
    return found


def relay_of(queue: str = "quick", number: int = 1, running: RunningAttempts = list, slots: int = WINDOW) -> Relay:
    """With so many slots that its window is the widest, unless a test says otherwise."""
    name = f"here/{queue}/{number}"
    return Relay(BROKER, running, lambda _: None, Throughput(), Activity(), name=name, queue=queue, slots=slots)


@pytest.fixture
def relay() -> Iterator[Relay]:
    made = relay_of()
    # Only embedded ones take all that is on its way for lost, and these tests choose their broker themselves.
    made._in_process = False
    yield made
    made._publisher.close()


def jobs(count: int) -> list[Job]:
    file = new_file()
    made = [Job(file=file, processor=f"p-{n}", queue="quick") for n in range(count)]
    return Job.everywhere.bulk_create(made)


def messages(channel: amqp.Channel) -> list[amqp.Message]:
    found = []
    while message := channel.basic_get(QUEUE, no_ack=True):
        found.append(message)
    return found


def job_of(message: amqp.Message) -> uuid.UUID:
    return uuid.UUID(json.loads(message.body)[0][0])


def in_state(state: State) -> int:
    return Job.everywhere.filter(state=state).count()


def rounds(relay: Relay, count: int = 20) -> None:
    """Until there is nothing more to do at once."""
    for _ in range(count):
        if relay._round():
            return


def test_due_jobs_become_messages(broker: amqp.Channel, relay: Relay) -> None:
    due = {job.pk for job in jobs(5)}
    later = new_job(due_at=Now() + timedelta(minutes=1))
    assert relay._round() > 0, "there was no more to do at once"
    found = messages(broker)
    assert {job_of(message) for message in found} == due
    assert in_state(State.QUEUED) == 5
    assert Job.everywhere.get(pk=later.pk).state == State.WAITING
    assert not Job.everywhere.filter(state=State.QUEUED, leased_until__lt=Now() + timedelta(seconds=15)).exists()
    rounds(relay)
    assert not messages(broker), "sent twice"


def test_a_message_is_persistent_and_expires_and_holds_an_id_only(broker: amqp.Channel, relay: Relay) -> None:
    (job,) = jobs(1)
    rounds(relay)
    (message,) = messages(broker)
    assert message.properties["delivery_mode"] == 2
    assert message.properties["expiration"] == str(int(states.LEASE.total_seconds() * 1000))
    assert message.properties["content_type"] == "application/json"
    assert message.properties["application_headers"]["task"] == "picasso.run_job"
    assert json.loads(message.body)[:2] == [[str(job.pk)], {}]
    assert job.file.name not in str(message.body)


def sizes(channel: amqp.Channel, relay: Relay, number: int) -> list[int]:
    """How many jobs each message has, when so many are due."""
    due = {str(job.pk) for job in jobs(number)}
    rounds(relay)
    found = [json.loads(message.body)[0] for message in messages(channel)]
    assert sorted(each for ids in found for each in ids) == sorted(due)
    Job.everywhere.all().delete()
    return [len(ids) for ids in found]


def test_a_message_has_several_jobs_if_they_are_quick(broker: amqp.Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("picasso.jobs.throughput.SPAN_SECONDS", 3600)
    relay = relay_of(slots=2)
    relay._in_process = False
    assert sizes(broker, relay, 8) == [1] * 8, "nobody knows how long they take"
    relay._throughput.count(200, 0.2)
    assert sizes(broker, relay, 80) == [32, 32, 8, 8]
    assert sizes(broker, relay, 6) == [3, 3], "one for each slot"
    relay._throughput.count(10, 100)
    assert sizes(broker, relay, 8) == [1] * 8, "they are slow"
    relay._publisher.close()


@pytest.mark.parametrize("queue", ["quick", "heavy"])
def test_queues_are_durable_quorum_queues(rabbitmq: RabbitBroker, monkeypatch: pytest.MonkeyPatch, queue: str) -> None:
    use_broker(monkeypatch, rabbitmq.url)
    relay = relay_of(queue)
    new_job(queue=queue)
    rounds(relay)
    relay._publisher.close()
    quorum = {"x-queue-type": "quorum"}
    with closing(dialled(rabbitmq.url)) as fresh:
        fresh.channel().queue_declare(f"picasso.{queue}", durable=True, auto_delete=False, arguments=quorum)
        fresh.channel().exchange_declare("picasso", "direct", durable=True, auto_delete=False)
        for wrong in ({"durable": True, "arguments": {"x-queue-type": "classic"}}, {"durable": False}):
            with pytest.raises(amqp.PreconditionFailed):
                fresh.channel().queue_declare(f"picasso.{queue}", auto_delete=False, **wrong)
        with pytest.raises(amqp.PreconditionFailed):
            fresh.channel().exchange_declare("picasso", "direct", durable=False, auto_delete=False)


def test_the_window_bounds_what_is_on_its_way(broker: amqp.Channel, relay: Relay) -> None:
    jobs(WINDOW + BATCH + 40)
    rounds(relay)
    assert in_state(State.QUEUED) == WINDOW
    found = messages(broker)
    assert len(found) == WINDOW
    for message in found[1:BATCH]:
        assert start(job_of(message))
    rounds(relay)
    assert not messages(broker), "it claims many at once"
    assert start(job_of(found[0]))
    rounds(relay)
    assert in_state(State.QUEUED) == WINDOW
    assert len(messages(broker)) == BATCH


def test_full_batches_follow_each_other_at_once(broker: amqp.Channel, relay: Relay) -> None:
    jobs(BATCH + 1)
    assert relay._round() == 0
    assert relay._round() > 0
    assert len(messages(broker)) == BATCH + 1


def test_relays_side_by_side_send_each_job_once(broker: amqp.Channel) -> None:
    due = {job.pk for job in jobs(150)}
    relays = [relay_of(number=n) for n in range(3)]
    for each in relays:
        each._in_process = False
        each.start()
    try:
        until(lambda: in_state(State.QUEUED) == 150, 20, lambda: f"only {in_state(State.QUEUED)} were queued")
    finally:
        for each in relays:
            each.stop()
            each._thread.join(60)
    found = [job_of(message) for message in messages(broker)]
    assert len(found) == 150
    assert set(found) == due
    assert not any(each._thread.is_alive() for each in relays)


# The broker away


def test_while_the_broker_is_away_jobs_wait(
    rabbitmq: RabbitBroker, broker: amqp.Channel, relay: Relay, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    jobs(3)
    app.conf["broker_url"] = f"amqp://127.0.0.1:{free_port()}//"
    with caplog.at_level(logging.WARNING):
        assert [relay._round() for _ in range(3)] == [OUTAGE_PAUSE] * 3
    assert in_state(State.WAITING) == 3
    assert caplog.text.count("the broker can't be reached") == 1, "it is said once, not every half second"
    app.conf["broker_url"] = rabbitmq.url
    rounds(relay)
    assert in_state(State.QUEUED) == 3
    assert len(messages(broker)) == 3


class Wire:
    """A TCP connection's middle, to be cut or held up."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.mute = threading.Event()
        self._ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._to))
            self._ends += [near, far]
            threading.Thread(target=self._pump, args=(near, far, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(far, near, True), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, may_be_muted: bool) -> None:
        with suppress(OSError):
            while got := source.recv(65_536):
                while may_be_muted and self.mute.is_set():
                    time.sleep(0.02)
                sink.sendall(got)

    def cut(self) -> None:
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def close(self) -> None:
        self.mute.clear()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()


@pytest.fixture
def wire(rabbitmq: RabbitBroker, broker: amqp.Channel, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """Between the app and RabbitMQ."""
    made = Wire(rabbitmq.port)
    use_broker(monkeypatch, rabbitmq.url.replace(f":{rabbitmq.port}", f":{made.port}"))
    yield made
    made.close()


def test_a_connection_that_broke_costs_a_round(wire: Wire, broker: amqp.Channel, relay: Relay) -> None:
    jobs(1)
    rounds(relay)
    assert len(messages(broker)) == 1
    wire.cut()
    new_job()
    assert relay._round() == OUTAGE_PAUSE
    assert in_state(State.WAITING) == 1
    rounds(relay)
    assert in_state(State.QUEUED) == 2
    assert len(messages(broker)) == 1


def test_without_confirms_jobs_go_back_to_waiting(
    wire: Wire, broker: amqp.Channel, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs(1)
    rounds(relay)
    assert len(messages(broker)) == 1
    wire.mute.set()
    new_job()
    with monkeypatch.context() as patch:
        patch.setattr(relay_module, "CONFIRM_SECONDS", 0.5)
        assert relay._round() == OUTAGE_PAUSE
    assert in_state(State.WAITING) == 1, "whether it was sent is not known, so it is sent again"
    wire.mute.clear()
    rounds(relay)
    assert in_state(State.WAITING) == 0
    assert 1 <= len(messages(broker)) <= 2


# Leases


def test_leases_are_renewed_before_lost_ones_are_looked_for(broker: amqp.Channel) -> None:
    mine, dead = running_job(), running_job()
    Job.everywhere.update(leased_until=Now() - timedelta(seconds=30))
    relay = relay_of(running=lambda: [Progress(mine.pk, mine.attempt, None)])
    rounds(relay)
    relay._publisher.close()
    assert Job.everywhere.get(pk=mine.pk).state == State.RUNNING
    assert Job.everywhere.get(pk=dead.pk).state == State.WAITING
    assert Job.everywhere.get(pk=dead.pk).error_code == "worker-died"


def test_a_lost_message_is_sent_again(broker: amqp.Channel, relay: Relay) -> None:
    (job,) = jobs(1)
    rounds(relay)
    assert len(messages(broker)) == 1  # and nobody started it
    Job.everywhere.update(leased_until=Now() - timedelta(seconds=1))
    relay._next.clear()
    rounds(relay)
    assert [job_of(message) for message in messages(broker)] == [job.pk]


def test_a_worker_is_seen_and_an_old_one_forgotten(broker: amqp.Channel, relay: Relay) -> None:
    Worker.objects.create(name="long/gone/1", queue="quick", seen_at=Now() - timedelta(days=2))
    Worker.objects.create(name="there/quick/1", queue="quick", seen_at=Now() - timedelta(minutes=2))
    rounds(relay)
    assert set(Worker.objects.values_list("name", flat=True)) == {"here/quick/1", "there/quick/1"}
    assert Worker.objects.filter(name="here/quick/1", seen_at__gt=Now() - timedelta(seconds=60)).exists()


# The broker inside the process


def received_in_process(seconds: float = 1) -> list[uuid.UUID]:
    found = []
    with app.connection_for_read() as here, here.SimpleQueue(QUEUE) as queue, suppress(queue.Empty):
        while True:
            message = queue.get(timeout=seconds)
            found.append(uuid.UUID(message.payload[0][0]))
            message.ack()
    return found


@pytest.fixture
def embedded() -> Iterator[Relay]:
    received_in_process(0.05)
    made = relay_of()
    yield made
    made._publisher.close()


def test_in_process_it_is_the_same_path(embedded: Relay) -> None:
    due = {job.pk for job in jobs(5)}
    rounds(embedded)
    assert in_state(State.QUEUED) == 5
    assert set(received_in_process()) == due


def test_messages_of_a_process_that_died_are_sent_again_at_once(embedded: Relay) -> None:
    lost, running = new_job(state=State.QUEUED), running_job()
    rounds(embedded)
    assert received_in_process() == [lost.pk]
    assert Job.everywhere.get(pk=running.pk).state == State.RUNNING
    rounds(embedded)
    assert received_in_process(0.2) == [], "once, not in every round"


def test_messages_that_outlived_their_lease_do_not_pile_up_in_process(embedded: Relay) -> None:
    due = {job.pk for job in jobs(5)}
    for _ in range(3):
        rounds(embedded)
        Job.everywhere.filter(processor="p-0").update(leased_until=Now() - timedelta(seconds=1))
        embedded._next.clear()
    rounds(embedded)
    found = received_in_process(0.2)
    assert len(found) == 5, "old ones beside the new"
    assert set(found) == due


def test_stop_ends_its_thread_and_closes_its_connections(embedded: Relay) -> None:
    jobs(1)
    before = set(threading.enumerate())
    embedded.start()
    until(lambda: in_state(State.QUEUED) == 1, 10, lambda: "it never sent anything")
    embedded.stop()
    embedded._thread.join(60)
    assert not embedded._thread.is_alive()
    embedded.stop()
    assert set(threading.enumerate()) <= before
    connection.ensure_connection()
