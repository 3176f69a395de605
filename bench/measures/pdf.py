"""The text of a PDF with 300 pages: the pdf processor's text step ÷ `pdftotext` of poppler.

Both open the same file and write the same text to the same disk. Ours runs as in a child of the worker: the libraries
are loaded, and a warm-up round has gone before. `pdftotext` is a process, started anew each time as by anyone who
would call it; that is 5 to 10 ms of its time. Facts and pictures are not made.
"""

import random
import subprocess
import time
from functools import partial
from pathlib import Path

from tests.formats import pdf

from bench import tools
from bench.place import Place
from bench.report import Bar, Row, compared, show
from bench.rounds import interleaved
from picasso.process.processors.pdf.options import PdfOptions
from picasso.process.processors.pdf.processor import open_pdf
from picasso.process.processors.pdf.text import extract_text

BAR = Bar(">=", 0.5, "x")
PAGES, LINES, WORDS_A_LINE = 300, 46, 12
FONTS = ("Times-Roman", "Helvetica", "Courier")
WORDS = """
the of and to in is that for it as was with be by on not he his but at are this have from or had an they which one you
were all her she there would their we him been has when who will no more if out so up said what its about than into them
can only other time new some could these two may first then do any like my now over such our
"""


def measure(place: Place) -> list[Row]:
    what = f"text of a {PAGES}-page PDF, {LINES * WORDS_A_LINE} words a page: pages per second, Picasso ÷ pdftotext"
    if not place.picasso:
        return [Row(what, "-", bar=BAR, why="picasso did not run")]
    tool = tools.need("pdftotext", "poppler-utils")
    source = place.folder / "paper.pdf"
    source.write_bytes(paper(random.Random(1)))
    runs = {
        "picasso": partial(ours, source, place.folder / "ours.txt"),
        "pdftotext": partial(theirs, tool, source, place.folder / "theirs.txt"),
    }
    interleaved(1, runs)
    check(place.folder / "ours.txt", place.folder / "theirs.txt")
    samples = interleaved(place.pick(15, 3), runs)
    return [compared(what, samples, "picasso", "pdftotext", bar=BAR, shown=show(samples, "pages/s"))]


def ours(source: Path, target: Path) -> float:
    """Pages per second."""
    start = time.perf_counter()
    with open_pdf(source) as file:
        extract_text(file, target, PdfOptions())
    return PAGES / (time.perf_counter() - start)


def theirs(tool: str, source: Path, target: Path) -> float:
    """Pages per second."""
    start = time.perf_counter()
    subprocess.run([tool, source, target], check=True)
    return PAGES / (time.perf_counter() - start)


def check(one: Path, other: Path) -> None:
    """Both have found the same words, or one of them has saved itself work."""
    if one.read_text().split() != other.read_text().split():
        raise ValueError("the two texts differ")


def paper(chance: random.Random) -> bytes:
    """Three of the fonts that every reader has, a third of the pages each; all with their widths and encoding."""
    fonts = [pdf.FONT.replace(b"Helvetica", name.encode()) for name in FONTS]
    return pdf.pages([page(chance, number % len(FONTS)) for number in range(PAGES)], fonts=fonts)


def page(chance: random.Random, font: int) -> bytes:
    texts = [" ".join(chance.choices(WORDS.split(), k=WORDS_A_LINE)) for _ in range(LINES)]
    return pdf.lines(texts, size=7).replace(b"/F1", f"/F{font + 1}".encode())
