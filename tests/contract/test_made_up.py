"""Requests that Schemathesis makes up from the document, alone and in sequences: they are answered as it says.

In a run of a day they are the same each time, so that nobody's run fails by chance. `PICASSO_TEST_ALL` makes up others.
With all of its checks and phases it is run by hand: see `tests/contract/schemathesis.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ensure_resource_availability,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    use_after_free,
)

from tests.contract import schemathesis_hooks  # noqa: F401 - it registers itself
from tests.sampling import everything, number, sample
from tests.stack import Stack

# All made-up requests take minutes, and a multiple of that on a busy machine.
pytestmark = [pytest.mark.live, pytest.mark.timeout(3600 if everything() else 300)]

SCHEMA, QUEUES = "/api/v1.0/schema/", "/api/v1.0/queues/"

SECONDS = 60
"""The longest wait for an answer. No request waits longer for events."""

# Answers that any operation may give and that none lists: the request was none that this API knows.
ANYWHERE = {405, 406}

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OF_SEQUENCES: list[Any] = [*CHECKS, use_after_free, ensure_resource_availability]

STAY = {
    each
    for of_some in tomllib.loads(Path(__file__).with_name("schemathesis.toml").read_text())["operations"]
    if not of_some["checks"].get("use_after_free", {}).get("enabled", True)
    for each in of_some["include-operation-id"]
}
"""Operations that still show what was deleted, as it has only ended."""

OF_ALL = [
    *("pause_queue", "resume_queue", "retry_jobs", "cancel_jobs", "change_files"),
    *("update_project", "delete_project", "rotate_link_keys", "revoke_link_keys"),
]
"""What changes more than a sequence has made: other tests use the same service."""

MADE_UP = settings(
    deadline=None,
    database=None,
    derandomize=not everything(),
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def document_of(service: Stack) -> Any:
    api = schemathesis.openapi.from_url(f"{service.url}{SCHEMA}")
    # Made-up credentials would be refused before anything else; the service here is open.
    api.config.generation.with_security_parameters = False
    return api


@pytest.fixture
def processing(service: Stack) -> Iterator[None]:
    """What made-up requests have paused goes on afterwards: other tests wait for their files."""
    yield
    for queue in service.client.get(QUEUES).json():
        assert service.client.post(f"{QUEUES}{queue['name']}/resume/").status_code == 200


@pytest.mark.usefixtures("processing")
def test_made_up_requests_are_answered_as_documented(service: Stack) -> None:
    """Valid ones and others, for each operation; ids are random, so nothing is deleted."""
    tried: set[str] = set()
    operations: list[Any] = [found.ok() for found in document_of(service).get_all_operations()]
    for operation in sample(operations, lambda each: (each.method, each.path.count("/")), 0.25):

        @given(case=operation.as_strategy())
        @settings(MADE_UP, max_examples=number(12, 3))
        def try_it(case: Any) -> None:
            answer = case.call(timeout=SECONDS)
            if answer.status_code not in ANYWHERE:
                case.validate_response(answer, checks=CHECKS)
            tried.add(operation.label)  # noqa: B023 - called within its turn

        try_it()
    assert len(tried) >= 20


def test_sequences_of_made_up_requests_are_answered_as_documented(embedded: Stack) -> None:
    """What one answer names, the next request uses, by the links of the document."""
    machine: Any = document_of(embedded).exclude(operation_id=OF_ALL).as_state_machine()
    asked: list[tuple[str, int]] = []

    class Sequences(machine):  # type: ignore[misc] # made at run time
        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"timeout": SECONDS}

        def validate_response(self, response: Any, case: Any, additional_checks: Any = None, **kwargs: Any) -> None:
            asked.append((case.operation.label, response.status_code))
            stays = case.operation.definition.raw["operationId"] in STAY
            checks = [each for each in OF_SEQUENCES if not (stays and each is use_after_free)]
            case.validate_response(response, checks=checks, transport_kwargs=kwargs, recorder=self.recorder)

    run_state_machine_as_test(Sequences, settings=settings(MADE_UP, max_examples=number(60, 5), stateful_step_count=6))
    # Which ones they are depends on each word of the document, and on what the service has already.
    assert len({label for label, status in asked if status < 300}) > 2
