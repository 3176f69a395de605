"""The RateLimit fields of an answer, and the error for too many requests: draft-ietf-httpapi-ratelimit-headers-11."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import ceil, floor

from picasso.errors import RateLimited
from picasso.limits.counters import Taken
from picasso.rate_policies import Policy


def fields(taken: Sequence[Taken]) -> dict[str, str]:
    """Lists of structured fields (RFC 9651), one item for each policy."""
    return {
        "RateLimit-Policy": policy_field(tuple(each.policy for each in taken)),
        "RateLimit": ", ".join(f'"{each.policy.name}";r={each.remaining};t={ceil(each.reset)}' for each in taken),
    }


@lru_cache(maxsize=1024)
def policy_field(policies: tuple[Policy, ...]) -> str:
    return ", ".join(f'"{policy.name}";q={policy.quota};w={policy.window}' for policy in policies)


def refusal(refused: Taken, others: Sequence[Taken] = ()) -> RateLimited:
    """The error for a refused request, with the RateLimit fields of this policy and of ``others`` that counted it."""
    # A second later rather than a fraction too early.
    retry_after = floor(refused.reset) + 1
    headers = fields([*others, refused])
    return RateLimited(refused.policy.name, retry_after, reduced=refused.reduced, headers=headers)
