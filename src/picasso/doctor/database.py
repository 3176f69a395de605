"""The database: reachable, migrated, and with the same time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from picasso.doctor.finding import Finding, Installation, fault, ok, warning
from picasso.redaction import redact

SKEW, MUCH_SKEW = 2.0, 30.0
"""Seconds."""


def check(installation: Installation) -> Iterator[Finding]:
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        what = f"The database can't be reached: {redact(str(error).strip().splitlines()[0])}."
        yield fault("database", what, "Check DATABASE_URL, and that the database runs.", "settings.md#database_url")
        return
    yield ok("database", f"The database answers: {connection.display_name}.")
    yield from migrations()
    yield from clock(now_of_database())


def migrations() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    if plan := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        missing = ", ".join(f"{step.app_label}.{step.name}" for step, _ in plan[:3])
        what = f"{len(plan)} migrations are not applied, the first ones are {missing}."
        yield fault("migrations", what, "Run `picasso manage migrate`.", "operations.md#upgrade")
    else:
        yield ok("migrations", "All migrations are applied.")


def now_of_database() -> datetime:
    """SQLite has the time of this machine."""
    if connection.vendor == "sqlite":
        return datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found


def clock(there: datetime) -> Iterator[Finding]:
    skew = (there - datetime.now(UTC)).total_seconds()
    yield skew_of("the database", skew)


def skew_of(who: str, skew: float) -> Finding:
    """``skew``: the seconds by which another clock is ahead."""
    direction = "ahead" if skew > 0 else "behind"
    what = f"The clock of {who} is {abs(skew):.0f} seconds {direction}."
    change = "Let all machines take their time from NTP; tokens, leases and links depend on it."
    if abs(skew) > MUCH_SKEW:
        return fault("clock", what, change, "troubleshooting.md")
    if abs(skew) > SKEW:
        return warning("clock", what, change, "troubleshooting.md")
    return ok("clock", f"The clock of {who} is right, compared with this machine's.")
