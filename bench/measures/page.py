"""A page of 100 files against the same JSON by a handler that was written for it alone: Starlette and asyncpg.

Both read the same tables. Picasso checks a key, what it may see, and each parameter; the rival checks
nothing. Each has one process. Processor time is taken along: it is what is left of a rate on a busy machine.
"""

import json
import os
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial

import psycopg

from bench import contenders
from bench.contenders import FILES
from bench.load import Client, LoadError, pages
from bench.measures.lists import fill
from bench.place import ROOT, Place
from bench.report import Bar, Row, compared, show
from bench.rounds import Series, interleaved
from bench.stack import Program, services

BAR = Bar(">=", 0.5, "x")
TOTAL, CONNECTIONS = 10_000, 16
PAGE = f"{FILES}?page_size=100"
OURS, RIVAL = "picasso", "starlette"

LINK_KEY = "from picasso.access import link_keys; key = link_keys.current(1); print(key.id, key.secret.hex())"


def measure(place: Place) -> list[Row]:
    page = f"page 1 of `files/` with 100 files of {TOTAL:,}, on {CONNECTIONS} connections"
    what = f"{page}: with a key ÷ Starlette + asyncpg"
    if not place.picasso:
        return [Row(what, "-", bar=BAR, why="picasso did not run")]
    used: dict[str, list[float]] = {OURS: [], RIVAL: []}
    with ExitStack() as stack:
        servers, headers = _servers(stack, place)
        _require_same(servers, headers)
        seconds = place.pick(4, 2)
        runs = {name: partial(_rate, servers[name], headers, seconds, used[name]) for name in servers}
        interleaved(1, runs)
        for each in used.values():
            each.clear()
        samples: dict[str, Series] = interleaved(place.pick(7, 2), runs)
    processor = {name: Series(tuple(values)) for name, values in used.items()}
    shown = f"{show(samples, '/s')}; processor time of its process for one: {show(processor, 'ms', 2)}"
    return [compared(f"{what}, pages per second", samples, OURS, RIVAL, bar=BAR, shown=shown)]


def _servers(stack: ExitStack, place: Place) -> tuple[dict[str, Program], dict[str, str]]:
    near = stack.enter_context(services(place))
    database = near.database("page")
    env = contenders.picasso_env(
        place.new_folder("page"), database, near.broker_url, PICASSO_ACCESS="keys", PICASSO_RATES="off"
    )
    contenders.migrate_picasso(env)
    with psycopg.connect(database, autocommit=True) as connection:
        fill(connection, TOTAL)
    key = said(env, "keys", "create", "bench")
    ours = stack.enter_context(contenders.picasso(place, "web", env, "page"))
    link_key, secret = said(env, "manage", "shell", "-v", "0", "-c", LINK_KEY).split()
    links = {"LINK_KEY": link_key, "LINK_SECRET": secret, "BASE": f"http://127.0.0.1:{ours.port}"}
    rival = stack.enter_context(contenders.starlette(place, {"DATABASE_URL": database, **links}))
    return {OURS: ours, RIVAL: rival}, {"Authorization": f"Bearer {key}"}


def said(env: Mapping[str, str], *arguments: str) -> str:
    command = [str(contenders.PICASSO), *arguments]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | env, capture_output=True, text=True, check=True)
    return done.stdout.strip().splitlines()[-1]


def _require_same(servers: Mapping[str, Program], headers: Mapping[str, str]) -> None:
    """Both answer the same JSON, link by link."""
    found = []
    for server in servers.values():
        with Client(server.port, headers) as client:
            found.append(client.get(PAGE))
    if found[0] != found[1] or len(found[0]["results"]) != 100:
        raise LoadError(f"the answers differ:\n{json.dumps(found[0])[:1000]}\n{json.dumps(found[1])[:1000]}")


def _rate(server: Program, headers: Mapping[str, str], seconds: int, used: list[float]) -> float:
    before = server.cpu_seconds()
    rate = pages(server.port, PAGE, seconds, CONNECTIONS, headers)
    used.append((server.cpu_seconds() - before) * 1000 / (rate * seconds))
    return rate
