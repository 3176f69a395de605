"""What the proxy says of a request: its scheme and host, and who sent it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from picasso import addresses
from picasso.doctor.finding import Finding, Installation, fault, ok, warning
from picasso.doctor.probe import Refused, upload
from picasso.doctor.site import Site
from picasso.models import Upload

PAGE = "deployment.md#a-proxy-in-front"
SETTING = "settings.md#picasso_trusted_proxies"

FORGED = "203.0.113.99"
"""An address of documentation (RFC 5737), which no client has."""

# Values that Picasso refuses with 400 if a trusted proxy sends them.
INVALID = {
    "X-Forwarded-Proto": "doctor",
    "X-Forwarded-Host": "doctor.invalid/x",
    "X-Forwarded-Port": "doctor",
    "X-Forwarded-Prefix": "/..",
}


def check(installation: Installation) -> Iterator[Finding]:
    site = Site(installation)
    yield urls(site)
    yield from forged_headers(site)
    try:
        with upload(site, 1, {"X-Forwarded-For": FORGED}) as probe:
            yield client_address(site.url, probe.id, own_address(site))
    except Refused as error:
        yield warning("client-address", str(error), "Look up the error.", "errors.md")


def urls(site: Site) -> Finding:
    """Whether the URLs that the service gives out lead to where clients come from."""
    found = str(site.ask("GET", addresses.API).json().get("upload", ""))
    if found == site.url + addresses.UPLOAD:
        return ok("urls", f"URLs in answers begin with {site.url}.")
    what = f"URLs in answers are wrong: {found or 'there are none'} instead of {site.url + addresses.UPLOAD}."
    return fault(
        "urls", what, cause(urlsplit(site.url), urlsplit(found)), "troubleshooting.md#urls-in-answers-are-wrong"
    )


def cause(right: SplitResult, found: SplitResult) -> str:
    """What to change."""
    if found.scheme != right.scheme:
        name = "`X-Forwarded-Proto` (nginx: `proxy_set_header X-Forwarded-Proto $scheme`)"
    elif found.netloc != right.netloc:
        name = "`Host` (nginx: `proxy_set_header Host $http_host`)"
    else:
        name = "`X-Forwarded-Prefix`"
    return f"Set PICASSO_PUBLIC_URL; or let the proxy send the right {name}, and name it in PICASSO_TRUSTED_PROXIES."


def forged_headers(site: Site) -> Iterator[Finding]:
    passed = [name for name, value in INVALID.items() if site.ask("GET", addresses.API, {name: value}).status == 400]
    if passed:
        names = ", ".join(passed)
        change = f'Let the proxy replace or remove them (nginx: `proxy_set_header {passed[0]} ""`).'
        yield fault("forged-headers", f"The proxy passes on what clients send in {names}.", change, PAGE)
    else:
        yield ok("forged-headers", "Clients can't choose the scheme, host and prefix of URLs.")


def client_address(url: str, upload_id: str, own: str) -> Finding:
    """By the row of an upload from the address ``own``: only the service knows whom it took for the client."""
    seen = Upload.everywhere.filter(pk=upload_id).values_list("address", flat=True).first()
    if seen is None:
        what = f"{url} leads to another installation: its uploads are not in the database of this one."
        return fault("client-address", what, "Run this with the settings of the service.", "settings.md#database_url")
    if seen == FORGED:
        what = "Clients can choose their address: the proxy passes on the X-Forwarded-For that they send."
        change = "Let the proxy replace it (nginx: `proxy_set_header X-Forwarded-For $remote_addr`)."
        return fault("client-address", what, change, PAGE)
    if seen != own and is_inner(seen):
        what = f"The service takes {seen}, which is probably the proxy, for the address of this client, {own}."
        change = "Let the proxy send X-Forwarded-For, and set PICASSO_TRUSTED_PROXIES to its address."
        return warning("client-address", what, change, SETTING)
    return ok("client-address", f"The service knows the addresses of clients: this one is {seen or 'none'}.")


def own_address(site: Site) -> str:
    """Of this end of a connection to the site. Raises `Unreachable`."""
    with site.connected() as connection:
        return str(connection.sock.getsockname()[0])


def is_inner(address: str) -> bool:
    """Whether it is not a public address. Of IPv6 the service keeps networks, which say nothing."""
    with suppress(ValueError):
        return not ip_address(address).is_global
    return False
