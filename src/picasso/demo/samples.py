"""All files of the demo."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

from picasso.demo import archives, documents, pictures, recordings, texts

WEB = "web"
"""The second pipeline; see `picasso.demo.pipelines`."""


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    """Also its identity: a file of this name is made once."""
    make: Callable[[], bytes]
    tags: Sequence[str] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    pipeline: str = ""
    """Empty for that of the service."""
    needs: str = ""
    """The library that makes it."""
    media_type: str = ""
    """What is declared, if it is not what the name says."""

    @property
    def can_be_made(self) -> bool:
        return not self.needs or find_spec(self.needs) is not None


def samples() -> Iterator[Sample]:
    yield from of_pictures()
    yield from of_recordings()
    yield from of_documents()
    yield from of_tables()
    yield from of_texts()
    yield from of_archives()
    yield from of_troubles()


def of_pictures() -> Iterator[Sample]:
    def photo(name: str, make: Callable[[], bytes], **attributes: object) -> Sample:
        return Sample(name, make, ["holiday"], attributes, needs="PIL")

    yield photo("Sunset over the bay.jpg", lambda: pictures.sunset(1), rating=5)
    yield photo("Sunset over the bay, later.jpg", lambda: pictures.sunset(2), rating=4)
    yield photo("Портовый город.webp", lambda: pictures.city(3))
    yield photo("Panorama of the harbour at noon, taken from the lighthouse-v1.jpg", pictures.panorama)
    yield photo("Panorama of the harbour at noon, taken from the lighthouse-v2.jpg", pictures.tall)
    yield Sample("Badge.png", pictures.badge, tags=["design"], needs="PIL")
    yield Sample("Spinner.gif", pictures.spinner, tags=["design"], needs="PIL")
    yield Sample("Logo.svg", pictures.drawing, tags=["design"], media_type="image/svg+xml")


def of_recordings() -> Iterator[Sample]:
    yield Sample("Waves.mp4", recordings.video, tags=["holiday"], needs="av")
    yield Sample("Waves for the web.mp4", recordings.video, tags=["holiday", "web"], pipeline=WEB, needs="av")
    yield Sample("Étude no. 1.mp3", lambda: recordings.sound("mp3"), tags=["music"], needs="av")
    yield Sample("Étude no. 2.flac", lambda: recordings.sound("flac"), tags=["music"], needs="av")
    yield Sample("Memo.wav", recordings.memo, tags=["work"])


def of_documents() -> Iterator[Sample]:
    yield Sample("Annual report.pdf", documents.report, tags=["work"], attributes={"year": 2026}, needs="pikepdf")
    yield Sample("Letter to the council.docx", documents.letter, tags=["work"])
    yield Sample("Invitation.eml", documents.mail, tags=["mail"], media_type="message/rfc822")
    yield Sample("Meeting.ics", documents.calendar, tags=["work"], media_type="text/calendar")


def of_tables() -> Iterator[Sample]:
    yield Sample("Orders.csv", texts.orders, tags=["work", "data"], attributes={"rows": texts.ROWS})
    yield Sample("Sensors.jsonl", texts.sensors, tags=["data"], media_type="application/x-ndjson")
    yield Sample("Budget.xlsx", documents.sheet, tags=["work", "data"])


def of_texts() -> Iterator[Sample]:
    yield Sample("Notes.md", texts.notes, tags=["work"])
    yield Sample("fibonacci.py", texts.code, tags=["code"])
    yield Sample("page.html", texts.page, tags=["code"])
    yield Sample("Стихи (cp1251).txt", texts.poem, tags=["letters"], media_type="text/plain")
    yield Sample("service.log", texts.log, tags=["code"], media_type="text/plain")


def of_archives() -> Iterator[Sample]:
    yield Sample("Website.zip", archives.zipped, tags=["code"])
    yield Sample("Backup.tar.gz", archives.tarred, tags=["backup"])


def of_troubles() -> Iterator[Sample]:
    """What can't be processed, so that one sees what that looks like."""
    tags = ["trouble"]
    yield Sample("Broken picture.jpg", pictures.broken, tags=tags)
    yield Sample("Needs a password.pdf", documents.locked, tags=tags, needs="pikepdf")
    yield Sample("Needs a password.7z", archives.locked, tags=tags, needs="py7zr")
