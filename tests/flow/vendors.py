"""Which tests run on both databases when the whole suite runs, and which on one of the two, drawn by the date.

On both run the tests of statements that differ (`OWN_SQL`), and each test that races or asks which database it has:
that is seen by itself (`differs`). All others use what Django writes for either database, and statements of the first.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, FunctionType

from tests import sampling

# The part of the suite that a process runs: a vendor as Django names it. Without it all tests run.
VENDOR = "PICASSO_TEST_VENDOR"
VENDORS = ("postgresql", "sqlite")
# Where PostgreSQL can't be had: what was drawn for it, on SQLite.
DRAWN_FOR_POSTGRES = "drawn for postgresql"

# What tells that a module writes SQL itself or locks rows, which SQLite does not.
SIGNS = re.compile(r"cursor\(\)|RawSQL|\.vendor\b|select_for_update|\(Func\)")


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
    "jobs/batch_writer.py": ["batching.py"],
    "jobs/commands.py": ["states.py"],
    "jobs/process_again.py": tests_of(
        "bulk_actions", "a_failed_file", "a_file_is_made", "bulk_moves", "what_has_ended_can_run"
    ),
    "jobs/settle.py": ["states.py"],
    "jobs/sql.py": ["batching.py", "claims.py", "states.py"],
    "jobs/states.py": ["states.py"],
    "jobs/summary.py": ["jobs_api.py"],
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
    "receive/lock_queries.py": ["uploads.py"],
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

# Names in a test, or in what it calls of its own file, by which it depends on the database.
NAMES = frozenset({"side_by_side", "in_background", "Barrier", "vendor"})


def runs_on(vendor: str, test: str, function: object, *, uses_database: bool, skipped: bool) -> bool:
    """Whether the part that has this database runs the test with this id. ``skipped``: on some systems it may be."""
    if not uses_database:
        return vendor == "sqlite"
    if sampling.everything() or skipped or test.startswith(OF_DIFFERENCES) or differs(function):
        return vendor != DRAWN_FOR_POSTGRES
    return drawn(test) == vendor.removeprefix("drawn for ")


def drawn(test: str) -> str:
    return random.Random(f"{sampling.seed()} {test}").choice(VENDORS)


def differs(function: object, seen: frozenset[str] = frozenset()) -> bool:
    """Whether a test races, or asks which database it has, by itself or by functions of its file."""
    if not isinstance(function, FunctionType):
        return True  # nothing is known of it
    found = set(names_in(function.__code__))
    if found & NAMES:
        return True
    inner = {name: function.__globals__.get(name) for name in found - seen}
    own = [each for each in inner.values() if getattr(each, "__module__", "") == function.__module__]
    return any(differs(each, seen | found) for each in own if isinstance(each, FunctionType))


def names_in(code: CodeType) -> Iterator[str]:
    """The names that it uses, also in functions and lambdas inside of it."""
    yield from code.co_names
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from names_in(each)


def with_own_sql(package: Path) -> set[str]:
    """The modules of `picasso` that `OWN_SQL` has to list."""
    modules = [path for path in package.rglob("*.py") if "migrations" not in path.parts]
    return {path.relative_to(package).as_posix() for path in modules if SIGNS.search(path.read_text())}
