"""Reads the pages of the documentation: their texts, and the code that they show."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from attrs import field, frozen

from tests.loading import module_at

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


made_parts = module_at(DOCS / "made_parts.py")
PAGES: list[Path] = [*made_parts.documents(), *sorted((ROOT / "adapters").glob("*/README.md"))]


def name_of(path: Path) -> str:
    """Return where a page is, from the top of the project."""
    return path.relative_to(ROOT).as_posix()


def text_of(name: str) -> str:
    """Return what a page says.

    Args:
        name: where it is, from the top of the project.
    """
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
        return f"{name_of(self.page)}:{self.line}"


FENCE = re.compile(
    r"(?P<mark><!-- runs(?: with (?P<needs>\w+))? -->\n\s*)?"
    r"^(?P<indent> *)```(?P<language>[\w{}-]*)\n(?P<code>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)


def blocks_of(page: Path) -> Iterator[tuple[Block, bool]]:
    """Yield every piece of code of a page, and whether it is marked to be run."""
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        line = text.count("\n", 0, found.start("code")) + 1
        code = textwrap.dedent(found["code"])
        block = Block(page, line, found["language"], code, found["needs"])
        yield block, found["mark"] is not None
