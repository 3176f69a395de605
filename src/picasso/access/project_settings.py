"""Checks those settings of a project that are JSON: for each a function that raises `InvalidField`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from picasso import conf
from picasso.access import quotas
from picasso.errors import InvalidField
from picasso.policy import PolicyError, parse_policy
from picasso.rate_policies import parse_project_rates


def check_policy(value: object) -> None:
    try:
        parse_policy(value)
    except PolicyError as fault:
        raise InvalidField(".".join(filter(None, ("policy", fault.field))), str(fault)) from fault


def check_origins(value: object) -> None:
    try:
        conf.origins(" ".join(cast("list[str]", value)))
    except ValueError as fault:
        raise InvalidField("cors_origins", f"cors_origins {fault}.") from fault


def check_rates(value: object) -> None:
    try:
        parse_project_rates(value)
    except ValueError as fault:
        raise InvalidField("rates", f"rates {fault}.") from fault


def require_storable(name: str, value: object) -> None:
    """No database keeps NUL, or half of a surrogate pair, in JSON."""
    try:
        stored = json.dumps(value, default=str, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        stored = b"\\u0000"
    if b"\\u0000" in stored:
        raise InvalidField(name, f"{name} has a character that can't be stored.")


CHECKS: Mapping[str, Callable[[object], object]] = {
    "policy": check_policy,
    "cors_origins": check_origins,
    "quotas": quotas.parse,
    "owner_quotas": partial(quotas.parse, field="owner_quotas"),
    "rates": check_rates,
}


def check(settings: Mapping[str, Any]) -> None:
    """Raises `InvalidField` for the first wrong setting."""
    for name, value in settings.items():
        require_storable(name, value)
        if name in CHECKS:
            CHECKS[name](value)
