"""Files whose content a policy refuses, or may refuse, are not served."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from picasso.access.policies import Policies, of_project
from picasso.access.principal import SERVICE
from picasso.access.projects import DEFAULT
from picasso.errors import ContentRefused, NotCheckedYet
from picasso.files.queries import visible_to
from picasso.files.refused import FORBIDDEN, require_accepted
from picasso.jobs import commands
from picasso.models import File, Job
from picasso.policy import NO_POLICY, parse_policy
from tests.flow.rows import new_file, new_job

pytestmark = pytest.mark.django_db

STRICT = Policies(lambda _: parse_policy({"active_content": {"macros": "refuse"}}))
WATCHFUL = Policies(lambda _: parse_policy({"active_content": "flag", "allowed_types": ["image/*"]}))

S = Job.State


def file_with(state: Job.State, error: str = "", facts: dict[str, object] | None = None) -> File:
    ended = state in {S.DONE, S.FAILED, S.CANCELLED}
    file = new_file(state=File.State.FAILED if ended and state != S.DONE else File.State.PROCESSING)
    file.facts = facts or {}
    file.save()
    new_job(file, state=state, error_code=error, processor="document")
    return file


@pytest.mark.parametrize(
    ("state", "error", "expected"),
    [
        (S.WAITING, "", NotCheckedYet),
        (S.RUNNING, "", NotCheckedYet),
        (S.CANCELLED, "", ContentRefused),
        (S.FAILED, "poison", ContentRefused),
        (S.FAILED, "time-limit", ContentRefused),
        (S.FAILED, "forbidden-content", ContentRefused),
        (S.FAILED, "corrupt", None),
        (S.DONE, "", None),
    ],
)
def test_a_strict_policy_waits_for_the_processors(
    state: Job.State, error: str, expected: type[Exception] | None
) -> None:
    file = file_with(state, error)
    if expected:
        with pytest.raises(expected):
            require_accepted(file, STRICT)
    else:
        require_accepted(file, STRICT)
    if error != "forbidden-content":
        require_accepted(file, WATCHFUL)


def test_a_file_that_was_read_before_is_served_while_it_is_processed_again() -> None:
    require_accepted(file_with(S.WAITING, facts={"document": {}}), STRICT)


@pytest.mark.parametrize(
    ("state", "error"),
    [(S.WAITING, ""), (S.RUNNING, ""), (S.CANCELLED, ""), (S.FAILED, "poison"), (S.FAILED, "time-limit")],
)
def test_what_was_found_counts_while_the_job_runs_again(state: Job.State, error: str) -> None:
    file = file_with(state, error, {"document": {"active_content": {"macros": True}}})
    with pytest.raises(ContentRefused):
        require_accepted(file, STRICT)
    require_accepted(file, WATCHFUL)


def test_to_retry_a_job_does_not_open_a_refused_file() -> None:
    file = file_with(S.FAILED, FORBIDDEN, {"document": {"active_content": {"macros": True}}})
    job = Job.everywhere.get(file=file)
    for command in (commands.retry, commands.cancel):
        assert command(job.pk)
        with pytest.raises(ContentRefused):
            require_accepted(visible_to(SERVICE).get(pk=file.pk), STRICT)


def test_an_invalid_policy_accepts_nothing() -> None:
    broken = of_project(replace(DEFAULT, policy={"bombs": str(uuid.uuid4())}))
    assert not broken.allows("text/plain")
    assert of_project(DEFAULT) == NO_POLICY
