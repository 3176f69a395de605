"""Pages of `files/` with ten million files against the same pages with ten thousand."""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urlencode

import psycopg
from psycopg import sql

from bench.contenders import FILES, migrate_picasso, picasso, picasso_env
from bench.load import Client
from bench.place import ROOT, Place
from bench.report import Bar, Row, compared, show
from bench.rounds import Series, interleaved
from bench.stack import Services, services

BAR = Bar("<=", 2.0, "x")
FEW = 10_000
ROWS = ROOT / "bench" / "rows.sql"

# With a fast count: an exact one counts all that match.
PAGES: dict[str, dict[str, str]] = {
    "page 1": {},
    "page 1, `state=failed`": {"state": "failed"},
    "page 1, `media_type=image/*`": {"media_type": "image/*"},
    "page 1, `name=invoice`": {"name": "invoice"},
    "page 1, `owner=user-7`": {"owner": "user-7"},
    "page 1, `processed=false`": {"processed": "false"},
    "page 1, `ordering=-size`": {"ordering": "-size"},
    "page 1, `ordering=name`": {"ordering": "name"},
}
MIDDLE = "a page by cursor in the middle"


def measure(place: Place) -> list[Row]:
    if not place.picasso:
        return [Row("lists", "-", bar=BAR, why="picasso did not run")]
    few, many = f"{FEW:,} files", f"{place.pick(10_000_000, 100_000):,} files"
    with ExitStack() as stack:
        near = stack.enter_context(services(place))
        ports = {name: _filled(stack, place, near, int(name.split()[0].replace(",", ""))) for name in (few, many)}
        return [_compared(place, what, few, many, ports) for what in (*PAGES, MIDDLE)]


def _compared(place: Place, what: str, few: str, many: str, ports: Mapping[str, tuple[int, str]]) -> Row:
    runs = {name: partial(_time, port, _query(port, what, middle)) for name, (port, middle) in ports.items()}
    interleaved(1, runs)
    samples: dict[str, Series] = interleaved(place.pick(5, 2), runs)
    return compared(f"{what} of `files/`: {many} ÷ {few}", samples, many, few, bar=BAR, shown=show(samples, "ms", 2))


def _query(port: int, what: str, middle: str) -> str:
    where = {"page_size": "10", "count": "fast"}
    if what != MIDDLE:
        return urlencode({**where, **PAGES[what]})
    where |= {"uploaded_before": middle, "cursor": ""}
    with Client(port) as client:
        return urlencode({**where, "cursor": client.get(f"{FILES}?{urlencode(where)}")["next"]})


def _time(port: int, query: str, requests: int = 50) -> float:
    """Milliseconds, the median."""
    times = []
    with Client(port) as client:
        for _ in range(requests):
            begun = time.perf_counter()
            client.get(f"{FILES}?{query}")
            times.append((time.perf_counter() - begun) * 1000)
    return Series(tuple(times)).median


def _filled(stack: ExitStack, place: Place, near: Services, total: int) -> tuple[int, str]:
    """The port of a service with so many files, and the time of the one in the middle."""
    database = near.database(f"lists_{total}")
    env = picasso_env(place.new_folder(f"lists-{total}"), database, near.broker_url, PICASSO_RATES="off")
    migrate_picasso(env)
    with psycopg.connect(database, autocommit=True) as connection:
        fill(connection, total)
    server = stack.enter_context(picasso(place, "web", env, f"lists-{total}"))
    return server.port, (datetime.now(UTC) - timedelta(seconds=total // 2)).isoformat()


def fill(connection: psycopg.Connection, total: int) -> None:
    """The indexes are built afterwards, which takes less time."""
    found = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'picasso_file' AND indexname LIKE 'file_%%'"
    ).fetchall()
    connection.execute("SET maintenance_work_mem = '512MB'")
    connection.execute("ALTER TABLE picasso_file DISABLE TRIGGER USER")
    for name, _ in found:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    for statement in ROWS.read_text().rstrip(";\n").split(";\n"):
        connection.execute(statement, {"total": total} if "%(total)s" in statement else None)
    for _, definition in found:
        connection.execute(definition)
    connection.execute("ALTER TABLE picasso_file ENABLE TRIGGER USER")
    connection.execute("VACUUM ANALYZE")
    connection.execute("CHECKPOINT")
