"""Checks those settings of a project that are JSON: for each a function that raises `InvalidField`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from django.conf import settings

from picasso import conf
from picasso.access import host_patterns, import_rules, quotas
from picasso.errors import InvalidField
from picasso.policy import PolicyError, parse_policy
from picasso.rate_policies import PROJECT_NAMES, parse_project_rates


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
    """One after the other, so that a fault is told of the one that has it."""
    for name, each in value.items() if isinstance(value, dict) else [("", value)]:
        try:
            parse_project_rates({name: each} if name else each)
        except ValueError as fault:
            field = f"rates.{name}" if name in PROJECT_NAMES else "rates"
            raise InvalidField(field, f"rates {fault}.") from fault


SCAN_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "infected": ("quarantine", "delete"),
    "not_scanned": ("serve", "quarantine", "delete"),
}


def check_scan(value: object) -> None:
    for name, choice in cast("dict[str, object]", value).items():
        if name == "enabled":
            if not isinstance(choice, bool):
                raise InvalidField("scan.enabled", "scan.enabled must be true or false.")
            if choice and not settings.PICASSO.clamd:
                raise InvalidField("scan.enabled", "This service has no virus scanner (PICASSO_CLAMD).")
        elif name not in SCAN_OPTIONS:
            known = ", ".join(("enabled", *SCAN_OPTIONS))
            raise InvalidField("scan", f"{name!r} is not a setting of scan (settings: {known}).")
        elif choice not in SCAN_OPTIONS[name]:
            raise InvalidField(f"scan.{name}", f"scan.{name} must be one of {', '.join(SCAN_OPTIONS[name])}.")


def check_imports(value: object) -> None:
    try:
        import_rules.parse(value)
    except ValueError as fault:
        raise InvalidField("imports", f"imports {fault}.") from fault


def check_webhook_hosts(value: object) -> None:
    if not host_patterns.are_hosts(value):
        raise InvalidField(
            "webhook_hosts",
            f"webhook_hosts must be a list of at most {host_patterns.MAX_HOSTS} hosts such as app.example.com or"
            " *.example.com.",
        )


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
    "scan": check_scan,
    "imports": check_imports,
    "webhook_hosts": check_webhook_hosts,
}


def check(wanted: Mapping[str, Any]) -> None:
    """Raises `InvalidField` for the first wrong setting."""
    for name, value in wanted.items():
        require_storable(name, value)
        if name in CHECKS:
            CHECKS[name](value)
