"""`docs/formats.md` is the table that tests/live/test_formats.py holds the service to."""

from tests.formats.page import PAGE, all_formats, page


def test_the_page_is_the_table() -> None:
    assert PAGE.read_text() == page(), "python -m tests.formats.page"


def test_no_format_is_listed_twice() -> None:
    names = [each.name for each in all_formats()]
    assert len(set(names)) == len(names)
