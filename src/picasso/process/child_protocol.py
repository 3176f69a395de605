"""The answers of a child, parsed and checked: a child has decoded untrusted bytes, so its answer is untrusted, too.

An answer that passes fits the tables. A bad one becomes a transient error here, not an error of the database later.
"""

from __future__ import annotations

import json
import logging
import math
import re
from typing import Any

from picasso.jobs.retries import TransientError
from picasso.process.contract import Derivative, ProcessorError, Result

log = logging.getLogger(__name__)

MAX_ANSWER = 2**20
MAX_FACTS = 64 * 2**10
MAX_DERIVATIVES = 100
MAX_SIDE = 2**31 - 1  # the limit of the database's column
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,62}/[a-z0-9][a-z0-9.+-]{0,126}")
KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
NUL = re.compile(r"\0|(?<!\\)(?:\\\\)*\\u0000")  # plain, or escaped in JSON

TRANSIENT_ERRORS = {
    "crashed": TransientError("crashed", "Processing this file crashed.", crashed=True),
    "time-limit": TransientError("time-limit", "Processing this file took too long.", max_failures=2),
    "out-of-memory": TransientError("out-of-memory", "Processing this file took too much memory.", max_failures=3),
    "processor-error": TransientError("processor-error", "Processing this file failed because of an internal error."),
    "storage": TransientError("storage", "This file could not be read, or the results could not be stored."),
}

TOO_LARGE_OUTPUT = ("too-large-output", "Processing this file would write more than the limit allows.")


class AttemptFailed(Exception):
    """An attempt ended without a verdict on the file."""

    def __init__(self, error: TransientError) -> None:
        super().__init__(error.code)
        self.error = error


def parse_answer(answer: dict[str, Any]) -> Result:
    """The result of a job.

    Raises:
        ProcessorError: the processor refuses the file.
        AttemptFailed: the child reports an error, or its answer is invalid.
    """
    if "error" in answer:
        raise AttemptFailed(TRANSIENT_ERRORS.get(str(answer["error"]), TRANSIENT_ERRORS["processor-error"]))
    try:
        if "result" in answer:
            return parse_result(**answer["result"])
        code, sentence, *facts = answer["refused"]
        verdict = ProcessorError(check_kebab(code), check_text(sentence)[:1000], parse_facts(*facts))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as fault:
        log.exception("a processor's answer breaks its contract")
        raise AttemptFailed(TRANSIENT_ERRORS["processor-error"]) from fault
    raise verdict


def parse_facts(facts: dict[str, Any] | None = None) -> dict[str, Any]:
    """Raises `TypeError` or `ValueError` for what breaks the contract."""
    if not isinstance(facts, dict | None):
        raise TypeError("facts are a mapping")
    check_text(json.dumps(facts, allow_nan=False, ensure_ascii=False), MAX_FACTS)
    return dict(facts or {})


def parse_result(facts: dict[str, Any], derivatives: list[dict[str, Any]]) -> Result:
    """Raises `TypeError` or `ValueError` for what breaks the contract."""
    found = parse_facts(facts)
    parsed = tuple(Derivative(**derivative) for derivative in derivatives)
    for derivative in parsed:
        check_derivative(derivative)
    if len(parsed) > MAX_DERIVATIVES or len({derivative.role for derivative in parsed}) < len(parsed):
        raise ValueError("too many derivatives, or two of one role")
    return Result(found, parsed)


def check_derivative(derivative: Derivative) -> None:
    check_kebab(derivative.role)
    if "/" in check_text(derivative.file, 255) or derivative.file in {"", ".", ".."}:
        raise ValueError("not a plain name")
    if not MEDIA_TYPE.fullmatch(derivative.media_type):
        raise ValueError("not a media type")
    for side in (derivative.width, derivative.height):
        if side is not None and (type(side) is not int or not 0 <= side <= MAX_SIDE):
            raise ValueError("not a number of pixels")


def parse_progress(progress: Any) -> float:
    """A number from 0 to 1. Raises `ValueError`."""
    if type(progress) not in {int, float} or not math.isfinite(progress) or not 0 <= progress <= 1:
        raise ValueError("not a fraction")
    return float(progress)


def check_kebab(text: str) -> str:
    """Return the text if it is in kebab-case and at most 64 characters long. Raises `ValueError`."""
    if len(text) > 64 or not KEBAB.fullmatch(text):
        raise ValueError("not a short word in kebab-case")
    return text


def check_text(text: str, max_bytes: int = MAX_ANSWER) -> str:
    """Return a text, or JSON, if every database can store it: no U+0000, no lone surrogate. Raises `ValueError`."""
    if len(text.encode()) > max_bytes or NUL.search(text):
        raise ValueError("not a text that can be stored")
    return text
