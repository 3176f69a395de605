"""What a child says, as a value, checked: the child has decoded strangers' bytes.

What passes here fits the tables, so that a lie ends as trouble and not as an error of the database.
"""

from __future__ import annotations

import json
import logging
import math
import re
from typing import Any

from picasso.errors import Trouble
from picasso.process.contract import Derivative, ProcessorError, Result

log = logging.getLogger(__name__)

MAX_ANSWER = 2**20
MAX_FACTS = 64 * 2**10
MAX_DERIVATIVES = 100
MAX_SIDE = 2**31 - 1  # what the database's column takes
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,62}/[a-z0-9][a-z0-9.+-]{0,126}")
KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
NUL = re.compile(r"\0|(?<!\\)(?:\\\\)*\\u0000")  # plain, or as JSON escapes it

TROUBLES = {
    "crashed": Trouble("crashed", "Processing this file crashed.", crashed=True),
    "time-limit": Trouble("time-limit", "Processing this file took too long.", attempts=2),
    "out-of-memory": Trouble("out-of-memory", "Processing this file took too much memory.", attempts=3),
    "processor-error": Trouble("processor-error", "Processing this file failed for a reason on our side."),
    "storage": Trouble("storage", "The bytes of this file could not be read, or what was made of it not be stored."),
}

TOO_LARGE_OUTPUT = ("too-large-output", "Processing this file would write more than is allowed.")


class Troubled(Exception):
    """An attempt ended without a verdict on the file."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.code)
        self.trouble = trouble


def understood(answer: dict[str, Any]) -> Result:
    """Raises `ProcessorError` where the answer is a verdict on the file, `Troubled` where it is none that holds."""
    if "trouble" in answer:
        raise Troubled(TROUBLES.get(str(answer["trouble"]), TROUBLES["processor-error"]))
    try:
        if "result" in answer:
            return result(**answer["result"])
        code, sentence = answer["refused"]
        verdict = ProcessorError(kebab(code), kept(sentence)[:1000])
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as fault:
        log.exception("a processor's answer breaks its contract")
        raise Troubled(TROUBLES["processor-error"]) from fault
    raise verdict


def result(facts: dict[str, Any], derivatives: list[dict[str, Any]]) -> Result:
    kept(json.dumps(facts, allow_nan=False, ensure_ascii=False), MAX_FACTS)
    made = tuple(Derivative(**derivative) for derivative in derivatives)
    for derivative in made:
        check(derivative)
    if len(made) > MAX_DERIVATIVES or len({derivative.role for derivative in made}) < len(made):
        raise ValueError("too many derivatives, or two of one role")
    return Result(dict(facts), made)


def check(derivative: Derivative) -> None:
    kebab(derivative.role)
    if "/" in kept(derivative.file, 255) or derivative.file in {"", ".", ".."}:
        raise ValueError("not a plain name")
    if not MEDIA_TYPE.fullmatch(derivative.media_type):
        raise ValueError("not a media type")
    for side in (derivative.width, derivative.height):
        if side is not None and (type(side) is not int or not 0 <= side <= MAX_SIDE):
            raise ValueError("not a number of pixels")


def fraction(progress: Any) -> float:
    """How far a job is. Raises `ValueError`."""
    if type(progress) not in {int, float} or not math.isfinite(progress) or not 0 <= progress <= 1:
        raise ValueError("not a fraction")
    return float(progress)


def kebab(text: str) -> str:
    if len(text) > 64 or not KEBAB.fullmatch(text):
        raise ValueError("not a short word in kebab-case")
    return text


def kept(text: str, most: int = MAX_ANSWER) -> str:
    """A text, or JSON, that every database keeps as it is: no U+0000, no lone surrogate."""
    if len(text.encode()) > most or NUL.search(text):
        raise ValueError("not a text that can be kept")
    return text
