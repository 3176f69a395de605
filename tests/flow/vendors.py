"""Which tests run on both databases when the whole suite runs, and which on one of the two, drawn by the date.

On both run the tests of statements that differ (`OWN_SQL`), and each test that races or asks which database it has:
that is seen by itself (`differs`). All others use what Django writes for either database, and statements of the first.
"""

from __future__ import annotations

import inspect
import random
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, FunctionType

from tests import sampling

# The part of the suite that a process runs: a vendor as Django names it. Without it all tests run.
VENDOR = "PICASSO_TEST_VENDOR"
VENDORS = ("postgresql", "sqlite")
# Where PostgreSQL can't be had: what was drawn for it, on SQLite.
DRAWN_FOR_POSTGRES = "drawn for postgresql"

# What tells that a module writes SQL itself or locks rows, which SQLite does not.
SIGNS = re.compile(
    r"cursor\(\)|RawSQL|\.vendor\b|select_for_update|\(Func\)"
    r"|\bsql\.(?:rows|first|run_together)\b|\{now\}|\bINSERT INTO\b|\bSELECT\b"
)
# Their SQL is for databases of their own.
OTHER_DATABASES = re.compile(r"bench/|process/processors/table/")

# Whose functions a test is followed into.
OWN = "tests.flow."


def tests_of(file: str, *beginnings: str) -> Sequence[str]:
    """Some tests of a file, by how their names begin."""
    return [f"{file}.py::test_{each}" for each in beginnings]


# By each such module of `picasso`, but for migrations: the files or tests of `tests/flow` that try its statements.
OWN_SQL: Mapping[str, Sequence[str]] = {
    "access/audit_triggers.py": tests_of("audit", "a_row_stays", "only_old_rows"),
    "access/key_rows.py": ["key_rows.py"],
    "access/keys.py": ["access_races.py"],
    "access/link_keys.py": ["access_races.py"],
    "access/passkeys.py": tests_of("passkeys", "of_parallel_uses", "a_copy", "a_bad_id"),
    "access/people.py": ["people_races.py"],
    "access/projects.py": ["access_races.py", "quotas.py"],
    "access/quotas.py": ["quotas.py"],
    "access/second_factor.py": ["access_races.py"],
    "activity.py": ["activity.py"],
    "bulk_insert.py": ["batching.py", "commit.py"],
    "doctor/database.py": ["doctor_database.py"],
    "events/sequence.py": ["events.py"],
    "events/sequencer.py": ["events.py"],
    "events/write.py": ["events.py"],
    "files/batch.py": ["file_batches.py"],
    "files/change.py": ["change.py"],
    "files/conditions.py": ["file_filters.py"],
    "files/delete.py": ["files.py"],
    "files/trash.py": ["jobs_api.py", "states.py"],
    "files/usage_triggers.py": [*tests_of("files", "nothing", "the_count"), "migrations.py", "quotas.py"],
    "imports/states.py": tests_of("imports", "a_url", "a_worker", "cancelled", "many", "places", "what_a_dead_worker"),
    "jobs/batch.py": ["batching.py"],
    "jobs/batch_writer.py": ["batching.py"],
    "jobs/claims.py": ["claims.py", "relay.py"],
    "jobs/commands.py": ["states.py"],
    "jobs/event_sql.py": ["events.py", "states.py"],
    "jobs/process_again.py": tests_of(
        "bulk_actions", "a_failed_file", "a_file_is_made", "bulk_moves", "what_has_ended_can_run"
    ),
    "jobs/settle.py": ["states.py"],
    "jobs/sql.py": ["batching.py", "claims.py", "states.py"],
    "jobs/states.py": ["states.py"],
    "jobs/summary.py": ["jobs_api.py"],
    "prepared.py": ["lists_in_full.py"],
    "keyset.py": ["file_neighbours.py", "listed.py", "lists.py"],
    "limits/database.py": ["rates.py"],
    "management/commands/people.py": tests_of("people", "each_command", "the_command_line"),
    "models/expressions.py": ["file_filters.py"],
    "models/usage.py": ["quotas.py"],
    "monitoring/counting.py": ["system_api.py"],
    "monitoring/readiness.py": ["system_api.py"],
    "monitoring/samples.py": ["system_api.py"],
    "process/file_batches.py": ["file_batches.py"],
    "process/remote/reaper.py": tests_of("remote", "an_attempt", "a_job_whose_worker", "each_of_many"),
    "process/remote/staging.py": tests_of("remote", "a_derivative", "a_job_from_claim", "what_becomes"),
    "process/reprocess.py": ["reprocess.py"],
    "receive/commit.py": ["commit.py", "whole_uploads.py"],
    "receive/lock_queries.py": ["uploads.py", "uploads_of_others.py"],
    "receive/quota.py": ["uploads_limits.py"],
    "receive/token_use.py": tests_of("tokens", "max_files"),
    "receive/upload_rows.py": ["uploads.py"],
    "webhooks/claims.py": tests_of("webhooks", "a_claim", "quick", "webhooks_", "what_a_killed"),
    "webhooks/endpoints.py": tests_of("webhooks", "a_project_has", "a_webhook_by_the_api"),
    "webhooks/fan_out.py": tests_of("webhooks", "a_fan_out", "deliveries", "earlier", "filters"),
    "webhooks/of_files.py": tests_of("webhook_urls", "a_host_that_gets", "hosts_share"),
    "webhooks/results.py": tests_of("webhooks", "410", "a_result", "a_week", "the_last_try"),
}
OF_DIFFERENCES = tuple(sorted({f"tests/flow/test_{name}" for names in OWN_SQL.values() for name in names}))

# Names in a test, or in what it uses of the tests' own code, by which it races or depends on the database.
NAMES = frozenset({"side_by_side", "in_background", "Barrier", "Thread", "vendor"})
# In a test itself. What tests have in common starts an app, or a request that it then sends piece by piece.
NAMES_OF_TESTS = NAMES | {"start", "create_task", "gather"}


def runs_on(vendor: str, test: str, function: object, *, uses_database: bool, skipped: bool) -> bool:
    """Whether the part that has this database runs the test with this id. ``skipped``: on some systems it may be."""
    if not uses_database:
        return vendor == "sqlite"
    if sampling.everything() or skipped or test.startswith(OF_DIFFERENCES) or differs(function):
        return vendor != DRAWN_FOR_POSTGRES
    return drawn(test) == vendor.removeprefix("drawn for ")


def drawn(test: str) -> str:
    return random.Random(f"{sampling.seed()} {test}").choice(VENDORS)


def differs(function: object) -> bool:
    """Whether a test races, or asks which database it has: by itself, or by what it uses of its file and of the others.

    That are functions, all methods of classes, and fixtures of its file.
    """
    if not isinstance(function, FunctionType):
        return True  # nothing is known of it
    return not NAMES_OF_TESTS.isdisjoint(names_in(function.__code__)) or any(
        not NAMES.isdisjoint(names_in(each.__code__)) for each in used_by(function)
    )


def used_by(test: FunctionType) -> Collection[FunctionType]:
    """What is reached from it by names, and is not of the product or of a library."""
    found: dict[FunctionType, None] = {}
    pending = [test]
    while pending:
        function = pending.pop()
        if function not in found:
            found[function] = None
            named = {*names_in(function.__code__), *inspect.signature(function).parameters}
            pending += (each for name in named for each in functions_of(function.__globals__.get(name)))
    return found


def functions_of(value: object) -> Iterator[FunctionType]:
    """Of a function itself, of a fixture what it calls, of a class its methods; all if they are the tests' own."""
    function = inspect.unwrap(value) if callable(value) else None
    if not (getattr(function, "__module__", "") or "").startswith(OWN):
        return
    if isinstance(function, FunctionType):
        yield function
    elif isinstance(function, type):
        for each in vars(function).values():
            yield from functions_of(getattr(each, "fget", getattr(each, "__func__", each)))


def names_in(code: CodeType) -> Iterator[str]:
    """The names that it uses, also in functions and lambdas inside of it."""
    yield from code.co_names
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from names_in(each)


def with_own_sql(package: Path) -> set[str]:
    """The modules of `picasso` that `OWN_SQL` has to list."""
    modules = [path for path in package.rglob("*.py") if "migrations" not in path.parts]
    found = {path.relative_to(package).as_posix() for path in modules if SIGNS.search(path.read_text())}
    return {name for name in found if not OTHER_DATABASES.match(name)}
