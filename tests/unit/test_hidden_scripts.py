"""Scripts of pages and drawings that hide from a search: what browsers run is found, or the file is ``incomplete``."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from tests.formats import active, document

from picasso.policy import ActiveContent
from picasso.process.processors.document.active import read_active_content
from picasso.process.processors.image import svg_scripts

Facts = dict[str, Any]

HTML = "text/html"
INCOMPLETE = {"incomplete": True}


def found(content: bytes | str, media_type: str) -> Facts:
    active_content = ActiveContent()
    read_active_content(content.encode() if isinstance(content, str) else content, media_type, active_content)
    return active_content.facts()


# Web pages


@pytest.mark.parametrize(
    "page",
    [
        "<!--><script>x</script>-->",
        "<!---><script>x</script>-->",
        "<!-- a --!><script>x</script>-->",
        "<!-- a <!--><script>x</script>",
        "<![CDATA[><script>x</script>]]>",
        "<![if !x><script>x</script><![endif]>",
        '<noscript><p title="</noscript><img src=x onerror=x()>">',
        '<xmp/><a title="</xmp><script>x</script>">',
        '<style/><a title="</style><script>x</script>">',
        '<noembed><a title="</noembed><script>x</script>">',
        "<style></style/><script>x</script>",
        "<style></style x><img src=x onerror=x()>",
        "<svg><style><img src=x onerror=x()></style></svg>",
        '<img/src="x"/onerror=x()>',
        "<meta http-equiv=refresh content='0;url=javascript:x()'>",
        "<iframe srcdoc='<a href=j&amp;#97;vas&amp;#99;ript:x()>'>",
        "<svg><use xlink:href='data:image/svg+xml,x'>",
        "<svg><a><animate attributeName=href values='x;javascript:x()'>",
    ],
)
def test_scripts_of_a_page_however_written(page: str) -> None:
    assert found(f"<!DOCTYPE html><body>{page}", HTML) == {"javascript": 1}


@pytest.mark.parametrize(
    "page",
    [
        "<!-- <script>x</script> -->",
        "<!--[if IE]><p>x</p><![endif]-->",
        "<textarea><script>x</script></textarea>",
        "<p title='<script>x</script>'>",
        "<iframe srcdoc='&amp;lt;p>'>",
        "<meta name=description content='javascript is on'>",
        "<script type=importmap>{}</script>",
    ],
)
def test_what_does_not_run_in_a_page(page: str) -> None:
    assert found(f"<!DOCTYPE html><body>{page}", HTML) == {}


@pytest.mark.parametrize("open_end", ["<!--", "<style ", '<a href="', "</style ", "<![", "<?"])
def test_what_never_ends_is_not_looked_for_each_time(open_end: str) -> None:
    """Python's parser would take hours."""
    assert found("<body onload=x()>" + open_end * 100_000, HTML) == {"javascript": 1}


@pytest.mark.parametrize(
    ("prolog", "body"),
    [
        ('<!DOCTYPE html [<!ENTITY a "<script>x()</script>">]>', "&a;"),
        ('<!DOCTYPE html [<!ATTLIST p onclick CDATA "x()">]>', "<p/>"),
        ("", "<h:script xmlns:h='http://www.w3.org/1999/xhtml'>x</h:script>"),
        ("<?xml-stylesheet type='text/xsl' href='data:text/xsl,x'?>", ""),
    ],
)
def test_scripts_of_xhtml(prolog: str, body: str) -> None:
    page = f'<?xml version="1.0"?>{prolog}<html xmlns="http://www.w3.org/1999/xhtml"><body>{body}</body></html>'
    assert found(page, "application/xhtml+xml") == {"javascript": 1}


def test_chapters_may_have_any_name() -> None:
    page = '<html xmlns="http://www.w3.org/1999/xhtml"><script>x</script></html>'
    assert found(active.with_parts(document.epub(), {"c.foo": page}), "application/epub+zip") == {"javascript": 1}


# Drawings


def found_in_drawing(content: bytes, folder: Path) -> Facts:
    (folder / "drawing").write_bytes(content)
    with (folder / "drawing").open("rb") as file:
        return svg_scripts.read_active_content(file).facts()


@pytest.mark.parametrize(
    ("prolog", "body", "expected"),
    [
        ("", "<h:script xmlns:h='h'>x</h:script>", {"javascript": 1}),
        ("", "<SCRIPT>x</SCRIPT>", {"javascript": 1}),
        ("", "<handler>x</handler>", {"javascript": 1}),
        ("", "<a href='data:application/xml,x'/>", {"javascript": 1}),
        ("", "<a xml:base='javascript:/' href='x'/>", {"javascript": 1}),
        ("", "<animate attributeName='href' values='x;javascript:x()'/>", {"javascript": 1}),
        ("", "<style>@import url(http://example.org/a.css);</style>", {"external_links": 1}),
        ("", "<rect style='fill:url(//example.org/a.svg#x)'/>", {"external_links": 1}),
        ("", "<rect style='fill:url(#x)'/><style>a{fill:url(#y)}</style>", {}),
        ("<?xml-stylesheet href='http://example.org/a.css'?>", "", {"external_links": 1}),
        ("<?xml-stylesheet type='text/xsl' href='#x'?>", "", {"javascript": 1}),
        ("<?xml-stylesheet type='text/css' href='#x'?>", "", {}),
        ("<!DOCTYPE svg [<!ENTITY a '<script>x</script>'>]>", "&a;", {"javascript": 1}),
        ("<!DOCTYPE svg [<!ATTLIST svg onload CDATA 'x()'>]>", "", {"javascript": 1}),
        ("<!DOCTYPE svg [<!ENTITY % a '<!ENTITY b \"x\">'> %a;]>", "&b;", INCOMPLETE),
        ("<!DOCTYPE svg SYSTEM 'x.dtd'>", "&b;", INCOMPLETE),
        ("<!DOCTYPE svg SYSTEM 'x.dtd'>", "", {}),
        ("", "<g></x><script>x</script>", INCOMPLETE),
        ("", "<script>x</script><b", {"javascript": 1, "incomplete": True}),
        ("", "\xe4", {}),
    ],
)
def test_drawings(prolog: str, body: str, expected: Facts, tmp_path: Path) -> None:
    drawing = f'{prolog}<svg xmlns="http://www.w3.org/2000/svg">{body}</svg>'
    for content in (drawing.encode(), gzip.compress(drawing.encode("utf-16"))):
        assert found_in_drawing(content, tmp_path) == expected


def test_blanks_in_a_style_cost_little(tmp_path: Path) -> None:
    assert found_in_drawing(b"<svg><style>url(" + b" " * 1_000_000 + b"</style></svg>", tmp_path) == {}


@pytest.mark.parametrize("content", [gzip.compress(b"<svg>" + b" " * 9999)[:40], b"<svg>\xe4</svg>", b""])
def test_drawings_that_can_not_be_read_are_incomplete(content: bytes, tmp_path: Path) -> None:
    assert found_in_drawing(content, tmp_path) == INCOMPLETE
