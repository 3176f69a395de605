"""What browsers run in HTML and SVG (HTML Living Standard, sections 4.12.1 and 8.1.8; SVG 2, chapter 15)."""

from __future__ import annotations

import re

# The types of scripts that browsers run or ran. A block of another type is data.
SCRIPT_TYPE = re.compile(
    r"|module|(?:text|application)/(?:x-)?(?:javascript|ecmascript|jscript|livescript|vbscript)[\d.]*", re.IGNORECASE
)
HANDLER = re.compile(r"on[a-z]{3,40}")
# Browsers ignore blanks and control characters before the scheme, and line ends and tabs within it.
ADDRESS = re.compile(
    r"(?:javascript|vbscript|livescript):|data:(?:text/html|text/xsl|[a-z]+/[a-z.+-]{0,40}xml|image/svg)"
)
BLANKS = re.compile(r"[\0-\x20]+")
ADDRESSES = {"href", "src", "action", "formaction", "data", "xlink:href", "to", "values", "from", "background", "base"}
LISTS_OF_ADDRESSES = {"values"}

# The page of `srcdoc` has been decoded once, so references that are left in it may make any letter.
MARKUP = re.compile(r"<script|\bon[a-z]{3,40}\s*=|script\s*:|&#|&colon|&tab|&newline", re.IGNORECASE)

# What a page does by itself after some seconds.
REFRESH = re.compile(r"[\d.\s]*[;,]?\s*(?:url\s*=)?\s*['\"]?")


def is_script_type(media_type: str) -> bool:
    """Whether a browser runs a ``<script>`` that has this ``type``."""
    return SCRIPT_TYPE.fullmatch(media_type.partition(";")[0].strip()) is not None


def has_script(name: str, value: str) -> bool:
    """Whether an attribute has a script: a handler of events, an address that is one, or a page with one."""
    if HANDLER.fullmatch(name):
        return True
    if name == "srcdoc":
        return MARKUP.search(value) is not None
    if name == "content":
        return is_script_address(REFRESH.sub("", value[:200], count=1))
    if name in LISTS_OF_ADDRESSES:
        return any(map(is_script_address, value.split(";")[:1000]))
    return name in ADDRESSES and is_script_address(value)


def is_script_address(value: str) -> bool:
    return ADDRESS.match(BLANKS.sub("", value[:200]).lower()) is not None
