"""Drawings as browsers show them: their units, encodings and compression."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pyvips

from picasso.process.contract import JSON, ProcessorError, Result, Source
from picasso.process.processors.image import Image, svg, svg_bytes

NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'
BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
LAYERS = "".join(f'<g id="g{n}" opacity="0.9"><use href="#g{n - 1}"/></g>' for n in range(1, 600))
RED = f'<svg {NAMESPACE} width="100" height="50"><rect width="100" height="50" fill="#dc1e1e"/></svg>'

Run = Callable[[bytes], Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(content: bytes) -> Result:
        (tmp_path / "original").write_bytes(content)
        (tmp_path / "derived").mkdir(exist_ok=True)
        return Image()(Source(tmp_path / "original", "image/svg+xml"), tmp_path / "derived")

    return run


@pytest.fixture
def centre(tmp_path: Path) -> Callable[[], Any]:
    def centre() -> Any:
        picture = pyvips.Image.new_from_file(str(tmp_path / "derived" / "thumbnail-256.webp"))
        return [round(level) for level in picture(picture.width // 2, picture.height // 2)][:3]

    return centre


def fails(code: str) -> Any:
    return pytest.raises(ProcessorError, match=f"^{code}:")


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ('width="100mm" height="50mm"', (378, 189)),
        ('width="2in" height="1in"', (192, 96)),
        ('width="72pt" height="36pt"', (96, 48)),
        ('width="120" height="60"', (120, 60)),
        ('width="120px" height="60px"', (120, 60)),
        ('viewBox="0 0 24 12"', (24, 12)),
    ],
)
def test_units_are_those_of_css(run: Run, size: str, expected: tuple[int, int]) -> None:
    facts = run(f'<svg {NAMESPACE} {size}><rect width="24" height="12"/></svg>'.encode()).facts
    assert (facts["width"], facts["height"], facts["dpi"]) == (*expected, None)


@pytest.mark.parametrize(
    "content",
    [
        f'<?xml version="1.0" encoding="windows-1251"?><!-- Рисунок -->{RED}'.encode("cp1251"),
        f"<?xml version='1.0' encoding='Shift_JIS' standalone='yes'?><!-- 図 -->{RED}".encode("shift_jis"),
        f'<?xml version="1.0" encoding="UTF-16"?>{RED}'.encode("utf-16"),
        f'<?xml version="1.0"?>{RED}'.encode("utf-16-be"),
        RED.encode("utf-16-le"),
        RED.encode("utf-32"),
        RED.encode("utf-8-sig"),
        f'<?xml version="1.0" encoding="utf-16"?>{RED}'.encode(),
        f'<?xml version="1.0" encoding="nonsense"?>{RED}'.encode(),
        gzip.compress(RED.encode()),
        gzip.compress(RED.encode("utf-16")),
        f"<!-- {'long ' * 2_000} -->{RED}".encode(),
        RED.replace("<", "<s:").replace("<s:/", "</s:").replace("xmlns=", "xmlns:s=").encode(),
    ],
    ids=[
        "cp1251",
        "sjis",
        "utf16",
        "be",
        "no-declaration",
        "utf32",
        "mark",
        "wrong",
        "unknown",
        "svgz",
        "svgz-utf16",
        "comment",
        "prefix",
    ],
)
def test_a_drawing_of_any_encoding_is_drawn(run: Run, centre: Callable[[], Any], content: bytes) -> None:
    facts = run(content).facts
    assert (facts["format"], facts["width"], facts["height"]) == ("svg", 100, 50)
    assert max(abs(a - b) for a, b in zip(centre(), (220, 30, 30), strict=True)) < 8


@pytest.mark.parametrize("body", ['<symbol id="a" viewBox="0 0 10 10"><path d="M0 0h10v10z"/></symbol>', "<defs/>", ""])
def test_a_drawing_that_shows_nothing_is_not_damaged(run: Run, body: str) -> None:
    result = run(f"<svg {NAMESPACE}>{body}</svg>".encode())
    assert (result.facts["width"], result.facts["height"]) == (300, 150)
    assert len(result.derivatives) == 2


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(RED.encode())[:60],
        f'<?xml version="1.0" encoding="utf-16"?>{RED}'.encode("utf-16")[:-31],
        b"\xff\xfe<\0s",
        b"<html/>",
        b'<?xml version="1.0" encoding="punycode"?>' + b"<a>\xff",
    ],
    ids=["svgz", "utf16", "short", "html", "codec"],
)
def test_a_damaged_drawing_is_corrupt(run: Run, content: bytes) -> None:
    with fails("corrupt"):
        run(content)


def test_a_compressed_drawing_is_limited(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(svg_bytes, "MAX_UNPACKED", 10_000)
    with fails("too-large"):
        run(gzip.compress(RED.encode() + b" " * 20_000))


def test_a_drawing_is_examined_before_it_is_drawn(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(content: bytes, scale: float) -> None:
        raise AssertionError

    monkeypatch.setattr(svg, "_draw", draw)
    with pytest.raises(ProcessorError) as caught:
        run(f"<svg {NAMESPACE}>{'<rect/>' * svg.MAX_ELEMENTS}</svg>".encode())
    assert caught.value.code == "too-complex"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ('<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg><text>&x;</text></svg>', "unsupported-format"),
        (f'<!DOCTYPE svg [<!ENTITY a0 "{"a" * 40}">{BOMB}]><svg><text>&a9;</text></svg>', "too-complex"),
        (f"<svg {NAMESPACE}>{'<g>' * 300}{'</g>' * 300}</svg>", "too-complex"),
        (
            f'<svg {NAMESPACE} width="9" height="9"><g id="g0"><rect width="9" height="9"/></g>{LAYERS}</svg>',
            "too-complex",
        ),
        (f'<svg {NAMESPACE} width="1e9"><rect width="9" height="9"/></svg>', "too-many-pixels"),
        (f'<svg {NAMESPACE} width="1" height="3e8mm"><rect width="9" height="9"/></svg>', "too-many-pixels"),
        (f'<svg {NAMESPACE} width="1e400" height="1"><rect width="9" height="9"/></svg>', "too-many-pixels"),
    ],
    ids=["external", "entities", "depth", "layers", "wide", "high", "infinite"],
)
def test_a_drawing_that_is_refused_is_not_called_damaged(run: Run, content: str, code: str) -> None:
    with fails(code):
        run(content.encode())


def test_an_external_document_type_is_not_needed(run: Run) -> None:
    kind = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
    assert run(f"{kind}{RED}".encode()).facts["width"] == 100


def test_a_compressed_drawing_may_have_several_members(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    members = gzip.compress(RED[:50].encode()) + gzip.compress(RED[50:].encode())
    assert run(members).facts["width"] == 100
    monkeypatch.setattr(svg_bytes, "MAX_UNPACKED", len(RED) - 1)
    with fails("too-large"):
        run(members)


SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">{}</svg>'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<rect width='3' height='3'/><a href='http://example.org/'/>", None),
        ("<script>alert(1)</script>", {"javascript": 1}),
        ("<rect onload='x()'/><a xlink:href=' javascript:x()'/>", {"javascript": 2}),
        ("<set attributeName='href' to='javascript:x()'/>", {"javascript": 1}),
        ("<image xlink:href='http://example.org/a.png' width='1' height='1'/>", {"external_links": 1}),
    ],
)
def test_scripts_of_a_drawing_are_active_content(tmp_path: Path, body: str, expected: JSON) -> None:
    for number, content in enumerate((SVG.format(body).encode(), gzip.compress(SVG.format(body).encode("utf-16")))):
        (tmp_path / "drawing").write_bytes(content)
        folder = tmp_path / f"{number}"
        folder.mkdir()
        facts = Image()(Source(tmp_path / "drawing", "image/svg+xml"), folder).facts
        assert facts.get("active_content") == expected


def test_a_drawing_that_fails_tells_of_its_scripts(tmp_path: Path) -> None:
    (tmp_path / "drawing").write_bytes(SVG.format("<script>alert(1)</script><b").encode())
    with pytest.raises(ProcessorError) as failure:
        Image()(Source(tmp_path / "drawing", "image/svg+xml"), tmp_path)
    assert failure.value.facts["active_content"] == {"javascript": 1, "incomplete": True}
