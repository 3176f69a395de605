"""What proxies tell of a request, and who is believed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from picasso.errors import BadRequest
from picasso.web.connection import connection_of
from picasso.web.forwarded import Forwarding, address_of, without_prefix
from picasso.web.hosts import Hosts
from picasso.web.request import AsgiScope, Request, by_name

PROXY, INNER, CLIENT, STRANGER = "10.0.0.1", "10.0.0.2", "198.51.100.7", "203.0.113.9"
TRUSTED = ("10.0.0.0/24", "2001:db8::1")


def scope_of(peer: str = PROXY, path: str = "/files/x", **headers: str) -> AsgiScope:
    sent = {"host": "localhost:8000", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return {
        "method": "GET",
        "http_version": "1.1",
        "client": (peer, 1234),
        "scheme": "http",
        "path": path,
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items()],
    }


def applied(scope: AsgiScope, trusted: tuple[str, ...] = TRUSTED, public_url: str = "") -> AsgiScope:
    Forwarding(trusted, public_url).apply(scope, by_name(scope["headers"]))
    return scope


def base(scope: AsgiScope) -> str:
    """With a host that the settings of tests allow."""

    async def nothing(*_: Any) -> Any: ...

    request = Request(scope, nothing, nothing)
    Hosts(settings.ALLOWED_HOSTS, "").check(request)
    return request.base


def seen(scope: AsgiScope) -> tuple[str, str, str, str]:
    """The client, scheme, host and root that all who come after are given."""
    (host,) = [value.decode() for name, value in scope["headers"] if name == b"host"]
    return scope["client"][0], scope["scheme"], host, scope["root_path"]


UNTOLD = ("http", "localhost:8000", "")

ALL = {
    "x_forwarded_for": CLIENT,
    "x_forwarded_proto": "https",
    "x_forwarded_host": "localhost",
    "x_forwarded_port": "8443",
    "x_forwarded_prefix": "/picasso",
}


def test_a_trusted_proxy_is_believed() -> None:
    scope = applied(scope_of(**ALL))
    assert seen(scope) == (CLIENT, "https", "localhost:8443", "/picasso")
    assert base(scope) == "https://localhost:8443/picasso"
    assert scope["path"] == "/files/x"


@pytest.mark.parametrize("trusted", [(), ("10.0.1.0/24",), ("127.0.0.1",)])
def test_others_are_not(trusted: tuple[str, ...]) -> None:
    forwarded = f'for={CLIENT};proto=https;host="localhost"'
    for told in (ALL, {"forwarded": forwarded}, {**ALL, "x_forwarded_prefix": "/../x", "x_forwarded_proto": "gopher"}):
        assert seen(applied(scope_of(**told), trusted)) == (PROXY, *UNTOLD)


@pytest.mark.parametrize("peer", ["10.0.0.77", "::ffff:10.0.0.1", "2001:db8::1", "2001:DB8:0::1"])
def test_networks_and_addresses_in_any_spelling(peer: str) -> None:
    assert seen(applied(scope_of(peer, **ALL)))[0] == CLIENT


def test_everybody_can_be_trusted() -> None:
    assert seen(applied(scope_of(STRANGER, **ALL), ("*",)))[:2] == (CLIENT, "https")
    told = {"x_forwarded_for": f"{CLIENT}, {STRANGER}", "x_forwarded_host": "localhost:1, localhost:2"}
    assert seen(applied(scope_of(STRANGER, **told), ("*",))) == (CLIENT, "http", "localhost:1", "")


# For each of several proxies' chains: the addresses, and which of ("first", "second", "third") is believed.
CHAINS = {
    CLIENT: "third",
    f"{STRANGER}, {CLIENT}": "third",
    f"{CLIENT}, {INNER}": "second",
    f"{STRANGER}, {CLIENT}, {INNER}": "second",
    f"{CLIENT}, {INNER}, 10.0.0.3:80": "first",
    f"{CLIENT}, unknown, {INNER}": "second",
    "": "third",
}


@pytest.mark.parametrize("addresses", CHAINS)
def test_of_a_chain_counts_what_trusted_proxies_have_added(addresses: str) -> None:
    """What a client has made up itself stands before."""
    hosts = {"first": "localhost:1", "second": "localhost:2", "third": "localhost:3"}
    told = {"x_forwarded_for": addresses, "x_forwarded_host": ",".join(hosts.values())}
    client, _, host, _ = seen(applied(scope_of(**told)))
    assert host == hosts[CHAINS[addresses]]
    assert client == (CLIENT if "unknown" not in addresses and addresses else PROXY)


def test_chains_need_not_be_of_one_length() -> None:
    """The inner proxy replaces the scheme that it was told, and adds to the addresses."""
    told = {"x_forwarded_for": f"{CLIENT}, {INNER}", "x_forwarded_proto": "https", "x_forwarded_prefix": "/a,/b"}
    assert seen(applied(scope_of(**told))) == (CLIENT, "https", "localhost:8000", "/a/b")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (f"for={CLIENT};proto=https;host=localhost", (CLIENT, "https", "localhost", "")),
        (f'For="{CLIENT}:4711";Host="localhost:8443" ; PROTO=HTTPS', (CLIENT, "https", "localhost:8443", "")),
        ('for="[2001:db8::7]:4711"', ("2001:db8::7", *UNTOLD)),
        ("for=_hidden;by=_us", (PROXY, *UNTOLD)),
        ("for=unknown", (PROXY, *UNTOLD)),
        (f"for={STRANGER};host=evil.example, for={CLIENT};host=localhost", (CLIENT, "http", "localhost", "")),
        (f"for={CLIENT};host=localhost;proto=https, for={INNER};proto=http", (CLIENT, "https", "localhost", "")),
        (f'for={CLIENT};x="a, b;c=\\"d",for={INNER}', (CLIENT, *UNTOLD)),
        (f"for={CLIENT},", (PROXY, *UNTOLD)),
    ],
)
def test_the_standard_header(told: str, expected: tuple[str, str, str, str]) -> None:
    assert seen(applied(scope_of(forwarded=told))) == expected


def test_the_standard_header_may_be_a_clients_own_where_the_others_are() -> None:
    told = f"for={STRANGER};host=evil.example;proto=https"
    assert seen(applied(scope_of(forwarded=told, x_forwarded_for=CLIENT))) == (CLIENT, *UNTOLD)
    assert seen(applied(scope_of(forwarded=told, x_forwarded_proto="http"))) == (PROXY, *UNTOLD)


def test_a_prefix_stands_beside_the_standard_header() -> None:
    told = f"for={CLIENT};host=localhost;proto=https"
    scope = applied(scope_of(forwarded=told, x_forwarded_prefix="/picasso", x_forwarded_port="8443"))
    assert seen(scope) == (CLIENT, "https", "localhost:8443", "/picasso")


@pytest.mark.parametrize(
    "told",
    [
        *({"x_forwarded_proto": "gopher"}, {"x_forwarded_proto": "https:"}, {"forwarded": "proto=wss"}),
        *(
            {"x_forwarded_prefix": each}
            for each in ("picasso", "/a//b", "/..", "/a/./b", "//evil.example", "/a?b", "/%61")
        ),
        *(
            {"x_forwarded_prefix": each}
            for each in ("/a b", "/<x>", "/é", "https://evil.example", "/a\\b", "/a#b", "/a:b@c")
        ),
        *({"x_forwarded_port": each} for each in ("0", "-1", "http", "65536", "8 0", "٣".encode().decode("latin-1"))),
        *({"forwarded": each} for each in ("for", "for=a b", 'host="x', "=x", ";;;", 'host="x"y', ",for=x", "for = x")),
        *(
            {"x_forwarded_host": each}
            for each in ("evil.example", "a b", "localhost/x", "x@localhost", "localhost:80:80")
        ),
        *({"forwarded": "host=evil.example"}, {"x_forwarded_host": "localhost.evil.example", "x_forwarded_port": "81"}),
    ],
)
def test_what_can_not_be_is_refused(told: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        base(applied(scope_of(**told)))


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        *(("localhost", "8443", "localhost:8443"), ("localhost:1", "8443", "localhost:1"), ("[::1]", "81", "[::1]:81")),
        *(("localhost", "443", "localhost"), ("localhost", "80", "localhost"), ("", "8443", "localhost:8000")),
    ],
)
def test_a_port_belongs_to_a_host_without_one(host: str, port: str, expected: str) -> None:
    told = {"x_forwarded_proto": "https", "x_forwarded_port": port, **({"x_forwarded_host": host} if host else {})}
    assert seen(applied(scope_of(**told)))[2] == expected


@pytest.mark.parametrize("prefix", ["", "/", "/picasso/", "/a/b-c/d.e~f_g"])
def test_prefixes(prefix: str) -> None:
    assert seen(applied(scope_of(x_forwarded_prefix=prefix)))[3] == prefix.rstrip("/")


# A public URL


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        *(
            ("/picasso/files/x", "/files/x"),
            ("/files/x", "/files/x"),
            ("/picasso/", "/"),
            ("/picasso", "/"),
            ("/", "/"),
        ),
        *(("/picassos/files/x", "/picassos/files/x"), ("/x/picasso/files", "/x/picasso/files")),
    ],
)
def test_the_path_of_the_public_url_may_come_or_not(path: str, expected: str) -> None:
    scope = applied(scope_of(STRANGER, path), public_url="https://example.com/picasso")
    assert (scope["path"], scope["root_path"]) == (expected, "/picasso")


def test_nothing_overrules_the_public_url() -> None:
    for root in ("/picasso", ""):
        scope = applied(scope_of(**ALL | {"x_forwarded_prefix": "/other"}), public_url=f"https://example.com{root}")
        assert scope["root_path"] == root


def test_a_path_that_was_taken_off_is_not_taken_off_again() -> None:
    """Else a client that puts it there twice would get past what its proxy keeps from it by path."""
    told = {"x_forwarded_prefix": "/picasso"}
    assert applied(scope_of(path="/picasso/admin/", **told))["path"] == "/picasso/admin/"
    scope = applied(scope_of(path="/picasso/admin/", **told), public_url="https://example.com/picasso")
    assert scope["path"] == "/picasso/admin/"


# Interim responses


def passes(scope: AsgiScope, public_url: str = "") -> bool:
    connection = connection_of(scope)
    connection.interim_allowed = True
    applied(scope, public_url=public_url)
    return connection.interim_allowed


def test_interim_responses_pass_where_no_proxy_shows() -> None:
    assert passes(scope_of(STRANGER))
    assert passes(scope_of(STRANGER), "http://files.lan:8000")
    assert passes(scope_of(PROXY, x_picasso_interim="yes", **ALL))
    assert passes(scope_of(PROXY, x_picasso_interim="yes"), "https://example.com")


@pytest.mark.parametrize(
    "told",
    [
        *({"via": "1.1 x"}, {"forwarded": "for=x"}, {"x_forwarded_for": "x"}, {"x_forwarded_proto": "https"}),
        *({"x_real_ip": "x"}, {"connection": "Close"}, {"x_forwarded_for": "x", "x_picasso_interim": "yes"}),
    ],
)
def test_interim_responses_do_not_pass_where_one_does(told: dict[str, str]) -> None:
    assert not passes(scope_of(STRANGER, **told))


def test_interim_responses_do_not_pass_a_trusted_proxy_that_does_not_say_so() -> None:
    assert not passes(scope_of(PROXY))
    assert not passes(scope_of(PROXY, x_picasso_interim="no"))
    assert not passes(scope_of(STRANGER), "https://example.com"), "who else ends TLS?"


# Any bytes

NAMES = ("forwarded", *(f"x_forwarded_{name}" for name in ("for", "proto", "host", "port", "prefix")))


@given(st.dictionaries(st.sampled_from(NAMES), st.text(st.characters(max_codepoint=255), max_size=60)))
def test_whatever_is_told_makes_a_clean_url_or_is_refused(told: dict[str, str]) -> None:
    try:
        url = base(applied(scope_of(**told)))
    except BadRequest:
        return
    assert re.fullmatch(
        r"https?://(localhost|127\.0\.0\.1|\[::1\])\.?(:\d+)?(/[\w.~-]+)*", url, re.ASCII | re.IGNORECASE
    )
    assert "/../" not in f"{url}/"


@given(st.text())
def test_any_text_is_an_address_or_none(node: str) -> None:
    assert not address_of(node) or re.fullmatch(r"[0-9a-f.:]+(%.+)?", address_of(node))


@given(st.text())
def test_below_nothing_a_path_stays(path: str) -> None:
    assert without_prefix("", path) == path
