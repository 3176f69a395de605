"""What to do about a failure, for people who use a command."""

from __future__ import annotations

import os

from picasso_client.config import KEY, URL, load
from picasso_client.errors import PicassoError


def explained(fault: Exception, program: str = "picasso", url: str | None = None) -> str:
    """The failure, and what to do about it. ``url`` is the address that an option has named."""
    return f"{fault}{advice(fault, program, url)}"


def advice(fault: Exception, program: str, url: str | None) -> str:
    if not isinstance(fault, PicassoError):
        return ""
    if fault.status == 401:
        is_set = " The key is that of PICASSO_KEY." if os.environ.get(KEY) else ""
        return f"{is_set} Run `{program} login`, or set {KEY}."
    if fault.code == "forbidden":
        return f" `{program} whoami` shows what you may do."
    if fault.code == "no-answer":
        others = f"--url, {URL}, PICASSO_PORT or `{program} login`"
        return f"{source_of_address(url)} Start the service there, or name another address: {others}."
    return ""


def source_of_address(url: str | None) -> str:
    """Nothing for the address that is used where none is named."""
    for source, is_used in (("--url", url), (URL, os.environ.get(URL)), ("your login", load())):
        if is_used:
            return f" The address is that of {source}."
    return ""
