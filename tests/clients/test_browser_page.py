"""docs/browser.md as it is written: a server makes a token, and pages of another origin upload with it."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.clients.checks import content
from tests.clients.shop import PAGE, Shop
from tests.clients.test_documented import bundled, examples
from tests.devtools import Window
from tests.ports import free_port
from tests.stack import NO_TLS

ADDRESS = "http://localhost:8000"


def text() -> bytes:
    return content(16).hex().encode()


def file_of(sent: bytes) -> str:
    return f"new File([{json.dumps(sent.decode())}], 'a.txt', {{type: 'text/plain'}})"


def module(shop: Shop, folder: Path, number: int) -> str:
    return bundled(folder, examples("js", PAGE)[number].replace(ADDRESS, f"http://localhost:{shop.stack.port}"))


@pytest.mark.parametrize("number", range(len(examples("js", PAGE))))
@pytest.mark.usefixtures("javascript")
def test_scripts(shop: Shop, chromium: Window, tmp_path: Path, number: int) -> None:
    sent, token = text(), shop.token("ann")
    upload = f"{module(shop, tmp_path, number)}; return {{answer: await example.upload({file_of(sent)}, '{token}')}};"
    verdict = shop.show(chromium, upload)
    assert "error" not in verdict, verdict
    [file] = shop.stored(sent)
    assert file["owner"] == "ann"
    if "signature=" in verdict["answer"]:
        assert httpx.get(verdict["answer"], timeout=60, verify=NO_TLS).content == sent


def test_a_form(shop: Shop, chromium: Window) -> None:
    sent, token = text(), shop.token("bob")
    [form] = examples("html", PAGE)
    form = form.replace(ADDRESS, f"http://localhost:{shop.stack.port}").replace("TOKEN", token)
    verdict = shop.show(
        chromium,
        f"""
        document.body.innerHTML = {json.dumps(form)} + '<iframe name="answer"></iframe>';
        const [form, frame] = [document.forms[0], document.querySelector('iframe')];
        const files = new DataTransfer();
        files.items.add({file_of(sent)});
        form.file.files = files.files;
        form.target = 'answer';
        const answered = new Promise((done) => frame.addEventListener('load', done, {{ once: true }}));
        form.submit();
        await answered;
        return {{ answer: 'sent' }};
        """,
    )
    assert verdict == {"answer": "sent"}
    [file] = shop.stored(sent)
    assert file["owner"] == "bob"


@pytest.mark.usefixtures("javascript")
def test_a_page_of_another_origin_and_a_type_that_is_not_allowed(shop: Shop, chromium: Window, tmp_path: Path) -> None:
    """Lest the above worked without the settings that it describes."""
    sent, token = text(), shop.token("ann")
    upload = f"{module(shop, tmp_path, 0)}; return {{answer: await example.upload({file_of(sent)}, '{token}')}};"
    assert "error" in shop.show(chromium, upload, free_port())
    refused = shop.show(chromium, upload.replace(sent.decode(), "%PDF-1.7 "))
    assert "error" in refused
    assert not shop.stored(sent)
