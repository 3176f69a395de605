"""The parameters of the list of files, as the API describes them."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from picasso.api.openapi.constraints import TAG
from picasso.api.parameters import OWNER
from picasso.files.filters import ATTRIBUTES, MAX_TAGS
from picasso.files.listed import PARTS
from picasso.metadata import MAX_KEY
from picasso.models import File
from picasso.query_values import MAX_TEXT

SELECTING = [
    OpenApiParameter("state", enum=list(File.State), description="Only files in this state."),
    OpenApiParameter("processed", bool, description="Only files whose state is, or is not, `processed`."),
    OpenApiParameter(
        "media_type", description="Only of this media type, or of `image/*`. Several with commas: `image/*,video/mp4`."
    ),
    OpenApiParameter("uploaded_after", OpenApiTypes.DATETIME, description="Not before this time (RFC 3339)."),
    OpenApiParameter("uploaded_before", OpenApiTypes.DATETIME, description="Before this time."),
    OpenApiParameter("size_min", int, description="Bytes, at least."),
    OpenApiParameter("size_max", int, description="Bytes, at most."),
    OpenApiParameter("sha256", description="Only files with these bytes: SHA-256 in hex."),
    OpenApiParameter("name", description="Only files whose name contains this, in capital or small letters."),
    OWNER,
    OpenApiParameter(
        "tag",
        {"type": "array", "items": TAG, "maxItems": MAX_TAGS},
        description="Only files with this tag. Given several times: with all of them.",
    ),
    OpenApiParameter("pipeline", description="Only files of this pipeline."),
    OpenApiParameter("error", description="Only files that failed with this error code."),
    # Each member is a parameter of its own (OpenAPI: style `form`, exploded), so this name is not sent.
    OpenApiParameter(
        "attributes",
        {
            "type": "object",
            "propertyNames": {"pattern": r"^attributes\.[^\x00]+$", "maxLength": len(ATTRIBUTES) + MAX_KEY},
            "additionalProperties": {
                "type": "string",
                "minLength": 1,
                "maxLength": MAX_TEXT,
                "pattern": r"^[^\x00\n]*$",
            },
            "maxProperties": 8,
        },
        style="form",
        explode=True,
        description="`attributes.KEY=VALUE`: only files with this attribute. The value is a text, or a number, `true`, "
        "`false` or `null` as in JSON.",
    ),
    OpenApiParameter(
        "ordering",
        enum=["uploaded_at", "-uploaded_at", "size", "-size", "name", "-name"],
        default="-uploaded_at",
        description="With `-` from the newest, the largest, or the last by Unicode code points.",
    ),
]
"""Filters and order."""

FILE_PARAMETERS = [
    *SELECTING,
    OpenApiParameter(
        "include",
        {"type": "array", "items": {"type": "string", "enum": list(PARTS)}, "minItems": 1, "maxItems": len(PARTS)},
        style="form",
        explode=False,
        description="What each file has as well, with commas: `thumbnail` is the derivative to show as its picture,"
        " with its ThumbHash; `error` says why processing failed.",
    ),
    OpenApiParameter(
        "count",
        enum=["exact", "fast"],
        default="exact",
        description="`fast`: a filtered list may have `count_at_least` instead of `count`, which costs less.",
    ),
]
