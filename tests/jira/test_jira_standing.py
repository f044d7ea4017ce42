"""What a site does not tell, or tells without sense, is taken for nothing that was found out."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from chatbridge.desk import MarkerRung, NewRequest
from chatbridge.errors import ConfigurationError, ContentError, RefusedError, RetryLaterError
from chatbridge.exchange import Exchange
from chatbridge.http_types import HttpResponse
from chatbridge.jira import commenting, desks
from chatbridge.jira.raised import above, below
from chatbridge.testing.simulator import Fault


def _answered(exchange: Exchange[Any], *answers: HttpResponse) -> Any:
    """Run an exchange whose last calls are answered so, each for as long as none is left."""
    given = list(answers)
    try:
        next(exchange)
        while True:
            exchange.send(given.pop(0) if len(given) > 1 else given[0])
    except StopIteration as end:
        return end.value


@pytest.mark.both_editions
@pytest.mark.parametrize("status", [403, 404])
def test_webhooks_that_may_not_be_seen_are_not_known(world: Any, status: int) -> None:
    """None is no empty list: nobody concludes that there is no webhook."""
    world.run(world.desk.identify())
    world.site.switch_fault(Fault(kind="status", status=status, match="webhook", times=None))
    assert None is world.run(world.desk.webhooks())


@pytest.mark.both_editions
@pytest.mark.parametrize("name", ["webhooks", "statuses"])
def test_a_list_that_is_none_is_an_error(world: Any, name: str) -> None:
    """An answer of another shape is not read as an empty one."""
    world.run(world.desk.identify())
    with pytest.raises(RetryLaterError):
        _answered(getattr(world.desk, name)(), HttpResponse(200, body=b'{"values": []}'))


@pytest.mark.both_editions
def test_clocks_that_are_not_shown_are_none(world: Any, issue: str) -> None:
    """A site without that feature is no failure of the check that asks."""
    world.site.switch_fault(Fault(kind="status", status=404, match="/sla", times=None))
    assert None is world.run(world.desk.clocks(issue))


@pytest.mark.both_editions
@pytest.mark.invariant("I2")
def test_ids_that_are_none_have_no_witness(world: Any, issue: str) -> None:
    """They are never put into a call, and nothing is public by them."""
    before = len(world.calls)
    assert [] == world.run(world.desk.cross_read(issue, ("x", "", "1/../2")))
    assert [] == [path for path in world.paths()[before:] if "comment" in path]


@pytest.mark.both_editions
def test_a_marker_needs_a_field_of_the_sites_own(world: Any, draft: NewRequest) -> None:
    """A field of Jira's own would be overwritten; nothing is opened."""
    wrong = evolve(draft, rung=MarkerRung.FIELD, marker_field="summary")
    with pytest.raises(ConfigurationError, match="must be a custom field"):
        world.run(world.desk.open_request(wrong))


@pytest.mark.both_editions
def test_a_long_past_is_not_read_for_ever(
    world: Any, issue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look-ups of markers, notes and request types end after so many pages."""
    monkeypatch.setattr(commenting, "_PAGES", 1)
    monkeypatch.setattr(commenting, "_NOTE_PAGES", 1)
    monkeypatch.setattr(desks, "_PAGES", 0)
    for number in range(101):
        world.say(issue, f"note {number}", public=False)
    assert {} == world.run(world.desk.find_comments(issue, frozenset({"marker1"})))
    assert False is world.run(world.desk.has_note(issue, "never written"))
    assert () == world.run(world.desk.request_types("10"))


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_nothing_is_raised_as_nothing(text: str) -> None:
    """An empty text above or below the line gets no sign around it."""
    assert (text, text) == (above(text), below(text))


@pytest.mark.fault("F35")
def test_a_file_behind_a_redirect_that_sends_nothing_is_gone(world: Any, issue: str) -> None:
    """The next address is asked once; without bytes the source has failed."""
    moved = HttpResponse(303, {"Location": "https://files.example/x"})
    world.run(world.desk.identify())
    with pytest.raises(ContentError):
        _answered(world.desk.open_file("5"), moved, HttpResponse(200))


@pytest.mark.fault("F35")
@pytest.mark.parametrize("edition", ["data_center"], indirect=True)
def test_a_file_in_an_unknown_place_is_not_fetched(world: Any, issue: str) -> None:
    """Only the site's own path for files is followed, whatever address is told."""
    world.run(world.desk.identify())
    elsewhere = HttpResponse(200, body=b'{"content": "https://elsewhere.example/x"}')
    with pytest.raises(RefusedError):
        _answered(world.desk.open_file("5"), elsewhere)
