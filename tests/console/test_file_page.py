"""A file's own page: a viewer for each kind, what is known of the file, what one can do with it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageFont

from tests.console.pages import check_looks, cookie, findings, focused, live, look, press, sheet_of_keys
from tests.contract.samples import av, image
from tests.devtools import Page
from tests.stack import Stack

PICTURE = Path(__file__).parents[2] / "docs/picture.jpg"
HOSTILE = "<img src=x onerror=document.title='hacked'>\u202egpj.exe " + "long " * 40 + ".csv"
MAIL = b"""From: Ann <ann@example.org>\r
To: bob@example.org, =?utf-8?q?J=C3=BCrgen?= <j@example.org>\r
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r
Date: Mon, 30 Nov 2026 12:00:00 +0000\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
Content-Type: text/plain; charset=utf-8\r
\r
Hello from the mail.\r
--b\r
Content-Type: application/pdf; name=bill.pdf\r
Content-Disposition: attachment; filename=bill.pdf\r
\r
%PDF\r
--b--\r
"""

Open = Callable[[str], Page]


def zipped() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("folder/inner/one.txt", b"1")
        archive.writestr("folder/two.txt", b"22")
    return target.getvalue()


UNKNOWN = "application/octet-stream"
MISSING = "/files/01890a5d-ac96-774b-bcce-b302099a8057"


def store(stack: Stack, content: bytes, name: str, media_type: str = UNKNOWN) -> dict[str, Any]:
    """Upload it, and wait until it is processed or failed."""
    return stack.settled(stack.upload(content, name, media_type)["id"])


def show(open_page: Open, file: dict[str, Any], viewer: str, query: str = "") -> Page:
    """The page of the file, once its viewer shows something."""
    page = open_page(f"/files/{file['id']}{query}")
    page.until(f"document.querySelector({json.dumps(viewer)})?.checkVisibility()")
    return page


def go(page: Page, file: dict[str, Any], viewer: str = "") -> None:
    """To the page of another file, as a link does."""
    page.run(f"history.pushState({{}}, '', '/files/{file['id']}'); dispatchEvent(new PopStateEvent('popstate'))")
    if viewer:
        page.until(f"document.querySelector({json.dumps(viewer)})?.checkVisibility()")


# Fonts that a document need not bring.
JAPANESE = b"""/J << /Type /Font /Subtype /Type0 /BaseFont /Ryumin-Light /Encoding /90ms-RKSJ-H /DescendantFonts [
    << /Type /Font /Subtype /CIDFontType0 /BaseFont /Ryumin-Light
       /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >>
       /FontDescriptor << /Type /FontDescriptor /FontName /Ryumin-Light /Flags 4 /FontBBox [0 -120 1000 880]
                          /ItalicAngle 0 /Ascent 723 /Descent -241 /CapHeight 709 /StemV 69 >> >> ] >>"""
DINGBATS = b"/Z << /Type /Font /Subtype /Type1 /BaseFont /ZapfDingbats >>"


def pdf() -> bytes:
    """Two pages with text, the second one also with Japanese in a font that is not in the file, and a tick."""
    more = b") Tj /J 24 Tf 0 -40 Td <%b> Tj /Z 24 Tf 0 -40 Td (4" % "日本語".encode("shift-jis").hex().encode()
    texts = [b"First page", b"Second page has words" + more]
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>"]
    latin = b"/F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    font = b"<< /Font << %b %b %b >> >>" % (latin, JAPANESE, DINGBATS)
    for number in range(2):
        page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R /Resources %b >>"
        objects.append(page % (number + 5, font))
    for text in texts:
        content = b"BT /F 24 Tf 72 720 Td (%b) Tj ET" % text
        objects.append(b"<< /Length %d >> stream\n%b\nendstream" % (len(content), content))
    written, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj %b endobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    end = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(written))
    return written + head + table + end


def font() -> bytes:
    """The one that comes with Pillow."""
    found = ImageFont.load_default(10)
    assert isinstance(found, ImageFont.FreeTypeFont)
    assert isinstance(found.path, io.BytesIO)
    return found.path.getvalue()


KINDS = {
    "font": (font(), "letters.ttf", ".font-lines"),
    "text": (b"first line\r\nsecond line\n" * 5000, "code.py", ".code .lines"),
    "table": (b"name,count\nb,2\na,10\n", "table.csv", ".data-table"),
    "archive": (zipped(), "files.zip", ".tree details"),
    "mail": (MAIL, "mail.eml", ".mail .prose"),
    "document": (
        b"<html><title>Page</title><script>document.title = 'hacked'</script><p>Words of the page",
        "page.html",
        ".prose",
    ),
}


def test_a_picture_with_zoom_and_what_is_known_of_it(stack: Stack, open_page: Open) -> None:
    older = store(stack, image.jpeg(), "older.jpg")
    file = store(stack, PICTURE.read_bytes(), "photo.jpg", "image/jpeg")
    page = show(open_page, file, ".stage img", "?type=image")
    page.until("document.querySelector('.stage img').naturalWidth > 0")
    for words in ("Dimensions", "px", "Uploaded", "Made from it", "Received"):
        page.until(f"document.querySelector('#view')?.innerText.includes({json.dumps(words)})")
    check_looks(page)
    check_zoom(page, file["facts"]["image"]["width"])
    page.run("document.activeElement.blur()")
    assert {"Zoom in": ["+"], "Fit": ["0"], "Next file": ["→"]}.items() <= sheet_of_keys(page).items()
    page.until("!!document.querySelector('a[rel=next]')")
    press(page, "ArrowRight")
    page.until(f"location.pathname.endsWith('{older['id']}') && location.search === '?type=image'")
    page.until("document.querySelector('h1')?.innerText === 'older.jpg'")
    page.until("!!document.querySelector('a[rel=prev]')")
    press(page, "ArrowLeft")
    page.until(f"location.pathname.endsWith('{file['id']}')")


def check_zoom(page: Page, width: int) -> None:
    """The percent is that of the picture's own pixels."""
    percent = "document.querySelector('.zoom-level').innerText"
    shown = "document.querySelector('.stage img').getBoundingClientRect().width"
    page.until(f"{percent} === `${{Math.round(100 * {shown} / {width})}}%` && {percent} !== '100%'")
    page.run("document.querySelector('.stage').focus()")
    press(page, "1")
    page.until(f"{percent} === '100%' && Math.abs({shown} - {width}) < 1")
    press(page, "+")
    page.until(f"{percent} === '125%'")
    fit = "[...document.querySelectorAll('.viewer-tools button')].find((each) => each.innerText === 'Fit')"
    assert page.run(f"{fit}.ariaPressed") == "false"
    page.run(f"{fit}.click()")
    page.until(f"{fit}.ariaPressed === 'true' && !document.querySelector('.stage').classList.contains('zoomed')")


def test_each_kind_has_its_viewer(stack: Stack, open_page: Open) -> None:
    sent = {kind: stack.upload(content, name, UNKNOWN) for kind, (content, name, _) in KINDS.items()}
    page = open_page(MISSING)
    for kind, (_, name, viewer) in KINDS.items():
        go(page, stack.settled(sent[kind]["id"]), viewer)
        page.until(f"document.querySelector('h1')?.innerText === {json.dumps(name)}")
        assert findings(page) == [], kind
        CHECKS[kind](page)
    assert "hacked" not in page.run("document.title")


def check_text(page: Page) -> None:
    page.until("document.querySelector('.code .lines')?.innerText.startsWith('first line\\nsecond line')")
    before = page.run("document.querySelector('.numbers').innerText.length")
    page.click(".viewer-foot button")
    page.until(f"document.querySelector('.numbers')?.innerText.length > {before}")


def check_font(page: Page) -> None:
    page.run("document.querySelector('.font-text').select()")
    page.ask("Input.insertText", text="Hamburg")
    page.until("document.querySelector('.font-lines')?.innerText.split('\\n\\n').every((each) => each === 'Hamburg')")
    assert page.run("[...document.fonts].some(({family, status}) => family.includes('picasso') && status === 'loaded')")


def check_table(page: Page) -> None:
    column = "[...document.querySelectorAll('tbody td:nth-child(3)')].map((each) => each.innerText).join()"
    page.until(f"{column} === '2,10'")
    page.click(".data-table th:nth-child(3) .sort")
    page.click(".data-table th:nth-child(3) .sort")
    page.until(f"{column} === '10,2'")


def check_archive(page: Page) -> None:
    page.until("!!document.querySelector('.tree')?.innerText.includes('two.txt')")
    assert page.run("[...document.querySelectorAll('.tree summary bdi')].map((each) => each.innerText)") == [
        "folder/",
        "inner/",
    ]


def check_mail(page: Page) -> None:
    for words in ("Grüße", "ann@example.org", "Hello from the mail.", "bill.pdf"):
        page.until(f"document.querySelector('.mail')?.innerText.includes({json.dumps(words)})")


def check_document(page: Page) -> None:
    # That of the mail before may still be there.
    page.until("document.querySelector('.prose')?.innerText.includes('Words of the page')")


CHECKS: dict[str, Callable[[Page], None]] = {
    "font": check_font,
    "text": check_text,
    "table": check_table,
    "archive": check_archive,
    "mail": check_mail,
    "document": check_document,
}


def test_a_pdf_is_shown_page_by_page_and_searched(stack: Stack, open_page: Open) -> None:
    page = show(open_page, store(stack, pdf(), "two.pdf"), ".pdf-page-box canvas")
    page.until("document.querySelector('.textLayer')?.innerText.includes('First page')")
    page.until("document.querySelector('.key-facts')?.innerText.includes('A4')")
    assert page.run("document.querySelector('.pdf-pages').scrollTop") == 0
    page.run("document.querySelector('.pdf-search input').focus()")
    found = "document.querySelector('.pdf-search output')?.innerText"
    page.ask("Input.insertText", text="page")
    page.until(f"{found} === '1 of 2'")
    press(page, "Enter")
    page.until(f"{found} === '2 of 2'")
    page.ask("Input.insertText", text=" has words")
    page.until(f"{found} === '1 of 1'")
    page.until("CSS.highlights.get('pdf-found')?.size === 1")
    page.until("document.querySelector('[data-number=\"2\"] .textLayer')?.innerText.includes('日本語')")
    loaded = {each.path.rpartition("/")[2] for each in page.sent("GET", "/static/")}
    assert loaded >= {"90ms-RKSJ-H.bcmap", "FoxitDingbats.pfb"}
    assert findings(page) == []


def test_sound_has_a_waveform_to_click_on(stack: Stack, open_page: Open) -> None:
    page = show(open_page, store(stack, av.sound("audio/wav"), "sound.wav"), ".wave svg")
    assert findings(page) == []
    page.until("document.querySelector('audio').duration > 0")
    page.run("document.querySelector('.wave').focus()")
    assert focused(page) == "Position"
    press(page, "ArrowRight")
    page.until("document.querySelector('audio').currentTime > 0")
    press(page, "Home")
    page.until("document.querySelector('audio').currentTime === 0")
    assert sheet_of_keys(page)["Play or pause"] == ["Space"]


def test_a_video_plays(stack: Stack, open_page: Open) -> None:
    page = show(open_page, store(stack, av.video("video/webm"), "film.webm"), "video")
    page.until("document.querySelector('video').videoWidth > 0")
    assert page.run("document.querySelector('video').poster !== ''")
    assert findings(page) == []
    look(page, phone=True)
    page.until(
        "document.querySelector('.viewer').clientHeight === Math.round(document.querySelector('video').offsetHeight)"
    )


def test_a_file_that_lacks_its_end_or_has_a_wrong_type_says_so(stack: Stack, open_page: Open) -> None:
    whole = image.MAKERS["image/png"]()
    page = show(open_page, store(stack, whole[: len(whole) * 9 // 10], "cut.jpg", "image/jpeg"), ".stage img")
    assert page.run("document.querySelector('.file-warnings').innerText") == "The end of this file is missing."
    assert "Sent as\nJPEG" in page.run("document.querySelector('.key-facts').innerText")
    check_looks(page)
    go(page, store(stack, b"a note\n", "note.txt", "text/csv"), ".code")
    page.until("document.querySelector('.key-facts')?.innerText.includes('Text')")
    assert "Sent as" not in page.run("document.querySelector('.key-facts').innerText")


def test_a_failure_says_why_and_what_one_can_do(stack: Stack, open_page: Open) -> None:
    file = store(stack, b"%PDF-1.4\n" + bytes(40), HOSTILE)
    page = show(open_page, file, ".file-failure")
    for words in ("corrupt", "What you can do:"):
        page.until(f"document.querySelector('.file-failure')?.innerText.includes({json.dumps(words)})")
    check_looks(page)
    page.until("document.title.startsWith('<img src=x')")
    page.click(".file-failure button")
    page.until("document.querySelector('dialog[open]')?.innerText.includes('ends the same way')")
    press(page, "Escape")
    page.until("!document.querySelector('dialog[open]')")


def test_the_page_follows_what_happens_to_the_file(stack: Stack, open_page: Open) -> None:
    file = store(stack, b"a note", "note.txt", "text/plain")
    page = show(open_page, file, ".code")
    page.until("!!document.querySelector('.tag-add')")
    live(page)
    stack.client.patch(f"/api/v1.0/files/{file['id']}/", json={"tags": ["from elsewhere"]}).raise_for_status()
    page.until("document.querySelector('.tags')?.innerText.includes('from elsewhere')")
    # Once at the beginning, and once for the change.
    asked = [
        each for each in page.sent("GET", f"/api/v1.0/files/{file['id']}/") if each.path.endswith(f"{file['id']}/")
    ]
    assert len(asked) == 2
    page.run("document.querySelector('.tag-add input').value = 'from here'")
    page.click(".tag-add button")
    page.until("document.querySelectorAll('.tags li').length === 2")
    page.once(lambda: stack.file(file["id"])["tags"] == ["from elsewhere", "from here"], "both tags are stored")
    stack.client.delete(f"/api/v1.0/files/{file['id']}/?permanently=true").raise_for_status()
    page.until("document.querySelector('.state h2')?.innerText === 'This file was deleted.'")
    assert findings(page) == []


def test_a_missing_file_and_a_lost_connection(stack: Stack, open_page: Open) -> None:
    file = store(stack, b"a note", "note.txt", "text/plain")
    page = open_page(MISSING)
    page.until("document.querySelector('.state h2')?.innerText === 'There is no such file.'")
    assert findings(page) == []
    page.connected(False)
    go(page, file)
    page.until("!!document.querySelector('.state-offline')")
    assert findings(page) == []
    page.connected(True)
    page.until("!!document.querySelector('.code')")


def test_a_sort_of_a_part_says_so_and_empty_facts_are_left_out(stack: Stack, open_page: Open) -> None:
    rows = "".join(f"{number},{number % 7}\n" for number in range(300))
    file = store(stack, f"id,count\n{rows}".encode(), "long.csv")
    page = show(open_page, file, ".data-table")
    page.until("document.querySelector('.viewer-foot').innerText === 'The first 100 of 300 rows'")
    page.click(".data-table th:nth-child(3) .sort")
    page.until("document.querySelector('.viewer-foot').innerText === 'Only the first 100 of 300 rows are sorted'")
    go(page, store(stack, PICTURE.read_bytes(), "photo.jpg"), ".stage img")
    page.click(".key-facts ~ .actions .button")
    page.until("!!document.querySelector('dialog[open] .facts')")
    assert page.run("[...document.querySelectorAll('dialog dd')].filter((each) => !each.innerText.trim()).length") == 0


def test_the_buttons_of_a_long_dialog_are_in_sight(stack: Stack, open_page: Open) -> None:
    page = show(open_page, store(stack, PICTURE.read_bytes(), "photo.jpg"), ".stage img")
    page.click(".key-facts ~ .actions .button")
    page.until("!!document.querySelector('dialog[open] .facts')")
    for width, height in ((1280, 900), (640, 360)):
        page.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        bottoms = "[...document.querySelectorAll('dialog .dialog-actions .button')]"
        bottoms += ".map((each) => each.getBoundingClientRect().bottom)"
        page.until(f"innerHeight === {height} && {bottoms}.every((each) => each < {height})")
        assert page.run(
            "(({ scrollHeight, clientHeight }) => scrollHeight > clientHeight)(document.querySelector('dialog'))"
        )


@pytest.mark.sampled("a view in Russian", 1 / 2)
def test_in_russian(stack: Stack, open_page: Open) -> None:
    file = store(stack, b"a,b\n1,2\n", "table.csv")
    page = open_page(MISSING)
    with cookie(page, stack, "picasso-language", "ru"):
        page.go(f"{stack.url}/files/{file['id']}", "!!document.querySelector('.data-table')")
    for words in ("Строк", "Столбцов", "Скачать", "История", "1 строка", "Предпросмотр", "Таблица"):
        page.until(f"document.querySelector('#view')?.innerText.includes({json.dumps(words)})")
    look(page)
