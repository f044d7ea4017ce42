"""Links of the documentation lead somewhere, and the commands it shows are there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from chatbridge.cli.main import chatbridge as command_line
from tests.pages.reading import DOCS, FENCE, PAGES, blocks_of, name_of, text_of


def _without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", text))


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
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


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=name_of)
def test_every_page_can_be_found(page: Path) -> None:
    """The index leads to each page, but for the notes of changes."""
    if "changelog.d" in page.parts or page.name == "index.md":
        return
    assert f"({page.relative_to(DOCS).as_posix()})" in text_of("docs/index.md")


def _commands(page: Path) -> Iterator[str]:
    """Yield the calls of the command line that a page shows."""
    text = page.read_text(encoding="utf-8")
    for block, _ in blocks_of(page):
        if block.language == "sh":
            for line in block.code.replace("\\\n", " ").splitlines():
                if line.strip().startswith("chatbridge "):
                    yield line.strip()
    yield from re.findall(r"`(chatbridge [a-z][^`]*)`", FENCE.sub("", text).replace("\n", " "))


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


@pytest.mark.parametrize("page", PAGES, ids=name_of)
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
