"""Time limits of the proxy. These checks take two minutes, so they run by ``--slow`` only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress

from picasso import addresses
from picasso.doctor.finding import Finding, Installation, fault, ok, warning
from picasso.doctor.probe import CONTENT, Refused, may_delete, upload
from picasso.doctor.site import Site, Unreachable, read

PAGE = "troubleshooting.md#large-uploads-end-after-a-minute"
PAUSE = 70.0
"""Seconds: more than the 60 that most proxies have by default."""
WAIT = 60
"""Seconds: the longest that the service lets a client wait."""


def check(installation: Installation) -> Iterator[Finding]:
    if not installation.slow:
        return
    site = Site(installation)
    try:
        if may_delete(site):
            yield pause(site, min(PAUSE, installation.conf.upload_idle_timeout - 5))
    except Refused as error:
        yield warning("pause", str(error), "Look up the error.", "errors.md")
    yield long_answer(site)


def pause(site: Site, seconds: float) -> Finding:
    """An upload during which nothing is sent for a while."""
    try:
        with upload(site, 2) as probe, site.connected() as connection:
            site.begin(connection, "PATCH", probe.path, {**CONTENT, "Upload-Offset": "0", "Content-Length": "2"})
            connection.send(b"a")
            time.sleep(seconds)
            connection.send(b"b")
            answer = read(connection.getresponse())
            if answer.status == 204:
                site.ask("DELETE", f"{file_path(answer.header('Content-Location'))}?permanently=true")
                return ok("pause", f"An upload may pause for {seconds:.0f} seconds.")
            why = f"is answered with {answer.why}"
    except Unreachable:
        why = "is cut"
    what = f"An upload that pauses for {seconds:.0f} seconds {why}; PICASSO_UPLOAD_IDLE_TIMEOUT allows more."
    change = "Raise the time of the proxy (nginx: `client_body_timeout`, `proxy_send_timeout`; Traefik: `readTimeout`)."
    return fault("pause", what, change, PAGE)


def file_path(url: str) -> str:
    return f"{addresses.FILES}{url.rstrip('/').rpartition('/')[2]}/"


def long_answer(site: Site) -> Finding:
    """A list of events that waits for one that does not come."""
    why = "it closes the connection."
    with suppress(Unreachable), site.connected(WAIT + 15) as connection:
        site.begin(connection, "GET", f"{addresses.EVENTS}?type=webhook.disabled&wait={WAIT}")
        answer = read(connection.getresponse())
        if answer.status in {200, 401, 403}:
            return ok("wait", "The proxy waits a minute for an answer.")
        why = f"{answer.why}."
    what = f"The proxy does not wait a minute for an answer: {why}"
    return fault("wait", what, "Raise its time (nginx: `proxy_read_timeout 300s`).", PAGE)
