"""The main job on Viber: a customer and an agent talk through the whole bridge."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from chatbridge import ConfigurationError, NoticeKind
from chatbridge.testing.simulator import Fault

OLENA = "xy5/5y6O81+/kbWHpLhBoA=="
NOTICE = "passed on to our support team"


@pytest.fixture
def two(world, opened) -> tuple[str, str]:
    """The keys of two open requests of one chat; the second is the current one."""
    world.says("/new")
    world.says("The window is broken")
    return opened, world.requests()[1]["key"]


def sends(world) -> int:
    """Return how many messages the bot has sent by a call."""
    return sum(call.url.endswith("/send_message") for call in world.calls)


def notes(world, issue: str) -> list[str]:
    """Return the internal notes of an issue."""
    request = world.desk.control("request", {"issue": issue})
    return [comment["text"] for comment in request["comments"] if not comment["public"]]


# --- the main job -------------------------------------------------------------------------------


def test_registration_calls_back_and_is_set(world):
    """Setting the project sets the webhook, which is answered while the call is under way."""
    account = world.does("state")["account"]
    assert account["webhook"].startswith("https://bridge.example/webhooks/viber/")
    assert {"message", "conversation_started", "failed"} <= set(account["event_types"])


def test_first_message_opens_a_request_and_the_chat_learns_its_key(world):
    """The first message opens one request, and the bot answers with its key."""
    world.says("Мій принтер горить")
    (request,) = world.requests()
    assert ("Мій принтер горить", 1) == (request["summary"], world.shown(request["key"]))
    shown = world.desk.control("request", {"issue": request["key"]})
    assert "Олена 😀 (Viber)" in str(shown["description"])


def test_answers_arrive_under_the_agents_name_and_notes_do_not(world, opened):
    """An agent's public comment is shown once, by the agent's name; an internal note never is."""
    world.agent(opened, "Have you tried water?")
    world.agent(opened, "The customer is odd", public=False)
    assert (1, 0) == (world.shown("Have you tried water?"), world.shown("odd"))
    names = [shown["name"] for shown in world.transcript()]
    assert ["Acme", "Alice Agent"] == names


def test_what_comes_twice_is_passed_on_once(world, opened):
    """A callback whose answer got lost comes again, and makes no second comment."""
    world.does("message", text="It still burns")
    (owed,) = world.viber.owed_webhooks()
    lost = world.viber.webhook_answered
    world.viber.webhook_answered = lambda *_: None
    world.bring(owed)
    world.viber.webhook_answered = lost
    world.run()
    assert 1 == world.does("state")["callbacks"]["repeated"]
    assert 1 == sum("still burns" in text for text in world.comments(opened))


def test_messages_wait_at_viber_while_jira_is_down(world):
    """What Jira cannot take is not acknowledged; Viber brings it again until it is there."""
    world.desk.switch_fault(Fault(kind="status", status=503, times=None))
    world.does("message", text="My printer is on fire")
    assert [503] == world.deliver()
    world.desk.clear_faults()
    # What Jira may have taken is looked for only after it has settled.
    world.run(24)
    assert (1, 0) == (len(world.requests()), world.does("pending")["count"])


# --- which request is meant ---------------------------------------------------------------------


def test_a_message_after_an_answer_is_about_the_request_of_that_answer(world, two):
    """What Viber sends back with a message names the request that was shown last."""
    first, second = two
    world.agent(first, "Have you tried water?")
    world.says("It did not help")
    assert any("did not help" in text for text in world.comments(first))
    assert [] == world.comments(second)


def test_new_goes_before_the_request_that_was_shown_last(world, opened):
    """An answer that arrives between /new and the next message does not catch that message."""
    world.says("/new")
    world.agent(opened, "Have you tried water?")
    world.says("The window is broken")
    assert ["The window is broken"] == [each["summary"] for each in world.requests()[1:]]


def test_subscribing_anew_forgets_the_request_and_the_message_goes_to_the_current_one(world, two):
    """Viber forgets the name of the request with a new subscription; the current one is meant."""
    first, second = two
    world.agent(first, "Have you tried water?")
    world.does("subscribe")
    world.says("It did not help")
    assert any("did not help" in text for text in world.comments(second))


def test_a_foreign_handle_is_not_believed(world, two):
    """Tracking data of another making names no request."""
    world.viber.state.users[OLENA].tracking_data = "aaaaaaaaaaaaaaaa"
    world.says("It did not help")
    assert any("did not help" in text for text in world.comments(two[1]))


# --- choices ------------------------------------------------------------------------------------


@pytest.fixture
def held(world, opened) -> str:
    """The key of a request of which eleven answers wait for the customer's word."""
    for number in range(11):
        comment = {"issue": opened, "text": f"answer {number}.", "public": True}
        world.desk.control("comment", comment)
    world.run()
    return opened


def test_a_press_releases_what_was_held(world, held):
    """The button under the question brings the answers; the press itself is no message."""
    assert 0 == world.shown("answer 3.")
    world.does("press", choice="Show them")
    world.run()
    assert 1 == world.shown("answer 3.")
    assert not any("chatbridge:choice" in text for text in world.comments(held))


def test_a_typed_choice_is_not_believed(world, held):
    """Who types what a button might carry is told that it is not valid, and releases nothing."""
    world.says("chatbridge:choice:1.more.aaaaaaaaaaaaaaaa.ffffffff.AAAAAAAAAAAAAAAA")
    assert (1, 0) == (world.shown("no longer valid"), world.shown("answer 3."))


def test_commands_work_as_text(world, opened):
    """A word after a slash steers the bot and reaches no agent."""
    world.says("/status")
    assert 1 == world.shown(f"{opened}: ")
    assert [] == world.comments(opened)


# --- greetings ----------------------------------------------------------------------------------


def test_who_opens_the_chat_is_greeted_in_the_answer(world):
    """The greeting travels in the webhook's answer, once, and by no call of its own."""
    before = sends(world)
    world.does("open", name="Olena")
    world.run()
    (shown,) = world.transcript()
    assert (True, before, []) == (shown["welcome"], sends(world), world.requests())
    assert "Hello!" in shown["text"] and NOTICE in shown["text"]


def test_a_greeting_needs_no_jira(world):
    """Somebody is greeted at once while Jira does not answer at all."""
    world.desk.switch_fault(Fault(kind="lost_before", times=None))
    world.does("open")
    before = world.clock.monotonic()
    assert [200] == world.deliver()
    assert (1, before) == (world.shown("Hello!"), world.clock.monotonic())


def test_a_repeated_greeting_is_the_same(world):
    """A repeat of the callback is answered with the same greeting, its notice included."""
    world.does("open")
    (owed,) = world.viber.owed_webhooks()
    answers = []
    world.viber.webhook_answered = lambda *given: answers.append(given)
    world.bring(owed)
    world.bridge.run_once(5.0)
    world.bring(owed)
    assert NOTICE in answers[0][3].decode()
    assert answers[0] == answers[1]


def test_a_link_to_a_request_switches_to_it(world, two):
    """A deep link with the handle of a request makes it the current one; the answer says so."""
    first = two[0]
    world.agent(first, "Have you tried water?")
    handle = world.transcript()[-1]["tracking_data"]
    before = sends(world)
    world.does("open", context=handle)
    world.run()
    shown = world.transcript()[-1]
    assert (True, before) == (shown["welcome"], sends(world))
    assert "Hello!" not in shown["text"]
    world.viber.state.users[OLENA].tracking_data = ""
    world.says("It did not help")
    assert any("did not help" in text for text in world.comments(first))


@pytest.mark.parametrize("context", ["aaaaaaaaaaaaaaaa", "/status", "x" * 500])
def test_a_link_of_another_making_greets(world, two, context):
    """What is no handle of this chat changes nothing: anybody can write a link."""
    world.does("open", context=context)
    world.run()
    assert "Hello!" in world.transcript()[-1]["text"]
    world.says("It did not help")
    assert any("did not help" in text for text in world.comments(two[1]))


def test_a_viber_bot_cannot_be_polled(world):
    """Whoever asks for polling is told what to do instead, and nothing changes."""
    for change in (
        lambda: world.bridge.admin.remove_webhook("support"),
        lambda: world.set_project_in("poll"),
    ):
        with pytest.raises(ConfigurationError, match=r"bot on viber cannot be polled.*public_url"):
            change()
    assert ["webhook"] == [bot.mode for bot in world.bridge.admin.project("support").bots]
    assert world.does("state")["account"]["webhook"]


def test_the_notice_is_told_once(world):
    """Who was greeted with the notice is told it neither with a request nor once more."""
    world.does("open")
    world.run()
    world.says("My printer is on fire")
    world.does("open")
    world.run()
    assert (2, 1) == (world.shown("Hello!"), world.shown(NOTICE))


# --- what does not arrive -----------------------------------------------------------------------


def test_unsubscribing_tells_the_agents_and_writing_again_mends_it(world, opened):
    """Who lets the bot write no more is noted once; their next message lets answers through."""
    world.does("unsubscribe")
    world.agent(opened, "Are you there?")
    assert (1, 0) == (len(notes(world, opened)), world.shown("Are you there?"))
    world.says("I am back")
    assert 1 == world.shown("Are you there?")


@pytest.mark.parametrize("balance", [None, 0])
def test_used_up_messages_are_told_and_go_through_when_the_customer_writes(world, opened, balance):
    """An answer that nobody pays for waits, agents and host hear of it, a new session brings it."""
    world.clock.advance(25 * 3600)
    world.does("billing", free=0, balance=balance)
    world.agent(opened, "Have you tried water?")
    world.run(4)
    assert 0 == world.shown("Have you tried water?")
    assert ["quota or balance" in note for note in notes(world, opened)] == [True]
    troubles = [notice for notice in world.notices if notice.kind is NoticeKind.BOT_TROUBLE]
    assert 1 == len(troubles) and "used up" in troubles[0].reason
    world.says("Hello?")
    world.clock.advance(900)
    world.run()
    assert 1 == world.shown("Have you tried water?")


def test_charged_answers_are_counted(world, opened):
    """An answer that costs money is counted apart, for who watches the figures."""
    world.clock.advance(25 * 3600)
    world.does("billing", free=0, balance=5)
    world.agent(opened, "Have you tried water?")
    counts = world.bridge.tally().counts
    sent, charged = (counts.get((f"parts_{name}", (("platform", "viber"),)), 0)
                     for name in ("sent", "charged"))  # fmt: skip
    assert (2, 1, 1) == (sent, charged, world.shown("Have you tried water?"))


def test_the_hundredth_message_of_an_hour_waits_for_the_next(world, opened):
    """Beyond 100 messages without a word an answer waits, and arrives in the next hour."""
    user = world.viber.state.users[OLENA]
    while user.may_get_more(world.clock.time()):
        user.count(world.clock.time())
    world.agent(opened, "Have you tried water?")
    assert 0 == world.shown("Have you tried water?")
    world.clock.advance(3600)
    world.run()
    assert 1 == world.shown("Have you tried water?")


def test_a_message_that_the_device_refused_is_told_to_the_agents(world, opened):
    """A report of failure after the message was taken becomes one internal note."""
    world.agent(opened, "Have you tried water?")
    world.does("failed")
    world.does("delivered")
    world.run()
    assert ["was not shown" in note for note in notes(world, opened)] == [True]


def test_what_cannot_be_passed_on_is_told(world):
    """Who sends what the bridge cannot carry is told so."""
    world.does("unsupported", kind="unheard_of")
    world.run()
    assert (1, []) == (world.shown("I cannot pass this on"), world.requests())


# --- a link into a request ----------------------------------------------------------------------


def test_a_link_into_a_request_is_greeted_at_once_and_connects(world, opened):
    """Who opens the chat by it is asked to write, which Viber wants, and has the request then."""
    (link,) = world.bridge.links.invite(opened)
    word = parse_qs(urlsplit(link.url).query)["context"][0]
    assert link.url.startswith("viber://pa?chatURI=")
    world.does("open", "guest", context=word)
    world.run()
    assert ["Hello! Write a message here to go on with your request."] == [
        each["text"] for each in world.transcript("guest")
    ]
    world.says("Here I am", chat="guest")
    world.agent(opened, "Welcome back")
    assert (1, 1) == (world.shown("now connected", "guest"), world.shown("Welcome back", "guest"))
    assert (1, 0) == (world.shown("goes on in another chat"), world.shown("Welcome back"))
    assert any("Here I am" in text for text in world.comments(opened))


@pytest.mark.fault("F59")
def test_a_link_that_is_used_up_is_greeted_so(world, opened):
    """The welcome of who comes too late says it, and gives nothing away (F59)."""
    (link,) = world.bridge.links.invite(opened)
    word = parse_qs(urlsplit(link.url).query)["context"][0]
    for chat in ("guest", "thief"):
        world.does("open", chat, context=word)
        world.run()
    (told,) = [each["text"] for each in world.transcript("thief")]
    assert "This link is not valid any more. Please ask for a new one." == told
