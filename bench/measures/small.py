"""Small uploads accepted per second by Picasso, the conventional build and Express, on the same services.

Acceptance is measured: no worker runs for any of them. While one has its turn the others are frozen. Two kinds of files
are sent: texts of 1 KB, and photographs of 30 KB with what a camera writes into their head.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench import contenders
from bench.load import Load, LoadError, Sample, small_uploads
from bench.place import Place
from bench.report import Bar, Row, compared, show
from bench.rounds import Series, interleaved
from bench.stack import Program, Services, count_rows, services

CONNECTIONS = 16
TEXT, PICTURE = "1 KB text", "30 KB JPEG with Exif"
OVER_CONVENTIONAL = Bar(">=", 10.0, "x")
OVER_EXPRESS = {TEXT: Bar(">=", 1.2, "x"), PICTURE: Bar(">=", 1.0, "x")}
PROCESSOR_TIME = Bar("<=", 0.9, " ms")


@dataclass
class Way:
    """One way to upload, and what was seen of it so far."""

    server: Program
    path: str
    database: str
    table: str
    loads: list[Load] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    """Milliseconds of processor time of the server's processes for each upload."""

    def upload(self, seconds: int, sample: Sample | None) -> float:
        """Uploads per second."""
        before = self.server.cpu_seconds()
        load = small_uploads(self.server.port, self.path, seconds, CONNECTIONS, sample=sample)
        self.cpu.append((self.server.cpu_seconds() - before) * 1000 / load.requests)
        self.loads.append(load)
        return load.rate

    def verify_rows(self) -> None:
        """Every 201 has its row. What was in flight when a round ended may have one as well."""
        answers = sum(load.requests for load in self.loads)
        rows = count_rows(self.database, self.table)
        if not answers <= rows <= answers + CONNECTIONS * len(self.loads):
            raise LoadError(f"{self.server.name}: {answers} answers, but {rows} rows")
        print(f"    {self.server.name}: {answers} answers, {rows} rows", flush=True)


def measure(place: Place) -> list[Row]:
    return [row for what in (TEXT, PICTURE) for row in _measure(place, what)]


def _measure(place: Place, what: str) -> list[Row]:
    sample = Sample(photograph(place.folder / "photograph.jpg"), "photo.jpg", "image/jpeg") if what == PICTURE else None
    place = place.inside(sample.media_type.partition("/")[0] if sample else "text")
    with ExitStack() as stack:
        near = stack.enter_context(services(place))
        ways = _ways(stack, place, near)
        runs = {name: partial(_round, ways, name, near, place.pick(6, 2), sample) for name in ways}
        interleaved(1, runs)
        samples = interleaved(place.pick(5, 2), runs)
        for way in ways.values():
            way.verify_rows()
    return _rows(what, samples, ways)


def photograph(path: Path) -> Path:
    """A JPEG of about 30 KB; its Exif has what a phone says of itself, its lens, the light and the place."""
    from PIL import Image

    noise = Image.effect_noise((640, 480), 24)
    picture = Image.merge(
        "RGB", [noise, noise.rotate(90, expand=True).resize(noise.size), Image.linear_gradient("L").resize(noise.size)]
    )
    exif = Image.Exif()
    exif.update({271: "Example", 272: "Phone 7", 274: 6, 282: 72.0, 283: 72.0, 305: "7.1", 306: "2026:11:30 12:00:00"})
    exif.get_ifd(0x8769).update(
        {
            33434: 0.008,
            33437: 1.8,
            34855: 64,
            36867: "2026:11:30 12:00:00",
            37386: 5.7,
            41989: 26,
            42036: "wide 5.7 mm f/1.8",
        }
    )
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0), 6: 34.0})
    picture.save(path, quality=34, exif=exif)
    return path


def _ways(stack: ExitStack, place: Place, near: Services) -> dict[str, Way]:
    ways = {}
    if place.picasso:
        env = contenders.picasso_env(place.new_folder("picasso"), near.database("picasso"), near.broker_url)
        contenders.migrate_picasso(env)
        server = contenders.picasso(place, "web", env)
        ways["picasso"] = Way(server, contenders.UPLOAD, env["DATABASE_URL"], "picasso_file")
    ways["express"] = _rival(place, near, "express", contenders.express, "files")
    ways["conventional"] = _rival(place, near, "conventional", contenders.conventional, "uploads_file")
    for way in ways.values():
        stack.enter_context(way.server)
    return ways


def _rival(place: Place, near: Services, name: str, make: Callable[[Place, str, str], Program], table: str) -> Way:
    database = near.database(name)
    return Way(make(place, database, near.broker_url), "/upload/", database, table)


def _round(ways: dict[str, Way], name: str, near: Services, seconds: int, sample: Sample | None) -> float:
    way = ways[name]
    with ExitStack() as others:
        for other in ways.values():
            if other is not way:
                others.enter_context(other.server.frozen())
        near.settle()
        return way.upload(seconds, sample)


def _rows(content: str, samples: dict[str, Series], ways: dict[str, Way]) -> list[Row]:
    what = f"small uploads ({content}, {CONNECTIONS} connections, no workers) per second: Picasso ÷ "
    rate = show(samples, "/s")
    tail = {f"{name} p99": Series(tuple(load.p99_ms for load in way.loads[1:])) for name, way in ways.items()}
    detail = f"{rate}. {show(tail, 'ms')}"
    found = samples | tail
    rows = [compared(f"{what}Express", found, "picasso", "express", bar=OVER_EXPRESS[content], shown=detail)]
    if content == TEXT:
        bar = OVER_CONVENTIONAL
        rows.append(compared(f"{what}the conventional build", found, "picasso", "conventional", bar=bar, shown=detail))
    return [*rows, *_processor_time(content, ways)]


def _processor_time(content: str, ways: dict[str, Way]) -> list[Row]:
    if "picasso" not in ways:
        return []
    found = {name: Series(tuple(way.cpu[1:])) for name, way in ways.items()}
    bar = PROCESSOR_TIME if content == TEXT else None
    what = f"processor time of the web process for an upload ({content})"
    return [Row(what, show(found, "ms", 2), found["picasso"].median, bar, samples=found)]
