"""What a conversation can do: each promise to customers and agents, through the whole bridge."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from chatbridge import ConfigurationError, NewBot, ProjectSettings, WebhookRequest
from chatbridge.links import Link, LinkState
from chatbridge.records import ProjectState
from chatbridge.testing.desk_people import REQUEST_TYPES, SimulatedProject
from chatbridge.testing.simulator import Fault

CHAT = 1001
OTHER_CHAT = 2002
GROUP = -500


def notes(world, issue: str) -> list[str]:
    """Return the internal notes of an issue."""
    comments = world.desk.control("comments", {"issue": issue})
    return [comment["text"] for comment in comments if not comment["public"]]


def passed_on(world, issue: str) -> list[str]:
    """Return what the bridge wrote publicly on an issue, the oldest first."""
    comments = world.desk.control("comments", {"issue": issue})
    return [each["text"] for each in comments if each["public"] and each["author"] == "Chat bot"]


def bot_messages(world, text: str = "", chat: int = CHAT) -> list[dict[str, Any]]:
    """Return the bot's messages that hold this text."""
    shown = world.telegram.control("transcript", {"chat": chat})
    return [each for each in shown if each["from"] == "bot" and text in each["text"]]


def handle_of(message: dict[str, Any]) -> str:
    """Return the handle behind the key that a bot's message starts with."""
    links = [each["url"] for each in message["entities"] if each["type"] == "text_link"]
    return str(links[0]).partition("start=")[2]


def link_of(world, issue: str):
    """Return the link of an issue."""
    wanted = world.desk.control("request", {"issue": issue})["id"]
    return next(link for link in world.bridge.links.all() if link.issue_id == wanted)


@pytest.fixture
def start(world) -> Callable[..., None]:
    """Return what lets a customer press Start, with or without a payload."""

    def go(payload: str = "", chat: int = CHAT) -> None:
        world.telegram.control("start", {"chat": chat, "payload": payload})
        world.run(1)

    return go


@pytest.fixture
def two(world, opened) -> tuple[str, str]:
    """Return the keys of two open requests of one chat; the second is the current one."""
    world.says("/new")
    world.says("The window is broken")
    world.run()
    return opened, world.requests()[1]["key"]


@pytest.fixture
def held(world, opened) -> str:
    """Return the key of a request of which eleven answers wait for the customer's word."""
    for number in range(11):
        world.agent(opened, f"answer {number}.")
    world.run()
    return opened


@pytest.fixture
def blocked(world, opened) -> str:
    """Return the key of a request whose customer blocked the bot, an answer waiting."""
    world.telegram.control("block", {"chat": CHAT})
    world.agent(opened, "are you there?")
    world.run()
    return opened


@pytest.fixture
def in_group(world) -> str:
    """Return the key of a request that was opened in a group."""
    world.says("We are lost", chat=GROUP, name="Jana")
    world.run()
    return world.requests()[0]["key"]


# --- commands -----------------------------------------------------------------------------------


def test_start_greets_with_the_privacy_notice_once(world, start):
    """Pressing Start greets; the privacy notice stands in the first greeting only."""
    start()
    start()
    assert (2, 1) == (world.shown("Hello!"), world.shown("passed on to our support team"))
    assert [] == world.requests()


def test_the_notice_is_not_repeated_when_the_request_opens(world, start):
    """Who was greeted with the notice is not told it again with the first request."""
    start()
    world.says("My printer is on fire")
    world.run()
    assert (1, 1) == (world.shown("We have opened"), world.shown("passed on to our support team"))


def test_who_was_never_greeted_is_told_the_notice_with_the_first_request(world, opened):
    """The notice comes with the first request where nobody pressed Start, and only with it."""
    world.says("/new")
    world.says("Another thing")
    world.run()
    assert (2, 1) == (world.shown("We have opened"), world.shown("passed on to our support team"))


def test_help_lists_the_commands_and_writes_nothing_into_jira(world, opened):
    """/help answers in the chat and reaches no agent."""
    world.says("/help")
    world.run()
    assert (1, []) == (world.shown("/status - where"), passed_on(world, opened))


def test_new_lets_the_next_message_open_another_request(world, two):
    """After /new one message opens a request, and those after it are comments on that one."""
    world.says("And the door too")
    world.run()
    first, second = two
    assert (2, 1) == (len(world.requests()), world.shown("Your next message opens"))
    assert ([], 1) == (passed_on(world, first), len(passed_on(world, second)))


def test_status_lists_all_requests_of_the_chat(world, two):
    """/status names each request with its status, the newest first."""
    first, second = two
    world.desk.control("transition", {"issue": first, "status": "In progress"})
    world.says("/status")
    world.run(1)
    shown = bot_messages(world, f"{second}: ")[0]["text"]
    assert f"{second}: Waiting for support\n{first}: In progress" == shown


def test_status_without_a_request_says_so(world):
    """/status answers even where there is nothing."""
    world.says("/status")
    world.run(1)
    assert 1 == world.shown("You have no open requests")


def test_status_does_not_name_a_request_whose_link_is_gone(world, opened):
    """What was taken from a chat is not told in it any more."""
    world.bridge.links.remove("acme", link_of(world, opened).issue_id)
    before = world.shown(opened)
    world.says("/status")
    world.run(1)
    assert before == world.shown(opened)


def test_unknown_command_is_answered_and_not_passed_on(world, opened):
    """A command that nobody knows gets an answer and is no comment."""
    world.says("/dance")
    world.run(1)
    assert (1, []) == (world.shown("I do not know this command"), passed_on(world, opened))


# --- which request is meant ---------------------------------------------------------------------


def test_reply_to_a_bot_message_addresses_its_request(world, two):
    """A reply goes to the request of the message that it answers, and current stays current."""
    first, second = two
    told = bot_messages(world, first)[0]
    world.says("This is about the printer", reply_to=told["message_id"])
    world.says("This is about the window")
    world.run()
    (of_first,), (of_second,) = passed_on(world, first), passed_on(world, second)
    assert "about the printer" in of_first
    assert "about the window" in of_second


def test_tapping_the_key_switches_the_current_request(world, start, two):
    """The link in the key makes its request the current one, and the chat is told."""
    first, second = two
    start(handle_of(bot_messages(world, first)[0]))
    world.says("This is about the printer")
    world.run()
    assert (1, []) == (len(passed_on(world, first)), passed_on(world, second))
    assert 1 == world.shown("Your messages now go to this request")


@pytest.mark.fault("F60")
@pytest.mark.invariant("I22")
def test_handle_of_another_chat_opens_nothing(world, start, opened):
    """A key's link is good in its own chat only: elsewhere it greets like any other start."""
    start(handle_of(bot_messages(world, opened)[0]), chat=OTHER_CHAT)
    world.says("Let me in", chat=OTHER_CHAT)
    world.run()
    assert ([], 2) == (passed_on(world, opened), len(world.requests()))
    assert 1 == world.shown("Hello!", OTHER_CHAT)


def test_message_after_the_end_opens_a_new_request(world, opened):
    """When the request is closed, the next message opens another one and the old stays as it is."""
    world.desk.control("transition", {"issue": opened, "status": "Closed"})
    world.run()
    world.says("One more thing")
    world.run()
    assert (1, 2) == (world.shown("was closed (Closed)"), len(world.requests()))
    assert [] == passed_on(world, opened)


@pytest.mark.fault("F52")
def test_too_many_open_requests_are_told_and_added_to_the_current(world, opened):
    """At the limit /new says that messages go to the current request, and they do."""
    world.set_project(max_open_requests=1)
    world.says("/new")
    world.says("Another thing")
    world.run()
    assert (1, 1) == (len(world.requests()), len(passed_on(world, opened)))
    assert (0, 1) == (world.shown("opens a new request"), world.shown("many open requests"))


@pytest.mark.invariant("I22")
def test_two_chats_do_not_mix(world, opened):
    """Each chat sees its own request only, however similar they are."""
    world.says("My printer is on fire", chat=OTHER_CHAT)
    world.run()
    other = world.requests()[1]["key"]
    world.agent(opened, "to the first")
    world.agent(other, "to the second")
    world.run()
    assert (1, 0) == (world.shown("to the first"), world.shown("to the second"))
    assert (0, 1) == (
        world.shown("to the first", OTHER_CHAT),
        world.shown("to the second", OTHER_CHAT),
    )


# --- what cannot be carried, and edits ----------------------------------------------------------


@pytest.mark.parametrize("kind", ["photo", "voice", "game", "story", "unheard_of"])
def test_what_cannot_be_carried_is_answered(world, opened, kind):
    """A message without a text that can be passed on is never dropped silently."""
    world.set_project(customer_files=())
    world.telegram.control("unsupported", {"chat": CHAT, "kind": kind})
    world.run()
    assert (1, []) == (world.shown("I cannot pass this on"), passed_on(world, opened))


@pytest.mark.parametrize("kind", ["location", "venue", "contact", "poll", "dice"])
def test_what_can_be_said_as_text_is_passed_on(world, opened, kind):
    """Places and people are told to the agents in words."""
    world.telegram.control("unsupported", {"chat": CHAT, "kind": kind})
    world.run()
    assert (0, 1) == (world.shown("I cannot pass this on"), len(passed_on(world, opened)))


def test_left_out_attachment_is_told_to_both_sides(world, opened):
    """A caption is passed on; customer and agents learn that its file was not."""
    world.set_project(customer_files=())
    world.telegram.control("unsupported", {"chat": CHAT, "kind": "photo", "caption": "Look!"})
    world.run()
    (text,) = passed_on(world, opened)
    assert ("Look!" in text, "[not passed on: photo.jpg: this kind" in text) == (True, True)
    assert 1 == world.shown("Not passed on: photo.jpg (this kind of file is not accepted here).")


def test_left_out_attachment_of_the_first_message_is_told_too(world):
    """The same holds for the message that opens the request."""
    world.set_project(customer_files=())
    world.telegram.control("unsupported", {"chat": CHAT, "kind": "photo", "caption": "Look!"})
    world.run()
    assert "[not passed on: photo.jpg: this kind" in world.requests()[0]["description"]
    assert 1 == world.shown("Not passed on: photo.jpg")


def test_content_left_out_beside_a_text_is_told_to_both_sides(world, opened):
    """A text beside something that cannot be carried does not make that something vanish."""
    world.telegram.control("unsupported", {"chat": CHAT, "kind": "game", "caption": "Play, please"})
    world.run()
    (text,) = passed_on(world, opened)
    assert ("Play, please" in text, "[not passed on: game]" in text) == (True, True)
    assert 1 == world.shown("was not")


@pytest.mark.fault("F55")
def test_edits_are_shown_as_edits(world, opened):
    """A changed message becomes another comment that says so; the first one stays."""
    said = world.says("The printer is blue")
    world.run()
    changed = {"chat": CHAT, "message_id": said["message_id"], "text": "The printer is red"}
    world.telegram.control("edit", changed)
    world.run()
    before, after = passed_on(world, opened)
    assert ("blue" in before, "red" in after, "Edited message:" in after) == (True, True, True)


def test_edit_without_a_request_is_answered(world, opened):
    """An edit that no request can take is not dropped silently."""
    said = world.says("The printer is blue")
    world.run()
    world.desk.control("transition", {"issue": opened, "status": "Closed"})
    world.run()
    changed = {"chat": CHAT, "message_id": said["message_id"], "text": "The printer is red"}
    world.telegram.control("edit", changed)
    world.run()
    assert (1, 1) == (world.shown("I cannot pass this on"), len(passed_on(world, opened)))


# --- floods of comments -------------------------------------------------------------------------


@pytest.mark.fault("F32")
def test_burst_of_comments_becomes_one_question(world, held):
    """Eleven answers at once are announced with a button and without their texts."""
    (question,) = bot_messages(world, "11 new answers")
    assert (["Show them"], 0) == (question["choices"], world.shown("answer "))


@pytest.mark.both_editions
@pytest.mark.fault("F32")
@pytest.mark.invariant("I1")
def test_pressing_the_button_releases_the_answers(world, held):
    """The customer's word sends all that waited, in order and once."""
    world.telegram.control("press", {"chat": CHAT, "choice": "Show them"})
    world.run(6)
    shown = [text.rpartition(": ")[2] for text in world.transcript() if "answer " in text]
    assert [f"answer {number}." for number in range(11)] == shown


@pytest.mark.invariant("I4")
def test_ten_comments_at_once_are_sent_unasked(world, opened):
    """Up to ten answers are no flood."""
    for number in range(10):
        world.agent(opened, f"answer {number}.")
    world.run()
    assert (10, 0) == (world.shown("answer "), world.shown("Shall I show them"))


@pytest.mark.fault("F32")
def test_second_flood_asks_again(world, held):
    """After a release the next flood of the same size is asked about, too."""
    world.telegram.control("press", {"chat": CHAT, "choice": 0})
    world.run(6)
    world.clock.advance(60)
    for number in range(11):
        world.agent(held, f"more {number}")
    world.run()
    assert (2, 0) == (world.shown("11 new answers"), world.shown("more "))


@pytest.mark.fault("F58")
def test_forged_choice_is_refused(world, held):
    """Choice data with one changed character releases nothing and is answered."""
    (question,) = bot_messages(world, "11 new answers")
    stored = world.telegram.state.chats[CHAT].messages[question["message_id"]]
    (button,) = stored.buttons()
    data = button["callback_data"]
    button["callback_data"] = data[:-1] + ("A" if data[-1] != "A" else "B")
    world.telegram.control("press", {"chat": CHAT, "choice": 0})
    world.run()
    answers = list(world.telegram.control("state", {})["press_answers"].values())
    assert (["This button is no longer valid."], 0) == (answers, world.shown("answer "))


@pytest.mark.fault("F58")
@pytest.mark.parametrize("data", ["more", "1.more.x", "1.more.\ud800.ffff.x", "9" * 64])
def test_garbage_as_choice_data_is_refused(hooked, data):
    """Data that was never ours, a lone surrogate included, is refused in the same way."""
    query = {
        "id": "77",
        "from": {"id": CHAT, "is_bot": False, "first_name": "Eve"},
        "message": {"message_id": 9, "date": 1, "chat": {"id": CHAT, "type": "private"}},
        "data": data,
    }
    hooked.telegram.state.presses["77"] = float("inf")
    body = json.dumps({"update_id": 5, "callback_query": query}).encode()
    assert 200 == hooked.bridge.receive_webhook(*path_of(hooked), webhook(body)).status
    answers = list(hooked.telegram.control("state", {})["press_answers"].values())
    assert ["This button is no longer valid."] == answers


@pytest.mark.fault("F58")
def test_choice_of_another_chat_is_refused(world, held):
    """A button's data is good in its own chat only."""
    world.says("Hello", chat=OTHER_CHAT)
    world.run()
    (question,) = bot_messages(world, "11 new answers")
    stolen = world.telegram.state.chats[CHAT].messages[question["message_id"]].markup
    theirs = world.telegram.state.chats[OTHER_CHAT].messages
    theirs[max(theirs)].markup = stolen
    world.telegram.control("press", {"chat": OTHER_CHAT, "choice": 0})
    world.run()
    assert (0, 0) == (world.shown("answer "), world.shown("answer ", OTHER_CHAT))


def test_more_releases_the_answers_as_well(world, held):
    """Where there are no buttons, /more does the same."""
    world.says("/more")
    world.run(6)
    assert 11 == world.shown("answer ")


@pytest.mark.parametrize("word", ["more", "Show them"])
def test_what_the_button_says_may_be_written(world, held, word):
    """Its words, or the command's, are an answer too, and no message to the agents."""
    world.says(word)
    world.run(6)
    assert (11, 0) == (world.shown("answer "), len(passed_on(world, held)))


def test_a_number_is_a_message_where_there_is_a_button(world, held):
    """It may be meant for the agents, so it reaches them."""
    world.says("1")
    world.run(6)
    assert (0, 1) == (world.shown("answer "), len(passed_on(world, held)))


def test_more_finds_the_request_whose_answers_wait(world, held):
    """The command needs no reply where another request is the current one; then nothing waits."""
    world.says("/new")
    world.says("The window is broken")
    world.run()
    world.says("/more")
    world.run(6)
    assert (11, 0) == (world.shown("answer "), world.shown("no more answers"))
    world.says("/more")
    world.run()
    assert 1 == world.shown("no more answers")


def test_what_an_administrator_holds_no_customer_releases(world, opened):
    """After a restore, /more sends nothing again."""
    world.agent(opened, "before the restore")
    world.run()
    link, vault = link_of(world, opened), world.bridge.engine.vault
    kept = vault.read(Link, link.site, link.issue_id)
    vault.update(kept, lambda each: evolve(each, state=LinkState.HELD, reason="restored"))
    world.says("/more")
    world.run()
    assert LinkState.HELD is link_of(world, opened).state


# --- chats that cannot be reached ---------------------------------------------------------------


@pytest.mark.fault("F25")
@pytest.mark.invariant("I27")
def test_blocked_chat_suspends_the_link_with_one_note(world, blocked):
    """Agents read once that answers do not arrive, however many they write."""
    world.agent(blocked, "hello?")
    world.run()
    link = link_of(world, blocked)
    assert (LinkState.SUSPENDED, "blocked") == (link.state, link.reason)
    (note,) = notes(world, blocked)
    assert "answers do not arrive" in note


@pytest.mark.fault("F25")
@pytest.mark.invariant("I27")
def test_agents_learn_of_a_block_before_they_answer(world, opened):
    """Blocking alone writes the note, so that nobody answers into the void."""
    world.telegram.control("block", {"chat": CHAT})
    world.run()
    assert (1, "blocked") == (len(notes(world, opened)), link_of(world, opened).reason)


@pytest.mark.fault("F25")
@pytest.mark.invariant("I1")
def test_unblocking_delivers_what_was_missed(world, blocked):
    """When the customer comes back, the answers of the meantime arrive, once."""
    world.telegram.control("unblock", {"chat": CHAT})
    world.run()
    assert (1, LinkState.ACTIVE) == (world.shown("are you there?"), link_of(world, blocked).state)
    assert 1 == len(notes(world, blocked))


@pytest.mark.fault("F25")
def test_any_word_of_the_customer_resumes_the_link(world, blocked):
    """Whoever writes, a command even, can be written to again, whatever news was lost."""
    world.telegram.state.updates.waiting.clear()
    world.telegram.state.chats[CHAT].removed = False
    world.says("/help")
    world.run()
    assert 1 == world.shown("are you there?")


@pytest.mark.fault("F25")
def test_chat_in_which_the_bot_may_not_write_is_told_to_the_agents(world, opened):
    """A refusal for any other reason stops the link with a note; the customer's word resumes it."""
    world.telegram.switch_fault(Fault(kind="status", status=403, match="sendMessage"))
    world.agent(opened, "are you there?")
    world.run()
    assert (1, "not_allowed") == (len(notes(world, opened)), link_of(world, opened).reason)
    world.says("Here I am")
    world.run()
    assert 1 == world.shown("are you there?")


@pytest.mark.fault("F25")
def test_long_answer_goes_on_after_a_block_where_it_stopped(world, opened):
    """Parts that arrived before the customer blocked the bot do not come again."""
    world.telegram.switch_fault(Fault(kind="slow", seconds=0.0, match="sendMessage", times=2))
    world.telegram.switch_fault(Fault(kind="status", status=403, match="sendMessage"))
    world.agent(opened, LONG)
    world.run()
    assert 2 == world.shown("word")
    world.says("Here I am")
    world.run()
    parts = [each["text"].removeprefix(f"{opened}\n") for each in bot_messages(world, "word")]
    assert LONG == " ".join(parts).removeprefix("Alice Agent: ")


@pytest.mark.both_editions
@pytest.mark.invariant("I27")
def test_note_is_written_once_though_its_answer_is_lost(world, opened):
    """When nobody knows whether the note was written, it is looked for, not written again."""
    world.desk.switch_fault(Fault(kind="lost_after", match="POST .*/request/.*/comment"))
    world.telegram.control("block", {"chat": CHAT})
    world.agent(opened, "are you there?")
    for _ in range(4):
        world.run()
        world.clock.advance(60)
    assert 1 == len(notes(world, opened))


@pytest.mark.fault("F27")
@pytest.mark.invariant("I22")
def test_group_that_becomes_a_supergroup_keeps_its_request(world, in_group):
    """After a migration answers arrive in the new chat, and its messages go to the same request."""
    new = world.telegram.control("migrate", {"chat": GROUP})["chat"]
    world.run()
    world.agent(in_group, "on our way")
    world.run()
    world.says("Thank you", chat=new, name="Jana")
    world.run()
    assert (1, 1) == (world.shown("on our way", new), len(world.requests()))
    assert (1, 0) == (len(passed_on(world, in_group)), world.shown("could not be passed on", new))
    assert 0 == len(world.bridge.engine.lanes)


@pytest.mark.fault("F27")
@pytest.mark.invariant("I22")
def test_migration_found_out_by_a_refusal_is_followed(world, in_group):
    """Where the news of a migration was lost, the refusal of an answer tells the new chat."""
    new = world.telegram.control("migrate", {"chat": GROUP})["chat"]
    world.telegram.state.updates.waiting.clear()
    world.agent(in_group, "on our way")
    world.run()
    assert 1 == world.shown("on our way", new)


# --- what is shown, and what never is -----------------------------------------------------------


@pytest.mark.both_editions
@pytest.mark.invariant("I2")
def test_note_is_never_sent(world, opened):
    """An internal note reaches no chat, at no time, whatever wakes the link."""
    world.agent(opened, "the customer is odd", public=False)
    world.agent(opened, "hello")
    world.run(6)
    world.bridge.engine.upkeep.wake_all()
    world.run(3)
    assert (0, 1) == (world.shown("odd"), world.shown("hello"))


@pytest.mark.both_editions
@pytest.mark.fault("F15")
@pytest.mark.invariant("I2")
def test_restricted_comment_that_claims_to_be_public_is_never_sent(world, opened):
    """A comment for a role only stays in Jira, though the customer API calls it public."""
    world.agent(opened, "for admins", restricted="Administrators")
    world.agent(opened, "for everybody")
    world.run(6)
    assert (0, 1) == (world.shown("for admins"), world.shown("for everybody"))


@pytest.mark.both_editions
@pytest.mark.fault("F10", "F11")
def test_comment_made_public_later_is_delivered_with_its_time(world, opened):
    """A note that becomes public arrives after newer comments, and says when it was written."""
    note = world.agent(opened, "it was the cable", public=False)
    world.clock.advance(300)
    world.agent(opened, "look at the plug")
    world.run()
    world.desk.control("flip", {"issue": opened, "comment": note["id"], "public": True})
    world.run()
    (late,) = bot_messages(world, "it was the cable")
    assert "Written at 2027-01-15" in late["text"]
    assert 0 == world.shown("Written at 2027-01-15 08:00 UTC:\nlook")


@pytest.mark.both_editions
@pytest.mark.fault("F12")
@pytest.mark.invariant("I2")
def test_comment_made_internal_before_it_was_sent_is_not_sent(world, opened):
    """What is no longer public when it is read is not sent."""
    comment = world.agent(opened, "never mind")
    world.desk.control("flip", {"issue": opened, "comment": comment["id"], "public": False})
    world.run()
    assert 0 == world.shown("never mind")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"announce": "all"}, (1, 1)),
        ({"announce": "closed"}, (0, 1)),
        ({"announce": "none"}, (0, 0)),
        ({"closed_statuses": ("In progress",)}, (1, 1)),
    ],
)
def test_announce_decides_which_statuses_are_told(world, opened, settings, expected):
    """The customer is told of all changes, of the end only, or of none."""
    world.set_project(**settings)
    for status in ("In progress", "Resolved"):
        world.desk.control("transition", {"issue": opened, "status": status})
        world.run()
    assert expected == (world.shown("In progress"), world.shown("Resolved"))


def test_closed_statuses_by_name_end_the_conversation(world, opened):
    """A status that the project calls closed ends a request, whatever its category is."""
    world.set_project(closed_statuses=("waiting for CUSTOMER",))
    world.desk.control("transition", {"issue": opened, "status": "Waiting for customer"})
    world.run()
    world.says("Another thing")
    world.run()
    assert (1, 2) == (world.shown("was closed"), len(world.requests()))


@pytest.mark.both_editions
@pytest.mark.parametrize(
    ("settings", "start"),
    [
        ({"agent_name": "shown"}, "Alice Agent: hello"),
        ({"agent_name": "alias", "agent_alias": "Support"}, "Support: hello"),
        ({"agent_name": "hidden"}, "hello"),
    ],
)
def test_agent_name_is_shown_as_the_project_wants(world, opened, settings, start):
    """An agent's name is shown, replaced or left out."""
    world.set_project(**settings)
    world.agent(opened, "hello")
    world.run()
    (message,) = bot_messages(world, "hello")
    assert f"{opened}\n{start}" == message["text"]


@pytest.mark.parametrize(("shown", "name"), [(True, "Jana"), (False, "Customer")])
def test_contact_name_is_shown_as_the_project_wants(world, shown, name):
    """Jira shows the customer's chat name, or none."""
    world.set_project(contact_name=shown)
    world.says("My printer is on fire", name="Jana")
    world.run()
    description = world.requests()[0]["description"]
    assert (True, shown) == (description.startswith(f"{name} (Telegram)"), "Jana" in description)


LONG = " ".join(f"word{number}" for number in range(3000))


def test_long_answer_arrives_complete_in_several_messages(world, opened):
    """An answer longer than a message is cut at words, and nothing of it is lost."""
    world.agent(opened, LONG)
    world.run()
    parts = [each["text"].removeprefix(f"{opened}\n") for each in bot_messages(world, "word")]
    assert len(parts) > 4
    assert LONG == " ".join(parts).removeprefix("Alice Agent: ")


@pytest.mark.both_editions
def test_long_message_arrives_complete_in_jira(world, opened):
    """Many long messages and one that opens a request are all in Jira, to the last word."""
    text = " ".join(f"w{number}" for number in range(600))
    world.says("/new")
    world.says(text)
    world.says(text + " end")
    world.run()
    request = world.requests()[1]
    assert text in request["description"]
    assert f"{text} end" in passed_on(world, request["key"])[0]


TEXTS = [
    "שלום, המדפסת שלי בוערת",
    "مرحبا \u202eabc\u202c طابعتي",
    "👩‍👩‍👧‍👦 family 🇨🇿 flag",
    "a\u0301 combining e\u0301",
    "*bold* _it_ [link](https://x.example) {code} h1. <b>&amp;</b> ~a~ | table |",
    "tab\tand\nline",
    "nul\x00bell\x07",
]


@pytest.mark.both_editions
@pytest.mark.fault("F26")
@pytest.mark.parametrize("text", TEXTS)
def test_any_text_arrives_on_both_sides(world, opened, text):
    """Right-to-left, emoji, markup and control characters are carried as data."""
    visible = text.replace("\x00", "").replace("\x07", "")
    world.says(text)
    world.agent(opened, "Answer: " + text)
    world.run()
    (written,) = [each for each in passed_on(world, opened) if "Answer" not in each]
    assert 1 == world.shown("Answer: ")
    assert visible.split()[0][:3] in written


@pytest.mark.fault("F26")
def test_lone_surrogates_are_carried_visibly(hooked):
    """Half a character, which JSON can hold, stops neither direction."""
    hooked.says("A chat to answer in")
    assert [200] == hooked.deliver_webhooks()
    body = UPDATE.replace(b"let me in", b"half \\ud83d of it").replace(b'_id": 1,', b'_id": 7,')
    assert 200 == hooked.bridge.receive_webhook(*path_of(hooked), webhook(body)).status
    (request,) = hooked.requests()
    hooked.agent(request["key"], "answer \udc00 of it")
    hooked.run()
    (text,) = passed_on(hooked, request["key"])
    assert (True, 1) == ("of it" in text, hooked.shown("of it"))


# --- when Jira moves things ---------------------------------------------------------------------


@pytest.mark.both_editions
@pytest.mark.fault("F16")
@pytest.mark.invariant("I2")
def test_moved_issue_is_not_read_any_more(world, opened):
    """A request moved out of the desk is no longer carried, not even what is public there."""
    world.desk.control("move", {"issue": opened, "project": "OPS"})
    world.agent(opened, "internal to OPS")
    for _ in range(3):
        world.bridge.engine.upkeep.wake_all()
        world.run()
        world.clock.advance(60)
    assert (0, 0) == (world.shown("internal to OPS"), len(bot_messages(world, "OPS-")))
    assert LinkState.ACTIVE is not next(world.bridge.links.all()).state


@pytest.mark.fault("F16")
def test_issue_moved_to_another_desk_is_held(world, opened):
    """A desk that the project does not name sends nothing to its chats; moved back, it does."""
    other = SimulatedProject("10003", "OTHER", "Other desk", "11", REQUEST_TYPES)
    world.desk.state.projects.append(other)
    world.desk.control("move", {"issue": opened, "project": "OTHER"})
    world.agent(opened, "from another desk")
    world.bridge.engine.upkeep.wake_all()
    world.run()
    assert (0, "moved") == (world.shown("from another desk"), link_of(world, opened).reason)
    world.desk.control("move", {"issue": opened, "project": "HELP"})
    world.run()
    assert (1, "") == (world.shown("from another desk"), link_of(world, opened).reason)


@pytest.mark.both_editions
@pytest.mark.fault("F18")
def test_deleted_issue_suspends_the_link_and_the_next_message_opens_another(world, opened):
    """A request that is gone, asked for twice, stops its link; the customer is not lost."""
    world.desk.control("delete", {"issue": opened})
    world.says("Are you there?")
    for _ in range(4):
        world.run()
        world.clock.advance(60)
    (request,) = world.requests()
    assert ("Are you there?", "no_access") == (
        request["summary"],
        min(world.bridge.links.all(), key=lambda link: int(link.issue_id)).reason,
    )


@pytest.mark.both_editions
@pytest.mark.fault("F18")
@pytest.mark.invariant("I1")
def test_lost_access_comes_back_by_itself(world, opened):
    """While the account may not read the request nothing is sent, afterwards what was missed is."""
    world.desk.control("behaviour", {"access": False})
    world.bridge.engine.upkeep.wake_all()
    for _ in range(4):
        world.run()
        world.clock.advance(60)
    assert LinkState.SUSPENDED is link_of(world, opened).state
    world.desk.control("behaviour", {"access": True})
    world.agent(opened, "back again")
    world.run()
    assert (1, LinkState.ACTIVE) == (world.shown("back again"), link_of(world, opened).state)


@pytest.mark.both_editions
@pytest.mark.fault("F21")
@pytest.mark.invariant("I1", "I6", "I20")
def test_jira_that_is_down_loses_nothing(world, opened):
    """While the site fails nothing is lost on either side, and all of it comes afterwards."""
    world.desk.switch_fault(Fault(kind="status", status=503, times=None))
    world.says("first")
    world.says("second")
    world.run()
    world.desk.clear_faults()
    world.agent(opened, "hello")
    for _ in range(6):
        world.run()
        world.clock.advance(30)
    texts = passed_on(world, opened)
    assert (1, 1, 1) == (
        sum("first" in text for text in texts),
        sum("second" in text for text in texts),
        world.shown("hello"),
    )


@pytest.mark.fault("F46")
@pytest.mark.invariant("I6", "I27")
def test_sender_is_told_when_jira_stays_down(world, opened):
    """At half of the platform's horizon the customer learns that the message did not get there."""
    world.desk.switch_fault(Fault(kind="status", status=503, times=None))
    world.says("lost words")
    world.run(1)
    for _ in range(14):
        world.clock.advance(3600)
        world.run(1)
    assert 1 == world.shown("could not be passed on")
    world.desk.clear_faults()
    world.run()
    assert [] == passed_on(world, opened)


# --- what the administrator does ----------------------------------------------------------------


def test_paused_project_does_nothing_and_resumes(world, opened):
    """A paused project is silent both ways; afterwards all that came meanwhile is carried."""
    world.bridge.admin.set_state("support", ProjectState.PAUSED)
    calls = len(world.calls)
    world.says("while paused")
    world.agent(opened, "answer while paused")
    world.run()
    assert (calls, 0) == (len(world.calls), world.shown("answer while paused"))
    world.bridge.admin.set_state("support", ProjectState.ACTIVE)
    world.run()
    assert (1, 1) == (world.shown("answer while paused"), len(passed_on(world, opened)))


@pytest.mark.fault("F8")
def test_project_resumed_by_another_process_delivers_what_was_missed(world, opened):
    """The process that carries messages finds out by itself what was said during the pause."""
    world.bridge.admin.set_state("support", ProjectState.PAUSED)
    world.run()
    world.agent(opened, "answer while paused")
    world.clock.advance(3600)
    world.run()
    world.open_bridge().admin.set_state("support", ProjectState.ACTIVE)
    world.run()
    assert 1 == world.shown("answer while paused")


@pytest.mark.fault("F78")
@pytest.mark.invariant("I16")
def test_removed_project_does_nothing(world, opened):
    """When a project is removed its records are gone, and neither side reaches the other."""
    assert 5 == list(world.bridge.admin.remove_project("support"))[-1]
    world.says("anybody?")
    world.agent(opened, "anybody?")
    world.run()
    assert (0, []) == (world.shown("anybody?"), list(world.bridge.links.all()))
    assert [] == passed_on(world, opened)


@pytest.mark.fault("F78")
def test_removing_a_project_holds_though_nobody_counts(world, opened):
    """Nothing happens in the project once the call returned, whether or not it is iterated."""
    world.bridge.admin.remove_project("support")
    world.agent(opened, "anybody?")
    world.run()
    assert 0 == world.shown("anybody?")


@pytest.mark.fault("F28")
def test_project_is_removed_though_its_bot_is_revoked(make_world):
    """A dead token does not keep an administrator from removing a project."""
    world = make_world(mode="webhook")
    world.telegram.switch_fault(Fault(kind="status", status=401, times=None))
    list(world.bridge.admin.remove_project("support"))
    assert [] == world.bridge.admin.projects()


@pytest.mark.both_editions
@pytest.mark.fault("F63")
@pytest.mark.invariant("I15")
def test_restored_storage_floods_nobody(world, opened):
    """Comments that a restored storage does not know are taken as known, not sent again."""
    for number in range(5):
        world.agent(opened, f"answer {number}")
    world.run()
    (link,) = world.bridge.links.all()
    vault = world.bridge.engine.vault
    kept = vault.read(Link, link.site, link.issue_id)
    vault.replace(kept, evolve(link, seen=frozenset()))
    assert 1 == world.bridge.links.storage_restored()
    world.run()
    world.agent(opened, "something new")
    world.run()
    assert (5, 1) == (world.shown("answer "), world.shown("something new"))


@pytest.mark.fault("F18")
@pytest.mark.invariant("I15")
def test_restoring_without_access_takes_nothing_as_read(world, opened):
    """An empty list is not believed: without access a link stays held until it can be read."""
    for number in range(5):
        world.agent(opened, f"answer {number}")
    world.desk.control("behaviour", {"access": False})
    world.bridge.links.storage_restored()
    world.desk.control("behaviour", {"access": True})
    world.run()
    assert (0, LinkState.HELD) == (world.shown("answer "), link_of(world, opened).state)
    world.bridge.links.storage_restored()
    world.run()
    assert (0, LinkState.ACTIVE) == (world.shown("answer "), link_of(world, opened).state)


@pytest.mark.fault("F63")
def test_restoring_goes_on_past_a_request_that_is_gone(world, two):
    """One deleted request does not leave the links behind it held for ever."""
    first, second = two
    world.desk.control("delete", {"issue": first})
    assert 2 == world.bridge.links.storage_restored()
    world.agent(second, "hello")
    world.run()
    assert 1 == world.shown("hello")


def test_links_released_by_another_process_are_delivered(world, held):
    """What the command line releases is sent by the process that carries messages."""
    assert 1 == world.open_bridge().links.release("support")
    world.run(6)
    assert 11 == world.shown("answer ")


@pytest.mark.fault("F32")
def test_released_with_skip_takes_the_waiting_answers_as_known(world, held):
    """Skipping sends nothing of what waited, and everything that comes after."""
    assert 1 == world.bridge.links.release(skip=True)
    world.agent(held, "something new")
    world.run()
    assert (0, 1) == (world.shown("answer "), world.shown("something new"))


def test_bot_of_another_project_is_not_taken(world):
    """A bot has one project; a second one is told whose it is and nothing is kept."""
    token = world.telegram.credentials()["bot_token"]
    settings = ProjectSettings(name="other", service_desk="10", request_type="25")
    with pytest.raises(ConfigurationError, match="belongs to project 'support'"):
        world.bridge.admin.set_project(settings, [NewBot("telegram", {"token": token})])
    assert ["support"] == [each.settings.name for each in world.bridge.admin.projects()]


# --- webhooks and hints -------------------------------------------------------------------------


@pytest.fixture
def hooked(make_world):
    """Return a world in which the platform sends webhooks."""
    return make_world(mode="webhook")


def path_of(world) -> tuple[str, str]:
    """Return platform and token of the bot's webhook."""
    url = world.telegram.control("state", {})["webhook"]["url"]
    platform, token = url.rsplit("/", 2)[1:]
    return platform, token


def webhook(body: bytes, secret: str = "s3cret") -> WebhookRequest:
    """Return a webhook of Telegram."""
    return WebhookRequest({"X-Telegram-Bot-Api-Secret-Token": secret}, body)


UPDATE = json.dumps(
    {
        "update_id": 1,
        "message": {
            "message_id": 1,
            "date": 1_800_000_000,
            "chat": {"id": CHAT, "type": "private", "first_name": "Eve"},
            "from": {"id": CHAT, "is_bot": False, "first_name": "Eve"},
            "text": "let me in",
        },
    }
).encode()


def test_webhooks_carry_a_whole_conversation(hooked):
    """With webhooks alone a request is opened, commented on and answered; each is told 200."""
    hooked.says("My printer is on fire")
    assert [200] == hooked.deliver_webhooks()
    hooked.says("Still burning")
    assert [200] == hooked.deliver_webhooks()
    hooked.run()
    (request,) = hooked.requests()
    hooked.agent(request["key"], "Have you tried water?")
    hooked.run()
    assert (1, 1) == (len(passed_on(hooked, request["key"])), hooked.shown("tried water"))


@pytest.mark.fault("F41", "F50")
def test_webhook_that_comes_twice_is_done_once(hooked):
    """A repeat is answered 200 and has no effect."""
    answers = [hooked.bridge.receive_webhook(*path_of(hooked), webhook(UPDATE)) for _ in range(3)]
    assert ([200, 200, 200], 1) == ([each.status for each in answers], len(hooked.requests()))


@pytest.mark.fault("F49")
@pytest.mark.invariant("I21")
@pytest.mark.parametrize(
    ("body", "secret", "status"),
    [
        (UPDATE, "wrong", 403),
        (UPDATE, "", 403),
        (UPDATE, "s3cret\ud800", 403),
        (b"garbage", "s3cret", 400),
        (b"[]", "s3cret", 400),
        (b'{"update_id": NaN}', "s3cret", 400),
        (b"[" * 100_000, "s3cret", 400),
        (b"\xff\xfe", "s3cret", 400),
    ],
)
def test_forged_webhooks_are_refused_without_a_call(hooked, body, secret, status):
    """A wrong secret gets 403, garbage 400, and neither makes a single call."""
    path, calls = path_of(hooked), len(hooked.calls)
    answer = hooked.bridge.receive_webhook(*path, webhook(body, secret))
    done = (len(hooked.calls), len(hooked.bridge.engine.queue))
    assert (status, (calls, 0)) == (answer.status, done)


def test_webhooks_on_unknown_paths_get_404(hooked):
    """Neither another platform nor another token leads anywhere."""
    platform, token = path_of(hooked)
    known = webhook(UPDATE)
    places = [("viber", token), (platform, "0" * len(token)), (platform, ""), (platform, "ž")]
    assert [404] * 4 == [hooked.bridge.receive_webhook(*each, known).status for each in places]


def test_webhook_of_a_paused_project_waits_at_the_platform(hooked):
    """While a project is paused its webhooks are not taken, so the platform keeps them."""
    hooked.bridge.admin.set_state("support", ProjectState.PAUSED)
    hooked.says("My printer is on fire")
    assert 200 not in hooked.deliver_webhooks()
    hooked.bridge.admin.set_state("support", ProjectState.ACTIVE)
    hooked.clock.advance(120)
    assert [200] == hooked.deliver_webhooks()
    assert 1 == len(hooked.requests())


@pytest.mark.fault("F46")
def test_webhook_is_not_acknowledged_while_jira_is_down(hooked):
    """503 with a time to wait goes back until Jira took the message; then it is there once."""
    hooked.desk.switch_fault(Fault(kind="status", status=503, times=2, match="POST"))
    hooked.says("My printer is on fire")
    assert [503] == hooked.deliver_webhooks()
    statuses = []
    for _ in range(6):
        hooked.clock.advance(60)
        statuses += hooked.deliver_webhooks()
    assert (200, 1) == (statuses[-1], len(hooked.requests()))


@pytest.fixture
def hinted(world, opened) -> str:
    """Return the key of a request whose site sends webhooks, while its feed fails."""
    secret = world.desk.credentials()["hint_secret"]
    url = "https://bridge.example/hints/acme"
    world.desk.control("register_hint", {"url": url, "secret": secret})
    world.desk.switch_fault(Fault(kind="status", status=503, match="search", times=None))
    return opened


@pytest.mark.fault("F7")
@pytest.mark.both_editions
def test_comment_arrives_by_hint_without_the_feed(world, hinted):
    """A signed webhook of Jira is enough to bring an answer into the chat."""
    world.agent(hinted, "Have you tried water?")
    assert [200] == world.deliver_webhooks()
    world.run(1)
    assert 1 == world.shown("Have you tried water?")


@pytest.mark.both_editions
@pytest.mark.invariant("I18")
def test_hint_of_an_own_comment_makes_no_call(world, hinted):
    """The news of what this bridge wrote itself wakes nothing."""
    world.says("It is still burning")
    world.run(1)
    world.clock.advance(600)
    world.run(1)
    assert [200] == world.deliver_webhooks()
    before = len(world.bridge.engine.queue)
    assert (0, 0) == (before, world.shown("burning"))


@pytest.mark.both_editions
@pytest.mark.invariant("I2", "I21")
def test_hint_of_a_note_sends_nothing_though_it_claims_to_be_public(world, hinted):
    """What a webhook says of visibility is not believed."""
    world.desk.control("behaviour", {"lie_in_webhooks": True})
    world.agent(hinted, "the customer is odd", public=False)
    assert [200] == world.deliver_webhooks()
    world.run()
    assert 0 == world.shown("odd")


def signed_hint(world, body: dict[str, Any]) -> WebhookRequest:
    """Return a hint with Jira's signature."""
    raw = json.dumps(body).encode()
    secret = world.desk.credentials()["hint_secret"].encode()
    digest = hmac.new(secret, raw, hashlib.sha256).hexdigest()
    return WebhookRequest({"X-Hub-Signature": f"sha256={digest}"}, raw)


def test_hint_that_names_an_issue_by_its_key_wakes_its_link(world, hinted):
    """An Automation rule knows the key only; that is enough."""
    world.agent(hinted, "Have you tried water?")
    hint = signed_hint(world, {"issue": {"key": hinted}})
    assert 200 == world.bridge.receive_hint("acme", hint).status
    world.run(1)
    assert 1 == world.shown("Have you tried water?")


@pytest.mark.fault("F9")
def test_hint_of_a_foreign_issue_is_asked_about_once(world, opened):
    """A key that is no request of ours costs one call, and is not asked about again."""
    hint = signed_hint(world, {"issue": {"key": "OPS-99"}})
    assert 200 == world.bridge.receive_hint("acme", hint).status
    for _ in range(4):
        world.run()
        world.clock.advance(300)
    asked = [request for request, _ in world.calls if "OPS-99" in request.url]
    assert (1, 0) == (len(asked), len(world.bridge.engine.queue))


@pytest.mark.both_editions
@pytest.mark.fault("F49")
@pytest.mark.invariant("I21")
def test_forged_hint_is_refused_without_a_call(world, opened):
    """A hint without Jira's signature is answered 403, for an unknown site 404."""
    body = json.dumps({"issue": {"id": link_of(world, opened).issue_id}}).encode()
    signed = WebhookRequest({"X-Hub-Signature": "sha256=" + "0" * 64}, body)
    calls = len(world.calls)
    answers = [
        world.bridge.receive_hint("acme", WebhookRequest({}, body)).status,
        world.bridge.receive_hint("acme", signed).status,
        world.bridge.receive_hint("other", signed).status,
    ]
    assert ([403, 403, 404], calls) == (answers, len(world.calls))
    assert 0 == len(world.bridge.engine.queue)
