"""A small file: uploaded, changed, downloaded in whole and in part, and deleted."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from picasso import addresses
from picasso.doctor.finding import Finding, Installation, fault, ok, warning
from picasso.doctor.probe import may_delete
from picasso.doctor.site import Answer, Site

PAGE = "downloads.md"
DEPLOYMENT = "deployment.md#a-proxy-in-front"
NAME = "picasso-doctor.txt"
SCAN_SECONDS = 15.0


def check(installation: Installation) -> Iterator[Finding]:
    site = Site(installation)
    if not may_delete(site):
        what = "Downloads are not tested: with this key the file could not be deleted again."
        yield warning("small-file", what, "Use a key with files:delete.", "access.md")
        return
    content = f"A test of this installation: {secrets.token_hex(16)}\n".encode() * 20
    with stored(site, content) as created:
        if created.status != 201:
            what = f"A small file is not taken: {created.why}."
            yield warning("small-file", what, "Look up the error, or use another key.", "errors.md")
            return
        yield from addresses_of(site, created)
        yield from changing(site, created)
        yield from fetching(Link(site, str(created.json()["file"])), content)


@contextmanager
def stored(site: Site, content: bytes) -> Iterator[Answer]:
    """The answer to an upload, whose file is deleted in the end."""
    created = site.ask("POST", f"{addresses.UPLOAD}{NAME}", {"Content-Type": "text/plain"}, content)
    try:
        yield created
    finally:
        if created.status == 201:
            site.ask("DELETE", f"{path_of(created)}?permanently=true")


def path_of(created: Answer) -> str:
    return f"{addresses.FILES}{created.json().get('id')}/"


def addresses_of(site: Site, created: Answer) -> Iterator[Finding]:
    found = {"Location": created.header("Location"), "`file`": str(created.json().get("file"))}
    wrong = {name: url for name, url in found.items() if not url.startswith(f"{site.url}/")}
    if wrong:
        shown = ", ".join(f"{name} is {url.partition('?')[0]}" for name, url in wrong.items())
        what = f"The addresses of a file do not begin with {site.url}: {shown}."
        change = "Set PICASSO_PUBLIC_URL, and let the proxy leave Location as it is (nginx: `proxy_redirect off`)."
        yield fault("file-urls", what, change, "troubleshooting.md#urls-in-answers-are-wrong")
    else:
        yield ok("file-urls", "A file has the right addresses.")


def changing(site: Site, created: Answer) -> Iterator[Finding]:
    headers = {"Content-Type": "application/merge-patch+json"}
    changed = site.ask("PATCH", path_of(created), headers, b'{"tags": ["picasso-doctor"]}')
    if changed.status != 200:
        what = f"A file can't be changed: PATCH is answered with {changed.why}."
        yield fault("change", what, "Let the proxy pass on the method PATCH with its body.", DEPLOYMENT)


class Link:
    """The bytes of a file, through the URL that is tested."""

    def __init__(self, site: Site, url: str) -> None:
        parts = urlsplit(url)
        self._site = site
        self._path = parts.path.removeprefix(site.prefix) + (f"?{parts.query}" if parts.query else "")

    def ask(self, method: str = "GET", **headers: str) -> Answer:
        return self._site.ask(method, self._path, headers)

    def when_scanned(self) -> Answer:
        """Files in quarantine are 423 for a while."""
        deadline = time.monotonic() + SCAN_SECONDS
        while (found := self.ask()).status == 423 and time.monotonic() < deadline:
            time.sleep(0.5)
        return found


def fetching(link: Link, content: bytes) -> Iterator[Finding]:
    whole = link.when_scanned()
    if whole.status == 423:
        what = f"The file is still not served: {whole.why}."
        yield warning("download", what, "Look at the workers of the queue service, and at clamd.", "scanning.md")
    elif whole.body != content:
        yield not_served(whole)
    else:
        yield ok("download", "A file is downloaded as it was uploaded.")
        yield part(link.ask(Range="bytes=3-12"), content[3:13], len(content))
        yield head(link.ask("HEAD"), whole)


def not_served(whole: Answer) -> Finding:
    if whole.header("X-Accel-Redirect"):
        what = "A download has no content: X-Accel-Redirect reaches the client, because no nginx handles it."
        change = "Unset PICASSO_ACCEL_REDIRECT, or put nginx in front with the location that it names."
    else:
        what = f"A download is answered with {whole.why} and {len(whole.body)} bytes, not with the file."
        change = (
            "If PICASSO_ACCEL_REDIRECT is set: check `internal`, `alias` and the rights of nginx for this location."
        )
    return fault("download", what, change, "settings.md#picasso_accel_redirect")


def part(answer: Answer, right: bytes, size: int) -> Finding:
    if answer.status == 206 and answer.body == right and answer.header("Content-Range").endswith(f"/{size}"):
        return ok("range", "Parts of files can be downloaded.")
    what = f"Parts of files can't be downloaded: a request with Range is answered with {answer.why}."
    return fault("range", what, "Let the proxy pass on Range, and not compress or cache downloads.", PAGE)


def head(answer: Answer, whole: Answer) -> Finding:
    names = ("Content-Length", "Content-Type", "ETag")
    different = [name for name in names if answer.header(name) != whole.header(name)]
    if answer.status == 200 and not different:
        return ok("head", "HEAD answers as GET does.")
    what = f"HEAD of a file answers {answer.why}, with another {' and '.join(different) or 'status'} than GET."
    return fault("head", what, "Let the proxy pass on HEAD, and not compress downloads.", PAGE)
