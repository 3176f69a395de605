"""The policy after a processor has read a file."""

from __future__ import annotations

from collections.abc import Mapping

from picasso.policy import Policy, check_facts
from picasso.process.contract import JSON, ProcessorError


def judge(policy: Policy, facts: Mapping[str, JSON]) -> dict[str, JSON]:
    """The facts of a processor, with the flags of the policy.

    Raises:
        ProcessorError: ``forbidden-content``; it has the facts.
    """
    verdict = check_facts(policy, facts)
    if verdict.refusal:
        raise ProcessorError(verdict.refusal.code, verdict.refusal.sentence, facts)
    return {**facts, "policy_flags": list(verdict.flags)} if verdict.flags else dict(facts)
