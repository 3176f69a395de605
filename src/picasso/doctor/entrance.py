"""The public URL: whether it leads here, how safely, and who is let in."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException

from picasso import addresses
from picasso.access.principal import Scope
from picasso.doctor.database import skew_of
from picasso.doctor.finding import Finding, Installation, fault, ok, warning
from picasso.doctor.site import Answer, Site, Unreachable, read

PAGE = "deployment.md#a-proxy-in-front"

NO_WAY_IN = frozenset({"certificate", "reachable", "key"})
"""When one of these is not ok, nothing more can be learned through the URL."""

SCOPES = (Scope.FILES_READ, Scope.FILES_WRITE, Scope.FILES_DELETE, Scope.EVENTS_READ)

FEW_DAYS = 14


def check(installation: Installation) -> Iterator[Finding]:
    site = Site(installation)
    try:
        if site.is_secure:
            yield certificate(site)
        alive = site.ask("GET", addresses.ALIVE)
    except ssl.SSLCertVerificationError as error:
        what = f"The certificate of {site.host} is not valid: {error.verify_message}."
        yield fault("certificate", what, "Renew it, with the whole chain and for this name.", PAGE)
        return
    except OSError as error:
        yield unreachable(f"There is no answer from {site.url}: {error}.")
        return
    except Unreachable as error:
        yield unreachable(str(error))
        return
    yield reachable(site, alive)
    yield from date(alive)
    yield from readiness(site)
    yield keep_alive(site)
    yield from plain_http(site)
    yield from key(site)


def unreachable(what: str) -> Finding:
    return fault("reachable", what, "Check DNS, firewalls, and that the proxy and Picasso run.", PAGE)


def certificate(site: Site) -> Finding:
    """Raises `OSError`."""
    with closing(site.connect()) as connection:
        assert isinstance(connection.sock, ssl.SSLSocket)
        found = connection.sock.getpeercert() or {}
    days = (ssl.cert_time_to_seconds(str(found["notAfter"])) - datetime.now(UTC).timestamp()) / 86400
    if days < FEW_DAYS:
        return warning("certificate-expiry", f"The certificate is valid for {days:.0f} days only.", "Renew it.", PAGE)
    return ok("certificate", f"The certificate is valid for {days:.0f} days.")


def reachable(site: Site, alive: Answer) -> Finding:
    if alive.json().get("status") == "ok":
        return ok("reachable", f"Picasso answers at {site.url}.")
    if 300 <= alive.status < 400:
        what = f"{site.url} redirects to {alive.header('Location')}."
        return fault("reachable", what, "Let the proxy pass requests on, or test that URL.", PAGE)
    what = f"What answers at {site.url} is not Picasso, or an error of the proxy: {alive.status}."
    return fault("reachable", what, "Let the proxy pass requests on to PICASSO_HOST and PICASSO_PORT.", PAGE)


def date(alive: Answer) -> Iterator[Finding]:
    with suppress(ValueError, TypeError):
        there = parsedate_to_datetime(alive.header("Date"))
        yield skew_of("the web server", (there - datetime.now(UTC)).total_seconds())


def readiness(site: Site) -> Iterator[Finding]:
    ready = site.ask("GET", addresses.READY)
    if ready.status == 200:
        yield ok("ready", "All that the service needs is available.")
    else:
        what = f"{addresses.READY} answers {ready.why}."
        yield fault("ready", what, "Start what it names.", "operations.md#health")


def keep_alive(site: Site) -> Finding:
    with site.connected() as connection:
        site.begin(connection, "GET", addresses.ALIVE)
        first = connection.getresponse()
        read(first)
        if not first.will_close:
            return ok("keep-alive", "Connections are used for several requests.")
    what = "The proxy closes the connection after each request, so each upload needs a new one."
    return warning("keep-alive", what, "Turn on keep-alive (nginx: `keepalive_timeout 75s`).", PAGE)


def plain_http(site: Site) -> Iterator[Finding]:
    """Whether port 80 of a secure site leads to it."""
    if not site.is_secure:
        return
    with suppress(OSError, HTTPException):
        connection = HTTPConnection(site.host, 80, timeout=5)
        connection.request("GET", site.prefix + addresses.ALIVE)
        found = read(connection.getresponse())
        connection.close()
        if found.header("Location").startswith("https:"):
            yield ok("http", "Plain HTTP is redirected to HTTPS.")
        else:
            what = f"Plain HTTP is answered with {found.status}, and not redirected to HTTPS."
            yield warning(
                "http", what, "Let the proxy redirect port 80 (`return 301 https://$host$request_uri`).", PAGE
            )


def key(site: Site) -> Iterator[Finding]:
    me = site.ask("GET", f"{addresses.API}me/")
    page = "access.md"
    if me.status != 200:
        what = f"What needs a key is not tested: the service answers {me.why}."
        yield warning("key", what, "Give one by --key: `picasso keys create`.", page)
        return
    if missing := sorted(set(SCOPES) - set(me.json().get("scopes", []))):
        what = f"The key lacks {', '.join(missing)}, so that not everything is tested."
        yield warning("scopes", what, "Use a key with these scopes.", page)
    yield ok("key", f"The service lets this command in ({me.json().get('kind')}).")
