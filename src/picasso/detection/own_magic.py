"""Signatures that libmagic does not have, in a file of ours in its own language: `picasso.magic`."""

from __future__ import annotations

import threading
from importlib.resources import as_file, files

from picasso.detection import libmagic
from picasso.detection.libmagic import magic
from picasso.detection.media_types import UNKNOWN, normalize

# What libmagic answers for files that our signatures may know better. All else is not asked again.
VAGUE = frozenset(
    {
        UNKNOWN,
        "application/vnd.ms-outlook",
        "application/vnd.sqlite3",
        "application/x-git",
        "application/x-hdf5",
        "application/x-java-keystore",
        "application/x-executable",
        "application/x-quark-xpress-3",
        "application/x-raw-disk-image",
        "application/x-sharedlib",
        "application/x-stuffit",
        "application/x-virtualbox-vhd",
        "audio/aac",
        "audio/ac3",
        "audio/amr",
        "audio/x-unknown",
        "font/ttf",
        "image/x-intergraph",
        "text/x-po",
        "video/x-jng",
    }
)

# What formats begin with that our signatures tell although the file is text, or nearly.
TEXT_STARTS = (
    b"#?R",
    b"(DWF V0",
    b"<BookFile ",
    b"<MakerFile ",
    b"<stata_dta>",
    b"PF\n",
    b"Pf\n",
    b"\x1b%-12345X",
    b"\x1bE\x1b",
    b"{\\pwi",
)

_cookies = threading.local()


def ask_own(head: bytes) -> str | None:
    """The media type of a file that begins with ``head`` by our own signatures."""
    try:
        cookie = _cookies.own
    except AttributeError:
        with as_file(files("picasso.detection") / "picasso.magic") as path:
            cookie = _cookies.own = magic.Magic(mime=True, magic_file=str(path))
        # Whether something is text, JSON or a tar is decided elsewhere.
        magic.magic_setflags(cookie.cookie, cookie.flags | NO_CHECKS)
    media_type = normalize(cookie.from_buffer(head))
    return None if media_type in {UNKNOWN, "text/plain"} else media_type


NO_CHECKS = (
    magic.MAGIC_NO_CHECK_COMPRESS
    | magic.MAGIC_NO_CHECK_TAR
    | magic.MAGIC_NO_CHECK_ELF
    | libmagic.NO_CHECK_TEXT
    | libmagic.NO_CHECK_CDF
    | libmagic.NO_CHECK_CSV
    | libmagic.NO_CHECK_ENCODING
    | libmagic.NO_CHECK_JSON
)
