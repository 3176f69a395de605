"""Rate policies: how many requests a subject may send in a window of time, and how the settings write that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}

MAX_QUOTA = 10**9
MAX_WINDOW = 31 * 86_400


@dataclass(frozen=True, slots=True)
class Policy:
    """At most ``quota`` units in ``window`` seconds. A window begins with the first request of its subject."""

    name: str
    quota: int
    window: int


Policies = Mapping[str, Policy]
"""By name. A policy that is not there does not limit."""

DEFAULTS = {
    "address": "3000/60",  # requests without a key, token or session, by address
    "key": "300000/60",
    "token": "6000/60",
    "owner": "6000/60",  # all tokens of one owner together
    "user": "6000/60",  # people who are signed in
    "list": "1200/60",  # lists with filters
    "import": "600/60",  # new imports from URLs
    "schema": "60/60",  # the OpenAPI document
    "sign-in": "30/60",  # attempts, by address
    "failure": "20/60",  # wrong keys and tokens, by address
}
"""By name. All but `sign-in` and `failure` count for whoever sends the request."""

LOCAL_FACTOR = 1000
"""On a developer's own machine the limits are so much higher: they are there, but nobody meets them."""

PROJECT_NAMES = ("requests", "address", "key", "token", "owner", "list", "import")
"""What a project may set. `requests` counts all requests of the project together."""


def parse_policy(name: str, text: str) -> Policy | None:
    """A policy from ``3000/60``; None for ``off``. Raises `ValueError` with the end of a sentence."""
    if text == "off":
        return None
    match = re.fullmatch(r"([1-9]\d{0,9})/(?:(\d{1,7})([smhd]?)|([smhd]))", text, re.ASCII)
    if not match:
        raise _malformed(name)
    quota, window = int(match[1]), int(match[2] or 1) * UNITS[match[3] or match[4] or ""]
    if quota > MAX_QUOTA or not 0 < window <= MAX_WINDOW:
        days = MAX_WINDOW // 86_400
        raise ValueError(
            f"must have a quota of at most {MAX_QUOTA} and a window of 1 second to {days} days, for {name}"
        )
    return Policy(name, quota, window)


def _malformed(name: str) -> ValueError:
    return ValueError(f"must have a quota/window such as 3000/60, 100/5m or 1000000/d, or off, for {name}")


def parse_policies(text: str) -> dict[str, Policy]:
    """The policies of ``address=3000/60,list=off`` with the defaults for all others; none for ``off``.

    Raises `ValueError` with the end of a sentence.
    """
    if text.strip() == "off":
        return {}
    found = {name: parse_policy(name, default) for name, default in DEFAULTS.items()}
    for item in filter(None, re.split(r"[\s,]+", text)):
        name, _, value = item.partition("=")
        if name not in DEFAULTS:
            raise ValueError(f"must be off, or a list of name=quota/window with these names: {', '.join(DEFAULTS)}")
        found[name] = parse_policy(name, value)
    return {name: policy for name, policy in found.items() if policy}


def default_policies(local: bool) -> dict[str, Policy]:
    """``local``: for a developer's own machine."""
    factor = LOCAL_FACTOR if local else 1
    return {name: replace(policy, quota=policy.quota * factor) for name, policy in parse_policies("").items()}


def parse_project_rates(value: object) -> dict[str, Policy | None]:
    """What a project sets as ``{"requests": "1000/60"}``: a policy for each name, None where it is ``off``.

    Raises `ValueError` with the end of a sentence.
    """
    if not isinstance(value, dict):
        raise ValueError('must be an object such as {"requests": "1000/60"}')  # noqa: TRY004 # of JSON, not of a program
    for name, text in value.items():
        if name not in PROJECT_NAMES:
            raise ValueError(f"must have only the names {', '.join(PROJECT_NAMES)}, and not {name}")
        if not isinstance(text, str):
            raise _malformed(name)
    return {name: parse_policy(name, text) for name, text in value.items()}
