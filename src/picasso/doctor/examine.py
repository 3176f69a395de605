"""Runs all checks."""

from __future__ import annotations

from collections.abc import Iterator

from picasso.doctor import (
    broker,
    configuration,
    data_folder,
    database,
    decoders,
    downloads,
    entrance,
    forwarding,
    receivers,
    scanner,
    slow,
    streams,
    uploads,
    workers,
)
from picasso.doctor.finding import Check, Finding, Installation, Level
from picasso.doctor.one_check import findings_of

LOCAL: dict[str, Check] = {
    "Settings": configuration.check,
    "Data folder": data_folder.check,
    "Database": database.check,
    "Broker": broker.check,
    "Workers": workers.check,
    "Decoders": decoders.check,
    "Virus scanner": scanner.check,
    "Receivers of webhooks": receivers.check,
}

PUBLIC: dict[str, Check] = {
    "Public URL": entrance.check,
    "Proxy: addresses": forwarding.check,
    "Proxy: uploads": uploads.check,
    "Proxy: downloads": downloads.check,
    "Proxy: streams": streams.check,
    "Proxy: time limits": slow.check,
}


def examine(installation: Installation) -> Iterator[tuple[str, Finding]]:
    """Findings with their subjects. If the public URL leads nowhere, what needs it is not checked."""
    for subject, check in LOCAL.items():
        yield from ((subject, finding) for finding in findings_of(check, installation))
    for subject, check in PUBLIC.items():
        found = list(findings_of(check, installation))
        yield from ((subject, finding) for finding in found)
        if any(finding.name in entrance.NO_WAY_IN and finding.level != Level.OK for finding in found):
            return
