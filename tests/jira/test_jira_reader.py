"""The reader account of a site: how its settings are checked, and what it is shown."""

from __future__ import annotations

import pytest

from chatbridge.errors import ConfigurationError, Refusal, RefusedError
from chatbridge.jira import SiteSettings
from chatbridge.secret import Secret
from chatbridge.settings import structure

SITE = "https://acme.atlassian.net"
both = pytest.mark.parametrize("edition", ["cloud", "data_center"], indirect=True)


@pytest.fixture
def reading(world):
    """Return a desk with a reader account."""
    known = world.site.credentials()
    values = {"reader_token": Secret(known["reader_token"])}
    if "reader_account" in known:
        values["reader_account"] = known["reader_account"]
    world.desk = world.new_desk(**values)
    return world.desk


@both
def test_the_reader_is_shown_public_comments_only(world, reading, issue):
    """It sees what customers see, files and our own account's name included."""
    public = world.say(issue, "for everybody")
    world.say(issue, "for agents", public=False)
    world.say(issue, "for administrators", restricted=True)
    seen = world.run(reading.public_comments(issue))
    assert [public] == [comment.comment_id for comment in seen]
    assert world.run(reading.identify()).account_id == reading.account_id


@both
def test_no_comment_yet_is_believed_of_a_request_that_is_seen(world, reading, issue):
    """An empty list of a request that the reader was let into is an answer."""
    assert () == world.run(reading.public_comments(issue))
    assert [world.site.state.people[-1]] == world.site.state.find(issue).participants


@both
def test_a_reader_has_no_permission_of_agents(world, reading):
    """What it may do in the project is asked for as itself; a customer may nothing."""
    assert [] == world.run(reading.reader_permissions("10", ["SERVICEDESK_AGENT", "ADD_COMMENTS"]))


def test_a_wrong_reader_token_is_told(world):
    """The site's refusal names no secret."""
    known = world.site.credentials()
    desk = world.new_desk(
        reader_account=known["reader_account"], reader_token=Secret("wrong-s3cret")
    )
    with pytest.raises(RefusedError) as caught:
        world.run(desk.reader_permissions("10", ["SERVICEDESK_AGENT"]))
    assert Refusal.UNAUTHORISED == caught.value.reason
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "mend"),
    [
        ({"reader_account": "r@example.com"}, "needs reader_token"),
        ({"reader_token": "r3ader"}, "needs reader_account"),
        ({"reader_account": "bot@example.com", "reader_token": "r3ader"}, "another account"),
        ({"reader_account": "r@example.com", "reader_token": "t0ken"}, "another account"),
    ],
)
def test_settings_of_a_reader_belong_together(values, mend):
    """A half or a doubled credential is refused with the mend, and shows no secret."""
    given = {"url": SITE, "account": "bot@example.com", "token": "t0ken", **values}
    with pytest.raises(ConfigurationError, match=mend) as caught:
        structure(given, SiteSettings, where="[site]")
    assert "r3ader" not in str(caught.value) and "t0ken" not in str(caught.value)
