"""Webhooks of a Data Center that cannot sign: a secret at the end of their path proves them."""

from __future__ import annotations

import pytest

from chatbridge.testing.simulator import Fault


@pytest.fixture
def edition() -> str:
    """Return the kind of the site here."""
    return "data_center"


@pytest.mark.parametrize(
    ("path", "status", "shown"),
    [
        ("secret-at-the-end-of-the-path", 200, 1),
        ("secret-at-the-end-of-the-patt", 403, 0),
        ("", 403, 0),
    ],
)
@pytest.mark.invariant("I21")
def test_an_unsigned_webhook_is_believed_by_its_path(world, opened, path, status, shown):
    """Only who knows the end of the path wakes a link; the issue comes from the comment's URL."""
    url = f"https://bridge.example/hints/acme/{path}".rstrip("/")
    world.desk.control("register_hint", {"url": url, "events": ["comment_created"]})
    world.desk.switch_fault(Fault(kind="status", status=503, match="search", times=None))
    world.agent(opened, "Have you tried water?")
    assert [status] == world.deliver_webhooks()
    world.run(1)
    assert shown == world.shown("Have you tried water?")


def test_a_burst_of_answers_costs_three_calls_and_the_category(world, opened):
    """As on Cloud: the request, its public comments, one reading of the platform's."""
    for number in range(9):
        world.agent(opened, f"answer {number}")
    before = len(world.calls)
    world.run(1)
    asked = [request.url for request, _ in world.calls[before:] if "telegram" not in request.url]
    paths = [url.partition("?")[0].removeprefix(world.site_url) for url in asked]
    assert 9 == world.shown("answer")
    assert ["/rest/api/2/search"] == [each for each in paths if "search" in each]
    assert 1 == len([url for url in asked if "expand=properties" in url])
    assert 5 >= len(paths), paths
