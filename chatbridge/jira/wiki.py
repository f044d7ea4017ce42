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
# Blanks of one line only: over line ends, each of n empty lines would be read n times.
_LINE_START = re.compile(r"^([^\S\n]*)(h[1-6]\.|bq\.)", re.MULTILINE | re.IGNORECASE)
_ADDRESS = re.compile(r"(:)(?=//)|(mailto)(?=:)", re.IGNORECASE)
_LETTER_EMOTICON = re.compile(r":(?=[DPp])")
_ENTITY = re.compile(r"&(?=#?[0-9A-Za-z]+;)")
_BACKSLASH = re.compile(r"\\")


def escape(text: str) -> str:
    r"""Return wiki markup that shows exactly these characters.

    Args:
        text: anything that people wrote; control characters are taken out, line ends become \n.
    """
    # A backslash of the text must touch no other one, and no character that it would escape.
    text = _BACKSLASH.sub(lambda match: match[0] + APART, clean(text))
    text = _ENTITY.sub("&" + APART, text)
    text = _ADDRESS.sub(lambda match: match[0] + APART, text)
    text = _LETTER_EMOTICON.sub(":" + APART, text)
    text = _LINE_START.sub(lambda match: match[1] + APART + match[2], text)
    return PUNCTUATION.sub(lambda match: "\\" + match[0], text)


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
