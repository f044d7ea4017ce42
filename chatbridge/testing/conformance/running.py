"""Runs a suite on a case by pytest, in this process, and returns a report.

The tests stand in a folder made for the run and deleted after it; no setting or plugin of a project
around it takes part.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from chatbridge.adapter import API_VERSION
from chatbridge.plugin_offers import CORE_PACKAGE
from chatbridge.testing.conformance import builtin_cases
from chatbridge.testing.conformance.cases import AdapterCase
from chatbridge.testing.conformance.finding import Found
from chatbridge.testing.conformance.reports import Failed, Report

_TESTS = '''"""Made for one run."""

from {module} import {case}
from chatbridge.testing import {suite}


class TestConformance({suite}):
    """The whole suite."""

    case = {case}{place}
'''


def run(name: str, found: Found) -> Report:
    """Return what the suite finds.

    Args:
        name: of the adapter or storage.
        found: its case.
    """
    kind = "adapter" if isinstance(found.case, AdapterCase) else "storage"
    builtin = found.module == builtin_cases.__name__
    text = _TESTS.format(
        module=found.module,
        case="CASES" if builtin else "CASE",
        place=f"[{name!r}]" if builtin else "",
        suite="AdapterSuite" if kind == "adapter" else "StorageSuite",
    )
    heard = _Heard()
    with tempfile.TemporaryDirectory(prefix="chatbridge-conformance-") as folder:
        path = Path(folder) / "test_conformance.py"
        path.write_text(text, encoding="utf-8")
        arguments = ["-p", "no:terminal", "-p", "no:cacheprovider", "-c", os.devnull,
                     "--rootdir", folder, "--import-mode=importlib", str(path)]  # fmt: skip
        code = pytest.main(arguments, plugins=[heard])
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED} and not heard.failed:
        heard.failed.append(
            Failed("run", "The suite runs to its end.", f"pytest ended with {code}")
        )
    return Report(
        subject=name,
        distribution=found.distribution,
        version=found.version,
        kind=kind,
        core=_version(),
        api_version=API_VERSION,
        day=datetime.now(UTC).date(),
        passed=heard.passed,
        skipped=dict(heard.skipped),
        failed=tuple(heard.failed),
    )


class _Heard:
    """A pytest plugin that notes what became of each test."""

    def __init__(self) -> None:
        self.passed = 0
        self.skipped: Counter[str] = Counter()
        self.failed: list[Failed] = []
        self._promises: dict[str, str] = {}

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what could not even be collected."""
        if report.failed:
            self.failed.append(Failed("collection", "The case can be used.", _reason(report)))

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Note the promise of each test."""
        for item in items:
            said = getattr(getattr(item, "obj", None), "__doc__", "") or ""
            self._promises[item.nodeid] = said.strip().partition("\n")[0]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note an outcome; a failing fixture counts like a failing test."""
        if report.failed:
            name = report.nodeid.rpartition("::")[2]
            promise = self._promises.get(report.nodeid, "")
            self.failed.append(Failed(name, promise, _reason(report)))
        elif report.skipped and isinstance(report.longrepr, tuple):
            self.skipped[str(report.longrepr[2]).removeprefix("Skipped: ")] += 1
        elif report.when == "call" and report.passed:
            self.passed += 1


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return the line that says why, without the lines of code around it."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(getattr(crash, "message", "") or report.longrepr)
    return text.strip().partition("\n")[0].removeprefix("AssertionError: ")


def _version() -> str:
    try:
        return version(CORE_PACKAGE)
    except PackageNotFoundError:
        return "(not installed)"
