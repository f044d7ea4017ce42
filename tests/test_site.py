"""The pages become a site without a warning, and the site needs nothing from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import pytest
from attrs import define, field

from tests.loading import module_at

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
needs_sphinx = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("sphinx", "myst_parser", "furo")),
    reason="Sphinx, MyST and Furo are not installed",
)


def _load(name: str) -> ModuleType:
    return module_at(DOCS / f"{name}.py")


@needs_sphinx
def test_every_page_has_its_place_in_the_contents() -> None:
    """The index names each page once, under a heading, and every heading has pages."""
    before = list(sys.path)
    chapters = _load("conf").contents_of((DOCS / "index.md").read_text(encoding="utf-8"))
    sys.path[:] = before
    named = [(DOCS / page).resolve() for _, pages in chapters for page in pages]
    pages = {page for page in DOCS.rglob("*.md") if "changelog.d" not in page.parts}
    assert pages - {DOCS / "index.md"} <= set(named)
    assert (len(named), []) == (len(set(named)), [name for name, pages in chapters if not pages])


def test_every_diagram_has_its_picture() -> None:
    """Pictures are those of the diagrams as they are now; docs/drawn_diagrams.py draws them."""
    drawing = _load("drawn_diagrams")
    there = {path.stem for path in drawing.PICTURES.glob("*.svg")}
    assert set(drawing.diagrams()) == there, "see docs/drawn_diagrams.py: draw them anew"


@define
class Page(HTMLParser):
    """What a page of the site leads to, and what it loads."""

    ids: set[str] = field(factory=set)
    links: list[str] = field(factory=list)
    loads: list[str] = field(factory=list)

    def __attrs_pre_init__(self) -> None:
        HTMLParser.__init__(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag has."""
        given = {name: value or "" for name, value in attrs}
        self.ids.update(given[name] for name in ("id", "name") if name in given)
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in {"script", "img", "iframe", "source"} and "src" in given:
            self.loads.append(given["src"])
        if tag == "link" and given.get("rel") in {"stylesheet", "preload", "icon"}:
            self.loads.append(given["href"])


def _read(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


@pytest.mark.heavy
@needs_sphinx
def test_the_site_builds_and_is_whole(tmp_path: Path) -> None:
    """No warning, no link that leads nowhere, nothing loaded from another machine."""
    site = tmp_path / "site"
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-n", "-b", "html"]
    command += ["-d", str(tmp_path / "read"), "-c", str(DOCS), str(ROOT), str(site)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=570)
    assert (0, "") == (done.returncode, done.stderr[-3000:])
    pages = {path: _read(path) for path in site.rglob("*.html")}
    foreign = {
        each for page in pages.values() for each in page.loads if re.match("(https?:)?//", each)
    }
    broken = [
        f"{path.relative_to(site)}: {link}"
        for path, page in pages.items()
        for link in [*page.links, *page.loads]
        if not _leads_somewhere(path, link, pages)
    ]
    assert (set(), []) == (foreign, broken)
    assert site / "docs" / "howto" / "embed-in-flask.html" in pages
    assert "receive_webhook" in str(pages[site / "docs/reference/docstrings/chatbridge.html"].ids)


def _leads_somewhere(page: Path, link: str, pages: dict[Path, Page]) -> bool:
    if re.match(r"[a-z]+:|//", link):
        return True
    place, _, anchor = unquote(link).partition("#")
    place = place.partition("?")[0]
    target = (page.parent / place).resolve() if place else page
    if not anchor or target not in pages:
        return target.exists()
    return anchor in pages[target].ids or target.name in {"genindex.html", "search.html"}
