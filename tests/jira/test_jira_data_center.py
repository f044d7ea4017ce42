"""What is Data Center's own: how it is found out, entered, read and refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from attrs import evolve

from chatbridge.desk import NewRequest, StatusCategory
from chatbridge.errors import (
    ConfigurationError,
    Refusal,
    RefusedError,
    RetryLaterError,
)
from chatbridge.exchange import Party, carry_out, origin
from chatbridge.http_types import HttpRequest, HttpResponse
from chatbridge.jira import CloudDesk, DataCenterDesk, JiraDesk, SiteSettings
from chatbridge.jira.dialects import DATA_CENTER, ask_dialect
from chatbridge.richtext import Document, Mark, Paragraph, Text
from chatbridge.secret import Secret
from chatbridge.testing.desk_simulator import DeskSimulator
from chatbridge.testing.simulated_transport import SimulatedTransport
from chatbridge.testing.simulator import Fault
from chatbridge.testing.virtual_clock import VirtualClock

OWN = "https://jira.acme.example"
CLOUD = "https://acme.atlassian.net"
PAT = Secret("personal-access-token")


@pytest.fixture
def edition() -> str:
    """Return the kind of every site here."""
    return "data_center"


def _say(text: str) -> Document:
    return Document.from_plain(text)


def _told(desk: JiraDesk, site: DeskSimulator) -> tuple[Any, list[HttpRequest]]:
    """Return who a desk is on a site of its own address, and what it asked."""
    calls: list[HttpRequest] = []
    transport = SimulatedTransport(
        {OWN: site}, site.clock, log=lambda request, _: calls.append(request)
    )
    party = Party("site", frozenset(origin(url) for url in desk.urls()))
    return carry_out(desk.identify(), transport, party), calls


# --- which Jira it is ---------------------------------------------------------------------------


def test_a_site_is_asked_what_it_is(site: DeskSimulator) -> None:
    """Where nobody says it the site does, to anybody, and gets the token only then."""
    desk = JiraDesk(SiteSettings(url=OWN, token=PAT))
    account, calls = _told(desk, site)
    assert "Chat bot" == account.name
    assert ["/rest/api/2/serverInfo", "/rest/api/2/myself"] == [
        call.url.removeprefix(OWN) for call in calls
    ]
    assert [None, "Bearer personal-access-token"] == [
        call.headers.get("Authorization") for call in calls
    ]


def test_a_cloud_behind_an_address_of_its_own_is_found_out() -> None:
    """The answer of the site counts, not its address."""
    site = DeskSimulator(clock=VirtualClock())
    known = site.credentials()
    settings = SiteSettings(url=OWN, account=known["account"], token=Secret(known["api_token"]))
    _, calls = _told(JiraDesk(settings), site)
    assert ["/rest/api/2/serverInfo", "/rest/api/3/myself"] == [
        call.url.removeprefix(OWN) for call in calls
    ]


@pytest.mark.parametrize("desk", [DataCenterDesk, JiraDesk])
def test_a_site_that_is_known_is_not_asked(site: DeskSimulator, desk: type[JiraDesk]) -> None:
    """With the setting, or the class that says it, no call is spent on it."""
    made = desk(SiteSettings(url=OWN, kind="data_center", token=PAT))
    _, calls = _told(made, site)
    assert 1 == len(calls)
    assert (OWN,) == made.urls()


def test_a_cloud_address_is_never_asked() -> None:
    """An address on atlassian.net says it by itself."""
    settings = SiteSettings(url=CLOUD, account="a@b.c", token=Secret("t"))
    assert "/rest/api/3/myself" in next(JiraDesk(settings).identify()).url


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (HttpResponse(404), RefusedError),
        (HttpResponse(302), RefusedError),
        (HttpResponse(503, repeatable=True), RetryLaterError),
        (HttpResponse(200, body=b"<html>", repeatable=True), RetryLaterError),
        (HttpResponse(200, body=b"{}", repeatable=True), RetryLaterError),
    ],
)
def test_what_is_no_jira_is_never_taken_for_one(answer: HttpResponse, error: Any) -> None:
    """An answer that no Jira gives is an error, and no kind is made up from it."""
    exchange = ask_dialect(SiteSettings(url=OWN, token=PAT))
    next(exchange)
    with pytest.raises(error):
        exchange.send(answer)


@pytest.mark.parametrize("status", [401, 403])
def test_a_site_closed_to_strangers_is_no_cloud(status: int) -> None:
    """Cloud tells everybody what it is."""
    exchange = ask_dialect(SiteSettings(url=OWN, token=PAT))
    next(exchange)
    with pytest.raises(StopIteration) as stop:
        exchange.send(HttpResponse(status))
    assert DATA_CENTER is stop.value.value


def test_an_api_token_against_data_center_says_what_to_make(site: DeskSimulator) -> None:
    """E-mail and API token are Cloud's: the error names the personal access token."""
    settings = SiteSettings(url=OWN, account="bot@example.com", token=Secret("api-token"))
    with pytest.raises(ConfigurationError, match=r"leave account out.*personal access token"):
        _told(JiraDesk(settings), site)
    with pytest.raises(ConfigurationError, match="personal access token"):
        DataCenterDesk(settings)


def test_a_personal_access_token_against_cloud_says_what_is_missing() -> None:
    """A token alone is Data Center's: the error names account and API token."""
    with pytest.raises(ConfigurationError, match="needs account and token"):
        _told(JiraDesk(SiteSettings(url=OWN, token=PAT)), DeskSimulator(clock=VirtualClock()))


def test_a_desk_of_the_other_kind_is_refused() -> None:
    """The class and the setting must not contradict each other."""
    with pytest.raises(ConfigurationError, match="data_center, and not cloud"):
        CloudDesk(SiteSettings(url=OWN, kind="data_center", token=PAT))
    with pytest.raises(ConfigurationError, match="belong together"):
        CloudDesk(SiteSettings(url=OWN, token=PAT))


def test_a_wrong_token_is_refused_and_the_mend_fits(world: Any) -> None:
    """401 is UNAUTHORISED, no gateway is tried, and the mend is a personal access token."""
    world.desk = world.new_desk(token=Secret("wrong"))
    with pytest.raises(RefusedError) as caught:
        world.run(world.desk.identify())
    assert Refusal.UNAUTHORISED == caught.value.reason
    assert 1 == len(world.calls)
    assert "Personal access tokens" in world.desk.login_mend
    assert "id.atlassian.com" not in world.desk.login_mend


def test_pieces_fit_both_while_nobody_knows(site: DeskSimulator) -> None:
    """A text is cut the same before and after the site was asked, and fits either kind."""
    text = _say("*" * 20_000 + "\n\n" + '"' * 20_000)
    desk = JiraDesk(SiteSettings(url=OWN, token=PAT))
    before = desk.split_comment(text)
    _told(desk, site)
    assert before == desk.split_comment(text)
    assert len(before) > 2


# --- how it is spoken to ------------------------------------------------------------------------


def test_nothing_of_cloud_is_ever_asked(world: Any, draft: NewRequest) -> None:
    """Version 2 only, the header's own value, no key that only Cloud takes, no bulk read."""
    issue = world.open(draft)
    world.run(world.desk.find_request(draft))
    world.run(world.desk.add_comment(issue, _say("Hello"), "m1"))
    world.run(world.desk.find_comments(issue, frozenset({"m1"})))
    world.run(world.desk.add_note(issue, "note"))
    world.run(world.desk.has_note(issue, "note"))
    world.run(world.desk.read_request(issue))
    comments = world.run(world.desk.public_comments(issue))
    world.run(world.desk.cross_read(issue, tuple(each.comment_id for each in comments)))
    world.run(world.desk.changes(("10",), 5))
    world.run(world.desk.permissions("10", ("ADD_COMMENTS",)))
    assert {200, 201} == {answer.status for _, answer in world.calls}
    for asked, _ in world.calls:
        assert "/rest/api/3" not in asked.url and "search/jql" not in asked.url
        assert "requestLanguage" not in asked.url and "expand=attachment" not in asked.url
        if "/rest/servicedeskapi" in asked.url:
            assert "true" == asked.headers["X-ExperimentalApi"]
    (opening,) = [q.json for q, _ in world.calls if q.url.endswith("/servicedeskapi/request")]
    assert {"serviceDeskId", "requestTypeId", "requestFieldValues"} == set(opening)


def test_people_are_known_by_their_keys(world: Any, issue: str) -> None:
    """Our account has one id in both APIs, whatever it is called; others have others."""
    world.run(world.desk.add_comment(issue, _say("ours"), "m1"))
    world.say(issue, "theirs")
    ours, theirs = world.run(world.desk.public_comments(issue))
    assert ours.author_id == world.desk.account_id != theirs.author_id
    assert world.desk.account_id.startswith("JIRAUSER")


def test_a_request_is_raised_for_a_user_name(world: Any, draft: NewRequest) -> None:
    """A customer is named by the user name; an account id is refused."""
    world.open(evolve(draft, on_behalf_of="cora"))
    assert "Cora Customer" == world.act("requests")[0]["reporter"]
    with pytest.raises(RefusedError):
        world.open(evolve(draft, on_behalf_of="qm:a713c8ea-1075-4e30-9d96-891a7d181739:5ad6"))


def test_texts_are_markup_in_which_people_write_only_text(world: Any, issue: str) -> None:
    """Formatting is markup; what people typed stays text, in a comment as in a description."""
    document = Document(
        (Paragraph((Text("now", frozenset({Mark.BOLD})), Text(" {code} [~admin]"))),)
    )
    world.run(world.desk.add_comment(issue, document, "m1"))
    sent = world.calls[-1][0].json["body"]
    assert sent.startswith("{*}now{*}")
    comment_id = world.act("comments", issue=issue)[0]["id"]
    (witness,) = world.run(world.desk.cross_read(issue, (comment_id,)))
    assert "now {code} [~admin]" == witness.body.plain().replace("\u2060", "")
    assert "[~admin]" not in sent and "{code}" not in sent


def test_the_category_comes_from_the_issue(world: Any, issue: str) -> None:
    """Where the customer API names none, one more call reads it from the issue's status."""
    for status, category in (
        ("In progress", StatusCategory.IN_PROGRESS), ("Resolved", StatusCategory.DONE)
    ):  # fmt: skip
        world.act("transition", issue=issue, status=status)
        state = world.run(world.desk.read_request(issue))
        assert (status, category) == (state.status, state.category)
    assert world.paths()[-1] == f"GET /rest/api/2/issue/{issue}"


def test_a_permission_that_the_site_does_not_name_is_left_open() -> None:
    """What the answer does not hold is neither had nor missing."""
    desk = DataCenterDesk(SiteSettings(url=OWN, token=PAT))
    exchange = desk.permissions("10", ("ADD_COMMENTS", "SERVICEDESK_AGENT"))
    answers = [
        {"key": "k"}, {"id": "10", "projectId": "1"},
        {"permissions": {"ADD_COMMENTS": {"havePermission": True}}},
    ]  # fmt: skip
    next(exchange)
    with pytest.raises(StopIteration) as stop:
        for answer in answers:
            exchange.send(HttpResponse(200, body=json.dumps(answer).encode()))
    assert {"ADD_COMMENTS": True} == stop.value.value


# --- the second witness -------------------------------------------------------------------------


@pytest.mark.invariant("I2")
def test_only_the_property_tells_a_note(world: Any, issue: str) -> None:
    """Without jsdPublic the property decides, also where it has to be read by its own call."""
    note = world.say(issue, "for agents", public=False)
    plain = world.say(issue, "for all")
    ours = world.run(world.desk.add_comment(issue, _say("ours"), "m1"))
    for hidden in (False, True):
        world.act("behaviour", hide_properties=hidden)
        found = {
            each.comment_id: each
            for each in world.run(world.desk.cross_read(issue, (note, plain, ours)))
        }
        assert {note: False, plain: True, ours: True} == {
            key: each.unrestricted for key, each in found.items()
        }
        assert "m1" == found[ours].marker


@pytest.mark.invariant("I2")
def test_a_property_that_cannot_be_read_shows_nothing(world: Any, issue: str) -> None:
    """A comment or a property that is gone is no witness; a failure is an error, never a yes."""
    comment = world.say(issue, "for agents", public=False)
    world.act("behaviour", hide_properties=True)
    for match in ("/properties$", "/properties/sd"):
        world.site.switch_fault(Fault(kind="status", match=match, status=404))
        assert [] == world.run(world.desk.cross_read(issue, (comment,)))
        world.site.switch_fault(Fault(kind="status", match=match, status=503))
        with pytest.raises(RetryLaterError):
            world.run(world.desk.cross_read(issue, (comment,)))


def test_an_old_note_that_became_public_is_found_far_back(world: Any, issue: str) -> None:
    """The list is read on until every comment that was asked for is there, and no further."""
    old = world.say(issue, "old", public=False)
    for _ in range(110):
        world.clock.advance(1)
        new = world.say(issue, "x")
    world.run(world.desk.identify())
    for asked, calls in (((new,), 1), ((old, new), 2), (("99999",), 2)):
        before = len(world.calls)
        world.run(world.desk.cross_read(issue, asked))
        assert calls == len(world.calls) - before


def test_own_comments_are_found_though_lists_hide_properties(world: Any, issue: str) -> None:
    """Looking for markers reads the properties of our own comments only."""
    world.act("behaviour", hide_properties=True)
    ours = world.run(world.desk.add_comment(issue, _say("ours"), "m1"))
    for _ in range(5):
        world.say(issue, "theirs")
    before = len(world.calls)
    assert {"m1": (ours,)} == world.run(world.desk.find_comments(issue, frozenset({"m1"})))
    assert 4 == len(world.calls) - before


# --- limits -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("named", "waits"), [(7, 7.0), (None, 5.0)])
def test_a_full_bucket_waits_for_its_interval(world: Any, named: int | None, waits: float) -> None:
    """A 429 holds all calls to the site, for the named time or else for the bucket's interval."""
    world.site.switch_fault(Fault(kind="status", match="myself", status=429, retry_after=named))
    with pytest.raises(RetryLaterError) as caught:
        world.run(world.desk.identify())
    assert ("site", waits) == (caught.value.scope, caught.value.retry_after)
