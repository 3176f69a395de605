"""Streams of events: whether they arrive while they are sent."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from http.client import HTTPResponse
from zlib import decompressobj

from picasso import addresses
from picasso.doctor.finding import Finding, Installation, fault, ok, warning
from picasso.doctor.probe import Refused, upload
from picasso.doctor.site import Answer, Site

PAGE = "events.md#follow-the-stream"
WITHIN = 5.0
"""Seconds until the first bytes, which the service sends at once, and until an event."""
TYPE = "upload.started"


class Reader:
    """What has come of a stream. A proxy may compress it, as long as it does not keep it back."""

    def __init__(self, response: HTTPResponse) -> None:
        self._response = response
        self._inflate = decompressobj(wbits=31) if response.headers.get("Content-Encoding") == "gzip" else None
        self.read = b""

    def comes(self, pattern: bytes) -> bool:
        """Whether something that matches comes in time."""
        deadline = time.monotonic() + WITHIN
        try:
            while not re.search(pattern, self.read) and time.monotonic() < deadline:
                if not (data := self._response.read1(10_000)):
                    break
                self.read += self._inflate.decompress(data) if self._inflate else data
        except TimeoutError:
            return False
        return bool(re.search(pattern, self.read))


def check(installation: Installation) -> Iterator[Finding]:
    site = Site(installation)
    headers = {"Accept": "text/event-stream", "Accept-Encoding": "gzip"}
    with site.connected(WITHIN) as connection:
        site.begin(connection, "GET", f"{addresses.EVENTS}?type={TYPE}", headers)
        try:
            response = connection.getresponse()
        except TimeoutError:
            yield buffered()
            return
        if response.status == 200:
            yield followed(site, Reader(response))
        else:
            why = Answer(response.status, response.headers, response.read(10_000)).why
            yield warning("streams", f"Events can't be followed: {why}.", "Use a key with events:read.", "access.md")


def followed(site: Site, stream: Reader) -> Finding:
    if not stream.comes(rb"id: \d+\n\n"):
        return buffered()
    position = int(re.findall(rb"id: (\d+)", stream.read)[0])
    try:
        return event(site, stream, position)
    except Refused as error:
        return warning("streams", str(error), "Look up the error, or use another key.", "errors.md")


def event(site: Site, stream: Reader, position: int) -> Finding:
    """Make something happen, and wait for its event. Raises `Refused`."""
    with upload(site, 1) as probe:
        if stream.comes(probe.id.encode()):
            return ok("streams", "Events arrive at once.")
        if is_listed(site, position, probe.id):
            return buffered()
    what = "Nothing shows what happens: no worker numbers the events."
    return warning("streams", what, "Start a worker.", "events.md#how-it-works")


def is_listed(site: Site, position: int, upload_id: str) -> bool:
    """Whether the event has a number, now or soon."""
    listed = site.ask("GET", f"{addresses.EVENTS}?after={position}&type={TYPE}&limit=1000&wait=5").json()
    return any(each.get("data", {}).get("id") == upload_id for each in listed.get("results", []))


def buffered() -> Finding:
    what = "The proxy keeps events back: nothing of a stream has arrived within 5 seconds."
    change = (
        f"Turn off buffering for {addresses.EVENTS} (nginx: `proxy_buffering off`, `gzip off`, and no"
        " `proxy_ignore_headers X-Accel-Buffering`)."
    )
    return fault("streams", what, change, PAGE)
