"""``/healthz``: whether this process answers. ``/readyz``: whether everything that it needs is available."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import close_old_connections, connection
from django.utils import timezone

from picasso.errors import PROBLEM_JSON, MethodNotAllowed, NotReady, PicassoError
from picasso.models import Worker
from picasso.pools import stop_pool
from picasso.scan.clamd import Clamd, ClamdError
from picasso.web.request import Request

log = logging.getLogger(__name__)

WORKER_SEEN_WITHIN = timedelta(seconds=30)

CHECK_SECONDS = 5

Check = Callable[[], None]
"""Raises if the thing is unavailable. The message of a `PicassoError` is public."""


class HealthHandler:
    def __init__(self, checks: dict[str, Check]) -> None:
        self._checks = checks
        self._threads = ThreadPoolExecutor(len(checks) or 1, thread_name_prefix="health")

    def stop(self) -> None:
        """A check that hangs is not waited for."""
        stop_pool(self._threads, len(self._checks) or 1)

    async def alive(self, request: Request) -> None:
        require_get(request)
        await request.answer_json(200, {"status": "ok"})

    async def ready(self, request: Request) -> None:
        require_get(request)
        outcomes = await asyncio.gather(*(self._outcome(check) for check in self._checks.values()))
        report = dict(zip(self._checks, outcomes, strict=True))
        faults = " ".join(f"{name}: {outcome}" for name, outcome in report.items() if outcome != "ok")
        if not faults:
            return await request.answer_json(200, {"status": "ok", "checks": report})
        error = NotReady(faults)
        body = {**error.problem(), "checks": report}
        return await request.answer_json(error.status, body, {"Content-Type": PROBLEM_JSON, **error.headers})

    async def _outcome(self, check: Check) -> str:
        """``ok``, or a public sentence. The details of an unexpected error go to the log only."""
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await asyncio.get_running_loop().run_in_executor(self._threads, check)
        except PicassoError as fault:
            return fault.detail
        except TimeoutError:
            return f"No answer within {CHECK_SECONDS} seconds."
        except Exception as fault:
            log.warning("not ready: %s", fault)
            return "Unavailable."
        return "ok"


def require_get(request: Request) -> None:
    if request.method not in {"GET", "HEAD"}:
        raise MethodNotAllowed(["GET", "HEAD"])


def database() -> None:
    close_old_connections()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM picasso_file LIMIT 1")


def workers() -> None:
    close_old_connections()
    if not Worker.objects.filter(seen_at__gt=timezone.now() - WORKER_SEEN_WITHIN).exists():
        raise PicassoError(f"No worker has reported in the last {WORKER_SEEN_WITHIN.seconds} seconds.")


def scanner(clamd: Clamd) -> None:
    try:
        clamd.ping()
    except ClamdError as fault:
        raise PicassoError("The virus scanner does not answer.") from fault


def worker_reported() -> bool:
    """Whether a worker of this machine has reported recently. For the container's health check."""
    name = f"{socket.gethostname()}/"
    return Worker.objects.filter(name__startswith=name, seen_at__gt=timezone.now() - WORKER_SEEN_WITHIN).exists()
