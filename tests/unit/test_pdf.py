import io
import random
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pyvips
from tests.formats import pdf

from picasso.process.contract import JSON, ProcessorError, Result, Source
from picasso.process.processors.pdf import Pdf, active_content
from picasso.process.processors.pdf.dates import parse_date
from picasso.process.processors.pdf.options import PdfOptions

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(content: bytes, **options: JSON) -> Result:
        (tmp_path / "original").write_bytes(content)
        (tmp_path / "derived").mkdir(exist_ok=True)
        return Pdf()(Source(tmp_path / "original", "application/pdf", options), tmp_path / "derived")

    return run


@pytest.fixture
def text(tmp_path: Path) -> Callable[[], str]:
    return lambda: (tmp_path / "derived" / "text.txt").read_text(encoding="utf-8")


def fails(code: str) -> Any:
    return pytest.raises(ProcessorError, match=f"^{code}:")


def protected(owner_only: bool) -> bytes:
    """RC4 with 40 bits, revision 2, as in ISO 32000-1, 7.6.3. ``owner_only`` leaves the user's password empty."""
    from hashlib import md5

    filler = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
    user = filler if owner_only else (b"user" + filler)[:32]
    owner = rc4(md5((b"owner" + filler)[:32]).digest()[:5], user)
    identity, allowed = bytes(16), -20  # all but copying
    seed = user + owner + allowed.to_bytes(4, "little", signed=True) + identity
    key = md5(seed).digest()[:5]
    entries = f"/O <{owner.hex()}> /U <{rc4(key, filler).hex()}> /P {allowed}"
    handler = f"<< /Filter /Standard /V 1 /R 2 {entries} >>".encode()
    return pdf.pages(
        [], more=[handler], trailer=b"/Encrypt 4 0 R /ID [<" + identity.hex().encode() + b"> <00>]"
    ).replace(b"/Count 0 /Kids []", b"/Count 1 /Kids [<< /Type /Page /Parent 2 0 R /MediaBox [0 0 50 60] >>]")


def rc4(key: bytes, content: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    made, i, j = bytearray(), 0, 0
    for byte in content:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        made.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(made)


# What it says


def test_pages_words_and_dates(run: Run) -> None:
    facts = run(pdf.simple()).facts
    assert facts["pages"] == 2
    assert facts["page_sizes"] == [{"width": 595.0, "height": 842.0, "pages": 2}]
    assert (facts["title"], facts["author"], facts["subject"]) == ("Two pages", "Ann", None)
    assert (facts["created"], facts["modified"]) == ("2026-01-02T03:04:05+02:00", None)
    assert (facts["version"], facts["language"]) == ("1.7", "en-GB")
    assert (facts["encrypted"], facts["permissions"], facts["form"], facts["tagged"]) == (False, None, None, False)


def test_the_most_frequent_page_size_comes_first(run: Run) -> None:
    content = pdf.pages([b""] * 3).replace(b"[0 0 595 842]", b"[0 0 100 200]", 1)
    assert run(content).facts["page_sizes"] == [
        {"width": 595.0, "height": 842.0, "pages": 2},
        {"width": 100.0, "height": 200.0, "pages": 1},
    ]


def test_a_turned_page_has_its_sides_turned(run: Run) -> None:
    facts = run(pdf.pages([b""]).replace(b"/MediaBox", b"/Rotate 90 /MediaBox")).facts
    assert facts["page_sizes"] == [{"width": 842.0, "height": 595.0, "pages": 1}]


def test_forms_tags_bookmarks_attachments_and_scripts_are_counted(run: Run) -> None:
    catalogue = (
        b"/MarkInfo << /Marked true >> /AcroForm << /Fields [] >> /Outlines 6 0 R "
        b"/Names << /EmbeddedFiles << /Names [(a.txt) << /Type /Filespec /F (a.txt) >>] >> "
        b"/JavaScript << /Names [(x) << /S /JavaScript /JS (app.alert\\(1\\)) >>] >> >>"
    )
    outlines = b"<< /Type /Outlines /First 7 0 R /Last 8 0 R /Count 2 >>"
    bookmarks = [b"<< /Title (one) /Parent 6 0 R /Next 8 0 R >>", b"<< /Title (two) /Parent 6 0 R /Prev 7 0 R >>"]
    facts = run(pdf.pages([b""], catalogue=catalogue, more=[outlines, *bookmarks])).facts
    found = (facts["tagged"], facts["form"], facts["outline"], facts["attachments"], facts["scripts"])
    assert found == (True, "acroform", 2, 1, 1)


def test_bookmarks_in_a_ring_are_counted_once(run: Run) -> None:
    ring = b"<< /Title (again) /Parent 6 0 R /Next 7 0 R /First 7 0 R >>"
    content = pdf.pages([b""], catalogue=b"/Outlines 6 0 R", more=[b"<< /First 7 0 R /Last 7 0 R >>", ring])
    assert run(content).facts["outline"] == 1


def test_characters_that_can_not_be_stored_are_removed_from_titles(run: Run) -> None:
    assert run(pdf.simple().replace(b"(Two pages)", b"<FEFFD800D80000410000FFFE0001>")).facts["title"] == "A"


def test_a_title_is_limited_in_length(run: Run) -> None:
    title = run(pdf.simple().replace(b"(Two pages)", b"(" + b"A" * 100_000 + b")")).facts["title"]
    assert title == "A" * 1_000


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("D:20070915110231+02'00'", "2007-09-15T11:02:31+02:00"),
        ("D:20070915110231Z", "2007-09-15T11:02:31+00:00"),
        ("20070915", "2007-09-15"),
        ("D:2007", None),
        ("D:200709", None),
        ("D:20070915", "2007-09-15"),
        ("D:2007091511", "2007-09-15T11:00:00"),
        ("D:20070915Z", "2007-09-15"),
        ("D:20071315", None),
        ("D:99999999999999-99'99'", None),
        ("yesterday", None),
        ("2024-01-31", "2024-01-31"),
        ("2024-01-31T10:20:30Z", "2024-01-31T10:20:30+00:00"),
        ("2024-01-31 10:20", "2024-01-31T10:20:00"),
        ("2024-31-01", None),
        ("2024-01", None),
        ("D:20070915110231+02'00", "2007-09-15T11:02:31+02:00"),
        ("D:20070915110231Z00'00'", "2007-09-15T11:02:31+00:00"),
        ("", None),
    ],
)
def test_dates(written: str, read: str | None) -> None:
    assert parse_date(written) == read


# Strings in other encodings, and properties in XMP


@pytest.mark.parametrize(
    ("title", "encoding"),
    [
        ("Отчёт", "cp1251"),
        ("Годовой отчёт за 2023 год", "koi8-r"),
        ("Zpráva o činnosti společnosti", "cp1250"),
        ("Prüfung für Äpfel", "utf-8"),
        ("Größe", "cp1252"),
        ("Résumé d'été", "cp1252"),
        ("東京の天気", "cp932"),
    ],
)
def test_a_title_is_read_in_the_encoding_that_it_has(run: Run, title: str, encoding: str) -> None:
    assert run(pdf.simple().replace(b"Two pages", title.encode(encoding))).facts["title"] == title


@pytest.mark.parametrize(
    ("written", "title"), [(b"\x8dGr\xf6\xdfe\x8e", "“Größe”"), (b"By\x9bo", "Było"), (b"1 \xa0", "1 €")]
)
def test_a_title_in_the_encoding_of_pdf_stays(run: Run, written: bytes, title: str) -> None:
    assert run(pdf.simple().replace(b"Two pages", written)).facts["title"] == title


def xmp_packet(title: str, more: str = "") -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        f'xmlns:pdf="http://ns.adobe.com/pdf/1.3/"><dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li>'
        f'</rdf:Alt></dc:title>{more}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def with_stream(content: bytes, stream: bytes, number: int, filters: bytes = b"") -> bytes:
    """A PDF with this metadata stream, which is read although no table names it."""
    head = b"%%d 0 obj\n<< /Type /Metadata /Subtype /XML /Length %%d %s >>\nstream\n" % filters
    return content.replace(b"\nxref", b"\n" + head % (number, len(stream)) + stream + b"\nendstream\nendobj\nxref")


@pytest.mark.parametrize("compressed", [False, True])
def test_a_title_may_be_in_xmp_only(run: Run, compressed: bool) -> None:
    packet = xmp_packet("Из XMP", "<xmp:CreateDate>2024-01-31T10:20:30Z</xmp:CreateDate>")
    stream = zlib.compress(packet) if compressed else packet
    content = with_stream(pdf.simple().replace(b"/Title", b"/Other"), stream, 99, b"/Filter /FlateDecode" * compressed)
    facts = run(content).facts
    assert facts["title"] == "Из XMP"


def test_the_information_goes_before_xmp(run: Run) -> None:
    assert run(with_stream(pdf.simple(), xmp_packet("XMP"), 99)).facts["title"] == "Two pages"


def test_xmp_of_a_picture_is_not_that_of_the_document(run: Run) -> None:
    packet = xmp_packet("Photo").replace(b"http://ns.adobe.com/pdf/1.3/", b"http://ns.adobe.com/tiff/1.0/")
    assert run(with_stream(pdf.simple().replace(b"/Title", b"/Other"), packet, 99)).facts["title"] is None


# Text


def test_text_has_a_form_feed_after_each_page(run: Run, text: Callable[[], str]) -> None:
    result = run(pdf.simple())
    assert text() == "Hello, page one\nGrüße\fPage two\f"
    assert (result.facts["text_layer"], result.facts["text_pages"], result.facts["text_cut"]) == (True, 2, None)
    assert [each.media_type for each in result.derivatives if each.role == "text"] == ["text/plain"]


def test_words_that_are_broken_at_the_end_of_a_line_are_joined(run: Run, text: Callable[[], str]) -> None:
    run(pdf.pages([pdf.lines(["a trans-", "formation"])]))
    assert text() == "a transformation\f"


def test_letters_beyond_the_first_plane_are_read(run: Run, text: Callable[[], str]) -> None:
    table = (
        b"begincmap 1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfchar <41> <D83DDE00> endbfchar endcmap"
    )
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>"
    run(pdf.pages([pdf.lines(["AB"])], fonts=[font], more=[pdf.stream(table)]))
    assert text() == "\N{GRINNING FACE}B\f"


def test_a_page_with_more_text_than_the_buffer(run: Run, text: Callable[[], str]) -> None:
    run(pdf.pages([pdf.lines(["word " * 20] * 800, size=1)]))
    assert text().count("word") == 16_000


def test_a_page_that_is_a_picture_has_no_text(run: Run, tmp_path: Path) -> None:
    result = run(pdf.pages([b"0 0 100 100 re f"]))
    assert result.facts["text_layer"] is False
    assert {each.role for each in result.derivatives} == {"page-1", "thumbnail-256"}
    assert not (tmp_path / "derived" / "text.txt").exists()


@pytest.mark.parametrize(
    ("options", "pages", "why"),
    [
        ({"max_text_pages": 2}, 2, "too-many-pages"),
        ({"max_text_bytes": 13}, 1, "too-long"),
        ({"text_seconds": 1e-9}, 0, "too-slow"),
    ],
)
def test_text_is_cut_between_pages_and_says_so(run: Run, options: dict[str, JSON], pages: int, why: str) -> None:
    facts = run(pdf.pages([pdf.lines(["ten bytes!"])] * 4), **options).facts
    assert (facts["text_pages"], facts["text_cut"], facts["pages"]) == (pages, why, 4)


def test_a_missing_page_is_skipped(run: Run, text: Callable[[], str]) -> None:
    facts = run(pdf.simple().replace(b"/Count 2 /Kids [4 0 R", b"/Count 2 /Kids [9 0 R")).facts
    assert (facts["unreadable_pages"], facts["picture"]) == (1, False)
    assert "Page two" in text()


# Picture


def test_the_picture_shows_the_first_page_on_white(run: Run, tmp_path: Path) -> None:
    red_below = b"1 0 0 rg 0 0 200 50 re f"
    result = run(pdf.pages([red_below, b"0 0 200 100 re f"], box="[0 0 200 100]"))
    sizes = {each.role: (each.width, each.height) for each in result.derivatives}
    assert sizes == {"page-1": (1024, 512), "thumbnail-256": (256, 128)}
    for role, width, height in (("page-1", 1024, 512), ("thumbnail-256", 256, 128)):
        picture: Any = pyvips.Image.new_from_file(str(tmp_path / "derived" / f"{role}.webp"))
        assert (picture.width, picture.height) == (width, height)
        assert all(level > 245 for level in picture(width // 2, height // 4)), "white above"
        red, *others = picture(width // 2, height * 3 // 4)
        assert red > 230
        assert max(others) < 40


def test_form_fields_are_drawn_with_their_content(run: Run, tmp_path: Path) -> None:
    field = (
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (x) /V (x) /Rect [0 0 100 100] /F 4 /P 4 0 R "
        b"/AP << /N 7 0 R >> >>"
    )
    look = pdf.stream(b"0 0 1 rg 0 0 100 100 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 100 100]")
    content = pdf.pages([b""], box="[0 0 100 100]", catalogue=b"/AcroForm << /Fields [6 0 R] >>", more=[field, look])
    run(content.replace(b"/MediaBox", b"/Annots [6 0 R] /MediaBox"))
    picture: Any = pyvips.Image.new_from_file(str(tmp_path / "derived" / "page-1.webp"))
    red, _, blue = picture(512, 512)
    assert (red < 40, blue > 200) == (True, True)


def test_a_page_that_takes_too_long_has_no_picture(run: Run) -> None:
    result = run(pdf.pages([b"0 0 9 9 re f " * 5_000]), picture_seconds=1e-9)
    assert result.facts["picture"] is False
    assert result.facts["text_layer"] is False
    assert result.derivatives == ()


def test_a_very_thin_page_has_a_picture(run: Run) -> None:
    result = run(pdf.pages([b""], box="[0 0 10000 0.01]"))
    assert next((each.width, each.height) for each in result.derivatives) == (1024, 1)


def test_the_side_of_the_picture_is_an_option(run: Run) -> None:
    result = run(pdf.simple(), picture_side=400)
    assert max(result.derivatives[0].width or 0, result.derivatives[0].height or 0) == 400


# What it refuses


def test_a_file_with_a_password_is_protected(run: Run) -> None:
    with fails("protected"):
        run(protected(owner_only=False))


def test_a_file_with_an_owners_password_opens_and_says_what_is_allowed(run: Run) -> None:
    facts = run(protected(owner_only=True)).facts
    assert facts["encrypted"] is True
    assert isinstance(facts["permissions"], list)
    assert "print" in facts["permissions"]
    assert "copy" not in facts["permissions"]
    assert facts["pages"] == 1


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\n", b"%PDF-1.7\n%%EOF", b"\0" * 4096])
def test_a_file_that_is_no_pdf_is_corrupt(run: Run, content: bytes) -> None:
    with fails("corrupt"):
        run(content)


def test_a_file_without_pages_after_a_protected_one(run: Run) -> None:
    """PDFium sets no error for it, and would report that of the file before."""
    with fails("protected"):
        run(protected(owner_only=False))
    with fails("corrupt"):
        run(pdf.pages([]))


def test_a_missing_pdf_raises_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="gone"):
        Pdf()(Source(tmp_path / "gone", "application/pdf"), tmp_path)


@pytest.mark.parametrize(
    "wrong", [{"picture_side": 10}, {"max_text_pages": -1}, {"max_text_bytes": -1}, {"text_seconds": 0.0}]
)
def test_options_have_ranges(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        PdfOptions(**wrong)


ACTION = b"/OpenAction << /S /J#61vaScript /JS (app.alert\\(1\\)) >>"
ATTACHMENT = [
    b"<< /Type /Filespec /F (a.exe) /EF << /F 7 0 R >> >>",
    pdf.stream(b"MZ", b"/Type /EmbeddedFile"),
]


@pytest.mark.parametrize(
    ("catalogue", "more", "expected"),
    [
        (b"", [], None),
        (b"/OpenAction [4 0 R /Fit]", [], None),
        (b"/OpenAction << /S /GoTo /D [4 0 R /Fit] >>", [], None),
        (b"/Title (/S /Launch /JS x /XFA)", [], None),
        (ACTION, [], {"javascript": 1, "open_action": ["JavaScript"]}),
        (b"/OpenAction << /S /JavaScript >>", [], {"javascript": 1, "open_action": ["JavaScript"]}),
        (b"/X << /S /JavaScript >>", [], {"javascript": 1}),
        (b"/OpenAction 6 0 R", [b"<< /S /Launch /F (cmd) /Next 6 0 R >>"], {"open_action": ["Launch"], "launch": 1}),
        (b"/X << /S 6 0 R /F (cmd) >>", [b"/Launch"], {"launch": 1}),
        (b"/Names << /EmbeddedFiles << /Names [(a) 6 0 R] >> >>", ATTACHMENT, {"embedded_files": 1}),
        (
            b"/Names << /JavaScript << /Names [(a) << /S /JavaScript /JS (x) >>] >> >>",
            [],
            {"javascript": 1, "open_action": ["JavaScript"]},
        ),
        (b"/AcroForm << /Fields [] /XFA 6 0 R >>", [pdf.stream(b"<xdp/>")], {"xfa": True}),
        (b"/X [<< /Subtype /RichMedia >> << /S /SubmitForm >>]", [], {"submit_form": 1, "rich_media": 1}),
    ],
)
def test_active_content_is_a_fact(run: Run, catalogue: bytes, more: list[bytes], expected: JSON) -> None:
    content = pdf.pages([pdf.lines(["Hello"])], catalogue=catalogue, more=more)
    assert run(content).facts.get("active_content") == expected


def test_addresses_are_counted(run: Run) -> None:
    link = b"<< /Type /Annot /Subtype /Link /A << /S /URI /URI (http://example.org/) >> >>"
    facts = run(pdf.pages([pdf.lines(["Hello"])], more=[link, link])).facts
    assert facts["uris"] == 2
    assert "active_content" not in facts


def test_active_content_in_compressed_and_encrypted_objects(run: Run) -> None:
    import pikepdf

    content, indirect, script = io.BytesIO(), b"/OpenAction 6 0 R", b"<< /S /JavaScript /JS (app.alert) >>"
    with pikepdf.open(io.BytesIO(pdf.pages([pdf.lines(["Hello"])], catalogue=indirect, more=[script]))) as plain:
        encryption = pikepdf.Encryption(owner="owner", user="")
        plain.save(content, object_stream_mode=pikepdf.ObjectStreamMode.generate, encryption=encryption)
    assert b"JavaScript" not in content.getvalue()
    facts = run(content.getvalue()).facts
    assert facts["active_content"] == {"javascript": 1, "open_action": ["JavaScript"]}
    assert facts["encrypted"] is True
    assert facts["opens_without_password"] is True


def test_a_failure_tells_of_the_password_and_of_active_content(run: Run) -> None:
    with pytest.raises(ProcessorError) as locked:
        run(pdf.locked())
    assert locked.value.facts == {"encrypted": True, "active_content": {"incomplete": True}}
    pageless = pdf.pages([], catalogue=ACTION)
    with fails("corrupt") as damaged:
        run(pageless)
    found = {"javascript": 1, "open_action": ["JavaScript"], "incomplete": True}
    assert damaged.value.facts["active_content"] == found


def test_what_was_not_examined_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(active_content, "MAX_OBJECTS", 3)
    assert run(pdf.simple()).facts["active_content"] == {"incomplete": True}


@pytest.mark.parametrize("seed", range(40))
def test_no_damage_stops_the_search_for_active_content(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    content = bytearray(pdf.pages([pdf.lines(["Hello"])], catalogue=ACTION, more=ATTACHMENT))
    for _ in range(chance.randrange(1, 30)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    (tmp_path / "x.pdf").write_bytes(content)
    active_content.read_active_content(tmp_path / "x.pdf")


@pytest.mark.parametrize("scalar", [b"10", b"true", b"null", b"1.5", b"(text)", b"/Name"])
def test_a_script_behind_an_indirect_scalar_is_found(tmp_path: Path, scalar: bytes) -> None:
    """Such as the length of a stream."""
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R/OpenAction 5 0 R>>",
        b"<</Type/Pages/Kids[]/Count 0>>",
        b"<</Length %s>>stream\n0123456789\nendstream" % (b"4 0 R" if scalar == b"10" else b"10"),
        scalar,
        b"<</S/JavaScript/JS(app.alert\\(1\\))>>",
    ]
    content, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    content += b"xref\n0 6\n0000000000 65535 f \n%strailer<</Root 1 0 R/Size 6>>\nstartxref\n%d\n%%%%EOF\n" % (
        table,
        len(content),
    )
    (tmp_path / "a.pdf").write_bytes(content)
    facts = active_content.read_active_content(tmp_path / "a.pdf").content.as_fact()["active_content"]
    assert facts == {"javascript": 1, "open_action": ["JavaScript"]}
