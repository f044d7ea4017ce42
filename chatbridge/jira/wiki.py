"""Plain text as wiki markup that reads as itself: every character is data, none is markup.

Used only where Jira takes no ADF (internal notes, descriptions on sites that refuse ADF). Nothing
here writes formatting, links, mentions or files.

Jira's own parsers (its Java renderer and the package `@atlaskit/editor-wikimarkup-transformer`)
take a backslash for an escape before some punctuation only, and two in a row for a line break.
Where no backslash helps, a word joiner (U+2060, no width, no break) keeps characters apart that
would mean something together.
"""

from __future__ import annotations

import re

from chatbridge.jira.characters import clean
from chatbridge.richtext import Document

APART = "\u2060"
"""Stands between characters that must not meet; nothing to see."""

PUNCTUATION = re.compile(r"[-#*_+?^~|{}\[\]()!]")
_ESCAPES = str.maketrans({sign: f"\\{sign}" for sign in "-#*_+?^~|{}[]()!"})
# What a word joiner stands behind, and a sign without which a text holds none of it. A backslash of
# the text must touch no other one, and no character that it would escape.
# Blanks of one line only: over line ends, each of n empty lines would be read n times.
_MISREAD = (
    ("\\", re.compile(r"\\")),
    ("&", re.compile(r"&(?=#?[0-9A-Za-z]+;)")),
    (":", re.compile(r":(?=//|[DPp])|(?i:mailto)(?=:)")),
    (".", re.compile(r"^[^\S\n]*(?=h[1-6]\.|bq\.)", re.MULTILINE | re.IGNORECASE)),
)


def escape(text: str) -> str:
    r"""Return wiki markup that shows exactly these characters.

    Args:
        text: anything that people wrote; control characters are taken out, line ends become \n.
    """
    text = clean(text)
    for sign, misread in _MISREAD:
        if sign in text:
            text = misread.sub(_kept_apart, text)
    return text.translate(_ESCAPES)


def _kept_apart(found: re.Match[str]) -> str:
    return found[0] + APART


def escape_document(document: Document) -> str:
    """Return the document's plain text as wiki markup."""
    return escape(document.plain())


def unescape(markup: str) -> str:
    """Return the text that `escape` made the markup from, without its word joiners."""
    return re.sub(r"\\([-#*_+?^~|{}\[\]()!])", r"\1", markup).replace(APART, "")


def same_text(markup: str, text: str) -> bool:
    """Tell whether the markup shows the text; white space and escaping do not count.

    Jira may store a note in another form than it was sent in.
    """
    return unescape(markup).split() == clean(text).replace(APART, "").split()
