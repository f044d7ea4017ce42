"""A write that Jira takes later than anybody waited for it: the double is removed."""

from __future__ import annotations

import pytest

from chatbridge.testing.simulator import Fault


@pytest.mark.both_editions
@pytest.mark.parametrize("restart", [False, True])
def test_a_comment_that_comes_very_late_is_repaired(world, opened, restart):
    """A comment taken long after the settle time stands there once in the end (F39)."""
    world.desk.control("behaviour", {"commit_lag": 300.0})
    world.desk.switch_fault(Fault(kind="lost_after", match="POST .*/comment$"))
    world.says("Late but there")
    world.run(1)
    world.desk.control("behaviour", {"commit_lag": 0.0})
    world.clock.advance(70)
    if restart:
        world.bridge = world.open_bridge()
        world.clock.advance(70)
    world.run(12)
    world.clock.advance(400)
    world.run(3)
    removals = [request for request, _ in world.calls if request.method == "DELETE"]
    assert (len(removals), _count(world)) == (1, 1)
    assert world.shown("Late but there") == 0


def _count(world):
    (request,) = world.requests()
    return sum("Late but there" in comment["text"] for comment in request["comments"])
