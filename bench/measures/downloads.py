"""Downloads: Picasso, and nginx that asks it (X-Accel-Redirect), against nginx that serves the same files unasked.

The files are private; each request has a key, and Picasso decides about each. Everything is in the page cache.
"""

import secrets
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlsplit

from bench import contenders
from bench.bigfile import write_random
from bench.contenders import UPLOAD
from bench.load import Client, curl, downloads
from bench.measures.page import said
from bench.place import Place
from bench.report import Bar, Row, compared, show
from bench.rounds import Series, interleaved
from bench.stack import Program, services

BIG_BAR, DIRECT_BAR, ACCEL_BAR = Bar(">=", 0.8, "x"), Bar(">=", 0.25, "x"), Bar(">=", 0.5, "x")
FILES, SIZE, CONNECTIONS = 1_000, 20_000, 16
NGINX, DIRECT, ACCEL = "nginx", "picasso", "nginx, asking picasso"
SMALL = f"{FILES:,} files of {SIZE // 1000} KB on {CONNECTIONS} connections, per second"


def measure(place: Place) -> list[Row]:
    size = place.pick(1 << 30, 128 << 20)
    big = f"download of {size / 2**30:g} GiB"
    if not place.picasso:
        return [Row(big, "-", bar=BIG_BAR, why="picasso did not run")]
    with ExitStack() as stack:
        world = _world(stack, place, size)
        large = _measured(place, {name: partial(world.fetch_big, name) for name in (NGINX, DIRECT)})
        used: dict[str, list[float]] = {name: [] for name in world.paths}
        seconds = place.pick(3, 2)
        small = _measured(place, {name: partial(world.rate, name, seconds, used[name]) for name in world.paths})
    processor = {name: Series(tuple(used[name][1:])) for name in (DIRECT, ACCEL)}
    shown = f"{show(small, '/s')}; processor time of Picasso for one: {show(processor, 'ms', 3)}"
    return [
        # Seconds, so the throughput's ratio is the other way up.
        compared(f"{big} ÷ {NGINX}, throughput", large, NGINX, DIRECT, bar=BIG_BAR, shown=show(large, "s", 2)),
        compared(f"{SMALL}: Picasso ÷ {NGINX}", small, DIRECT, NGINX, bar=DIRECT_BAR, shown=shown),
        compared(f"{SMALL}: {ACCEL} ÷ {NGINX}", small, ACCEL, NGINX, bar=ACCEL_BAR, shown="as above"),
    ]


def _measured(place: Place, runs: dict[str, Callable[[], float]]) -> dict[str, Series]:
    interleaved(1, runs)
    return interleaved(place.pick(5, 2), runs)


@dataclass(frozen=True)
class World:
    """What is measured, by the names of the contenders."""

    ports: dict[str, int]
    web: dict[str, Program]
    """The process of Picasso behind each of them that has one."""
    big: dict[str, str]
    paths: dict[str, Path]
    """A list of the addresses of the small files."""
    headers: dict[str, str]

    def fetch_big(self, name: str) -> float:
        options = [part for key, value in self.headers.items() for part in ("--header", f"{key}: {value}")]
        return curl(self.ports[name], self.big[name], *options, wanted="200")

    def rate(self, name: str, seconds: int, used: list[float]) -> float:
        before = self.web[name].cpu_seconds() if name in self.web else 0.0
        rate = downloads(
            self.ports[name], self.paths[name], SIZE, seconds, connections=CONNECTIONS, headers=self.headers
        )
        used.append((self.web[name].cpu_seconds() - before if name in self.web else 0.0) * 1000 / (rate * seconds))
        return rate


def _world(stack: ExitStack, place: Place, size: int) -> World:
    near = stack.enter_context(services(place))
    data = place.new_folder("downloads")
    env = contenders.picasso_env(
        data, near.database("downloads"), near.broker_url, PICASSO_ACCESS="keys", PICASSO_RATES="off"
    )
    contenders.migrate_picasso(env)
    headers = {"Authorization": f"Bearer {said(env, 'keys', 'create', 'bench')}"}
    direct = stack.enter_context(contenders.picasso(place, "web", env, "direct"))
    asked = stack.enter_context(contenders.picasso(place, "web", env | {"PICASSO_ACCEL_REDIRECT": "/stored"}, "accel"))
    server = stack.enter_context(contenders.nginx_for_downloads(place, data / "media", asked.port))
    _upload(direct.port, place.folder / "big.bin", size, headers)
    addresses = _fill(direct.port, headers)
    stored = {path.parent.name: f"/media/{quote(str(path.relative_to(data / 'media')))}" for path in _files(data)}
    big, *small = addresses
    paths = {name: place.folder / f"{name}.txt" for name in (NGINX, DIRECT, ACCEL)}
    paths[NGINX].write_text("".join(f"{stored[_id(path)]}\n" for path in small))
    for name in (DIRECT, ACCEL):
        paths[name].write_text("".join(f"{path}\n" for path in small))
    return World(
        ports={NGINX: server.port, DIRECT: direct.port, ACCEL: server.port},
        web={DIRECT: direct, ACCEL: asked},
        big={NGINX: stored[_id(big)], DIRECT: big},
        paths=paths,
        headers=headers,
    )


def _upload(port: int, file: Path, size: int, headers: dict[str, str]) -> None:
    write_random(file, size)
    options = [part for key, value in headers.items() for part in ("--header", f"{key}: {value}")]
    curl(port, f"{UPLOAD}big.bin", "--upload-file", str(file), *options)
    file.unlink()


def _fill(port: int, headers: dict[str, str]) -> list[str]:
    """The address of the big file, and of as many small ones, which are stored here."""
    with Client(port, headers) as client:
        big = client.get(contenders.FILES)["results"][0]["file"]
        small = [client.upload(UPLOAD, secrets.token_bytes(SIZE))["file"] for _ in range(FILES)]
    return [urlsplit(address).path for address in (big, *small)]


def _files(data: Path) -> list[Path]:
    return [path for path in (data / "media").rglob("*") if path.is_file()]


def _id(path: str) -> str:
    return path.split("/")[2]
