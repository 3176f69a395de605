"""``/healthz``: whether this process answers. ``/readyz``: whether everything that it needs is available."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from django.db.models.functions import Now

from picasso.errors import MethodNotAllowed, NotReady
from picasso.models import Worker
from picasso.monitoring.readiness import SECONDS, Check, outcome_of
from picasso.monitoring.samples import ALIVE_WITHIN
from picasso.pools import stop_pool
from picasso.web.request import Request


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
        error.members["checks"] = report
        return await request.answer_problem(error, as_page=False)

    async def _outcome(self, check: Check) -> str:
        try:
            async with asyncio.timeout(SECONDS):
                return await asyncio.get_running_loop().run_in_executor(self._threads, outcome_of, check)
        except TimeoutError:
            return f"No answer within {SECONDS:g} seconds."


def require_get(request: Request) -> None:
    if request.method not in {"GET", "HEAD"}:
        raise MethodNotAllowed(["GET", "HEAD"])


def worker_reported() -> bool:
    """Whether a worker of this machine has reported recently. For the container's health check."""
    name = f"{socket.gethostname()}/"
    return Worker.objects.filter(name__startswith=name, seen_at__gt=Now() - ALIVE_WITHIN).exists()
