"""TARs that are something else, by the name of their first entry."""

from __future__ import annotations

from picasso.detection.window import Window


def detect_tar(window: Window) -> str | None:
    """An appliance begins with its descriptor (OVF 2.1, section 5.4)."""
    name = window.head[:100].partition(b"\0")[0]
    return "application/ovf" if name.endswith(b".ovf") else None
