"""What the steps of an operation ask for. `Client` and `AsyncClient` do it; the steps do no I/O themselves.

An operation is a generator: it yields actions, gets their results, and returns its own result. So everything but the
waiting is written once.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """A request; gives an `Answer`. Raises `httpx.TransportError`."""

    method: str
    path: str
    """Below the API (``files/``), or an absolute URL."""
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    wait: float = 0
    """Seconds that the answer may take because the request asks for them."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = b""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Open:
    """A request whose answer is read in pieces by `Read`; gives an `Answer` that has a body if it is an error.

    An operation has one open answer; the next `Open`, and the end of the operation, close it.
    """

    call: Call


@dataclass(frozen=True, slots=True)
class Read:
    """Gives the next piece of the open answer; empty at its end. Raises `httpx.TransportError`."""


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: float


@dataclass(frozen=True, slots=True)
class Run(Generic[T]):
    """A function that blocks, or one that returns an awaitable; gives its result."""

    function: Callable[[], T | Awaitable[T]]


@dataclass(frozen=True, slots=True)
class Item:
    """One of the values that the operation, an iterator, gives out."""

    value: Any


Action: TypeAlias = Call | Open | Read | Pause | Run[Any] | Item
Steps: TypeAlias = Generator[Action, Any, T]


def send(call: Call) -> Steps[Answer]:
    answer: Answer = yield call
    return answer


def open_answer(call: Call) -> Steps[Answer]:
    answer: Answer = yield Open(call)
    return answer


def read() -> Steps[bytes]:
    piece: bytes = yield Read()
    return piece


def run(function: Callable[[], T | Awaitable[T]]) -> Steps[T]:
    result: T = yield Run(function)
    return result


class Operation(Generic[T]):
    """Steps on their way: gives the next action, and takes what came of it."""

    def __init__(self, steps: Steps[T]) -> None:
        self._steps = steps
        self._go_on: Callable[[Any], Action] = steps.send
        self._with: Any = None
        self.result: T

    def next(self) -> Action | None:
        """None at the end; then there is the result."""
        try:
            action = self._go_on(self._with)
        except StopIteration as end:
            self.result = end.value
            return None
        self.succeed(None)
        return action

    def succeed(self, value: Any) -> None:
        self._go_on, self._with = self._steps.send, value

    def fail(self, fault: Exception) -> None:
        self._go_on, self._with = self._steps.throw, fault

    def close(self) -> None:
        self._steps.close()
