"""What a project, a pipeline or a token accepts: types, sizes, and content that acts by itself.

Pure functions and frozen values. `Policy` is what was configured, `combine` makes one of several, and
`picasso.policy.verdicts` has a function for each moment: the head of a request, the first bytes of the content, the
commit, and the end of a processor.
"""

from picasso.policy.active_content import KINDS, ActiveContent
from picasso.policy.combine import combine
from picasso.policy.door import look_inside
from picasso.policy.model import NO_POLICY, Policy, Reaction
from picasso.policy.parse import PolicyError, parse_policy
from picasso.policy.verdicts import (
    Refusal,
    Verdict,
    check_beginning,
    check_facts,
    check_file,
    check_size,
    judges_content,
    reacts_to_content,
)

__all__ = [
    "KINDS",
    "NO_POLICY",
    "ActiveContent",
    "Policy",
    "PolicyError",
    "Reaction",
    "Refusal",
    "Verdict",
    "check_beginning",
    "check_facts",
    "check_file",
    "check_size",
    "combine",
    "judges_content",
    "look_inside",
    "parse_policy",
    "reacts_to_content",
]
