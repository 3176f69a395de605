"""The container stack as far as it can be checked without running it; skipped where there is no Docker or nginx."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from picasso import conf

ROOT = Path(__file__).parents[2]


def compose(*arguments: str) -> subprocess.CompletedProcess[str]:
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) and subprocess.run([*command, "version"], capture_output=True).returncode == 0:
            return subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True, text=True)
    pytest.skip("Docker Compose is not installed")


def test_compose_file_is_valid() -> None:
    done = compose("config", "--quiet")
    assert done.returncode == 0, done.stderr


def test_every_setting_can_be_given_to_the_stack() -> None:
    text = (ROOT / "compose.yaml").read_text()
    fixed = {"PICASSO_DATA_DIR", "PICASSO_DEBUG"}
    assert [name for name in conf.variables() if name not in fixed and name not in text] == []


def test_nginx_configuration_is_valid(tmp_path: Path) -> None:
    if not shutil.which("nginx"):
        pytest.skip("nginx is not installed")
    text = (ROOT / "deploy/nginx.conf").read_text().replace("/etc/nginx/", "")
    (tmp_path / "proxies.conf").write_text("set_real_ip_from 192.0.2.1;")
    (tmp_path / "nginx.conf").write_text(text.replace("/tmp/", f"{tmp_path}/"))
    (tmp_path / "mime.types").write_text("types {}")
    done = subprocess.run(
        ["nginx", "-t", "-e", "stderr", "-c", str(tmp_path / "nginx.conf")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
