"""JSON, its sequences of values, and formats in JSON by their members."""

from __future__ import annotations

import json
import re

from picasso.detection.media_types import JSON, NDJSON
from picasso.detection.text.sample import START, Sample

GEOJSON, GEOJSON_SEQUENCE = "application/geo+json", "application/geo+json-seq"

# What is not parsed is searched for members in so many characters, and more than so many do not count.
KEY = re.compile(r'"([$@\w.:-]{1,40})"\s{0,20}:')

# They may hold any format in JSON.
JSON_TYPES = {JSON, NDJSON}

FEATURES = {"Feature": "geometry", "FeatureCollection": "features"}
GEOMETRIES = {
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
}

# The members of an object, and the type that they show. The most certain first.
BY_MEMBERS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset(("nbformat", "cells")), "application/x-ipynb+json"),
    (frozenset(("nbformat", "worksheets")), "application/x-ipynb+json"),
    (frozenset(("@context",)), "application/ld+json"),
    (frozenset(("@graph", "@id")), "application/ld+json"),
    (frozenset(("start_url", "icons")), "application/manifest+json"),
    (frozenset(("asset", "scenes")), "model/gltf+json"),
    (frozenset(("asset", "meshes")), "model/gltf+json"),
    (frozenset(("asset", "bufferViews")), "model/gltf+json"),
    (frozenset(("type", "objects", "arcs")), "application/topo+json"),
)
# Programs write line ends into strings, though JSON forbids it.
DECODER = json.JSONDecoder(strict=False)


def detect_json(sample: Sample) -> str | None:
    """The media type of a text that begins with a bracket, or None if it is no JSON."""
    try:
        value, end = DECODER.raw_decode(sample.all)
    except json.JSONDecodeError as fault:
        is_cut_off = fault.msg.startswith("Unterminated") or fault.pos >= len(sample.all) - 12
        return type_of_beginning(sample) if is_cut_off and len(sample.all) > START else None
    except (RecursionError, ValueError):
        return None
    rest = sample.all[end : end + 200]
    values = rest.lstrip()
    if sample.has_record_separators:
        return type_of_sequence(sample, value)
    if not values:
        return type_of_value(value)
    if "\n" in sample.all[:end]:
        return None  # values of several lines, which no format has
    is_next_line = "\n" in rest[: len(rest) - len(values)] and values[0] in "{["
    return type_of_sequence(sample, value) if is_next_line else None


def is_json(media_type: str) -> bool:
    return media_type in JSON_TYPES or media_type.endswith(("+json", "/json5", "json-seq"))


def type_of_sequence(sample: Sample, value: object) -> str:
    """Of values on lines of their own, or behind record separators (RFC 7464, and RFC 8142 for GeoJSON)."""
    if not sample.has_record_separators:
        return NDJSON
    kind = value.get("type") if isinstance(value, dict) else None
    # Hardly any other sequence has these types, so a member may be missing.
    return GEOJSON_SEQUENCE if isinstance(kind, str) and kind in {*GEOMETRIES, *FEATURES} else "application/json-seq"


def type_of_value(value: object) -> str:
    if not isinstance(value, dict):
        return JSON
    if is_geojson(value):
        return GEOJSON
    return "application/har+json" if is_har(value) else type_of_members(value)


def is_geojson(value: dict[str, object]) -> bool:
    """RFC 7946."""
    kind = value.get("type")
    if not isinstance(kind, str):
        return False
    if kind in FEATURES:
        return FEATURES[kind] in value
    return kind in GEOMETRIES and bool(value.keys() & {"coordinates", "geometries"})


def is_har(value: dict[str, object]) -> bool:
    log = value.get("log")
    return isinstance(log, dict) and isinstance(log.get("entries"), list) and isinstance(log.get("version"), str)


def type_of_members(value: dict[str, object]) -> str:
    if str(value.get("$schema", "")).startswith(("http://json-schema.org/", "https://json-schema.org/")):
        return "application/schema+json"
    if str(value.get("version", "")).startswith("https://jsonfeed.org/version/"):
        return "application/feed+json"
    if value.get("type") == "CityJSON":
        return "application/city+json"
    if "asset" in value and not isinstance(value["asset"], dict):
        return JSON
    return next((media_type for members, media_type in BY_MEMBERS if members <= value.keys()), JSON)


def type_of_beginning(sample: Sample) -> str:
    """Of JSON that goes on after the head: by the names of members in its start."""
    start = sample.start
    keys = frozenset(KEY.findall(start))
    if re.search(r'"type"\s{0,20}:\s{0,20}"FeatureCollection"', start):
        return GEOJSON
    if sample.text.startswith("[") and sample.text[1:].lstrip()[:1] != "{":
        return JSON
    return next((media_type for members, media_type in BY_MEMBERS if members <= keys), JSON)
