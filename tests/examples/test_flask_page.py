"""Who follows the page about Flask, from an empty folder, has a service that answers."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "embed-in-flask.md"
_STEP = re.compile(
    r"^<!-- step: (\w+)(?: ([^\n]+))? -->\n\n```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE
)
_PROGRAM = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
TRIES = 150


def _free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return str(listening.getsockname()[1])


@pytest.fixture
def page() -> str:
    """The page, with ports that are free here."""
    text = PAGE.read_text(encoding="utf-8")
    return text.replace("8900", _free_port()).replace("8000", _free_port())


@pytest.mark.heavy
@pytest.mark.skipif(find_spec("flask") is None, reason="flask is not installed")
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_each_step_of_the_page_works(page: str, tmp_path: Path) -> None:
    """The commands run as they stand there, and show what the page says."""
    (program,) = _PROGRAM.findall(page)
    (tmp_path / "service.py").write_text(program)
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    environment["PORT"] = re.findall(r"http://127\.0\.0\.1:(\d+)/\n", page)[-1]
    steps = _STEP.findall(page)
    assert 6 == len(steps)
    running: list[subprocess.Popen[bytes]] = []
    kept = ""
    log = (tmp_path / "log").open("w")
    try:
        for kind, wanted, script in steps:
            shell = ["bash", "-c", f"set -e\n{kept}\n{script}"]
            if kind == "background":
                shell[-1] = f"{kept}\nexec {script}"
                running.append(
                    subprocess.Popen(shell, cwd=tmp_path, env=environment, stdout=log, stderr=log)
                )
            elif kind == "here":
                kept = "\n".join(line for line in script.splitlines() if "export" in line)
                assert _said(shell, tmp_path, environment, "support") is not None
            else:
                assert _said(shell, tmp_path, environment, wanted) is not None
        assert "" == (tmp_path / "log").read_text().partition("Traceback")[1]
    finally:
        for process in reversed(running):
            process.terminate()
            process.wait(30)
        log.close()
    assert [0, 0] == [process.returncode for process in running]


def _said(shell: list[str], folder: Path, environment: dict[str, str], wanted: str) -> str | None:
    """Return what the commands say once the wanted is among it, None when it never is."""
    first = list(shell)
    pause = threading.Event()
    for _ in range(TRIES):
        done = subprocess.run(
            shell, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            # What people do is done once; looking is done again.
            shell = ["bash", "-c", first[-1].rstrip().rpartition("\n")[2]]
            if wanted in done.stdout:
                return done.stdout
        pause.wait(0.2)
    return None
