"""Children that do their worst: the worker goes on, and nothing of them is left."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.processors_for_tests.picasso_processors_for_tests import FOLDER, script
from tests.sampling import sample
from tests.stack import until
from tests.waiting import in_background, join, outcome_of

from picasso.process import child_pool, child_protocol, forkserver, registry
from picasso.process.attempt import MAX_LOG, RunningAttempt
from picasso.process.child import is_silent
from picasso.process.child_pool import Cancelled, ChildPool, ShuttingDown
from picasso.process.child_protocol import MAX_ANSWER, MAX_FACTS, AttemptFailed, parse_answer
from picasso.process.contract import Derivative, ProcessorError, Result, Source
from picasso.workdir import Scratch

SECRETS = {
    "DATABASE_URL": "postgres://picasso:hunter2@db/picasso",
    "BROKER_URL": "amqp://picasso:hunter2@mq//",
    "PICASSO_SECRET_KEY": "hunter2-hunter2-hunter2-hunter2-hunter2",
}

MEMORY = 512 * 2**20
OUTPUT = 8 * 2**20
SECONDS = 60.0
# Less than the minute that a job of such a test would take, and more than a busy machine needs.
EARLY = 40

Asked = Callable[..., Result]


@contextmanager
def made(jobs_per_child: int = 32, languages: tuple[str, ...] = ()) -> Iterator[ChildPool]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(FOLDER))
        for name, secret in SECRETS.items():
            patch.setenv(name, secret)
        children = ChildPool(MEMORY, jobs_per_child, output_limit=OUTPUT, languages=languages)
        children.open()
        try:
            yield children
        finally:
            children.close()
    assert not children.scratch.folder.exists()


@pytest.fixture(scope="module")
def shared() -> Iterator[ChildPool]:
    """Never replaces a child for its age, so that no test depends on how many jobs ran before it."""
    with made(jobs_per_child=10_000) as children:
        yield children


@pytest.fixture
def own() -> Iterator[ChildPool]:
    """For tests that end or break it."""
    with made(jobs_per_child=3) as children:
        yield children


@pytest.fixture
def asked(shared: ChildPool, tmp_path: Path) -> Asked:
    return asker(shared, tmp_path)


def asker(children: ChildPool, folder: Path) -> Asked:
    def ask(do: str, *, seconds: float = SECONDS, attempt: RunningAttempt | None = None, **more: Any) -> Result:
        path = folder / f"{threading.get_ident()}.mid"
        path.write_bytes(script(do, **more))
        return children.run("script", Source(path, "audio/midi"), folder / "made", seconds, attempt)

    return ask


def server_of(children: ChildPool, processor: str = "script") -> psutil.Process:
    return psutil.Process(children._servers[processor].process.pid)


def forked(children: ChildPool, processor: str = "script") -> list[psutil.Process]:
    return [p for p in server_of(children, processor).children() if p.status() != psutil.STATUS_ZOMBIE]


def left(children: ChildPool) -> list[Path]:
    """The bytes of jobs that lie in scratch."""
    return [path for path in children.scratch.folder.rglob("*") if not path.is_dir() and path.name != "lock"]


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_for_end(*processes: psutil.Process, seconds: float = 5) -> None:
    until(
        lambda: all(gone(p.pid) for p in processes),
        seconds,
        lambda: f"still there: {[p for p in processes if not gone(p.pid)]}",
    )


def trouble(ask: Callable[[], Result]) -> str:
    with pytest.raises(AttemptFailed) as caught:
        ask()
    return caught.value.error.code


def test_a_result_comes_back(asked: Asked) -> None:
    facts = {"n": 1, "text": "Größe \\u0000 stays what it is", "list": [None, True, 1.5], "nested": {"a": {}}}
    assert asked("tell", facts=facts).facts == facts


@pytest.mark.parametrize(("languages", "text"), [((), "νες"), (("ru",), "нет")])
def test_children_know_which_languages_to_expect(tmp_path: Path, languages: tuple[str, ...], text: str) -> None:
    """And they can guess an encoding, although they can't open the model's file."""
    (tmp_path / "short.txt").write_bytes("нет".encode("cp1251"))
    with made(languages=languages) as children:
        result = children.run("text", Source(tmp_path / "short.txt", "text/plain"), tmp_path / "made", SECONDS)
    assert (result.facts["preview"], result.facts["encoding_sure"]) == (text, False)


def test_a_verdict_on_the_file_comes_back_and_the_child_stays(asked: Asked) -> None:
    with pytest.raises(ProcessorError) as caught:
        asked("refuse", code="corrupt", sentence="This is no picture.")
    assert (caught.value.code, caught.value.sentence) == ("corrupt", "This is no picture.")
    before = asked("nothing").facts["pid"]
    with pytest.raises(ProcessorError):
        asked("refuse", code="corrupt", sentence="This is no picture.")
    assert asked("nothing").facts["pid"] == before


def test_a_bug_is_trouble_and_the_child_is_replaced(asked: Asked, shared: ChildPool) -> None:
    before = asked("nothing").facts["pid"]
    assert trouble(lambda: asked("blunder")) == "processor-error"
    assert asked("nothing").facts["pid"] != before
    until(lambda: before not in {p.pid for p in forked(shared)}, 15, lambda: f"{before} is still there")


def test_the_time_limit_kills(own: ChildPool, tmp_path: Path) -> None:
    asked = asker(own, tmp_path)
    started = time.monotonic()
    assert trouble(lambda: asked("sleep", pause=60, seconds=0.5)) == "time-limit"
    assert time.monotonic() - started < EARLY
    until(lambda: not forked(own), 15, lambda: f"still there: {forked(own)}")


def test_dripping_does_not_stretch_the_time_limit(asked: Asked) -> None:
    started = time.monotonic()
    assert trouble(lambda: asked("say", text="{", times=600, pause=0.1, seconds=1)) == "time-limit"
    assert time.monotonic() - started < EARLY


@pytest.mark.skipif(sys.platform != "linux", reason="macOS refuses to limit the address space")
def test_the_memory_limit_holds(asked: Asked) -> None:
    assert trouble(lambda: asked("allocate", size=2 * MEMORY)) == "out-of-memory"
    assert asked("allocate", size=MEMORY // 8).facts


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_crash_is_told_as_such(asked: Asked, number: int) -> None:
    with pytest.raises(AttemptFailed) as caught:
        asked("signal", number=int(number))
    assert caught.value.error.code == "crashed"
    assert caught.value.error.crashed
    assert asked("nothing").facts


def test_a_signal_meant_for_the_worker_is_not_heeded(asked: Asked, shared: ChildPool) -> None:
    """A service manager sends its SIGTERM to everybody; what it kills would count as a crash of the file."""
    asked("nothing")
    for process in (server_of(shared), *forked(shared)):
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
    assert asked("nothing").facts["pid"] in {process.pid for process in forked(shared)}


def test_leaving_without_an_answer_is_a_crash(asked: Asked) -> None:
    assert trouble(lambda: asked("leave")) == "crashed"


def test_a_child_serves_a_few_jobs(own: ChildPool, tmp_path: Path) -> None:
    ask = asker(own, tmp_path)
    pids = [ask("nothing").facts["pid"] for _ in range(7)]
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [3, 3, 1]
    until(lambda: len(forked(own)) == 1, 15, lambda: f"too many: {forked(own)}")


def test_a_child_serves_one_processor(shared: ChildPool, asked: Asked, tmp_path: Path) -> None:
    asked("nothing")
    before = {p.pid for p in forked(shared)}
    note = tmp_path / "note.txt"
    note.write_text("one two")
    assert shared.run("text", Source(note, "text/plain"), tmp_path, SECONDS).facts["words"] == 2
    assert {p.pid for p in forked(shared)} == before
    assert len(forked(shared, "text")) == 1
    assert server_of(shared) != server_of(shared, "text")


def test_no_credentials_are_within_reach(asked: Asked, shared: ChildPool) -> None:
    environment = asked("look_around").facts["environment"]
    assert isinstance(environment, dict)
    assert not SECRETS.keys() & environment.keys()
    assert "hunter2" not in json.dumps(environment)
    assert "hunter2" not in json.dumps(server_of(shared).environ())
    assert not [name for name in environment if name.startswith(("PICASSO_", "DJANGO_"))]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.skipif("PICASSO_TEST_MEASURED" in os.environ, reason="NOT TESTED: a child has a file for its coverage")
def test_no_file_of_the_worker_is_open_in_a_child(tmp_path: Path) -> None:
    secret = tmp_path / "database.sqlite3"
    fd = os.open(secret, os.O_CREAT | os.O_RDWR)
    os.set_inheritable(fd, True)
    try:
        with made() as children:
            fds = asker(children, tmp_path)("look_around").facts["fds"]
    finally:
        os.close(fd)
    assert isinstance(fds, dict)
    beyond = {number: name for number, name in fds.items() if int(number) > 2}
    assert len(beyond) == 1, f"more than the one socket: {beyond}"
    assert all(str(name).startswith("socket:") for name in beyond.values())


@pytest.mark.skipif(sys.platform != "linux", reason="not all of them elsewhere")
def test_a_child_is_confined(asked: Asked) -> None:
    found = asked("look_around").facts
    assert isinstance(found["limits"], dict)
    found["limits"].pop("time")
    held = {"core": [0, 0], "files": [256, 256], "memory": [MEMORY, MEMORY], "file-size": [OUTPUT, OUTPUT]}
    assert found["limits"] == held
    assert found["group"] == found["pid"]


def test_an_idle_child_that_died_is_nobodys_crash(asked: Asked, shared: ChildPool) -> None:
    asked("nothing")
    victims = forked(shared)
    for victim in victims:
        victim.kill()
    wait_for_end(*victims)
    assert asked("nothing").facts["pid"] not in {victim.pid for victim in victims}


def test_a_child_without_work_is_let_go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(child_pool, "IDLE_SECONDS", 0.3)
    with made() as children:
        ask = asker(children, tmp_path)
        first = ask("nothing").facts["pid"]
        until(lambda: not forked(children), 15, lambda: f"still there: {forked(children)}")
        slots = children.scratch.folder
        until(lambda: not list(slots.glob("*/out")), 15, lambda: f"still there: {list(slots.glob('*/out'))}")
        assert ask("nothing").facts["pid"] != first
        ask("sleep", pause=1)


def test_an_idle_child_that_has_more_to_say_is_killed(own: ChildPool, tmp_path: Path) -> None:
    asked = asker(own, tmp_path)
    chatty = psutil.Process(int(str(asked("nothing").facts["pid"])))
    chatty.suspend()  # so that it does not end by itself when its socket is closed
    ours, theirs = socket.socketpair()
    (child,) = own._idle["script"]
    with theirs, child.process.socket:
        child.process = replace(child.process, socket=ours)
        theirs.sendall(b"more")
        assert asked("nothing").facts["pid"] != chatty.pid
        wait_for_end(chatty)


def test_an_answer_too_deep_to_be_checked_is_trouble_and_the_child_is_replaced(asked: Asked) -> None:
    before = asked("nothing").facts["pid"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(child_protocol, "parse_result", endless)
        assert trouble(lambda: asked("nothing")) == "processor-error"
    assert asked("nothing").facts["pid"] != before


def endless(**answer: Any) -> Result:
    return endless(**answer)


@pytest.mark.skipif(sys.platform != "linux", reason="sets another process's limits")
def test_a_server_that_can_not_fork_keeps_its_children(own: ChildPool, tmp_path: Path) -> None:
    ask = asker(own, tmp_path)
    ask("nothing")
    server = server_of(own)
    busy = in_background(ask, "wait")
    until(lambda: len(left(own)) == 1, 15, lambda: "never began")
    (original,) = left(own)
    before = server.rlimit(psutil.RLIMIT_NOFILE)
    server.rlimit(psutil.RLIMIT_NOFILE, (3, before[1]))  # no room for the child's socket
    assert trouble(lambda: ask("nothing")) == "processor-error"
    server.rlimit(psutil.RLIMIT_NOFILE, before)
    assert ask("nothing").facts
    assert not busy.done()
    (original.parents[1] / "out" / "go").touch()
    assert outcome_of(busy).facts
    assert server_of(own) == server


@pytest.mark.skipif(sys.platform != "linux", reason="reads another process's limits")
def test_a_child_can_not_fill_the_disk(asked: Asked) -> None:
    child = psutil.Process(int(str(asked("nothing").facts["pid"])))
    assert child.rlimit(psutil.RLIMIT_FSIZE) == (OUTPUT, OUTPUT)
    listed = [{"role": "large", "file": "a.txt", "media_type": "text/plain"}]
    with pytest.raises(ProcessorError) as caught:
        asked("derive", files={"a.txt": "x" * (OUTPUT + 1)}, listed=listed)
    assert caught.value.code == "too-large-output"


def test_a_fork_that_fails_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(os, "fork", refuse)
    server = object.__new__(forkserver.ForkServer)
    kept, given = socket.socketpair()
    output, saying = os.pipe()
    server._fds = [given.detach(), saying]
    with kept:
        assert server._fork({"memory": MEMORY, "output": OUTPUT, "slot": "/"}) == {"error": "no more processes"}
        assert not is_silent(kept), "the child's socket stayed open"
        assert os.read(output, 1) == b"", "the child's output stayed open"
        assert "error" in server._fork({})
    os.close(output)


def test_an_order_that_can_not_be_read_is_read_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """No memory for the message, say: the server has children that are at work."""
    faults = [OSError(errno.ENOBUFS, "no memory"), ConnectionResetError()]

    def fail(*_: object) -> None:
        raise faults.pop(0)

    monkeypatch.setattr(socket, "recv_fds", fail)
    server = object.__new__(forkserver.ForkServer)
    server._control = socket.socket()
    with server._control:
        assert server._handle_orders()
        assert not server._handle_orders(), "a worker that is gone is not waited for"


# A processor that speaks to a service runs in the worker.
IN_CHILDREN = sorted(name for name, each in registry.processors().items() if not registry.is_service(each))


@pytest.mark.parametrize("processor", sample(IN_CHILDREN, lambda _: "a server", 1 / 3))
def test_a_server_has_one_thread_when_it_forks(processor: str) -> None:
    """A fork has none but the thread that forked: a lock that another held then stays locked in it for good."""
    code = (
        "import sys; from picasso.process import forkserver, registry\n"
        "registry.processors()[sys.argv[1]].prepare(); print(forkserver.threads())"
    )
    done = subprocess.run([sys.executable, "-c", code, processor], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "1"


def test_a_dead_fork_server_is_replaced(own: ChildPool, tmp_path: Path) -> None:
    ask = asker(own, tmp_path)
    ask("nothing")
    before, idle = server_of(own), forked(own)
    busy = in_background(ask, "sleep", pause=60)
    until(lambda: len(left(own)) == 1, 15, lambda: "never began")
    before.kill()
    with pytest.raises(AttemptFailed) as caught:
        outcome_of(busy)
    assert caught.value.error.code == "processor-error"
    assert not caught.value.error.crashed, "the file was blamed for the server's death"
    wait_for_end(before, *idle)
    assert ask("nothing").facts
    assert server_of(own).pid != before.pid


def test_close_leaves_no_process_and_tells_who_is_running(own: ChildPool, tmp_path: Path) -> None:
    ask = asker(own, tmp_path)
    ask("nothing")
    running = [in_background(ask, "sleep", pause=60) for _ in range(2)]
    until(lambda: len(forked(own)) == 2, 15, lambda: f"never began: {forked(own)}")
    family = [server_of(own), *forked(own)]
    started = time.monotonic()
    own.close()
    for each in running:
        with pytest.raises(ShuttingDown):
            outcome_of(each)
    assert time.monotonic() - started < EARLY
    wait_for_end(*family)
    with pytest.raises(ShuttingDown):
        ask("nothing")


WORKER = """
import signal, sys, threading, time
from pathlib import Path
from picasso.process.child_pool import ChildPool
from picasso.process.contract import Source

folder = Path(sys.argv[1])
children = ChildPool(2**29, 32, folder / "scratch")
children.open()
signal.alarm(60)
job = lambda: children.run("script", Source(folder / "job.mid", "audio/midi"), folder / "made", 60)
for _ in range(3):
    threading.Thread(target=job, daemon=True).start()
while "script" not in children._servers:
    time.sleep(0.01)
print(children._servers["script"].process.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_a_dead_worker(tmp_path: Path, number: int) -> None:
    (tmp_path / "job.mid").write_bytes(script("sleep", pause=60))
    env = {**os.environ, "PYTHONPATH": str(FOLDER)}
    argv = [sys.executable, "-c", WORKER, str(tmp_path)]
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout
        server = psutil.Process(int(worker.stdout.readline()))
        until(lambda: len(server.children()) == 3, 15, lambda: "its children never came")
        slots = tmp_path / "scratch"
        until(lambda: len(list(slots.glob("*/*/in/original"))) == 3, 15, lambda: "their jobs never began")
        family = [server, *server.children()]
        worker.send_signal(number)
    wait_for_end(*family)
    dead = tmp_path / "scratch"
    assert list(dead.glob("*/*/in/original")), "nothing was left, so nothing is shown"
    next_one = Scratch(dead)
    next_one.open()
    assert list(dead.iterdir()) == [next_one.folder], "what a dead worker left is the next one's to remove"
    next_one.close()


def test_many_threads_while_children_are_killed_at_random(shared: ChildPool, tmp_path: Path) -> None:
    ask, done = asker(shared, tmp_path), threading.Event()
    ask("nothing")
    killed: list[int] = []
    outcomes_of: list[list[str]] = [[] for _ in range(8)]

    def kill_some() -> None:
        """One for about every tenth job, however fast they are."""
        chance = random.Random(7)
        while not done.wait(0.005):
            if sum(map(len, outcomes_of)) >= 10 * len(killed) and (victims := forked(shared)):
                victim = chance.choice(victims)
                victim.kill()
                killed.append(victim.pid)

    def work(thread: int) -> list[str]:
        outcomes = outcomes_of[thread]
        for n in range(50):
            try:
                facts = ask("tell", facts={"thread": thread, "n": n}, pause=0.02).facts
                assert facts == {"thread": thread, "n": n}, "another job's answer"
                outcomes.append("result")
            except AttemptFailed as fault:
                outcomes.append(fault.error.code)
        return outcomes

    killer = threading.Thread(target=kill_some, daemon=True)
    killer.start()
    try:
        working = [in_background(work, thread) for thread in range(8)]
        outcomes = [outcome for thread in working for outcome in outcome_of(thread)]
    finally:
        done.set()
        join(killer)
    assert len(outcomes) == 400
    assert set(outcomes) <= {"result", "crashed"}
    assert len(killed) > 10
    assert outcomes.count("crashed") <= len(killed)
    assert outcomes.count("result") > 200
    until(lambda: all(map(gone, killed)), 15, lambda: "a killed child is still there")
    assert ask("nothing").facts
    until(lambda: len(forked(shared)) <= 8, 15, lambda: f"too many: {forked(shared)}")


@pytest.mark.parametrize(
    "text",
    [
        "Ceci n'est pas du JSON\n",
        "\n",
        "\ud800\n".encode("utf-8", "surrogatepass").decode("latin-1"),
        '{"result": {"facts": {}, "derivatives": []}}\n{"result": {}}\n',
        "[" * 200_000 + "\n",
        "x" * (MAX_ANSWER + 2**17),
    ],
    ids=["prose", "nothing", "bad-utf-8", "two-answers", "deep", "endless"],
)
def test_what_is_no_answer_counts_as_a_crash(asked: Asked, text: str) -> None:
    assert trouble(lambda: asked("say", text=text)) == "crashed"
    assert asked("nothing").facts


def derivative(**changes: Any) -> dict[str, Any]:
    return {"role": "thumbnail-256", "file": "a.webp", "media_type": "image/webp", "width": 2, "height": 1, **changes}


def result(*derivatives: Any, facts: Any = None) -> dict[str, Any]:
    return {"result": {"facts": facts or {}, "derivatives": list(derivatives)}}


BROKEN: dict[str, Any] = {
    "empty": {},
    "no-object": {"result": 5},
    "no-facts": {"result": {"derivatives": []}},
    "more": {"result": {"facts": {}, "derivatives": [], "more": 1}},
    "facts-no-object": {"result": {"facts": 5, "derivatives": []}},
    "facts-nul": result(facts={"title": "a\0b"}),
    "facts-nul-after-backslash": result(facts={"title": "a\\\0b"}),
    "facts-nan": result(facts={"n": float("nan")}),
    "facts-surrogate": result(facts={"title": "\ud800"}),
    "facts-large": result(facts={"text": "é" * (MAX_FACTS // 2)}),
    "derivatives-no-list": {"result": {"facts": {}, "derivatives": 5}},
    "derivative-no-object": result(5),
    "derivative-unknown-member": result(derivative(owner="me")),
    "derivative-without-role": result({"file": "a", "media_type": "text/plain"}),
    "role-of-a-number": result(derivative(role=5)),
    "role-with-path": result(derivative(role="../a")),
    "file-elsewhere": result(derivative(file="../in/original")),
    "file-of-no-name": result(derivative(file="..")),
    "role-long": result(derivative(role="a" * 65)),
    "role-twice": result(derivative(), derivative(file="b.webp")),
    "file-of-a-number": result(derivative(file=5)),
    "file-nul": result(derivative(file="a\0b")),
    "type-long": result(derivative(media_type="a/" + "b" * 300)),
    "type-empty": result(derivative(media_type="")),
    "type-of-one-part": result(derivative(media_type="image")),
    "type-of-a-number": result(derivative(media_type=5)),
    "type-with-a-header": result(derivative(media_type="image/webp\r\nX-A: b")),
    "type-with-a-newline": result(derivative(media_type="image/webp\n")),
    "width-negative": result(derivative(width=-1)),
    "width-huge": result(derivative(width=2**31)),
    "width-text": result(derivative(width="1")),
    "width-true": result(derivative(width=True)),
    "many": result(*(derivative(role=f"page-{n}") for n in range(101))),
    "refused-no-pair": {"refused": "corrupt"},
    "refused-numbers": {"refused": [1, 2]},
    "refused-code": {"refused": ["Not Kebab", "A sentence."]},
    "refused-nul": {"refused": ["corrupt", "A\0sentence."]},
    "refused-facts": {"refused": ["corrupt", "A sentence.", {"title": "a\0b"}]},
    "refused-list": {"refused": ["corrupt", "A sentence.", ["title"]]},
    "refused-surrogate": {"refused": ["corrupt", "\udcff"]},
    "error-unknown": {"error": ["who", "knows"]},
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
def test_an_answer_that_breaks_the_contract_is_trouble(answer: dict[str, Any]) -> None:
    assert trouble(lambda: parse_answer(answer)) == "processor-error"


def test_an_answer_within_the_contract_is_parse_answer() -> None:
    facts = {"title": "\\u0000 in words", "size": MAX_FACTS}
    found = parse_answer(result(derivative(), derivative(role="page-2", width=None, height=None), facts=facts))
    assert found.facts == facts
    assert found.derivatives[0] == Derivative("thumbnail-256", "a.webp", "image/webp", 2, 1)
    with pytest.raises(ProcessorError) as caught:
        parse_answer({"refused": ["corrupt", "x" * 2000]})
    assert len(caught.value.sentence) == 1000
    assert caught.value.facts == {}
    with pytest.raises(ProcessorError) as caught:
        parse_answer({"refused": ["corrupt", "It is damaged.", {"width": 3}]})
    assert caught.value.facts == {"width": 3}


def test_a_child_that_breaks_the_contract_is_replaced(asked: Asked) -> None:
    before = asked("nothing").facts["pid"]
    assert trouble(lambda: asked("tell", facts={"title": "a\0b"})) == "processor-error"
    assert asked("nothing").facts["pid"] != before


# Slots


def test_nothing_of_a_job_is_left_however_it_ends(asked: Asked, shared: ChildPool, tmp_path: Path) -> None:
    listed = [{"role": "a", "file": "a.txt", "media_type": "text/plain"}]
    asked("derive", files={"a.txt": "a", "b/c.txt": "c"}, listed=listed)
    assert not left(shared)
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["a.txt"]
    with pytest.raises(ProcessorError):
        asked("refuse", code="corrupt", sentence="This is no picture.")
    assert not left(shared)
    for do in ("blunder", "leave", "abort"):
        trouble(lambda do=do: asked(do))  # type: ignore[misc]
        assert not left(shared)
    assert trouble(lambda: asked("sleep", pause=60, seconds=0.3)) == "time-limit"
    assert not left(shared)
    asked("mess")
    assert not list(shared.scratch.folder.glob("*/out/*"))


def test_an_original_that_is_deleted_meanwhile_is_read_to_its_end(
    asked: Asked, shared: ChildPool, tmp_path: Path
) -> None:
    late = in_background(asked, "read_late", pause=1)
    until(lambda: len(left(shared)) == 1, 15, lambda: "never began")
    (path,) = tmp_path.glob("*.mid")
    size = path.stat().st_size
    path.unlink()
    assert outcome_of(late).facts == {"read": size}


def test_where_no_hard_link_can_be_had_it_is_a_copy(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, "another file system")

    monkeypatch.setattr(os, "link", refuse)
    assert asked("tell", facts={"n": 1}).facts == {"n": 1}


def test_an_original_that_is_not_there_is_our_trouble(shared: ChildPool, tmp_path: Path) -> None:
    missing = Source(tmp_path / "missing", "audio/midi")
    assert trouble(lambda: shared.run("script", missing, tmp_path, SECONDS)) == "storage"


# Causes of death


@pytest.mark.skipif(sys.platform != "linux", reason="not all of them elsewhere")
def test_processor_time_is_counted_for_each_job(own: ChildPool, tmp_path: Path) -> None:
    asked = asker(own, tmp_path)
    for seconds in (20, 300):
        limits: Any = asked("look_around", seconds=seconds).facts["limits"]
        assert seconds <= limits["time"][0] <= seconds + 10
    assert trouble(lambda: asked("signal", number=int(signal.SIGXCPU))) == "time-limit"


@pytest.mark.skipif(sys.platform != "linux", reason="reads the kernel's counters")
def test_a_child_that_the_kernel_killed_for_memory(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """It kills by SIGKILL, as others may, but it counts. A machine out of memory is more than a test may make."""
    killed = child_pool.oom_kills()
    monkeypatch.setattr(child_pool, "oom_kills", lambda: killed + 1)
    assert trouble(lambda: asked("signal", number=int(signal.SIGKILL))) == "out-of-memory"
    assert trouble(lambda: asked("signal", number=int(signal.SIGKILL))) == "crashed", "that one was counted before"


def test_a_library_that_ends_the_process_for_memory(asked: Asked) -> None:
    said = "memory allocation of 12345678 bytes failed\n"
    assert trouble(lambda: asked("print", out=said, then="abort")) == "out-of-memory"


@pytest.mark.skipif(sys.platform != "linux", reason="measures blocks")
@pytest.mark.parametrize("how", [{"files": 8, "size": 4 * 2**20}, {"files": 200, "size": 2**20, "unlinked": True}])
def test_all_that_a_job_writes_is_bounded(asked: Asked, shared: ChildPool, how: dict[str, Any]) -> None:
    with pytest.raises(ProcessorError) as caught:  # before the time limit
        asked("fill", **how)
    assert caught.value.code == "too-large-output"
    assert not left(shared)


@pytest.mark.skipif(sys.platform != "linux", reason="measures blocks")
@pytest.mark.parametrize("how", ["sent", "mapped", "without-a-leader"])
def test_no_removed_file_is_hoarded(asked: Asked, shared: ChildPool, how: str) -> None:
    """Neither in a message, nor in memory, nor with a process's first thread gone."""
    assert child_pool.confinement_report()["programs"] == "seccomp" or pytest.skip("NOT CONFINED here: no seccomp")
    with pytest.raises(ProcessorError) as caught:
        asked("hoard", files=3, size=4 * 2**20, how=how)
    assert caught.value.code == "too-large-output"
    assert not left(shared)


@pytest.mark.skipif(sys.platform != "linux", reason="measures blocks")
def test_holes_do_not_make_derivatives_larger_than_all_may_be(asked: Asked) -> None:
    listed = [{"role": f"hole-{n}", "file": f"{n}.bin", "media_type": "image/webp"} for n in range(3)]
    with pytest.raises(ProcessorError) as caught:
        asked("make_holes", sizes=[3 * 2**20] * 3, listed=listed)
    assert caught.value.code == "too-large-output"


@pytest.mark.skipif(sys.platform != "linux", reason="measures blocks")
def test_a_child_without_work_can_not_fill_the_disk(own: ChildPool, tmp_path: Path) -> None:
    pid = int(str(asker(own, tmp_path)("fill_later", size=2 * OUTPUT).facts["pid"]))
    until(lambda: gone(pid), 15, lambda: f"{pid} is still there")
    until(lambda: not left(own), 15, lambda: f"still there: {left(own)}")


def test_names_are_bounded_as_well(asked: Asked) -> None:
    with pytest.raises(ProcessorError) as caught:
        asked("derive", files={f"{n}.txt": "" for n in range(10_001)}, listed=[])
    assert caught.value.code == "too-large-output"


# A running attempt


def test_progress_is_heard_while_the_job_runs(asked: Asked) -> None:
    seen: list[float | None] = []

    class Recording(RunningAttempt):
        def __setattr__(self, name: str, value: Any) -> None:
            super().__setattr__(name, value)
            if name == "progress":
                seen.append(value)

    asked("tell_progress", fractions=[0.25, 0.5, 7.0], pause=0.3, attempt=Recording())
    assert seen == [None, 0.25, 0.5, 1.0]


def test_what_is_printed_is_heard_while_the_job_runs(asked: Asked) -> None:
    """Line by line, whatever Python buffers."""
    seen: list[str] = []

    class Recording(RunningAttempt):
        def __setattr__(self, name: str, value: Any) -> None:
            super().__setattr__(name, value)
            if name == "progress" and value:
                seen.append(self.log)

    asked("tell_progress", fractions=[0.25, 0.5], pause=0.3, said="a page", attempt=Recording())
    assert seen == ["a page\n", "a page\na page\n"]


def test_a_child_says_how_far_it_is_a_few_times_a_second(asked: Asked) -> None:
    attempt = RunningAttempt()
    asked("tell_progress", fractions=[n / 1000 for n in range(1000)], pause=0, attempt=attempt)
    assert attempt.progress is not None
    assert attempt.progress < 0.999


@pytest.mark.parametrize("told", ["-1", "1.5", "NaN", "Infinity", "true", "null", '"half"', "[1]"])
def test_progress_that_is_none_is_nonsense(asked: Asked, told: str) -> None:
    attempt = RunningAttempt()
    assert trouble(lambda: asked("say", text=f'{{"progress": {told}}}\n', attempt=attempt)) == "crashed"
    assert attempt.progress is None


def test_endless_progress_is_nonsense(asked: Asked) -> None:
    assert trouble(lambda: asked("say", text='{"progress": 0.5}\n', times=100_000)) == "crashed"


def test_the_log_is_what_was_said_last(asked: Asked, shared: ChildPool, tmp_path: Path) -> None:
    attempt = RunningAttempt()
    asked("print", out="from a library\n", err="from Python\n", attempt=attempt)
    assert attempt.log == "from a library\nfrom Python\n"
    other = RunningAttempt()
    assert trouble(lambda: asked("blunder", attempt=other)) == "processor-error"
    assert "RuntimeError: a bug of the processor" in other.log
    assert "from Python" not in other.log
    for secret in (str(shared.scratch.folder), str(tmp_path), sys.prefix, str(Path(forkserver.__file__).parent)):
        assert secret not in other.log


def test_the_log_of_a_crash_is_kept(asked: Asked) -> None:
    attempt = RunningAttempt()
    assert trouble(lambda: asked("print", out="the last words\n", then="abort", attempt=attempt)) == "crashed"
    assert attempt.log.startswith("the last words\n")


def test_an_endless_log_costs_no_memory_and_does_not_hang(asked: Asked) -> None:
    attempt = RunningAttempt()
    asked("print", out="é\0\x1b[31m" * 2**12, err="the end\n", times=200, attempt=attempt)
    assert len(attempt.log.encode()) <= MAX_LOG
    assert attempt.log.endswith("the end\n")
    assert "\0" not in attempt.log
    assert "\x1b" not in attempt.log


def test_what_a_child_says_after_its_answer_is_not_the_next_jobs(asked: Asked) -> None:
    asked("print", out="x" * 5000)
    attempt = RunningAttempt()
    asked("nothing", attempt=attempt)
    assert attempt.log == ""


def test_a_job_can_be_cancelled(own: ChildPool, tmp_path: Path) -> None:
    asked = asker(own, tmp_path)
    attempt = RunningAttempt()
    running = in_background(asked, "sleep", pause=60, attempt=attempt)
    until(lambda: len(left(own)) == 1, 15, lambda: "never began")
    started = time.monotonic()
    attempt.cancel()
    with pytest.raises(Cancelled):
        outcome_of(running)
    assert time.monotonic() - started < EARLY
    assert not left(own)
    until(lambda: not forked(own), 15, lambda: f"still there: {forked(own)}")
    with pytest.raises(Cancelled):
        asked("sleep", pause=60, attempt=attempt)
    assert asked("nothing").facts
