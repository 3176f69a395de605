"""Whether JSON and XML keep to their grammar, at a bounded cost whatever they are nested or defined like."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from functools import partial
from typing import BinaryIO
from xml.parsers import expat

from picasso.process.processors.charset import MARKS

PIECE = 2**18

# JSON is held as a whole: an array of numbers takes some twelve times its length.
MAX_JSON = 32 * 2**20

# Each piece of a token that goes on has expat begin it anew.
MAX_TOKEN = 8 * 2**20

JSON = ("application/json", "application/*+json")
XML = ("text/xml", "application/xml", "application/*+xml", "application/xml-*")


def checked(file: BinaryIO, media_type: str, encoding: str | None) -> bool | None:
    """None for what is neither, or is too large, too deeply nested or too much of a bomb to tell."""
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
        # What is made of it is of no use, so as little as possible is.
        json.loads(
            content.decode(encoding),
            object_pairs_hook=_nothing,
            parse_int=len,
            parse_float=len,
            parse_constant=_no_constant,
        )
    except RecursionError:
        return None
    except ValueError:
        return False
    return True


def _nothing(pairs: list[tuple[str, object]]) -> None:
    pass


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is JavaScript")


def is_xml(file: BinaryIO) -> bool | None:
    """No entity is fetched from anywhere; and where a default handler is, none of the text is expanded either.

    Those within attributes are, and there expat itself stops what grows a hundredfold.
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
    except expat.ExpatError as fault:
        return None if "amplification" in str(fault) or fault.code == OUT_OF_MEMORY else False
    except (ValueError, LookupError):  # an encoding that Python doesn't know
        return None
    return True


OUT_OF_MEMORY = expat.errors.codes[expat.errors.XML_ERROR_NO_MEMORY]


def _ignore(_: str) -> None:
    pass
