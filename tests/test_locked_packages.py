"""The lock, the bill of materials and the ranges of pyproject.toml agree, down to the oldest."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
MATERIALS = ROOT / "sbom.cdx.json"

_PIN = re.compile(r"([a-z0-9-]+)==([^\s;]+)(?: ; ([^\\]+?))? \\\n((?:    --hash=.*\n)+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})\b")
_PLACE = re.compile(r"[a-z][a-z0-9+.-]*://|/\w+/|--(index|extra|find|trusted)")


def _project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return project


def _extras() -> list[str]:
    """Return the extras that are locked, as the Makefile has them."""
    (line,) = re.findall(r"^LOCKED := (.*)$", (ROOT / "Makefile").read_text(), re.M)
    return str(line).split()


def _ranges() -> list[Requirement]:
    project = _project()
    texts = list(project["dependencies"])
    for extra in _extras():
        texts += project["optional-dependencies"][extra]
    return [Requirement(text) for text in texts]


def _pins() -> dict[str, tuple[str, set[str]]]:
    """Return version and hashes of each locked package."""
    return {
        name: (version, set(_HASH.findall(hashes)))
        for name, version, _, hashes in _PIN.findall(LOCK.read_text())
    }


def _materials() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(MATERIALS.read_text())
    return content


def test_every_range_has_its_pin() -> None:
    """Each package of the core and of the locked extras is locked, within its range."""
    pins = _pins()
    wrong = [
        str(each)
        for each in _ranges()
        if each.name not in pins or not each.specifier.contains(pins[each.name][0])
    ]
    assert [] == wrong, "run: make lock sbom"
    assert {"attrs", "cattrs", "pluggy", "pynacl", "requests"} <= {each.name for each in _ranges()}


def test_every_package_has_a_lower_bound_and_no_upper_one() -> None:
    """A library leaves the newest to its host, and says from when on it works."""
    operators = {each.name: {part.operator for part in each.specifier} for each in _ranges()}
    assert {} == {name: found for name, found in operators.items() if found != {">="}}


def test_the_lock_is_nothing_but_pins_with_hashes() -> None:
    """Each entry has hashes, and no line names a place that packages come from."""
    text = LOCK.read_text()
    assert "" == _PIN.sub("", text)
    assert all(hashes for _, hashes in _pins().values())
    assert None is _PLACE.search(text)


def test_the_bill_of_materials_is_that_of_the_lock() -> None:
    """Names, versions and hashes are the locked ones; the product is this version of ours."""
    listed = {
        each["name"]: (
            each["version"],
            {
                found["content"]
                for place in each["externalReferences"]
                for found in place.get("hashes", ())
            },
        )
        for each in _materials()["components"]
    }
    assert _pins() == listed, "run: make sbom"
    product = _materials()["metadata"]["component"]
    assert (_project()["name"], _project()["version"]) == (product["name"], product["version"])


def test_the_bill_of_materials_tells_nothing_of_a_machine() -> None:
    """It has no time, no number of its own and no place but public ones, so it stays the same."""
    content = _materials()
    assert set() == {"serialNumber"} & set(content) | {"timestamp"} & set(content["metadata"])
    public = {"pypi.org", "github.com", "cyclonedx.org", "www.apache.org"}
    hosts = set(re.findall(r"https?://([^/\"]+)", MATERIALS.read_text()))
    assert set() == {host for host in hosts - public if not host.endswith(".readthedocs.io")}
    assert None is re.search(r"file:|\"/\w+/", MATERIALS.read_text())


@pytest.mark.heavy
def test_the_bill_of_materials_can_be_made_again(tmp_path: Path) -> None:
    """Made twice from the lock it is the same, but for the versions of the tool."""
    made = tmp_path / "made.json"
    subprocess.run(
        [sys.executable, "-m", "cyclonedx_py", "requirements", "requirements.lock", "--pyproject",
         "pyproject.toml", "--mc-type", "library", "--output-reproducible", "--of", "JSON",
         "--output-file", str(made)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    again, kept = json.loads(made.read_text()), _materials()
    for each in (again, kept):
        each["metadata"].pop("tools")
    assert kept == again


@pytest.mark.heavy
def test_the_oldest_packages_of_the_ranges_carry_a_conversation(tmp_path: Path) -> None:
    """With the lowest version of each range the demo shows the main job, warnings as errors."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not installed")
    python = tmp_path / "oldest" / "bin" / "python"
    made = [[uv, "venv", "--quiet", "--python", sys.executable, str(tmp_path / "oldest")]]
    wanted = [f"{ROOT}[{','.join(_extras())}]", *map(str, (ROOT / "adapters").glob("*/"))]
    made += [[uv, "pip", "install", "--quiet", "--resolution", "lowest-direct",
              "--python", str(python), *wanted]]  # fmt: skip
    for command in made:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if "client error (Connect)" in ended.stderr or "dns error" in ended.stderr:
            pytest.skip("the package index cannot be reached")
        assert (0, "") == (ended.returncode, ended.stderr)
    shown = subprocess.run(
        [str(python), "-I", "-W", "error", "-m", "chatbridge", "demo"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert (0, True) == (shown.returncode, "points were observed" in shown.stdout), shown.stderr
