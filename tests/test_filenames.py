"""File names: safe everywhere, and with a marker that can be found again."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbridge.filenames import LONGEST, marked_name, marker_in, safe_name

MARKER = "mfzgcy3bmnsxk4tu"


@pytest.mark.parametrize(
    ("claimed", "expected"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\system32\\a.dll", "a.dll"),
        ("a\r\nContent-Type: x.txt", "aContent-Type_ x.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("", "file"),
        ("...", "file"),
        ("CON.txt", "_CON.txt"),
        ("nul", "_nul"),
        (".htaccess", "htaccess"),
        ("звіт.docx", "звіт.docx"),
        ('a"b<c>.txt', "a_b_c_.txt"),
        ("x" * 500 + ".jpeg", "x" * 115 + ".jpeg"),
    ],
)
def test_hostile_names_become_safe(claimed: str, expected: str) -> None:
    """No folder, line end, direction mark or reserved word is left in a name."""
    assert safe_name(claimed) == expected


@given(st.text())
def test_any_name_becomes_one_that_every_system_takes(claimed: str) -> None:
    """Whatever is claimed, the name is short, printable and no path."""
    name = safe_name(claimed)
    assert (
        0 < len(name) <= LONGEST + 1,
        len(name.encode()) <= 255,
        set(name) & set('/\\<>:"|?*'),
        any(unicodedata.category(character).startswith("C") for character in name),
        name.strip(". ") != "",
    ) == (True, True, set(), False, True)


@given(st.text())
def test_a_marker_is_found_in_every_marked_name(claimed: str) -> None:
    """What a name was marked with is read from it again, whatever the name is."""
    assert marker_in(marked_name(safe_name(claimed), MARKER)) == MARKER


def test_the_marker_stands_before_the_ending() -> None:
    """A marked name still says what sort of file it is."""
    assert marked_name("photo.jpg", MARKER) == f"photo-{MARKER}.jpg"


@pytest.mark.parametrize("name", ["photo.jpg", "a-b.txt", "-short.txt", f"x{MARKER}.jpg", ""])
def test_other_names_have_no_marker(name: str) -> None:
    """A name that the bridge did not make holds no marker."""
    assert marker_in(name) is None
