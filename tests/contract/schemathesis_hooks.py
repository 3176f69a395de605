"""What Schemathesis has to know besides the document. By hand, with many examples:

    cd tests/contract
    SCHEMATHESIS_HOOKS=tests.contract.schemathesis_hooks st run URL/api/v1.0/schema/ -H "Authorization: Bearer pk_…"

reads `schemathesis.toml` as well.
"""

from __future__ import annotations

from typing import Any

import schemathesis

schemathesis.serializer.alias(
    ["application/offset+octet-stream", "application/partial-upload"], "application/octet-stream"
)

SIGNED = {"cursor", "signature"}
"""Only the service can make them. Made-up ones are refused, and that has tests of its own."""


@schemathesis.hook
def map_query(context: Any, query: dict[str, Any] | None) -> dict[str, Any] | None:
    return {name: value for name, value in query.items() if name not in SIGNED} if query else query


@schemathesis.hook
def map_headers(context: Any, headers: dict[str, Any] | None) -> dict[str, Any] | None:
    """Python's client takes the 104 that this header brings for the answer."""
    return {n: v for n, v in headers.items() if n != "Upload-Draft-Interop-Version"} if headers else headers
