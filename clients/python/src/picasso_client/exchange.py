"""How an action becomes a request of httpx, for both clients."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

import httpx

from picasso_client.actions import Action, Answer, Call, Open, Read
from picasso_client.errors import PicassoError
from picasso_client.service import Service
from picasso_client.version import __version__

SILENCE = 60.0
"""Seconds. A quiet stream of events has something every 15."""


def arguments(service: Service, call: Call) -> Mapping[str, Any]:
    """Those of httpx's ``build_request``."""
    url = service.url(call.path)
    return {
        "method": call.method,
        "url": url,
        # Empty parameters would remove the query of the URL.
        "params": call.params or None,
        "headers": {"User-Agent": user_agent(), **service.headers(url), **call.headers},
        "content": call.content,
        "timeout": httpx.Timeout(SILENCE + call.wait, connect=15, pool=None),
    }


def user_agent() -> str:
    return f"picasso-client/{__version__} python/{platform.python_version()}"


def head_of(response: httpx.Response, body: bytes = b"") -> Answer:
    return Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()}, body)


def http_options(more: Mapping[str, Any] | None) -> Mapping[str, Any]:
    # A fast path of many small requests keeps its connections.
    return {"limits": httpx.Limits(max_connections=None, max_keepalive_connections=32), **(more or {})}


def own_error(action: Action, fault: Exception) -> Exception:
    """What the steps of an operation get: an error of httpx only where a further attempt may help."""
    if not isinstance(action, (Call, Open, Read)):
        return fault
    is_illegal = isinstance(fault, httpx.LocalProtocolError) and "llegal header" in str(fault)
    if is_illegal or isinstance(fault, (httpx.UnsupportedProtocol, httpx.InvalidURL, ValueError)):
        return PicassoError(0, "invalid-request", f"The request can't be sent: {fault}")
    if isinstance(fault, httpx.HTTPError) and not isinstance(fault, httpx.TransportError):
        return PicassoError(0, "unexpected-answer", f"The answer can't be read: {str(fault) or type(fault).__name__}")
    return fault
