"""Servers on this machine that stand for those of others: each answers as its test says, byte for byte."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Asked:
    """A request that arrived."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    connection: socket.socket

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)


Reply = Callable[[Asked], bytes | None]
"""What is sent; or None if the function has sent it itself. Then the connection is closed."""


def answer(
    body: bytes = b"", status: str = "200 OK", headers: dict[str, str] | None = None, length: int | None = None
) -> bytes:
    """A whole answer. ``length`` is what its Content-Length says."""
    fields = {"Content-Length": str(len(body) if length is None else length), **(headers or {})}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in fields.items()), "Connection: close"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class Remote:
    """A server that is listening."""

    reply: Reply
    listener: socket.socket
    port: int
    tls: ssl.SSLContext | None = None
    asked: list[Asked] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    """Which names were asked for in TLS (SNI)."""
    connections: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections += 1
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(30)
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection:
                request = read_request(connection)
                self.asked.append(request)
                if (data := self.reply(request)) is not None:
                    connection.sendall(data)

    def hang(self) -> None:
        """Send nothing until the test ends."""
        self.stopping.wait(30)


def read_request(connection: socket.socket) -> Asked:
    head, _, body = read_until(connection, b"\r\n\r\n").partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    return Asked(method, path, headers, body, connection)


def read_until(connection: socket.socket, end: bytes) -> bytes:
    received = b""
    while end not in received:
        if not (more := connection.recv(65536)):
            raise ConnectionError
        received += more
    return received


@contextmanager
def remote(reply: Reply, tls: ssl.SSLContext | None = None) -> Iterator[Remote]:
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        server = Remote(reply, listener, listener.getsockname()[1], tls)
        if tls:
            tls.sni_callback = lambda _, name, __: server.names.append(name)
        thread = threading.Thread(target=server.accept, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.stopping.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def certificate(folder: Path, name: str, *, days: int = 1) -> ssl.SSLContext:
    """A server's context with a certificate for ``name``, which ``folder/cert.pem`` makes trusted."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))][: 2 if name == "localhost" else 1]
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=10))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context
