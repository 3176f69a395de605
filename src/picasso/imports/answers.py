"""What the header of an answer says about the content: size, range, name, type, and how it can be continued."""

from __future__ import annotations

import re
from email.utils import parsedate_tz
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from picasso.errors import BadRequest
from picasso.imports.errors import EncodingNotSupported, RemoteBusy, RemoteRefused
from picasso.outbound import InvalidAnswer
from picasso.outbound.retry_after import retry_after
from picasso.receive.content_disposition import name_in

if TYPE_CHECKING:
    from picasso.outbound.response import Response

# Another try may succeed: the server is late, early, or asked too often.
BUSY = frozenset({408, 425, 429})

MAX_VALIDATOR = 300

# RFC 9110 §8.8.3, without W/: only a strong one says that the bytes are the same.
STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]*"')

CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.IGNORECASE)

DECODED = frozenset({"gzip", "x-gzip", "deflate"})


class Range(NamedTuple):
    start: int
    stop: int
    """Behind the last byte."""
    total: int | None


def require_content(response: Response, *, ranged: bool) -> None:
    """Raises `RemoteBusy`, `RemoteRefused`, `InvalidAnswer`."""
    status = response.status
    if status == HTTPStatus.OK or (ranged and status in {206, 416}):
        return
    sentence = f"The other server answered {status} {phrase(status)}".rstrip() + "."
    if status in BUSY or status >= 500:
        raise RemoteBusy(sentence, retry_after(response))
    if status == HTTPStatus.PARTIAL_CONTENT:
        raise InvalidAnswer("The other server answered with a part of the content that was not asked for.")
    raise RemoteRefused(sentence)


def phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def content_length(response: Response) -> int | None:
    """Of the content; None if it is not known, or if the content is compressed for the transfer."""
    text = response.headers.get("Content-Length", "")
    return int(text) if not coding_of(response) and re.fullmatch(r"\d{1,18}", text, re.ASCII) else None


def coding_of(response: Response) -> str:
    """How the content is compressed; empty if it is not. Raises `EncodingNotSupported`."""
    codings = [coding.strip().lower() for coding in response.headers.get("Content-Encoding", "").split(",")]
    found = [coding for coding in codings if coding not in {"", "identity"}]
    if len(found) > 1 or (found and found[0] not in DECODED):
        raise EncodingNotSupported(f"The other server compresses its answer as {', '.join(found)[:40]!r}.")
    return found[0] if found else ""


def content_range(response: Response) -> Range | None:
    """None if there is none that makes sense."""
    match = CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    if not match:
        return None
    found = Range(int(match[1]), int(match[2]) + 1, None if match[3] == "*" else int(match[3]))
    return found if found.start < found.stop <= (found.total or found.stop) else None


def validator_of(response: Response) -> str:
    """For If-Range: an entity tag or a date; empty if the content can't be continued later."""
    if response.headers.get("Accept-Ranges", "").strip().lower() == "none" or coding_of(response):
        return ""
    etag = response.headers.get("ETag", "").strip()
    found = etag if etag or not is_date(modified(response)) else modified(response)
    return found if len(found) <= MAX_VALIDATOR and (STRONG_ETAG.fullmatch(found) or is_date(found)) else ""


def modified(response: Response) -> str:
    return response.headers.get("Last-Modified", "").strip()


def is_date(text: str) -> bool:
    return text.isascii() and text.isprintable() and parsedate_tz(text) is not None and not text.startswith('"')


def is_same(response: Response, validator: str) -> bool:
    """Whether what the answer says of its content does not contradict an earlier answer."""
    now = response.headers.get("ETag", "").strip() if validator.startswith('"') else modified(response)
    return now in {"", validator}


def name_of(response: Response, url: str) -> str:
    """As Content-Disposition says, otherwise the last part of a URL; empty if there is none. Never a path."""
    disposition = latin1(response.headers.get("Content-Disposition", ""))
    try:
        named = name_in(disposition) or ""
    except BadRequest:
        named = ""
    # RFC 6266 §4.3: only the last part counts.
    return last_part(named) or name_in_url(response.url) or name_in_url(url)


def latin1(text: str) -> str:
    """As WSGI and ASGI have headers: each character a byte. The library has them in UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def name_in_url(url: str) -> str:
    return last_part(unquote(urlsplit(url).path.rpartition("/")[2], errors="replace"))


def last_part(name: str) -> str:
    found = re.split(r"[/\\]", name)[-1].strip()
    return "" if found in {".", ".."} else found


def type_of(response: Response) -> str:
    return latin1(response.headers.get("Content-Type", ""))
