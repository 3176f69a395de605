"""The names of this installation in the OpenAPI document: its pipelines and its remote processors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from picasso.process.pipelines import pipelines

_SHOWN: ContextVar[bool] = ContextVar("names of the installation are shown", default=True)


@contextmanager
def names_shown(shown: bool) -> Iterator[None]:
    """Whether the document that is made within has these names. It is for everybody, and they are not."""
    before = _SHOWN.set(shown)
    try:
        yield
    finally:
        _SHOWN.reset(before)


def pipeline_names() -> dict[str, Any]:
    """What a schema says of the name of a pipeline."""
    return one_of(pipelines().names)


def remote_names() -> dict[str, Any]:
    """What a schema says of the name of a remote processor."""
    return one_of(list(pipelines().remote))


def one_of(names: Sequence[str]) -> dict[str, Any]:
    return {"enum": list(names)} if names and _SHOWN.get() else {}
