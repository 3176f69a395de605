"""Programs that the bench needs and a fresh machine lacks: it installs them itself where it may."""

import os
import shutil
import subprocess
import venv
from pathlib import Path

from bench.place import RIVALS, WORK


class MissingToolError(Exception):
    """Something the bench needs is not there and could not be installed."""


def need(program: str, package: str) -> str:
    """The path of a program, installed from Debian's packages if it is missing."""
    if not shutil.which(program):
        _install(program, package)
    return shutil.which(program) or program


def _install(program: str, package: str) -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise MissingToolError(
            f"{program} is missing: install the package {package}, or run the bench as root on Debian"
        )
    print(f"    installing {package}", flush=True)
    # Not started: the package's own service would sit on a port and on the two cores.
    policy = {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    apt = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300"]
    for command in (["update"], ["install", "--no-install-recommends", package]):
        done = subprocess.run([*apt, *command], env=os.environ | policy, capture_output=True, text=True)
        if done.returncode:
            raise MissingToolError(f"{program} is missing, and apt-get {command[0]} failed:\n{done.stderr[-2000:]}")


def express() -> Path:
    """The folder of the Express rival with its modules, outside of git."""
    return _npm("express", "server.js")


def sharp() -> Path:
    """The folder of the sharp rival with its modules, outside of git."""
    return _npm("sharp", "thumbnails.js")


def tus() -> Path:
    """The folder of the tus rival with its modules, outside of git."""
    return _npm("tus", "server.mjs")


def starlette() -> Path:
    """The Python of the Starlette rival, with its packages, outside of git."""
    requirements, folder = RIVALS / "starlette" / "requirements.txt", WORK / "starlette"
    python, installed = folder / "bin" / "python", folder / "installed.txt"
    if not _same(requirements, installed):
        print("    installing the rival starlette", flush=True)
        venv.create(folder, clear=True, with_pip=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "--only-binary", ":all:", "-r", str(requirements)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise MissingToolError(f"pip install failed for the rival starlette:\n{done.stderr[-2000:]}")
        shutil.copy(requirements, installed)
    return python


def _npm(rival: str, program: str) -> Path:
    need("node", "nodejs")
    need("npm", "npm")
    source, folder = RIVALS / rival, WORK / rival
    folder.mkdir(parents=True, exist_ok=True)
    fresh = _same(source / "package-lock.json", folder / "node_modules" / ".lock-of-the-bench")
    for name in ("package.json", "package-lock.json", program):
        shutil.copy(source / name, folder / name)
    if not fresh:
        _npm_ci(folder)
        shutil.copy(source / "package-lock.json", folder / "node_modules" / ".lock-of-the-bench")
    return folder


def _same(one: Path, other: Path) -> bool:
    return other.exists() and one.read_bytes() == other.read_bytes()


def _npm_ci(folder: Path) -> None:
    print(f"    installing the rival {folder.name}", flush=True)
    command = ["npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise MissingToolError(f"npm ci failed for the rival {folder.name}:\n{done.stderr[-2000:]}")
