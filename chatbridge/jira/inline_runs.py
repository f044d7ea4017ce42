"""Puts neighbouring runs of text that look alike together, however they were written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from attrs import evolve

from chatbridge.richtext import Inline, Mark, Text


def joined(inlines: Iterable[Inline]) -> Iterator[Inline]:
    """Yield the inlines, neighbouring texts of one look as one; the time is linear."""
    for looks, members in groupby(inlines, key=_looks):
        group = list(members)
        if looks is None:
            yield from group
        elif isinstance(group[0], Text):
            text = "".join(node.text for node in group if isinstance(node, Text))
            yield evolve(group[0], text=text)


def _looks(node: Inline) -> tuple[frozenset[Mark], str | None] | None:
    return (node.marks, node.link) if isinstance(node, Text) else None
