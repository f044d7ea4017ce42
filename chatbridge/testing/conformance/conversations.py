"""The adapter against its own simulator: a conversation, long texts, edits, and what goes wrong."""

# ruff: noqa: SIM300 - what is expected stands left, in every test of this project

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from attrs import evolve

from chatbridge.adapter import EditsMessages, OpensByLink, Polls, RegistersWebhooks
from chatbridge.errors import RefusedError, RetryLaterError, UnknownOutcomeError
from chatbridge.events import ChoicePicked, ConversationStarted, Event, MessageReceived
from chatbridge.outgoing import OutgoingMessage, RequestLabel
from chatbridge.rendering import Draft, cut
from chatbridge.richtext import Document, ItemList, ListItem, Paragraph, Quote, Text
from chatbridge.testing.conformance.given import KEY, AdapterTests
from chatbridge.testing.conformance.platforms import HOOK, Platform
from chatbridge.testing.simulator import Fault

Say = Callable[..., OutgoingMessage]

_LABEL = RequestLabel("HELP-4711", "handle_4711-x")
_FILLERS = {"latin": "x", "accented": "é", "emoji": "😀", "combining": "e\u0301"}
_PARTS = 2.5


class ConversationTests(AdapterTests):
    """What only a stateful stand-in can show; skipped where the case names no simulator."""

    def test_both_ways(self, say: Say, simulated: Platform) -> None:
        """What a person writes is received, and what the bot answers is shown."""
        events = simulated.person_writes("My printer is on fire")
        (event,) = [event for event in events if isinstance(event, MessageReceived)]
        assert "My printer is on fire" == event.text.plain()
        simulated.talk(simulated.adapter.send(say("Try water", address=event.address)))
        assert "Try water" in simulated.shown()[-1]["text"]

    @pytest.mark.parametrize("kind", _FILLERS)
    def test_whole_limit_is_taken(self, say: Say, simulated: Platform, kind: str) -> None:
        """A text as long as `max_text_length` says, in the declared unit, is taken whole."""
        capable = simulated.adapter.capabilities
        size = capable.length_unit.measure(_FILLERS[kind])
        text = _FILLERS[kind] * (capable.max_text_length // size)
        simulated.talk(simulated.adapter.send(say(Document((Paragraph((Text(text),)),)))))
        assert simulated.shown()[-1]["text"].count(_FILLERS[kind][0]) == len(text) // len(
            _FILLERS[kind]
        )

    @pytest.mark.parametrize("kind", [*_FILLERS, "list", "quote"])
    def test_long_texts_are_shown_whole(self, simulated: Platform, kind: str) -> None:
        """A text of several parts is cut by the bridge, and no part is refused, no word lost."""
        capable = simulated.adapter.capabilities
        document, words = _long(kind, int(capable.max_text_length * _PARTS))
        draft = Draft(item="1", text=document, label=_LABEL, speaker="Alice Agent")
        parts = cut(
            draft, simulated.address, capable,
            digest=lambda text, number: f"{number}{hash(text)}", key=lambda _: KEY,
        )  # fmt: skip
        before = len(simulated.shown())
        for number, part in enumerate(parts):
            key = f"{number:032x}"
            message = evolve(part.message, key=key)
            simulated.talk(simulated.adapter.send(message))
        shown = "\n".join(each["text"] for each in simulated.shown()[before:])
        assert words == re.findall(r"w\d{5}", shown), "words are missing, or in another order"

    def test_edit_changes_the_message(self, say: Say, simulated: Platform) -> None:
        """A sent message shows another text, and the same edit again is no error."""
        adapter = simulated.adapter
        if not isinstance(adapter, EditsMessages):
            pytest.skip("edits nothing")
        (message_id,) = simulated.talk(adapter.send(say("old words"))).message_ids
        count = len(simulated.shown())
        for _ in range(2):
            simulated.talk(adapter.edit(message_id, say("new words")))
        texts = [each["text"] for each in simulated.shown()]
        assert (count, True) == (len(texts), "new words" in texts[-1])
        assert not any("old words" in text for text in texts)

    def test_own_messages_do_not_come_back(self, say: Say, simulated: Platform) -> None:
        """What the bot sent is never taken for what a person wrote."""
        simulated.news()
        simulated.talk(simulated.adapter.send(say("I am the bot")))
        echoes = [each for each in simulated.news() if isinstance(each, MessageReceived)]
        assert [] == echoes, "the bot's own message came back as MessageReceived"

    def test_repeated_webhooks_are_the_same_event(self, simulated: Platform) -> None:
        """A webhook that was not taken comes again, with the same event_id."""
        if simulated.adapter.capabilities.proof is None:
            pytest.skip("declares no webhooks")
        simulated.do("message", text="once")
        first = [simulated.read(each) for each in simulated.webhooks(status=503)]
        assert first, "the simulator owes no webhook after a person wrote"
        again = []
        for _ in range(60):
            simulated.clock.advance(60.0)
            again = [simulated.read(each) for each in simulated.webhooks()]
            if again:
                break
        assert again, "the simulator does not repeat a webhook that was answered 503"
        assert _identities(first) == _identities(again)

    def test_polling_repeats_what_was_not_confirmed(self, simulated: Platform) -> None:
        """Asking twice from one position gives the same updates; asking after them, none."""
        adapter = simulated.adapter
        ours = adapter.capabilities.position == "ours"
        if not isinstance(adapter, Polls) or not (ours or adapter.capabilities.proof is None):
            pytest.skip("polls only where no webhook is set")
        position = simulated.position
        if ours and position is None:
            position = simulated.talk(adapter.poll(None, 0.0)).next
        simulated.do("message", text="once")
        first, again = (simulated.talk(adapter.poll(position, 0.0)) for _ in range(2))
        assert first.updates, "a person wrote, and poll returned nothing"
        assert first == again, "two polls from one position returned other updates"
        passed = first.next or first.updates[-1].position
        after = simulated.talk(adapter.poll(passed, 0.0))
        assert () == after.updates, "what the position had passed was returned again"

    def test_blocked_is_told(self, say: Say, simulated: Platform) -> None:
        """A chat that blocked the bot is a refusal with a reason, not something to try again."""
        assert simulated.simulator is not None
        if "block" not in simulated.simulator.actions():
            pytest.skip("nobody can block the bot in the simulator")
        simulated.do("block")
        with pytest.raises(RefusedError) as caught:
            simulated.talk(simulated.adapter.send(say()))
        told = {"blocked", "gone", "not_subscribed", "forbidden"}
        assert caught.value.reason in told, "say why: Refusal.BLOCKED, GONE or NOT_SUBSCRIBED"

    def test_wait_is_told_by_the_platform(self, say: Say, simulated: Platform) -> None:
        """A 429 in the platform's own words names the waiting time, and the chat waits."""
        assert simulated.simulator is not None
        fault = Fault(kind="status", status=429, retry_after=9)
        simulated.simulator.switch_fault(fault)
        with pytest.raises(RetryLaterError) as caught:
            simulated.talk(simulated.adapter.send(say()))
        assert 9.0 == caught.value.retry_after
        assert [9.0] == simulated.holds

    def test_lost_answer_leaves_it_open(self, say: Say, simulated: Platform) -> None:
        """Where the answer to the visible call is lost, the outcome is unknown, and said so."""
        assert simulated.simulator is not None
        simulated.talk(simulated.adapter.send(say()))
        last = simulated.requests[-1]
        simulated.simulator.switch_fault(Fault(kind="lost_after", times=None))
        wanted = RetryLaterError if last.is_repeatable else UnknownOutcomeError
        with pytest.raises(wanted):
            simulated.talk(simulated.adapter.send(say("shown all the same")))

    def test_webhook_is_set_and_removed(self, simulated: Platform) -> None:
        """The platform says which webhook is set, and none after it was removed."""
        adapter = simulated.adapter
        if not isinstance(adapter, RegistersWebhooks):
            pytest.skip("registers no webhooks")
        simulated.talk(adapter.register_webhook(HOOK))
        assert HOOK == simulated.talk(adapter.webhook_state()).url
        simulated.talk(adapter.register_webhook(None))
        assert "" == simulated.talk(adapter.webhook_state()).url

    def test_links_bring_what_they_carry(self, simulated: Platform) -> None:
        """A link that opens a chat holds its payload, no secret, and the payload comes back."""
        adapter = simulated.adapter
        if not isinstance(adapter, OpensByLink):
            pytest.skip("opens no chats by links")
        # As a host has it: it knows its bot.
        adapter = type(adapter)(adapter.settings, simulated.talk(adapter.identify()))
        payload = "aZ09_-" + "x" * 58
        url = adapter.deep_link(payload)
        assert payload in url, "the link must hold the payload as it is"
        assert url == adapter.deep_link(payload), "the same payload makes the same link"
        assert not any(secret.reveal() in url for secret in adapter.secrets())
        events = simulated.person_opens(payload)
        if events is None:
            pytest.skip("nobody can open a link in the simulator: give it the action `start`")
        brought = [_brought(event) for event in events]
        assert payload in brought, "what the link carried did not come back whole"
        assert not any(event.shared for event in events), "a chat of one person is not shared"

    def test_presses_of_strangers_are_data(self, simulated: Platform) -> None:
        """A person who writes what a button would carry has picked nothing by guessing a form."""
        events = simulated.person_writes('{"data": "k:1"}')
        assert not any(isinstance(event, ChoicePicked) for event in events)


def _brought(event: Event) -> str:
    """Return what a link carried that led to an event."""
    if isinstance(event, ConversationStarted):
        return event.payload
    command = event.command if isinstance(event, MessageReceived) else None
    return command.argument if command is not None and command.name == "start" else ""


def _long(kind: str, size: int) -> tuple[Document, list[str]]:
    """Return a document of about this size, and the words that must be seen in it."""
    filler = _FILLERS.get(kind, "x") * 24
    count = max(6, size // 60)
    words = [f"w{number:05d}" for number in range(count)]
    lines = [f"{word} {filler}" for word in words]
    paragraphs = tuple(
        Paragraph((Text(" ".join(lines[at : at + 20])),)) for at in range(0, count, 20)
    )
    if kind == "list":
        return Document((ItemList(tuple(ListItem((each,)) for each in paragraphs)),)), words
    if kind == "quote":
        return Document((Quote(paragraphs),)), words
    return Document(paragraphs), words


def _identities(batches: list[list[Event]]) -> list[str]:
    return [event.event_id for events in batches for event in events]
