"""From which hosts a project imports files: its setting ``imports``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

MAX_HOSTS = 100

HOST = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_.-]{0,250}[a-z0-9_])?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ImportRules:
    allowed: bool = True
    hosts: tuple[str, ...] = ()
    """Names, and ``*.example.com`` for all names below that one; empty for all hosts."""

    def allows(self, host: str) -> bool:
        return self.allowed and (not self.hosts or any(matches(host, each) for each in self.hosts))


def matches(host: str, pattern: str) -> bool:
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def parse(value: object) -> ImportRules:
    """From ``{"allowed": true, "hosts": ["*.example.com"]}``; both may be missing.

    Raises `ValueError` with the end of a sentence.
    """
    if not isinstance(value, Mapping) or not value.keys() <= {"allowed", "hosts"}:
        raise ValueError("must be an object with the members allowed and hosts")
    allowed, hosts = value.get("allowed", True), value.get("hosts", [])
    if not isinstance(allowed, bool):
        raise ValueError("must have true or false as allowed")  # noqa: TRY004 # of JSON, not of a program
    if not isinstance(hosts, list) or len(hosts) > MAX_HOSTS or not all(map(is_host, hosts)):
        raise ValueError(f"must have at most {MAX_HOSTS} hosts such as files.example.com or *.example.com as hosts")
    return ImportRules(allowed, tuple(hosts))


def is_host(value: object) -> bool:
    return isinstance(value, str) and HOST.fullmatch(value) is not None
