"""The name of a file in a Content-Disposition (RFC 6266), as browsers and other programs write it."""

from __future__ import annotations

import re
from contextlib import suppress
from urllib.parse import unquote

from multipart import content_disposition_unquote

from picasso.errors import BadRequest

# A parameter of a header: its value in quotes as browsers send it, in quotes with escapes, with quotes that were not
# escaped, or bare. The library's own pattern misses names with a star (RFC 8187), values that end in a backslash, and
# bare values that are not tokens, as the boundaries of React Native.
PARAMETER = re.compile(
    r""";\s*([\w!#$&+.^`|~*-]+)\s*=\s*("[^"]*"(?=\s*(?:;|$))|"(?:[^"\\]|\\.)*"(?=\s*(?:;|$))|"[^"]*"[^;]*|[^;]*)""",
    re.ASCII,
)


def name_in(disposition: str) -> str | None:
    """The file name of a Content-Disposition that was read as Latin-1; None if it has none.

    Browsers send raw UTF-8 with %22 for quotes (WHATWG); others RFC 8187's ``filename*``, or Latin-1. Raises
    `BadRequest` if the end of the name is not known: a quote has no end, or what follows a bare name is no parameter.
    """
    found = parameters(disposition)
    charset, _, encoded = found.get("filename*", "").strip('"').partition("'")
    if charset.lower() in {"utf-8", "utf8", "iso-8859-1"}:
        with suppress(UnicodeDecodeError):
            return unquote(encoded.partition("'")[2], encoding=charset, errors="strict")
    if "filename" not in found:
        return None
    if found["filename"].startswith('"') and found["filename"].count('"') == 1:
        raise BadRequest("The filename in Content-Disposition begins with a quote that has no end.")
    if not found["filename"].startswith('"') and _has_rest(disposition):
        raise BadRequest("The filename in Content-Disposition has a semicolon, but is not in quotes.")
    # Not with the library's flag for file names, which would cut off path parts: a name is shown as it was sent.
    name = str(content_disposition_unquote(found["filename"]))
    with suppress(UnicodeError):
        return name.encode("latin-1").decode()
    return name


def _has_rest(disposition: str) -> bool:
    """Whether something that is no parameter follows the filename: ``filename=a;b.txt``."""
    *_, last = (match for match in PARAMETER.finditer(disposition) if match[1].lower() == "filename")
    return PARAMETER.sub("", disposition[last.end() :]).strip("; \t") != ""


def parameters(header: str) -> dict[str, str]:
    """Those of a Content-Type or Content-Disposition, by lower-case name; values are still in their quotes."""
    return {name.lower(): value.strip() for name, value in PARAMETER.findall(header)}
