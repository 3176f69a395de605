"""One test for many small inputs: all of them run, and all that fail are reported together, each by its name."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pytest

Test = Callable[..., None]
Decorator = Callable[[Test], Test]


class Case(NamedTuple):
    name: str
    arguments: Mapping[str, Any]


def cases(names: str | Sequence[str], values: Iterable[Any], ids: Iterable[str] | None = None) -> Decorator:
    """As `pytest.mark.parametrize`, in one test: for inputs that are checked faster than pytest runs a test.

    ``values`` holds tuples if there are several names. Decorators can be stacked; then each runs with each. The cases
    of a test share its fixtures.
    """
    found = list(named(names, values, ids))

    def decorate(test: Test) -> Test:
        run, inner = getattr(test, "of_cases", (test, ()))
        return one_test(run, (found, *inner))

    return decorate


def named(names: str | Sequence[str], values: Iterable[Any], ids: Iterable[str] | None) -> Iterator[Case]:
    keys = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    rows = [tuple(value) if len(keys) > 1 else (value,) for value in values]
    texts = list(ids) if ids is not None else ["-".join(map(short, row)) for row in rows]
    assert rows, f"{names}: no cases"
    for row, text in zip(rows, texts, strict=True):
        yield Case(text, dict(zip(keys, row, strict=True)))


def short(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else f"{text[:50]}… ({len(text)})"


def one_test(run: Test, dimensions: Sequence[Sequence[Case]]) -> Test:
    @functools.wraps(run)
    def together(**fixtures: Any) -> None:
        failed = [error for each in combined(dimensions) if (error := failure(run, each, fixtures))]
        number = len(failed)
        if number:
            listed = "\n".join(f"  {error.__notes__[-1]}" for error in failed)
            raise BaseExceptionGroup(f"{number} cases of {run.__name__} failed:\n{listed}\n", failed)

    given = {name for dimension in dimensions for name in dimension[0].arguments}
    signature = inspect.signature(run)
    left = [parameter for name, parameter in signature.parameters.items() if name not in given]
    together.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
    together.of_cases = (run, dimensions)  # type: ignore[attr-defined]
    return together


def combined(dimensions: Sequence[Sequence[Case]]) -> Iterator[Case]:
    for some in itertools.product(*dimensions):
        yield Case(", ".join(each.name for each in some), {k: v for each in some for k, v in each.arguments.items()})


def failure(run: Test, case: Case, fixtures: Mapping[str, Any]) -> BaseException | None:
    try:
        run(**case.arguments, **fixtures)
    except (Exception, pytest.fail.Exception, pytest.skip.Exception) as error:
        error.add_note(f"[{case.name}]")
        return error
    return None
