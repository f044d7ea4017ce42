"""HTTP values: outcomes by status, JSON that is strict, and reprs that show nothing."""

from __future__ import annotations

import pytest

from chatbridge.errors import (
    RefusedError,
    RetryLaterError,
    UnknownOutcomeError,
    WebhookPayloadError,
)
from chatbridge.http_types import (
    FormPart,
    Headers,
    HttpRequest,
    HttpResponse,
    Pace,
    WebhookAnswer,
    WebhookRequest,
)

BROKEN = [b"", b"no", b"{", b"\xff", b'{"a": NaN}', b"[" * 100_000, b"1" * 10_000, b"[Infinity]"]


def test_header_names_are_compared_without_case():
    """A header is found however it is written; the last of equals wins, none is doubled."""
    headers = Headers([("X-A", "1"), ("x-a", "2"), ("B", "3")])
    assert ("2", "3", 2) == (headers["X-a"], headers.get("b"), len(headers))
    assert ["x-a", "B"] == list(headers)
    assert ("c" in headers, "B" in headers) == (False, True)


def test_headers_are_equal_whatever_their_case():
    """Only values and names count."""
    assert Headers({"A": "1"}) == Headers({"a": "1"})
    assert Headers({"A": "1"}) != Headers({"A": "2"})
    assert Headers({"A": "1"}) != {"A": "1"}


def test_headers_have_no_hash():
    """They are no keys."""
    with pytest.raises(TypeError):
        hash(Headers())


@pytest.mark.parametrize(
    ("method", "given", "repeatable"),
    [
        ("GET", None, True),
        ("HEAD", None, True),
        ("POST", None, False),
        ("PUT", None, False),
        ("DELETE", None, False),
        ("PUT", True, True),
        ("GET", False, False),
    ],
)
def test_only_reading_is_repeatable_by_itself(method, given, repeatable):
    """Everything else is repeatable only where somebody says so."""
    request = HttpRequest(method, "https://x.example", repeatable=given)
    assert repeatable is request.is_repeatable


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_success_passes(status):
    """A 2xx is the response itself."""
    response = HttpResponse(status)
    assert response is response.check()


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (300, "invalid"),
        (302, "invalid"),
        (400, "invalid"),
        (401, "unauthorised"),
        (403, "forbidden"),
        (404, "not_found"),
        (409, "conflict"),
        (410, "gone"),
        (422, "invalid"),
        (199, "invalid"),
    ],
)
@pytest.mark.parametrize("repeatable", [True, False])
def test_refusals_have_a_reason(status, reason, repeatable):
    """A refusal is certain, whether or not the request is repeatable."""
    with pytest.raises(RefusedError) as raised:
        HttpResponse(status, repeatable=repeatable).check()
    assert (reason, status) == (raised.value.reason, raised.value.status)


@pytest.mark.parametrize("repeatable", [True, False])
def test_429_is_later_for_everybody(repeatable):
    """The far side took nothing, and its own time is heeded."""
    response = HttpResponse(429, {"retry-after": "17"}, repeatable=repeatable)
    with pytest.raises(RetryLaterError) as raised:
        response.check()
    assert 17.0 == raised.value.retry_after


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_5xx_is_later_or_unknown(status):
    """What may have happened must not be repeated blindly."""
    with pytest.raises(RetryLaterError):
        HttpResponse(status, repeatable=True).check()
    with pytest.raises(UnknownOutcomeError):
        HttpResponse(status, repeatable=False).check()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": " 5 "}, 5.0),
        ({"Retry-After": "9999999999"}, None),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "1.5"}, None),
        ({"Retry-After": "٣"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}, None),
        (
            {
                "Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT",
                "Date": "Fri, 31 Dec 1999 23:59:00 GMT",
            },
            59.0,
        ),
        (
            {
                "Retry-After": "Fri, 31 Dec 1999 23:58:00 GMT",
                "Date": "Fri, 31 Dec 1999 23:59:00 GMT",
            },
            0.0,
        ),
        ({"Retry-After": "Fri, 31 Dec 1999 23:59:59", "Date": "Fri, 31 Dec 1999 23:59:00"}, 59.0),
        (
            {"Retry-After": "Fri, 31 Dec 1999 23:59:59", "Date": "Fri, 31 Dec 1999 23:59:00 GMT"},
            None,
        ),
    ],
)
def test_retry_after_is_read_in_both_forms(headers, seconds):
    """Seconds or a date by the far side's own clock; anything else says nothing."""
    assert seconds == HttpResponse(503, headers).retry_after


def test_json_is_read():
    """A good body is its value."""
    assert {"a": [1, "ž"]} == HttpResponse(200, {}, '{"a": [1, "ž"]}'.encode()).json()


@pytest.mark.parametrize("body", BROKEN)
def test_answer_that_is_no_json_leaves_the_outcome_open(body):
    """After an unrepeatable request a broken answer proves nothing; else it is tried again."""
    with pytest.raises(RetryLaterError):
        HttpResponse(200, {}, body, repeatable=True).json()
    with pytest.raises(UnknownOutcomeError):
        HttpResponse(200, {}, body, repeatable=False).json()


@pytest.mark.parametrize("body", BROKEN)
def test_webhook_that_is_no_json_is_refused(body):
    """A webhook's broken body is its sender's fault, and its text is in no error."""
    with pytest.raises(WebhookPayloadError) as raised:
        WebhookRequest({}, body).json()
    assert raised.value.__context__ is None


@pytest.mark.parametrize(
    "value",
    [
        HttpRequest("POST", "https://x.example/botTOKEN/send?k=TOKEN", headers={"A": "TOKEN"},
                    json={"text": "TOKEN"}, body=b"TOKEN"),
        HttpResponse(200, {"A": "TOKEN"}, b"TOKEN"),
        WebhookRequest({"A": "TOKEN"}, b"TOKEN", "TOKEN"),
        WebhookAnswer(200, b"TOKEN"),
        FormPart("file", "TOKEN", "TOKEN"),
        Pace("chat", "TOKEN"),
        Headers({"A": "TOKEN"}),
    ],
)  # fmt: skip
def test_no_repr_shows_an_address_a_header_or_a_body(value):
    """A token may be in any of them."""
    assert "TOKEN" not in repr(value)


def test_repr_of_a_request_names_what_an_operator_needs():
    """Method and host are no secrets."""
    assert "<HttpRequest GET to x.example>" == repr(HttpRequest("GET", "https://x.example/a"))
