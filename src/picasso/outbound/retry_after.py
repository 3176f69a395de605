"""How long another server wants to be left alone (RFC 9110 §10.2.3)."""

from __future__ import annotations

import re
import time
from email.utils import mktime_tz, parsedate_tz
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the web process accepts imports, and needs no client
    from picasso.outbound.response import Response

LONGEST = 86_400.0


def retry_after(response: Response) -> float:
    """Seconds, at most a day; 0 if the header does not tell."""
    text = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}", text, re.ASCII):
        return min(float(text), LONGEST)
    try:
        parsed = parsedate_tz(text) if text else None
        return min(max(0.0, mktime_tz(parsed) - time.time()), LONGEST) if parsed else 0.0
    except (ValueError, OverflowError):
        return 0.0
