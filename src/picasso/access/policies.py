"""Which policy applies to a file: those of its project, its pipeline and its token together."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from picasso.access.principal import Principal
from picasso.access.projects import Project, Projects
from picasso.errors import NotAccepted, SizeNotAllowed, TypeNotAllowed
from picasso.policy import NO_POLICY, Policy, PolicyError, Refusal, combine, parse_policy

log = logging.getLogger(__name__)

ERRORS: Mapping[str, type[NotAccepted]] = {"too-large": SizeNotAllowed, "type-not-allowed": TypeNotAllowed}


class Policies:
    """Of all projects and pipelines. Thread-safe."""

    def __init__(
        self, of_pipeline: Callable[[str], Policy] = lambda _: NO_POLICY, pipelines: Sequence[str] = ()
    ) -> None:
        """``pipelines`` are all their names."""
        self._of_pipeline = of_pipeline
        self._only_pipeline = pipelines[0] if len(pipelines) == 1 else None
        self._pipelines_accept_all = bool(pipelines) and all(of_pipeline(name) == NO_POLICY for name in pipelines)
        self._projects = Projects()

    def of(self, project_id: int, pipeline: str, *others: Policy) -> Policy:
        """May ask the database. Raises its errors."""
        return combine(of_project(self._projects.get(project_id)), self._of_pipeline(pipeline), *others)

    def accept_all(self, principal: Principal) -> bool:
        """Whether everything is accepted, whichever pipeline this principal may name."""
        if not self._pipelines_accept_all or principal.project is None or principal.project.policy:
            return False
        return principal.limits is None or principal.limits.policy == NO_POLICY

    def of_request(self, principal: Principal, pipeline: str | None) -> Policy:
        """While a request is received: asks nobody. The pipeline may not be known yet."""
        mine = of_project(principal.project) if principal.project else NO_POLICY
        token = principal.limits.policy if principal.limits else NO_POLICY
        pipeline = pipeline or self._only_pipeline
        return combine(mine, self._of_pipeline(pipeline) if pipeline else NO_POLICY, token)


def of_project(project: Project) -> Policy:
    return parse(json.dumps(project.policy)) if project.policy else NO_POLICY


@lru_cache(maxsize=1024)
def parse(text: str) -> Policy:
    """Settings are checked when they are written. One that is wrong all the same accepts nothing."""
    try:
        return parse_policy(json.loads(text))
    except PolicyError as fault:
        log.warning("the policy of a project is invalid, so its uploads are refused: %s", fault)
        return Policy(forbidden=frozenset({"*/*"}))


def require(refusal: Refusal | None) -> None:
    """Raises `NotAccepted` for a refusal."""
    if refusal:
        raise ERRORS.get(refusal.code, NotAccepted)(refusal.sentence, members=refusal.limits)
