"""``POST /api/v1.0/jobs/claim/`` with ``Prefer: wait=N``: Django's view is asked again when there may be a job."""

from __future__ import annotations

import asyncio
import json
import uuid
from contextlib import nullcontext
from typing import Any

from picasso.access.principal import Scope
from picasso.addresses import CLAIMS, below
from picasso.process.pipelines import Pipelines
from picasso.process.remote.claim import give_back, queues_of
from picasso.web.django_handler import DjangoCall, DjangoHandler
from picasso.web.event_slots import EventSlots
from picasso.web.events import require_still
from picasso.web.job_hub import JobHub
from picasso.web.kept_answer import KeptAnswer
from picasso.web.request import Request
from picasso.web.waiting import preferred_wait, woken

EMPTY = b"[]"


class ClaimHandler:
    def __init__(self, hub: JobHub, slots: EventSlots, pipelines: Pipelines, django: DjangoHandler) -> None:
        self._hub = hub
        self._slots = slots
        self._pipelines = pipelines
        self._django = django

    async def __call__(self, request: Request) -> None:
        """Raises `TooManyStreams`, `ClientGone`."""
        seconds = preferred_wait(request) if is_claim(request) else 0
        async with self._django.received(request) as call:
            with self._slots.take(request) if seconds else nullcontext():
                answer = await self._answer(request, call, seconds)
        if request.gone and is_claim(request):
            await self._give_back(request, answer)
        if seconds:
            request.add_headers({"Preference-Applied": f"wait={seconds}"})
        if not answer.is_sent:
            await answer.send(request)

    async def _answer(self, request: Request, call: DjangoCall, seconds: int) -> KeptAnswer:
        """The first one that is not empty, or the one at the end of the time."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while True:
            answer = KeptAnswer(request.send)
            await call(answer.keep)
            left = end - loop.time()
            if left <= 0 or self._hub.stopped or answer.is_sent or answer.body != EMPTY:
                return answer
            await self._wait(request, json.loads(call.body), left)

    async def _give_back(self, request: Request, answer: KeptAnswer) -> None:
        """Jobs that nobody gets to know of: without this they would wait until their leases end."""
        if not answer.is_sent:
            leases = [(uuid.UUID(each["id"]), each["lease"]) for each in json.loads(answer.body)]
            await self._hub.ask(give_back, request.principal, leases)

    async def _wait(self, request: Request, body: dict[str, Any], seconds: float) -> None:
        """``body`` is one that the view has accepted."""
        project = None if body.get("all_projects") else request.principal.project_id
        with self._hub.join(queues_of(self._pipelines, body["processors"]), project) as waiter:
            await woken(request, waiter.woken.wait(), seconds)
        await require_still(request, Scope.JOBS_WORK)


def is_claim(request: Request) -> bool:
    return request.method == "POST" and below(CLAIMS, request.path) == ""
