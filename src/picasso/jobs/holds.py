"""Jobs that are held back: as long as a file is in quarantine, only the scanner may run on it.

A held job is waiting and never due. A worker does not start it either, whatever its time (`sql.START_JOBS`), so nothing
decodes a file that may be malware.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from django.db.models import Q
from django.db.models.functions import Now

from picasso.files.queries import quarantined
from picasso.models import Job

State = Job.State

SCANNER = "scan"
"""The processor whose verdict the other jobs of its file wait for. It is the one that starts in quarantine."""

NEVER = datetime(9000, 1, 1, tzinfo=UTC)
"""When a held job is due; `sql` has it, too."""

NOT_STARTED = ("not-scanned", "The file is in quarantine: it was not scanned for malware.")
"""The error of held jobs whose file gets no verdict, because the scanner's job was cancelled or has failed."""


CANCELLED_BY_SCANNER = Q(state=State.CANCELLED, error_code__in=["infected", "not-scanned"])
"""Jobs that run after all if their file turns out to be clean."""


def in_quarantine(files: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    """Those of these files."""
    return quarantined(list(files))


def stop_held(files: Collection[uuid.UUID]) -> None:
    """End the held jobs of these files, which the caller has locked and settles."""
    code, sentence = NOT_STARTED
    held = Job.everywhere.filter(file__in=files, state=State.WAITING, due_at=NEVER).exclude(processor=SCANNER)
    held.update(state=State.CANCELLED, error_code=code, error_detail=sentence, finished_at=Now())
