"""Which tests run on both databases when the whole suite runs, and which on one of the two, drawn by the date."""

from __future__ import annotations

import random

from tests import sampling

# The part of the suite that a process runs: a vendor as Django names it. Without it all tests run.
VENDOR = "PICASSO_TEST_VENDOR"
VENDORS = ("postgresql", "sqlite")

# Files whose tests ask over HTTP, and whose statements other tests try on both.
DRAWN = (
    *("access_api", "access_links", "audit", "hostile_principal", "matrix", "misspelt", "people", "policy_of_tokens"),
    *("project_cors", "quarantine", "rate_limits", "refused", "runner", "storage", "tokens", "tokens_api"),
    *("uploads_of_others", "useless", "web_app", "worker_app"),
    *("ended_meanwhile", "following", "head", "html_answers", "imports_again", "keys", "languages", "remote_gone"),
    *("remote_node", "tags", "webhook_urls", "webhooks_admin", "webhooks_command"),
)
# It migrates to and fro. Others migrate to each schema, on both.
DRAWN_TESTS = ("bulk_actions.py::test_rows_of_before_get_what_is_new",)
DRAWN_PATHS = (*(f"tests/flow/test_{name}.py" for name in DRAWN), *(f"tests/flow/test_{name}" for name in DRAWN_TESTS))


def runs_on(vendor: str, test: str, *, uses_database: bool) -> bool:
    """Whether the part that has this database runs the test with this id."""
    if not uses_database:
        return vendor == "sqlite"
    if sampling.everything() or not test.startswith(DRAWN_PATHS):
        return True
    return random.Random(f"{sampling.seed()} {test}").choice(VENDORS) == vendor
