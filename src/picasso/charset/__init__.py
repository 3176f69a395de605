"""The encoding of bytes that are text: files, names in archives, tags. For the door and for all processors.

The order is always the same: a byte order mark, a declaration, validity as UTF-8 or UTF-16, and then the most likely
encoding. `classify` is cheap enough for each upload; `detect` and `decode_bytes` do all of it.
"""

from picasso.charset.cleaning import REPLACEMENT, clean_text
from picasso.charset.declarations import declared_encoding, html_encoding, source_encoding, xml_encoding
from picasso.charset.decoding import (
    UNKNOWN_AS,
    Decoded,
    Decoder,
    decode_as,
    decode_bytes,
    decode_file,
    decode_together,
    repair_latin1,
)
from picasso.charset.detection import Encoding, detect, detect_in_file, detect_together
from picasso.charset.escaping import escape, escape_doubtful, escaped_bytes, is_escaped, unescape, unescape_together
from picasso.charset.guessing import guess_encoding
from picasso.charset.guessing import prepare as prepare_guessing
from picasso.charset.labels import encoding_by_label
from picasso.charset.languages import prefer_languages, preferred_languages
from picasso.charset.marks import HEAD, MARKS, Kind, classify, encoding_from_head

__all__ = [
    "HEAD",
    "MARKS",
    "REPLACEMENT",
    "UNKNOWN_AS",
    "Decoded",
    "Decoder",
    "Encoding",
    "Kind",
    "classify",
    "clean_text",
    "declared_encoding",
    "decode_as",
    "decode_bytes",
    "decode_file",
    "decode_together",
    "detect",
    "detect_in_file",
    "detect_together",
    "encoding_by_label",
    "encoding_from_head",
    "escape",
    "escape_doubtful",
    "escaped_bytes",
    "guess_encoding",
    "html_encoding",
    "is_escaped",
    "prefer_languages",
    "preferred_languages",
    "prepare_guessing",
    "repair_latin1",
    "source_encoding",
    "unescape",
    "unescape_together",
    "xml_encoding",
]
