"""What clamd's answers mean. An answer that is not understood is an error, never "clean"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

FOUND = re.compile(r"stream: (.{1,500}) FOUND")

TOO_LONG = "INSTREAM size limit exceeded. ERROR"


class Reason(StrEnum):
    """Why a file was not scanned, or not all of it."""

    TOO_LARGE = "too-large"
    LIMITS = "limits"
    ENCRYPTED = "encrypted"
    UNSUPPORTED = "unsupported"
    """Something in it is packed in a way that clamd can't unpack."""
    MALFORMED = "malformed"
    """It is damaged or cut short, or says two things about itself, so that other programs may see more than clamd."""
    SCAN_FAILED = "scan-failed"
    """Repeatedly there was no answer, or an error."""
    SCANNER_SILENT = "scanner-silent"
    """clamd is not set up to tell what it leaves out."""


# Alerts with these names do not say that a file is malware. The last ones are those of deploy/clamd/picasso.*.
NOT_SCANNED = (
    ("Heuristics.Limits.Exceeded", Reason.LIMITS),
    ("Heuristics.XZ.DicSizeLimit", Reason.LIMITS),
    ("Heuristics.Encrypted", Reason.ENCRYPTED),
    ("Heuristics.Picasso.ZipMember", Reason.LIMITS),
    ("Heuristics.Picasso.ZipMethod", Reason.UNSUPPORTED),
    ("Heuristics.Picasso.Zip64", Reason.UNSUPPORTED),
    ("Heuristics.Picasso.NotUnpacked", Reason.UNSUPPORTED),
    ("Heuristics.Picasso.EncryptedOffice", Reason.ENCRYPTED),
)


class BadAnswer(Exception):
    """clamd reports an error, or its answer is not understood."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Nothing found, if both are empty."""

    malware: str = ""
    """The name of the signature that was found."""
    reason: Reason | None = None
    """Why the file was not scanned completely."""


def parse(answer: str) -> Answer:
    """The answer to ``INSTREAM``. Raises `BadAnswer`."""
    if answer == "stream: OK":
        return Answer()
    if answer == TOO_LONG:
        return Answer(reason=Reason.TOO_LARGE)
    if match := FOUND.fullmatch(answer):
        name = match[1].removesuffix(".UNOFFICIAL")
        reason = next((reason for prefix, reason in NOT_SCANNED if name.startswith(prefix)), None)
        return Answer(reason=reason) if reason else Answer(malware=name)
    raise BadAnswer(f"clamd answered {answer[:200]!r}")
