"""What the tests of the world share: a search that tells what failed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chatbridge.testing.world.campaign import Campaign, Runs


@pytest.fixture
def problems_in() -> Callable[[Runs], list[str]]:
    """Return what goes through runs and tells what failed, each with what replays it."""

    def search(runs: Runs) -> list[str]:
        lines: list[str] = []
        campaign = Campaign(lines.append, every=1e9)
        campaign.go(runs, most_failures=3)
        assert campaign.runs > 0
        return [
            f"{outcome.problems[0]}: --history '{history.as_text()}'"
            for _, history, outcome in campaign.failures
        ]

    return search
