"""Facts from a picture's header and metadata."""

from __future__ import annotations

from dataclasses import asdict

from picasso.process.contract import JSON
from picasso.process.processors.image import exif, icc, iptc, xmp
from picasso.process.processors.image.picture import Picture, blob, has


def read_facts(picture: Picture, strip_gps: bool) -> dict[str, JSON]:
    """Always has the same keys. None or empty for what the file does not have."""
    tags = picture.tags
    facts = {
        "format": picture.format,
        "width": picture.width,
        "height": picture.height,
        "pages": picture.pages,
        "truncated": picture.truncated,
        "animation": asdict(picture.animation) if picture.animation else None,
        "colour_space": picture.colour_space,
        "has_alpha": picture.has_alpha,
        "bit_depth": picture.bit_depth,
        "dpi": picture.dpi,
        "icc_profile": icc.read_name(blob(tags, "icc-profile-data")),
        "orientation": tags.get("orientation") if has(tags, "orientation") else None,
        "exif": exif.read_exif(tags),
        "iptc": iptc.read_iptc(blob(tags, "iptc-data") or blob(tags, "photoshop-data")),
        "xmp": xmp.read_xmp(blob(tags, "xmp-data")),
        "gps": exif.read_gps(tags),
    }
    return without_location(facts) if strip_gps else facts


def without_location(facts: dict[str, JSON]) -> dict[str, JSON]:
    """Without the position, and without the names of places in IPTC."""
    captions = facts["iptc"]
    remaining = {k: v for k, v in captions.items() if k not in iptc.PLACES} if isinstance(captions, dict) else captions
    return facts | {"gps": None, "iptc": remaining}
