"""The virus scanner, where one is set."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from picasso.doctor.finding import Finding, Installation, fault, ok, warning
from picasso.scan.answers import BadAnswer
from picasso.scan.clamd import Clamd, ClamdError, Timeouts
from picasso.scan.probe import missing_settings

PAGE = "scanning.md"
OLD = timedelta(days=7)


def check(installation: Installation) -> Iterator[Finding]:
    if not installation.conf.clamd:
        yield ok("scanner", "Files are not scanned: PICASSO_CLAMD is not set.")
        return
    clamd = Clamd(installation.conf.clamd, Timeouts(connect=5, send=10, answer=30))
    try:
        version = clamd.version()
        missing = missing_settings(clamd)
    except (ClamdError, BadAnswer) as error:
        what = f"clamd does not answer as it should ({error}), so files stay in quarantine."
        yield fault("scanner", what, "Check PICASSO_CLAMD, and that clamd runs.", "settings.md#picasso_clamd")
        return
    yield from signatures(version)
    if missing:
        what = f"clamd says nothing about what it does not scan: {' and '.join(missing)} are off."
        yield fault("scanner", what, "Turn them on in clamd.conf.", PAGE)
    else:
        yield ok("scanner", f"clamd answers: {version.partition('/')[0]}.")


def signatures(version: str) -> Iterator[Finding]:
    """``version``: as `Clamd.version`."""
    if (made := date_in(version)) and datetime.now() - made > OLD:  # noqa: DTZ005 - clamd's local time
        what = f"The signatures of clamd are of {made:%Y-%m-%d}."
        yield warning("signatures", what, "Let freshclam update them.", PAGE)


def date_in(version: str) -> datetime | None:
    match = re.search(r"/\w{3} (\w{3} +\d+ [\d:]{8} \d{4})$", version)
    with suppress(ValueError):
        return datetime.strptime(match[1], "%b %d %H:%M:%S %Y") if match else None  # noqa: DTZ007
    return None
