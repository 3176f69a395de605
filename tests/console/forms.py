"""Buttons and fields by their words, as people find them."""

from __future__ import annotations

import json

from tests.devtools import CLICK, Page

FIND = """[...document.querySelectorAll('dialog[open] :is(button, a, summary), :is(button, a, summary)')]
    .filter((each) => each.checkVisibility() && !each.disabled)
    .filter((each) => each.closest('dialog[open]') || !document.querySelector('dialog[open]'))
    .find((each) => each.innerText.trim() === {text})"""


def says(page: Page, text: str, where: str = "#view") -> None:
    """Wait until this part of the page has the text."""
    page.until(f"document.querySelector({json.dumps(where)})?.innerText.includes({json.dumps(text)})")


def button(page: Page, text: str) -> None:
    """Click the button or link with this text, in the open dialog if there is one."""
    page.until(CLICK.format(FIND.format(text=json.dumps(text))))


def button_of(page: Page, name: str, text: str) -> None:
    """Click the button with this text in the first entry of a list that has the name."""
    entry = (
        f"[...document.querySelectorAll('#view .entry')].find((each) => each.innerText.includes({json.dumps(name)}))"
    )
    found = (
        f"[...({entry}?.querySelectorAll('button') ?? [])].find((each) => each.innerText.trim() === {json.dumps(text)})"
    )
    page.until(CLICK.format(found))


def fill(page: Page, name: str, value: str, where: str = "dialog[open]") -> None:
    """Write into the field of this name, as typing does."""
    field = f"document.querySelector({json.dumps(f'{where} [name={name}]')})"
    page.until(f"!!{field}")
    page.run(f"{field}.value = {json.dumps(value)}; {field}.dispatchEvent(new Event('input', {{bubbles: true}})); true")


def tick(page: Page, name: str, *values: str) -> None:
    """Tick these of the check boxes of a name, and no others."""
    page.run(
        f"[...document.querySelectorAll('dialog[open] [name={name}]')].filter((each) => each.checked !="
        f" {json.dumps(list(values))}.includes(each.value)).forEach((each) => each.click())"
    )


def no_dialog(page: Page) -> None:
    page.until("!document.querySelector('dialog[open]')")


def dialog_says(page: Page, text: str) -> None:
    says(page, text, "dialog[open]")
