"""Whether an upload is accepted: the policy at the head, and at the commit, when the content has arrived whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from picasso import detection
from picasso.access import token_limits
from picasso.access.policies import Policies, require
from picasso.access.principal import Principal
from picasso.detection import Window
from picasso.models import Upload
from picasso.policy import NO_POLICY, Policy, check_facts, check_file, check_size, look_inside, reacts_to_content
from picasso.receive.content import Content


@dataclass(frozen=True, slots=True)
class Arrived:
    """What is known of content at its commit."""

    media_type: str
    size: int
    declared_type_matches: bool | None


def accept(policy: Policy, window: Window, arrived: Arrived) -> tuple[str, ...]:
    """What the policy wants to be noted in the file's facts. Raises `NotAccepted`.

    Of active content and passwords only what the type or the directory of a ZIP tells; processors tell the rest.
    """
    verdict = check_file(policy, arrived.media_type, arrived.size, arrived.declared_type_matches)
    require(verdict.refusal)
    if not reacts_to_content(policy):
        return verdict.flags
    inside = check_facts(policy, look_inside(window, arrived.media_type))
    require(inside.refusal)
    return verdict.flags + inside.flags


def require_size(policies: Policies, row: Upload, size: int | None) -> None:
    """Refuse by its declared size an upload that is to become a file. May ask the database. Raises `NotAccepted`.

    A part is no file; what it becomes a part of is looked at.
    """
    if not row.is_part:
        limits = token_limits.from_json(row.limits)
        policy = policies.of(cast("int", row.project_id), row.pipeline, limits.policy if limits else NO_POLICY)
        require(check_size(policy, size))


def policy_of_sender(principal: Principal, row: Upload) -> Policy:
    """What the token accepts that continues an upload. `NO_POLICY` if the commit asks for the same.

    It asks for what the token accepts that began the upload, which may have been another one of the same owner.
    """
    mine = principal.limits.policy if principal.limits else NO_POLICY
    if mine == NO_POLICY:
        return NO_POLICY
    begun_with = token_limits.from_json(row.limits)
    return NO_POLICY if begun_with and begun_with.policy == mine else mine


def require_accepted(policy: Policy, row: Upload, content: Content) -> None:
    """For all bytes of an upload, before they count. In a thread. Raises `NotAccepted`."""
    window = Window.of_content(content)
    found = detection.detect(window, row.name).media_type
    matches = detection.declared_type_matches(row.declared_type, found)
    accept(policy, window, Arrived(found, content.size, matches))
