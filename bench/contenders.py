"""How each program under test is started. Nothing here measures."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from string import Template

from tests.ports import free_port

from bench import tools
from bench.place import RIVALS, ROOT, Place
from bench.stack import Program, ProgramError

PICASSO = Path(sys.executable).parent / "picasso"
UPLOAD = "/api/v1.0/upload/"
FILES = "/api/v1.0/files/"
UPLOADS = "/api/v1.0/uploads/"


def picasso_env(data: Path, database: str = "", broker: str = "", **more: str) -> dict[str, str]:
    """An environment for all parts of one Picasso; without database and broker it is the embedded one."""
    env = {"PICASSO_DATA_DIR": str(data), "PICASSO_HOST": "127.0.0.1", "PICASSO_WEB_PROCESSES": "1"}
    env |= {"DATABASE_URL": database} if database else {}
    env |= {"BROKER_URL": broker} if broker else {}
    return env | more


def migrate_picasso(env: Mapping[str, str], build: Path = PICASSO) -> None:
    manage_picasso(env, "migrate", "--verbosity=0", build=build)


def manage_picasso(env: Mapping[str, str], *arguments: str, build: Path = PICASSO) -> None:
    command = [str(build), "manage", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | env, capture_output=True, text=True)
    if done.returncode:
        raise ProgramError(f"picasso manage {arguments[0]} failed:\n{done.stderr[-2000:]}")


def picasso(place: Place, part: str, env: Mapping[str, str], name: str = "", build: Path = PICASSO) -> Program:
    """A part of Picasso: `web`, `worker`, or `up` for all in one. ``build`` is its command."""
    listens = part != "worker"
    port = free_port() if listens else 0
    return Program(
        name or f"picasso-{part}",
        [str(build), part],
        place.folder,
        {**env, **({"PICASSO_PORT": str(port)} if listens else {})},
        cwd=ROOT,
        port=port,
        health="/healthz",
    )


def conventional(place: Place, database: str, broker: str) -> Program:
    """Django, DRF, FileField and `.delay()`, under runserver with its usual threads."""
    folder, port = RIVALS / "conventional", free_port()
    env = {"DATABASE_URL": database, "BROKER_URL": broker, "MEDIA_ROOT": str(place.new_folder("conventional-media"))}
    env |= {"DJANGO_SETTINGS_MODULE": "conventional.settings"}
    manage = [sys.executable, str(folder / "manage.py")]
    subprocess.run([*manage, "migrate", "--verbosity=0"], cwd=folder, env=os.environ | env, check=True)
    command = [*manage, "runserver", "--noreload", f"127.0.0.1:{port}"]
    return Program("conventional", command, place.folder, env, cwd=folder, port=port, health="/files/")


def express(place: Place, database: str, broker: str) -> Program:
    """Express, multer, pg and amqplib with confirms, one process."""
    folder, port = tools.express(), free_port()
    env = {"DATABASE_URL": database, "BROKER_URL": broker, "MEDIA_ROOT": str(place.new_folder("express-media"))}
    env |= {"NODE_ENV": "production", "PORT": str(port)}
    return Program("express", ["node", "server.js"], place.folder, env, cwd=folder, port=port, health="/healthz")


def tus(place: Place) -> Program:
    """@tus/server with its file store in the folder `tus` of the place, one process."""
    folder, port = tools.tus(), free_port()
    env = {"UPLOADS": str(place.new_folder("tus")), "NODE_ENV": "production", "PORT": str(port)}
    return Program("tus", ["node", "server.mjs"], place.folder, env, cwd=folder, port=port)


def starlette(place: Place, env: Mapping[str, str]) -> Program:
    """A list of files written by hand, on Uvicorn in one process. ``env`` says where the tables are."""
    python, folder, port = tools.starlette(), RIVALS / "starlette", free_port()
    command = [str(python), "-m", "uvicorn", "app:app", "--port", str(port), "--log-level", "warning"]
    return Program("starlette", command, place.folder, env, cwd=folder, port=port, health="/api/v1.0/files/")


def nginx(place: Place, name: str, buffer: str) -> Program:
    """A WebDAV PUT into the folder `files` within the place's folder of this name."""
    binary, folder, port = tools.need("nginx", "nginx"), place.new_folder(name), free_port()
    (folder / "files").mkdir()
    # As root, nginx would give its workers to a user who may not enter the bench's folder.
    user = "user root;" if os.geteuid() == 0 else ""
    template = Template((RIVALS / "nginx" / "nginx.conf.in").read_text())
    config = folder / "nginx.conf"
    config.write_text(template.substitute(folder=folder, port=port, user=user, buffer=buffer))
    return Program(name, [binary, "-p", str(folder), "-c", str(config)], place.folder, port=port)


def nginx_for_downloads(place: Place, media: Path, web: int) -> Program:
    """Serves the files below ``media`` at `/media/`, and all else from the service at the port ``web``."""
    binary, folder, port = tools.need("nginx", "nginx"), place.new_folder("nginx-downloads"), free_port()
    template = Template((RIVALS / "nginx" / "downloads.conf.in").read_text())
    user = "user root;" if os.geteuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(template.substitute(folder=folder, port=port, user=user, media=media, web=web))
    return Program("nginx-downloads", [binary, "-p", str(folder), "-c", str(config)], place.folder, port=port)


def noop_env(broker: str, expected: int, span: Path) -> dict[str, str]:
    return {"BROKER_URL": broker, "NOOP_EXPECTED": str(expected), "NOOP_SPAN_FILE": str(span)}


def noop_worker(place: Place, env: Mapping[str, str], concurrency: int) -> Program:
    """The same Celery as Picasso's, with a task that does nothing."""
    command = [sys.executable, "-m", "celery", "-A", "noop", "worker", "-P", "threads", "-c", str(concurrency)]
    command += ["--without-gossip", "--without-mingle", "--loglevel=WARNING"]
    return Program("noop-worker", command, place.folder, env, cwd=RIVALS / "noop")


def noop_publisher(place: Place, env: Mapping[str, str], messages: int) -> Program:
    command = [sys.executable, "publish.py", str(messages)]
    return Program("noop-publisher", command, place.folder, env, cwd=RIVALS / "noop")
