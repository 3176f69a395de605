"""Whether the media type that a client declared agrees with the detected one."""

from __future__ import annotations

from picasso.detection.media_types import UNKNOWN, normalize


def declared_type_matches(declared: str, detected: str) -> bool | None:
    """None if the client declared nothing: application/octet-stream says that it does not know the type."""
    declared = normalize(declared) if declared else ""
    return None if declared in {"", UNKNOWN} else declared == detected
