"""Shows of which kind a panel is: a warning must not look like any other text."""

from __future__ import annotations

from chatbridge.richtext import Block, Document, Emoji, Text

_ICONS = {
    "info": "\N{INFORMATION SOURCE}\ufe0f", "note": "📝", "tip": "💡", "success": "✅",
    "warning": "⚠️", "error": "⛔",
}  # fmt: skip
_KINDS = {
    "#deebff": "info", "#eae6ff": "note", "#e3fcef": "success", "#fffae6": "warning",
    "#ffebe6": "error",
}  # fmt: skip
"""By which colours of wiki markup Jira Cloud tells its panels apart (from Atlassian's package
`@atlaskit/editor-wikimarkup-transformer`)."""


def with_icon(blocks: tuple[Block, ...], *, kind: str = "", icon: str = "") -> tuple[Block, ...]:
    """Return what is in a panel, behind a pictogram of its kind.

    Args:
        blocks: what is in it.
        kind: as ADF names it; one that is not known has no pictogram.
        icon: the panel's own pictogram.
    """
    shown = icon or _ICONS.get(kind, "")
    return Document(blocks).prefixed(Emoji(shown), Text(" ")).blocks if shown else blocks


def kind_by_colour(colour: str) -> str:
    """Return the kind of a panel in wiki markup, empty where its background does not say one."""
    return _KINDS.get(colour.strip().lower(), "")
