"""Files over real HTTP, both ways: adapter, transport, loopback server, simulator."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chatbridge.adapter import BotIdentity
from chatbridge.content import Attachment, Content, FileKind
from chatbridge.errors import ContentError
from chatbridge.exchange import Exchange, Party, carry_out, origin
from chatbridge.outgoing import OutgoingMessage
from chatbridge.secret import Secret
from chatbridge.testing.serving import SimulationServer
from chatbridge.transport import HttpTransport
from chatbridge_telegram import TelegramAdapter, TelegramSettings
from chatbridge_telegram.simulated_files import sample
from chatbridge_telegram.simulator import TelegramSimulator

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
LARGE = bytes(range(256)) * 4096 * 4


@pytest.fixture
def served() -> Iterator[tuple[TelegramAdapter, TelegramSimulator, Callable[[Exchange[Any]], Any]]]:
    """An adapter and what carries its exchanges to a simulator behind a loopback server."""
    simulator = TelegramSimulator(token=TOKEN)
    simulator.control("start", {"chat": 7})
    with SimulationServer({"telegram": simulator}) as server, HttpTransport(proxies={}) as http:
        settings = TelegramSettings(token=Secret(TOKEN), api_url=server.url("telegram"))
        adapter = TelegramAdapter(settings, BotIdentity("110201543", "simulated_bot"))
        party = Party("telegram bot", frozenset(map(origin, adapter.urls())), (TOKEN,))
        yield adapter, simulator, lambda exchange: carry_out(exchange, http, party)


@contextmanager
def _pieces(fail: bool = False) -> Iterator[Iterator[bytes]]:
    def read() -> Iterator[bytes]:
        for start in range(0, len(LARGE), 65536):
            if fail and start:
                raise OSError("the source broke off")
            yield LARGE[start : start + 65536]

    yield read()


def _file(*, fail: bool = False, length: int | None = len(LARGE)) -> Attachment:
    content = Content(length, lambda: _pieces(fail), "application/x-large")
    return Attachment(FileKind.DOCUMENT, name="large é.bin", content=content)


@pytest.mark.parametrize("length", [len(LARGE), None])
def test_a_large_file_is_streamed_out(
    served: Any, say: Callable[..., OutgoingMessage], length: int | None
) -> None:
    """Megabytes go piece by piece, whether or not their number is known before, and unchanged."""
    adapter, simulator, talk = served
    assert talk(adapter.send(say("look", attachments=(_file(length=length),)))).message_ids
    shown = simulator.control("transcript", {"chat": 7})[-1]
    expected = (hashlib.sha256(LARGE).hexdigest(), "large é.bin", "application/x-large")
    file = shown["file"]
    assert expected == (file["sha256"], file["name"], file["media_type"])
    assert "look" == shown["text"]


def test_a_file_goes_in_and_out_again(served: Any, say: Callable[..., OutgoingMessage]) -> None:
    """What was fetched from one chat is the body of an upload to another, opened once."""
    adapter, simulator, talk = served
    simulator.control("start", {"chat": 8})
    sent = simulator.control("file", {"chat": 7, "kind": "voice", "size": 300_000})
    fetched = talk(adapter.fetch(Attachment(FileKind.VOICE, ref=sent["file_id"])))
    assert 300_000 == fetched.length
    talk(
        adapter.send(say("", chat="8", attachments=(Attachment(FileKind.VOICE, content=fetched),)))
    )
    shown = simulator.control("transcript", {"chat": 8})[-1]["file"]
    assert hashlib.sha256(sample("voice", 300_000)).hexdigest() == shown["sha256"]


def test_a_source_that_breaks_off_shows_nothing(
    served: Any, say: Callable[..., OutgoingMessage]
) -> None:
    """An upload whose bytes ended early was certainly not taken."""
    adapter, simulator, talk = served
    with pytest.raises(ContentError):
        talk(adapter.send(say("x", attachments=(_file(fail=True),))))
    assert 1 == len(simulator.control("transcript", {"chat": 7}))
