"""The one exception of the client."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from picasso_client.models import Outcome

PROBLEM_JSON = "application/problem+json"


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of the request."""

    field: str
    detail: str


class PicassoError(Exception):
    """A request failed for good.

    ``status`` is the HTTP status, and 0 if there was no answer. ``code`` is one of the service's error codes
    (docs/errors.md), or one of the client's own: ``no-answer``, ``unexpected-answer``, ``invalid-request``,
    ``digest-mismatch``, ``content-changed``, ``not-resumable``, ``timeout``.
    """

    def __init__(self, status: int, code: str, detail: str, errors: Sequence[FieldError] = ()) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.upload_url: str | None = None
        """Of an upload that can be continued with `resume`."""
        self.outcomes: Sequence[Outcome] = ()
        """What `change_files` had done before it failed."""
        super().__init__(self._text())

    def _text(self) -> str:
        fields = "".join(
            f" ({error.field}: {error.detail})" for error in self.errors if error.detail not in self.detail
        )
        return f"{self.code}: {self.detail}{fields}"


def error_of(status: int, headers: Mapping[str, str], body: bytes) -> PicassoError:
    """The error that an answer is. The code of one that a proxy made is ``unexpected-answer``."""
    problem = problem_in(headers, body)
    if problem is None:
        return PicassoError(
            status, "unexpected-answer", f"The answer has the status {status}, and no error of Picasso."
        )
    errors = problem.get("errors")
    found = [FieldError(str(each.get("field")), str(each.get("detail"))) for each in errors or () if is_object(each)]
    return PicassoError(status, str(problem.get("code", "")), str(problem.get("detail", "")), found)


def problem_in(headers: Mapping[str, str], body: bytes) -> dict[str, Any] | None:
    """The problem document (RFC 9457) of the service; None if there is none, or it is somebody else's."""
    if headers.get("content-type", "").partition(";")[0].strip() != PROBLEM_JSON:
        return None
    try:
        found = json.loads(body)
    except (RecursionError, ValueError):
        return None
    return found if is_object(found) else None


def is_object(value: object) -> bool:
    return isinstance(value, dict)
