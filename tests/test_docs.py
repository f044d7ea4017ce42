"""The documentation says what is: tables equal the data, links lead somewhere, examples run."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
import textwrap
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
from attrs import field, frozen

import chatbridge
from chatbridge import (
    Bridge,
    CloudDesk,
    MemoryStorage,
    NoticeKind,
    Plugins,
    Refusal,
    Secret,
    SiteSettings,
    SystemClock,
    errors,
    hookspecs,
    new_root_key,
    root_key_from_text,
)
from chatbridge.cli.main import chatbridge as command_line
from chatbridge.cli.scaffold import rendered
from chatbridge.setbacks import ASKED_AGAIN, LOOP, UNREACHABLE
from chatbridge.state_texts import NOTES
from chatbridge.testing.desk_simulator import DeskSimulator
from chatbridge.testing.simulated_transport import SimulatedTransport

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
NEEDED_PARTS = {
    "README.md": ["kept"],
    "docs/privacy.md": ["record_fields", "record_lives"],
    "docs/reference/capabilities.md": ["capabilities"],
    "docs/reference/errors.md": ["error_tree"],
    "docs/reference/hooks.md": ["hooks"],
    "docs/reference/simulator.md": ["actions", "behaviour", "faults"],
}
PATIENCE = 30.0


def _load_made_parts() -> ModuleType:
    spec = importlib.util.spec_from_file_location("made_parts", DOCS / "made_parts.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


made_parts = _load_made_parts()
PAGES: list[Path] = [*made_parts.documents(), *sorted((ROOT / "adapters").glob("*/README.md"))]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@frozen
class Block:
    """A piece of code in a page."""

    page: Path
    line: int
    language: str
    code: str = field(repr=False)
    needs: str | None = None

    def __str__(self) -> str:
        return f"{_name(self.page)}:{self.line}"


_FENCE = re.compile(
    r"(?P<mark><!-- runs(?: with (?P<needs>\w+))? -->\n\s*)?"
    r"^(?P<indent> *)```(?P<language>[\w{}-]*)\n(?P<code>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)


def _blocks(page: Path) -> Iterator[tuple[Block, bool]]:
    """Yield every piece of code of a page, and whether it is marked to be run."""
    text = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        line = text.count("\n", 0, found.start("code")) + 1
        code = textwrap.dedent(found["code"])
        block = Block(page, line, found["language"], code, found["needs"])
        yield block, found["mark"] is not None


BLOCKS = [block for page in PAGES for block in _blocks(page)]
PYTHON = [block for block, _ in BLOCKS if block.language == "python"]
RUNNING = sorted({block.page for block, runs in BLOCKS if runs})


# --- what is made from data -----------------------------------------------------------------------


@pytest.mark.parametrize("page", made_parts.documents(), ids=_name)
def test_made_parts_equal_the_data(page: Path) -> None:
    """Tables of names, hooks, capabilities, records and simulators are those of the code."""
    text = page.read_text(encoding="utf-8")
    same = made_parts.made_anew(text) == text
    assert same, f"{_name(page)} differs from the code; run: python docs/made_parts.py"


@pytest.mark.parametrize(("page", "parts"), NEEDED_PARTS.items(), ids=NEEDED_PARTS)
def test_pages_have_their_made_parts(page: str, parts: list[str]) -> None:
    """Nobody replaces a table that is made by one that can drift."""
    there = {found[1] for found in made_parts.PART.finditer(_text(page))}
    assert set() == set(parts) - there


def test_a_part_that_differs_is_noticed() -> None:
    """The comparison itself: what is between the marks does not stay."""
    page = "a\n<!-- made: names Bridge -->\nold\n<!-- end -->\nb\n"
    made = made_parts.made_anew(page)
    assert ("old" in made, "`Bridge`" in made) == (False, True)
    assert made == made_parts.made_anew(made)


def test_every_public_name_is_explained_once() -> None:
    """The page of the API has each name of the package, in one table."""
    parts = made_parts.PART.finditer(_text("docs/reference/api.md"))
    told = Counter(name for found in parts if found[1] == "names" for name in found[2].split())
    assert set(chatbridge.__all__) == set(told)
    assert {1} == set(told.values())


def test_every_public_name_has_a_summary() -> None:
    """No row of the tables of names is empty."""
    silent = [name for name in chatbridge.__all__ if not made_parts.summary_of(name)]
    assert [] == silent


def test_every_simulator_action_is_told() -> None:
    """Each simulator that is here has its table of actions."""
    parts = made_parts.PART.finditer(_text("docs/reference/simulator.md"))
    told = {found[2].strip() for found in parts if found[1] == "actions"}
    assert set(made_parts.simulators()) == told


def test_every_hook_stands_with_its_signature() -> None:
    """The page of hooks has each hook as it is declared."""
    hooks = [name for name in vars(hookspecs) if name.startswith("chatbridge_")]
    page = _text("docs/reference/hooks.md")
    assert hooks
    assert [] == [name for name in hooks if f"def {name}(register: Register" not in page]


# --- errors, reasons, notes -----------------------------------------------------------------------


def test_every_error_has_a_heading_and_a_mend() -> None:
    """Each error class has a place in the page of errors, with its cause and what mends it."""
    classes = [
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception)
    ]
    sections = dict(
        re.findall(r"^##+ (\w+)\n(.*?)(?=^##|\Z)", _text("docs/reference/errors.md"), re.M | re.S)
    )
    assert len(classes) > 20
    assert [] == [name for name in classes if name not in sections]
    unfit = [name for name in classes if not re.search("mend(:|\\.)|Mend:", sections[name])]
    assert [] == unfit


def test_every_reason_of_a_refusal_is_explained() -> None:
    """The page of errors has a row for each `Refusal`, and no other."""
    rows = re.findall(r"^\| `([a-z_]+)` \|", _text("docs/reference/errors.md"), re.M)
    assert {str(reason) for reason in Refusal} == set(rows)


def test_every_note_to_agents_is_told() -> None:
    """The page of outages has each internal note, word for word."""
    page = _text("docs/howto/handle-outages.md")
    assert [] == [cause for cause, note in NOTES.items() if f"| `{cause}` | {note} |" not in page]


def test_every_kind_of_notice_is_told() -> None:
    """A host finds in `embed.md` what each notice means."""
    told = (DOCS / "howto" / "embed.md").read_text()
    assert [] == [kind for kind in NoticeKind if f"`{kind}`" not in told]


def test_every_reason_of_a_stopped_link_is_told() -> None:
    """The page of outages says of each reason how the link goes on."""
    rows = re.findall(
        r"^\| (?:suspended|held), (.*?) \|", _text("docs/howto/handle-outages.md"), re.M
    )
    told = {reason for row in rows for reason in re.findall(r"`(\w+)`", row)}
    assert {*UNREACHABLE.values(), *ASKED_AGAIN, LOOP, "burst", "silent", "restored"} == told


# --- links and commands ---------------------------------------------------------------------------


def _without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", _FENCE.sub("", text))


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", _FENCE.sub("", page.read_text(encoding="utf-8")), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link inside the repository names a file, and a heading that it has."""
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", _without_code(page.read_text(encoding="utf-8"))):
        place, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        there = (page.parent / place).resolve() if place else page
        if not there.exists() or (anchor and anchor not in _anchors(there)):
            broken.append(target)
    assert [] == broken


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=_name)
def test_every_page_can_be_found(page: Path) -> None:
    """The index leads to each page, but for the notes of changes."""
    if "changelog.d" in page.parts or page.name == "index.md":
        return
    assert f"({page.relative_to(DOCS).as_posix()})" in _text("docs/index.md")


def _commands(page: Path) -> Iterator[str]:
    """Yield the calls of the command line that a page shows."""
    text = page.read_text(encoding="utf-8")
    for block, _ in _blocks(page):
        if block.language == "sh":
            for line in block.code.replace("\\\n", " ").splitlines():
                if line.strip().startswith("chatbridge "):
                    yield line.strip()
    yield from re.findall(r"`(chatbridge [a-z][^`]*)`", _FENCE.sub("", text).replace("\n", " "))


def _unknown(line: str) -> list[str]:
    """Return the words of a call that the command line does not know."""
    command: click.Command = command_line
    unknown = []
    after_option = False
    for word in shlex.split(line.replace("...", ""), comments=True)[1:]:
        if word.startswith("-"):
            known = {name for each in command.params for name in each.opts}
            if word.partition("=")[0] not in {*known, "--help"}:
                unknown.append(word)
            after_option = True
        elif isinstance(command, click.Group) and word in command.commands:
            command = command.commands[word]
        elif isinstance(command, click.Group) and not after_option:
            unknown.append(word)
            break
        else:
            after_option = False
    return unknown


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_commands_exist(page: Path) -> None:
    """Every call of `chatbridge` that a page shows has a command and options that are there."""
    assert {} == {line: bad for line in _commands(page) if (bad := _unknown(line))}


@pytest.mark.parametrize(
    ("line", "unknown"),
    [
        ("chatbridge project set support --bot telegram", []),
        ("chatbridge project sett support", ["sett"]),
        ("chatbridge project set support --robot telegram", ["--robot"]),
        ("chatbridge -c other.toml doctor", []),
    ],
)
def test_commands_are_read_as_the_command_line_would(line: str, unknown: list[str]) -> None:
    """A command or option that is not there is noticed."""
    assert unknown == _unknown(line)


# --- code -----------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("page", RUNNING, ids=_name)
def test_marked_blocks_run(page: Path, stage: Callable[[Path], dict[str, Any]]) -> None:
    """The blocks of a page that say so run, one after another, between simulators."""
    names: dict[str, Any] = {"__name__": page.stem.replace("-", "_"), **stage(page)}
    for block, runs in _blocks(page):
        if runs and (block.needs is None or importlib.util.find_spec(block.needs)):
            exec(compile(block.code, str(block), "exec"), names)
    if "threads" in names:
        names["threads"].shutdown()
    assert names.get("status", 404) == 404


def test_the_pages_that_matter_most_run() -> None:
    """The README, embedding and testing are among the pages that are run."""
    wanted = {"README.md", "docs/howto/embed.md", "docs/howto/test-your-host.md"}
    wanted |= {"docs/howto/async-hosts.md", "docs/write-an-adapter.md"}
    assert set() == wanted - {_name(page) for page in RUNNING}


def test_the_short_embedding_is_short() -> None:
    """The README's example has about twenty lines."""
    (block,) = [block for block, runs in _blocks(ROOT / "README.md") if runs]
    lines = [line for line in block.code.splitlines() if line.strip()]
    assert len(lines) <= 22
