"""Every call of the desk and every answer of the simulated site, held to Atlassian's documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from chatbridge.desk import MarkerRung, NewRequest
from chatbridge.errors import RefusedError
from chatbridge.richtext import Document
from chatbridge.secret import Secret
from chatbridge.testing.simulator import SimulatedCall


def _everything(world: Any, draft: NewRequest, content: Any) -> None:
    """Do everything that a desk can do, well and badly."""
    desk, run = world.desk, world.run
    run(desk.identify())
    run(desk.request_types("10"))
    for kind in ("25", "26", "27", "28"):
        run(desk.request_type("HELP", kind))
    field = evolve(
        draft, request_type="26", marker="cbfield001", rung=MarkerRung.FIELD,
        marker_field="customfield_10050",
    )  # fmt: skip
    label = evolve(draft, request_type="28", marker="cblabel001", rung=MarkerRung.LABEL)
    for one in (draft, field, label):
        run(desk.open_request(one))
        assert run(desk.find_request(one)) is not None
    issue = run(desk.find_request(draft)).issue_id
    (other,) = run(desk.find_requests(field))
    assert run(desk.link_duplicate(other.issue_id, issue))
    run(desk.add_comment(issue, Document.from_plain("Thanks"), "m1"))
    world.say(issue, "An answer")
    world.say(issue, "For administrators", restricted=True)
    run(desk.find_comments(issue, frozenset({"m1"})))
    run(desk.remove_comment(issue, run(desk.add_comment(issue, Document.from_plain("x"), "m2"))))
    run(desk.add_note(issue, "A note"))
    run(desk.has_note(issue, "A note"))
    run(desk.read_request(issue))
    comments = run(desk.public_comments(issue))
    run(desk.cross_read(issue, tuple(each.comment_id for each in comments)))
    run(desk.changes(("10",), 10))
    run(desk.upload_limit())
    ticket = run(desk.upload_file("10", "a-mfzgcy3bmnsxk4tu.txt", content(b"bytes")))
    run(desk.attach_files(issue, (ticket,), Document.from_plain("Anna: look"), "m3"))
    (file_id,) = run(desk.find_files(issue, frozenset({"mfzgcy3bmnsxk4tu"})))["mfzgcy3bmnsxk4tu"]
    run(desk.open_file(file_id))
    for bad in (
        desk.attach_files(issue, ("no-ticket",), Document(), "m4"),
        desk.open_file("1"),
        desk.read_request("99999"),
        desk.link_duplicate("99999", issue),
        desk.request_type("10", "99"),
        desk.open_request(evolve(draft, request_type="27")),
        desk.add_comment("99999", Document.from_plain("Lost"), "m2"),
    ):
        with pytest.raises(RefusedError):
            run(bad)


@pytest.mark.parametrize("token", ["api_token", "scoped_token"])
def test_every_call_is_as_documented(
    world: Any, draft: NewRequest, judge: Any, content: Any, token: str
) -> None:
    """What the desk asks and what the site answers keep to the OpenAPI documents."""
    world.desk = world.new_desk(token=Secret(world.site.credentials()[token]))
    _everything(world, draft, content)
    assert len(world.calls) > 30
    for request, response in world.calls:
        judge(request, response)


def test_what_the_doctor_and_the_reader_ask_is_as_documented(
    world: Any, draft: NewRequest, judge: Any
) -> None:
    """Clocks, statuses, permissions, trials and participants keep to the documents, too.

    The list of webhooks of administrators (`/rest/webhooks/1.0`) stands in neither document.
    """
    issue = world.open(draft)
    known = world.site.credentials()
    desk = world.new_desk(
        reader_account=known["reader_account"], reader_token=Secret(known["reader_token"])
    )
    comment = world.say(issue, "An answer")
    assert [comment] == [each.comment_id for each in world.run(desk.public_comments(issue))]
    assert world.run(desk.clocks(issue))
    assert world.run(desk.statuses())
    assert world.run(desk.service_desk_id("HELP"))
    names = ["ADD_COMMENTS", "SERVICEDESK_AGENT"]
    assert set(names) == set(world.run(desk.permissions("10", names)))
    assert [] == world.run(desk.reader_permissions("10", names))
    world.run(desk.trial_note(issue, "A trial"))
    world.run(desk.trial_restricted(issue, Document.from_plain("x"), "m1", "Administrators"))
    told = {path.rpartition("/")[2] for path in world.paths()}
    assert {"sla", "status", "participant", "mypermissions"} <= told
    for request, response in world.calls:
        judge(request, response)


def test_every_document_sent_is_valid_adf(
    world: Any, draft: NewRequest, adf_errors: Callable[[Any], list[str]], content: Any
) -> None:
    """Descriptions and comments are ADF by Atlassian's own schema."""
    _everything(world, draft, content)
    sent = []
    for request, _ in world.calls:
        body = request.json if isinstance(request.json, dict) else {}
        values = body.get("requestFieldValues", {})
        sent += [each for each in (body.get("body"), values.get("description")) if each]
    documents = [each for each in sent if isinstance(each, dict)]
    assert len(documents) >= 5
    assert [] == [error for each in documents for error in adf_errors(each)]


_MORE = [
    ("GET", "/rest/servicedeskapi/servicedesk"),
    ("GET", "/rest/servicedeskapi/request/{issue}/comment/{comment}"),
    ("GET", "/rest/servicedeskapi/request/{issue}/transition"),
    ("GET", "/rest/servicedeskapi/request/{issue}/status"),
    ("GET", "/rest/servicedeskapi/request/{issue}/attachment"),
    ("GET", "/rest/api/3/issue/{issue}"),
    ("GET", "/rest/api/3/issue/{issue}/comment/{comment}"),
    ("GET", "/rest/api/3/issue/{issue}/transitions"),
    ("GET", "/rest/api/3/comment/{comment}/properties"),
    ("GET", "/rest/api/3/comment/{comment}/properties/chatbridge"),
    ("GET", "/rest/api/3/mypermissions?permissions=ADD_COMMENTS,BROWSE_PROJECTS"),
    ("GET", "/rest/api/3/serverInfo"),
    ("GET", "/rest/api/3/field"),
    ("GET", "/rest/api/3/attachment/meta"),
    ("GET", "/rest/api/3/search/jql?jql=project%20%3D%20HELP&fields=summary,comment"),
    ("DELETE", "/rest/api/3/issue/{issue}/comment/{comment}"),
]


@pytest.mark.parametrize(("method", "path"), _MORE)
def test_what_the_desk_does_not_ask_is_as_documented_too(
    world: Any, issue: str, judge: Any, method: str, path: str
) -> None:
    """The rest of the simulated site keeps to the documents as well."""
    comment = world.run(world.desk.add_comment(issue, Document.from_plain("Hello"), "m1"))
    calls = world.run(world.desk._access.reach())
    request = calls.request(method, path.format(issue=issue, comment=comment))
    response = world.transport.send(request, _party())
    assert response.status in {200, 204}
    judge(request, response)


def test_the_judge_refuses_what_is_wrong(world: Any, issue: str, judge: Any) -> None:
    """The judge is awake: an answer with a foreign field does not pass."""
    from openapi_core.exceptions import OpenAPIError

    world.run(world.desk.read_request(issue))
    request, response = world.calls[-1]
    spoiled = evolve(response, body=response.body.replace(b'"issueKey"', b'"issueKeys"'))
    judge(request, response)
    with pytest.raises(OpenAPIError):
        judge(request, spoiled)


def test_without_a_credential_nothing_is_answered(site: Any) -> None:
    """Every path but the public ones wants a credential of its own place."""
    known = site.credentials()
    for path in ("/rest/api/3/myself", f"/ex/jira/{known['cloud_id']}/rest/api/3/myself"):
        assert 401 == site.answer(SimulatedCall(method="GET", path=path)).status
    tenant = site.answer(SimulatedCall(method="GET", path="/_edge/tenant_info"))
    assert {"cloudId": known["cloud_id"]} == tenant.json()


def _party() -> Any:
    from chatbridge.exchange import Party, origin

    return Party("site", frozenset({origin("https://acme.atlassian.net")}))
