"""From which hosts a project imports files: its setting ``imports``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from picasso.access.host_patterns import MAX_HOSTS, are_hosts, matches


@dataclass(frozen=True, slots=True)
class ImportRules:
    allowed: bool = True
    hosts: tuple[str, ...] = ()
    """Names, and ``*.example.com`` for all names below that one; empty for all hosts."""

    def allows(self, host: str) -> bool:
        return self.allowed and (not self.hosts or any(matches(host, each) for each in self.hosts))


def parse(value: object) -> ImportRules:
    """From ``{"allowed": true, "hosts": ["*.example.com"]}``; both may be missing.

    Raises `ValueError` with the end of a sentence.
    """
    if not isinstance(value, Mapping) or not value.keys() <= {"allowed", "hosts"}:
        raise ValueError("must be an object with the members allowed and hosts")
    allowed, hosts = value.get("allowed", True), value.get("hosts", [])
    if not isinstance(allowed, bool):
        raise ValueError("must have true or false as allowed")  # noqa: TRY004 # of JSON, not of a program
    if not are_hosts(hosts):
        raise ValueError(f"must have at most {MAX_HOSTS} hosts such as files.example.com or *.example.com as hosts")
    return ImportRules(allowed, tuple(hosts))
