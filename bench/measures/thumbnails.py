"""Thumbnails of many photographs end to end, per core, against sharp, which makes the same thumbnails in a loop.

Ours are uploaded, stored, queued, decoded in confined processes and written down, with all facts. What counts is the
processor's time of all processes of the service: web, worker, children, PostgreSQL, RabbitMQ.
"""

import subprocess
import threading
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import psycopg

from bench import contenders, tools
from bench.load import Client
from bench.measures.jobs import count_ended, refuse_failures, wait_for
from bench.place import ROOT, Place
from bench.report import Bar, Row, compared, show
from bench.rounds import interleaved
from bench.stack import Program, Services, services

BAR = Bar(">=", 0.8, "x")
WARM_UPS = 8
# That many are different, all are of about so many bytes.
PHOTOGRAPHS = 8
SIZE = 200_000
# The quick jobs that run at once, and connections that upload.
CONNECTIONS = 4


def measure(place: Place) -> list[Row]:
    number = place.pick(1000, 100)
    pictures = place.new_folder("photographs")
    for seed in range(PHOTOGRAPHS):
        (pictures / f"{seed}.jpeg").write_bytes(photograph(seed))
    with ExitStack() as stack:
        rival = partial(_sharp_per_second, pictures, place.new_folder("sharp"), place.pick(200, 40))
        runs = {"sharp": rival}
        if place.picasso:
            near = stack.enter_context(services(place))
            env = contenders.picasso_env(place.new_folder("picasso"), near.database("picasso"), near.broker_url)
            contenders.migrate_picasso(env)
            web = stack.enter_context(contenders.picasso(place, "web", env))
            worker = stack.enter_context(contenders.picasso(place, "worker", env))
            runs["picasso"] = partial(_picasso_per_second, near, env["DATABASE_URL"], (web, worker), pictures, number)
            runs["picasso"]()  # its children load their libraries
        samples = interleaved(place.pick(3, 1), runs)
    what = f"{number} JPEGs of 200 KB to two WebP thumbnails each, per core: Picasso, end to end ÷ sharp in a loop"
    return [compared(what, samples, "picasso", "sharp", bar=BAR, shown=show(samples, "pictures/s", 1))]


def photograph(seed: int) -> bytes:
    """1,600 by 1,200: soft shapes and the noise of a sensor, at the quality that makes it about 200 KB."""
    import pyvips

    def layer(cell: int, number: int) -> pyvips.Image:
        return pyvips.Image.perlin(1600, 1200, cell_size=cell, seed=100 * seed + number)

    detail = layer(90, 7) * 40 + layer(24, 9) * 22 + layer(6, 11) * 10
    noise = [pyvips.Image.gaussnoise(1600, 1200, mean=128, sigma=4, seed=10 * seed + number) for number in range(3)]
    bands = [layer(360, number + 1) * 70 + detail + noise[number] for number in range(3)]
    picture = bands[0].bandjoin(bands[1:]).cast("uchar").copy(interpretation="srgb").copy_memory()
    made = (bytes(picture.jpegsave_buffer(Q=quality)) for quality in range(50, 96))
    return min(made, key=lambda content: abs(len(content) - SIZE))


def _sharp_per_second(pictures: Path, folder: Path, times: int) -> float:
    command = ["node", str(tools.sharp() / "thumbnails.js"), str(pictures), str(folder), str(WARM_UPS), str(times)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return 1_000 / float(done.stdout)


def _picasso_per_second(
    near: Services, url: str, programs: tuple[Program, Program], pictures: Path, number: int
) -> float:
    contents = [path.read_bytes() for path in sorted(pictures.iterdir())]

    def used() -> float:
        own = sum(program.cpu_seconds() for program in programs)
        return own + near.database_cpu_seconds() + near.broker_cpu_seconds()

    def upload(first: int) -> None:
        with Client(programs[0].port) as client:
            for index in range(first, number, CONNECTIONS):
                client.upload(contenders.UPLOAD, contents[index % len(contents)], "photograph.jpeg", "image/jpeg")

    with psycopg.connect(url, autocommit=True) as database:
        goal, before = count_ended(database) + number, used()
        threads = [threading.Thread(target=upload, args=(first,)) for first in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wait_for(database, goal)
        spent = used() - before
        refuse_failures(database)
    return number / spent
