"""A bad network between a client and the service, like the Wi-Fi of a train: slow, cut at any byte, sometimes gone."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tests.waiting import join

PIECE = 2**14

# With this option, close() resets the connection.
RESET = struct.pack("ii", 1, 0)


class Train:
    """A TCP proxy on ``port``. Its behaviour can be changed while it runs."""

    def __init__(self, port: int, at: int) -> None:
        self.pace = float("inf")
        """Bytes per second and connection that the client can send."""
        self.reach = float("inf")
        """A connection is cut after this many bytes from the client."""
        self.tunnel = False
        """Whether all new connections are refused."""
        self.swallow: Callable[[bytes], bool] = lambda head: False
        """Says for the first bytes of a request whether its answer is lost and its connection cut."""
        self.came = 0
        """The bytes that clients have sent so far."""
        self._to = port
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._listening = socket.create_server(("127.0.0.1", at))
        # A large buffer would take whole uploads, so that no cut would come in the middle of one.
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PIECE)
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Cut all connections."""
        for pair in list(self._pairs):
            self._end(pair)

    def close(self) -> None:
        self.tunnel = True
        # close() alone does not wake the thread that waits for a connection.
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            if self.tunnel:
                raise ConnectionRefusedError
            server = socket.create_connection(("127.0.0.1", self._to))
        except OSError:
            reset(client)
            return
        pair = (client, server)
        self._pairs.add(pair)
        lost = threading.Event()
        back = threading.Thread(target=self._carry_back, args=(pair, lost), daemon=True)
        back.start()
        with suppress(OSError):
            self._carry(pair, lost)
        self._end(pair)
        join(back)

    def _carry(self, pair: tuple[socket.socket, socket.socket], lost: threading.Event) -> None:
        client, server = pair
        carried = 0
        while data := client.recv(PIECE):
            carried += len(data)
            self.came += len(data)
            if self.swallow(data):
                lost.set()
            server.sendall(data)
            if carried >= self.reach:
                return
            time.sleep(len(data) / self.pace)

    def _carry_back(self, pair: tuple[socket.socket, socket.socket], lost: threading.Event) -> None:
        client, server = pair
        with suppress(OSError):
            while data := server.recv(PIECE):
                if lost.is_set():
                    break
                client.sendall(data)
        self._end(pair)

    def _end(self, pair: tuple[socket.socket, socket.socket]) -> None:
        client, server = pair
        self._pairs.discard(pair)
        reset(client)
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)  # what has been carried arrives
        server.close()


def reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        end.shutdown(socket.SHUT_RDWR)  # wakes who waits for it in another thread
    end.close()


@contextmanager
def train(port: int, at: int = 0) -> Iterator[Train]:
    """A bad network in front of the service at this port. Clients find it ``at`` a port; 0 is any."""
    made = Train(port, at)
    try:
        yield made
    finally:
        made.close()
