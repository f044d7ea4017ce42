"""What a desk does with a Jira site, faults included."""

from __future__ import annotations

import json
from typing import Any

import pytest
from attrs import evolve

from chatbridge.desk import MarkerRung, NewRequest, StatusCategory
from chatbridge.errors import (
    ConfigurationError,
    Refusal,
    RefusedError,
    RetryLaterError,
    UnknownOutcomeError,
)
from chatbridge.http_types import HttpResponse
from chatbridge.jira import CloudDesk, SiteSettings
from chatbridge.richtext import CodeBlock, Document, Paragraph, Text
from chatbridge.secret import Secret
from chatbridge.settings import structure
from chatbridge.testing.simulator import Fault

SITE = "https://acme.atlassian.net"


def _say(text: str) -> Document:
    return Document.from_plain(text)


# --- settings and the way in --------------------------------------------------------------------


def test_settings_name_the_site_after_its_host() -> None:
    """The site's short name comes from its address, and an address loses its last slash."""
    settings = structure({"url": f"{SITE}/"}, SiteSettings, where="[site]")
    assert (settings.name, settings.url) == ("acme", SITE)
    assert "desk.example" == SiteSettings(url="https://desk.example").name


@pytest.mark.parametrize(
    ("values", "mend"),
    [
        ({"url": "http://acme.atlassian.net"}, "https://"),
        ({"url": SITE, "account": "bot@example.com"}, "belong together"),
        ({"url": SITE, "token": "t0ps3cret"}, "belong together"),
        ({"url": SITE, "language": "English!"}, "such as en-US"),
        ({"url": SITE, "cloud_id": "../../x"}, "hyphens"),
        ({"url": SITE, "name": ""}, "text"),
        ({"url": SITE, "tokn": "x"}, "does not know tokn"),
    ],
)
def test_settings_are_checked_at_once(values: dict[str, Any], mend: str) -> None:
    """A wrong setting is refused with the mend, and a secret never shows."""
    with pytest.raises(ConfigurationError, match=mend) as caught:
        structure(values, SiteSettings, where="[site]")
    assert "t0ps3cret" not in str(caught.value)


def test_a_desk_wants_exactly_one_credential() -> None:
    """Without a credential, or with two, a desk is not made."""
    with pytest.raises(ConfigurationError, match="needs account and token"):
        CloudDesk(SiteSettings(url=SITE))
    both = SiteSettings(url=SITE, account="a@b.c", token=Secret("t"))
    with pytest.raises(ConfigurationError, match="choose one"):
        CloudDesk(both, bearer=lambda: Secret("x"))


def test_a_classic_token_stays_on_the_site(world: Any) -> None:
    """A token that works on the site is never sent to the gateway."""
    account = world.run(world.desk.identify())
    assert ("Chat bot", account.account_id) == (account.name, world.desk.account_id)
    world.run(world.desk.request_types("10"))
    assert [] == [path for path in world.paths() if "/ex/jira/" in path]


def test_a_scoped_token_finds_the_gateway_once(world: Any) -> None:
    """A 401 of the site leads to the gateway; the choice is remembered."""
    world.desk = world.new_desk(token=Secret(world.site.credentials()["scoped_token"]))
    world.run(world.desk.request_types("10"))
    world.run(world.desk.request_types("10"))
    paths = world.paths()
    assert ["GET /rest/api/3/myself", "GET /_edge/tenant_info"] == paths[:2]
    assert 5 == len(paths)
    assert all("/ex/jira/" in path for path in paths[2:])


def test_the_look_up_of_the_cloud_id_gets_no_credential(world: Any) -> None:
    """What anybody may ask is asked as anybody."""
    world.desk = world.new_desk(token=Secret(world.site.credentials()["scoped_token"]))
    world.run(world.desk.identify())
    assert "Authorization" not in world.calls[1][0].headers


def test_an_oauth_token_is_asked_for_every_call(world: Any) -> None:
    """With OAuth the gateway is used at once, with a token that is fresh for each call."""
    known = world.site.credentials()
    asked = []

    def bearer() -> Secret:
        asked.append(1)
        return Secret(known["access_token"])

    settings = SiteSettings(url=SITE, cloud_id=known["cloud_id"])
    world.desk = CloudDesk(settings, bearer=bearer)
    world.run(world.desk.identify())
    world.run(world.desk.request_types("10"))
    assert (2, 2) == (len(asked), len(world.calls))


def test_a_failing_oauth_token_giver_shows_nothing(world: Any) -> None:
    """Whatever the host's callable raises becomes "later", without its text."""

    def bearer() -> Secret:
        raise RuntimeError("refresh token rt-0815 is invalid")

    world.desk = CloudDesk(SiteSettings(url=SITE, cloud_id="abc"), bearer=bearer)
    with pytest.raises(RetryLaterError) as caught:
        world.run(world.desk.identify())
    assert "rt-0815" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.both_editions
def test_a_revoked_token_is_refused(world: Any) -> None:
    """A token that neither place takes is UNAUTHORISED."""
    world.desk = world.new_desk(token=Secret("wrong"))
    with pytest.raises(RefusedError) as caught:
        world.run(world.desk.identify())
    assert caught.value.reason == Refusal.UNAUTHORISED


def test_secrets_include_the_encoded_credential(world: Any) -> None:
    """What must never be shown includes the token as it stands in the header."""
    world.run(world.desk.identify())
    header = world.calls[0][0].headers["Authorization"].removeprefix("Basic ")
    shown = {secret.reveal() for secret in world.desk.secrets()}
    assert {header, world.site.credentials()["api_token"]} <= shown


# --- opening and finding requests ---------------------------------------------------------------


@pytest.mark.both_editions
def test_opening_makes_one_request(world: Any, draft: NewRequest) -> None:
    """A request is opened once, with its text as text and its marker as the last line."""
    issue = world.open(evolve(draft, summary="Two\nlines " + "x" * 300))
    (shown,) = world.act("requests")
    assert issue == shown["id"]
    assert "Since this morning.\n\nPlease help.\n\nRef: cbk7q2m4d9x" == shown["description"]
    assert "Two lines " + "x" * 245 == shown["summary"]


def test_a_site_that_refuses_adf_gets_markup(world: Any, draft: NewRequest) -> None:
    """Where ADF is refused the same text goes as escaped markup, and reads the same."""
    world.act("behaviour", refuse_adf=True)
    text = "h1. *not bold* [~accountid:1] {code} a\\b http://x.example/a_b"
    world.open(evolve(draft, description=_say(text)))
    (shown,) = world.act("requests")
    assert f"{text}\n\nRef: {draft.marker}" == shown["description"]
    assert [400, 201] == [r.status for q, r in world.calls if q.url.endswith("/request")]


@pytest.mark.both_editions
def test_a_missing_field_is_not_tried_twice(world: Any, draft: NewRequest) -> None:
    """A 400 that is not about the description is a refusal at once."""
    with pytest.raises(RefusedError) as caught:
        world.open(evolve(draft, request_type="27"))
    assert caught.value.reason == Refusal.INVALID
    assert 1 == len([q for q, _ in world.calls if q.method == "POST"])


@pytest.mark.both_editions
@pytest.mark.fault("F38")
@pytest.mark.parametrize(
    ("kind", "rung", "field"),
    [
        ("25", MarkerRung.DESCRIPTION, None),
        ("26", MarkerRung.FIELD, "customfield_10050"),
        ("28", MarkerRung.LABEL, None),
    ],
)
def test_a_lost_request_is_found_by_its_marker(
    world: Any, draft: NewRequest, kind: str, rung: MarkerRung, field: str | None
) -> None:
    """After an unknown outcome the marker leads to the request, wherever it stands."""
    draft = evolve(draft, request_type=kind, rung=rung, marker_field=field)
    assert world.run(world.desk.find_request(draft)) is None
    world.site.switch_fault(Fault(kind="lost_after", match="POST .*/request$"))
    with pytest.raises(UnknownOutcomeError):
        world.open(draft)
    found = world.run(world.desk.find_request(evolve(draft, summary="", description=_say(""))))
    assert world.act("requests")[0]["id"] == found.issue_id
    assert world.run(world.desk.find_request(evolve(draft, marker="cbother999"))) is None


@pytest.mark.both_editions
def test_of_several_requests_the_first_is_found(world: Any, draft: NewRequest) -> None:
    """Where a marker is on two requests, the one with the lowest id is it."""
    first = world.open(draft)
    world.open(draft)
    world.say(first, "moves up")
    assert first == world.run(world.desk.find_request(draft)).issue_id


@pytest.mark.both_editions
def test_each_source_finds_what_the_other_cannot(world: Any, draft: NewRequest) -> None:
    """A field that cannot be searched is found in the list, an old request by the search."""
    issue = world.open(draft)
    world.site.switch_fault(Fault(kind="status", match="/search", status=400))
    assert issue == world.run(world.desk.find_request(draft)).issue_id
    world.act("behaviour", page_cap=1)
    for number in range(6):
        world.clock.advance(1)
        world.open(evolve(draft, marker=f"cbother{number:03}"))
    assert issue == world.run(world.desk.find_request(draft)).issue_id


@pytest.mark.both_editions
def test_a_search_that_fails_otherwise_is_not_none(world: Any, draft: NewRequest) -> None:
    """Where the search fails for another reason, nothing is said of the request."""
    for status, error in ((503, RetryLaterError), (403, RefusedError)):
        world.site.switch_fault(Fault(kind="status", match="/search", status=status))
        with pytest.raises(error):
            world.run(world.desk.find_request(draft))


@pytest.mark.both_editions
def test_the_index_may_lag(world: Any, draft: NewRequest) -> None:
    """A request that no index knows yet is not found, and is found later."""
    world.act("behaviour", index_lag=30.0)
    issue = world.open(draft)
    assert world.run(world.desk.find_request(draft)) is None
    world.clock.advance(31)
    assert issue == world.run(world.desk.find_request(draft)).issue_id


def test_a_marker_that_could_break_a_search_is_refused(world: Any, draft: NewRequest) -> None:
    """Markers are one word, since they stand in a search; nothing else gets that far."""
    for marker in ('x" OR project = OPS', "short", ""):
        with pytest.raises(ConfigurationError):
            world.run(world.desk.find_request(evolve(draft, marker=marker)))
    with pytest.raises(ConfigurationError):
        world.run(world.desk.changes(('HELP") OR (x',), 5))


@pytest.mark.both_editions
@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"issueId": 1e999}', b"[" * 5000])
def test_an_unreadable_answer_to_an_opening_is_unknown(
    world: Any, draft: NewRequest, body: bytes
) -> None:
    """A 201 that cannot be read means that a request may be there."""
    exchange = world.desk.open_request(draft)
    request = next(exchange)
    while request.method != "POST":
        request = exchange.send(world.transport.send(request, _party(world)))
    with pytest.raises(UnknownOutcomeError):
        exchange.send(HttpResponse(201, body=body, repeatable=False))


# --- comments -----------------------------------------------------------------------------------


@pytest.mark.both_editions
def test_a_comment_carries_its_marker_and_is_public(world: Any, issue: str) -> None:
    """Marker and visibility travel in the write that makes the comment."""
    comment = world.run(world.desk.add_comment(issue, _say("Hello"), "m1"))
    (shown,) = world.act("comments", issue=issue)
    assert (comment, True, "m1", "Hello") == tuple(
        shown[name] for name in ("id", "public", "marker", "text")
    )


@pytest.mark.both_editions
@pytest.mark.fault("F38")
def test_a_lost_comment_is_found_once_it_is_committed(world: Any, issue: str) -> None:
    """A comment whose answer was lost may come late; then its marker leads to it."""
    world.act("behaviour", commit_lag=20.0)
    world.site.switch_fault(Fault(kind="lost_after", match="POST .*/comment$"))
    with pytest.raises(UnknownOutcomeError):
        world.run(world.desk.add_comment(issue, _say("Hello"), "m1"))
    markers = frozenset({"m1", "m2"})
    assert {} == world.run(world.desk.find_comments(issue, markers))
    world.clock.advance(21)
    (shown,) = world.act("comments", issue=issue)
    assert {"m1": (shown["id"],)} == world.run(world.desk.find_comments(issue, markers))


@pytest.mark.both_editions
@pytest.mark.fault("F38")
def test_a_comment_that_was_not_made_is_not_found(world: Any, issue: str) -> None:
    """A call that was lost on its way is unknown too, and leaves nothing."""
    world.site.switch_fault(Fault(kind="lost_before", match="POST .*/comment$"))
    with pytest.raises(UnknownOutcomeError):
        world.run(world.desk.add_comment(issue, _say("Hello"), "m1"))
    assert {} == world.run(world.desk.find_comments(issue, frozenset({"m1"})))


@pytest.mark.both_editions
@pytest.mark.parametrize("hidden", [False, True])
def test_markers_are_found_on_every_page(world: Any, issue: str, hidden: bool) -> None:
    """Old comments and doubles are found, whether or not listing shows properties."""
    world.act("behaviour", hide_properties=hidden, write_limits=False)
    first = world.run(world.desk.add_comment(issue, _say("old"), "m1"))
    for number in range(120):
        world.clock.advance(1)
        world.say(issue, f"answer {number}")
    twin = world.run(world.desk.add_comment(issue, _say("new"), "m2"))
    later = world.run(world.desk.add_comment(issue, _say("new"), "m2"))
    found = world.run(world.desk.find_comments(issue, frozenset({"m1", "m2"})))
    assert {"m1": (first,), "m2": (twin, later)} == found


@pytest.mark.both_editions
def test_a_doubled_comment_is_removed_once_or_twice(world: Any, issue: str) -> None:
    """Removing a comment of our own works, and again when it is gone already."""
    keep, twin = (world.run(world.desk.add_comment(issue, _say("new"), "m")) for _ in range(2))
    for _ in range(2):
        world.run(world.desk.remove_comment(issue, twin))
    assert {"m": (keep,)} == world.run(world.desk.find_comments(issue, frozenset({"m"})))


@pytest.mark.both_editions
def test_texts_are_cut_to_what_a_comment_holds(world: Any, issue: str) -> None:
    """Each piece is taken by Jira, nothing is lost, no pair of surrogates is cut."""
    text = "\n\n".join("Füße 👩‍👩‍👧 " * 40 + f'"{n}"' for n in range(120))
    pieces = world.desk.split_comment(_say(text))
    assert len(pieces) > 1
    for number, piece in enumerate(pieces):
        world.run(world.desk.add_comment(issue, piece, f"m{number}"))
    shown = "".join(each["text"] for each in world.act("comments", issue=issue))
    assert "".join(text.split()) == "".join(shown.split())


@pytest.mark.parametrize("text", ["x" * 70_000, "👍" * 40_000, '"\\' * 20_000, "a\n" * 20_000])
def test_a_text_without_a_good_place_is_cut_all_the_same(world: Any, text: str) -> None:
    """One long word, escapes that grow and short lines are all cut to fit."""
    for document in (_say(text), Document((CodeBlock(text),))):
        pieces = world.desk.split_comment(document)
        sizes = [_adf_size(piece) for piece in pieces]
        assert max(sizes) < 30_000
        joined = "".join(piece.plain() for piece in pieces)
        assert "".join(text.split()) == "".join(joined.split())


@pytest.mark.both_editions
def test_a_text_that_is_too_long_is_named_so(world: Any, issue: str) -> None:
    """Jira's refusal of a long text is TOO_LONG, so that somebody can cut it."""
    with pytest.raises(RefusedError) as caught:
        world.run(world.desk.add_comment(issue, _say("x" * 33_000), "m1"))
    assert caught.value.reason == Refusal.TOO_LONG


@pytest.mark.both_editions
def test_a_note_is_internal_and_found_by_its_text(world: Any, issue: str) -> None:
    """Notes are written internally, through the customer API, and compared as text."""
    text = "Could not deliver *this* to the chat: {code} a\\b"
    assert not world.run(world.desk.has_note(issue, text))
    world.say(issue, text)  # the same text in public, and by somebody else
    assert not world.run(world.desk.has_note(issue, text))
    world.run(world.desk.add_note(issue, text))
    assert world.run(world.desk.has_note(issue, text))
    assert [True, False] == [each["public"] for each in world.act("comments", issue=issue)]
    assert "POST /rest/servicedeskapi/request/10001/comment" in world.paths()


# --- reading ------------------------------------------------------------------------------------


def test_a_request_is_read_by_id_and_key(world: Any, issue: str) -> None:
    """Status, category and the customer's page are read; the language is pinned."""
    world.act("transition", issue=issue, status="Resolved")
    for name in (issue, "HELP-1"):
        state = world.run(world.desk.read_request(name))
        assert (issue, "HELP-1", "10", "Resolved") == (
            state.issue_id, state.issue_key, state.service_desk, state.status,
        )  # fmt: skip
        assert state.category == StatusCategory.DONE
        assert "https://desk.example/servicedesk/customer/portal/10/HELP-1" == state.portal_url
    assert world.calls[-1][0].url.endswith("requestLanguage=en-US")


@pytest.mark.both_editions
@pytest.mark.parametrize(
    ("status", "category"),
    [
        ("Waiting for support", StatusCategory.NEW),
        ("In progress", StatusCategory.IN_PROGRESS),
        ("Waiting for customer", StatusCategory.IN_PROGRESS),
        ("Closed", StatusCategory.DONE),
    ],
)
def test_categories_are_told_apart(
    world: Any, issue: str, status: str, category: StatusCategory
) -> None:
    """Each status of the desk comes with how far the request is."""
    world.act("transition", issue=issue, status=status)
    assert category == world.run(world.desk.read_request(issue)).category


@pytest.mark.both_editions
@pytest.mark.fault("F16")
def test_a_moved_issue_is_no_request_any_more(world: Any, issue: str) -> None:
    """Outside a service project the request is NOT_FOUND, though all its comments claim public."""
    world.say(issue, "secret", public=False)
    world.act("move", issue=issue, project="OPS")
    with pytest.raises(RefusedError) as caught:
        world.run(world.desk.read_request(issue))
    assert caught.value.reason == Refusal.NOT_FOUND
    assert () == world.run(world.desk.public_comments(issue))


@pytest.mark.both_editions
@pytest.mark.parametrize(
    ("switch", "reason"), [("access", Refusal.NOT_FOUND), ("licensed", Refusal.FORBIDDEN)]
)
def test_lost_access_is_a_refusal(world: Any, issue: str, switch: str, reason: Refusal) -> None:
    """No access and no licence are refusals, the latter even with an empty body."""
    world.act("behaviour", **{switch: False})
    with pytest.raises(RefusedError) as caught:
        world.run(world.desk.read_request(issue))
    assert reason == caught.value.reason


def test_only_public_comments_are_read(world: Any, issue: str) -> None:
    """Internal notes are not among the public comments, flips both ways are followed."""
    world.say(issue, "internal", public=False)
    public = world.say(issue, "public")
    flipped = world.say(issue, "later public", public=False)
    world.act("flip", issue=issue, comment=flipped, public=True)
    gone = world.say(issue, "later internal")
    world.act("flip", issue=issue, comment=gone, public=False)
    comments = world.run(world.desk.public_comments(issue))
    assert world.calls[-1][0].url.endswith(
        "?public=true&internal=false&start=0&limit=100&expand=attachment"
    )
    assert [public, flipped] == [each.comment_id for each in comments]
    assert ["public", "Alice Agent"] == [comments[0].body.plain(), comments[0].author_name]
    assert int(world.clock.time() * 1000) == comments[0].created


@pytest.mark.both_editions
def test_all_pages_are_read(world: Any, issue: str) -> None:
    """More comments than one page holds are all read, banks of ids or not."""
    world.act("behaviour", banks=True)
    said = {world.say(issue, f"answer {number}") for number in range(130)}
    comments = world.run(world.desk.public_comments(issue))
    assert said == {each.comment_id for each in comments}
    assert len(said) == len(comments)


@pytest.mark.both_editions
@pytest.mark.fault("F19")
@pytest.mark.invariant("I1")
def test_a_comment_that_slips_across_a_page_is_not_lost(world: Any, issue: str) -> None:
    """While pages are read one comment goes; the others are all there."""
    said = [world.say(issue, f"answer {number}") for number in range(60)]
    exchange = world.desk.public_comments(issue)
    request, response = next(exchange), None
    while True:
        response = world.transport.send(request, _party(world))
        if "/comment" in request.url and said:
            world.act("flip", issue=issue, comment=said[0], public=False)
            kept, said = said[1:], []
        try:
            request = exchange.send(response)
        except StopIteration as stop:
            found = stop.value
            break
    assert kept == [each.comment_id for each in found]


@pytest.mark.fault("F19")
def test_comments_that_never_stand_still_come_later(world: Any, issue: str) -> None:
    """A list that changes at every reading is left for later, not guessed."""
    for number in range(60):
        world.say(issue, f"answer {number}")
    exchange = world.desk.public_comments(issue)
    request = next(exchange)
    with pytest.raises(RetryLaterError):
        while True:
            response = world.transport.send(request, _party(world))
            world.say(issue, "one more")
            request = exchange.send(response)


def _page(*comments: dict[str, Any]) -> bytes:
    return json.dumps({"isLastPage": True, "values": list(comments)}).encode()


_COMMENT = {"id": "1", "public": True, "created": {"epochMillis": 5}, "body": "x"}


@pytest.mark.both_editions
@pytest.mark.fault("F15", "F23")
@pytest.mark.invariant("I2")
@pytest.mark.parametrize("public", [None, False, "true", 1, "yes", [True], {"public": True}])
def test_public_must_be_exactly_true(world: Any, issue: str, public: Any) -> None:
    """Whatever is not the value true is not public; nor is a comment without an id."""
    bad = {**_COMMENT, "id": "2", "public": public}
    missing = {k: v for k, v in _COMMENT.items() if k != "public"}
    body = _page(bad, missing, {**_COMMENT, "id": 3}, _COMMENT)
    found = _answered(world.desk.public_comments(issue), HttpResponse(200, body=body))
    assert ["1"] == [each.comment_id for each in found]


@pytest.mark.both_editions
@pytest.mark.fault("F21", "F23")
@pytest.mark.parametrize(
    "body",
    [b"{}", b"[]", b"null", b'{"values": {}}', b'{"values": [1]}', b'{"values": [NaN]}',
     b'{"isLastPage": false, "values": []}', _page({**_COMMENT, "created": {}}),
     _page({**_COMMENT, "created": {"epochMillis": "5"}}), b"\xff\xfe", b"[" * 100_000],
)  # fmt: skip
def test_a_malformed_list_is_never_a_short_one(world: Any, issue: str, body: bytes) -> None:
    """A list of comments that cannot be read whole is not read at all."""
    with pytest.raises(RetryLaterError):
        _answered(world.desk.public_comments(issue), HttpResponse(200, body=body))


@pytest.mark.both_editions
@pytest.mark.parametrize(
    "body", [b"{}", b'{"currentStatus": null}', b'{"issueId": "1", "currentStatus": {"status": 1}}']
)
def test_a_request_without_its_status_is_an_error(world: Any, issue: str, body: bytes) -> None:
    """What has no status is no request that was read."""
    with pytest.raises(RetryLaterError):
        _answered(world.desk.read_request(issue), HttpResponse(200, body=body))


# --- the second witness -------------------------------------------------------------------------


@pytest.mark.both_editions
@pytest.mark.fault("F15")
@pytest.mark.invariant("I2")
def test_the_second_witness_sees_what_the_first_does_not(world: Any, issue: str) -> None:
    """A role's comment claims to be public on both sides; its restriction gives it away."""
    ours = world.run(world.desk.add_comment(issue, _say("ours"), "m1"))
    plain = world.say(issue, "for all")
    restricted = world.say(issue, "for some", restricted="Administrators")
    note = world.say(issue, "for agents", public=False)
    public = {each.comment_id for each in world.run(world.desk.public_comments(issue))}
    assert {ours, plain, restricted} == public
    asked = (ours, plain, restricted, note, "77777")
    found = {each.comment_id: each for each in world.run(world.desk.cross_read(issue, asked))}
    assert {ours: True, plain: True, restricted: False, note: False} == {
        key: witness.unrestricted for key, witness in found.items()
    }
    assert ("m1", None) == (found[ours].marker, found[plain].marker)
    assert "for all" == found[plain].body.plain()


@pytest.mark.both_editions
def test_a_comment_of_another_issue_is_no_witness(world: Any, draft: NewRequest) -> None:
    """An id that belongs to another issue is as if it were not there."""
    one, other = world.open(draft), world.open(draft)
    comment = world.say(other, "elsewhere")
    assert [] == world.run(world.desk.cross_read(one, (comment,)))


def test_many_comments_are_asked_for_in_pieces(world: Any, issue: str) -> None:
    """No call asks for more than 1,000 comments, and none is forgotten."""
    said = [world.say(issue, "x") for _ in range(3)]
    asked = (*(str(n) for n in range(1, 1200)), *said)
    found = world.run(world.desk.cross_read(issue, asked))
    assert said == [each.comment_id for each in found]
    sizes = [len(q.json["ids"]) for q, _ in world.calls if q.url.endswith("expand=properties")]
    assert [1000, 202] == sizes


_WITNESS = {"id": "1", "jsdPublic": True, "properties": [], "body": "x"}


@pytest.mark.both_editions
@pytest.mark.parametrize(
    ("changes", "unrestricted"),
    [
        ({}, True),
        ({"jsdPublic": False}, False),
        ({"jsdPublic": None}, False),
        ({"jsdPublic": "false"}, False),
        ({"visibility": {"type": "role", "value": "Staff"}}, False),
        ({"visibility": {}}, False),
        ({"visibility": None}, True),
        ({"properties": [{"key": "sd.public.comment", "value": {"internal": True}}]}, False),
        ({"properties": [{"key": "sd.public.comment", "value": {"internal": "true"}}]}, False),
        ({"properties": [{"key": "sd.public.comment", "value": {"internal": "yes"}}]}, False),
        ({"properties": [{"key": "sd.public.comment", "value": "internal"}]}, False),
        ({"properties": [{"key": "sd.public.comment", "value": {"internal": "false"}}]}, True),
        ({"properties": [{"key": "sd.public.comment", "value": {"internal": False}}]}, True),
    ],
)
def test_what_is_unclear_counts_against_a_comment(
    world: Any, issue: str, changes: dict[str, Any], unrestricted: bool
) -> None:
    """Only a comment that nothing speaks against is unrestricted."""
    shown = [{**_WITNESS, **changes}]
    page = {"isLast": True, "total": 1, "values": shown, "comments": shown}
    body = json.dumps(page).encode()
    exchange = world.desk.cross_read(issue, ("1",))
    (witness,) = _answered(exchange, HttpResponse(200, body=body))
    assert unrestricted == witness.unrestricted


def test_a_comment_that_says_nothing_of_itself_is_restricted(world: Any, issue: str) -> None:
    """Without jsdPublic and without properties nothing says that a comment is public."""
    body = json.dumps({"values": [{"id": "1", "body": "x"}]}).encode()
    (witness,) = _answered(world.desk.cross_read(issue, ("1",)), HttpResponse(200, body=body))
    assert not witness.unrestricted


# --- the feed -----------------------------------------------------------------------------------


@pytest.mark.both_editions
def test_changes_are_listed_newest_first(world: Any, draft: NewRequest) -> None:
    """All pages, each issue once, the newest first, nothing older than asked for."""
    world.act("behaviour", search_cap=3)
    old = world.open(draft)
    world.clock.advance(3600)
    young = []
    for _ in range(7):
        world.clock.advance(1)
        young.append(world.open(draft))
    world.clock.advance(1)
    world.say(young[0], "again")
    changes = world.run(world.desk.changes(("10", "HELP"), 30))
    assert [young[0], *reversed(young[1:])] == [change.issue_id for change in changes]
    assert old not in {change.issue_id for change in changes}
    asked = [q.json["jql"] for q, _ in world.calls if "/search" in q.url]
    assert {"project in (10001) AND updated >= -30m ORDER BY updated DESC"} == set(asked)


@pytest.mark.both_editions
def test_a_change_shows_by_its_time(world: Any, issue: str) -> None:
    """`updated` differs after every change, and stays the same without one."""
    before = world.run(world.desk.changes(("10",), 5))
    assert before == world.run(world.desk.changes(("10",), 5))
    world.say(issue, "news")
    assert before != world.run(world.desk.changes(("10",), 5))


@pytest.mark.both_editions
def test_without_desks_nothing_is_asked(world: Any) -> None:
    """No desks, no search."""
    assert [] == world.run(world.desk.changes((), 5))
    assert [] == world.calls


@pytest.mark.both_editions
def test_an_issue_that_moves_between_pages_counts_once(world: Any, issue: str) -> None:
    """An issue that changes while pages are read is listed once, as it was seen first."""
    pages: list[dict[str, Any]] = [
        {
            "issues": [_found("2", "late"), _found("1", "b")],
            "nextPageToken": "x",
            "isLast": False,
            "startAt": 0,
            "total": 4,
        },
        {
            "issues": [_found("2", "early"), _found("3", "a")],
            "isLast": True,
            "startAt": 2,
            "total": 4,
        },
    ]
    exchange = world.desk.changes(("10",), 5)
    request = next(exchange)
    with pytest.raises(StopIteration) as stop:
        while True:
            response = world.transport.send(request, _party(world))
            if "/search" in request.url:
                response = HttpResponse(200, body=json.dumps(pages.pop(0)).encode())
            request = exchange.send(response)
    assert [("2", "late"), ("1", "b"), ("3", "a")] == [
        (change.issue_id, change.updated) for change in stop.value.value
    ]


def _found(issue_id: str, updated: str) -> dict[str, Any]:
    return {"id": issue_id, "fields": {"updated": updated}}


def test_a_search_that_turns_in_circles_ends(world: Any, issue: str) -> None:
    """The same token twice is a malformed answer, not a reason to ask for ever."""
    body = json.dumps({"issues": [], "nextPageToken": "x", "isLast": False}).encode()
    exchange = world.desk.changes(("10",), 5)
    with pytest.raises(RetryLaterError):
        _answered(exchange, HttpResponse(200, body=body), match="/search/jql")


# --- request types and paces --------------------------------------------------------------------


@pytest.mark.both_editions
def test_fields_of_a_request_type(world: Any) -> None:
    """Required fields, texts and options are told apart."""
    outage = world.run(world.desk.request_type("10", "27"))
    known = {each.field_id: each for each in outage.fields}
    assert ("27", "Report an outage") == (outage.type_id, outage.name)
    impact = known["customfield_10060"]
    assert (True, False, False) == (impact.required, impact.has_default, impact.text)
    chat = world.run(world.desk.request_type("10", "26"))
    assert ["customfield_10050"] == [
        each.field_id for each in chat.fields if each.text and each.field_id.startswith("custom")
    ]
    kinds = world.run(world.desk.request_types("10"))
    assert ["25", "26", "27", "28"] == [kind.type_id for kind in kinds]


def test_writes_count_against_their_issue(world: Any, issue: str) -> None:
    """A write names the issue's limit first, a read names none; keys stay out of repr."""
    world.run(world.desk.add_comment(issue, _say("x"), "m1"))
    write = world.calls[-1][0]
    world.run(world.desk.read_request(issue))
    read = world.calls[-1][0]
    assert ["issue", "endpoint", "site"] == [pace.scope for pace in write.paces]
    assert ["endpoint", "site"] == [pace.scope for pace in read.paces]
    assert issue not in repr(write.paces)
    assert not write.is_repeatable
    pace = write.paces[0]
    for seconds, most in ((2, 20), (30, 100)):
        assert pace.burst + pace.per_second * seconds <= most


def test_reads_by_post_are_repeatable(world: Any, issue: str) -> None:
    """Searches and bulk reads may be repeated though they are POSTs."""
    world.run(world.desk.changes(("10",), 5))
    world.run(world.desk.cross_read(issue, ("1",)))
    reads = [q for q, _ in world.calls if q.url.endswith(("/search/jql", "expand=properties"))]
    assert [True, True] == [request.is_repeatable for request in reads]


def _party(world: Any) -> Any:
    from chatbridge.exchange import Party, origin

    return Party("site", frozenset(origin(url) for url in world.desk.urls()))


_ANSWERS = {
    "/myself": {"accountId": "a", "key": "a"},
    "/servicedesk/": {"id": "10", "projectId": "10001"},
}


def _answered(exchange: Any, answer: HttpResponse, match: str = "/") -> Any:
    """Carry an exchange out whose calls after the way in all get this answer."""
    request = next(exchange)
    for _ in range(20):
        known = [body for part, body in _ANSWERS.items() if part in request.url]
        body = json.dumps(known[0]).encode() if known else answer.body
        response = evolve(answer, body=body, repeatable=request.is_repeatable)
        try:
            request = exchange.send(response)
        except StopIteration as stop:
            return stop.value
    raise AssertionError("the exchange does not end")


def _adf_size(document: Document) -> int:
    from chatbridge.jira.adf_write import adf_length

    return adf_length(document)


@pytest.mark.both_editions
def test_an_exchange_survives_a_document_of_nothing(world: Any, issue: str) -> None:
    """An empty text is sent as an empty paragraph, which Jira takes."""
    for body in (Document(), Document((Paragraph((Text("\x00\x01"),)),))):
        assert world.run(world.desk.add_comment(issue, body, "m1"))
