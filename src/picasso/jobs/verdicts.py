"""The verdict of the scanner about a file, in the tables: what becomes of the file and of its other jobs."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Protocol

from django.db import transaction
from django.db.models.functions import Now

from picasso.access import audit
from picasso.access.principal import SERVICE
from picasso.events.write import file_event, write, write_deleted
from picasso.files.queries import visible_to
from picasso.jobs import holds, settle, states
from picasso.jobs.states import RESET, RunningJob, State
from picasso.models import File, Job


class Verdict(Protocol):
    """See `picasso.process.contract.Verdict`."""

    @property
    def scan(self) -> str: ...
    @property
    def action(self) -> str: ...
    @property
    def facts(self) -> Mapping[str, Any]: ...
    @property
    def code(self) -> str: ...
    @property
    def sentence(self) -> str: ...


def conclude(job: RunningJob, verdict: Verdict) -> str:
    """End the scanner's job with its verdict. What becomes of the file: ``serve``, ``quarantine`` or ``delete``.

    Empty if another attempt has ended the job, or the file is gone. One transaction: a file is never out of quarantine
    without a verdict. The bytes of a file that is to be deleted are the caller's.
    """
    with transaction.atomic():
        locked = settle.lock_files(visible_to(SERVICE).filter(pk=job.file_id))
        file = visible_to(SERVICE).filter(pk=job.file_id).first()
        if not file:
            return ""
        released = stays_released(file, verdict)
        if not end(job, verdict, served=released or verdict.action == "serve"):
            return ""
        if released:
            settle.settle_files(locked)
            return "serve"
        if verdict.action != "serve":
            note("file.delete" if verdict.action == "delete" else "file.quarantine", file, verdict.facts)
        write(file_event("file.scanned", file, scan=verdict.scan, action=verdict.action))
        if verdict.action == "delete":
            write_deleted(file)
            file.delete()
            return verdict.action
        file.scan, file.quarantined = verdict.scan, verdict.action != "serve"
        file.facts |= {holds.SCANNER: dict(verdict.facts)}
        file.save(update_fields=["scan", "quarantined", "facts"])
        if file.quarantined:
            stop_others(job, verdict)
        else:
            start_others(file.pk)
        settle.settle_files(locked)
    return verdict.action


def stays_released(file: File, verdict: Verdict) -> bool:
    """Whether an operator has overruled this verdict: of this scanner, with signatures that are no newer."""
    facts = file.facts.get(holds.SCANNER, {})
    known = not is_newer(verdict.facts.get("signatures"), facts.get("signatures"))
    return bool(facts.get("released")) and verdict.action != "serve" and known


def is_newer(signatures: object, before: object) -> bool:
    """Of versions such as ``27800``. Also if only the earlier one is not known; false if this one is not."""
    try:
        return int(str(signatures)) > int(str(before))
    except ValueError:
        return signatures is not None and signatures != before


def forget_release(file: File) -> None:
    """Let the next verdict count. Saving the file is up to the caller."""
    if facts := file.facts.get(holds.SCANNER):
        file.facts = {**file.facts, holds.SCANNER: {key: facts[key] for key in facts if key != "released"}}


def note(action: str, file: File, facts: Mapping[str, Any]) -> None:
    """In the audit, with the reason."""
    audit.record(
        action,
        "file",
        file.pk,
        project=file.project_id,
        file_owner=file.owner,
        verdict=facts.get("verdict"),
        malware=facts.get("malware"),
        reason=facts.get("reason"),
    )


def end(job: RunningJob, verdict: Verdict, *, served: bool) -> bool:
    state = State.DONE if served else State.FAILED
    code, sentence = (verdict.code, verdict.sentence) if state == State.FAILED else ("", "")
    error: dict[str, Any] = {"error_code": code, "error_detail": sentence}
    return states.move(job, State.RUNNING, state, finished_at=Now(), leased_until=None, **error)


def stop_others(job: RunningJob, verdict: Verdict) -> None:
    """Workers that run one of them notice it within about a second."""
    others = Job.everywhere.filter(file=job.file_id, state__in=states.ACTIVE).exclude(pk=job.id)
    error = {"error_code": verdict.code, "error_detail": "Not processed: see the job of the scanner."}
    others.update(state=State.CANCELLED, finished_at=Now(), leased_until=None, **error)


def start_others(file_id: uuid.UUID) -> None:
    """Let the jobs of a locked file run that its quarantine held back or ended."""
    jobs = Job.everywhere.filter(file=file_id).exclude(processor=holds.SCANNER)
    jobs.filter(state=State.WAITING, due_at=holds.NEVER).update(due_at=Now())
    jobs.filter(holds.CANCELLED_BY_SCANNER).update(state=State.WAITING, **RESET)


def release(file_id: uuid.UUID) -> bool:
    """Take a file out of quarantine on an operator's word; False if it is not in quarantine.

    Its verdict stays, and the fact ``released`` says that it was overruled.
    """
    with transaction.atomic():
        locked = settle.lock_files(visible_to(SERVICE).filter(pk=file_id, quarantined=True))
        if not locked:
            return False
        file: File = visible_to(SERVICE).get(pk=file_id)
        file.quarantined = False
        file.facts |= {holds.SCANNER: {**file.facts.get(holds.SCANNER, {}), "released": True}}
        file.save(update_fields=["quarantined", "facts"])
        note("file.release", file, file.facts[holds.SCANNER])
        write(file_event("file.scanned", file, scan=file.scan, action="serve"))
        file.jobs.filter(processor=holds.SCANNER).delete()
        start_others(file.pk)
        settle.settle_files(locked)
    return True
