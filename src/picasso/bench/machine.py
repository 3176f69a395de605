"""What the machine allows: the disk of the data folder, and the database. No service can be faster than these."""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

SECONDS = 2.0
SMALL = b"x" * 4096
BLOCK = 8 * 2**20
SEQUENTIAL = 512 * 2**20


def repeated(call: Callable[[], object], seconds: float = SECONDS) -> float:
    """How many times a second it can be done, one after the other."""
    done, begun = 0, time.perf_counter()
    while (took := time.perf_counter() - begun) < seconds or not done:
        call()
        done += 1
    return done / took


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A name of its own in this folder. What is there at the end is removed."""
    path = folder / f"bench-{secrets.token_hex(8)}"
    try:
        yield path
    finally:
        for each in folder.glob(f"{path.name}*"):
            each.unlink(missing_ok=True)


def fsyncs(folder: Path) -> float:
    """Small writes per second, each made durable. Raises `OSError`."""
    with scratch(folder) as path:
        file = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
        try:
            return repeated(lambda: write_durably(file))
        finally:
            os.close(file)


def write_durably(file: int) -> None:
    os.pwrite(file, SMALL, 0)
    os.fsync(file)


def sequential(folder: Path, size: int = SEQUENTIAL) -> float:
    """Bytes per second of a plain program that writes one file and makes it durable. Raises `OSError`."""
    block = secrets.token_bytes(BLOCK)
    with scratch(folder) as path:
        begun = time.perf_counter()
        with path.open("wb", buffering=0) as file:
            for _ in range(0, size, BLOCK):
                file.write(block)
            os.fsync(file.fileno())
        return size / (time.perf_counter() - begun)


def commits(database_url: str, folder: Path) -> float:
    """Transactions of one row per second on one connection. Raises `psycopg.Error`, `sqlite3.Error`."""
    return of_sqlite(folder) if database_url.startswith("sqlite:") else of_postgresql(database_url)


def of_sqlite(folder: Path) -> float:
    """In a database of its own beside the service's: the same disk."""
    with scratch(folder) as path:
        database = sqlite3.connect(path, isolation_level=None)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            database.execute("CREATE TABLE rows (text TEXT)")
            return repeated(lambda: database.execute("INSERT INTO rows VALUES ('x')"))
        finally:
            database.close()


def of_postgresql(url: str) -> float:
    """In a table of its own, which is removed."""
    name = sql.Identifier(f"picasso_bench_{secrets.token_hex(8)}")
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as database:
        database.execute(sql.SQL("CREATE TABLE {} (text TEXT)").format(name))
        try:
            insert = sql.SQL("INSERT INTO {} VALUES ('x')").format(name).as_string(database)
            return repeated(lambda: database.execute(insert))
        finally:
            database.execute(sql.SQL("DROP TABLE {}").format(name))
