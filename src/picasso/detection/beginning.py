"""What content may turn out to be of which only the first bytes have arrived."""

from __future__ import annotations

from functools import cache

from picasso.detection import libmagic
from picasso.detection.agreement import differs_in_tracks, is_general
from picasso.detection.detector import detect
from picasso.detection.families import bmff, ole, zipped
from picasso.detection.media_types import ENTRIES, UNKNOWN, normalize
from picasso.detection.trailers import BY_TRAILER
from picasso.detection.window import Beginning

OF_COMPOUND_FILES = ("application/encrypted", "application/cdfv2")


def possible_types(head: bytes, size: int, name: str = "") -> tuple[str, ...]:
    """The type of the beginning, and all others that the whole may have; empty if it may have any.

    Args:
        head: the first bytes, as many as detection looks at.
        size: of the whole, as far as it is known.
        name: the client's.
    """
    window = Beginning(head, size)
    likely = detect(window, name).media_type
    if not window.lacks_bytes:
        return (likely,)
    if head.startswith(b"ID3"):
        return ()  # what follows a tag that is longer than this decides
    return tuple(dict.fromkeys((likely, *_more_precise(likely), *_undecided(head, likely))))


@cache
def _more_precise(likely: str) -> tuple[str, ...]:
    """For each of the few types that are general: it takes some milliseconds."""
    return tuple(
        each for each in map(normalize, ENTRIES) if is_general(likely, each) or differs_in_tracks(likely, each)
    )


def _undecided(head: bytes, likely: str) -> tuple[str, ...]:
    """Types that only a part further back tells."""
    if head[4:8] in bmff.FIRST_BOXES:
        return tuple(bmff.TYPES)
    if likely == zipped.ZIP or head.startswith(ole.SIGNATURE):
        return OF_COMPOUND_FILES
    # The end may tell, or confirm what few bytes seem to say.
    return (*BY_TRAILER, libmagic.ask(head)) if likely == UNKNOWN else ()
