"""Requests to addresses that others choose: what is refused, what is bounded, and that nothing is resolved twice."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest
from tests.remote import Asked, answer, certificate, remote

from picasso.outbound import (
    AddressNotAllowed,
    AnswerIncomplete,
    AnswerTooLarge,
    ConnectionFailed,
    HostNotFound,
    InvalidAnswer,
    InvalidUrl,
    Limits,
    OutboundError,
    RedirectRefused,
    RemoteTimedOut,
    TlsFailed,
    parse_target,
)
from picasso.outbound.client import Client, Options
from picasso.outbound.networks import is_public
from picasso.outbound_rules import parse_rules

LOCAL = parse_rules("127.0.0.1")


def fetch(
    url: str,
    *,
    rules: str = "127.0.0.1",
    limits: Limits | None = None,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    lookup: Callable[[str, int], Sequence[str]] = lambda host, port: ["127.0.0.1"],
    tls: ssl.SSLContext | None = None,
    proxy: str = "",
) -> tuple[int, bytes]:
    async def run() -> tuple[int, bytes]:
        options = Options(rules=parse_rules(rules), lookup=lookup, tls=tls, proxy=proxy)
        async with (
            Client(options) as client,
            client.request(method, url, headers=headers, body=body, limits=limits) as response,
        ):
            return response.status, b"".join([chunk async for chunk in response.chunks()])

    return asyncio.run(run())


NOT_PUBLIC = """
0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1
172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1
239.255.255.255 240.0.0.1 255.255.255.255 168.63.129.16 :: ::1 ::7f00:1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:8.8.8.8
::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::a00:1 100::1 2001::1
2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1::1 2002:808:808::1 3fff::1 5f00::1
fc00::1 fd00:ec2::254 fe80::1 fe80::a9fe:a9fe fec0::1 ff02::1 4000::1 2a00:1450::5efe:127.0.0.1
2a00:1450::200:5efe:a00:1
"""

PUBLIC = (
    "1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.0.1.1 198.20.0.1 2606:4700::1111 2a00:1450::1"
)


@pytest.mark.parametrize("text", NOT_PUBLIC.split())
def test_an_address_that_is_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC.split())
def test_a_public_address(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    "url",
    [
        *("http://127.0.0.1/", "http://127.1/", "http://0x7f.1/", "http://2130706433/", "http://0177.0.0.1/"),
        *("http://0x7f000001/", "http://127.0.0.1./", "http://127。0。0。1/", "http://127.0.0.1/", "http://⑫7.0.0.1/"),
        *("http://0/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[0:0:0:0:0:ffff:7f00:1]/"),
        *("http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://[64:ff9b::a9fe:a9fe]/"),
        *("http://[2002:7f00:1::]/", "http://[::127.0.0.1]/", "https://0xa9.0xfe.0xa9.0xfe/", "http://2852039166/"),
    ],
)
def test_an_address_is_refused_in_every_spelling(url: str) -> None:
    with pytest.raises((AddressNotAllowed, InvalidUrl)):
        fetch(url, rules="")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "example.com",
            "//example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "gopher://a/",
            "http://",
            "http:///a",
        ),
        *(
            "http://user@example.com/",
            "http://user:pass@example.com/",
            "http://@example.com/",
            "http://a@b@example.com/",
        ),
        *(
            "http://example.com\\@127.0.0.1/",
            "http://127.0.0.1\\.example.com/",
            "http://exa mple.com/",
            "http://a\tb.com/",
        ),
        *("http://a.com/\r\nHost: b", "http://127%2e0%2e0%2e1/", "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/"),
        *(
            "http://[::1",
            "http://::1/",
            "http://[1.2.3.4]/",
            "http://[v1.a]/",
            "http://1.2.3.4.5/",
            "http://256.0.0.1/",
        ),
        *(
            "http://0x.0x.0x.0x.0/",
            "http://a..b/",
            "http://-a.com/",
            "http://a.com:0/",
            "http://a.com:65536/",
            "http://a.com:x/",
        ),
        *(
            "http://a.com:-1/",
            "http://a.com:8\uff10/",
            "http://a$b/",
            "http://a,b/",
            "http://a.com/" + "x" * 9000,
            "http://\ud800/",
        ),
        *(
            "http://" + "a" * 300,
            "http://" + "a" * 64 + ".com/",
            "jar:http://a.com/",
            "http:a.com",
            "http://a.1x/../\x7f",
        ),
    ],
)
def test_a_url_that_two_readers_could_understand_differently(url: str) -> None:
    with pytest.raises(InvalidUrl):
        parse_target(url)


def test_a_url_has_one_spelling() -> None:
    assert str(parse_target("HTTP://Bücher.Example:80/ü?q=ä b#f".replace(" ", "%20")).url) == (
        "http://xn--bcher-kva.example/%C3%BC?q=%C3%A4%20b"
    )
    assert parse_target("http://[2A00:1450:0::1]").host == "2a00:1450::1"


def test_bytes_of_a_url_that_are_not_utf_8() -> None:
    location = b"http://a.example/caf\xe9?\xff".decode(errors="surrogateescape")
    assert str(parse_target(location).url) == "http://a.example/caf%E9?%FF"
    with pytest.raises(InvalidUrl):
        parse_target("http://a.example/\ud800")


def test_an_answer_arrives_and_the_request_is_as_asked() -> None:
    with remote(lambda _: answer(b"hello")) as server:
        assert fetch(f"{server.url}/a?b=c", method="POST", headers={"X-A": "1"}, body=b"body") == (200, b"hello")
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/a?b=c", b"body")
    assert asked.headers["host"] == f"127.0.0.1:{server.port}"
    assert asked.headers["accept-encoding"] == "identity"
    assert asked.headers["x-a"] == "1"


def test_a_name_is_resolved_once_and_that_very_address_is_used() -> None:
    """Rebinding: whoever asks a second time is told another address."""
    told = []

    def lookup(host: str, port: int) -> list[str]:
        told.append(host)
        return ["127.0.0.1"] if len(told) == 1 else ["169.254.169.254"]

    with remote(lambda _: answer(b"x")) as server:
        url = f"http://rebind.test:{server.port}/"
        assert fetch(url, lookup=lookup) == (200, b"x")
    assert told == ["rebind.test"]
    assert server.asked[0].headers["host"] == f"rebind.test:{server.port}"


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::1"], ["::ffff:10.0.0.1"]])
def test_a_name_of_an_address_that_is_not_public(addresses: list[str]) -> None:
    with pytest.raises(AddressNotAllowed):
        fetch("http://inside.test/", rules="", lookup=lambda *_: addresses)


def test_a_name_that_does_not_exist() -> None:
    def lookup(host: str, port: int) -> list[str]:
        raise OSError

    for wrong in (lookup, lambda *_: [], lambda *_: ["fe80::1%eth0x%"]):
        with pytest.raises(HostNotFound):
            fetch("http://nobody.test/", lookup=wrong)


def test_ports() -> None:
    for url in ("http://public.test:22/", "http://8.8.8.8:25/", "http://localhost:6379/"):
        with pytest.raises(AddressNotAllowed, match="port"):
            fetch(url, rules="10.0.0.0/8", lookup=lambda *_: ["8.8.8.8"])


def test_what_the_rules_allow() -> None:
    with remote(lambda _: answer(b"x")) as server:
        url = f"http://inside.test:{server.port}/"
        for rules in (f"inside.test:{server.port}", "inside.test", "127.0.0.0/8", f"127.0.0.1:{server.port}"):
            assert fetch(url, rules=rules) == (200, b"x")
        for rules in ("inside.test:1", "other.test", "10.0.0.0/8", "127.0.0.1:1"):
            with pytest.raises(AddressNotAllowed):
                fetch(url, rules=rules)


@pytest.mark.parametrize(
    "text", ["10.0.0.1/8", "10.0.0.0/33", "a:0", "a:65536", "a:b", "http://a", "*", "256.1.1.1", "[::1", "a/b", "[x]:1"]
)
def test_rules_that_are_wrong(text: str) -> None:
    with pytest.raises(ValueError, match="must be a list"):
        parse_rules(text)


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with remote(lambda _: answer(b"proxy")) as proxy, remote(lambda _: answer(b"direct")) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setitem(os.environ, name, proxy.url)
        assert fetch(server.url) == (200, b"direct")
        with_password = proxy.url.replace("//", "//user:secret@")
        assert fetch("http://public.test/", rules="", proxy=with_password) == (200, b"proxy")
        with pytest.raises(AddressNotAllowed):
            fetch("http://10.0.0.1/", rules="", proxy=proxy.url)
    assert [asked.path for asked in proxy.asked] == ["http://public.test/"]
    assert proxy.asked[0].headers["proxy-authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("http://169.254.169.254/latest/meta-data/", AddressNotAllowed),
        ("http://127.0.0.2:80/", AddressNotAllowed),
        ("//[::1]/", AddressNotAllowed),
        ("http://localtest.test:22/", AddressNotAllowed),
        ("file:///etc/passwd", RedirectRefused),
        ("http://user@127.0.0.1/", RedirectRefused),
        ("/", RedirectRefused),  # without an end
        ("http://[::1", RedirectRefused),
    ],
)
def test_redirects_are_checked(location: str, error: type[OutboundError]) -> None:
    with (
        remote(lambda _: answer(status="302 Found", headers={"Location": location})) as server,
        pytest.raises(error),
    ):
        fetch(f"{server.url}/", rules="127.0.0.1/32", lookup=lambda *_: ["8.8.8.8"])
    assert len(server.asked) == (6 if location == "/" else 1)


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [("302 Found", "POST", "GET"), ("303 See Other", "PUT", "GET"), ("307 Temporary Redirect", "POST", "POST")],
)
def test_redirects_are_followed(status: str, method: str, then: str) -> None:
    def reply(asked: Asked) -> bytes:
        return answer(b"end") if asked.path == "/b" else answer(status=status, headers={"Location": "../b#x"})

    with remote(reply) as server:
        assert fetch(f"{server.url}/a", method=method, body=b"content", headers={"X-Key": "1"}) == (200, b"end")
        assert fetch(f"{server.url}/a", limits=Limits(redirects=0))[0] == int(status[:3])
    assert [asked.method for asked in server.asked[:2]] == [method, then]
    assert server.asked[1].body == (b"content" if then == method else b"")
    assert server.asked[1].headers["x-key"] == "1"


def test_credentials_stay_with_their_origin() -> None:
    with remote(lambda _: answer(b"end")) as second:
        moved = {"Location": f"{second.url}/x"}
        with remote(lambda _: answer(status="307 Temporary Redirect", headers=moved)) as first:
            headers = {"Authorization": "Bearer x", "Cookie": "a", "X-Api-Key": "b", "Range": "bytes=1-"}
            assert fetch(first.url, headers=headers) == (200, b"end")
            with pytest.raises(RedirectRefused):
                fetch(first.url, method="POST", body=b"content")
    assert second.asked[0].headers.keys() & {"authorization", "cookie", "x-api-key"} == set()
    assert second.asked[0].headers["range"] == "bytes=1-"
    assert len(second.asked) == 1


def test_cookies_are_not_kept() -> None:
    def reply(asked: Asked) -> bytes:
        moved = {"Location": "/b", "Set-Cookie": "a=b"}
        return answer(b"end") if asked.path == "/b" else answer(status="302 Found", headers=moved)

    with remote(reply) as server:
        fetch(server.url)
    assert "cookie" not in server.asked[1].headers


# Only for those who are too slow whenever they are asked: a busy machine makes everybody slow.
QUICK = Limits(head=0.3, idle=0.3, total=0.6, body=100_000)
PATIENT = Limits(body=100_000)


def drip(asked: Asked, first: bytes, piece: bytes) -> None:
    asked.send(first)
    while True:
        asked.send(piece)
        time.sleep(0.02)


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("first", "piece", "error"),
    [
        (b"", b"H", InvalidAnswer),  # no HTTP
        (HEAD, b"A", RemoteTimedOut),
        (HEAD, b"X-A: b\r\n" * 100, InvalidAnswer),  # endless fields
        (HEAD, b"X" * 4096, InvalidAnswer),  # one endless field
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100, RemoteTimedOut),
        (HEAD + b"\r\n", b"x" * 10_000, AnswerTooLarge),
        (HEAD + b"\r\n", b"x", RemoteTimedOut),
        (HEAD + b"Content-Length: 10000\r\n\r\n", b"x", RemoteTimedOut),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"x" * 4096 + b"\r\n", AnswerTooLarge),
    ],
)
def test_answers_without_an_end(first: bytes, piece: bytes, error: type[OutboundError]) -> None:
    with remote(lambda asked: drip(asked, first, piece)) as server, pytest.raises(error):
        fetch(server.url, limits=QUICK if error is RemoteTimedOut else PATIENT)


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (b"", ConnectionFailed),
        (b"SSH-2.0-OpenSSH_9.6\r\n", InvalidAnswer),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n", ConnectionFailed),
        (answer(b"12345", length=10), AnswerIncomplete),
        (HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", InvalidAnswer),
        (HEAD + b"Content-Length: -1\r\n\r\nx", InvalidAnswer),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello", AnswerIncomplete),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello", (InvalidAnswer, AnswerIncomplete)),
        (HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n", InvalidAnswer),
        (HEAD + b"Transfer-Encoding: gzip, chunked\r\nX: " + b"y" * 9000 + b"\r\n\r\n0\r\n\r\n", InvalidAnswer),
    ],
)
def test_answers_that_are_not_whole(sent: bytes, error: type[OutboundError]) -> None:
    with remote(lambda _: sent) as server, pytest.raises(error):
        fetch(server.url, limits=PATIENT)


def test_a_server_that_says_nothing() -> None:
    with remote(lambda _: server.hang()) as server, pytest.raises(RemoteTimedOut):
        fetch(server.url, limits=QUICK)


def test_a_server_that_stops_in_the_middle() -> None:
    def reply(asked: Asked) -> None:
        asked.send(HEAD + b"Content-Length: 10\r\n\r\nx")
        server.hang()

    with remote(reply) as server, pytest.raises(RemoteTimedOut):
        fetch(server.url, limits=Limits(idle=0.2))


def test_nothing_is_decompressed() -> None:
    with remote(lambda _: answer(b"\x1f\x8b" + bytes(20), headers={"Content-Encoding": "gzip"})) as server:
        assert fetch(server.url)[1] == b"\x1f\x8b" + bytes(20)


def test_nobody_listens() -> None:
    with remote(lambda _: b"") as server:
        url = server.url
    with pytest.raises(ConnectionFailed):
        fetch(url)


@pytest.mark.parametrize(
    ("name", "days", "fails"), [("good.test", 1, False), ("bad.test", 1, True), ("good.test", -1, True)]
)
def test_certificates(tmp_path: Path, name: str, days: int, fails: bool) -> None:
    trusting = ssl.create_default_context()
    tls = certificate(tmp_path, name, days=days)
    trusting.load_verify_locations(tmp_path / "cert.pem")
    with remote(lambda _: answer(b"x"), tls) as server:
        url = f"https://good.test:{server.port}/"
        if fails:
            with pytest.raises(TlsFailed):
                fetch(url, tls=trusting)
        else:
            assert fetch(url, tls=trusting) == (200, b"x")
            with pytest.raises(TlsFailed):
                fetch(url)  # nobody vouches for it
    assert "good.test" in server.names


def test_connections_to_one_host_are_few() -> None:
    busy, most = [], 0

    def reply(asked: Asked) -> bytes:
        nonlocal most
        busy.append(asked)
        most = max(most, len(busy))
        time.sleep(0.05)
        busy.remove(asked)
        return answer(b"x")

    async def run(url: str) -> None:
        async with Client(Options(rules=LOCAL, per_host=3)) as client:

            async def one() -> None:
                async with client.request("GET", url) as response:
                    await response.read(10)

            await asyncio.gather(*(one() for _ in range(9)))

    with remote(reply) as server:
        asyncio.run(run(server.url))
    assert len(server.asked) == 9
    assert 2 <= most <= 3
