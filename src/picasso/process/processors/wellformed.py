"""Whether JSON and XML are well-formed. The cost is bounded, however they are nested or defined."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from functools import partial
from typing import BinaryIO
from xml.parsers import expat

from picasso.charset import MARKS

PIECE = 2**18

# JSON is parsed in one piece. An array of numbers takes some twelve times its length in memory.
MAX_JSON = 32 * 2**20

# expat parses an unfinished token again with each piece.
MAX_TOKEN = 8 * 2**20

JSON = ("application/json", "application/*+json")
XML = ("text/xml", "application/xml", "application/*+xml", "application/xml-*")


def is_well_formed(file: BinaryIO, media_type: str, encoding: str | None) -> bool | None:
    """None for other types, and if the file is too large or too deeply nested to decide, or is an entity bomb."""
    file.seek(0)
    if any(fnmatchcase(media_type, pattern) for pattern in JSON):
        return is_json(file, encoding or "utf-8")
    if any(fnmatchcase(media_type, pattern) for pattern in XML):
        return is_xml(file)
    return None


def is_json(file: BinaryIO, encoding: str) -> bool | None:
    content = file.read(MAX_JSON + 1)
    if len(content) > MAX_JSON:
        return None
    for mark, _ in MARKS:
        content = content.removeprefix(mark)
    try:
        # The value is not needed, so as little of it as possible is kept.
        json.loads(
            content.decode(encoding),
            object_pairs_hook=_discard,
            parse_int=len,
            parse_float=len,
            parse_constant=_reject_constant,
        )
    except RecursionError:
        return None
    except ValueError:
        return False
    return True


def _discard(pairs: list[tuple[str, object]]) -> None:
    pass


def _reject_constant(name: str) -> None:
    raise ValueError(f"{name} is JavaScript")


def is_xml(file: BinaryIO) -> bool | None:
    """Whether it is well-formed; None if that can't be decided.

    No external entity is read. With a default handler, entities within text are not expanded either. Those within
    attributes are; there expat stops those that grow a hundredfold.
    """
    parser = expat.ParserCreate()
    parser.DefaultHandler = _ignore
    parser.buffer_text = True
    try:
        for piece in iter(partial(file.read, PIECE), b""):
            parser.Parse(piece, False)
            if file.tell() - parser.CurrentByteIndex > MAX_TOKEN:
                return None
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        return None if "amplification" in str(error) or error.code == OUT_OF_MEMORY else False
    except (ValueError, LookupError):  # an encoding that Python does not know
        return None
    return True


OUT_OF_MEMORY = expat.errors.codes[expat.errors.XML_ERROR_NO_MEMORY]


def _ignore(_: str) -> None:
    pass
