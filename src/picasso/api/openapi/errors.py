"""The error responses of operations: by status, with an example of each code that may come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from picasso.api.openapi.parts import PROBLEM, component, header_docs
from picasso.error_codes import JOB_CODES, REQUEST_CODES
from picasso.errors import CHECKSUM_MISMATCH, REGISTERED, problem

STATUS = {each.code: str(each.status) for each in REQUEST_CODES}

ANYWHERE = (
    "bad-request",
    "uri-too-long",
    "rate-limited",
    "headers-too-large",
    "internal-error",
    "unavailable",
    "timeout",
)
"""Codes of all operations but the health checks."""

WITH_CREDENTIALS = (
    *("invalid-field", "unauthorized", "invalid-key", "revoked-key", "expired-key", "invalid-token", "expired-token"),
    *("forbidden", "network-not-allowed", "not-found"),
)
CHANGES = ("cross-site-request",)
JSON_BODY = ("parse-error", "too-large", "unsupported-media-type")
JSON_ANSWER = ("not-acceptable",)

OF_STATUS = {
    "409": "conflict",
    "410": "gone",
    "412": "precondition-failed",
    "413": "too-large",
    "415": "unsupported-media-type",
}
"""The code of a status that a view lists, if nothing else says which."""

HEADERS: Mapping[str, dict[str, Any]] = {
    "401": header_docs(WWW_Authenticate="`Bearer`, and what is wrong with the token (RFC 6750)."),
    "405": header_docs(Allow="The methods that this address supports."),
    "409": header_docs(
        Retry_After="Seconds until a repeated request may succeed, with `idempotency-key-in-use`.",
        Upload_Offset="The current offset, with `mismatching-upload-offset`.",
    ),
    "413": header_docs(Upload_Limit="Of uploads: the maximum size."),
    "415": header_docs(
        Accept_Encoding="`identity`, with `unsupported-content-encoding`.",
        Accept_Patch="The media types that a `PATCH` may have.",
    ),
    "416": header_docs(Content_Range="The size of the file: `bytes */1234`."),
    "423": header_docs(Retry_After="Seconds until a repeated request may succeed."),
    "429": header_docs(
        Retry_After="Seconds until the next request is answered.",
        RateLimit="What remains of each limit, and the seconds until it is whole again. Also on other answers.",
        RateLimit_Policy="The limits: quota and window. Also on other answers.",
    ),
    "503": header_docs(Retry_After="Seconds until a repeated request may succeed."),
    "507": header_docs(Retry_After="Seconds until a repeated request may succeed."),
}

MORE: Mapping[str, Mapping[str, Any]] = {
    "invalid-field": {
        "errors": [
            {
                "field": "page_size",
                "detail": "page_size must be a whole number from 1 to 999999999; more than 100 means 100.",
            }
        ]
    },
    "quota-exceeded": {"quota": {"name": "bytes", "limit": 1_000_000, "used": 990_000, "left": 10_000}},
    "rate-limited": {"type": f"{REGISTERED}quota-exceeded", "violated-policies": ["key"]},
    "mismatching-upload-offset": {
        "type": f"{REGISTERED}mismatching-upload-offset",
        "expected-offset": 100,
        "provided-offset": 0,
    },
    "inconsistent-upload-length": {"type": f"{REGISTERED}inconsistent-upload-length"},
    "completed-upload": {"type": f"{REGISTERED}completed-upload"},
    "method-not-allowed": {"allowed": ["GET", "HEAD", "OPTIONS"]},
    "too-large": {"max_size": 5 * 2**30},
    "unsupported-media-type": {"supported": ["application/json"]},
    "unsupported-content-encoding": {"supported": ["identity"]},
}
"""Members that problems with these codes have besides, or instead."""

MEMBERS: Mapping[str, Any] = {
    "allowed": {"type": "array", "items": {"type": "string"}, "description": "With 405: the supported methods."},
    "supported": {
        "type": "array",
        "items": {"type": "string"},
        "description": "With 415: the media types, or the codings, that are accepted here.",
    },
    "max_size": {"type": "integer", "minimum": 0, "description": "With 413: how many bytes there may be."},
    "quota": {
        "type": "object",
        "description": "With `quota-exceeded`: the quota that does not allow this.",
        "required": ["name", "limit", "used", "left"],
        "properties": {
            "name": {"type": "string"},
            **{name: {"type": "integer", "minimum": 0} for name in ("limit", "used", "left")},
        },
    },
    "violated-policies": {
        "type": "array",
        "items": {"type": "string"},
        "description": "With `rate-limited`: the name of the limit.",
    },
    "expected-offset": {"type": "integer", "minimum": 0, "description": "With `mismatching-upload-offset`."},
    "provided-offset": {"type": "integer", "minimum": 0, "description": "With `mismatching-upload-offset`."},
}
"""Members of a problem that belong to some codes."""

OF_RESOURCES = [*(each.code for each in JOB_CODES), *(each.code for each in REQUEST_CODES if each.status >= 500)]
"""Codes in the `error` of a file, a job or an import: these did not come as the answer to a request."""


def problem_examples() -> dict[str, Any]:
    """An example of each code, for ``components/examples``."""
    return {
        each.code: {
            "summary": each.cause.replace("](", "] ("),
            "value": {**problem(each.status, each.code, each.cause), **MORE.get(each.code, {})},
        }
        for each in REQUEST_CODES
    }


def phrase(status: str) -> str:
    return "Checksum Mismatch" if status == str(CHECKSUM_MISMATCH) else HTTPStatus(int(status)).phrase


def responses(codes: Iterable[str], declared: Mapping[str, Any], *, head: bool = False) -> dict[str, Any]:
    """The error responses with these codes, and of the statuses that the operation declares.

    A description that the operation gives for a status is kept.
    """
    by_status: dict[str, set[str]] = defaultdict(set)
    for code in codes:
        by_status[STATUS[code]].add(code)
    for status in declared:
        if status not in by_status:
            by_status[status].add(OF_STATUS[status])
    return {
        status: response(status, sorted(found), declared.get(status, {}).get("description", ""), head=head)
        for status, found in sorted(by_status.items())
    }


def response(status: str, codes: list[str], description: str, *, head: bool) -> dict[str, Any]:
    names = ", ".join(f"`{code}`" for code in codes)
    headers = {"headers": HEADERS[status]} if status in HEADERS else {}
    (media_type,) = PROBLEM
    examples = {code: component("examples", code) for code in codes}
    content = {} if head else {"content": {media_type: {**PROBLEM[media_type], "examples": examples}}}
    return {"description": f"{description or phrase(status) + '.'} Codes: {names}.", **headers, **content}


class Registry:
    """Responses that several operations have are written once, in ``components/responses``."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, Any]] = {}

    def reference(self, status: str, response: dict[str, Any]) -> dict[str, str]:
        base = "".join(word.capitalize() for word in phrase(status).split())
        number = 1
        while self.found.setdefault(name := f"{base}{number if number > 1 else ''}", response) != response:
            number += 1
        return component("responses", name)
