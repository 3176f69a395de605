"""What is said of a picture, from its header and its metadata."""

from __future__ import annotations

from dataclasses import asdict

from picasso.process.contract import JSON
from picasso.process.processors.image import exif, icc, iptc, xmp
from picasso.process.processors.image.picture import Picture, blob, has


def of(picture: Picture, strip_gps: bool) -> dict[str, JSON]:
    """Always with the same keys; None or empty for what the file does not tell."""
    tags = picture.tags
    told = {
        "format": picture.format,
        "width": picture.width,
        "height": picture.height,
        "pages": picture.pages,
        "animation": asdict(picture.animation) if picture.animation else None,
        "colour_space": picture.colour_space,
        "has_alpha": picture.has_alpha,
        "bit_depth": picture.bit_depth,
        "dpi": picture.dpi,
        "icc_profile": icc.name(blob(tags, "icc-profile-data")),
        "orientation": tags.get("orientation") if has(tags, "orientation") else None,
        "exif": exif.read_exif(tags),
        "iptc": iptc.of(blob(tags, "iptc-data") or blob(tags, "photoshop-data")),
        "xmp": xmp.of(blob(tags, "xmp-data")),
        "gps": exif.read_gps(tags),
    }
    return without_place(told) if strip_gps else told


def without_place(told: dict[str, JSON]) -> dict[str, JSON]:
    """Nor does it tell the names of places that IPTC has."""
    captions = told["iptc"]
    kept = {k: v for k, v in captions.items() if k not in iptc.PLACES} if isinstance(captions, dict) else captions
    return told | {"gps": None, "iptc": kept}
