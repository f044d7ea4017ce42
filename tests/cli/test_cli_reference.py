"""The reference of settings and commands is what the code has, and its example can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chatbridge.configuration import read_configuration
from tests.loading import module_at

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def tables():
    """Return the script that makes the tables."""
    return module_at(DOCS / "made_tables.py")


@pytest.mark.parametrize("name", ["cli.md", "settings.md"])
def test_the_page_says_what_the_code_has(tables, name):
    """No table differs from what would be made now; mend: python docs/made_tables.py."""
    page = (DOCS / "reference" / name).read_text()
    assert page == tables.made_anew(page), "run: python docs/made_tables.py"


def test_every_section_has_its_table(tables):
    """A new table of chatbridge.toml cannot be forgotten."""
    page = (DOCS / "reference" / "settings.md").read_text()
    assert set(tables.SECTIONS) == set(re.findall(r"table: section ([a-z]+) ", page))


def test_a_changed_table_would_be_noticed(tables):
    """What somebody writes into a table by hand is replaced."""
    page = "<!-- table: section run -->\n| by hand |\n<!-- end -->"
    assert "by hand" not in tables.made_anew(page)
    assert "`workers`" in tables.made_anew(page)


def test_the_example_can_be_read(tmp_path):
    """The configuration on the page works as it stands."""
    page = (DOCS / "reference" / "settings.md").read_text()
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "chatbridge.toml").write_text(example)
    environment = {"CHATBRIDGE_SITE_TOKEN": "t"}
    made = read_configuration(tmp_path / "chatbridge.toml", environment=environment)
    assert "https://chat.acme.example" == made.web.public_url
