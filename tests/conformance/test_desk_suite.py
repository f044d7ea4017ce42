"""The suite for desks passes ours, and notices desks that are broken on purpose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from chatbridge import CloudDesk, Desk, SiteSettings
from chatbridge.desk_values import PublicComment
from chatbridge.testing import DeskSuite


class TestCloud(DeskSuite):
    """The desk that comes with the library."""


class ShowsEverything(CloudDesk):
    """Takes internal notes for public comments, and vouches for them itself."""

    def public_comments(self, issue_id: str) -> Any:
        found = yield from super().public_comments(issue_id)
        known = {comment.comment_id for comment in found}
        numbers = [str(number) for number in range(10000, 10300)]
        hidden = yield from super().cross_read(issue_id, tuple(numbers))
        more = [
            PublicComment(each.comment_id, 0, "someone", "Someone", each.body)
            for each in hidden
            if each.comment_id not in known
        ]
        return (*found, *more)

    def cross_read(self, issue_id: str, comment_ids: tuple[str, ...]) -> Any:
        found = yield from super().cross_read(issue_id, comment_ids)
        return [evolve(each, unrestricted=True) for each in found]


class LosesTheLast(CloudDesk):
    """Forgets the newest comment."""

    def public_comments(self, issue_id: str) -> Any:
        found = yield from super().public_comments(issue_id)
        return found[:-1]


class WritesNothing(CloudDesk):
    """Says that a comment was written, and writes none."""

    def add_comment(self, issue_id: str, body: Any, marker: str) -> Any:
        yield from self.read_request(issue_id)
        return "1"


@pytest.mark.parametrize(
    ("broken", "names"),
    [
        (ShowsEverything, ("internal",)),
        (LosesTheLast, ("public",)),
        (WritesNothing, ("says",)),
    ],
)
def test_broken_desks_are_noticed(
    broken: Callable[[SiteSettings], Desk], names: tuple[str, ...]
) -> None:
    """A desk that breaks a promise fails the test of what happens then."""

    class Broken(DeskSuite):
        def make_desk(self, settings: SiteSettings) -> Desk:
            return broken(settings)

    with pytest.raises(AssertionError):
        Broken().test_promises_without_faults(names)
