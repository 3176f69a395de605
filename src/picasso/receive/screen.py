"""Looks at the first bytes of content while it arrives, and ends an upload that its policy will not accept."""

from __future__ import annotations

from collections.abc import Callable

from picasso.access.policies import require
from picasso.detection import HEAD, possible_types
from picasso.policy import Policy, check_beginning

UNKNOWN_SIZE = 2**60


class Screen:
    """For the content of one upload, which is looked at once: when as much of it is there as detection looks at.

    Shorter content is left to the commit, which looks at all files.
    """

    def __init__(
        self,
        policy: Callable[[], Policy],
        *,
        size: int | None = None,
        name: Callable[[], str] = lambda: "",
        before: bytes = b"",
    ) -> None:
        """Create a screen.

        Args:
            policy: what is known of the policy by now; asked at the start and for the look.
            size: how many bytes there will be at least.
            name: the client's name of the file, as far as it is known.
            before: the first bytes that arrived in earlier requests.
        """
        self._policy = policy
        self._size = size
        self._name = name
        self._head = bytearray(before[:HEAD])
        self.wants_more = len(self._head) < HEAD
        self.limit = policy().largest_size
        """The most bytes that the content may have; None without a limit. After `check` the limit of its type."""

    def add(self, chunk: bytes) -> bool:
        """Whether it is time for `check`."""
        self._head += chunk[: HEAD - len(self._head)]
        self.wants_more = len(self._head) < HEAD
        return not self.wants_more and applies(self._policy())

    def check(self) -> None:
        """In a thread: it takes up to some milliseconds. Raises `NotAccepted`."""
        policy = self._policy()
        types = possible_types(bytes(self._head), self._size or UNKNOWN_SIZE, self._name())
        if types:
            require(check_beginning(policy, types, self._size or HEAD))
            self.limit = policy.largest_of(each for each in types if policy.allows(each))


def applies(policy: Policy) -> bool:
    """Whether the first bytes matter."""
    return policy.restricts_types or bool(policy.sizes)
