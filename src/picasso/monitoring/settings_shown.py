"""The settings of this process, where each comes from, and no secrets."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from picasso.conf import Conf, variables
from picasso.redaction import redact

Source = Literal["environment", "file", "default"]


@dataclass(frozen=True, slots=True)
class Setting:
    name: str
    """The environment variable."""
    value: str | None
    """As text; None for a secret, and for what has no value."""
    source: Source
    secret: bool
    page: str


def shown(conf: Conf, environ: Mapping[str, str] = os.environ) -> Iterator[Setting]:
    for variable, field in variables().items():
        secret: bool = field.metadata["secret"]
        value = None if secret else text(getattr(conf, field.name), environ.get(variable, ""))
        page = f"settings.md#{variable.lower()}"
        yield Setting(variable, value, source(variable, environ, secret=secret), secret, page)


def source(variable: str, environ: Mapping[str, str], *, secret: bool) -> Source:
    if environ.get(variable):
        return "environment"
    return "file" if secret and environ.get(f"{variable}_FILE") else "default"


def text(value: Any, given: str) -> str | None:
    """As it was given, or else as the environment would have it."""
    if value is None or value == "":
        return None
    if given:
        return redact(given)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):  # only rates are
        return ", ".join(f"{name}={each.quota}/{each.window}" for name, each in value.items())
    if isinstance(value, tuple | frozenset):
        return ", ".join(sorted(map(str, value))) or None
    return redact(str(value))
