"""After a long silence a chat may have another owner: it is asked before an answer is shown."""

from __future__ import annotations

import pytest

from chatbridge.errors import RetryLaterError, UnknownOutcomeError
from chatbridge.links import LinkState

CHAT = 1001
DAY = 86_400.0
QUESTION = "If you are still the one who asked"


@pytest.fixture
def quiet(world, opened):
    """Return the key of a request in which nobody said anything for 91 days; 90 are allowed."""
    world.set_project(ask_after_days=90)
    world.agent(opened, "welcome")
    world.run()
    world.clock.advance(91 * DAY)
    return opened


def look(world):
    """Return how often the chat was asked, how often it saw the secret, and the link's reason."""
    (link,) = world.bridge.links.all()
    return world.shown(QUESTION), world.shown("swordfish"), link.reason


def notes(world):
    """Return the internal notes that the bridge wrote about a silence."""
    (request,) = world.requests()
    texts = [each["text"] for each in request["comments"] if not each["public"]]
    return [text for text in texts if "another owner" in text]


@pytest.mark.both_editions
@pytest.mark.fault("F60")
@pytest.mark.invariant("I1")
def test_an_answer_after_long_silence_waits_for_a_word(world, quiet):
    """The chat is asked without the answer's text; its button shows it, and later ones at once."""
    world.agent(quiet, "the password is swordfish")
    world.run()
    assert (1, 0, "silent") == look(world)
    world.telegram.control("press", {"chat": CHAT, "choice": "Show them"})
    world.run()
    assert (1, 1, "") == look(world)
    world.clock.advance(10 * DAY)
    world.agent(quiet, "and the user is swordfish too")
    world.run()
    assert (1, 2, "") == look(world)


@pytest.mark.fault("F60")
@pytest.mark.invariant("I27")
def test_who_never_says_so_is_shown_nothing_and_asked_once(world, quiet):
    """Nothing more comes however long it lasts; agents read why in one note."""
    for _ in range(3):
        world.agent(quiet, "the password is swordfish")
        world.run()
        world.clock.advance(40 * DAY)
        world.run()
    assert (1, 0, "silent", 1) == (*look(world), len(notes(world)))


@pytest.mark.fault("F60")
def test_many_answers_after_a_silence_are_asked_about_once(world, quiet):
    """One word releases them all: nobody is asked a second time since they are many."""
    for number in range(12):
        world.agent(quiet, f"swordfish {number}.")
    world.run()
    assert (1, 0, "silent") == look(world)
    world.says("/more")
    world.run(6)
    assert (1, 12, "") == look(world)


@pytest.mark.fault("F60")
@pytest.mark.parametrize("skip", [False, True])
def test_an_administrator_may_let_them_go_on(world, quiet, skip):
    """Who has asked the customer another way releases the link, or leaves unsent what waits."""
    world.agent(quiet, "the password is swordfish")
    world.run()
    assert 1 == world.bridge.links.release(skip=skip)
    world.run()
    assert (1, int(not skip), "") == look(world)


@pytest.mark.fault("F60")
def test_a_word_of_either_side_ends_the_silence(world, quiet):
    """A customer who writes is there; what was said last counts, whoever said it."""
    world.says("Is anybody there?")
    world.run()
    world.clock.advance(89 * DAY)
    world.agent(quiet, "swordfish one")
    world.run()
    world.clock.advance(89 * DAY)
    world.agent(quiet, "swordfish two")
    world.run()
    assert (0, 2, "") == look(world)


@pytest.mark.fault("F60")
def test_a_request_in_which_nobody_ever_said_a_word_counts_from_its_opening(world, opened):
    """The first answer after the days is asked about as well, one before them is not."""
    world.set_project(ask_after_days=2)
    world.clock.advance(1.5 * DAY)
    world.agent(opened, "swordfish early")
    world.run()
    assert (0, 1, "") == look(world)
    world.says("/new")
    world.says("The window is broken")
    world.run()
    world.clock.advance(2.5 * DAY)
    world.agent(world.requests()[1]["key"], "swordfish late")
    world.run()
    assert (1, 1) == (world.shown(QUESTION), world.shown("swordfish"))


@pytest.mark.fault("F60", "F14")
def test_an_edit_after_a_silence_waits_as_well(world, quiet):
    """What an agent writes into an old comment is as new as a comment."""
    (request,) = world.requests()
    comment = next(each for each in request["comments"] if each["text"] == "welcome")
    changed = {"issue": quiet, "comment": comment["id"], "text": "swordfish"}
    world.desk.control("edit_comment", changed)
    world.run()
    assert (1, 0, "silent") == look(world)
    world.says("more")
    world.run()
    assert (1, 1, "") == look(world)


@pytest.mark.fault("F60", "F72")
def test_a_clock_that_is_set_back_hides_no_silence(world, quiet):
    """The times that Jira gave show it by themselves."""
    world.agent(quiet, "the password is swordfish")
    world.clock.jump_wall(-3650 * DAY)
    world.run()
    assert (1, 0, "silent") == look(world)


def test_no_chat_is_asked_unless_the_project_wants_it(world, opened):
    """It is an option: without it, an answer after a year is shown at once."""
    world.clock.advance(400 * DAY)
    world.agent(opened, "the password is swordfish")
    world.run()
    assert (0, 1, "") == look(world)


@pytest.mark.fault("F60")
@pytest.mark.parametrize("reached", [False, True])
@pytest.mark.parametrize("nth", range(10))
def test_a_question_that_breaks_anywhere_still_stands_before_the_answer(world, quiet, nth, reached):
    """Whatever call's outcome is lost, the answer is not shown before the word, and then once."""
    world.agent(quiet, "the password is swordfish")
    send, count = world.transport.send, iter(range(1_000))

    def failing(request, party):
        cut = next(count) == nth
        answer = None if cut and not reached else send(request, party)
        if cut:
            shows = request.url.endswith("/sendMessage")
            raise UnknownOutcomeError("cut") if shows and reached else RetryLaterError("cut")
        return answer

    world.transport.send = failing
    world.bridge.run_once(30.0)
    world.transport.send = send
    world.clock.advance(120)
    world.run(4)
    assert (True, 0, "silent") == (1 <= look(world)[0] <= 2, *look(world)[1:])
    world.says("/more")
    world.run(6)
    assert (1, LinkState.ACTIVE) == (look(world)[1], next(iter(world.bridge.links.all())).state)
