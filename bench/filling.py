"""Filling Picasso's tables with a million files, in the database alone."""

import psycopg
from psycopg import sql

# A UUIDv7 for the row number g: a second older than the one before it, so the copies lie behind the real file.
ID = """(lpad(to_hex((extract(epoch FROM now())::bigint - g) * 1000), 12, '0')
         || '7000' || {variant} || lpad(to_hex(g), 12, '0'))::uuid"""
FILE_ID = ID.format(variant="'8000'")
JOB_ID = ID.format(variant="'8001'")

# What differs from the copied row; a None leaves the column to its default.
COPIES: dict[str, dict[str, str | None]] = {
    "picasso_file": {"id": FILE_ID, "uploaded_at": "now() - g * interval '1 second'", "key": "key || '-' || g"},
    "picasso_job": {"id": JOB_ID, "file_id": FILE_ID},
    "picasso_derivative": {"id": None, "file_id": FILE_ID, "key": "key || '-' || g"},
}


def fill(database: str, total: int, *, files_only: bool = False) -> None:
    """Copy the one file that is there, with its jobs and derivatives, until there are `total`."""
    copies = {"picasso_file": COPIES["picasso_file"]} if files_only else COPIES
    with psycopg.connect(database, autocommit=True) as connection:
        with connection.transaction():
            for table, changes in copies.items():
                connection.execute(_copying(connection, table, changes), [total - 1])
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _copying(connection: psycopg.Connection, table: str, changes: dict[str, str | None]) -> sql.Composed:
    found = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s", [table]
    )
    names = [name for (name,) in found if changes.get(name, name) is not None]
    values = [sql.SQL(changes[name]) if name in changes else sql.Identifier(name) for name in names]  # type: ignore[arg-type]
    # The template is read before anything is inserted: a statement sees only what was there at its start.
    return sql.SQL("INSERT INTO {table} ({names}) SELECT {values} FROM {table}, generate_series(1, %s) AS g").format(
        table=sql.Identifier(table),
        names=sql.SQL(", ").join(map(sql.Identifier, names)),
        values=sql.SQL(", ").join(values),
    )
