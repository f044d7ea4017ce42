"""Inlines seen as one text, to be cut at any place of it.

A cut knows nothing of runs: a character and its accent may look differently and are one all the
same. Names of people and files stay whole unless a cut inside of them is asked for.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from attrs import evolve

from chatbridge.graphemes import last_cut, may_cut
from chatbridge.richtext import Inline, Text, plain_inlines


class FlatInlines:
    """A run of inlines and its characters.

    Args:
        content: the inlines.
    """

    def __init__(self, content: tuple[Inline, ...]) -> None:
        shown = [plain_inlines((node,)) for node in content]
        self.text = "".join(shown)
        self._content = content
        self._ends = list(accumulate(map(len, shown)))

    def between(self, start: int, end: int) -> tuple[Inline, ...]:
        """Return what stands between two places; half a name becomes plain text."""
        nodes: list[Inline] = []
        at = self._node(start)
        while at < len(self._content) and self._start(at) < end:
            node, first, last = self._content[at], self._start(at), self._ends[at]
            if start <= first and last <= end:
                nodes.append(node)
            elif max(start, first) < min(end, last):
                part = self.text[max(start, first) : min(end, last)]
                nodes.append(evolve(node, text=part) if isinstance(node, Text) else Text(part))
            at += 1
        return tuple(nodes)

    def may_cut(self, at: int) -> bool:
        """Tell whether a cut at this place leaves graphemes and names whole."""
        return may_cut(self.text, at) and self._in_name(at) is None

    def last_cut(self, at: int) -> int:
        """Return the last place not behind `at` that leaves graphemes and names whole."""
        while not self.may_cut(at):
            start = self._in_name(at)
            at = last_cut(self.text, at if start is None else start)
        return at

    def before_space(self, start: int, at: int) -> int:
        """Return where the white space that ends at this place begins, not before the start."""
        while at > start and self._is_space(at - 1):
            at -= 1
        return at

    def behind_space(self, at: int) -> int:
        """Return where the white space that begins at this place ends, as whole graphemes go."""
        while at < len(self.text) and self._is_space(at):
            behind = at + (2 if self.text.startswith("\r\n", at) else 1)
            if not may_cut(self.text, behind):
                break
            at = behind
        return at

    def _is_space(self, at: int) -> bool:
        return self.text[at].isspace() and isinstance(self._content[self._node(at)], Text)

    def _in_name(self, at: int) -> int | None:
        """Return where the name begins inside of which this place is, None where it is in none."""
        if not 0 < at < len(self.text):
            return None
        node = self._node(at)
        start = self._start(node)
        return None if isinstance(self._content[node], Text) or start == at else start

    def _node(self, at: int) -> int:
        return bisect_right(self._ends, at)

    def _start(self, node: int) -> int:
        return self._ends[node - 1] if node else 0
