"""The console as a person uses it: keys, looks, and what axe-core finds (https://github.com/dequelabs/axe-core)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from tests.clients import node
from tests.devtools import Page, Window
from tests.sampling import sample
from tests.stack import Stack

# When the view of the address is shown: the router has taken the page over, and no view is being loaded.
SHOWN = "document.documentElement?.classList.contains('js') && !document.querySelector('#view[aria-busy]')"

PHONE = (390, 844)
DESKTOP = (1280, 800)
# Dark or not, and phone or not.
LOOKS = ((False, False), (True, False), (False, True), (True, True))

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Of what passes, and for a selector of each element, it takes as long as for all it has to find.
OPTIONS = {"runOnly": WCAG, "preload": False, "resultTypes": ["violations"], "selectors": False}
# Only a rule that sees colours can tell a dark page from a light one.
COLOURS = OPTIONS | {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
FINDINGS = """
    axe.run({within}, {options}).then((found) => found.violations.map(({{id, help, nodes}}) =>
        `${{id}}: ${{help}}: ${{nodes.map((each) => each.html.slice(0, 200)).join(' | ')}}`))
"""

# Name, code and number of the keys that have no letter.
KEYS = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowDown": 40, "ArrowUp": 38, "ArrowLeft": 37, "ArrowRight": 39, " ": 32}
KEYS |= {"Home": 36, "End": 35, "Delete": 46}
SHIFT, CONTROL = 8, 2


def opened(window: Window, stack: Stack, path: str = "/", shown: str = SHOWN) -> Page:
    """A page of the console. A condition in ``shown`` replaces that its view is there."""
    return window.page(f"{stack.url}{path}", shown)


def live(page: Page) -> None:
    """Wait until it hears of events: of those before, it is not told."""
    page.until(
        "import(document.body.dataset.static + 'console/core/live.js').then(({ status }) => status() === 'live')"
    )


def look(page: Page, *, dark: bool = False, phone: bool = False, calm: bool = True) -> None:
    """Set the colours and the size of the window. ``calm``: the person prefers less motion."""
    features = [
        {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
        {"name": "prefers-reduced-motion", "value": "reduce" if calm else "no-preference"},
    ]
    page.ask("Emulation.setEmulatedMedia", features=features)
    width, height = PHONE if phone else DESKTOP
    page.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
    page.ask("Emulation.setTouchEmulationEnabled", enabled=phone)


@cache
def axe() -> str:
    node.node()
    return (node.JS / "node_modules/axe-core/axe.min.js").read_text()


SEEN_BY_AXE: set[str] = set()
"""The sessions of the pages at which axe has looked."""


def findings(page: Page, within: str = "", options: Mapping[str, Any] = OPTIONS) -> list[str]:
    """What axe finds on the page as it is now, or in one part of a long page. Nothing is to be found."""
    SEEN_BY_AXE.add(page.session)
    if not page.run("!!window.axe"):
        page.run(f"{axe()}; true")
    found: list[str] = page.run(
        FINDINGS.format(within=json.dumps(within) if within else "document", options=json.dumps(options))
    )
    return found


def check_looks(page: Page) -> None:
    """axe finds nothing in light and in dark, on a desktop and on a phone, and nothing is wider than the window.

    axe looks at one of the four with all its rules, drawn by the date, and at the one that differs in both for the
    contrast of colours.
    """
    seen = looks()
    for dark, phone in LOOKS:
        look(page, dark=dark, phone=phone)
        options = seen.get((dark, phone))
        found = findings(page, options=options) if options else []
        assert found == [], f"dark={dark}, phone={phone}: {found}"
        wide = page.run("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert not wide, f"phone={phone}: the page scrolls sideways"
    look(page)


def looks() -> dict[tuple[bool, bool], Mapping[str, Any]]:
    """Of all that this test shows to axe: dark or not and phone or not, each with what axe has to look for."""
    test = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]
    whole = sample(LOOKS, lambda _: test, 1 / 4)
    seen: dict[tuple[bool, bool], Mapping[str, Any]] = {(not dark, not phone): COLOURS for dark, phone in whole}
    return {**seen, **dict.fromkeys(whole, OPTIONS)}


def complaints(page: Page) -> list[str]:
    """The errors on the console of the page. axe sets styles in attributes while it looks, which its policy forbids."""
    looked = page.session in SEEN_BY_AXE
    return [each for each in page.complaints if not (looked and each.startswith("Applying inline style"))]


def press(page: Page, key: str, modifiers: int = 0) -> None:
    """Press and release a key, as a person does."""
    letter = key if len(key) == 1 and not modifiers & CONTROL else ""
    number = KEYS.get(key) or ord(key.upper())
    common: dict[str, Any] = {"key": key, "windowsVirtualKeyCode": number, "modifiers": modifiers}
    text = "\r" if key == "Enter" else letter
    page.ask("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **common)
    page.ask("Input.dispatchKeyEvent", type="keyUp", **common)


ROWS = "[...document.querySelectorAll('.shortcuts dl > div')]"
LABEL_AND_KEYS = "[row.querySelector('dt').innerText, [...row.querySelectorAll('.keys')].map((keys) => keys.innerText)]"


def sheet_of_keys(page: Page) -> dict[str, list[str]]:
    """What the sheet of shortcuts says: the label of each entry, and the keys of which each does it."""
    press(page, "?", SHIFT)
    page.until("!!document.querySelector('.shortcuts dt')")
    found = dict(page.run(f"{ROWS}.map((row) => {LABEL_AND_KEYS})"))
    assert findings(page) == []
    press(page, "Escape")
    page.until("!document.querySelector('dialog')")
    return {label: ["".join(each.split()) for each in keys] for label, keys in found.items()}


def write(page: Page, text: str) -> None:
    """Type into the field that has the focus."""
    page.ask("Input.insertText", text=text)


def has_focus(page: Page, name: str) -> None:
    """Wait until what has the focus is called so."""
    page.once(lambda: focused(page) == name, f"the focus on {name}")


def focused(page: Page) -> str:
    """The name of what has the focus: its label or its text."""
    found = page.run("(document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText).trim()")
    return str(found)


@contextmanager
def cookie(page: Page, stack: Stack, name: str, value: str) -> Iterator[None]:
    page.ask("Network.setCookie", url=stack.url, name=name, value=value)
    try:
        yield
    finally:
        page.ask("Network.deleteCookies", url=stack.url, name=name)
