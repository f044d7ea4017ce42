"""Text as wiki markup: it reads as itself, whatever it is made of."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbridge.jira.characters import clean
from chatbridge.jira.wiki import APART, escape, same_text, unescape

_PIECES = ["{code}", "{noformat}", "{", "}", "[", "]", "[~accountid:x]", "*", "_", "-", "----", "+",
           "^", "~", "??", "!", "!a.png!", "|", "||", "# ", "* ", "- ", "h1. ", "bq. ", "\\",
           "\\\\", "(", ")", ":)", ";)", ":D", "(/)", "http://a.b/c_d", "mailto:a@b.c", "&lt;", "&",
           "a", "b c", "\n", " ", "@", "{{", "}}", "[^f.txt]"]  # fmt: skip
_TEXTS = st.lists(st.sampled_from(_PIECES) | st.text(max_size=3), max_size=14).map("".join)

# What Jira's parsers take for markup unless a backslash stands before it, and only one.
_ESCAPABLE = r"[-#*_+?^~|%{}\[\]()!@]"
_MARKUP = re.compile(r"[-#*_+?^~|{}\[\]()!]")


@pytest.mark.fault("F57")
@settings(max_examples=400, deadline=None)
@given(text=_TEXTS)
def test_no_character_is_markup(text: str) -> None:
    """Every character that could mean something is escaped, and nothing else starts markup."""
    markup = escape(text)
    assert "\\\\" not in markup, "two backslashes are a line break"
    bare = re.sub(rf"(?<!\\)\\{_ESCAPABLE}", "¤", markup)
    assert _MARKUP.search(bare) is None
    assert re.search(r"://|[Mm][Aa][Ii][Ll][Tt][Oo]:|:[DPp]|&#?[0-9A-Za-z]+;", bare) is None
    assert re.search(r"^\s*(h[1-6]\.|bq\.)", bare, re.MULTILINE) is None


@pytest.mark.fault("F57")
@settings(max_examples=400, deadline=None)
@given(text=_TEXTS)
def test_the_text_reads_as_itself(text: str) -> None:
    """With escapes and word joiners taken out, exactly the text is left."""
    read = re.sub(rf"(?<!\\)\\({_ESCAPABLE})", r"\1", escape(text)).replace(APART, "")
    assert clean(text).replace(APART, "") == read
    assert read == unescape(escape(text))
    assert same_text(escape(text), text)


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("plain text, with a comma.", "plain text, with a comma."),
        ("{code}", "\\{code\\}"),
        ("[~accountid:5]", "\\[\\~accountid:5\\]"),
        ("a\\b", f"a\\{APART}b"),
        ("h1. Big", f"{APART}h1. Big"),
        ("---", "\\-\\-\\-"),
        ("a\r\nb\x00", "a\nb"),
        ("\ud83d", "\ufffd"),
    ],
)
def test_examples(text: str, markup: str) -> None:
    """Some texts and what becomes of them."""
    assert markup == escape(text)


def test_other_texts_are_not_the_same() -> None:
    """Comparing looks through escapes and white space, at nothing else."""
    assert same_text("a  \\*b\\*\n", "a *b*")
    assert not same_text("a *b* c", "a *b*")
