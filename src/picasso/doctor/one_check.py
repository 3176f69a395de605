"""Runs one check."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import DatabaseError

from picasso.doctor.finding import Check, Finding, Installation, fault, warning
from picasso.doctor.site import Unreachable
from picasso.redaction import redact


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
