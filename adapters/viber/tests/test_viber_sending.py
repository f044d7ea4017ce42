"""How messages go out: what Viber is asked for, and what is refused before it is asked."""

from __future__ import annotations

import json

import pytest

from chatbridge.capabilities import LengthUnit
from chatbridge.content import Attachment, Choice, FileKind
from chatbridge.errors import ConfigurationError, Refusal, RefusedError, UnsupportedFeatureError
from chatbridge.events import ConversationStarted, MessageReceived
from chatbridge.outgoing import RequestLabel
from chatbridge.richtext import (
    CodeBlock,
    Document,
    ItemList,
    ListItem,
    Mark,
    Paragraph,
    Quote,
    Table,
    TableCell,
    Text,
)

TOKEN = "0000000000000000-1111111111111111-2222222222222222"
OLENA = "xy5/5y6O81+/kbWHpLhBoA=="
LABEL = RequestLabel("HELP-12", "k4x7q2m9k4x7q2m9")


@pytest.fixture
def members(adapter, say, schema_or_nothing):
    """Return the members of the request that a message becomes."""

    def of(*given, **more):
        request = next(adapter.send(say(*given, **more)))
        made = json.loads(request.body)
        schema_or_nothing.check("sendMessageRequest", made)
        return made

    return of


def test_a_text_goes_to_its_receiver_by_the_bots_name(members):
    """The least message names receiver, sender, picture and text, and nothing more."""
    assert {
        "type": "text",
        "receiver": OLENA,
        "sender": {"name": "Acme", "avatar": "https://acme.example/a.png"},
        "text": "hello",
    } == members()


def test_the_token_travels_in_the_header_only(adapter, say):
    """Neither the address nor the body of a call holds the token, nor does its repr."""
    request = next(adapter.send(say()))
    assert TOKEN == request.headers["X-Viber-Auth-Token"]
    assert TOKEN not in request.url + request.body.decode() + repr(request)
    assert (False, "chat") == (request.is_repeatable, request.paces[0].scope)


def test_a_label_is_shown_first_and_comes_back_with_the_answer(members):
    """The key stands before the text, the handle travels as tracking data."""
    made = members(label=LABEL)
    assert ("HELP-12\nhello", LABEL.handle) == (made["text"], made["tracking_data"])


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Bob", "Bob"),
        ("", "Acme"),
        (" \n ", "Acme"),
        ("Bob\n\tAgent", "Bob Agent"),
        ("😀" * 20, "😀" * 14),
        ("a" + "😀" * 20, "a" + "😀" * 13),
    ],
)
def test_sender_names_fit(members, given, shown):
    """A name is one line of at most 28 units, with no half of a character; none is the bot's."""
    assert shown == members(sender_name=given)["sender"]["name"]


def test_addresses_are_written_out(members):
    """A link shows where it leads, unless its text says so already."""
    bold = frozenset({Mark.BOLD})
    url = "https://example.org/a"
    parts = (
        Text("see "), Text("the ", link=url), Text("page", bold, url), Text(" or "),
        Text("example.org/a", link=url), Text("."),
    )  # fmt: skip
    quoted = Quote((Paragraph((Text("mail", link="mailto:a@b.example"),)),))
    items = ItemList((ListItem((Paragraph((Text("one", link=url),)),)),))
    table = Table(((TableCell((Paragraph((Text("cell", link=url),)),)),),))
    code = CodeBlock("*x*")
    text = members(Document((Paragraph(parts), quoted, items, table, code)))["text"]
    assert (
        f"see the page ({url}) or example.org/a.\n\n> mail (mailto:a@b.example)\n\n"
        f"• one ({url})\n\ncell ({url})\n\n*x*"
    ) == text


def test_an_empty_paragraph_is_shown(members):
    """Agents leave empty lines; the text around them is sent."""
    around = (Paragraph(), Paragraph((Text("a", link="https://a.example/x"),)), Paragraph())
    assert "a (https://a.example/x)" == members(Document(around))["text"].strip()


def test_choices_become_a_keyboard(members):
    """Each choice is a button of its own line, its label escaped, its press silent."""
    made = members(choices=(Choice("A & <b>", "1.more"), Choice("", "x")))
    first, second = made["keyboard"]["Buttons"]
    assert {
        "ActionType": "reply",
        "ActionBody": "chatbridge:choice:1.more",
        "Text": "A &amp; &lt;b&gt;",
        "Silent": True,
    } == first
    assert ("…", "keyboard") == (second["Text"], made["keyboard"]["Type"])


def test_the_longest_label_fits_a_button(members):
    """A label of the declared length fits even where each character must be escaped."""
    (button,) = members(choices=(Choice("&" * 80, "x"),))["keyboard"]["Buttons"]
    assert 250 == len(button["Text"])


@pytest.mark.parametrize("choices", [(Choice("x", "y" * 129),), (Choice("x", "y"),) * 13])
def test_choices_that_devices_refuse_are_refused_first(adapter, say, choices):
    """Devices check keyboards after the message was taken, so it is done before."""
    with pytest.raises(UnsupportedFeatureError):
        next(adapter.send(say(choices=choices)))


@pytest.mark.parametrize("more", [{"text": ""}, {"text": " \n "},
                                  {"attachments": (Attachment(FileKind.PHOTO),)}])  # fmt: skip
def test_what_cannot_be_shown_is_refused_before_any_call(adapter, say, more):
    """Nothing visible, or a file, is refused as such."""
    with pytest.raises(UnsupportedFeatureError):
        next(adapter.send(say(**more)))


@pytest.mark.parametrize("text", ["я" * 7000, "漢" * 7000, "😀" * 3500, "\n\"'" * 2333 + "."])
def test_the_longest_text_fits_a_request(hooked, adapter, talk, say, text):
    """Any text of 7000 units fits the 30 kB of a request, and arrives as it was."""
    assert 7000 == LengthUnit.UTF16.measure(text)
    talk(adapter.send(say(text)))
    assert text == hooked.control("transcript", {"chat": OLENA})[-1]["text"]


@pytest.mark.parametrize(
    "document",
    [
        Document.from_plain("x" * 7001),
        Document((Paragraph((Text("x", link="https://example.org/" + "y" * 7000),)),)),
        Document.from_plain("\x01" * 6000),
    ],
)
def test_what_is_too_long_once_drawn_is_to_be_cut_further(adapter, say, document):
    """Written-out addresses or escapes beyond the limits are refused as too long, uncalled."""
    with pytest.raises(RefusedError) as caught:
        next(adapter.send(say(document)))
    assert Refusal.TOO_LONG == caught.value.reason


def test_the_receipt_is_the_whole_token(hooked, adapter, talk, say):
    """The id of a sent message is its token, digit by digit."""
    (shown,) = talk(adapter.send(say())).message_ids
    assert shown == hooked.control("transcript", {"chat": OLENA})[-1]["message_id"]
    assert int(shown) > 2**53


def test_the_receipt_tells_what_is_charged(hooked, adapter, talk, say, clock):
    """A message that Viber charges for says so; those of a session, or free ones, do not."""
    hooked.control("billing", {"free": 1, "balance": 1})
    found = [talk(adapter.send(say())).charged]
    clock.advance(24 * 3600)
    found += [talk(adapter.send(say())).charged for _ in range(2)]
    assert [False, False, True] == found


def test_who_the_bot_is(adapter, talk):
    """The account's id, address and name are told."""
    found = talk(adapter.identify())
    assert ("simulatedbot", "Simulated bot") == (found.username, found.name)
    assert found.bot_id.startswith("pa:")


def test_the_webhook_can_be_seen_and_removed(hooked, adapter, talk):
    """What was set is told by the account, until it is removed."""
    before = talk(adapter.webhook_state()).url
    talk(adapter.register_webhook(None))
    assert ("https://bridge.example/webhooks/viber/x", "") == (
        before,
        talk(adapter.webhook_state()).url,
    )


def test_a_webhook_that_does_not_answer_is_not_set(simulator, adapter, talk, answer_owed):
    """Where Viber gets no 200 while it sets the webhook, the administrator is told the mend."""
    simulator.deliver_now = lambda: answer_owed(503)
    with pytest.raises(ConfigurationError, match="public_url"):
        talk(adapter.register_webhook("https://bridge.example/x"))
    assert "" == talk(adapter.webhook_state()).url


def test_only_who_opened_the_chat_is_welcomed_in_the_answer(adapter, webhook_of, schema_or_nothing):
    """The answer to that callback is a message without a receiver; to others there is none."""
    opened = {"event": "conversation_started", "message_token": 1, "user": {"id": "a"}}
    wrote = {"event": "message", "message_token": 1, "sender": {"id": "a"},
             "message": {"type": "text", "text": "x"}}  # fmt: skip
    answer = adapter.answer(webhook_of(opened), "Hello " + "😀" * 4000)
    made = json.loads(answer.body)
    schema_or_nothing.check("welcomeMessage", made)
    assert (200, "application/json", False) == (
        answer.status,
        answer.media_type,
        "receiver" in made,
    )
    assert 7000 == LengthUnit.UTF16.measure(made["text"])
    assert isinstance(adapter.parse(webhook_of(opened))[0], ConversationStarted)
    assert isinstance(adapter.parse(webhook_of(wrote))[0], MessageReceived)
    assert (None, None) == (
        adapter.answer(webhook_of(opened), None),
        adapter.answer(webhook_of(wrote), "Hello"),
    )
