"""What `send` makes of every kind of content: all of it is in the calls, or the adapter refuses."""

# ruff: noqa: SIM300 - what is expected stands left, in every test of this project

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from chatbridge.adapter import Adapter
from chatbridge.capabilities import Capabilities
from chatbridge.content import Address
from chatbridge.errors import DeliveryError, UnsupportedFeatureError
from chatbridge.http_types import HttpRequest
from chatbridge.outgoing import OutgoingMessage, RequestLabel
from chatbridge.richtext import (
    CodeBlock,
    Document,
    Emoji,
    Heading,
    ItemList,
    ListItem,
    Mark,
    Mention,
    Paragraph,
    Quote,
    Rule,
    Table,
    TableCell,
    Text,
)
from chatbridge.testing.conformance.given import KEY, AdapterTests
from chatbridge.testing.conformance.platforms import Platform
from chatbridge.testing.conformance.wires import words_of

Say = Callable[..., OutgoingMessage]

LABEL = RequestLabel("HELP-4711", "handle_4711-x")
_LINK = "https://example.org/once?a=b"


def _paragraph(*content: Any) -> Paragraph:
    return Paragraph(tuple(Text(each) if isinstance(each, str) else each for each in content))


_CELL = TableCell((_paragraph("alpha"),), header=True)
_CONTENTS: dict[str, tuple[Document, tuple[str, ...]]] = {
    "paragraphs": (Document((_paragraph("alpha"), _paragraph("beta"))), ("alpha", "beta")),
    "lines": (Document((_paragraph("alpha\nbeta"),)), ("alpha", "beta")),
    "heading": (Document((Heading((Text("alpha"),), 2), _paragraph("beta"))), ("alpha", "beta")),
    "code": (Document((CodeBlock("alpha = {beta}", "python"),)), ("alpha = {beta}",)),
    "quote": (Document((Quote((_paragraph("alpha"),)), _paragraph("beta"))), ("alpha", "beta")),
    "list": (
        Document((ItemList((ListItem((_paragraph("alpha"),)), ListItem((_paragraph("beta"),)))),)),
        ("alpha", "beta"),
    ),
    "numbered list": (
        Document((ItemList((ListItem((_paragraph("alpha"),), checked=True),), start=7),)),
        ("alpha",),
    ),
    "table": (
        Document((Table(((_CELL, TableCell((_paragraph("beta"),))),)),)),
        ("alpha", "beta"),
    ),
    "rule": (Document((_paragraph("alpha"), Rule(), _paragraph("beta"))), ("alpha", "beta")),
    "mention": (Document((_paragraph(Mention("Alpha Beta"), " says"),)), ("Alpha Beta",)),
    "emoji": (Document((_paragraph("alpha ", Emoji("😀")),)), ("alpha", "😀")),
    "link": (Document((_paragraph(Text("alpha", link=_LINK)),)), ("alpha", _LINK)),
    "markup-like": (
        Document((_paragraph("*a* _b_ `c` <b>d</b> [e](f) &amp; \\g ~h~"),)),
        ("*a*", "_b_", "`c`", "~h~"),
    ),
    **{
        f"{mark} text": (Document((_paragraph("a ", Text("alpha", frozenset({mark})), " b"),)),
                         ("alpha",))
        for mark in Mark
    },
}  # fmt: skip
_ODD_TEXTS = {
    "lone surrogate": "a\ud800b", "NUL": "a\0b",
    "right to left": "שלום عليكم", "emoji": "👩‍👩‍👧‍👦🇨🇿",
    "combining": "e\u0301" * 50, "controls": "a\x07\x1b[31mb", "newlines": "a\r\n\r\nb\u2028c",
    "one character": "x", "braces": "{0} %s ${x} {{y}}",
}  # fmt: skip


class SendingTests(AdapterTests):
    """Every kind of content is shown or refused, and never dropped."""

    @pytest.fixture
    def sent(self, platform: Platform) -> Callable[[OutgoingMessage], list[HttpRequest]]:
        """Return a function that sends a message and returns the calls that were made."""

        def carry(message: OutgoingMessage) -> list[HttpRequest]:
            try:
                platform.talk(platform.adapter.send(message))
            except DeliveryError:
                if platform.simulator is not None:
                    raise
            return platform.requests

        return carry

    @pytest.mark.parametrize("kind", _CONTENTS)
    @pytest.mark.parametrize("plain", [False, True], ids=["formatted", "plain"])
    def test_content_is_shown(self, say: Say, sent: Any, kind: str, plain: bool) -> None:
        """The words of every kind of content are in the calls, formatted or not."""
        document, words = _CONTENTS[kind]
        said = "\n".join(map(words_of, sent(say(document, plain=plain))))
        missing = [word for word in words if word not in said]
        assert [] == missing, f"a text with {kind} lost {', '.join(missing)}"

    @pytest.mark.parametrize("kind", _ODD_TEXTS)
    def test_odd_texts_can_be_sent(self, say: Say, sent: Any, kind: str) -> None:
        """Any Unicode text becomes a call that can be made."""
        assert sent(say(Document((_paragraph(_ODD_TEXTS[kind]),))))

    def test_address_is_used(self, say: Say, sent: Any, platform: Platform) -> None:
        """The chat of the address is in the call that shows the message."""
        assert platform.address.chat in words_of(sent(say())[-1]), "the call names no chat"

    def test_label_is_shown(self, say: Say, sent: Any) -> None:
        """The key of the request that a message is about is shown in front of its text."""
        said = words_of(sent(say("alpha", label=LABEL))[-1])
        assert LABEL.key in said, "show message.label.key at the start of the text"
        assert "alpha" in said

    def test_sender_name_is_shown(self, say: Say, sent: Any, capabilities: Capabilities) -> None:
        """Where a sender's name can be shown apart from the text, it is."""
        if not capabilities.max_sender_name:
            pytest.skip("declares no sender name")
        name = "Alice Agent"[: capabilities.max_sender_name]
        assert name in words_of(sent(say(sender_name=name))[-1]), "show message.sender_name"

    def test_reply_is_shown(self, say: Say, sent: Any, capabilities: Capabilities) -> None:
        """Where a message can answer another one, the call names it."""
        if not capabilities.replies:
            pytest.skip("declares no replies")
        wanted = self.case.message_id
        assert wanted in words_of(sent(say(reply_to=wanted))[-1]), "name message.reply_to"

    def test_thread_is_used(self, say: Say, capabilities: Capabilities, adapter: Adapter) -> None:
        """Where a chat has threads, the call names the thread of the address."""
        if not capabilities.threads:
            pytest.skip("declares no threads")
        address = Address(self.case.address.chat, "4711")
        request = next(adapter.send(say(address=address)))
        assert "4711" in words_of(request), "name message.address.thread"

    def test_nothing_visible_is_refused(self, say: Say, platform: Platform) -> None:
        """A message without text and files is refused before any call."""
        with pytest.raises(UnsupportedFeatureError):
            platform.talk(platform.adapter.send(say(Document(()))))
        assert [] == platform.requests

    def test_same_message_same_calls(self, say: Say) -> None:
        """Sending a part again makes equal calls: nothing in them depends on time or chance."""
        first, again = (next(self.case.make().send(say("alpha"))) for _ in range(2))
        assert first == again, "two equal messages began with different calls"

    def test_only_the_last_call_shows_something(
        self, say: Say, sent: Any, capabilities: Capabilities
    ) -> None:
        """Calls before the last are repeatable; the last is, only if the platform tells repeats."""
        *before, last = sent(say())
        assert all(request.is_repeatable for request in before), (
            "a preparatory call must be repeatable"
        )
        if not capabilities.idempotent:
            assert not last.is_repeatable, (
                "the call that shows the message must not be repeatable, or say idempotent"
            )

    def test_key_goes_along(self, say: Say, sent: Any, capabilities: Capabilities) -> None:
        """An idempotent platform is told the key that stays the same when a part is sent again."""
        if not capabilities.idempotent:
            pytest.skip("declares no idempotency")
        assert KEY in words_of(sent(say())[-1]), "send message.key, or do not say idempotent"

    def test_receipt_names_messages(self, say: Say, simulated: Platform) -> None:
        """What was sent has an id, which tells its edits, replies and reports."""
        receipt = simulated.talk(simulated.adapter.send(say()))
        assert all(isinstance(each, str) and each for each in receipt.message_ids)
        if any((simulated.adapter.capabilities.receipts, hasattr(simulated.adapter, "edit"))):
            assert receipt.message_ids, "the receipt must name the message"

    def test_send_can_be_given_up(self, say: Say, adapter: Adapter) -> None:
        """An exchange that is closed half-way ends quietly."""
        exchange = adapter.send(say())
        next(exchange)
        exchange.close()
        assert inspect.GEN_CLOSED == inspect.getgeneratorstate(exchange)
