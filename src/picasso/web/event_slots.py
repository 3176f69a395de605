"""How many requests of one client may wait for events at a time, in one web process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from picasso.errors import TooManyStreams
from picasso.limits.subjects import subject_of_address
from picasso.web.request import Request


class EventSlots:
    def __init__(self, per_client: int) -> None:
        """So many for each credential, and for each address."""
        self._per_client = per_client
        self._taken: Counter[str] = Counter()

    @contextmanager
    def take(self, request: Request) -> Iterator[None]:
        """A context for a request that waits. Raises `TooManyStreams`."""
        subjects = subjects_of(request)
        if not self.are_free(request):
            raise TooManyStreams
        self._taken.update(subjects)
        try:
            yield
        finally:
            self._taken.subtract(subjects)
            for subject in subjects:
                if not self._taken[subject]:
                    del self._taken[subject]

    def are_free(self, request: Request) -> bool:
        return all(self._taken[subject] < self._per_client for subject in subjects_of(request))


def subjects_of(request: Request) -> list[str]:
    principal = request.principal
    who = principal.credential or principal.identity
    return [f"address {subject_of_address(request.client_address)}", *([f"principal {who}"] if who else [])]
