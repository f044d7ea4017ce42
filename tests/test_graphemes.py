"""A text may be cut only where another library, too, sees the end of a character."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from chatbridge.graphemes import clip, last_cut, may_cut, next_cut

FAMILY = "👩‍👩‍👧‍👦"
FLAG = "🇨🇿"
ACCENT = "e\u0301\u0323"
SKIN = "👍🏽"

characters = st.characters(codec="utf-8", exclude_categories=("Cn", "Co", "Cs")) | st.sampled_from(
    "a \r\n\u0301\u200d\u200c\u0600\u0e33\uff9e👩👍\U0001f3fd\U0001f1e8\U0001f1ff\U000e0067❤\ufe0f"
    "\u1100\u1161\u11a8\uac00\uac01\u0915\u094d\u0937\u093c\u0d4d\u0d15"
)
texts = st.lists(characters, max_size=12).map("".join)


@given(texts)
def test_cuts_are_ends_of_characters(text):
    """No place that may be cut lies inside a character as Unicode defines it."""
    ends = {match.end() for match in regex.finditer(r"\X", text)} | {0}
    assert set() == {at for at in range(len(text) + 1) if may_cut(text, at)} - ends


@given(st.text("aZž 漢שل1.,!?\n", max_size=30))
def test_ordinary_text_may_be_cut_everywhere(text):
    """Keeping together is for what belongs together."""
    assert [True] * (len(text) + 1) == [may_cut(text, at) for at in range(len(text) + 1)]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("\u1112\u1161\u11ab\u1100\u1173\u11af", [0, 3, 6]),
        ("\ud55c\uae00", [0, 1, 2]),
        ("\uac00\u11a8\u1100", [0, 2, 3]),
        ("\u0915\u094d\u0937\u0915", [0, 3, 4]),
        ("👩\u200d👧a\u200db", [0, 3, 5, 6]),
        ("🇨🇿🇨🇿", [0, 2, 4]),
        ("a\r\nb", [0, 1, 3, 4]),
    ],
)
def test_what_belongs_together_stays(text, places):
    """Syllables of jamo, joined consonants, families, flags and line ends are one each."""
    assert places == [at for at in range(len(text) + 1) if may_cut(text, at)]


@given(texts, st.integers(0, 12))
def test_the_nearest_cuts_are_found(text, at):
    """The last place before and the first behind, both ends of the text included."""
    at = min(at, len(text))
    places = [place for place in range(len(text) + 1) if may_cut(text, place)]
    assert max(place for place in places if place <= at) == last_cut(text, at)
    assert min(place for place in places if place >= at) == next_cut(text, at)


@pytest.mark.parametrize(
    ("text", "count", "clipped"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "abc…"),
        ("ab cd", 3, "ab…"),
        (FAMILY * 4, 3, FAMILY * 3 + "…"),
        (FLAG * 4, 3, FLAG * 3 + "…"),
        (ACCENT * 3, 3, ACCENT * 3),
        (ACCENT * 4, 3, ACCENT * 3 + "…"),
        (SKIN * 4, 2, SKIN * 2 + "…"),
        ("", 3, ""),
    ],
)
def test_clipping_counts_what_people_see(text, count, clipped):
    """A family is one character, and the ellipsis says that there was more."""
    assert clipped == clip(text, count)
