"""Texts of tags in the encoding that they have, which is often not the one that their format has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from picasso.charset import repair_latin1, unescape_together

# ID3 has Latin-1 as its first encoding, and many programs write that of their country as if it were Latin-1.
WITH_ID3 = {"mp3", "aac", "aiff", "tta", "wav", "w64"}


def readable(texts: Sequence[str], container: str) -> list[str]:
    """``texts`` of one file, with bytes that are not UTF-8 escaped. ``container`` is FFmpeg's name of the format."""
    known = unescape_together(texts)
    return repair_latin1(known) if container in WITH_ID3 else known


def readable_values(tags: Mapping[str, str], container: str) -> dict[str, str]:
    return dict(zip(tags, readable([*tags.values()], container), strict=True))
