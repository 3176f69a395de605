"""The service that a client speaks to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from picasso_client.config import Login

API = "/api/v1.0/"


@dataclass(slots=True)
class Contact:
    """What is known of the service, and who wants to hear that it can't be reached."""

    made: bool = False
    waiting: Callable[[str, int], object] | None = None
    """Is called once, with the fault and about how many seconds more will be tried."""

    def report(self, fault: str, seconds: int) -> None:
        if self.waiting and seconds:
            waiting, self.waiting = self.waiting, None
            waiting(fault, seconds)


@dataclass(frozen=True, slots=True)
class Service:
    login: Login
    retries: int = 8
    """How many times in a row a request may fail."""
    contact: Contact = field(default_factory=Contact)

    def is_own(self, path: str) -> bool:
        return origin(self.url(path)) == origin(self.login.url)

    @property
    def api(self) -> str:
        return self.login.url + API

    def url(self, path: str) -> str:
        """Of a path below the API; what is absolute stays as it is."""
        return urljoin(self.api, path)

    def headers(self, url: str) -> Mapping[str, str]:
        """What authorizes a request. A link to another host must not get the key."""
        if origin(url) != origin(self.login.url):
            return {}
        headers = {"Authorization": f"Bearer {self.login.key}"} if self.login.key else {}
        return {**headers, "Picasso-Project": self.login.project} if self.login.project else headers


def origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
