"""One comment before two witnesses: only what both call public at this moment is handed out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from chatbridge.desk_values import PublicComment, Witness
from chatbridge.witnesses import public_comment


class Desk:
    """Answers as it was told, and remembers what it was asked."""

    def __init__(self, public: list[str], said: list[tuple[str, bool]]) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.desk = SimpleNamespace(
            public_comments=lambda issue: ("public", issue),
            cross_read=lambda issue, ids: ("cross", issue, ids),
        )
        self._answers = {
            "public": tuple(PublicComment(_anew(each), 1) for each in public),
            "cross": [Witness(_anew(each), unrestricted) for each, unrestricted in said],
        }

    def call(self, asked: tuple[Any, ...]) -> Any:
        """Answer an exchange."""
        self.asked.append(asked)
        return self._answers[asked[0]]


def _anew(text: str) -> str:
    """Return an equal text that is another object, as a site's answer is."""
    return "".join(list(text))


@pytest.mark.invariant("I2")
@pytest.mark.fault("F12")
@pytest.mark.parametrize(
    ("public", "said", "shown"),
    [
        (["20"], [("20", True)], True),
        (["10", "20", "30"], [("20", True)], True),
        (["10", "20", "30"], [("10", False), ("20", True), ("30", False)], True),
        (["10", "20", "30"], [("10", True), ("20", False), ("30", True)], False),
        (["10", "30"], [("20", True)], False),
        (["20", "20"], [("20", True)], False),
        ([], [("20", True)], False),
        (["20"], [("20", False)], False),
        (["20"], [("20", True), ("20", False)], False),
        (["20"], [("20", True), ("20", True)], False),
        (["20"], [("10", True), ("30", True)], False),
        (["20"], [], False),
    ],
)
def test_both_witnesses_must_name_this_comment_once(
    public: list[str], said: list[tuple[str, bool]], shown: bool
) -> None:
    """Whoever is missing, doubled, restricted or speaks of another comment proves nothing."""
    desk: Any = Desk(public, said)
    found = public_comment(desk, "10001", "20")
    assert ("20" if shown else None) == (found and found.comment_id)
    assert [("public", "10001"), ("cross", "10001", ("20",))][: len(desk.asked)] == desk.asked


def test_what_the_first_witness_does_not_show_costs_no_second_call() -> None:
    """A comment that customers do not see is not asked for by the agents' door."""
    desk: Any = Desk([], [])
    assert public_comment(desk, "10001", "20") is None
    assert [("public", "10001")] == desk.asked
