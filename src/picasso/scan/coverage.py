"""Whether clamd, which found nothing, can have seen everything in a file: a check of what it leaves out in silence.

Containers that only clamd opens (CAB, ISO 9660, DMG, 7z, …) are not opened here: for what is inside them there are the
signatures in `deploy/clamd`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from picasso.scan import formats, seven_zips, streams, tars, zips
from picasso.scan.answers import Answer, Reason
from picasso.scan.parts import Budget, Found, LeftOut, Part, stored, temporary_file

MAX_DEPTH = 20
"""Containers in one another. clamd's own limit is 17 (MaxRecursion)."""

HEAD = tars.BLOCK

Look = Callable[[Iterable[bytes]], Answer]
"""Sends content to clamd."""


class Coverage:
    def __init__(self, look: Look, unpacks_rar: Callable[[], bool], budget: Budget) -> None:
        self._look = look
        self._unpacks_rar = unpacks_rar
        self._budget = budget

    def answer(self, part: Part) -> Answer:
        """Why clamd can't have seen everything in a file, or what it finds in it at a closer look. Raises `OSError`."""
        try:
            self._check_file(part)
        except LeftOut as left_out:
            return Answer(reason=left_out.reason)
        except Found as found:
            return found.answer
        return Answer()

    def _check_file(self, part: Part) -> None:
        head = part.read(0, HEAD)
        if formats.IGNORED.match(head):
            self._look_closer(part.pieces())
        if not self._check_packed(part, head, 1):
            self._check_zip(part, 1)  # also behind other content

    def _check_part(self, part: Part, depth: int) -> None:
        """A file in a file."""
        head = part.read(0, HEAD)
        if formats.IGNORED.match(head):
            self._look_closer(self._budget.counted(part.pieces()))
        elif not self._check_packed(part, head, depth) and zips.is_zip(head):
            self._check_zip(part, depth)

    def _check_packed(self, part: Part, head: bytes, depth: int) -> bool:
        """False if the file may be a ZIP."""
        if depth > MAX_DEPTH:
            raise LeftOut(Reason.LIMITS)
        if formats.NOT_UNPACKED.match(head) or (head.startswith(formats.RAR) and not self._unpacks_rar()):
            raise LeftOut(Reason.UNSUPPORTED)
        if head.startswith(seven_zips.SIGNATURE):
            seven_zips.check(part)
        elif content := streams.unpack_file(part, head):
            self._check_content(content, depth + 1)
        elif tars.is_tar(head):
            for file in tars.contents(part):
                self._budget.count_entry()
                self._check_part(file, depth + 1)
        else:
            return False
        return True

    def _check_zip(self, part: Part, depth: int) -> None:
        for entry in zips.entries(part, self._budget.limit):
            self._budget.count_entry()
            self._check_content(entry, depth + 1)

    def _check_content(self, pieces: Iterator[bytes], depth: int) -> None:
        """What is unpacked: all of it is read, and stored where it may be a container itself."""
        counted = self._budget.counted(pieces)
        head = b""
        while len(head) < HEAD and (piece := next(counted, b"")):
            head += piece
        content = chain((head,), counted)
        if formats.IGNORED.match(head):
            self._look_closer(content)
        elif is_container(head):
            with temporary_file() as file:
                self._check_part(stored(file, content), depth)
        else:
            for _ in content:
                pass

    def _look_closer(self, content: Iterable[bytes]) -> None:
        """With a byte before it that hides its type from clamd: then clamd searches it as it is."""
        if (answer := self._look(chain((b"\0",), content))) != Answer():
            raise Found(answer)


def is_container(head: bytes) -> bool:
    return (
        zips.is_zip(head)
        or head.startswith((*streams.FILES, seven_zips.SIGNATURE, formats.RAR))
        or formats.NOT_UNPACKED.match(head) is not None
        or tars.is_tar(head[:HEAD])
    )
