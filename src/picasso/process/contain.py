"""Run processors where they do little harm: in children with limits, killed when time is up.

A child's environment has no credentials. But it runs under the worker's uid, and can read what that uid can read
(stored files, an SQLite database), until Landlock comes.
"""

from __future__ import annotations

import json
import logging
import os
import re
import select
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from picasso.errors import Trouble
from picasso.process.contract import Derivative, ProcessorError, Result, Source

log = logging.getLogger(__name__)

# What a child answers comes from where strangers' bytes were decoded, so its size is bounded like all else.
MAX_ANSWER = 2**20
MAX_FACTS = 64 * 2**10
MAX_DERIVATIVES = 100
MAX_SIDE = 2**31 - 1  # what the database's column takes
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,62}/[a-z0-9][a-z0-9.+-]{0,126}")
KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
NUL = re.compile(r"\0|(?<!\\)(?:\\\\)*\\u0000")  # plain, or as JSON escapes it

# The first fork waits for the server to load its libraries.
FORK_SECONDS = 60.0

# What a worker that is told to end gives its running jobs; they begin anew elsewhere if it was not enough.
CLOSE_SECONDS = 4.0

# The environment of the fork server: how to find programs and libraries, and nothing that anyone would steal.
HARMLESS = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONPATH"),
)

TROUBLES = {
    "crashed": Trouble("crashed", "Processing this file crashed.", crashed=True),
    "time-limit": Trouble("time-limit", "Processing this file took too long."),
    "out-of-memory": Trouble("out-of-memory", "Processing this file took too much memory."),
    "processor-error": Trouble("processor-error", "Processing this file failed for a reason on our side."),
}


class Troubled(Exception):
    """An attempt ended without a verdict on the file."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.code)
        self.trouble = trouble


class ShuttingDown(Exception):
    """The worker ends; the job is nobody's fault."""


@dataclass(slots=True, eq=False)
class Child:
    pid: int
    server: socket.socket
    """The worker's end to the fork server that forked it."""
    socket: socket.socket
    jobs: int = 0

    def ask(self, question: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Raises `TimeoutError`, or `EOFError` when the child is dead or talks nonsense."""
        try:
            reply = json.loads(self._asked(json.dumps(question).encode() + b"\n", time.monotonic() + seconds))
        except (ConnectionError, ValueError, RecursionError) as fault:
            raise EOFError from fault
        return reply if isinstance(reply, dict) else {}

    def _asked(self, question: bytes, deadline: float) -> bytearray:
        """The deadline is that of the whole answer, whatever drips in before."""
        answer = bytearray()
        self.socket.settimeout(max(0.001, deadline - time.monotonic()))
        self.socket.sendall(question)
        while not answer.endswith(b"\n"):
            self.socket.settimeout(max(0.001, deadline - time.monotonic()))
            got = self.socket.recv(2**16)
            if not got or len(answer) > MAX_ANSWER:
                raise EOFError
            answer += got
            if time.monotonic() > deadline:
                raise TimeoutError
        return answer


class Children:
    """A worker's children. Each serves jobs of one processor, a few, and is replaced at once after any failure.

    Thread-safe. Make it before anything opens a connection to the database.
    """

    def __init__(self, memory_limit: int, jobs_per_child: int) -> None:
        self._memory_limit = memory_limit
        self._jobs_per_child = jobs_per_child
        self._idle: dict[str, list[Child]] = defaultdict(list)
        self._lock = threading.Lock()
        self._closing = False
        self._start_server()

    def run(self, processor: str, source: Source, folder: Path, seconds: float) -> Result:
        """Have a child run one job.

        Raises:
            ProcessorError: the file's own fault.
            Troubled: anything else that went wrong.
            ShuttingDown: `close` was called meanwhile.
        """
        child = self._take(processor)
        question = {
            "processor": processor,
            "path": str(source.path),
            "media_type": source.media_type,
            "options": dict(source.options),
            "folder": str(folder),
        }
        try:
            answer = child.ask(question, seconds)
        except (TimeoutError, EOFError) as fault:
            code = "time-limit" if isinstance(fault, TimeoutError) else self._cause_of_death(child)
            self._dispose(child)
            if self._closing:
                raise ShuttingDown from fault
            raise Troubled(TROUBLES[code]) from fault
        try:
            found = understood(answer)
        except ProcessorError:
            self._give_back(processor, child)
            raise
        except BaseException:
            self._dispose(child)
            raise
        self._give_back(processor, child)
        return found

    def close(self) -> None:
        """Kill all children and the server; jobs in them end with `ShuttingDown`."""
        self._closing = True
        with self._lock:
            self._let_go()
        self._server.wait()

    def close_soon(self) -> None:
        """`close`, after those that are nearly done have had a moment."""
        timer = threading.Timer(CLOSE_SECONDS, self.close)
        timer.daemon = True
        timer.start()

    def _take(self, processor: str) -> Child:
        with self._lock:
            if self._closing:
                raise ShuttingDown
            idle = self._idle[processor]
            while idle:
                child = idle.pop()
                if waits(child.socket):
                    return child
                self._end(child)
            return self._fork()

    def _give_back(self, processor: str, child: Child) -> None:
        child.jobs += 1
        if child.jobs >= self._jobs_per_child or self._closing:
            return self._dispose(child)
        with self._lock:
            self._idle[processor].append(child)
        return None

    def _dispose(self, child: Child) -> None:
        with self._lock:
            self._end(child)

    def _end(self, child: Child) -> None:
        """With the lock held."""
        child.socket.close()
        if not self._closing:
            self._order({"kill": child.pid})

    def _cause_of_death(self, child: Child) -> str:
        """The file's crash, unless the server died: that takes all its children along, whatever they do."""
        with self._lock:
            served = not self._closing and child.server is self._control and waits(self._control)
        return "crashed" if served else "processor-error"

    def _fork(self) -> Child:
        """With the lock held. A dead server is replaced once."""
        try:
            return self._forked()
        except (OSError, ValueError):
            log.warning("the fork server died and is started again")
        try:
            self._stop_server()
            self._start_server()
            return self._forked()
        except (OSError, ValueError) as fault:
            log.exception("no child can be had")
            raise Troubled(TROUBLES["processor-error"]) from fault

    def _forked(self) -> Child:
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                order = json.dumps({"fork": self._memory_limit}).encode() + b"\n"
                socket.send_fds(self._control, [order], [theirs.fileno()])
            self._control.settimeout(FORK_SECONDS)
            return Child(pid_in(json.loads(self._control.recv(4096))), self._control, ours)
        except BaseException:
            ours.close()
            raise

    def _order(self, order: dict[str, Any]) -> None:
        with suppress(OSError):  # a dead server's children die with it
            self._control.sendall(json.dumps(order).encode() + b"\n")

    def _start_server(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "picasso.process.forkserver", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={name: os.environ[name] for name in HARMLESS if name in os.environ},
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._control = ours

    def _let_go(self) -> None:
        """At the end of its socket the server ends, and all its children with it."""
        for children in self._idle.values():
            while children:
                children.pop().socket.close()
        self._control.close()

    def _stop_server(self) -> None:
        self._let_go()
        self._server.kill()
        self._server.wait()


def pid_in(answer: dict[str, Any]) -> int:
    """The fork server's answer. One that has no room for a child is well, as are the children that it has."""
    if "error" in answer:
        log.error("no child can be forked: %s", answer["error"])
        raise Troubled(TROUBLES["processor-error"])
    return int(answer["pid"])


def waits(end: socket.socket) -> bool:
    """Of a socket whose other end has nothing to say: whether that still waits for a word of ours."""
    poll = select.poll()
    poll.register(end, select.POLLIN)
    return not poll.poll(0)


def understood(answer: dict[str, Any]) -> Result:
    """A child's answer as a value, checked: the child has decoded strangers' bytes.

    What passes here fits the tables, so that a lie ends as trouble and not as an error of the database.
    """
    if "trouble" in answer:
        raise Troubled(TROUBLES.get(str(answer["trouble"]), TROUBLES["processor-error"]))
    try:
        if "result" in answer:
            return result(**answer["result"])
        code, sentence = answer["refused"]
        verdict = ProcessorError(kebab(code), kept(sentence)[:1000])
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as fault:
        log.exception("a processor's answer breaks its contract")
        raise Troubled(TROUBLES["processor-error"]) from fault
    raise verdict


def result(facts: dict[str, Any], derivatives: list[dict[str, Any]]) -> Result:
    kept(json.dumps(facts, allow_nan=False, ensure_ascii=False), MAX_FACTS)
    made = tuple(Derivative(**derivative) for derivative in derivatives)
    for derivative in made:
        check(derivative)
    if len(made) > MAX_DERIVATIVES or len({derivative.role for derivative in made}) < len(made):
        raise ValueError("too many derivatives, or two of one role")
    return Result(dict(facts), made)


def check(derivative: Derivative) -> None:
    kebab(derivative.role)
    kept(derivative.file, 255)
    if not MEDIA_TYPE.fullmatch(derivative.media_type):
        raise ValueError("not a media type")
    for side in (derivative.width, derivative.height):
        if side is not None and (type(side) is not int or not 0 <= side <= MAX_SIDE):
            raise ValueError("not a number of pixels")


def kebab(text: str) -> str:
    if len(text) > 64 or not KEBAB.fullmatch(text):
        raise ValueError("not a short word in kebab-case")
    return text


def kept(text: str, most: int = MAX_ANSWER) -> str:
    """A text, or JSON, that every database keeps as it is: no U+0000, no lone surrogate."""
    if len(text.encode()) > most or NUL.search(text):
        raise ValueError("not a text that can be kept")
    return text
