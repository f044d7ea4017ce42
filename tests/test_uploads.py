"""Bodies and headers of requests: one body each, exact lengths, honest sources."""

from __future__ import annotations

import contextlib

import pytest

from chatbridge.content import Content
from chatbridge.errors import ConfigurationError, ContentError
from chatbridge.http_types import FormPart, HttpRequest
from chatbridge.uploads import Upload, body_of, headers_of, own_user_agent

URL = "https://acme.example/"


class Source:
    """A stream that notes whether it was opened and closed."""

    def __init__(self, *chunks: bytes, length: int | None = None) -> None:
        self.chunks = chunks
        self.state = "new"
        self.content = Content(length, self.open, "image/png")

    @contextlib.contextmanager
    def open(self):
        """See `Content.open`."""
        self.state = "open"
        try:
            yield iter(self.chunks)
        finally:
            self.state = "closed"


@pytest.mark.parametrize(
    ("changes", "data", "media_type"),
    [
        ({}, None, None),
        ({"json": {"a": [1, "я"]}}, '{"a":[1,"я"]}'.encode(), "application/json"),
        ({"json": 0}, b"0", "application/json"),
        ({"json": {"a": "\ud83d"}}, b'{"a":"\\ud83d"}', "application/json"),
        ({"body": b"raw"}, b"raw", None),
        ({"body": b""}, b"", None),
    ],
)
def test_small_bodies_are_bytes(changes, data, media_type):
    """JSON is compact UTF-8; raw bytes stay as they are; every length is known."""
    body = body_of(HttpRequest("POST", URL, **changes))
    assert (data, media_type) == (body.data, body.media_type)
    assert (None if data is None else len(data)) == body.length


@pytest.mark.parametrize("value", [float("inf"), {1, 2}, {"a": object()}, [[[]]]])
def test_json_that_is_none_is_refused(value):
    """A value that JSON cannot hold is a mistake; the text does not show it."""
    if value == [[[]]]:
        value[0][0].append(value)
    with pytest.raises(ConfigurationError, match="JSON"):
        body_of(HttpRequest("POST", URL, json=value))


def test_nothing_is_opened_before_it_is_written():
    """A stream is opened when its turn comes and closed when it is over."""
    first, second = Source(b"ab", length=2), Source(b"c", length=1)
    parts = (FormPart("f", first.content), FormPart("g", second.content))
    body = body_of(HttpRequest("POST", URL, parts=parts))
    assert isinstance(body.data, Upload)
    states = []
    size = 0
    for chunk in body.data:
        size += len(chunk)
        states.append((first.state, second.state))
    assert body.length == size
    assert ("new", "new") == states[0]
    assert ("closed", "new") in states
    assert ("closed", "closed") == states[-1]


def test_an_upload_given_up_closes_its_source():
    """Closing an upload in its middle closes what is open."""
    source = Source(b"a", b"b", b"c", length=3)
    upload = Upload((source.content,))
    assert b"a" == next(iter(upload))
    assert "open" == source.state
    upload.close()
    assert "closed" == source.state


@pytest.mark.parametrize(
    ("chunks", "length"),
    [((b"abc",), 4), ((b"abc",), 2), ((b"ab", b"c"), 2), ((), 1), ((b"a",), 0)],
)
def test_the_promised_length_is_never_reached_by_a_wrong_one(chunks, length):
    """A source with another length than it said fails before its last promised byte is out."""
    written = bytearray()
    with pytest.raises(ContentError):
        for chunk in Upload((Source(*chunks, length=length).content,)):
            written += chunk
    assert len(written) < max(length, 1)


def test_lengths_add_up_or_are_unknown():
    """A body's length is known when every part's is."""
    known, unknown = Source(length=5).content, Source().content
    assert [7, None] == [Upload((b"ab", known)).length, Upload((known, unknown)).length]


def test_headers_of_a_request():
    """Ours come first, the request's win, and what frames the body is ours alone."""
    request = HttpRequest("POST", URL, json=1, headers={"ACCEPT-encoding": "br", "X-A": "b"})
    expected = {
        "User-Agent": "me",
        "ACCEPT-encoding": "br",
        "Content-Type": "application/json",
        "Content-Length": "1",
        "X-A": "b",
    }
    assert expected == headers_of(request, body_of(request), "me")
    for name in ("content-length", "TRANSFER-ENCODING", "Host", "connection"):
        request = HttpRequest("POST", URL, headers={name: "1"})
        with pytest.raises(ConfigurationError):
            headers_of(request, body_of(request), "me")


def test_the_user_agent_names_the_library():
    """The far side sees who calls, and which version."""
    assert own_user_agent().startswith("chatbridge/2")
