"""The broker: whether it can be reached."""

from __future__ import annotations

from collections.abc import Iterator

from picasso.doctor.finding import Finding, Installation, fault, ok
from picasso.jobs.broker import Broker
from picasso.redaction import redact


def check(installation: Installation) -> Iterator[Finding]:
    if installation.conf.embedded:
        yield ok("broker", "The broker is inside each worker.")
        return
    try:
        Broker(installation.conf).ping()
    except Exception as error:  # of the library of any broker
        what = f"The broker can't be reached: {redact(str(error) or type(error).__name__)}."
        change = "Check BROKER_URL, and that RabbitMQ runs; jobs wait until then."
        yield fault("broker", what, change, "settings.md#broker_url")
    else:
        yield ok("broker", "The broker answers.")
