"""Which derivative is shown as the small picture of a file."""

from __future__ import annotations

import re
from collections.abc import Iterable

from picasso.models import Derivative

# The roles of the small picture of a file, the best one first.
ROLES = re.compile(r"(thumbnail-)|(poster$)|(cover$)|(page-1$)|(waveform$)")
SIDE = 256
"""Pixels."""


def thumbnail_of(derivatives: Iterable[Derivative]) -> Derivative | None:
    """The sizes and formats of thumbnails are options of a pipeline. None if no derivative is such a picture."""
    pictures = [each for each in derivatives if each.media_type.startswith("image/")]
    return min((each for each in pictures if ROLES.match(each.role)), key=_order, default=None)


def _order(derivative: Derivative) -> tuple[int, int, int]:
    """By role, then by the distance to the wanted size, then the shorter role, which is the more common format."""
    role = ROLES.match(derivative.role)
    side = max(derivative.width or 0, derivative.height or 0)
    return role.lastindex or 0 if role else 0, abs(side - SIDE), len(derivative.role)
