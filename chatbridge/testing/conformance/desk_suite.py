"""`DeskSuite`: a desk inside the deterministic world, where everything fails once at every place.

The desk talks to the world's simulated Jira and to nothing else. What the customer and the agents
see is judged against a truth that neither the bridge nor the desk can read.
"""

# ruff: noqa: SIM300 - what is expected stands left, in every test of this project

from __future__ import annotations

import pytest

from chatbridge.desk import Desk
from chatbridge.jira.jira_desk import CloudDesk
from chatbridge.jira.site import SiteSettings
from chatbridge.testing.world.enumeration import Scenario, single_faults
from chatbridge.testing.world.histories import run

_WHOLE = (
    ("says",), ("public",), ("internal",), ("restricted",), ("shares",), ("hides",), ("changes",),
    ("long",), ("resolves",), ("says", "public"), ("internal", "public"), ("public", "hides"),
)  # fmt: skip
"""What happens without any fault; see `enumeration.OPERATIONS`."""

_WITH_FAULTS = (("says",), ("public",), ("internal", "public"), ("hides",))
"""What happens once for each call, each write and each way in which it can fail."""


class DeskSuite:
    """What the bridge needs of a desk: no internal note comes out, and nothing is lost.

    Give `make_desk`. The bots of the world are Telegram's, so `chatbridge-telegram` is needed.

    Example::

        class TestMyDesk(DeskSuite):
            def make_desk(self, settings):
                return MyDesk(settings)
    """

    def make_desk(self, settings: SiteSettings) -> Desk:
        """Return the desk of a site."""
        return CloudDesk(settings)

    @pytest.mark.parametrize("names", _WHOLE, ids="-".join)
    def test_promises_without_faults(self, names: tuple[str, ...]) -> None:
        """Public comments arrive once, internal ones never, messages of customers all."""
        outcome = run(Scenario(names).history(), make_desk=self.make_desk)
        assert () == outcome.problems

    @pytest.mark.parametrize("names", _WITH_FAULTS, ids="-".join)
    def test_promises_under_every_fault(self, names: tuple[str, ...]) -> None:
        """The same, with a crash, a lost answer or an error at each effect in turn."""
        count = 0
        for history, outcome in single_faults(Scenario(names), make_desk=self.make_desk):
            assert () == outcome.problems, history.as_text()
            count += 1
        assert count > 1, "no fault found its effect"
