"""What an answer of Jira means: done, later, refused or unknown."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from chatbridge.desk import NewRequest
from chatbridge.errors import (
    DeliveryError,
    Refusal,
    RefusedError,
    RetryLaterError,
    UnknownOutcomeError,
)
from chatbridge.http_types import HttpResponse
from chatbridge.jira.outcomes import checked, refuses_description
from chatbridge.richtext import Document
from chatbridge.testing.simulator import Fault


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, Refusal.INVALID),
        (401, Refusal.UNAUTHORISED),
        (403, Refusal.FORBIDDEN),
        (404, Refusal.NOT_FOUND),
        (409, Refusal.CONFLICT),
        (410, Refusal.GONE),
        (412, Refusal.INVALID),
        (413, Refusal.TOO_LONG),
        (302, Refusal.INVALID),
    ],
)
def test_refusals(status: int, reason: Refusal) -> None:
    """Each refusal has its reason, with or without a body, and none repeats what Jira said."""
    for body in (b"", b"<html>", b'{"errorMessage": "canary"}'):
        with pytest.raises(RefusedError) as caught:
            checked(HttpResponse(status, body=body))
        assert (reason, status) == (caught.value.reason, caught.value.status)
        assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        b'{"errors":{"comment":"The entered text is too long."}}',
        '{"errors":{"comment":"Der Text überschreitet 32.767 Zeichen."}}'.encode(),
    ],
)
def test_too_long_is_told_in_any_language(body: bytes) -> None:
    """The number gives a text's limit away where the words are foreign."""
    with pytest.raises(RefusedError) as caught:
        checked(HttpResponse(400, body=body))
    assert caught.value.reason == Refusal.TOO_LONG


@pytest.mark.parametrize("status", [408, 425, 500, 502, 503, 504])
def test_passing_failures(status: int) -> None:
    """What passes is "later" for a repeatable request and unknown for another."""
    headers = {"Retry-After": "7"}
    with pytest.raises(RetryLaterError) as later:
        checked(HttpResponse(status, headers, repeatable=True))
    assert 7.0 == later.value.retry_after
    with pytest.raises(UnknownOutcomeError):
        checked(HttpResponse(status, headers, repeatable=False))


@pytest.mark.fault("F20")
@pytest.mark.parametrize(
    ("reason", "scope"),
    [
        ("jira-burst-based", "endpoint"),
        ("jira-per-issue-on-write", "issue"),
        ("jira-quota-global-based", "site"),
        ("jira-quota-tenant-based", "site"),
        ("", None),
        ("something-new", None),
    ],
)
@pytest.mark.parametrize("repeatable", [True, False])
def test_limits_hold_what_they_are_about(reason: str, scope: str | None, repeatable: bool) -> None:
    """A 429 was not carried out; its reason says what has to wait."""
    headers = {"Retry-After": "12", **({"RateLimit-Reason": reason} if reason else {})}
    with pytest.raises(RetryLaterError) as caught:
        checked(HttpResponse(429, headers, repeatable=repeatable))
    assert (scope, 12.0) == (caught.value.scope, caught.value.retry_after)


@pytest.mark.fault("F20")
@pytest.mark.invariant("I18")
def test_a_limit_holds_the_issue_and_no_other(world: Any, draft: NewRequest) -> None:
    """Jira's limit on writes to one issue holds that issue's pace for as long as it says."""
    one, other = world.open(draft), world.open(draft)
    fault = Fault(kind="status", match="POST .*/comment$", status=429, retry_after=9,
                  reason="jira-per-issue-on-write")  # fmt: skip
    world.site.switch_fault(fault)
    with pytest.raises(RetryLaterError):
        world.run(world.desk.add_comment(one, Document.from_plain("x"), "m1"))
    assert [("issue", 9.0)] == [(pace.scope, s) for pace, s in world.transport.holds]
    world.run(world.desk.add_comment(other, Document.from_plain("x"), "m2"))
    with pytest.raises(RetryLaterError):
        world.run(world.desk.add_comment(one, Document.from_plain("x"), "m1"))
    world.clock.advance(10)
    world.run(world.desk.add_comment(one, Document.from_plain("x"), "m1"))


@pytest.mark.parametrize(
    ("status", "body", "refused"),
    [
        (400, b'{"errorMessage": "description: Operation value must be a string"}', True),
        (400, b'{"errorMessage": "ADF is not supported"}', True),
        (400, b'{"errorMessage": "Impact is required."}', False),
        (400, b'{"errorMessage": "description exceeds the allowed limit of 32,767"}', False),
        (500, b'{"errorMessage": "description"}', False),
        (400, b"", False),
    ],
)
def test_a_refusal_of_adf_is_recognised(status: int, body: bytes, refused: bool) -> None:
    """Only a certain refusal of the description leads to a second try."""
    assert refused == refuses_description(HttpResponse(status, body=body))


_HOSTILE = [b"", b"null", b"[]", b"{}", b"0", b'"x"', b"{" * 50, b"[" * 100_000, b"\xff\xfe\x00",
            b'{"values": null}', b'{"values": [null]}', b'{"values": [[]]}', b'{"issues": [{}]}',
            b'{"values": [{"id": 1e400}]}', b'{"comments": [{}], "total": "x"}',
            b'{"values": [{"id": "1", "public": true, "created": {"epochMillis": 1' + b"0" * 5000
            + b"}}]}", b'{"issueId": "\\ud800", "issueKey": 5}', b"<html>busy</html>",
            b'{"requestTypeFields": [{"fieldId": []}]}', b"-1e-1", b'{"id": "x", "projectId": {}}',
            ]  # fmt: skip


@pytest.mark.fault("F23")
@pytest.mark.parametrize("body", _HOSTILE)
@pytest.mark.parametrize("status", [200, 201, 400, 429, 503])
def test_hostile_answers_raise_delivery_errors_only(
    world: Any, draft: NewRequest, status: int, body: bytes
) -> None:
    """Whatever Jira answers, an exchange ends, well or with an error that says what to do next."""
    desk = world.desk
    world.run(desk.identify())
    exchanges = [
        desk.identify(), desk.request_type("10", "25"), desk.request_types("10"),
        desk.open_request(draft), desk.find_request(draft),
        desk.add_comment("1", Document.from_plain("x"), "m"),
        desk.find_comments("1", frozenset({"m"})), desk.remove_comment("1", "2"),
        desk.add_note("1", "x"), desk.has_note("1", "x"),
        desk.read_request("1"), desk.public_comments("1"), desk.cross_read("1", ("1",)),
        desk.changes(("10",), 5),
    ]  # fmt: skip
    answer = HttpResponse(status, body=body)
    for exchange in exchanges:
        try:
            request = next(exchange)
            for _ in range(50):
                request = exchange.send(evolve(answer, repeatable=request.is_repeatable))
        except (StopIteration, DeliveryError):
            continue
        finally:
            exchange.close()
            world.run(desk.identify())
        raise AssertionError("the exchange does not end")
