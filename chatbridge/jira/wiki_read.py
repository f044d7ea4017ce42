"""Reads Jira's wiki markup into a document; never fails on what it is given.

What has no place in a document is shown as text: an image or attachment by its name, a mention
without its account. Markup that is broken stays in the text as it is written, so nothing is lost.
"""

from __future__ import annotations

from chatbridge.jira.characters import clean
from chatbridge.jira.wiki_blocks import read_blocks
from chatbridge.jira.wiki_macros import Macros
from chatbridge.richtext import Document


def read_wiki(markup: str) -> Document:
    """Return what a text in wiki markup says.

    Args:
        markup: as Jira's REST API v2, Data Center and the customer API hand it out.
    """
    macros = Macros(read_blocks)
    text = macros.taken_out(clean(markup))
    return Document(read_blocks(text, macros.held))
