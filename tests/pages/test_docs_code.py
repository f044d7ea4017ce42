"""The code of the documentation is Python, and runs where it says so."""

from __future__ import annotations

import importlib.util
import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import chatbridge
from chatbridge import (
    Bridge,
    CloudDesk,
    MemoryStorage,
    Plugins,
    Secret,
    SiteSettings,
    SystemClock,
    new_root_key,
    root_key_from_text,
)
from chatbridge.cli.scaffold import rendered
from chatbridge.testing.desk_simulator import DeskSimulator
from chatbridge.testing.simulated_transport import SimulatedTransport
from tests.pages.reading import PAGES, ROOT, Block, blocks_of, name_of

PATIENCE = 30.0
BLOCKS = [block for page in PAGES for block in blocks_of(page)]
PYTHON = [block for block, _ in BLOCKS if block.language == "python"]
RUNNING = sorted({block.page for block, runs in BLOCKS if runs})


@pytest.mark.parametrize("block", PYTHON, ids=str)
def test_python_compiles(block: Block) -> None:
    """Every Python block is Python, and names of the package in it exist."""
    compile(block.code, str(block), "exec")
    imported = re.findall(r"^from chatbridge import (?:\(([^)]*)\)|(.*))$", block.code, re.M)
    names = {name.strip() for pair in imported for name in "".join(pair).split(",") if name.strip()}
    assert set() == names - set(chatbridge.__all__)


class _Served(SimulatedTransport):
    """Stands where the bridge would make its own transport, and can be closed as that one."""

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Path], dict[str, Any]]]:
    """Put the blocks of pages between simulators; yield what makes a page's names."""
    before = set(threading.enumerate())
    desk = DeskSimulator()
    telegram = Plugins().simulator("telegram")()
    known = desk.credentials()
    transport = _Served(
        {"https://acme.atlassian.net": desk, "https://api.telegram.org": telegram}, SystemClock()
    )
    monkeypatch.setattr("chatbridge.bridge.HttpTransport", lambda **_: transport)
    monkeypatch.setenv("CHATBRIDGE_SITE_TOKEN", known["api_token"])
    monkeypatch.setenv("CHATBRIDGE_TELEGRAM_TOKEN", telegram.credentials()["bot_token"])
    monkeypatch.chdir(tmp_path)
    for place, text in rendered("adapter", "acme").items():
        path = tmp_path / "acme" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path / "acme")
    for name in [name for name in sys.modules if name.startswith("chatbridge_acme")]:
        monkeypatch.delitem(sys.modules, name)
    key = tmp_path / "chatbridge.key"
    key.touch(mode=0o600)
    key.write_text(new_root_key())

    def your_service() -> None:
        telegram.control("message", {"chat": 1001, "text": "My printer is on fire"})
        with telegram.changed:
            told = telegram.changed.wait_for(lambda: "HELP-1" in str(shown()), PATIENCE)
        assert (True, 1) == (told, len(desk.control("requests", {})))

    def shown() -> Any:
        chat = telegram.control("transcript", {"chat": 1001})
        return [each["text"] for each in chat if each["from"] == "bot"]

    def names_for(page: Path) -> dict[str, Any]:
        if page.name == "README.md":
            return {"your_service": your_service}
        if page.name == "async-hosts.md":
            return {"bridge": _bridge(known)}
        return {}

    yield names_for
    # A poll that is under way ends when something comes.
    telegram.control("message", {"chat": 1002, "text": "The end"})
    left = [each for each in set(threading.enumerate()) - before if "poll" in each.name]
    for thread in left:
        thread.join(PATIENCE)
    assert [] == [thread.name for thread in left if thread.is_alive()]


def _bridge(known: dict[str, str]) -> Bridge:
    site = SiteSettings(
        url="https://acme.atlassian.net",
        account=known["account"],
        token=Secret(known["api_token"]),
    )
    return Bridge(
        storage=MemoryStorage(),
        root_keys=root_key_from_text(new_root_key()),
        sites=[CloudDesk(site)],
    )


@pytest.mark.parametrize("page", RUNNING, ids=name_of)
def test_marked_blocks_run(page: Path, stage: Callable[[Path], dict[str, Any]]) -> None:
    """The blocks of a page that say so run, one after another, between simulators."""
    names: dict[str, Any] = {"__name__": page.stem.replace("-", "_"), **stage(page)}
    for block, runs in blocks_of(page):
        if runs and (block.needs is None or importlib.util.find_spec(block.needs)):
            exec(compile(block.code, str(block), "exec"), names)
    if "threads" in names:
        names["threads"].shutdown()
    assert names.get("status", 404) == 404


def test_the_pages_that_matter_most_run() -> None:
    """The README, embedding and testing are among the pages that are run."""
    wanted = {"README.md", "docs/howto/embed.md", "docs/howto/test-your-host.md"}
    wanted |= {"docs/howto/async-hosts.md", "docs/write-an-adapter.md"}
    assert set() == wanted - {name_of(page) for page in RUNNING}


def test_the_short_embedding_is_short() -> None:
    """The README's example has about twenty lines."""
    (block,) = [block for block, runs in blocks_of(ROOT / "README.md") if runs]
    lines = [line for line in block.code.splitlines() if line.strip()]
    assert len(lines) <= 22
