"""One policy of several that apply at once, such as a project's, a pipeline's and a token's. The strictest wins."""

from __future__ import annotations

from types import MappingProxyType

from picasso.policy.model import NO_POLICY, SUBJECTS, Policy, strictest


def combine(*policies: Policy) -> Policy:
    """A file that the result accepts is accepted by each of ``policies``."""
    # Most are this very object: that is asked first, because to compare two policies takes a microsecond.
    relevant = [policy for policy in policies if policy is not NO_POLICY and policy != NO_POLICY]
    if len(relevant) < 2:
        return relevant[0] if relevant else NO_POLICY
    return Policy(
        allowed=tuple(dict.fromkeys(each for policy in relevant for each in policy.allowed)),
        forbidden=frozenset().union(*(policy.forbidden for policy in relevant)),
        sizes=tuple(each for policy in relevant for each in policy.sizes),
        reactions=MappingProxyType(
            {subject: strictest(*(policy.reaction(subject) for policy in relevant)) for subject in SUBJECTS}
        ),
        active_content=tuple(each for policy in relevant for each in policy.active_content),
    )
