"""DuckDB, kept small and shut in: it reads the one file it is given and nothing else, and loads no code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from picasso.process.contract import ProcessorError

# What DuckDB's own accounts may reach: it fills this with what it has read, whether or not it needs that again.
MEMORY = "64MB"
MEMORY_FOR_WIDE = "160MB"

SHUT_IN = (
    "SET threads = 1",
    "SET temp_directory = ''",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET preserve_insertion_order = true",
    "SET enable_progress_bar = false",
    "SET TimeZone = 'UTC'",
)


@contextmanager
def opened(path: Path, *, wide: bool = True) -> Iterator[Any]:
    """A connection that can open ``path`` and no other file; with more memory for ``wide`` rows."""
    import duckdb

    with closing(duckdb.connect(":memory:", config={"threads": "1"})) as connection:
        for setting in SHUT_IN:
            connection.execute(setting)
        connection.execute(f"SET memory_limit = '{MEMORY_FOR_WIDE if wide else MEMORY}'")
        connection.execute(f"SET allowed_paths = [{text(path)}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection


def text(value: object) -> str:
    """As a literal of SQL."""
    return "'" + str(value).replace("'", "''") + "'"


def name(value: str) -> str:
    """As an identifier of SQL."""
    return '"' + value.replace('"', '""') + '"'


# Of what DuckDB says when it can't read. What ends too soon it "could not read enough" of: the file's fault.
OURS = re.compile(r"No such file|ermission|Could not read from file|Cannot open file|Input/output error|Stale file")


@contextmanager
def faults() -> Iterator[None]:
    """Tell the faults of the file from those of the machine."""
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException as fault:
        # Rows are read two thousand at a time; ordinary ones need a hundredth of what is there.
        raise ProcessorError("too-long-rows", "The rows of this table are too long.") from fault
    except (duckdb.IOException, duckdb.PermissionException) as fault:
        if OURS.search(str(fault)):
            raise
        raise ProcessorError("corrupt", "This table is damaged or incomplete.") from fault
    except duckdb.Error as fault:
        raise ProcessorError("corrupt", "This table is damaged or incomplete.") from fault
