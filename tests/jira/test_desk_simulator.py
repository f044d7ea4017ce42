"""The simulated Jira site: its rules, its traps, and a client that neither of us wrote."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import requests
from requests.adapters import BaseAdapter

from chatbridge.http_types import Headers, HttpResponse
from chatbridge.testing.desk_simulator import DeskSimulator
from chatbridge.testing.simulator import ConnectionLost, Fault, SimulatedCall
from chatbridge.testing.virtual_clock import VirtualClock


class Talk:
    """Speaks to a simulated site as its bot account."""

    def __init__(self, site: DeskSimulator) -> None:
        self.site = site
        known = site.credentials()
        self.auth = f"Bearer {known.get('personal_token')}"
        if "account" in known:
            self.auth = requests.auth._basic_auth_str(known["account"], known["api_token"])

    def __call__(self, method: str, path: str, body: Any = None) -> HttpResponse:
        where, _, query = path.partition("?")
        pairs = tuple(parse_qsl(query))
        return self.site.answer(
            SimulatedCall(
                method=method, path=where, query=dict(pairs), query_all=pairs,
                headers={"Authorization": self.auth},  # type: ignore[arg-type]
                body=b"" if body is None else json.dumps(body).encode(),
            )
        )  # fmt: skip


dc = pytest.mark.parametrize("edition", ["data_center"], indirect=True)
"""Lets a test run on Data Center."""


@pytest.fixture
def talk(site: DeskSimulator) -> Talk:
    """Return a way to call the site."""
    return Talk(site)


def _adf(text: str) -> dict[str, Any]:
    content = [{"type": "paragraph", "content": [{"type": "text", "text": text}]}]
    return {"type": "doc", "version": 1, "content": content}


def _open(talk: Talk, **values: Any) -> str:
    fields = {"summary": "Help", "description": "please", **values}
    body = {"serviceDeskId": "10", "requestTypeId": "25", "requestFieldValues": fields}
    return str(talk("POST", "/rest/servicedeskapi/request", body).json()["issueId"])


# --- a client that we did not write -------------------------------------------------------------


class _Answering(BaseAdapter):
    """Lets `requests` speak to a simulator without a network."""

    def __init__(self, site: DeskSimulator) -> None:
        super().__init__()
        self._site = site

    def send(self, request: Any, **_: Any) -> requests.Response:
        parts = urlsplit(request.url)
        pairs = tuple(parse_qsl(parts.query, keep_blank_values=True))
        body = request.body or b""
        answer = self._site.answer(
            SimulatedCall(
                method=request.method, path=unquote(parts.path), query=dict(pairs),
                query_all=pairs, headers=Headers(request.headers.items()),
                body=body.encode() if isinstance(body, str) else body,
            )
        )  # fmt: skip
        response = requests.Response()
        response.status_code = answer.status
        response.headers.update(answer.headers)
        response.raw = io.BytesIO(answer.body)
        response.request, response.url = request, request.url
        return response

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def client(site: DeskSimulator, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the client of the package `jira`, whose calls all end at the simulator."""
    jira = pytest.importorskip("jira")
    monkeypatch.setattr(requests.Session, "get_adapter", lambda *_, **__: _Answering(site))
    known = site.credentials()
    made = jira.JIRA(
        "https://desk.example", basic_auth=(known["account"], known["api_token"]),
        options={"rest_api_version": "3"}, max_retries=0, get_server_info=True,
    )  # fmt: skip
    yield made
    made.close()


def test_another_client_knows_who_it_is(client: Any) -> None:
    """A foreign client logs in and reads its account and the site."""
    assert "Chat bot" == client.myself()["displayName"]
    assert "Cloud" == client.server_info()["deploymentType"]


def test_another_client_works_on_an_issue(client: Any, site: DeskSimulator, talk: Talk) -> None:
    """A foreign client reads an issue, comments, edits, deletes and moves it on."""
    issue = client.issue(_open(talk))
    assert ("HELP-1", "Help", "Waiting for support") == (
        issue.key, issue.fields.summary, issue.fields.status.name,
    )  # fmt: skip
    comment = client.add_comment(issue, _adf("from outside"))
    (shown,) = site.control("comments", {"issue": issue.key})
    assert ("from outside", True) == (shown["text"], shown["public"])
    note = client.add_comment(issue, _adf("hidden"), is_internal=True)
    assert [True, False] == [c["public"] for c in site.control("comments", {"issue": issue.key})]
    assert {comment.id, note.id} == {each.id for each in client.comments(issue)}
    note.delete()
    assert [comment.id] == [each.id for each in client.comments(issue)]
    names = {each["name"]: each["id"] for each in client.transitions(issue)}
    client.transition_issue(issue, names["Resolved"])
    assert "Resolved" == client.issue(issue.key).fields.status.name


def test_another_client_finds_issues(client: Any, talk: Talk) -> None:
    """A foreign client's search pages through all issues."""
    made = {_open(talk) for _ in range(3)}
    found = client.enhanced_search_issues("project = HELP ORDER BY created DESC", maxResults=False)
    assert made == {issue.id for issue in found}


def test_another_client_lists_service_desks(client: Any) -> None:
    """A foreign client reads desks and request types."""
    (desk,) = client.service_desks()
    assert ("10", "HELP") == (desk.id, desk.projectKey)
    assert "Ask a question" in {each.name for each in client.request_types(desk)}


@pytest.fixture
def own_client(site: DeskSimulator, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the client of the package `jira` with a personal access token, on Data Center."""
    jira = pytest.importorskip("jira")
    monkeypatch.setattr(requests.Session, "get_adapter", lambda *_, **__: _Answering(site))
    token = site.credentials()["personal_token"]
    made = jira.JIRA("https://desk.example", token_auth=token, max_retries=0)
    yield made
    made.close()


@dc
def test_another_client_takes_it_for_a_data_center(own_client: Any) -> None:
    """A foreign client logs in by token, and knows what it speaks to and who it is."""
    assert ("Server", False) == (own_client.server_info()["deploymentType"], own_client._is_cloud)
    assert ("bot", "Chat bot") == (own_client.current_user(), own_client.myself()["displayName"])


@dc
def test_another_client_works_on_a_data_center(
    own_client: Any, site: DeskSimulator, talk: Talk
) -> None:
    """A foreign client reads, comments in markup, hides, edits, deletes, searches, moves on."""
    issue = own_client.issue(_open(talk))
    assert ("HELP-1", "please") == (issue.key, issue.fields.description)
    assert "bot" == issue.fields.reporter.name
    comment = own_client.add_comment(issue, "from *outside*")
    note = own_client.add_comment(issue, "hidden", is_internal=True)
    shown = site.control("comments", {"issue": issue.key})
    assert [True, False] == [each["public"] for each in shown]
    listed = own_client.comments(issue, expand="properties")
    assert [("from *outside*", []), ("hidden", [True])] == [
        (each.body, [one.value.internal for one in each.properties]) for each in listed
    ]
    comment.update(body="changed")
    assert "changed" == own_client.comment(issue, comment.id).body
    note.delete()
    assert [comment.id] == [each.id for each in own_client.comments(issue)]
    made = {issue.id, *(_open(talk) for _ in range(3))}
    site.control("behaviour", {"search_cap": 2})
    found = own_client.search_issues("project = HELP ORDER BY created DESC", maxResults=False)
    assert (made, 4) == ({each.id for each in found}, found.total)
    names = {each["name"]: each["id"] for each in own_client.transitions(issue)}
    own_client.transition_issue(issue, names["Resolved"])
    assert "Resolved" == own_client.issue(issue.key).fields.status.name
    assert ["10"] == [desk.id for desk in own_client.service_desks()]


@dc
@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/rest/api/3/myself", None, 404),
        ("GET", "/rest/api/latest/myself", None, 200),
        ("GET", "/rest/api/2/search/jql?jql=project=HELP", None, 404),
        ("POST", "/rest/api/2/comment/list", {"ids": [1]}, 404),
        (
            "POST",
            "/rest/api/2/issue/HELP-1/comment",
            {"body": {"type": "doc", "version": 1, "content": []}},
            400,
        ),
        ("POST", "/rest/api/2/issue/HELP-1/comment", {"body": " "}, 400),
        ("POST", "/rest/webhooks/1.0/webhook", {"name": "x", "url": "https://b.example"}, 404),
        ("GET", "/_edge/tenant_info", None, 404),
        ("GET", "/ex/jira/11223344-a1b2-3b33-c444-def123456789/rest/api/2/myself", None, 404),
        ("GET", "/rest/servicedeskapi/request/HELP-1/attachment", None, 405),
        ("POST", "/rest/servicedeskapi/request", {"isAdfRequest": False}, 400),
        ("POST", "/rest/servicedeskapi/request", {"raiseOnBehalfOf": "qm:a713c8ea"}, 400),
    ],
)
def test_data_center_knows_nothing_of_cloud(
    talk: Talk, method: str, path: str, body: Any, status: int
) -> None:
    """Version 3, ADF, account ids, the gateway and what only Cloud has are refused."""
    _open(talk)
    if path.endswith("/servicedeskapi/request"):
        fields = {"summary": "Help", "description": "please"}
        body = {"serviceDeskId": "10", "requestTypeId": "25", "requestFieldValues": fields, **body}
    assert status == talk(method, path, body).status


@dc
def test_data_center_takes_no_password(site: DeskSimulator, talk: Talk) -> None:
    """A personal access token is a bearer's, and never a Basic password."""
    token = site.credentials()["personal_token"]
    for auth in ("", "Bearer x", requests.auth._basic_auth_str("bot", token)):
        talk.auth = auth
        assert 401 == talk("GET", "/rest/api/2/myself").status


@dc
def test_data_center_names_no_account_and_no_visibility(talk: Talk) -> None:
    """No answer has an account id or a jsdPublic; only properties tell a note."""
    issue = _open(talk)
    note = talk.site.control("comment", {"issue": issue, "text": "x", "public": False})["id"]
    path = f"/rest/api/2/issue/{issue}"
    answers = [
        talk("GET", path), talk("GET", f"{path}/comment"), talk("GET", f"{path}/comment/{note}"),
        talk("GET", "/rest/api/2/myself"), talk("GET", f"/rest/servicedeskapi/request/{issue}"),
    ]  # fmt: skip
    raw = b"".join(answer.body for answer in answers)
    assert [] == [word for word in (b"accountId", b"jsdPublic", b"accountType", b"statusCategory",)
                  if word in raw.replace(answers[0].body, b"")]  # fmt: skip
    shown = talk("GET", f"{path}/comment/{note}?expand=properties").json()
    assert [{"key": "sd.public.comment", "value": {"internal": True}}] == shown["properties"]


@dc
@pytest.mark.parametrize("status", [200, 503, None])
def test_data_center_sends_a_webhook_once(
    talk: Talk, clock: VirtualClock, status: int | None
) -> None:
    """Whatever it is answered, it does not come again; a comment's names its issue by address."""
    talk.site.control("register_hint", {"url": "https://bridge.example/hints/acme/secret"})
    issue = _open(talk)
    comment = talk.site.control("comment", {"issue": issue, "text": "x"})["id"]
    created, commented = talk.site.owed_webhooks()
    said = json.loads(commented.body)
    assert "X-Hub-Signature" not in commented.headers
    assert "issue" not in said and "accountId" not in str(said)
    assert said["comment"]["self"].endswith(f"/issue/{issue}/comment/{comment}")
    for webhook in (created, commented):
        talk.site.webhook_answered(webhook.webhook_id, status, None)
    clock.advance(3600)
    assert [] == talk.site.owed_webhooks()


@dc
def test_the_secret_of_a_new_webhook_stands_in_its_configuration(talk: Talk) -> None:
    """Beside the configuration a secret is ignored, and webhooks come unsigned."""
    path, events = "/rest/jira-webhook/1.0/webhooks", ["comment_created"]
    body = {"name": "bridge", "url": "https://bridge.example/hints/acme", "events": events}
    for more in ({"secret": "s3cret"}, {"configuration": {"SECRET": "s3cret"}}):
        assert 201 == talk("POST", path, {**body, **more}).status
    assert 2 == len(talk("GET", path).json())
    talk.site.control("comment", {"issue": _open(talk), "text": "Hi"})
    signed = ["X-Hub-Signature" in webhook.headers for webhook in talk.site.owed_webhooks()]
    assert [False, True] == signed
    for each in talk("GET", path).json():
        assert 200 == talk("GET", f"{path}/{each['id']}").status
        assert 204 == talk("DELETE", f"{path}/{each['id']}").status
    assert [] == talk("GET", path).json()


def test_another_client_sees_errors(client: Any) -> None:
    """A foreign client understands the site's errors."""
    from jira import JIRAError

    with pytest.raises(JIRAError, match="does not exist") as caught:
        client.issue("HELP-99")
    assert 404 == caught.value.status_code


# --- rules and traps ----------------------------------------------------------------------------


def test_a_platform_comment_is_public_unless_it_says_otherwise(talk: Talk) -> None:
    """The property decides, boolean or text; without it a comment reaches the customer."""
    issue = _open(talk)
    for switch in (None, {"internal": False}, {"internal": True}, {"internal": "true"}):
        properties = [] if switch is None else [{"key": "sd.public.comment", "value": switch}]
        body = {"body": _adf("x"), "properties": properties}
        assert 201 == talk("POST", f"/rest/api/3/issue/{issue}/comment", body).status
    shown = [each["public"] for each in talk.site.control("comments", {"issue": issue})]
    assert [True, True, False, False] == shown


def test_comment_ids_may_come_from_banks(talk: Talk) -> None:
    """With banks the order of ids is not that of time."""
    talk.site.control("behaviour", {"banks": True})
    issue = _open(talk)
    ids = [int(talk.site.control("comment", {"issue": issue, "text": "x"})["id"])
           for _ in range(20)]  # fmt: skip
    assert sorted(ids) != ids
    assert 20 == len(set(ids))


def test_the_platform_lists_by_time(talk: Talk, clock: VirtualClock) -> None:
    """The platform's list is in order of time, and the other way round on request."""
    talk.site.control("behaviour", {"banks": True})
    issue, said = _open(talk), []
    for _ in range(8):
        clock.advance(1)
        said.append(talk.site.control("comment", {"issue": issue, "text": "x"})["id"])
    path = f"/rest/api/3/issue/{issue}/comment?orderBy="
    listed = [each["id"] for each in talk("GET", path + "-created").json()["comments"]]
    assert said[::-1] == listed
    assert 400 == talk("GET", path + "updated").status


def test_a_comment_may_be_committed_late(talk: Talk, clock: VirtualClock) -> None:
    """A comment has its id and time at once, and is seen later, its webhook too."""
    talk.site.control("register_hint", {"url": "https://bridge.example/hint"})
    issue = _open(talk)
    talk.site.owed_webhooks()
    talk.site.control("behaviour", {"commit_lag": 5.0})
    made = talk.site.control("comment", {"issue": issue, "text": "late"})
    path = f"/rest/servicedeskapi/request/{issue}/comment"
    assert [] == talk("GET", path).json()["values"]
    assert [] == talk.site.owed_webhooks()
    clock.advance(5)
    assert [made["id"]] == [each["id"] for each in talk("GET", path).json()["values"]]
    assert 1 == len(talk.site.owed_webhooks())


def test_searches_and_lists_lag(talk: Talk, clock: VirtualClock) -> None:
    """The index shows an issue, and its changes, only after its lag."""
    talk.site.control("behaviour", {"index_lag": 10})
    issue = _open(talk)
    search = "/rest/api/3/search/jql?jql=project=HELP&fields=updated"
    assert [] == talk("GET", search).json()["issues"]
    assert [] == talk("GET", "/rest/servicedeskapi/request").json()["values"]
    clock.advance(10)
    (first,) = talk("GET", search).json()["issues"]
    talk.site.control("comment", {"issue": issue, "text": "x"})
    assert [first] == talk("GET", search).json()["issues"]
    clock.advance(10)
    assert [first] != talk("GET", search).json()["issues"]


def test_too_many_writes_to_one_issue_are_refused(talk: Talk, clock: VirtualClock) -> None:
    """20 writes within 2 seconds, 100 within 30, each issue for itself."""
    one, other = _open(talk), _open(talk)

    def write(issue: str) -> HttpResponse:
        return talk("POST", f"/rest/api/3/issue/{issue}/comment", {"body": _adf("x")})

    assert {201} == {write(one).status for _ in range(20)}
    refused = write(one)
    assert (429, "jira-per-issue-on-write") == (refused.status, refused.headers["RateLimit-Reason"])
    assert 201 == write(other).status
    clock.advance(int(refused.headers["Retry-After"]))
    assert {201} == {write(one).status for _ in range(20)}
    for _ in range(3):
        clock.advance(2.1)
        assert {201} == {write(one).status for _ in range(20)}
    clock.advance(2.1)
    refused = write(one)
    assert (429, True) == (refused.status, int(refused.headers["Retry-After"]) > 15)


def test_texts_have_a_longest_length(talk: Talk) -> None:
    """Comments count as serialized ADF, and an issue takes only so many of them."""
    issue = _open(talk)
    path = f"/rest/api/3/issue/{issue}/comment"
    assert 400 == talk("POST", path, {"body": _adf("x" * 32_700)}).status
    assert 201 == talk("POST", path, {"body": _adf("x" * 32_000)}).status
    assert 400 == talk("POST", path, {"body": {"type": "doc", "version": 1}}).status
    assert 400 == talk("POST", path, {"body": _adf("")}).status
    talk.site.control("behaviour", {"comment_cap": 1})
    assert 413 == talk("POST", path, {"body": _adf("one more")}).status


@pytest.mark.parametrize(
    "values",
    [
        {"summary": ""},
        {"summary": "x" * 256},
        {"summary": "two\nlines"},
        {"labels": ["not on this type"]},
        {"description": {"type": "doc"}},
        {"description": "x" * 40_000},
    ],
)
def test_bad_fields_are_refused(talk: Talk, values: dict[str, Any]) -> None:
    """A request with a field that is missing, wrong or foreign is not opened."""
    fields = {"summary": "Help", **values}
    body = {"serviceDeskId": "10", "requestTypeId": "25", "requestFieldValues": fields}
    answer = talk("POST", "/rest/servicedeskapi/request", body)
    assert 400 == answer.status
    assert "could not be created" in answer.json()["errorMessage"]
    assert [] == talk.site.control("requests", {})


def test_options_must_be_known(talk: Talk) -> None:
    """A select takes one of its options by id or label."""
    for value, status in (({"id": "10100"}, 201), ({"value": "Everybody"}, 201),
                          ({"value": "Nobody"}, 400), ("Everybody", 400)):  # fmt: skip
        fields = {"summary": "Help", "customfield_10060": value}
        body = {"serviceDeskId": "HELP", "requestTypeId": "27", "requestFieldValues": fields}
        assert status == talk("POST", "/rest/servicedeskapi/request", body).status


def test_a_rule_may_answer_before_the_request_is_there(talk: Talk) -> None:
    """An automation's public comment is there when the opening returns."""
    talk.site.control("behaviour", {"automation": "Thank you, we have it."})
    issue = _open(talk)
    (comment,) = talk("GET", f"/rest/servicedeskapi/request/{issue}/comment").json()["values"]
    assert ("Thank you, we have it.", True) == (comment["body"], comment["public"])


def test_a_moved_issue_keeps_its_id_and_claims_to_be_public(talk: Talk) -> None:
    """A move changes the key; outside a service project every comment says jsdPublic."""
    issue = _open(talk)
    note = talk.site.control("comment", {"issue": issue, "text": "x", "public": False})["id"]
    path = f"/rest/api/3/issue/{issue}/comment/{note}"
    assert talk("GET", path).json()["jsdPublic"] is False
    assert "OPS-1" == talk.site.control("move", {"issue": "HELP-1", "project": "OPS"})["key"]
    assert talk("GET", path).json()["jsdPublic"] is True
    assert 404 == talk("GET", f"/rest/servicedeskapi/request/{issue}").status
    assert [issue] * 2 == [talk("GET", f"/rest/api/3/issue/{key}").json()["id"]
                           for key in ("OPS-1", "HELP-1")]  # fmt: skip


def test_lost_access_hides_comments_without_an_error(talk: Talk) -> None:
    """Without access the customer API's list is an empty page, the rest is not found."""
    issue = _open(talk)
    talk.site.control("comment", {"issue": issue, "text": "x"})
    talk.site.control("behaviour", {"access": False})
    answer = talk("GET", f"/rest/servicedeskapi/request/{issue}/comment")
    assert (200, []) == (answer.status, answer.json()["values"])
    assert 404 == talk("GET", f"/rest/servicedeskapi/request/{issue}").status
    talk.site.control("behaviour", {"access": True, "licensed": False})
    answer = talk("GET", f"/rest/servicedeskapi/request/{issue}/comment")
    assert (403, b"") == (answer.status, answer.body)


def test_deleted_things_are_gone(talk: Talk) -> None:
    """A deleted comment and a deleted issue are found nowhere."""
    issue = _open(talk)
    comment = talk.site.control("comment", {"issue": issue, "text": "x"})["id"]
    talk.site.control("delete_comment", {"issue": issue, "comment": comment})
    assert 404 == talk("GET", f"/rest/api/3/issue/{issue}/comment/{comment}").status
    talk.site.control("delete", {"issue": issue})
    assert 404 == talk("GET", f"/rest/api/3/issue/{issue}").status
    assert [] == talk("GET", "/rest/api/3/search/jql?jql=project=HELP").json()["issues"]


def test_comment_properties(talk: Talk) -> None:
    """Properties are set, read, replaced and removed."""
    issue = _open(talk)
    comment = talk.site.control("comment", {"issue": issue, "text": "x"})["id"]
    path = f"/rest/api/3/comment/{comment}/properties"
    assert 201 == talk("PUT", f"{path}/chatbridge", {"v": 1, "m": "a"}).status
    assert 200 == talk("PUT", f"{path}/chatbridge", {"v": 1, "m": "b"}).status
    assert "b" == talk("GET", f"{path}/chatbridge").json()["value"]["m"]
    assert ["chatbridge"] == [each["key"] for each in talk("GET", path).json()["keys"]]
    assert 204 == talk("DELETE", f"{path}/chatbridge").status
    assert 404 == talk("GET", f"{path}/chatbridge").status


@pytest.mark.parametrize(
    "jql", ["", "ORDER BY updated", "project = NOPE", "colour = red", "updated >= yesterday", "("]
)
def test_searches_it_does_not_know_are_refused(talk: Talk, jql: str) -> None:
    """An unbounded or unknown search is an error, never an empty result."""
    assert 400 == talk("POST", "/rest/api/3/search/jql", {"jql": jql}).status


# --- webhooks -----------------------------------------------------------------------------------


def test_webhooks_are_signed_and_shaped_as_seen(talk: Talk) -> None:
    """A comment's webhook carries Jira's signature over its bytes and the captured shape."""
    body = {"name": "bridge", "url": "https://bridge.example/hint", "secret": "s3cret",
            "events": ["comment_created"]}  # fmt: skip
    made = talk("POST", "/rest/webhooks/1.0/webhook", body).json()
    assert (True, False) == (made["isSigned"], "secret" in made)
    issue = _open(talk)
    comment = talk.site.control("comment", {"issue": issue, "text": "Hi"})["id"]
    (webhook,) = talk.site.owed_webhooks()
    digest = hmac.new(b"s3cret", webhook.body, hashlib.sha256).hexdigest()
    assert f"sha256={digest}" == webhook.headers["X-Hub-Signature"]
    said = json.loads(webhook.body)
    assert ("comment_created", comment, issue, "Hi") == (
        said["webhookEvent"], said["comment"]["id"], said["issue"]["id"], said["comment"]["body"],
    )  # fmt: skip
    assert said["comment"]["self"].endswith(f"/issue/{issue}/comment/{comment}")
    assert "user" not in said


def test_webhooks_may_lie(talk: Talk) -> None:
    """On demand a webhook calls an internal note public, as has been captured."""
    talk.site.control("register_hint", {"url": "https://bridge.example/hint"})
    issue = _open(talk)
    talk.site.owed_webhooks()
    told = []
    for lie in (False, True):
        talk.site.control("behaviour", {"lie_in_webhooks": lie})
        talk.site.control("comment", {"issue": issue, "text": "x", "public": False})
        (webhook,) = talk.site.owed_webhooks()
        told.append(json.loads(webhook.body)["comment"]["jsdPublic"])
    assert [False, True] == told


def test_a_status_change_is_told(talk: Talk) -> None:
    """A transition raises jira:issue_updated with its changelog."""
    issue = _open(talk)
    talk.site.control("register_hint", {"url": "https://bridge.example/hint"})
    assert 204 == talk("POST", f"/rest/servicedeskapi/request/{issue}/transition",
                       {"id": "41"}).status  # fmt: skip
    (webhook,) = talk.site.owed_webhooks()
    said = json.loads(webhook.body)
    assert "jira:issue_updated" == said["webhookEvent"]
    assert "Resolved" == said["changelog"]["items"][0]["toString"]


@pytest.mark.parametrize(
    ("status", "tries"), [(200, 1), (404, 1), (403, 1), (None, 6), (503, 6), (429, 6), (409, 6)]
)
def test_webhooks_come_again(
    talk: Talk, clock: VirtualClock, status: int | None, tries: int
) -> None:
    """Passing failures are retried 5 times after 5 to 15 minutes, with one identifier."""
    talk.site.control("register_hint", {"url": "https://bridge.example/hint"})
    _open(talk)
    seen = []
    for _ in range(10):
        for webhook in talk.site.owed_webhooks():
            seen.append(dict(webhook.headers))
            assert [] == talk.site.owed_webhooks(), "it is under way"
            talk.site.webhook_answered(webhook.webhook_id, status, None)
        clock.advance(299)
        assert [] == talk.site.owed_webhooks()
        clock.advance(602)
    assert tries == len(seen)
    assert 1 == len({each["X-Atlassian-Webhook-Identifier"] for each in seen})
    retries = [each.get("X-Atlassian-Webhook-Retry") for each in seen]
    assert [None, "1", "2", "3", "4", "5"][:tries] == retries


def test_a_rule_sends_ids_and_its_secret(talk: Talk) -> None:
    """An Automation rule's call has a static header, no signature and no second try."""
    talk.site.control(
        "register_hint", {"url": "https://bridge.example/hint", "header_secret": "static"}
    )
    _open(talk)
    (webhook,) = talk.site.owed_webhooks()
    assert "static" == webhook.headers["X-Chatbridge-Secret"]
    assert "X-Hub-Signature" not in webhook.headers
    assert {"key": "HELP-1"} == json.loads(webhook.body)["issue"]
    talk.site.webhook_answered(webhook.webhook_id, 503, None)
    assert (
        1 == talk.site.control("unregister_hint", {"url": "https://bridge.example/hint"})["removed"]
    )
    _open(talk)
    assert [] == talk.site.owed_webhooks()


# --- faults and controls ------------------------------------------------------------------------


def test_faults(talk: Talk, clock: VirtualClock) -> None:
    """Calls are lost before or after their effect, answered with a status, or slow."""
    issue = _open(talk)
    path = f"/rest/api/3/issue/{issue}/comment"
    for kind, effects in (("lost_before", 0), ("lost_after", 1)):
        talk.site.switch_fault(Fault(kind=kind, match="POST"))
        with pytest.raises(ConnectionLost):
            talk("POST", path, {"body": _adf("x")})
        assert effects == len(talk.site.control("comments", {"issue": issue}))
    fault = Fault(kind="status", status=429, reason="jira-burst-based", retry_after=3, times=2)
    talk.site.switch_fault(fault)
    refused = talk("GET", path)
    assert ("jira-burst-based", "3") == (
        refused.headers["RateLimit-Reason"], refused.headers["Retry-After"],
    )  # fmt: skip
    assert 429 == talk("GET", path).status
    assert 200 == talk("GET", path).status
    before = clock.monotonic()
    talk.site.switch_fault(Fault(kind="slow", seconds=40.0))
    assert 200 == talk("GET", path).status
    assert 40.0 == clock.monotonic() - before


def test_every_action_is_described_and_checked(site: DeskSimulator) -> None:
    """Each action has its line; unknown ones and wrong arguments are named."""
    assert all(line and "\n" not in line for line in site.actions().values())
    with pytest.raises(LookupError, match="no such action"):
        site.control("dance", {})
    with pytest.raises(LookupError, match="no such issue"):
        site.control("comment", {"issue": "HELP-1", "text": "x"})
    for wrong in ({"banks": "yes"}, {"index_lag": True}, {"unheard_of": 1}):
        with pytest.raises(ValueError, match=r"must be|knows"):
            site.control("behaviour", wrong)
    with pytest.raises(ValueError, match="issue"):
        site.control("request", {})


def test_requests_show_the_truth(talk: Talk) -> None:
    """`requests` lists what is really there, comments and their markers included."""
    issue = _open(talk)
    body = {"body": _adf("Hi"), "properties": [{"key": "chatbridge", "value": {"v": 1, "m": "k"}}]}
    talk("POST", f"/rest/api/3/issue/{issue}/comment", body)
    talk.site.control("transition", {"issue": issue, "status": "In progress"})
    (shown,) = talk.site.control("requests", {})
    assert ("HELP-1", "Help", "please", "In progress", "Chat bot") == tuple(
        shown[name] for name in ("key", "summary", "description", "status", "reporter")
    )
    assert (
        "k",
        "Hi",
        "Chat bot",
    ) == tuple(shown["comments"][0][name] for name in ("marker", "text", "author"))
    json.dumps(shown)


def test_the_same_seed_gives_the_same_site() -> None:
    """Two sites with one seed hand out the same ids."""
    made = []
    for _ in range(2):
        talk = Talk(DeskSimulator(clock=VirtualClock(), seed=7))
        talk.site.control("behaviour", {"banks": True})
        issue = _open(talk)
        made.append([talk.site.control("comment", {"issue": issue, "text": "x"})["id"]
                     for _ in range(12)])  # fmt: skip
    assert made[0] == made[1]
