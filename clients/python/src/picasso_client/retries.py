"""Which failures pass, and how long to wait before the next attempt."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from picasso_client.actions import Answer, Call, Pause, Steps, open_answer, send
from picasso_client.errors import PicassoError, error_of, problem_in
from picasso_client.service import Service

# The same table as in the client for JavaScript (errors.js).
PASSING = frozenset({408, 423, 425, 429, 460, 500, 502, 503, 504, 507})
"""Statuses that a later attempt may not get; what is no answer of Picasso may pass from 500 on."""
REFUSALS = frozenset({408, 423, 425, 429, 460, 503})
"""Those with which the service says that it has done nothing."""
CODES = frozenset({"idempotency-key-in-use", "mismatching-upload-offset", "superseded"})
"""The same of conflicts; after the last two a resumable upload asks how much has arrived."""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
FIRST_CONTACT = 5
"""Attempts more, about ten seconds, where nothing has listened yet: the address may be wrong."""
# A server that says more than this will not be waited for.
LONGEST_RETRY_AFTER = 300.0


@dataclass(slots=True)
class Attempts:
    """Counts the failures in a row."""

    most: int
    failed: int = 0
    may_be_done: bool = False
    """Whether one of them may have done its work, though its answer was no success or got lost."""

    def progress(self) -> None:
        self.failed = 0

    def next_pause(self, error: PicassoError, retry_after: float | None = None) -> float:
        """Seconds until the next attempt. Raises the error if there is none."""
        self.failed += 1
        if self.failed > self.most or (retry_after or 0) > LONGEST_RETRY_AFTER:
            raise error
        # Half of it is random, so that clients that were cut together do not come back together.
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (self.failed - 1))
        return float(max(retry_after or 0, longest * random.uniform(0.5, 1)))  # noqa: S311 - no secret

    def seconds(self) -> int:
        """About how long the attempts that are left take."""
        pauses = (min(LONGEST_PAUSE, FIRST_PAUSE * 2**n) for n in range(self.failed - 1, self.most))
        return int(0.75 * sum(pauses))


def no_answer(fault: Exception) -> PicassoError:
    return PicassoError(0, "no-answer", str(fault) or type(fault).__name__)


def unreachable(service: Service, fault: Exception) -> PicassoError:
    text = re.sub(r"^\[Errno -?\d+\] ", "", str(fault)) or type(fault).__name__
    return PicassoError(0, "no-answer", f"{service.login.url} can't be reached ({text}).")


def passes(answer: Answer) -> bool:
    """Whether a later attempt may succeed. An error without a problem document comes from a proxy."""
    problem = problem_in(answer.headers, answer.body)
    if problem is None:
        return answer.status >= 500 or answer.status in PASSING
    return answer.status in PASSING or problem.get("code") in CODES


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds of ``Retry-After`` (RFC 9110 §10.2.3)."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (OverflowError, ValueError):
        return None
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()


def answered(service: Service, call: Call) -> Steps[Answer]:
    """The answer, after as many attempts as it takes. Raises `PicassoError` for errors.

    A call that would do its work twice is only repeated if it surely was not done.
    """
    return (yield from attempt(service, call, Attempts(service.retries), send))


def opened(service: Service, call: Call, attempts: Attempts) -> Steps[Answer]:
    """The same for an answer that is read in pieces."""
    return (yield from attempt(service, call, attempts, open_answer))


def attempt(service: Service, call: Call, attempts: Attempts, ask: Callable[[Call], Steps[Answer]]) -> Steps[Answer]:
    while True:
        after = None
        try:
            answer = yield from ask(call)
        except httpx.TransportError as fault:
            error = unreachable(service, fault) if service.is_own(call.path) else no_answer(fault)
            if isinstance(fault, httpx.ConnectError) and not service.contact.made:
                attempts.most = min(attempts.most, FIRST_CONTACT)
            is_sent = not isinstance(fault, (httpx.ConnectError, httpx.ConnectTimeout))
            if is_sent and not repeatable(call):
                raise error from fault
            attempts.may_be_done |= is_sent
        else:
            service.contact.made = True
            if answer.ok:
                return answer
            if is_done_before(call, answer, attempts):
                return Answer(204, {})
            error, after = error_of(answer.status, answer.headers, answer.body), retry_after(answer.headers)
            if not passes(answer) or not (repeatable(call) or is_refused(answer)):
                raise error
            attempts.may_be_done |= not is_refused(answer)
        pause = attempts.next_pause(error, after)
        if error.status == 0:
            service.contact.report(error.detail, attempts.seconds())
        yield Pause(pause)


def is_refused(answer: Answer) -> bool:
    """Whether the service has done nothing. A proxy may say the same of a request that it has passed on."""
    return is_own_error(answer) and answer.status in REFUSALS


def is_own_error(answer: Answer) -> bool:
    return problem_in(answer.headers, answer.body) is not None


def is_done_before(call: Call, answer: Answer, attempts: Attempts) -> bool:
    """Whether an earlier attempt has deleted it, and its answer was lost."""
    is_gone = is_own_error(answer) and answer.status in {404, 410}
    return call.method == "DELETE" and attempts.may_be_done and is_gone


def repeatable(call: Call) -> bool:
    """Whether it may be done twice. Each PATCH of the API sets values; content of uploads is sent elsewhere."""
    return call.method != "POST" or "Idempotency-Key" in call.headers
