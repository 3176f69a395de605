"""A proxy that cuts and stops connections, to see whether a client goes on."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.waiting import join


@dataclass
class Cutter:
    """Forwards to ``target``. Each of ``cuts`` is for one connection that gets so far: how many bytes, and whose."""

    target: int
    listener: socket.socket
    port: int
    cuts: list[tuple[str, int]]
    stop_after: int | None
    done: int = 0
    passed: int = 0
    """Bytes to the service, on all connections."""
    stopped: threading.Event = field(default_factory=threading.Event)
    end: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self.target)) as server:
            up = threading.Thread(target=self.forward, args=("up", client, server), daemon=True)
            up.start()
            self.forward("down", server, client)
            join(up)

    def forward(self, direction: str, source: socket.socket, sink: socket.socket) -> None:
        passed = 0
        with suppress(OSError):
            while data := source.recv(2**16):
                passed += len(data)
                if self.cut(direction, passed):
                    break
                if direction == "up":
                    self.count(len(data))
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def cut(self, direction: str, passed: int) -> bool:
        with self.lock:
            if not self.cuts or self.cuts[0][0] != direction or passed < self.cuts[0][1]:
                return False
            self.cuts.pop(0)
            self.done += 1
            return True

    def count(self, size: int) -> None:
        """Let nothing through any more, once so much has passed."""
        with self.lock:
            self.passed += size
        if self.stop_after is not None and self.passed > self.stop_after:
            self.stopped.set()
            self.end.wait(60)


@contextmanager
def cutting(target: int, cuts: list[tuple[str, int]], stop_after: int | None = None) -> Iterator[Cutter]:
    """``cuts`` are done one after the other: ``("up", 1000)`` ends a connection on which 1000 bytes were sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        cutter = Cutter(target, listener, listener.getsockname()[1], list(cuts), stop_after)
        thread = threading.Thread(target=cutter.accept, daemon=True)
        thread.start()
        try:
            yield cutter
        finally:
            cutter.end.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)
