"""How uploads pass through the proxy: their size, whether they pass while they arrive, and their header fields."""

from __future__ import annotations

import time
from collections.abc import Iterator

from picasso import addresses
from picasso.doctor.finding import Finding, Installation, Level, fault, ok, warning
from picasso.doctor.probe import CONTENT, METADATA, TUS, Probe, Refused, create, new_key, upload
from picasso.doctor.site import Answer, Site

NGINX = "deployment.md#nginx"
PAGE = "deployment.md#a-proxy-in-front"

SIZE = 6 * 2**20
"""Of the probe: more than most proxies keep in memory, and than nginx allows by default."""
SENT = SIZE - 2**20
"""How much of it is sent."""
ARRIVED_WITHIN = 10.0
"""Seconds until the service has some of what was sent."""
REFUSED_WITHIN = 1.5
"""Seconds until a proxy refuses a body by its head."""


def check(installation: Installation) -> Iterator[Finding]:
    site = Site(installation)
    try:
        with upload(site, SIZE) as probe:
            yield fields(probe)
            passing = [methods(probe), *body_limits(probe, installation.conf.max_upload_size)]
            yield from passing
            if all(each.level == Level.OK for each in passing):
                yield request_buffering(probe)
        yield idempotency(site)
    except Refused as error:
        yield warning("uploads", str(error), "Look up the error, or use another key.", "errors.md")


def fields(probe: Probe) -> Finding:
    """Header fields of the upload protocols, in both directions."""
    found = probe.site.ask("HEAD", probe.path, TUS)
    right = {"Upload-Offset": "0", "Upload-Length": str(SIZE), "Upload-Metadata": METADATA, "Tus-Resumable": "1.0.0"}
    if lost := [name for name, value in right.items() if found.header(name) != value]:
        what = f"Header fields of uploads get lost: {', '.join(lost)} (HEAD of an upload answers {found.why})."
        return fault("upload-fields", what, "Let the proxy pass on all header fields and the method HEAD.", PAGE)
    return ok("upload-fields", "The header fields of uploads pass.")


def body_limits(probe: Probe, most: int) -> Iterator[Finding]:
    """By heads that announce the largest body: a proxy with a limit refuses at once."""
    length = {"Content-Length": str(most)}
    site = probe.site
    tus = site.answer_to_head("PATCH", probe.path, {**CONTENT, "Upload-Offset": "0", **length}, REFUSED_WITHIN)
    raw_path = f"{addresses.UPLOAD}picasso-doctor.txt"
    raw = site.answer_to_head("POST", raw_path, {"Content-Type": "text/plain", **length}, REFUSED_WITHIN)
    yield body_limit(addresses.UPLOADS, tus, most)
    yield body_limit(addresses.UPLOAD, raw, most)


def body_limit(path: str, answer: Answer | None, most: int) -> Finding:
    if answer and answer.status == 413 and is_of_proxy(path, answer):
        what = f"The proxy refuses bodies to {path} that PICASSO_MAX_UPLOAD_SIZE ({most // 2**20:,} MiB) allows."
        change = "Raise its limit for this path (nginx: `client_max_body_size 0`): Picasso has its own."
        return fault("body-limit", what, change, NGINX)
    return ok("body-limit", f"The proxy has no limit below PICASSO_MAX_UPLOAD_SIZE for {path}.")


def is_of_proxy(path: str, refusal: Answer) -> bool:
    """deploy/nginx.conf refuses in the form of Picasso's errors; but Picasso adds a field to answers of tus."""
    if path == addresses.UPLOADS:
        return not refusal.header("Tus-Resumable")
    return refusal.json().get("code") != "quota-exceeded"


def request_buffering(probe: Probe) -> Finding:
    """Whether bytes reach the service before the last one is sent: another connection asks for the offset."""
    site = probe.site
    with site.connected() as connection:
        site.begin(connection, "PATCH", probe.path, {**CONTENT, "Upload-Offset": "0", "Content-Length": str(SIZE)})
        connection.send(bytes(SENT))
        if arrived(probe):
            return ok("request-buffering", "Uploads reach the service while they arrive.")
    what = "The proxy collects an upload before it passes it on, so that nothing is left of an upload that is cut."
    change = "Turn that off for uploads (nginx: `proxy_request_buffering off`, and `proxy_http_version 1.1`)."
    return fault("request-buffering", what, change, NGINX)


def arrived(probe: Probe) -> bool:
    deadline = time.monotonic() + ARRIVED_WITHIN
    while time.monotonic() < deadline:
        if probe.site.ask("GET", probe.path).json().get("offset", 0) > 0:
            return True
        time.sleep(0.2)
    return False


def methods(probe: Probe) -> Finding:
    """PATCH at a wrong offset, and DELETE of another upload, which is gone then."""
    with upload(probe.site, 1) as other:
        answers = {
            "PATCH": probe.site.ask("PATCH", probe.path, {**CONTENT, "Upload-Offset": str(SIZE + 1)}),
            "DELETE": probe.site.ask("DELETE", other.path, TUS),
        }
    refused = [
        f"{name} ({each.status})" for name, each in answers.items() if each.status >= 400 and not each.is_problem
    ]
    if refused:
        what = f"The proxy refuses {' and '.join(refused)}."
        change = "Let it pass GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS on."
        return fault("methods", what, change, PAGE)
    return ok("methods", "PATCH and DELETE pass.")


def idempotency(site: Site) -> Finding:
    """A second request with the same key finds the upload of the first one."""
    headers = {"Idempotency-Key": new_key()}
    with upload(site, 1, headers) as first:
        if create(site, 1, headers).header("Location") == first.created.header("Location"):
            return ok("idempotency-key", "Idempotency-Key passes.")
    what = "The field Idempotency-Key gets lost, so that repeated requests store a file twice."
    return fault("idempotency-key", what, "Let the proxy pass on all header fields.", PAGE)
