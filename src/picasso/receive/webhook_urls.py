"""Which addresses an upload may name as its ``webhook_url``."""

from __future__ import annotations

from collections.abc import Collection

from django.conf import settings

from picasso.access.host_patterns import matches
from picasso.errors import InvalidField, WebhookHostNotAllowed
from picasso.outbound import Guard, in_field, parse_target

MAX_URL = 2048


def check(hosts: Collection[str], url: str) -> None:
    """``hosts`` are those that the project allows. The name is resolved later.

    Raises:
        InvalidField: it is too long.
        InvalidUrl, AddressNotAllowed: they name the field.
        WebhookHostNotAllowed
    """
    if len(url) > MAX_URL:
        raise InvalidField("webhook_url", f"webhook_url has more than {MAX_URL} characters.")
    with in_field("webhook_url"):
        target = parse_target(url)
        if not allows(hosts, target.host):
            raise WebhookHostNotAllowed
        Guard(settings.PICASSO.outbound_allowed, settings.PICASSO.outbound_ports).check_target(target)


def allows(hosts: Collection[str], host: str) -> bool:
    return any(matches(host, pattern) for pattern in hosts)
