"""The types of events. One that is not listed here can't be asked for."""

from __future__ import annotations

from collections.abc import Mapping

TYPES: Mapping[str, str] = {
    "file.received": "An upload has become a file.",
    "file.processing": "Processing has begun, or has come further; at most once a second for a file.",
    "file.processed": "All jobs of the file are done.",
    "file.failed": "A job has failed for good, or was cancelled; `error` has its code.",
    "file.scanned": "The scan for malware has a verdict, or an operator has overruled it.",
    "file.updated": "The name, the visibility or another description was changed; `changed` names what.",
    "file.deleted": "The file was put into the trash (`trashed` is true), or deleted for good.",
    "file.restored": "The file was taken out of the trash.",
    "upload.started": "A resumable upload was created.",
    "upload.expired": "A resumable upload was removed because nothing arrived for too long.",
    "job.failed": "An attempt at a job has failed; `state` says whether there is another one.",
    "job.retried": "Somebody had a job run again.",
    "job.cancelled": "Somebody has cancelled a job.",
    "import.started": "The import of a file from an address has begun.",
    "import.progress": "How much has arrived.",
    "import.completed": "The import has become a file.",
    "import.failed": "The import was given up; `error` has its code.",
    "import.cancelled": "Somebody has cancelled the import.",
    "webhook.disabled": "Nothing is sent to a webhook any more: its receiver has gone, or has failed for a week.",
}

FAMILIES = frozenset(name.partition(".")[0] for name in TYPES)

OF_OPERATORS = "job."
"""Types that begin like this need the scope ``jobs:read``."""


def is_pattern(text: str) -> bool:
    """Whether it is a type, or a family of types such as ``file.*``, or ``*``."""
    return text == "*" or text in TYPES or (text.endswith(".*") and text[:-2] in FAMILIES)


def matches(patterns: tuple[str, ...], name: str) -> bool:
    """Without patterns every type does."""
    return not patterns or any(name.startswith(each[:-1]) if each.endswith("*") else name == each for each in patterns)
