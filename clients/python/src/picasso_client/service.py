"""The service that a client speaks to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from picasso_client.config import Login

API = "/api/v1.0/"


@dataclass(frozen=True, slots=True)
class Service:
    login: Login
    retries: int = 8
    """How many times in a row a request may fail."""

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
