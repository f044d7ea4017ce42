"""An invitation is made for one request of one project, or whoever asks is told which to name."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from chatbridge.errors import ConfigurationError, Refusal, RefusedError
from chatbridge.inviting import Inviting


@pytest.fixture
def inviting(stage):
    """Return what makes invitations, and a request that a chat has."""
    stage.link()
    engine = SimpleNamespace(
        vault=stage.vault, roster=stage.roster, marks=stage.marks, clock=stage.clock
    )
    return Inviting(engine)


def test_a_platform_that_opens_no_chats_by_a_link_is_named_as_the_reason(inviting):
    """There is nothing that could be handed out, and nothing is kept."""
    with pytest.raises(ConfigurationError, match="no bot of project 'support'"):
        inviting.invite("1", None, None, 60)


def test_a_request_on_two_sites_has_to_be_named_with_its_site(stage, inviting, monkeypatch):
    """Keys are counted by each site for itself."""
    both = ["site", "other"]
    desk = stage.roster.desk
    monkeypatch.setattr(stage.roster, "sites", lambda: both)
    monkeypatch.setattr(stage.roster, "desk", lambda name: desk("site"))
    with pytest.raises(ConfigurationError, match="several sites; name one with --site: other, si"):
        inviting.invite("1", None, None, 60)


def test_a_request_of_two_projects_has_to_be_named_with_one(stage, inviting):
    """Where no chat of the desk has the request, nobody can guess whose bots are meant."""
    stage.project("second")
    stage.desk.issues["9"] = type(stage.desk.issues["1"])()
    with pytest.raises(ConfigurationError, match="several projects serve its desk; name one"):
        inviting.invite("9", None, None, 60)
    with pytest.raises(ConfigurationError, match="no bot of project 'second'"):
        inviting.invite("9", None, "second", 60)


def test_a_project_whose_desk_cannot_be_found_serves_nothing(stage, inviting):
    """A desk named by a key that is gone is no reason to fail for the others."""
    stage.project("keyed", service_desk="HELP")
    stage.desk.then("service_desk_id", RefusedError(Refusal.NOT_FOUND))
    with pytest.raises(ConfigurationError, match="no bot of project 'support'"):
        inviting.invite("1", None, None, 60)
    stage.desk.then("service_desk_id", RefusedError(Refusal.NOT_FOUND))
    with pytest.raises(ConfigurationError, match="not on the service desk of the project"):
        inviting.invite("1", None, "keyed", 60)
    with pytest.raises(ConfigurationError, match="no bot of project 'keyed'"):
        inviting.invite("1", None, "keyed", 60)
