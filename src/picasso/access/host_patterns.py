"""Patterns of host names in settings of projects: a name, or ``*.example.com`` for all names below it."""

from __future__ import annotations

import re
from typing import Any

MAX_HOSTS = 100

HOST = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_.-]{0,250}[a-z0-9_])?", re.ASCII)


def matches(host: str, pattern: str) -> bool:
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def are_hosts(value: Any) -> bool:
    """Whether it is a list of at most `MAX_HOSTS` of them."""
    return isinstance(value, list) and len(value) <= MAX_HOSTS and all(map(is_host, value))


def is_host(value: object) -> bool:
    return isinstance(value, str) and HOST.fullmatch(value) is not None
