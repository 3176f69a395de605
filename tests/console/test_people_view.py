"""People, projects and the audit."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator

import pytest

from tests.console.forms import button, button_of, dialog_says, fill, no_dialog, says
from tests.console.pages import check_looks, press
from tests.console.signed_in import signed_in
from tests.devtools import Page, Window
from tests.stack import Stack


@pytest.fixture
def shop(stack: Stack) -> Iterator[str]:
    name = f"shop-{uuid.uuid4().hex[:6]}"
    assert stack.client.post("/api/v1.0/projects/", json={"name": name}).status_code == 201
    yield name
    stack.client.delete(f"/api/v1.0/projects/{name}/")


def test_a_person_is_added_and_gets_another_role(open_page: Callable[[str], Page]) -> None:
    page, name = open_page("/people/"), f"ann-{uuid.uuid4().hex[:6]}"
    button(page, "Add a person")
    fill(page, "name", "a b")
    button(page, "Add")
    page.until("document.querySelector('dialog[open] [name=name]')?.getAttribute('aria-invalid') === 'true'")
    fill(page, "name", name)
    page.run("document.querySelector('dialog[open] [name=way]').focus()")
    press(page, "ArrowDown")
    page.until("!document.querySelector('dialog[open] [name=expires_in]')")
    button(page, "Add")
    dialog_says(page, "The password is shown only now")
    check_looks(page)
    button(page, "I have stored it")
    no_dialog(page)
    says(page, name)
    check_looks(page)
    button_of(page, name, "Change roles")
    fill(page, "role", "")
    button(page, "Save")
    no_dialog(page)
    mine = f"each.innerText.includes('{name}') && each.innerText.includes('No role here')"
    page.until(f"[...document.querySelectorAll('#view .entry')].some((each) => {mine})")


def test_a_person_is_invited_and_sets_a_password(
    open_page: Callable[[str], Page], chromium: Window, stack: Stack
) -> None:
    page, name = open_page("/people/"), f"ian-{uuid.uuid4().hex[:6]}"
    button(page, "Add a person")
    fill(page, "name", name)
    button(page, "Add")
    dialog_says(page, "whoever has it first")
    check_looks(page)
    url = page.run("document.querySelector('dialog[open] .copied-text code').innerText")
    button(page, "I have stored it")
    no_dialog(page)
    mine = f"each.innerText.includes('{name}') && each.innerText.includes('The link is valid until')"
    page.until(f"[...document.querySelectorAll('#view .entry')].some((each) => {mine})")
    check_looks(page)
    button_of(page, name, "End the invitation")
    button(page, "End the invitation")
    ended = mine.replace("The link is valid until", "There is no link")
    page.until(f"[...document.querySelectorAll('#view .entry')].some((each) => {ended})")
    button_of(page, name, "New link")
    button(page, "Make a link")
    dialog_says(page, "whoever has it first")
    valid = page.run("document.querySelector('dialog[open] .copied-text code').innerText")
    gone = chromium.page(url, "document.readyState === 'complete'")
    assert "not valid any more" in gone.text("main")
    check_looks(gone)
    gone.go(valid, "!!document.querySelector('form [name=again]')")
    check_looks(gone)
    for field in ("new", "again"):
        fill(gone, field, "a quite long password 7", "form")
    gone.run("document.querySelector('main button').click()")
    gone.until("!!document.querySelector('.sidebar a[href$=\"/account/\"]')")
    gone.close()


def test_a_project_has_usage_quotas_and_settings(open_page: Callable[[str], Page], stack: Stack, shop: str) -> None:
    page = open_page(f"/projects/?project={shop}")
    says(page, "Usage and quotas")
    button(page, "Change quotas")
    fill(page, "bytes", "lots")
    button(page, "Save")
    dialog_says(page, "This is not a size")
    fill(page, "bytes", "1.5 GB")
    fill(page, "files", "10")
    button(page, "Save")
    no_dialog(page)
    says(page, "of 1.5 GB")
    found = stack.client.get(f"/api/v1.0/projects/{shop}/").json()
    assert {name: value for name, value in found["quotas"].items() if value is not None} == {
        "bytes": 1_500_000_000,
        "files": 10,
    }
    check_looks(page)
    page.run("[...document.querySelectorAll('#view .card button')].find((each) => each.innerText === 'Change').click()")
    fill(page, "retention_days", "0")
    button(page, "Save")
    page.until("document.querySelector('dialog[open] [name=retention_days]')?.getAttribute('aria-invalid') === 'true'")
    fill(page, "retention_days", "365")
    button(page, "Save")
    no_dialog(page)
    says(page, "365 days")


def rule(page: Page, name: str) -> None:
    """Open the dialog of this setting."""
    page.run(
        f"[...document.querySelectorAll('.rule')].find((each) => each.querySelector('code').innerText === {name!r})"
        ".querySelector('button').click()"
    )


def test_rules_are_forms_with_their_json_one_click_away(
    open_page: Callable[[str], Page], stack: Stack, shop: str
) -> None:
    def found(name: str) -> object:
        return stack.client.get(f"/api/v1.0/projects/{shop}/").json()[name]

    page = open_page(f"/projects/?project={shop}")
    says(page, "Which files are accepted")
    rule(page, "policy")
    fill(page, "allowed_types", "image/*\nnonsense")
    fill(page, "max_size", "5 MB")
    fill(page, "encrypted", "refuse")
    check_looks(page)
    button(page, "Save")  # what the API says of a member is shown at its field
    page.until("document.querySelector('dialog[open] [name=allowed_types]')?.getAttribute('aria-invalid') === 'true'")
    said = "'nonsense' is not a pattern of media types such as image/* or application/pdf"
    assert page.text("#f-allowed_types-fault") == said
    fill(page, "allowed_types", "image/*")
    button(page, "As JSON")
    page.until("JSON.parse(document.querySelector('dialog[open] [name=policy]').value).max_size === 5000000")
    check_looks(page)
    button(page, "As a form")
    page.until("document.querySelector('dialog[open] [name=allowed_types]')?.value === 'image/*'")
    button(page, "Save")
    no_dialog(page)
    assert found("policy") == {"allowed_types": ["image/*"], "max_size": 5_000_000, "encrypted": "refuse"}
    rule(page, "policy")
    button(page, "As JSON")
    fill(page, "policy", '{"max_size": {"*": 10}}')
    button(page, "Save")
    no_dialog(page)
    assert found("policy") == {"max_size": {"*": 10}}
    page.until("[...document.querySelectorAll('.rule pre')].some((each) => each.innerText.includes('10'))")
    rule(page, "policy")  # sizes by type have no field
    dialog_says(page, "show all of this setting")
    press(page, "Escape")
    no_dialog(page)
    rule(page, "rates")
    fill(page, "key", "many")
    button(page, "Save")
    page.until("document.querySelector('dialog[open] [name=key]')?.getAttribute('aria-invalid') === 'true'")
    fill(page, "key", "100/5m")
    button(page, "Save")
    no_dialog(page)
    assert found("rates") == {"key": "100/5m"}


def test_a_rule_whose_dialog_is_closed_is_not_changed(open_page: Callable[[str], Page], shop: str) -> None:
    page = open_page(f"/projects/?project={shop}")
    says(page, "Which files are accepted")
    rule(page, "policy")
    button(page, "As JSON")
    fill(page, "policy", '{"max_size": 7}')
    button(page, "As a form")
    page.until("document.querySelector('dialog[open] [name=max_size]')?.value.includes('7')")
    button(page, "Cancel")
    no_dialog(page)
    rule(page, "policy")
    page.until("document.querySelector('dialog[open] [name=max_size]')?.value === ''")
    fill(page, "max_size", "no size")
    button(page, "As JSON")
    page.until("document.querySelector('dialog[open] [name=policy]')?.value === '{}'")


def test_json_that_a_form_would_lose_stays_json(open_page: Callable[[str], Page], stack: Stack, shop: str) -> None:
    page, by_type = open_page(f"/projects/?project={shop}"), {"max_size": {"*": 10}}
    says(page, "Which files are accepted")
    rule(page, "policy")
    button(page, "As JSON")
    for written in ("[]", "null", json.dumps(by_type)):
        fill(page, "policy", written)
        button(page, "As a form")
        dialog_says(page, "show all of this setting")
        assert page.run("document.querySelector('dialog[open] [name=policy]').value") == written
    check_looks(page)
    button(page, "Save")
    no_dialog(page)
    assert stack.client.get(f"/api/v1.0/projects/{shop}/").json()["policy"] == by_type
    page.until("[...document.querySelectorAll('.rule pre')].some((each) => each.innerText.includes('10'))")
    rule(page, "policy")  # also the other way: what is mended in JSON can be shown
    fill(page, "policy", '{"max_size": 5}')
    button(page, "As a form")
    page.until("document.querySelector('dialog[open] [name=max_size]')?.value.includes('5')")


def test_the_audit_is_filtered_by_its_address(open_page: Callable[[str], Page], stack: Stack, shop: str) -> None:
    page = open_page(f"/audit/?action=project&target=project:{shop}")
    says(page, "Created a project")
    assert page.run("document.querySelectorAll('#view tbody tr').length") == 1
    check_looks(page)
    fill(page, "action", "file", "#view form")
    button(page, "Filter")
    says(page, "Nothing matches")
    assert "action=file" in page.run("location.search")
    page.run("history.back()")
    says(page, "Created a project")


def test_a_viewer_sees_none_of_it(open_page: Callable[[str], Page], stack: Stack) -> None:
    page = open_page("/keys/")
    with signed_in(page, stack, "viewer"):
        for path in ("/people/", "/projects/", "/audit/"):
            page.go(f"{stack.url}{path}")
            says(page, "You may not see this")
            says(page, "project:admin")
