"""At twice the size a window of 1280 x 720 has 640 x 360 pixels of CSS. Nothing is lost, and nothing scrolls two ways
(https://www.w3.org/WAI/WCAG22/Understanding/reflow.html)."""

from __future__ import annotations

from collections.abc import Callable

from tests.console.pages import SHOWN
from tests.console.test_file_page import KINDS, PICTURE, pdf, store
from tests.console.test_shell import VIEWS
from tests.devtools import Page
from tests.sampling import sample
from tests.stack import Stack

DRAWN = f"{SHOWN} && !document.querySelector('[aria-busy=true], .skeleton')"

# Texts that stick out of the window at a side, but for those in what scrolls sideways: tabs, tables, code.
LOST = """
    [...document.querySelectorAll('body *')].filter((each) => {
        if (!each.checkVisibility({ visibilityProperty: true })) return false;
        if (each.closest('.sr-only, .skip, dialog:not([open])')) return false;
        if (![...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) return false;
        const { left, right, width } = each.getBoundingClientRect();
        if (width <= 1 || (left >= -1 && right <= innerWidth + 1)) return false;
        const cuts = (up) => /auto|scroll|hidden|clip/.test(getComputedStyle(up).overflowX);
        const ends = (up) => up && (cuts(up) || ends(up.parentElement));
        return !ends(each);
    }).map((each) => each.outerHTML.slice(0, 120))
"""
# What scrolls both ways; for tables, code and enlarged pages there is no other way.
TWO_WAYS = """
    [...document.querySelectorAll('body *')].filter((each) => {
        if (!each.checkVisibility()) return false;
        if (each.matches('.table-wrap, .table-scroll, .code, pre, .pdf-pages')) return false;
        const { overflowX, overflowY } = getComputedStyle(each);
        const { scrollWidth, clientWidth, scrollHeight, clientHeight } = each;
        const scrolls = (overflow) => /auto|scroll/.test(overflow);
        const isWider = scrollWidth > clientWidth + 1, isHigher = scrollHeight > clientHeight + 1;
        return scrolls(overflowX) && scrolls(overflowY) && isWider && isHigher;
    }).map((each) => each.outerHTML.slice(0, 120))
"""
# How much of the window's height is left between what stays in its place.
FREE = """
    (() => {
        scrollTo(0, document.documentElement.scrollHeight / 2);
        const sticks = (each) => /fixed|sticky/.test(getComputedStyle(each).position) && each.checkVisibility();
        const stays = [...document.querySelectorAll('body *')].filter(sticks);
        const isFree = (y) => !stays.some((each) => each.contains(document.elementFromPoint(innerWidth / 2, y + 0.5)));
        const free = Array.from({ length: innerHeight }, (_, y) => y).filter(isFree).length;
        scrollTo(0, 0);
        return free;
    })()
"""


def check(page: Page, what: str) -> None:
    page.until(DRAWN)
    assert page.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), what
    assert page.run(LOST) == [], what
    assert page.run(TWO_WAYS) == [], what
    assert page.run(FREE) >= 280, what


def test_every_view_at_twice_the_size(stack: Stack, open_page: Callable[[str], Page]) -> None:
    files = [store(stack, content, name) for content, name, _ in KINDS.values()]
    files += [store(stack, pdf(), "two.pdf"), store(stack, PICTURE.read_bytes(), f"{'long ' * 30}.jpg")]
    page = open_page("/")
    page.ask("Emulation.setDeviceMetricsOverride", width=640, height=360, deviceScaleFactor=2, mobile=False)
    views = sample((*VIEWS, "/?view=grid", "/?view=days"), lambda _: "views", 1 / 2)
    for path in (*views, *(f"/files/{file['id']}" for file in sample(files, lambda _: "files", 1 / 2))):
        page.go(f"{stack.url}{path}")
        check(page, path)


def test_what_opens_at_twice_the_size(open_page: Callable[[str], Page]) -> None:
    page = open_page("/")
    page.ask("Emulation.setDeviceMetricsOverride", width=640, height=360, deviceScaleFactor=2, mobile=False)
    page.until("!!document.querySelector('.filters summary')")
    for opener, inside in (
        ("document.querySelector('.filters summary').click()", ".filter-form > :last-child"),
        ("document.querySelector('[data-shell=palette]').click()", ".palette-item:last-child"),
        ("document.querySelector('[data-shell=more]').click()", ".more-sheet .version"),
        ("document.querySelector('[data-shell=health]').click()", ".dialog-actions a"),
    ):
        page.run(f"document.querySelector('dialog')?.close(), {opener}")
        page.until(f"!!document.querySelector('{inside}')")
        # It can be scrolled to.
        box = f"document.querySelector('{inside}').getBoundingClientRect()"
        page.run(f"document.querySelector('{inside}').scrollIntoView({{ block: 'nearest' }})")
        page.until(f"{box}.top >= 0 && {box}.bottom <= innerHeight && {box}.right <= innerWidth")
