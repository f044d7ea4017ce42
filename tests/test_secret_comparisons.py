"""What is secret is compared in constant time: every other comparison of such a name is known."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

SECRETIVE = re.compile(
    r"(^|_)(secrets?|tokens?|signature|sig|hmac|mac|digest|hexdigest|check|checksum|handle|marker|"
    r"reveal|fingerprint|passw(or)?d|proof|root_keys?|credentials?)($|_)"
)

KNOWN = {
    "file_urls.py: _encoded(raw) == token": "whether it is written in the one way there is; "
    "what it says is sealed, and opened afterwards",
    "keyset_wrapping.py: checksum != _checksum(body)": "a checksum without a key",
    "keyset_wrapping.py: _named(check) != fingerprint": "names of keys that tell nothing of them",
    "workqueue.py: self._due.get(handle) == due": "a time; the handle is a key of a record",
    "project_document.py: len(secrets) != count": "how many there are",
    "site.py: (self.account is None) != (self.token is None)": "whether there is one at all",
}
"""Comparisons by == or != that nobody outside can measure, or that are about nothing secret."""


def _modules() -> list[Path]:
    """Return the modules that see real secrets: all but stand-ins of platforms and the demo."""
    files = [*(ROOT / "chatbridge").rglob("*.py"), *ROOT.glob("adapters/*/chatbridge_*/*.py")]
    return sorted(
        file
        for file in files
        if "testing" not in file.parts and not re.search("simulat|conformance|demo", file.stem)
    )


def _names(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            yield each.id
        elif isinstance(each, ast.Attribute):
            yield each.attr


def comparisons(source: str) -> list[str]:
    """Return what a module compares by == or != and calls by a secret's name."""
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Compare)
        and any(isinstance(each, ast.Eq | ast.NotEq) for each in node.ops)
        and any(SECRETIVE.search(name) for name in _names(node))
    ]


@pytest.mark.fault("F49")
def test_every_comparison_of_something_secret_is_known() -> None:
    """A new == beside a secret, a token, a signature or a check is noticed."""
    found = {
        f"{path.name}: {text}" for path in _modules() for text in comparisons(path.read_text())
    }
    assert set() == found - set(KNOWN)
    assert set() == set(KNOWN) - found, "no longer there"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("given == settings.webhook_secret.reveal()", True),
        ("hmac.new(a, b).hexdigest() != given", True),
        ("header == token", True),
        ("hmac.compare_digest(a, secret)", False),
        ("status == 200", False),
        ("secret is None", False),
        ("tokenizer == given", False),
    ],
)
def test_what_counts_as_such_a_comparison(source: str, found: bool) -> None:
    """The search itself: names are read word by word."""
    assert found == bool(comparisons(source))
