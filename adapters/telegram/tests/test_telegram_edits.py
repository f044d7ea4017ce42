"""Changing what sent messages show, against the simulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chatbridge.content import Attachment, Choice, FileKind
from chatbridge.errors import Refusal, RefusedError, RetryLaterError, UnsupportedFeatureError
from chatbridge.outgoing import OutgoingMessage, RequestLabel
from chatbridge.richtext import EMPTY
from chatbridge.testing.simulator import Fault
from chatbridge_telegram import TelegramAdapter
from chatbridge_telegram.simulator import TelegramSimulator

LABEL = RequestLabel("HELP-12", "handle_1")
Talk = Callable[[Any], Any]
Say = Callable[..., OutgoingMessage]
MakeFile = Callable[..., Attachment]


@pytest.fixture
def shown(customer: TelegramSimulator) -> Callable[[], dict[str, Any]]:
    """Show the newest message of the chat."""

    def newest() -> dict[str, Any]:
        line: dict[str, Any] = customer.control("transcript", {"chat": 7})[-1]
        return line

    return newest


@pytest.mark.parametrize("knows", [True, False])
def test_a_caption_is_changed(
    adapter: TelegramAdapter,
    talk: Talk,
    say: Say,
    make_file: MakeFile,
    shown: Callable[[], dict[str, Any]],
    knows: bool,
) -> None:
    """A file stays and its text changes, whether or not the caller knows that it is a file."""
    files = (make_file(FileKind.DOCUMENT, b"data", name="a.txt"),)
    (number,) = talk(adapter.send(say("old", label=LABEL, attachments=files))).message_ids
    change = say("new", label=LABEL, choices=(Choice("A", "a"),), attachments=files * knows)
    for _ in range(2):
        assert (number,) == talk(adapter.edit(number, change)).message_ids
    line = shown()
    assert ("HELP-12\nnew", ["A"], "a.txt") == (line["text"], line["choices"], line["file"]["name"])
    assert line["edited"] is not None


def test_a_caption_can_go(
    adapter: TelegramAdapter,
    talk: Talk,
    say: Say,
    make_file: MakeFile,
    shown: Callable[[], dict[str, Any]],
) -> None:
    """Without a text the caption is taken away, the file stays."""
    files = (make_file(),)
    (number,) = talk(adapter.send(say("old", attachments=files))).message_ids
    talk(adapter.edit(number, say(EMPTY, attachments=files)))
    assert ("", "photo") == (shown()["text"], shown()["file"]["kind"])


def test_a_text_cannot_become_nothing(adapter: TelegramAdapter, talk: Talk, say: Say) -> None:
    """A message of no visible character is refused before any call."""
    with pytest.raises(UnsupportedFeatureError):
        talk(adapter.edit("2", say(EMPTY)))


@pytest.mark.parametrize("number", ["99", "1", "", "-1", "1.5", "²", "x"])
@pytest.mark.parametrize("files", [0, 1])
def test_what_cannot_be_changed_is_gone(
    adapter: TelegramAdapter,
    customer: TelegramSimulator,
    talk: Talk,
    say: Say,
    make_file: MakeFile,
    number: str,
    files: int,
) -> None:
    """A message that is not there, not the bot's, or that no platform could name, is gone."""
    with pytest.raises(RefusedError) as caught:
        talk(adapter.edit(number, say("x", attachments=(make_file(),) * files)))
    assert Refusal.GONE == caught.value.reason


def test_a_text_message_has_no_caption(
    adapter: TelegramAdapter, customer: TelegramSimulator, talk: Talk, say: Say, make_file: MakeFile
) -> None:
    """A caption for a message without a file is refused, not shown elsewhere."""
    (number,) = talk(adapter.send(say("text"))).message_ids
    with pytest.raises(RefusedError) as caught:
        talk(adapter.edit(number, say("x", attachments=(make_file(),))))
    assert Refusal.INVALID == caught.value.reason


@pytest.mark.parametrize(("text", "reason"), [("x" * 1025, "too_long"), ("😀" * 513, "too_long")])
def test_a_caption_stays_within_its_limit(
    adapter: TelegramAdapter,
    customer: TelegramSimulator,
    talk: Talk,
    say: Say,
    make_file: MakeFile,
    text: str,
    reason: str,
) -> None:
    """A text that fits a message may be too long for a caption; it is told so."""
    (number,) = talk(adapter.send(say("old", attachments=(make_file(),)))).message_ids
    with pytest.raises(RefusedError) as caught:
        talk(adapter.edit(number, say(text)))
    assert reason == caught.value.reason


@pytest.mark.parametrize("kind", ["lost_before", "lost_after", "status"])
def test_an_edit_may_be_repeated(
    adapter: TelegramAdapter,
    customer: TelegramSimulator,
    talk: Talk,
    say: Say,
    make_file: MakeFile,
    shown: Callable[[], dict[str, Any]],
    kind: str,
) -> None:
    """Whatever happened to the first try, a second one ends with the new text."""
    (number,) = talk(adapter.send(say("old", attachments=(make_file(),)))).message_ids
    customer.switch_fault(Fault(kind=kind, match="editMessageCaption"))
    with pytest.raises(RetryLaterError):
        talk(adapter.edit(number, say("new")))
    talk(adapter.edit(number, say("new")))
    assert "new" == shown()["text"]
