"""The receivers of webhooks: whether their servers can be reached from here, by the rules that hold for deliveries."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import urlsplit

from picasso.conf import Conf
from picasso.doctor.finding import Finding, Installation, ok, warning
from picasso.models import Webhook
from picasso.outbound import Limits, OutboundError
from picasso.outbound.client import Client, Options

PAGE = "webhooks.md#when-it-fails"
MOST = 20
"""Servers that are asked."""
LIMITS = Limits(connect=5, head=10, total=15, redirects=0)


def check(installation: Installation) -> Iterator[Finding]:
    rows = Webhook.everywhere.filter(enabled=True)
    urls = rows.filter(host="").values_list("url", flat=True)  # what stands for addresses of uploads has none
    if not (origins := sorted({origin_of(url) for url in urls.distinct()[:1000]})):
        yield ok("receivers", "There are no webhooks.")
    yield from asyncio.run(ask_all(installation.conf, origins[:MOST]))
    if failing := rows.filter(failing_since__isnull=False).count():
        what = f"Deliveries of {failing} webhooks fail."
        yield warning("deliveries", what, "Look at `picasso webhooks`; after a week they are disabled.", PAGE)


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


async def ask_all(conf: Conf, origins: list[str]) -> list[Finding]:
    options = Options(rules=conf.outbound_allowed, ports=conf.outbound_ports, proxy=conf.outbound_proxy)
    async with Client(options) as client:
        return list(await asyncio.gather(*(ask(client, origin) for origin in origins)))


async def ask(client: Client, origin: str) -> Finding:
    """Any answer is good: only the address of the webhook itself must take deliveries."""
    try:
        async with client.request("HEAD", f"{origin}/", limits=LIMITS):
            return ok("receivers", f"{origin} can be reached.")
    except OutboundError as error:
        change = "Check its name, DNS and firewalls, and PICASSO_OUTBOUND_ALLOWED for private addresses."
        return warning("receivers", f"{origin} can't be reached: {error.detail}", change, PAGE)
