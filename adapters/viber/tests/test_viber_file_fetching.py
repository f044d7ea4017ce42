"""How received files are read: from hosts of the settings only, without a credential, in time."""

from __future__ import annotations

import base64

import pytest

from chatbridge.content import Attachment, Content, FileKind
from chatbridge.errors import ConfigurationError, Refusal, RefusedError, RetryLaterError
from chatbridge.http_types import HttpResponse, WebhookRequest
from chatbridge.settings import structure
from chatbridge.testing.simulator import Fault
from chatbridge_viber import ViberAdapter, ViberSettings

OLENA = "xy5/5y6O81+/kbWHpLhBoA=="
TOKEN = "0000000000000000-1111111111111111-2222222222222222"
MEDIA = "https://dl-media.viber.com/x/y.jpg"
DATA = bytes(range(256)) * 300


@pytest.fixture
def received(hooked, adapter, answer_owed):
    """Let Olena send a file; return the attachment that the bridge is told of."""

    def of(kind="picture", **more):
        content = base64.b64encode(DATA).decode()
        arguments = {"chat": OLENA, "kind": kind, "content": content, **more}
        hooked.control("file", arguments)
        (owed,) = answer_owed()
        (event,) = adapter.parse(WebhookRequest(owed.headers, owed.body))
        (attachment,) = event.attachments
        return attachment

    return of


def read(content: Content) -> bytes:
    """Return all bytes."""
    with content.open() as pieces:
        return b"".join(pieces)


@pytest.fixture
def fetching(adapter):
    """Begin to fetch an address; return the exchange and its first request."""

    def begin(url=MEDIA, media_type=None):
        exchange = adapter.fetch(
            Attachment(FileKind.PHOTO, "x.jpg", media_type=media_type, ref=url)
        )
        return exchange, next(exchange)

    return begin


def end(exchange, response):
    """Hand the last response over and return the result."""
    with pytest.raises(StopIteration) as stop:
        exchange.send(response)
    return stop.value.value


@pytest.mark.parametrize(
    ("kind", "file_kind", "media_type"),
    [
        ("picture", FileKind.PHOTO, "image/jpeg"),
        ("video", FileKind.VIDEO, "video/mp4"),
        ("file", FileKind.DOCUMENT, "application/pdf"),
        ("sticker", FileKind.STICKER, "image/png"),
    ],
)
def test_what_people_send_can_be_read(received, adapter, talk, kind, file_kind, media_type):
    """Every kind of file arrives byte for byte, with its length and type."""
    attachment = received(kind)
    content = talk(adapter.fetch(attachment))
    assert (file_kind, media_type, len(DATA)) == (
        attachment.kind, content.media_type, content.length,
    )  # fmt: skip
    assert DATA == read(content)


def test_a_file_can_be_read_again_within_the_hour(received, adapter, talk, clock):
    """A second try finds it; after the hour it is a bad file, which is no reason to wait."""
    attachment = received()
    clock.advance(3599)
    assert [DATA, DATA] == [read(talk(adapter.fetch(attachment))) for _ in range(2)]
    clock.advance(1)
    with pytest.raises(RefusedError) as raised:
        talk(adapter.fetch(attachment))
    assert Refusal.BAD_FILE == raised.value.reason


def test_no_credential_travels_with_a_read(fetching):
    """Neither token nor anything else of the bot's is in the request, which is streamed."""
    _, request = fetching()
    assert ("GET", MEDIA, True, True) == (
        request.method, request.url, request.stream, request.is_repeatable,
    )  # fmt: skip
    assert ({}, None) == (dict(request.headers), request.body)


@pytest.mark.fault("F35")
@pytest.mark.parametrize(
    "url",
    [
        "http://dl-media.viber.com/x", "https://dl-media.viber.com.evil.example/x",
        "https://evil.example/dl-media.viber.com", "https://dl-media.viber.com:8443/x",
        "https://user@evil.example/x", "https://127.0.0.1/x", "http://127.0.0.1/x",
        "https://[::1]/x", "https://169.254.169.254/latest", "file:///etc/passwd", "ftp://x/y",
        "//dl-media.viber.com/x", "", "x", "https://", "https://[", "javascript:1", "\ud800",
    ],
)  # fmt: skip
def test_no_other_host_is_asked(adapter, url):
    """An address elsewhere, or none, is refused before any call (F35)."""
    exchange = adapter.fetch(Attachment(FileKind.PHOTO, ref=url))
    with pytest.raises(RefusedError) as raised:
        next(exchange)
    assert Refusal.BAD_FILE == raised.value.reason
    assert not url or url not in str(raised.value)


def test_a_redirect_is_followed_to_an_allowed_host(fetching):
    """The next address is asked the same way, also where it is relative."""
    exchange, _ = fetching()
    there = exchange.send(HttpResponse(302, {"Location": "https://media.cdn.viber.com/a?b=c"}))
    assert ("https://media.cdn.viber.com/a?b=c", {}) == (there.url, dict(there.headers))
    again = exchange.send(HttpResponse(307, {"Location": "/d"}))
    assert "https://media.cdn.viber.com/d" == again.url
    content = Content(1, lambda: None)  # type: ignore[arg-type, return-value]
    assert content is end(exchange, HttpResponse(200, content=content))


@pytest.mark.fault("F35")
@pytest.mark.parametrize(
    "target", ["https://evil.example/x", "http://dl-media.viber.com/x", "", "https://[", "//evil/x"]
)
def test_a_redirect_elsewhere_is_a_bad_file(fetching, target):
    """Nobody is led to another host (F35)."""
    exchange, _ = fetching()
    with pytest.raises(RefusedError) as raised:
        for _ in range(5):
            exchange.send(HttpResponse(302, {"Location": target}))
    assert Refusal.BAD_FILE == raised.value.reason


def test_circles_end(fetching):
    """After three redirects it is enough."""
    exchange, _ = fetching()
    for _ in range(3):
        exchange.send(HttpResponse(301, {"Location": MEDIA}))
    with pytest.raises(RefusedError):
        exchange.send(HttpResponse(301, {"Location": MEDIA}))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_a_refused_read_is_a_bad_file(fetching, status):
    """Whatever a server calls an expired address, the file cannot be had any more."""
    exchange, _ = fetching()
    with pytest.raises(RefusedError) as raised:
        exchange.send(HttpResponse(status))
    assert Refusal.BAD_FILE == raised.value.reason


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_server_in_trouble_is_asked_again(fetching, status):
    """Such answers say nothing about the file."""
    exchange, _ = fetching()
    with pytest.raises(RetryLaterError):
        exchange.send(HttpResponse(status))


@pytest.mark.parametrize(
    ("said", "usual", "shown"),
    [
        ("image/png", "image/jpeg", "image/png"),
        ("application/octet-stream", "image/jpeg", "image/jpeg"),
        ("application/octet-stream", None, "application/octet-stream"),
    ],
)
def test_the_usual_type_stands_in_for_one_that_is_not_said(fetching, said, usual, shown):
    """The server's word goes first."""
    exchange, _ = fetching(media_type=usual)
    given = Content(1, lambda: None, said)  # type: ignore[arg-type, return-value]
    assert shown == end(exchange, HttpResponse(200, content=given)).media_type


def test_a_lost_connection_is_one_to_try_again(received, hooked, adapter, talk):
    """A read may be repeated."""
    attachment = received()
    hooked.switch_fault(Fault(kind="lost_before", match="GET"))
    with pytest.raises(RetryLaterError):
        talk(adapter.fetch(attachment))
    assert DATA == read(talk(adapter.fetch(attachment)))


def test_an_administrator_can_name_other_servers():
    """Viber publishes no list, so the setting is the only one that counts."""
    values = {"token": TOKEN, "media_urls": ["https://media.example/"]}
    adapter = ViberAdapter(structure(values, ViberSettings, where="here"))
    assert ("https://chatapi.viber.com", "https://media.example") == adapter.urls()
    request = next(adapter.fetch(Attachment(FileKind.PHOTO, ref="https://media.example/x")))
    assert "https://media.example/x" == request.url


@pytest.mark.parametrize("url", ["http://media.example", "media.example", "https://a:b@c.example"])
def test_servers_are_https(url):
    """What cannot be trusted is refused with the name of the setting."""
    with pytest.raises(ConfigurationError, match="media_urls must"):
        structure({"token": TOKEN, "media_urls": [url]}, ViberSettings, where="here")


@pytest.mark.parametrize("kind", ["picture", "video", "file", "sticker"])
def test_a_file_without_an_address_is_told(parse, kind):
    """Forwarded pictures were seen to come without one: the sender hears that it did not arrive."""
    user = {"id": OLENA, "name": "Olena"}
    event = parse("message", sender=user, message={"type": kind, "text": "look"})
    assert ((), kind, "look") == (event.attachments, event.unsupported, event.text.plain())
