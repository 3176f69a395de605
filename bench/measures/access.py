"""What access costs: uploads with a credential ÷ without, verification, a small project among large ones."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial

import psycopg

from bench import contenders
from bench.contenders import FILES, UPLOAD
from bench.filling import fill
from bench.load import Client, small_uploads
from bench.place import ROOT, Place
from bench.report import Bar, Row, compared, show
from bench.rounds import Series, interleaved
from bench.stack import Program, Services, services

CONNECTIONS = 16
KEY, TOKEN, OPEN = "with a key", "with a token", "open"
ACCESS = {KEY: "keys", TOKEN: "keys", OPEN: "open"}
BARS = {KEY: Bar(">=", 0.95, "x"), TOKEN: Bar(">=", 0.9, "x")}
KNOWN, UNKNOWN = Bar("<=", 20.0, " µs"), Bar("<=", 1000.0, " µs")
AMONG = Bar("<=", 2.0, "x")

FEW = 1_000
PAGE = f"{FILES}?page_size=10"

PROJECT = "from picasso.models import Project; Project.objects.create(name='small')"

# Gives every n-th file to another project, and counts anew.
SHARE = """
    UPDATE picasso_file SET project_id = (SELECT id FROM picasso_project WHERE name = 'small') WHERE id IN (
        SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM picasso_file) AS numbered
        WHERE n % {nth} = 0);
    DELETE FROM picasso_projectusage;
    INSERT INTO picasso_projectusage (project_id, slot, files, trashed, bytes)
    SELECT project_id, 0, count(*), 0, sum(size) FROM picasso_file GROUP BY project_id;
"""


def measure(place: Place) -> list[Row]:
    if not place.picasso:
        return [Row("access", "-", bar=KNOWN, why="picasso did not run")]
    with services(place) as near:
        return [*_uploads(place, near), *_list(place, near)]


def _uploads(place: Place, near: Services) -> list[Row]:
    """Each credential has a database of its own, so that all grow alike, and a new web process in each round.

    Two processes of the same kind differ by up to 15 % for as long as they live, which is more than is measured here.
    """
    environments = {name: _environment(place, near, name) for name in ACCESS}
    keys = {name: _new_key(environments[name]) for name in (KEY, TOKEN)}
    with contenders.picasso(place, "web", environments[TOKEN], name="token-maker") as server:
        token = _new_token(server, keys[TOKEN])
    headers = {KEY: {"Authorization": f"Bearer {keys[KEY]}"}, TOKEN: {"Authorization": f"Bearer {token}"}, OPEN: {}}
    round_of = partial(_round, place, near, seconds=place.pick(4, 2))
    runs = {name: partial(round_of, name, environments[name], each) for name, each in headers.items()}
    samples: dict[str, Series] = interleaved(place.pick(15, 3), runs)
    what = f"small uploads (1 KB text, {CONNECTIONS} connections, no workers) per second"
    rows = [
        compared(f"{what}: {name} ÷ open", samples, name, OPEN, bar=bar, shown=show(samples, "/s"))
        for name, bar in BARS.items()
    ]
    return [*rows, *_verified(environments[TOKEN], keys[TOKEN], token)]


def _short(name: str) -> str:
    return name.rpartition(" ")[2]


def _environment(place: Place, near: Services, name: str) -> dict[str, str]:
    short = _short(name)
    folder, database = place.new_folder(f"access-{short}"), near.database(f"access_{short}")
    env = contenders.picasso_env(folder, database, near.broker_url, PICASSO_ACCESS=ACCESS[name], PICASSO_RATES="off")
    contenders.migrate_picasso(env)
    return env


def _new_key(env: Mapping[str, str], *options: str) -> str:
    command = [str(contenders.PICASSO), "keys", "create", "bench", *options]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | env, capture_output=True, text=True, check=True)
    return done.stdout.strip().splitlines()[-1]


def _new_token(server: Program, key: str) -> str:
    command = ["curl", "-s", "-H", f"Authorization: Bearer {key}", "-H", "Content-Type: application/json"]
    command += ["-d", '{"owner": "ann", "expires_in": 3600}', f"http://127.0.0.1:{server.port}/api/v1.0/tokens/"]
    text: str = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["token"]
    return text


def _round(
    place: Place, near: Services, name: str, env: Mapping[str, str], headers: Mapping[str, str], *, seconds: int
) -> float:
    with contenders.picasso(place, "web", env, name=_short(name)) as server:
        small_uploads(server.port, UPLOAD, 1, CONNECTIONS, headers)  # what is loaded once
        near.settle()
        return small_uploads(server.port, UPLOAD, seconds, CONNECTIONS, headers).rate


def _verified(env: Mapping[str, str], key: str, token: str) -> list[Row]:
    command = [sys.executable, "-m", "bench.verify"]
    secrets = {"BENCH_KEY": key, "BENCH_TOKEN": token}
    done = subprocess.run(command, cwd=ROOT, env=os.environ | env | secrets, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    bars = {"key, known": KNOWN, "token, known": None, "key, unknown": UNKNOWN}
    return [
        Row(f"processor time to find the principal: {name}", f"{value:.1f} µs", value, bars[name])
        for name, value in found.items()
    ]


def _list(place: Place, near: Services) -> list[Row]:
    many = place.pick(10_000_000, 100_000)
    alone, among = f"{FEW:,} files alone", f"{FEW:,} files among {many:,}"
    with ExitStack() as stack:
        runs = {}
        for name, total in ((alone, FEW), (among, many)):
            port, key = _filled(stack, place, near, total)
            runs[name] = partial(_page_time, port, key, place.pick(200, 50))
        interleaved(1, runs)
        samples: dict[str, Series] = interleaved(place.pick(5, 2), runs)
    what = f"page 1 of `files/` of a project: {among} of others ÷ {alone}"
    return [compared(what, samples, among, alone, bar=AMONG, shown=show(samples, "ms", 2))]


def _filled(stack: ExitStack, place: Place, near: Services, total: int) -> tuple[int, str]:
    """The port of a service with so many files, and a key of a project that has a thousand of them."""
    database = near.database(f"access_list_{total}")
    env = contenders.picasso_env(place.new_folder(f"list-{total}"), database, near.broker_url, PICASSO_ACCESS="keys")
    contenders.migrate_picasso(env)
    server = stack.enter_context(contenders.picasso(place, "web", env, f"list-{total}"))
    with Client(server.port, {"Authorization": f"Bearer {_new_key(env)}"}) as client:
        client.upload(UPLOAD)
    fill(database, total, files_only=True)
    contenders.manage_picasso(env, "shell", "-c", PROJECT)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(SHARE.format(nth=total // FEW))
        connection.execute("VACUUM ANALYZE")
    return server.port, _new_key(env, "--project", "small")


def _page_time(port: int, key: str, requests: int) -> float:
    """Milliseconds, the median of many."""
    times = []
    with Client(port, {"Authorization": f"Bearer {key}"}) as client:
        for _ in range(requests):
            begun = time.perf_counter()
            client.get(PAGE)
            times.append((time.perf_counter() - begun) * 1000)
    return Series(tuple(times)).median
