"""Files in quarantine: nobody may fetch them but principals with a scope of its own."""

from __future__ import annotations

from picasso.access.principal import Principal, Scope
from picasso.errors import Infected, NotScanned, NotScannedYet, PicassoError
from picasso.models import Derivative, File, Scan

REFUSALS: dict[str, type[PicassoError]] = {Scan.WAITING: NotScannedYet, Scan.INFECTED: Infected}


def require_released(principal: Principal, file: File) -> None:
    """For the bytes of a file and of its derivatives. Raises `NotScannedYet`, `NotScanned`, `Infected`."""
    if file.quarantined and not principal.may(Scope.FILES_QUARANTINE):
        raise REFUSALS.get(file.scan, NotScanned)


def shown_derivatives(file: File) -> list[Derivative]:
    return [] if file.quarantined else list(file.derivatives.all())


def shown_facts(file: File) -> dict[str, object]:
    """Without what a processor read from the content of a file in quarantine."""
    if not file.quarantined:
        return dict(file.facts)
    return {name: facts for name, facts in file.facts.items() if name in {"file", "scan"}}
