"""The processor ``scan``: sends a file to clamd, and says what is to become of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from picasso.process.contract import (
    JSON,
    ServiceAway,
    ServiceFailed,
    StoredSource,
    Verdict,
)
from picasso.process.options import parse_options
from picasso.queue_names import SERVICE
from picasso.scan import probe
from picasso.scan.answers import Answer, BadAnswer, Reason, parse
from picasso.scan.clamd import Clamd, ClamdError, Unreachable
from picasso.scan.coverage import Coverage
from picasso.scan.parts import Budget, Part

log = logging.getLogger(__name__)

CHUNK = 2**18

# clamd reads its settings when it starts. To ask it about them takes longer than to scan a small file.
TRUST_SECONDS = 10.0

# After so many attempts without an answer the file itself is the likely cause, so it ends as not scanned.
MAX_FAILURES = 8

FAILED = ServiceFailed("scan-failed", "The virus scanner had no answer for this file.")

SENTENCES = {
    Reason.TOO_LARGE: "it is larger than the scanner accepts",
    Reason.LIMITS: "a part of it exceeds the limits of the scanner",
    Reason.ENCRYPTED: "it is encrypted, or a part of it is",
    Reason.UNSUPPORTED: "a part of it is packed in a way that the scanner can't unpack",
    Reason.MALFORMED: "it is damaged, or contradicts itself, so programs may read it differently",
    Reason.SCAN_FAILED: "the scanner repeatedly had no answer for it",
    Reason.SCANNER_SILENT: "the scanner is not set up to tell what it leaves out",
}


@dataclass(frozen=True, slots=True)
class Options:
    infected: Literal["quarantine", "delete"] = "quarantine"
    not_scanned: Literal["serve", "quarantine", "delete"] = "quarantine"


class Scan:
    service: ClassVar[Literal[True]] = True
    name: ClassVar[str] = "scan"
    media_types: ClassVar[tuple[str, ...]] = ("*/*",)
    queue: ClassVar[str] = SERVICE
    on_request: ClassVar[bool] = True
    Options: ClassVar[type] = Options
    requires: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = ""

    def __init__(self, clamd: Clamd | None = None, max_size: int = 0) -> None:
        """By default the clamd of the settings, and its limit in bytes."""
        # Here and not above: fork servers import this module, and need no Django.
        from django.conf import settings

        self._clamd = clamd or Clamd(settings.PICASSO.clamd)
        self._max_size = max_size or settings.PICASSO.clamd_max_size
        self._trusted_until = 0.0

    def ping(self) -> None:
        try:
            self._clamd.ping()
        except ClamdError as fault:
            raise ServiceAway(str(fault)) from fault

    def __call__(self, source: StoredSource) -> Verdict:
        options = parse_options(Options, source.options)
        answer, engine = self._scan(source)
        return verdict(answer, options, engine)

    def _scan(self, source: StoredSource) -> tuple[Answer, dict[str, JSON]]:
        """What clamd says, and facts about clamd."""
        if source.size > self._max_size:
            return Answer(reason=Reason.TOO_LARGE), {}
        engine: dict[str, JSON] = {}
        try:
            engine = engine_facts(self._version())
            answer = parse(self._clamd.scan(content(source), source.check))
            return self._doubt(answer, source), engine
        except Unreachable as fault:
            raise ServiceAway(str(fault)) from fault
        except (ClamdError, BadAnswer) as fault:
            self._trusted_until = 0.0
            if source.failures + 1 < MAX_FAILURES:
                raise FAILED from fault
            return Answer(reason=Reason.SCAN_FAILED), engine

    def _version(self) -> str:
        """Raises `ServiceAway` also if clamd does not answer: no byte of the file can be the cause."""
        try:
            return self._clamd.version()
        except ClamdError as fault:
            self._trusted_until = 0.0  # it may come back with other settings
            raise ServiceAway(str(fault)) from fault

    def _doubt(self, answer: Answer, source: StoredSource) -> Answer:
        """The answer; "not scanned" if clamd found nothing but can't have seen everything."""
        if answer != Answer():
            return answer
        if not self._is_trusted():
            return Answer(reason=Reason.SCANNER_SILENT)

        def look(content: Iterable[bytes]) -> Answer:
            return parse(self._clamd.scan(content, source.check))

        budget = Budget(self._max_size, source.check)
        coverage = Coverage(look, lambda: probe.unpacks_rar(self._clamd), budget)
        return coverage.answer(Part(source.open, source.size))

    def _is_trusted(self) -> bool:
        """Whether clamd tells what it leaves out. That it does is remembered for `TRUST_SECONDS`."""
        if time.monotonic() < self._trusted_until:
            return True
        asked_at = time.monotonic()
        if missing := probe.missing_settings(self._clamd):
            log.warning("files count as not scanned as long as these settings of clamd are off: %s", ", ".join(missing))
            return False
        self._trusted_until = asked_at + TRUST_SECONDS
        return True


def content(source: StoredSource) -> Iterator[bytes]:
    """In chunks. Raises `OSError` if there are fewer bytes than the row says: clamd must not take a part for all."""
    reader, sent = source.open(0, source.size), 0
    try:
        while chunk := reader.read(CHUNK):
            yield chunk
            sent += len(chunk)
            source.progress(sent / source.size)
    finally:
        reader.close()
    if sent != source.size:
        raise OSError("a stored file is shorter than its row says")


def engine_facts(version: str) -> dict[str, JSON]:
    """Of ``ClamAV 1.4.3/27800/Sat Nov 28 09:25:14 2026``: engine, version and date of the signatures."""
    engine, _, rest = version.partition("/")
    signatures, _, date = rest.partition("/")
    facts: dict[str, JSON] = {"engine": engine[:100]}
    return facts | ({"signatures": signatures[:20], "signatures_date": date[:40]} if rest else {})


def verdict(answer: Answer, options: Options, engine: dict[str, JSON]) -> Verdict:
    if answer.malware:
        found: dict[str, JSON] = {"verdict": "infected", "malware": answer.malware, **engine}
        sentence = f"Malware was found in this file: {answer.malware}."
        return Verdict("infected", options.infected, found, "infected", sentence)
    if answer.reason:
        facts: dict[str, JSON] = {"verdict": "not-scanned", "reason": answer.reason.value, **engine}
        sentence = f"This file was not scanned for malware: {SENTENCES[answer.reason]}."
        return Verdict("not-scanned", options.not_scanned, facts, "not-scanned", sentence)
    return Verdict("clean", "serve", {"verdict": "clean", **engine})
