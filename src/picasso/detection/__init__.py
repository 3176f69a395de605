"""What a file really is: its media type by its content."""

from picasso.detection.agreement import declared_type_matches
from picasso.detection.beginning import possible_types
from picasso.detection.detector import Detection, detect
from picasso.detection.media_types import UNKNOWN, extension, normalize
from picasso.detection.window import HEAD, Window

__all__ = [
    "HEAD",
    "UNKNOWN",
    "Detection",
    "Window",
    "declared_type_matches",
    "detect",
    "extension",
    "normalize",
    "possible_types",
]
