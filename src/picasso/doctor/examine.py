"""Runs all checks."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import DatabaseError

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
from picasso.doctor.finding import Check, Finding, Installation, Level, fault, warning
from picasso.doctor.site import Unreachable
from picasso.redaction import redact

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


def findings_of(check: Check, installation: Installation) -> Iterator[Finding]:
    """A check that fails is a finding, too."""
    try:
        yield from check(installation)
    except Unreachable as error:
        yield fault("no-answer", str(error), "Look into the logs of the proxy and of Picasso.", "troubleshooting.md")
    except DatabaseError:
        what = "This is not checked, because the database can't be used."
        yield warning("database", what, "See above.", "settings.md#database_url")
    except Exception as error:
        text = redact(f"{type(error).__name__}: {error}".splitlines()[0])
        yield fault("check-failed", f"This could not be checked: {text}.", "Look at what the error says.", "doctor.md")
