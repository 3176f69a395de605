"""What Schemathesis has to know besides the document, for `schemathesis.toml` and for `test_made_up`."""

from __future__ import annotations

from typing import Any

import schemathesis

schemathesis.serializer.alias(
    ["application/offset+octet-stream", "application/partial-upload"], "application/octet-stream"
)


@schemathesis.hook
def map_headers(context: Any, headers: dict[str, Any] | None) -> dict[str, Any] | None:
    """Python's client takes the 104 that this header brings for the answer."""
    return {n: v for n, v in headers.items() if n != "Upload-Draft-Interop-Version"} if headers else headers
