"""No input from outside breaks a parser: errors are the documented ones, and come soon."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import FrameType, ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chatbridge
import chatbridge_telegram
import chatbridge_viber
from tests.loading import module_at

HERE = Path(__file__).resolve().parent
MAY_BE_STOPPED = (str(HERE), *(
    str(Path(str(package.__file__)).parent)
    for package in (chatbridge, chatbridge_telegram, chatbridge_viber)
))  # fmt: skip
CPU_SECONDS_AN_INPUT = 5.0
BYTES_AN_INPUT = 64 * 1024 * 1024
LARGE = 64 * 1024
CI_SECONDS = 15
SEARCHED_IN_CI = (
    "telegram_webhook", "telegram_answer", "jira_hint", "jira_answer", "adf", "wiki", "record",
    "choice", "configuration",
)  # fmt: skip
"""Nine parsers share the minutes that a heavy run has; --fuzz-seconds gives them more."""


def _load(name: str) -> ModuleType:
    return module_at(HERE / f"{name}.py", f"fuzz_{name}")


targets = _load("targets")
mutations = _load("mutations")
SAMPLES = sorted((HERE / "samples").glob("*/*"))
NAMES = sorted(targets.TARGETS)


def _corpus(name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((HERE / "corpus" / name).iterdir())]


@contextmanager
def limited(factor: float = 1.0) -> Iterator[None]:
    """Break off what takes too much of the processor; others on the machine do not count.

    It is broken off inside the project's own code only: an error that is raised in the middle of a
    test tool's code, or swallowed there, would end the whole run or prove nothing.
    """

    def stop(_number: int, frame: FrameType | None) -> None:
        if frame is not None and _is_ours(frame.f_code.co_filename):
            raise TimeoutError("one input takes too long")

    before = signal.signal(signal.SIGVTALRM, stop)
    # Again and again, until it comes at a good moment; not so soon that it meets its own end.
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS_AN_INPUT * factor, 0.25)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _is_ours(file_name: str) -> bool:
    return file_name.startswith(MAY_BE_STOPPED)


def _try(name: str, data: bytes, factor: float = 1.0) -> None:
    with limited(factor):
        targets.TARGETS[name](data)


QUICK = settings(
    max_examples=100,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.fault("F23", "F48")
@pytest.mark.parametrize("name", NAMES)
@QUICK
@given(data=st.data())
def test_changed_inputs(name: str, data: st.DataObject) -> None:
    """Whatever is changed in a genuine input, the parser ends well or with its own error."""
    seed = data.draw(st.sampled_from(_corpus(name)))
    chance = Random(data.draw(st.integers(0, 2**32)))
    _try(name, mutations.mutated(name, seed, chance))


@pytest.mark.fault("F23", "F48")
@pytest.mark.parametrize("name", NAMES)
@QUICK
@given(body=st.binary(max_size=120) | st.text(st.characters(), max_size=60).map(
    lambda text: text.encode("utf-8", "surrogatepass")))  # fmt: skip
def test_any_input(name: str, body: bytes) -> None:
    """Bytes and texts that are nothing at all end well or with the parser's own error."""
    _try(name, body)


@pytest.mark.parametrize("name", NAMES)
def test_genuine_inputs(name: str) -> None:
    """What the corpus holds is taken: no target refuses everything."""
    for seed in _corpus(name):
        _try(name, seed)


@pytest.mark.fault("F23", "F48")
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_once_broke_a_parser(path: Path) -> None:
    """An input that was a find does no harm any more."""
    _try(path.parent.name, path.read_bytes())


def _bombs(size: int) -> dict[str, bytes]:
    return {
        "brackets": b"[" * size,
        "lists": b"[" + b"[]," * (size // 3) + b"0]",
        "objects": b'{"a":' * (size // 5),
        "digits": b"9" * size,
        "text": b'"' + b"x" * size + b'"',
        "marks": "e\u0301".encode() * (size // 3),
        "flags": "\U0001f1fa".encode() * (size // 4),
        "lines": b"a=1\n" * (size // 4),
        "empty lines": b'{"type":"codeBlock","content":[{"type":"text","text":"'
        + b"\\n" * (size // 2) + b'"}]}',
        "paragraphs": b'{"type":"doc","content":['
        + b'{"type":"paragraph"},' * (size // 21) + b'{"type":"rule"}]}',
    }  # fmt: skip


BOMBS = sorted(_bombs(1))


@pytest.mark.fault("F23", "F34", "F82")
@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("name", NAMES)
def test_large_inputs(name: str, bomb: str) -> None:
    """A large input costs little time and at most 64 MiB of memory."""
    _measured(name, _bombs(LARGE)[bomb])


@pytest.mark.heavy
@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("name", sorted({*NAMES} - {"rendering", "configuration"}))
def test_largest_inputs(name: str, bomb: str) -> None:
    """The same for the largest body that the web application takes, 1 MiB.

    A text that is cut has at most the 32,767 characters of a comment, and the configuration is the
    host's own.
    """
    _measured(name, _bombs(16 * LARGE)[bomb])


def _measured(name: str, data: bytes) -> None:
    # A first byte of 255 lets the platform take the longest messages.
    head = b"\xff" if name == "rendering" else bytes(mutations.PREFIXES.get(name, 0))
    _try(name, head + data)
    tracemalloc.start()
    try:
        # To follow each piece of memory takes several times as long.
        _try(name, head + data, factor=10.0)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most <= BYTES_AN_INPUT


@pytest.mark.parametrize("fault", ["wrong error", "no end"])
def test_the_search_sees_what_is_wrong(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks themselves: a foreign exception and a loop without an end are noticed."""

    def broken(_data: bytes) -> None:
        if fault == "wrong error":
            raise KeyError("not documented")
        while True:
            pass

    monkeypatch.setitem(targets.TARGETS, "choice", broken)
    monkeypatch.setitem(globals(), "CPU_SECONDS_AN_INPUT", 0.2)
    with pytest.raises(KeyError if fault == "wrong error" else TimeoutError):
        _try("choice", b"")


@pytest.mark.fault("F23", "F48", "F57")
@pytest.mark.heavy
@pytest.mark.parametrize("name", SEARCHED_IN_CI)
def test_search_led_by_coverage(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Some seconds of a coverage-guided search find nothing; a find becomes a sample."""
    pytest.importorskip("atheris", reason="atheris is not installed here")
    seconds = request.config.getoption("--fuzz-seconds") or CI_SECONDS
    command = [sys.executable, str(HERE / "search.py"), name, "--seconds", str(seconds)]
    ended = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=seconds + 60,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert 0 == ended.returncode, ended.stderr[-2000:]
    assert "number_of_executed_units" in ended.stderr
