"""What the tests of the world share: a search that tells what failed."""

from __future__ import annotations

import sys
from typing import Protocol

import pytest

from chatbridge.testing.world.campaign import Campaign, Runs


class Search(Protocol):
    """Goes through runs, of which there must be so many at least."""

    def __call__(self, runs: Runs, least: int = 1) -> list[str]: ...


@pytest.fixture
def problems_in() -> Search:
    """Return what goes through runs and tells what failed, each with what replays it."""

    def search(runs: Runs, least: int = 1) -> list[str]:
        lines: list[str] = []
        campaign = Campaign(lines.append, every=1e9)
        campaign.go(runs, most_failures=3)
        # Seen with -rP.
        sys.stdout.write(f"{campaign.runs} runs\n")
        assert campaign.failures or campaign.runs >= least
        return [
            f"{outcome.problems[0]}: --history '{history.as_text()}'"
            for _, history, outcome in campaign.failures
        ]

    return search
