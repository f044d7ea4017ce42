"""Capabilities are one frozen value, and lengths are counted as the platform counts."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbridge.capabilities import Capabilities, LengthUnit
from chatbridge.richtext import Mark


@pytest.mark.parametrize(
    ("unit", "lengths"),
    [
        (LengthUnit.CODEPOINT, [0, 1, 1, 1, 1, 7]),
        (LengthUnit.UTF16, [0, 1, 1, 2, 1, 11]),
        (LengthUnit.BYTE, [0, 1, 2, 4, 3, 25]),
    ],
)
def test_lengths_are_counted_in_the_unit(unit, lengths):
    """One grapheme is one to many units; a lone surrogate counts and never fails."""
    texts = ["", "a", "ž", "😀", "\ud800", "👩‍👩‍👧‍👦"]
    assert lengths == [unit.measure(text) for text in texts]


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_lengths_agree_with_the_encodings(text):
    """UTF-16 units and bytes are what the encoders make of a text."""
    assert len(text.encode("utf-16-le")) // 2 == LengthUnit.UTF16.measure(text)
    assert len(text.encode()) == LengthUnit.BYTE.measure(text)


def test_values_are_taken_as_people_write_them():
    """A unit may be its word, marks any collection."""
    made = Capabilities(max_text_length=10, length_unit="utf16", marks=["bold"], blocks=["code"])
    assert (LengthUnit.UTF16, frozenset({Mark.BOLD}), frozenset({"code"})) == (
        made.length_unit,
        made.marks,
        made.blocks,
    )


def test_unknown_unit_is_refused():
    """A typing error is told at once."""
    with pytest.raises(ValueError, match="furlong"):
        Capabilities(max_text_length=10, length_unit="furlong")


def test_a_platform_can_nothing_unless_it_says_so():
    """The defaults promise only texts."""
    made = Capabilities(max_text_length=10)
    assert [False] * 7 == [
        made.links, made.choices, made.replies, made.threads, made.receipts, made.idempotent,
        made.ordered,
    ]  # fmt: skip
    assert (None, None, 0, 0, None) == (
        made.files, made.position, made.albums, made.edits, made.proof,
    )  # fmt: skip


def test_capabilities_do_not_change():
    """They may be shared by everybody."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Capabilities(max_text_length=10).choices = True
