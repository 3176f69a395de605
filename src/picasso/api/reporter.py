"""Django's page about an error. Every process imports this with the configuration of its log, so it imports little."""

from __future__ import annotations

from typing import Any

from django.views.debug import ExceptionReporter

from picasso.redaction import redact_all


class RedactedReporter(ExceptionReporter):
    """The page that `PICASSO_DEBUG` shows, without secrets."""

    def get_traceback_data(self) -> dict[str, Any]:
        return redact_all(super().get_traceback_data())
