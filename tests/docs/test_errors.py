"""`docs/errors.md` lists every code of `picasso.error_codes`; tests/unit/test_error_codes.py holds that table."""

import re

from picasso.error_codes import JOB_CODES, REQUEST_CODES
from tests.docs.errors_page import PAGE, page


def test_the_page_is_written_from_the_code() -> None:
    assert PAGE.read_text() == page(), "python -m tests.docs.errors_page"


def test_every_code_is_in_the_page_once() -> None:
    listed = re.findall(r"^\| `([a-z-]+)` \|", PAGE.read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(each.code for each in (*REQUEST_CODES, *JOB_CODES))
