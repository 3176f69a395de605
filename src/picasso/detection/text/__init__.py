"""Which text format a text is: by a signature, by its structure, by its name. Prose stays plain text."""

from picasso.detection.text.rules import BINARY, detect_beginning, detect_text
from picasso.detection.text.sample import Sample, read_damaged_sample, read_marked_sample, read_sample

__all__ = [
    "BINARY",
    "Sample",
    "detect_beginning",
    "detect_text",
    "read_damaged_sample",
    "read_marked_sample",
    "read_sample",
]
