"""Nothing of an address, a header or a body shows: errors, tracebacks, locals, logs, reprs."""

from __future__ import annotations

import contextlib
import gc
import logging
import traceback

import pytest
import requests
import urllib3

from chatbridge.content import Content
from chatbridge.errors import ChatbridgeError
from chatbridge.exchange import carry_out
from chatbridge.http_types import HttpRequest

TOKEN = "123456789:AAcanarycanarycanary"
CANARIES = ("canary", "123456789", "SUP-77", "hidden")


def refuse(peer):
    """Answer with what must not show either."""
    while peer.read_request():
        peer.answer(b"canary body", 500, "X-Echo: canary\r\nRetry-After: 3\r\n")


def cut_headers(peer):
    """End in a header, which makes urllib3 log the whole address."""
    peer.read_request()
    peer.send(b"HTTP/1.1 200 OK\r\nX-canary-without-colon")


def bad_header(peer):
    """Write a header that is none."""
    peer.read_request()
    peer.send(b"HTTP/1.1 200 OK\r\ncanary without colon\r\nContent-Length: 2\r\n\r\n{}")


def silent(peer):
    """Say nothing until the deadline."""
    peer.read_request()
    peer.wait()


def failing_source():
    """Fail with a text that must not show."""
    raise ValueError("canary of a source")


@pytest.fixture
def call(serve, transport, party):
    """Make a call that holds canaries everywhere, through an exchange."""

    def make(script, **changes):
        server = serve(script)
        settings = {
            "headers": {"Authorization": "Bearer canary"},
            "json": {"text": "canary"},
            **changes,
        }

        def exchange():
            url = f"{server.url}/bot{TOKEN}/request/SUP-77?q=hidden"
            return (yield HttpRequest("POST", url, **settings)).check()

        return carry_out(exchange(), transport, party(server, secrets=(TOKEN, "hidden")))

    return make


FAILURES = {
    "5xx": (refuse, {}),
    "cut headers": (cut_headers, {}),
    "silence": (silent, {}),
    "header": (refuse, {"headers": {"X-Note": "canary\r\nX: canary"}}),
    "framing": (refuse, {"headers": {"Content-Length": "123456789"}}),
    "source": (refuse, {"json": None, "body": Content(9, failing_source)}),
    "json": (refuse, {"json": {"canary": object()}}),
}


@pytest.mark.fault("F80")
@pytest.mark.invariant("I11")
@pytest.mark.parametrize("kind", FAILURES)
def test_an_error_shows_nothing(call, kind):
    """Text, chain, traceback and the locals of every frame of ours hold no secret."""
    script, changes = FAILURES[kind]
    with pytest.raises(ChatbridgeError) as caught:
        call(script, **changes)
    error = caught.value
    assert (None, None) == (error.__cause__, error.__context__)
    frames = traceback.TracebackException.from_exception(error, capture_locals=True)
    ours = [frame for frame in frames.stack if "/chatbridge/" in frame.filename]
    assert ours
    shown = "\n".join(
        [repr(error), repr(error.__dict__), str(error)]
        + [f"{frame.line} {frame.locals}" for frame in ours]
    )
    assert [] == [canary for canary in CANARIES if canary in shown]
    files = {frame.filename.rsplit("/", 1)[-1] for frame in ours}
    assert files <= {"transport.py", "exchange.py", "http_types.py"}


@pytest.mark.fault("F80")
@pytest.mark.invariant("I11")
@pytest.mark.parametrize("script", [refuse, cut_headers, bad_header, silent])
def test_logs_at_debug_show_nothing(call, script, caplog):
    """With every logger at DEBUG, no record that a handler sees holds a secret."""
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "urllib3.connectionpool", "urllib3.util.retry", "requests"):
        caplog.set_level(logging.DEBUG, logger=name)
    with contextlib.suppress(ChatbridgeError):
        call(script)
    records = [record for record in caplog.records if record.name.startswith("urllib3")]
    assert records
    shown = caplog.text + "".join(repr(record.__dict__) for record in caplog.records)
    assert [] == [canary for canary in CANARIES if canary in shown]


def test_logs_of_the_hosts_own_calls_keep_their_paths(serve, transport, caplog):
    """The host's use of the same libraries is logged as before, but for what looks like a token."""
    server = serve()
    caplog.set_level(logging.DEBUG, logger="urllib3.connectionpool")
    with requests.Session() as session:
        session.trust_env = False
        session.get(f"{server.url}/orders/7")
        session.get(f"{server.url}/bot{TOKEN}/getMe")
    assert "/orders/7" in caplog.text
    assert "/getMe" in caplog.text
    assert "canary" not in caplog.text


def test_the_filter_is_installed_once(make_transport):
    """Many transports add one filter, to the loggers of the HTTP libraries only."""
    for _ in range(3):
        make_transport()
    names = ("urllib3.connectionpool", "requests")
    assert [1, 1] == [
        sum(type(one).__name__ == "RedactingFilter" for one in logging.getLogger(name).filters)
        for name in names
    ]
    assert [] == logging.getLogger().filters


def test_no_request_outlives_its_failure(call, transport):
    """After a failed call the transport keeps nothing of it."""
    with pytest.raises(ChatbridgeError):
        call(silent)
    gc.collect()
    kept = [one for one in gc.get_objects() if isinstance(one, requests.PreparedRequest)]
    assert [] == kept
    assert "canary" not in repr(transport.__dict__)
    assert not [one for one in gc.get_objects() if isinstance(one, urllib3.BaseHTTPResponse)]
