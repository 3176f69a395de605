"""How much more memory the web process takes at its peak for a huge upload than for a small one."""

from contextlib import ExitStack

from bench import rss
from bench.contenders import UPLOAD, migrate_picasso, picasso, picasso_env
from bench.load import stream_upload
from bench.place import Place
from bench.report import Bar, Row, show
from bench.rounds import Series
from bench.stack import Program, services

BAR = Bar("<=", 16.0, " MiB")
SMALL = 1 << 20
# The disk must hold the upload and still leave room for the service and everybody else.
SPARE = 4 << 30


def measure(place: Place) -> list[Row]:
    huge = place.pick(10 << 30, 1 << 30)
    what = f"peak memory of the web process, {huge >> 30} GiB upload - 1 MiB upload"
    if not place.picasso:
        return [Row(what, "-", bar=BAR, why="picasso did not run")]
    if place.free_bytes() < huge + SPARE:
        why = f"the disk has {place.free_bytes() >> 30} GiB free, {(huge + SPARE) >> 30} are needed"
        print(f"    SKIPPED: {why}", flush=True)
        return [Row(what, "-", bar=BAR, why=why)]
    samples = _peaks(place, huge)
    small, large = (series.values[0] for series in samples.values())
    return [Row(what, show(samples, "MiB", 1), large - small, BAR, samples=samples)]


def _peaks(place: Place, huge: int) -> dict[str, Series]:
    with ExitStack() as stack:
        near = stack.enter_context(services(place))
        env = picasso_env(
            place.new_folder("picasso"), near.database("picasso"), near.broker_url, PICASSO_MAX_UPLOAD_SIZE="20GiB"
        )
        migrate_picasso(env)
        server = stack.enter_context(picasso(place, "web", env))
        for _ in range(20):  # what is loaded once, or grows to its size once, belongs to neither
            stream_upload(server.port, UPLOAD, SMALL)
        small = _peak_of(server, SMALL)
        large = _peak_of(server, huge)
    return {"1 MiB": Series((small,)), f"{huge >> 30} GiB": Series((large,))}


def _peak_of(server: Program, size: int) -> float:
    """MiB, of the process and its children together, while an upload of `size` bytes goes through."""
    processes = server.processes()
    rss.forget_peaks(processes)
    stream_upload(server.port, UPLOAD, size)
    return rss.peak(processes)
