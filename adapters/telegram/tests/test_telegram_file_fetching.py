"""Reading files that people sent, against the simulator and against servers that answer badly."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from chatbridge.content import Attachment, Content, FileKind
from chatbridge.errors import DeliveryError, Refusal, RefusedError, RetryLaterError
from chatbridge.events import MessageReceived
from chatbridge.http_types import HttpRequest, HttpResponse, WebhookRequest
from chatbridge.testing.simulator import Fault
from chatbridge_telegram import TelegramAdapter
from chatbridge_telegram.simulated_files import SORTS, sample
from chatbridge_telegram.simulator import TelegramSimulator

Talk = Callable[[Any], Any]
Received = Callable[..., Attachment]


def _read(content: Content) -> bytes:
    with content.open() as pieces:
        return b"".join(pieces)


@pytest.fixture
def received(adapter: TelegramAdapter, customer: TelegramSimulator) -> Received:
    """Let a person send a file, and return it as the adapter reads it from the webhook."""

    def send(kind: str = "document", **arguments: Any) -> Attachment:
        number = customer.control("file", {"chat": 7, "kind": kind, **arguments})["update_id"]
        (update,) = [item for item in customer.state.updates.waiting if item.number == number]
        (event,) = adapter.parse(WebhookRequest({}, update.body()))
        assert isinstance(event, MessageReceived)
        (attachment,) = event.attachments
        return attachment

    return send


@pytest.mark.parametrize("kind", sorted(SORTS))
def test_every_kind_is_read(
    adapter: TelegramAdapter, received: Received, talk: Talk, kind: str
) -> None:
    """What a person sent is read as it is, of the type that the message named."""
    attachment = received(kind)
    content = talk(adapter.fetch(attachment))
    assert (SORTS[kind].media_type, SORTS[kind].size) == (content.media_type, content.length)
    assert sample(kind) == _read(content)


def test_the_bytes_of_a_lying_message_are_read(
    adapter: TelegramAdapter, received: Received, talk: Talk
) -> None:
    """A size and a type are claims; what comes is told by the answer."""
    given = base64.b64encode(b"not a gif").decode()
    attachment = received(content=given, size=3, media_type="image/gif", file_name="../x\x00.gif")
    content = talk(adapter.fetch(attachment))
    assert (9, b"not a gif") == (content.length, _read(content))


def test_too_large_for_bots(adapter: TelegramAdapter, received: Received, talk: Talk) -> None:
    """Beyond 20 MB Telegram hands nothing out, and no download is begun."""
    large, largest = received(size=20 * 2**20 + 1), received(size=20 * 2**20)
    assert talk(adapter.fetch(largest)).length == 20 * 2**20
    assert Refusal.BAD_FILE == _refusal(lambda: talk(adapter.fetch(large)))


@pytest.mark.parametrize("ref", ["", "no-such-file"])
def test_a_file_that_is_not_there(
    adapter: TelegramAdapter, customer: TelegramSimulator, talk: Talk, ref: str
) -> None:
    """An id that nobody knows is a bad file."""
    attachment = Attachment(FileKind.PHOTO, ref=ref)
    assert Refusal.BAD_FILE == _refusal(lambda: talk(adapter.fetch(attachment)))


def test_a_path_is_asked_for_every_time(
    adapter: TelegramAdapter, received: Received, talk: Talk, clock: Any
) -> None:
    """A link lives for an hour; a file is there for longer, and within it a link may vanish."""
    attachment = received()
    talk(adapter.fetch(attachment))
    clock.now += 3601
    assert talk(adapter.fetch(attachment)).length == SORTS["document"].size
    exchange = adapter.fetch(attachment)
    next(exchange)
    exchange.send(_located("documents/gone.pdf"))
    with pytest.raises(RefusedError) as caught:
        exchange.send(HttpResponse(404))
    assert Refusal.BAD_FILE == caught.value.reason


@pytest.mark.parametrize("match", ["getFile", "/file/"])
@pytest.mark.parametrize(
    "fault",
    [{"kind": "lost_after"}, {"kind": "status", "status": 502}, {"kind": "status", "status": 429}],
)
def test_a_failure_at_the_server_is_tried_again(
    adapter: TelegramAdapter,
    customer: TelegramSimulator,
    received: Received,
    talk: Talk,
    match: str,
    fault: dict[str, Any],
) -> None:
    """Reading does no harm, so whatever fails at the server is worth another try."""
    attachment = received()
    customer.switch_fault(Fault(match=match, **fault))
    with pytest.raises(RetryLaterError):
        talk(adapter.fetch(attachment))
    assert talk(adapter.fetch(attachment)).length


@pytest.mark.parametrize(
    ("path", "url_end"),
    [
        ("photos/file_1.jpg", "/photos/file_1.jpg"),
        ("documents/a b?c#d%2e.pdf", "/documents/a%20b%3Fc%23d%252e.pdf"),
        ("documents/é\ud800", "/documents/%C3%A9%3F"),
    ],
)
def test_a_path_becomes_a_safe_address(adapter: TelegramAdapter, path: str, url_end: str) -> None:
    """Whatever stands in a path stays a path below the bot's own files."""
    request = _asked(adapter, path)
    token = adapter.settings.token.reveal()
    assert f"https://api.telegram.org/file/bot{token}{url_end}" == request.url
    assert (True, True) == (request.stream, request.is_repeatable)


@pytest.mark.parametrize(
    "path",
    ["/var/lib/bot/documents/file_1", "C:\\bot\\file_1", "../file_1", "a//b", "a/./b", "C:/bot"],
)
def test_a_server_that_keeps_its_files(adapter: TelegramAdapter, path: str) -> None:
    """A path of the server's own disk is never asked for, and the mend is named."""
    with pytest.raises(RefusedError, match="--local") as caught:
        _asked(adapter, path)
    assert Refusal.BAD_FILE == caught.value.reason
    assert "bot/" not in str(caught.value)


@pytest.mark.parametrize("file", [None, [], {}, {"file_path": 5}, {"file_path": "x" * 1001}])
def test_an_answer_without_a_path(adapter: TelegramAdapter, file: Any) -> None:
    """An answer that says nothing of use may be better next time."""
    exchange = adapter.fetch(Attachment(FileKind.PHOTO, ref="f"))
    next(exchange)
    with pytest.raises(RetryLaterError):
        exchange.send(_answer(file))


def test_a_claimed_type_stands_in_for_an_unsaid_one_only(
    adapter: TelegramAdapter, make_file: Callable[..., Attachment]
) -> None:
    """Where the server knows the type its word goes; where nobody does it stays unsaid."""
    bytes_of_it = make_file().content
    assert bytes_of_it is not None

    def typed(said: str, claimed: str | None) -> str:
        exchange = adapter.fetch(Attachment(FileKind.PHOTO, media_type=claimed, ref="f"))
        next(exchange)
        exchange.send(_located("a/b"))
        answer = HttpResponse(200, content=Content(1, bytes_of_it.open, said))
        with pytest.raises(StopIteration) as stop:
            exchange.send(answer)
        result: Content = stop.value.value
        return result.media_type

    assert "image/png" == typed("image/png", "image/jpeg")
    assert "image/jpeg" == typed("Application/Octet-Stream; x=y", "image/jpeg")
    assert "application/octet-stream" == typed("application/octet-stream", None)


def test_an_error_names_no_token_and_no_file(
    adapter: TelegramAdapter, customer: TelegramSimulator, talk: Talk, transport: Any
) -> None:
    """The address of a file opens the bot: it is in the request and nowhere else."""
    secret = adapter.settings.token.reveal().partition(":")[2]
    request = _asked(adapter, "photos/file_1.jpg")
    assert secret in request.url
    for shown in (repr(request), request.about, *(pace.key for pace in request.paces)):
        assert secret not in shown
    with pytest.raises(DeliveryError) as caught:
        talk(adapter.fetch(Attachment(FileKind.PHOTO, ref="secret-ref")))
    assert "secret-ref" not in str(caught.value) + repr(caught.value)


def _refusal(work: Callable[[], Any]) -> Refusal:
    with pytest.raises(RefusedError) as caught:
        work()
    return caught.value.reason


def _asked(adapter: TelegramAdapter, path: str) -> HttpRequest:
    exchange = adapter.fetch(Attachment(FileKind.PHOTO, ref="f"))
    next(exchange)
    return exchange.send(_located(path))


def _located(path: str) -> HttpResponse:
    return _answer({"file_id": "f", "file_unique_id": "u", "file_path": path})


def _answer(result: Any) -> HttpResponse:
    return HttpResponse(200, {}, json.dumps({"ok": True, "result": result}).encode())
