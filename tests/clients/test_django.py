"""docs/django.md as it is written: a small Django project stores its files in Picasso."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.clients.application import LISTEN, Elements
from tests.clients.checks import content
from tests.clients.shop import Shop
from tests.clients.test_documented import ROOT, examples
from tests.devtools import Window
from tests.stack import environment, until
from tests.waiting import SECONDS

HERE = Path(__file__).parent / "django_project"
# Beside the model of docs/embed.md.
NOTE = """

class Note(models.Model):
    file = PicassoFileField(blank=True, auto_delete=True, tags=["note"])
"""

# Modules of the service that the project has imported.
ELSEWHERE = """
import sys
names = {name.split(".")[1] for name in sys.modules if name.startswith("picasso.")}
result = sorted((names - {"contrib"}) | ({"celery", "rest_framework"} & set(sys.modules)))
"""

# One that the service signs: the project does not know the secret.
TOKEN = """
from django.conf import settings
from django.test import override_settings
from picasso.contrib.django.tokens import Wishes, token_for
import base64, json
with override_settings(PICASSO={**settings.PICASSO, "SIGNING_SECRET": ""}):
    token = token_for("form:a", Wishes(tags=["note"]))
claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
result = [*claims["tags"], len(token.split("."))]
"""


class Project:
    """The project, served at ``url``."""

    def __init__(self, folder: Path, shop: Shop) -> None:
        self.url = f"http://localhost:{shop.port}"
        write_project(folder, shop)
        argv = [sys.executable, str(folder / "server.py"), str(shop.port)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen(argv, cwd=folder, env=environment(), text=True, **pipes)  # type: ignore[call-overload]
        assert self._answer() == "ready"

    def run(self, code: str) -> Any:
        """Run it in the project; what it leaves in ``result``."""
        self._process.stdin.write(json.dumps(code) + "\n")
        self._process.stdin.flush()
        found = self._answer()
        assert not (isinstance(found, dict) and "error" in found), found["error"]
        return found

    def _answer(self) -> Any:
        timer = threading.Timer(SECONDS, self._process.kill)
        timer.start()
        try:
            return json.loads(self._process.stdout.readline())
        finally:
            timer.cancel()

    def end(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=SECONDS)


def write_project(folder: Path, shop: Shop) -> None:
    setting, _field, _assign, form, *_ = examples("python", "django.md")
    model = examples("python", "embed.md")[0]
    service = f"http://localhost:{shop.stack.port}"
    values = (
        setting.replace("http://localhost:8000", service).replace("pk_…", shop.key).replace('"…"', repr(shop.secret))
    )
    for name in ("server.py", "urls.py", "base_settings.py"):
        shutil.copy(HERE / name, folder)
    (folder / "gallery").mkdir()
    for path, text in {
        "settings.py": f"from base_settings import *\n{values}",
        "gallery/__init__.py": "",
        "gallery/models.py": model + NOTE,
        "gallery/forms.py": form,
    }.items():
        (folder / path).write_text(text)


@pytest.fixture(scope="module")
def project(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    found = Project(tmp_path_factory.mktemp("django"), shop)
    yield found
    found.end()


@pytest.fixture
def client(project: Project) -> Iterator[httpx.Client]:
    """A browser without script."""
    with httpx.Client(base_url=project.url, timeout=SECONDS, follow_redirects=True) as found:
        yield found


def picture() -> bytes:
    """One that no other test uploads; decoders ignore what follows its end."""
    return (ROOT / "docs/picture.jpg").read_bytes() + content(16)


def fields(page: str) -> dict[str, str]:
    """The hidden ones."""
    inputs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return dict(inputs)


def post(
    client: httpx.Client, path: str, more: Mapping[str, str], file: tuple[str, bytes] | None = None, name: str = "image"
) -> str:
    """Send a form that was just shown."""
    hidden = fields(client.get(path).text)
    return client.post(path, data={**hidden, **more}, files={name: file} if file else None).text


def test_the_five_lines() -> None:
    """The docs say the same on both pages."""
    _, field, *_ = examples("python", "django.md")
    [model] = examples("python", "embed.md")
    for line in field.splitlines():
        assert line in model


def test_a_form_with_script(
    project: Project, shop: Shop, chromium: Window, client: httpx.Client, tmp_path: Path
) -> None:
    (tmp_path / "picture.jpg").write_bytes(picture())
    tab = chromium.page(project.url, "document.readyState === 'complete' && customElements.get('picasso-file')")
    tab.run(LISTEN)
    page = Elements(tab)
    page.says("20 MB", "#hint")
    page.choose(tmp_path / "picture.jpg")
    page.told("processed")
    tab.run("document.querySelector('[name=title]').value = 'By script'")
    tab.run("document.querySelector('form > button').click()")
    saved = "from gallery.models import *\nresult = Photo.objects.filter(title='By script').exists()"
    until(lambda: project.run(saved), SECONDS, lambda: "the form was never saved")
    [stored] = shop.stored((tmp_path / "picture.jpg").read_bytes())
    assert re.fullmatch(r"form:[\w-]{22}", stored["owner"])
    shown = client.get("/photos/").text
    assert f"By script picture.jpg {stored['size']} processed" in shown
    [thumbnail] = re.findall(r'By script[^!]*?<img src="([^"]+)"', shown)
    assert httpx.get(thumbnail.replace("&amp;", "&")).headers["content-type"] == "image/webp"


def test_a_form_without_script(project: Project, shop: Shop, client: httpx.Client) -> None:
    """The file goes through the project. Shown again, the form keeps it; then another one replaces it."""
    first, second = picture(), picture()
    again = post(client, "/", {"title": ""}, ("one.jpg", first))
    assert "This field is required" in again
    [stored] = shop.stored(first)
    saved = client.post("/", data={**fields(again), "title": "Plain"}).text
    key = int(saved.removeprefix("saved "))
    assert project.run(f"from gallery.models import *\nresult = Photo.objects.get(pk={key}).image.id") == stored["id"]
    assert len(shop.stored(first)) == 1
    assert post(client, f"/{key}/", {"title": "Plain"}, ("two.jpg", second)) == f"saved {key}"
    assert project.run(f"result = Photo.objects.get(pk={key}).image.name") == "two.jpg"
    assert post(client, f"/{key}/", {"title": "Kept"}) == f"saved {key}"
    assert project.run(f"photo = Photo.objects.get(pk={key})\nresult = [photo.title, photo.image.name]") == [
        "Kept",
        "two.jpg",
    ]


def test_what_the_service_refuses_is_an_error_of_the_field(shop: Shop, client: httpx.Client) -> None:
    text = content(16).hex().encode()
    assert "errorlist" in (shown := post(client, "/", {"title": "Text"}, ("a.jpg", text)))
    assert "image" in shown
    assert not shop.stored(text)


def test_a_file_of_somebody_else(shop: Shop, client: httpx.Client) -> None:
    """Neither that of another form, nor one of another owner, nor one that is not there."""
    stranger = shop.client.post("/api/v1.0/upload/", files={"file": ("a.jpg", picture())}).json()["id"]
    foreign = "was not uploaded with this form"
    assert foreign in post(client, "/", {"title": "x", "image": stranger})
    assert foreign in post(client, "/", {"title": "x", "image": stranger, "image-proof": "made:up"})
    missing = f"{stranger[:-4]}0000"
    assert "not there any more" in post(client, "/", {"title": "x", "image": missing})
    assert "not there any more" in post(client, "/", {"title": "x", "image": "../../keys"})
    other_form = fields(client.get("/").text)["image-proof"]
    assert foreign in post(client, "/apply/", {"letter": stranger, "letter-proof": other_form}, name="letter")


def test_an_owner_of_the_project(shop: Shop, client: httpx.Client) -> None:
    pdf = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n%" + content(16).hex().encode()
    received = post(client, "/apply/", {}, ("a.pdf", pdf), name="letter")
    [stored] = shop.stored(pdf)
    assert (received, stored["owner"]) == (f"received {stored['id']}", "user-7")
    assert post(client, "/apply/", {"letter": stored["id"]}, name="letter") == received
    other_form = fields(client.get("/").text)["image-proof"]
    other_pdf = pdf + content(16).hex().encode()
    post(client, "/apply/", {"letter-proof": other_form}, ("a.pdf", other_pdf), name="letter")
    assert [each["owner"] for each in shop.stored(other_pdf)] == ["user-7"]


def test_the_admin(project: Project, client: httpx.Client) -> None:
    project.run("from django.contrib.auth.models import User\nUser.objects.create_superuser('ann', '', 'secret')")
    post(client, "/admin/login/?next=/admin/", {"username": "ann", "password": "secret"})
    add = "/admin/gallery/photo/add/"
    assert "<picasso-uploader" in client.get(add).text
    added = post(client, add, {"title": "Admin"}, ("admin.jpg", picture()))
    assert "was added successfully" in added
    key = project.run("result = __import__('gallery.models').models.Photo.objects.get(title='Admin').pk")
    assert "admin.jpg" in client.get(f"/admin/gallery/photo/{key}/change/").text


def test_code_of_the_project(project: Project, shop: Shop) -> None:
    """Assign, read, replace and delete."""
    drawing = picture()
    example = examples("python", "django.md")[2].replace("photo.image", "note.file").replace("photo", "note")
    file_id = project.run(
        f"from gallery.models import *\nnote, drawing = Note(), {drawing!r}\n{example}\n"
        "note = Note.objects.get(pk=note.pk)\nresult = note.file.id"
    )
    [stored] = shop.stored(drawing)
    assert (stored["id"], stored["name"], stored["tags"]) == (file_id, "drawing.png", ["note"])
    assert project.run("result = note.file.open().read() == drawing")
    assert project.run(
        "result = [note.file.size, note.file.state != '', Note.objects.filter(file=note.file).count()]"
    ) == [
        len(drawing),
        True,
        1,
    ]
    project.run("note.file = ContentFile(drawing + b'2', name='two.png')\nnote.save()")
    assert shop.stored(drawing) == []
    assert project.run("note.delete()\nresult = Note.objects.count()") == 0
    assert shop.stored(drawing + b"2") == []
    assert project.run("note = Note()\nnote.save()\nresult = [bool(note.file), str(note.file)]") == [False, ""]
    assert project.run(ELSEWHERE) == []
    assert project.run(TOKEN) == ["note", 3]
    without_service = "from django.test import override_settings\nfrom picasso.contrib.django import PicassoFile\n"
    settings = "{'URL': 'http://127.0.0.1:1', 'KEY': 'pk_a_b'}"
    code = f"{without_service}with override_settings(PICASSO={settings}):\n    from urls import LIST, Context\n"
    shown = "LIST.render(Context({'photos': [Photo(title='Dark', image='a')]}))"
    assert "Dark" in project.run(f"{code}    result = {shown}")
