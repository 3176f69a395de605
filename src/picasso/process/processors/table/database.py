"""DuckDB with little memory and without access: it reads the one file that it is given and loads no extensions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from picasso.process.contract import ProcessorError

# Limit for DuckDB's buffers. It fills them with what it has read, whether it needs that again or not.
MEMORY = "64MB"
MEMORY_FOR_WIDE = "160MB"

SETTINGS = (
    "SET threads = 1",
    "SET temp_directory = ''",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET preserve_insertion_order = true",
    "SET enable_progress_bar = false",
    "SET TimeZone = 'UTC'",
)


@contextmanager
def open_database(path: Path, *, wide: bool = True) -> Iterator[Any]:
    """A connection that can open ``path`` and no other file. ``wide`` rows get more memory."""
    import duckdb

    with closing(duckdb.connect(":memory:", config={"threads": "1"})) as connection:
        for setting in SETTINGS:
            connection.execute(setting)
        connection.execute(f"SET memory_limit = '{MEMORY_FOR_WIDE if wide else MEMORY}'")
        connection.execute(f"SET allowed_paths = [{quote_text(path)}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection


def quote_text(value: object) -> str:
    """A text literal in SQL."""
    return "'" + str(value).replace("'", "''") + "'"


def quote_name(value: str) -> str:
    """An identifier in SQL."""
    return '"' + value.replace('"', '""') + '"'


# Messages about the machine. For a file that ends too early DuckDB says "could not read enough", which is the file's
# fault.
MACHINE_ERROR = re.compile(
    r"No such file|ermission|Could not read from file|Cannot open file|Input/output error|Stale file"
)


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turns DuckDB's errors about the file into `ProcessorError`. Those about the machine are raised."""
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException as error:
        # DuckDB reads two thousand rows at a time. Ordinary ones need a hundredth of the memory.
        raise ProcessorError("too-long-rows", "The rows of this table are too long.") from error
    except (duckdb.IOException, duckdb.PermissionException) as error:
        if MACHINE_ERROR.search(str(error)):
            raise
        raise ProcessorError("corrupt", "This table is damaged or incomplete.") from error
    except duckdb.Error as error:
        raise ProcessorError("corrupt", "This table is damaged or incomplete.") from error
