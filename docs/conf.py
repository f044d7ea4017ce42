"""How the pages of the repository become a site: `make docs`, into build/docs.

The pages are those that are read in the repository; their folder is the repository's root, so that
every link between them holds on the site as well. The order of the site is that of docs/index.md:
its headings and lists are the only table of contents. Nothing is fetched from elsewhere when the
site is built or looked at.
"""

from __future__ import annotations

import re
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

project = "chatbridge"
copyright = "the authors of chatbridge"  # noqa: A001 - the name that Sphinx asks for
html_title = "chatbridge"
root_doc = "docs/index"
include_patterns = [
    "README.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "docs/*.md",
    "docs/**/*.md",
    "adapters/*/README.md",
    "examples/README.md",
    "examples/*/README.md",
]
exclude_patterns = [".*", "build", "chatbridge", "dist", "tests", "docs/changelog.d/*.*.md"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
suppress_warnings = ["ref.python"]
"""A name has two homes, the package and its module; either will do for a link."""
default_role = "code"
"""Docstrings mark code as Markdown does."""

myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]

napoleon_use_ivar = True
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
nitpick_ignore_regex = [("py:.*", ".*")]
"""Types in signatures come from many places; links between pages are all checked."""

html_theme = "furo"
html_static_path = ["site/look"]
html_css_files = ["site.css"]
html_extra_path = ["site/start"]
html_copy_source = False
html_show_sphinx = False
templates_path: list[str] = []


def digest_of(diagram: str) -> str:
    """Return the name under which the picture of a Mermaid diagram is kept."""
    return sha256(diagram.strip().encode()).hexdigest()[:16]


class Diagram(Directive):
    """Shows the picture that was drawn of a Mermaid diagram, or its text where none was."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return what is shown."""
        text = "\n".join(self.content)
        picture = f"/docs/diagrams/{digest_of(text)}.svg"
        if not (ROOT / picture[1:]).is_file():
            return [nodes.literal_block(text, text)]
        # With a width, a click shows the picture in its own size.
        return [nodes.image(uri=picture, alt=text, classes=["diagram"], width="100%")]


_CHAPTER = re.compile(r"^\*\*(.+)\*\*$")
_PAGE = re.compile(r"\[([^]]+)\]\(([^)#\s]+\.md)(?:#[^)]*)?\)")


def contents_of(index: str) -> list[tuple[str, dict[str, str]]]:
    """Return the chapters of the index: page -> what it is called there, where it comes first."""
    chapters: list[tuple[str, dict[str, str]]] = []
    told: set[str] = set()
    for line in index.splitlines():
        found = _CHAPTER.match(line)
        if found:
            chapters.append((found[1], {}))
        for title, page in _PAGE.findall(line):
            if chapters and page not in told:
                told.add(page)
                chapters[-1][1][page] = title
    return chapters


def _add_contents(app: Any, page: str, source: list[str]) -> None:
    """Give the index, and only it, the tree of all pages."""
    if page == "docs/changelog.d/README":
        source[0] = "---\norphan: true\n---\n" + source[0]
    if page != app.config.root_doc:
        return
    for chapter, pages in contents_of(source[0]):
        lines = ["```{toctree}", ":hidden:", f":caption: {chapter}", ""]
        for each, title in pages.items():
            path = (ROOT / "docs" / each).resolve().relative_to(ROOT)
            place = "/" + path.with_suffix("").as_posix()
            # What lies elsewhere has a title that says little beside the others.
            outside = each.startswith("../")
            lines.append(f"{title[0].upper()}{title[1:]} <{place}>" if outside else place)
        source[0] += "\n\n" + "\n".join([*lines, "```"])


def setup(app: Any) -> dict[str, bool]:
    """Register what this file adds to Sphinx."""
    app.add_directive("mermaid", Diagram)
    app.connect("source-read", _add_contents)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
