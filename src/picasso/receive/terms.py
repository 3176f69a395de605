"""What holds for a new file: what its client asks for, within what its principal, pipeline and project allow."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from picasso.access.principal import Principal
from picasso.access.token_limits import TokenLimits
from picasso.errors import Forbidden, InvalidField
from picasso.metadata import Attributes, add_tags, parse_attributes
from picasso.models import Visibility
from picasso.receive import webhook_urls

DEFAULT_PIPELINE = "default"

MAX_EXPIRY = timedelta(days=100 * 366)

NO_EXPIRY = "expires_at must be a time in the future with its offset from UTC, such as 2031-12-31T23:59:59Z."


class PipelineRules(Protocol):
    """The pipelines that exist, and what they say about their files."""

    def __contains__(self, name: str, /) -> bool: ...

    def visibility(self, name: str, /) -> str:
        """Of its files; empty if the project decides."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a client asks for; None where it leaves it to the service."""

    pipeline: str | None = None
    visibility: str | None = None
    expires_at: datetime | None = None
    tags: Sequence[str] = ()
    attributes: Attributes = field(default_factory=dict)
    webhook_url: str | None = None


NO_WISHES = Wishes()


@dataclass(frozen=True, slots=True)
class Terms:
    """What was decided."""

    project_id: int
    owner: str
    pipeline: str
    visibility: str
    expires_at: datetime | None
    limits: TokenLimits | None
    tags: Sequence[str]
    attributes: Attributes
    webhook_url: str = ""
    """Gets the events of the file; empty for none."""


def decide(principal: Principal, wishes: Wishes, pipelines: PipelineRules) -> Terms:
    """Raises `Unauthorized` for a stranger, `Forbidden`, `WebhookHostNotAllowed`, `InvalidField`."""
    pipeline = decide_pipeline(principal, wishes.pipeline, pipelines)
    return Terms(
        principal.project_id,
        principal.owner or "",
        pipeline,
        decide_visibility(principal, wishes.visibility, pipelines.visibility(pipeline)),
        decide_expiry(principal, wishes.expires_at),
        principal.limits,
        decide_tags(principal, wishes.tags),
        decide_attributes(principal, wishes.attributes),
        decide_webhook_url(principal, wishes.webhook_url),
    )


def decide_pipeline(principal: Principal, wish: str | None, pipelines: PipelineRules) -> str:
    forced = principal.limits.pipeline if principal.limits else None
    if forced and wish not in {None, forced}:
        raise Forbidden(f"This token is for the pipeline {forced}.")
    name = forced or (DEFAULT_PIPELINE if wish is None else wish)
    if name not in pipelines:
        raise InvalidField("pipeline", "There is no pipeline of this name.")
    allowed = principal.project.pipelines if principal.project else None
    if allowed is not None and name not in allowed:
        raise Forbidden(f"The pipeline {name} is not allowed in this project.")
    return name


def decide_visibility(principal: Principal, wish: str | None, of_pipeline: str) -> str:
    """A token goes to a browser. So it makes a file public only if the application, or a setting, says so."""
    forced = principal.limits.visibility if principal.limits else None
    default = forced or of_pipeline or (principal.project.visibility if principal.project else Visibility.PRIVATE)
    if wish in {None, default}:
        return default
    if principal.limits and (forced or wish == Visibility.PUBLIC):
        raise Forbidden(f"Files of this token are {default}.")
    return check_visibility(wish)


def check_visibility(value: object) -> str:
    if value not in tuple(Visibility):
        raise InvalidField("visibility", f"The visibility must be one of {', '.join(Visibility)}.")
    return str(value)


def decide_expiry(principal: Principal, wish: datetime | None) -> datetime | None:
    seconds = principal.limits.expires_in if principal.limits else None
    if not seconds:
        return wish
    latest = datetime.now(UTC) + timedelta(seconds=seconds)
    return min(wish, latest) if wish else latest


def decide_tags(principal: Principal, wish: Sequence[str]) -> Sequence[str]:
    """The client's, and always those of its token. Raises `InvalidField`."""
    forced = principal.limits.tags if principal.limits else ()
    return add_tags(forced, wish) if forced else wish


def decide_attributes(principal: Principal, wish: Attributes) -> Attributes:
    """The client's; where its token has the same key, the token's. Raises `InvalidField`."""
    forced = principal.limits.attributes if principal.limits else {}
    return parse_attributes({**wish, **forced}) if forced else wish


def decide_webhook_url(principal: Principal, wish: str | None) -> str:
    """That of its token, otherwise the client's. Raises what `webhook_urls.check` raises."""
    url = (principal.limits.webhook_url if principal.limits else "") or wish or ""
    if url:
        webhook_urls.check(principal.project.webhook_hosts if principal.project else (), url)
    return url


def parse_expiry(value: object) -> datetime:
    """A time as in RFC 3339, within the next hundred years. Raises `InvalidField`."""
    now, found = datetime.now(UTC), None
    with suppress(ValueError, OverflowError):
        found = datetime.fromisoformat(str(value))
    if found is None or found.tzinfo is None:
        raise InvalidField("expires_at", NO_EXPIRY)
    if not now < found < now + MAX_EXPIRY:
        raise InvalidField("expires_at", "expires_at must be in the future, and within the next hundred years.")
    return found.astimezone(UTC)
