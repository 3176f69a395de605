"""docs/embed.md as it is written: pages of another origin with our elements, in Chromium."""

from __future__ import annotations

import gzip
import subprocess
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from PIL import ExifTags, Image

from picasso.demo import pictures
from tests.clients import elements, node
from tests.clients.application import Application, Elements
from tests.clients.checks import content
from tests.clients.shop import FILES, Shop
from tests.clients.test_documented import ROOT, bundled, examples
from tests.console.pages import check_looks, press
from tests.devtools import Window
from tests.sampling import sample

PAGE = "embed.md"
ADDRESS = "http://localhost:8000"
MOST = 40_000  # bytes, compressed

pytestmark = pytest.mark.usefixtures("javascript")

# How an application shows the component of an example.
ROOTS = {
    "jsx": """
        import { createRoot } from "react-dom/client";
        import { createElement } from "react";
        import { Photos } from "./example.jsx";
        const getToken = async () => (await fetch("/token")).text();
        createRoot(document.querySelector("#app")).render(createElement(Photos, { getToken }));
    """,
    "vue": """
        import { createApp } from "vue";
        import Photos from "./example.mjs";
        const getToken = async () => (await fetch("/token")).text();
        createApp(Photos, { getToken }).mount("#app");
    """,
}


@pytest.fixture(scope="module")
def application(shop: Shop) -> Iterator[Application]:
    with Application(shop.port, lambda: shop.token("ann")).served() as found:
        yield found


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """One that no other test uploads; decoders ignore what follows its end."""
    path = tmp_path / "picture.jpg"
    path.write_bytes((ROOT / "docs/picture.jpg").read_bytes() + content(16))
    return path


def module(shop: Shop) -> str:
    return f'<script type="module" src="http://localhost:{shop.stack.port}/static/picasso/elements.js"></script>'


def localised(shop: Shop, example: str) -> str:
    return example.replace(ADDRESS, f"http://localhost:{shop.stack.port}")


def test_the_module_is_what_the_sources_give() -> None:
    built = elements.BUILT.read_bytes()
    assert built == elements.build(), "make elements"
    assert len(gzip.compress(built, mtime=0)) <= MOST


def test_plain_html(shop: Shop, application: Application, chromium: Window, picture: Path) -> None:
    """Under a strict policy. One file is refused by the page; the form has the others, also one that is damaged."""
    service = f"http://localhost:{shop.stack.port}"
    policy = (
        f"default-src 'none'; script-src {service}; connect-src 'self' {service}; img-src {service};"
        " form-action 'self'; base-uri 'none'; require-trusted-types-for 'script'"
    )
    broken = picture.parent / "broken.jpg"
    broken.write_bytes(pictures.broken() + content(16))
    page = application.show(chromium, localised(shop, examples("html", PAGE)[0]), policy=policy)
    page.says("Images", "#hint")
    page.says("20 MB", "#hint")
    assert page.tab.run("document.forms[0].checkValidity()") is False
    page.drop("film.mp4", "video/mp4")
    assert "Images" in page.told("failed", "film.mp4")[2]
    page.choose(picture, broken)
    page.told("processed", "picture.jpg")
    assert "damaged" in page.told("failed", "broken.jpg")[2]
    assert page.tab.run("document.forms[0].checkValidity()") is False
    assert page.tab.run(f"{page.inside('.file.failed .retry')}.hidden") is True
    page.click(".file.failed .remove")
    page.says("removed", "[role=status]")
    files = page.value
    page.tab.run("document.querySelector('button').click()")
    assert application.form() == {"photos": files}
    stored = [*shop.stored(picture.read_bytes()), *shop.stored(broken.read_bytes())]
    assert sorted((file["id"], file["owner"]) for file in stored) == sorted((file, "ann") for file in files)
    assert page.tab.complaints == []


@pytest.mark.parametrize("language", sample(ROOTS, lambda _: "framework", 1 / 2))
def test_frameworks(shop: Shop, application: Application, chromium: Window, picture: Path, language: str) -> None:
    tmp_path = picture.parent
    [example] = examples(language, PAGE)
    code = localised(shop, example)
    (tmp_path / ("example.jsx" if language == "jsx" else "example.mjs")).write_text(
        code if language == "jsx" else compiled(code)
    )
    script = bundled(tmp_path, ROOTS[language], "--jsx=automatic", "--define:__VUE_PROD_DEVTOOLS__=false")
    page = application.show(chromium, '<div id="app"></div>', script.encode())
    page.choose(picture)
    page.told("uploaded", "picture.jpg")
    page.says("picture.jpg", ".name", "picasso-file")
    page.tab.until(f"{page.inside('img', 'picasso-file')}?.naturalWidth > 0")
    assert len(shop.stored(picture.read_bytes())) == 1
    assert page.tab.complaints == []


def compiled(component: str) -> str:
    """By Vue's compiler."""
    argv = [node.node(), str(node.JS / "vue.mjs")]
    return subprocess.run(argv, input=component, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def turned(tmp_path: Path) -> Path:
    """A photo of 400 by 600 pixels that is stored lying on its side."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # the first row of pixels is the right side (Exif 3.0, 4.6.5)
    Image.effect_noise((600, 400), 90).save(tmp_path / "photo.jpg", exif=exif, quality=95)
    return tmp_path / "photo.jpg"


def test_a_picture_is_made_smaller_while_the_network_is_gone(
    shop: Shop, application: Application, chromium: Window, turned: Path
) -> None:
    """In Russian. The upload goes on by itself."""
    body = f'{module(shop)}<picasso-uploader name="a" token-url="/token" resize="200" tags="a,b"></picasso-uploader>'
    page = application.show(chromium, body, lang="ru")
    page.says("Выбрать файл", "button")
    page.says("Изображения", "#hint")
    page.tab.connected(False)
    page.choose(turned)
    page.says("Связь прервалась", ".note")
    page.tab.connected(True)
    page.told("processed", "photo.jpg")
    file = shop.client.get(f"/api/v1.0/files/{page.value}/").json()
    facts = file["facts"]["image"]
    assert (facts["width"], facts["height"]) == (133, 200)
    assert (file["name"], file["tags"], file["media_type"]) == ("photo.jpg", ["a", "b"], "image/jpeg")
    page.says("Загружен 1 файл", "[role=status]")


def deleting(token: str, shop: Shop) -> str:
    """This token, which may delete files as well."""
    claims = jwt.decode(token, options={"verify_signature": False})
    claims["scopes"].append("files:delete")
    return jwt.encode(claims, shop.secret, "HS256", headers={"kid": jwt.get_unverified_header(token)["kid"]})


def test_a_file_is_deleted_only_when_somebody_takes_it_away(
    shop: Shop,
    application: Application,
    chromium: Window,
    picture: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not when the page sets the value that it was told, as controlled components do, and another file replaces it."""
    other = picture.with_name("other.jpg")
    other.write_bytes(picture.read_bytes() + content(16))
    token = application.token
    monkeypatch.setattr(application, "token", lambda: deleting(token(), shop))
    page = application.show(chromium, f'{module(shop)}<picasso-uploader token-url="/token"></picasso-uploader>')
    page.choose(picture)
    page.told("processed", "picture.jpg")
    kept = page.value
    page.tab.run(f"document.querySelector('picasso-uploader').value = '{kept}'")
    page.choose(other)
    page.told("processed", "other.jpg")
    removed = page.value
    page.click(".remove")
    page.tab.once(lambda: not shop.client.get(f"{FILES}{removed}/").is_success, "the other one is deleted")
    assert shop.client.get(f"{FILES}{kept}/").is_success
    assert page.tab.complaints == []


def test_files_that_are_there_already(shop: Shop, application: Application, chromium: Window) -> None:
    """In a form: its value, keys, a reset, a disabled set of fields. Beside it files are shown as they are."""
    page = application.show(chromium, module(shop) + FORM + shown_files(shop))
    page.says("⟨U+202E⟩", ".name")
    assert "1.5 kB" in page.text(".note")
    check_shown(page)
    assert "Letter" in page.groups()
    check_looks(page.tab)
    assert entries(page) == [["f", "a"]]
    press(page.tab, "Tab")
    page.focus_is("Choose a file")
    press(page.tab, "Tab")
    page.focus_is("Remove <img")
    press(page.tab, "Enter")
    page.focus_is("Choose a file")
    assert entries(page) == [["f", ""]]
    page.tab.run("document.forms[0].reset()")
    assert page.value == "a"
    page.tab.run("document.querySelector('fieldset').disabled = true")
    assert page.tab.run(f"{page.inside('.choose')}.disabled") is True
    assert entries(page) == []
    assert page.tab.complaints == []


# With a hostile name, and with what is there for pages without script.
FORM = """
    <form><fieldset><legend>Files</legend><label for="f">Letter</label>
    <picasso-uploader id="f" name="f"
        files='[{"id": "a", "name": "<img src=x onerror=alert(1)>\u202egnp.exe", "size": 1500}]'>
    <input type="file" name="f"></picasso-uploader></fieldset></form>
"""


def shown_files(shop: Shop) -> str:
    """One that failed, one that is not there, and an address of one that may not be read."""
    headers = {"Authorization": f"Bearer {shop.token('ann')}"}
    form = {"file": ("b.jpg", pictures.broken() + content(16))}
    file_id = shop.client.post("/api/v1.0/upload/", files=form, headers=headers).json()["id"]
    link = f"http://localhost:{shop.stack.port}/files/{file_id}/b%20c.jpg"
    return (
        f'<picasso-file id="failed" file="{file_id}" token-url="/token"></picasso-file>'
        f'<picasso-file id="gone" file="{file_id[:-4]}0000" token-url="/token"></picasso-file>'
        f'<picasso-file id="link" file="{link}"></picasso-file>'
    )


def check_shown(page: Elements) -> None:
    page.says("Not processed", ".base.failed", "#failed")
    page.says("not there any more", ".base.failed", "#gone")
    page.says("b c.jpg", ".name", "#link")
    assert page.tab.run(f"{page.inside('a', '#link')}.href").endswith("/b%20c.jpg?download=")
    assert page.text("a", "#failed") == "Download"


def entries(page: Elements) -> list[list[str]]:
    found: list[list[str]] = page.tab.run("[...new FormData(document.forms[0])]")
    return found
