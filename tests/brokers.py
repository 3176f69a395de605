"""Virtual hosts of one RabbitMQ. Each is for one installation: workers of another one would take its messages."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from tests.services import RabbitMQ, Unavailable

# The environment of a part's process has the folder that `share` has prepared.
FOLDER = "PICASSO_TEST_BROKERS"

URL = "broker"


class Broker(NamedTuple):
    url: str
    port: int


def share(server: RabbitMQ, folder: Path) -> None:
    """From now on all processes that know the folder can take virtual hosts of this server."""
    (folder / URL).write_text(f"{server.port} {server.url}")


def take(folder: Path) -> Broker:
    """One that nobody else has: a file in the folder says that it is taken."""
    port, url = (folder / URL).read_text().split()
    for name in RabbitMQ.VHOSTS:
        with suppress(FileExistsError):
            (folder / name).touch(exist_ok=False)
            return Broker(url.removesuffix(quote("/", safe="")) + name, int(port))
    raise Unavailable(f"All {len(RabbitMQ.VHOSTS)} virtual hosts of RabbitMQ are taken.")
