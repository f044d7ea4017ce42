"""An exchange is driven to its end, its failures thrown into it, its pauses handed on."""

from __future__ import annotations

import pytest

from chatbridge.errors import (
    ConfigurationError,
    RefusedError,
    RetryLaterError,
    UnknownOutcomeError,
)
from chatbridge.exchange import Party, carry_out, origin
from chatbridge.http_types import HttpRequest, HttpResponse, Pace

URL = "https://x.example/a"
PARTY = Party("x", frozenset({"https://x.example:443"}), ("s3cret",))
PACES = (Pace("chat", "1"), Pace("bot", "2"))


class Script:
    """A transport that ends its calls as told."""

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.requests = []
        self.holds = []

    def send(self, request, party):
        """See `Transport.send`."""
        assert party is PARTY
        self.requests.append(request)
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def hold(self, paces, scope, seconds):
        """See `Transport.hold`."""
        self.holds.append((paces, scope, seconds))


def test_answers_are_handed_in_and_the_result_out():
    """Each yield gets the answer to its own request."""

    def exchange():
        first = yield HttpRequest("GET", URL)
        second = yield HttpRequest("GET", URL + "b")
        return first.status, second.status

    transport = Script(HttpResponse(200), HttpResponse(201))
    assert (200, 201) == carry_out(exchange(), transport, PARTY)
    assert [URL, URL + "b"] == [request.url for request in transport.requests]


def test_exchange_without_a_call_returns():
    """An exchange may need no call at all."""

    def exchange():
        yield from ()
        return 5

    assert 5 == carry_out(exchange(), Script(), PARTY)


@pytest.mark.parametrize(
    "failure", [RetryLaterError("x"), UnknownOutcomeError("x"), ConfigurationError("x")]
)
def test_failures_are_thrown_in_so_that_an_exchange_can_fall_back(failure):
    """What the transport raised appears at the yield."""

    def exchange():
        try:
            yield HttpRequest("GET", URL)
        except type(failure):
            response = yield HttpRequest("GET", URL + "b")
            return response.status

    assert 200 == carry_out(exchange(), Script(failure, HttpResponse(200)), PARTY)


def test_failure_that_nobody_catches_comes_out():
    """It is the same error that the transport raised."""

    def exchange():
        yield HttpRequest("GET", URL)

    failure = UnknownOutcomeError("lost")
    with pytest.raises(UnknownOutcomeError) as raised:
        carry_out(exchange(), Script(failure), PARTY)
    assert failure is raised.value


@pytest.mark.parametrize("scope", [None, "bot"])
def test_named_pause_is_handed_to_the_transport(scope):
    """A far side that asks for patience holds everything that counts against the pace."""

    def exchange():
        yield HttpRequest("POST", URL, paces=PACES)
        raise RetryLaterError("flood", retry_after=7, scope=scope)

    transport = Script(HttpResponse(429))
    with pytest.raises(RetryLaterError):
        carry_out(exchange(), transport, PARTY)
    assert [(PACES, scope, 7)] == transport.holds


@pytest.mark.parametrize("error", [RetryLaterError("x"), RefusedError("gone")])
def test_failure_without_a_time_holds_nothing(error):
    """Only a named time is a pause."""

    def exchange():
        yield HttpRequest("POST", URL, paces=PACES)
        raise error

    transport = Script(HttpResponse(200))
    with pytest.raises(type(error)):
        carry_out(exchange(), transport, PARTY)
    assert [] == transport.holds


def test_pause_before_any_call_holds_nothing():
    """Without a request there is no pace."""

    def exchange():
        yield from ()
        raise RetryLaterError("x", retry_after=5)

    transport = Script()
    with pytest.raises(RetryLaterError):
        carry_out(exchange(), transport, PARTY)
    assert [] == transport.holds


def test_exchange_is_closed_whatever_happens():
    """A generator that was left in the middle runs its clean-up."""
    closed = []

    def exchange():
        try:
            yield HttpRequest("GET", URL)
        finally:
            closed.append(True)

    with pytest.raises(ZeroDivisionError):
        carry_out(exchange(), Script(ZeroDivisionError()), PARTY)
    assert [True] == closed


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://X.Example/path?q", "https://x.example:443"),
        ("https://x.example:8443", "https://x.example:8443"),
        ("http://127.0.0.1:81/", "http://127.0.0.1:81"),
        ("http://[::1]/", "http://::1:80"),
        ("https://user:pw@x.example/", "https://x.example:443"),
    ],
)
def test_origin_is_scheme_host_and_port(url, found):
    """The port is always written out, the host in lower case."""
    assert found == origin(url)


@pytest.mark.parametrize(
    "url",
    ["", "x.example", "ftp://x.example", "https://", "https:///a", "https://x.example:99999",
     "https://x.example:a", "https://[bad", "file:///etc/passwd", "//x.example"],
)  # fmt: skip
def test_what_is_no_url_has_no_origin(url):
    """It is told as a mistake of the configuration, without the URL."""
    with pytest.raises(ConfigurationError) as raised:
        origin(url)
    assert "a URL must start with https:// and name a host" == str(raised.value)


def test_party_hides_what_may_be_secret():
    """Neither secrets nor addresses are in its repr."""
    assert "Party(name='x')" == repr(PARTY)
