"""Hostile PDFs: truncated, with flipped bits, with rings instead of trees, and far larger than they seem."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator

from tests.formats.pdf import FONT, build, lines, pages, simple, stream

TYPE = "application/pdf"

# PDFium draws or reads on without end in these, and can't be asked to stop: such a job is ended by its limits.
ENDED_BY_LIMITS = ("pdf-form-within-itself", "pdf-pattern-within-itself")

CATALOGUE = b"<< /Type /Catalog /Pages 2 0 R >>"


def files() -> Iterator[tuple[str, str, bytes]]:
    for name, content in (*damaged(), *rings(), *lies(), *bombs()):
        yield f"pdf-{name}", TYPE, content


def damaged() -> Iterator[tuple[str, bytes]]:
    whole = simple()
    for eighth in range(8):
        yield f"cut-{eighth}-of-8", whole[: len(whole) * eighth // 8]
    chance = random.Random(3)
    for number in range(8):
        turned = bytearray(whole)
        for _ in range(1 + number * 4):
            turned[chance.randrange(len(turned))] ^= 1 << chance.randrange(8)
        yield f"flipped-{number}", bytes(turned)


def rings() -> Iterator[tuple[str, bytes]]:
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>"
    yield "page-tree-ring", build([CATALOGUE, b"<< /Type /Pages /Count 3 /Kids [2 0 R 3 0 R] >>", page])
    yield "parent-ring", build([CATALOGUE, b"<< /Type /Pages /Count 1 /Kids [3 0 R] /Parent 2 0 R >>", page])
    one = b"<< /Type /Pages /Count 9 /Kids [3 0 R] /Parent 3 0 R >>"
    yield "two-nodes-in-a-ring", build([CATALOGUE, one, one.replace(b"3 0 R", b"2 0 R")])
    yield "length-of-itself", build([CATALOGUE, b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>", *ring_of_lengths()])
    yield "reference-to-itself", build([CATALOGUE, b"2 0 R", page])
    yield "form-within-itself", form_within_itself()
    yield "pattern-within-itself", pattern_within_itself()
    yield "bookmarks-ring", bookmarks_ring()
    yield "xref-ring", xref_ring()
    yield "object-stream-in-itself", object_stream_in_itself()


def ring_of_lengths() -> list[bytes]:
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Contents 4 0 R >>"
    return [page, b"<< /Length 4 0 R >>\nstream\nBT ET\nendstream"]


def form_within_itself() -> bytes:
    resources = b"/Resources << /XObject << /X 4 0 R >> >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Contents 5 0 R " + resources + b" >>"
    form = stream(b"/X Do " * 20, b"/Type /XObject /Subtype /Form /BBox [0 0 100 100] " + resources)
    kids = b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>"
    return build([CATALOGUE, kids, page, form, stream(b"/X Do " * 20)])


def pattern_within_itself() -> bytes:
    resources = b"/Resources << /Pattern << /P 4 0 R >> >>"
    fill = b"/Pattern cs /P scn 0 0 100 100 re f"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Contents 5 0 R " + resources + b" >>"
    tile = b"/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 9 9] /XStep 1 /YStep 1 "
    kids = b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>"
    return build([CATALOGUE, kids, page, stream(fill, tile + resources), stream(fill)])


def bookmarks_ring() -> bytes:
    outlines = b"<< /Type /Outlines /First 7 0 R /Last 7 0 R /Count 1 >>"
    bookmark = b"<< /Title (again) /Parent 6 0 R /Next 7 0 R /First 7 0 R /Last 7 0 R >>"
    return pages([lines(["x"])], catalogue=b"/Outlines 6 0 R", more=[outlines, bookmark])


def xref_ring() -> bytes:
    """The /Prev of each table is the table itself."""
    whole = simple()
    place = whole.rindex(b"xref\n0")
    return whole.replace(b"trailer\n<<", f"trailer\n<< /Prev {place}".encode())


def object_stream_in_itself() -> bytes:
    """An xref stream that says that the object stream is inside of itself."""
    head = b"%PDF-1.7\n"
    first = b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    packed = (
        b"4 0 obj\n" + stream(b"2 0 4 40 << /Type /Pages /Count 0 /Kids [] >>", b"/Type /ObjStm /N 2 /First 9") + b"\n"
    )
    place = len(head) + len(first) + len(packed)
    rows = bytes.fromhex("0000000000 0100000009 0200000400 0000000000 0200000401 0100000000".replace(" ", ""))
    table = b"/Type /XRef /Size 6 /W [1 3 1] /Root 1 0 R"
    ending = b"5 0 obj\n" + stream(rows, table) + f"\nendobj\nstartxref\n{place}\n%%EOF\n".encode()
    return head + first + packed + ending


def lies() -> Iterator[tuple[str, bytes]]:
    whole = simple()
    yield "count-of-a-milliard", whole.replace(b"/Count 2", b"/Count 1000000000")
    yield "count-below-zero", whole.replace(b"/Count 2", b"/Count -5")
    yield "size-of-a-milliard", whole.replace(b"/Size ", b"/Size 99999999")
    for name, box in (
        ("huge", "[0 0 1e30 1e30]"),
        ("flat", "[0 0 100000 0.001]"),
        ("nan", "[0 0 nan inf]"),
        ("none", "[]"),
    ):
        yield f"box-{name}", pages([lines(["x"])], box=box)
    yield "user-unit", whole.replace(b"/MediaBox", b"/UserUnit 1e9 /MediaBox")
    yield "stream-length", whole.replace(b"/Length ", b"/Length 999999")
    yield "dates", whole.replace(b"D:20260102030405+02'00'", b"D:99999999999999-99'99'")
    yield "title-of-a-mebibyte", whole.replace(b"(Two pages)", b"(" + b"A" * 2**20 + b")")
    yield "title-of-controls", whole.replace(b"(Two pages)", b"<FEFFD800D8000000FFFE0001>")


def bombs() -> Iterator[tuple[str, bytes]]:
    yield "nested-arrays", build([b"<< /Type /Catalog /Pages 2 0 R /X " + b"[" * 100_000 + b"]" * 100_000 + b" >>"])
    yield "nested-dictionaries", build([b"<< /Pages 2 0 R /X " + b"<< /A " * 50_000 + b">> " * 50_000 + b" >>"])
    yield "nested-page-tree", nested_tree(3_000)
    yield "a-thousand-pages-of-one-kid", one_kid(5_000)
    yield "nested-content", pages([b"q " * 200_000 + b"BT " * 50_000 + b"[" * 100_000])
    yield "flate-of-flate", flate_of_flate()
    yield (
        "text-without-end",
        pages([b"BT /F1 1 Tf " + b"(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa) Tj " * 100_000 + b"ET"]),
    )
    yield "a-million-lines", pages([b"0 0 m " + b"99 99 l 3 7 l " * 300_000 + b"S"])
    yield (
        "picture-of-a-milliard",
        picture(b"/Width 65535 /Height 65535 /BitsPerComponent 8 /ColorSpace /DeviceRGB", b""),
    )
    yield (
        "jbig2-of-a-milliard",
        picture(
            b"/Width 60000 /Height 60000 /BitsPerComponent 1 /ColorSpace /DeviceGray /Filter /JBIG2Decode",
            bytes.fromhex("0000000030000100000013 ffffff00 ffffff00 00000000 00000000 00 0000".replace(" ", "")),
        ),
    )
    yield "shading", pages([b"/S sh " * 10_000])


def nested_tree(depth: int) -> bytes:
    nodes = (f"<< /Type /Pages /Count 1 /Kids [{n} 0 R] /Parent {max(2, n - 2)} 0 R >>" for n in range(3, depth + 3))
    page = f"<< /Type /Page /Parent {depth + 1} 0 R /MediaBox [0 0 100 100] >>"
    return build([CATALOGUE, *(node.encode() for node in nodes), page.encode()])


def one_kid(times: int) -> bytes:
    kids = f"<< /Type /Pages /Count {times} /Kids [{'3 0 R ' * times}] >>".encode()
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Resources << /Font << /F1 4 0 R >> >> /Contents 5 0 R >>"
    )
    return build([CATALOGUE, kids, page, FONT, stream(lines(["again"] * 20), packed=True)])


def flate_of_flate() -> bytes:
    """A quarter of a gibibyte of blanks, compressed twice."""
    packer = zlib.compressobj(9)
    once = b"".join(packer.compress(b" " * 2**20) for _ in range(256)) + packer.flush()
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Contents 4 0 R >>"
    content = stream(zlib.compress(once, 9), b"/Filter [/FlateDecode /FlateDecode]")
    return build([CATALOGUE, b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>", page, content])


def picture(entries: bytes, content: bytes) -> bytes:
    resources = b"/Resources << /XObject << /X 4 0 R >> >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Contents 5 0 R " + resources + b" >>"
    drawn = stream(content, b"/Type /XObject /Subtype /Image " + entries)
    kids = b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>"
    return build([CATALOGUE, kids, page, drawn, stream(b"100 0 0 100 0 0 cm /X Do")])
