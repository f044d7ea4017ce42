"""An erasure holds wherever it comes in between: nobody who is at work brings a record back."""

from __future__ import annotations

import pytest
from attrs import evolve

from chatbridge.conversations import conversation_of
from chatbridge.errors import RetryLaterError
from chatbridge.links import Link
from chatbridge.records import ProjectState
from chatbridge.subjects import ChatSubject, RequestSubject

CHAT = 1001


def _subject(world):
    bot = world.telegram.credentials()["bot_token"].partition(":")[0]
    return ChatSubject("telegram", bot, str(CHAT))


def _erase_at(world, at, subject=None):
    """Let another process erase the chat right before this operation of the storage."""
    known = []

    def act():
        known.extend(world.desk.state.issues)
        proof = world.other.privacy.erase(subject or _subject(world))
        assert proof.left == 0

    world.storage.count, world.storage.at, world.storage.act = 0, at, act
    return known


def _kept(world, looks):
    found = looks.everything(world.storage.inner, world.root)
    return {
        key: looks.leaves(value)
        for key, value in found.items()
        if not key.startswith(("project", "claim"))
    }


def _every_place(make, prepare, act):
    """Yield a world for each operation of the storage that `act` makes, about to be cut into."""
    world = make()
    prepare(world)
    world.storage.count = 0
    act(world)
    for at in range(1, world.storage.count + 1):
        world = make()
        prepare(world)
        yield at, world


@pytest.mark.fault("F79")
@pytest.mark.invariant("I17")
def test_a_first_message_under_way_brings_nothing_back(interrupted, looks):
    """What was opened in Jira before the erasure stands in no record afterwards."""

    def write(world):
        world.says("help")
        world.run(2)

    seen = set()
    for at, world in _every_place(interrupted, lambda world: None, write):
        known = _erase_at(world, at)
        write(world)
        kept = _kept(world, looks)
        old = [key for key, values in kept.items() if values & set(known)]
        assert [] == old, f"operation {at}"
        assert 1 <= len(world.requests()) <= 2
        seen.add((bool(known), bool(kept)))
    # Before the request was opened the message begins anew; afterwards nothing is left.
    assert {(False, True), (True, False)} == seen


@pytest.mark.fault("F79")
@pytest.mark.invariant("I17")
@pytest.mark.parametrize("public", [True, False])
def test_an_answer_under_way_brings_nothing_back(interrupted, looks, public):
    """A link on which somebody works is gone for good, whatever is written late."""

    def prepare(world):
        world.says("help")
        world.run(2)

    def act(world):
        world.agent(world.requests()[0]["key"], "an answer", public=public)
        world.run(2)

    for at, world in _every_place(interrupted, prepare, act):
        _erase_at(world, at)
        act(world)
        assert {} == _kept(world, looks), f"operation {at}"
        world.agent(world.requests()[0]["key"], "another answer")
        world.run(2)
        assert 0 == world.shown("another answer")


@pytest.mark.fault("F79")
def test_a_further_message_under_way_brings_nothing_old_back(interrupted, looks):
    """A comment on its way is in Jira, or opens a request of its own; the old one is forgotten."""

    def prepare(world):
        world.says("help")
        world.run(2)

    def act(world):
        world.says("more of it")
        world.run(2)

    for at, world in _every_place(interrupted, prepare, act):
        known = _erase_at(world, at)
        act(world)
        wrong = [key for key, values in _kept(world, looks).items() if values & set(known)]
        assert [] == wrong, f"operation {at}"
        shown = str(world.requests())
        assert "more of it" in shown


@pytest.mark.fault("F79")
def test_a_request_erased_meanwhile_is_in_no_record(interrupted, looks):
    """The same for one request: its chat stays, and knows nothing of it."""

    def prepare(world):
        world.says("help")
        world.run(2)

    def act(world):
        world.agent(world.requests()[0]["key"], "an answer")
        world.says("thanks")
        world.run(2)

    for at, world in _every_place(interrupted, prepare, act):
        (issue,) = world.desk.state.issues
        _erase_at(world, at, world.other.privacy.request(issue))
        act(world)
        wrong = [key for key, values in _kept(world, looks).items() if issue in values]
        assert [] == wrong, f"operation {at}"


@pytest.mark.fault("F79")
def test_a_request_erased_while_it_is_opened_is_in_no_record(interrupted, looks):
    """Its conversation may not know it yet; the message that opens it is not waited for."""

    def act(world):
        world.says("help")
        world.run(2)

    erased = 0
    for at, world in _every_place(interrupted, lambda world: None, act):
        gone = []

        def erase(world=world, gone=gone):
            for link in world.other.links.all():
                gone.append(link.issue_id)
                world.other.privacy.erase(world.other.privacy.request(link.issue_id))

        world.storage.count, world.storage.at, world.storage.act = 0, at, erase
        act(world)
        wrong = [key for key, values in _kept(world, looks).items() if values & set(gone)]
        assert [] == wrong, f"operation {at}"
        assert 1 == len(world.requests())
        erased += bool(gone)
    assert erased > 3


@pytest.mark.fault("F78", "F79")
@pytest.mark.invariant("I16", "I17")
def test_a_project_erased_meanwhile_leaves_nothing(interrupted, looks):
    """Not even claims are left, whatever its processes were doing."""

    def act(world):
        world.says("help")
        world.run(1)
        for request in world.requests():
            world.agent(request["key"], "an answer")
        world.run(1)

    for at, world in _every_place(interrupted, lambda world: None, act):
        _erase_at(world, at, world.other.privacy.project("support"))
        act(world)
        world.clock.advance(8 * 86400)
        world.bridge.engine.upkeep.full_pass()
        found = looks.everything(world.storage.inner, world.root)
        assert [["pass"]] == [value[0] for value in found.values()], f"operation {at}"


@pytest.mark.fault("F79")
def test_a_chat_that_moves_meanwhile_is_not_carried_over(interrupted, looks):
    """Nothing of an erased chat goes on under the new number that its platform gives it."""
    new = -100_200

    def prepare(world):
        world.says("help")
        world.run(2)

    def act(world):
        world.bridge.engine.inbound._news._moves.move_chat(
            "telegram", _subject(world).bot_id, str(CHAT), str(new)
        )

    for at, world in _every_place(interrupted, prepare, act):
        (issue,) = world.desk.state.issues
        _erase_at(world, at)
        act(world)
        kept = _kept(world, looks)
        gone = {str(CHAT), issue}
        assert [] == [key for key, values in kept.items() if values & gone], f"at {at}"


def test_a_process_that_dies_after_a_late_link_leaves_no_link(interrupted, looks, monkeypatch):
    """A link that was made from an erased chat is taken back even if its maker died."""
    world = interrupted()
    completion = world.bridge.engine.inbound._completion
    erased = []

    def die(*_):
        erased.append(world.other.privacy.erase(_subject(world)))
        # The link was made right before; put it back as the dead process left it.
        raise KeyboardInterrupt

    monkeypatch.setattr(completion, "_was_erased", die)
    world.says("help")
    with pytest.raises(KeyboardInterrupt):
        world.run(1)
    assert 2 == sum(erased[0].removed.values())
    assert {} == _kept(world, looks)


def test_a_link_without_its_chat_is_taken_back(world):
    """Whoever looks at a link that the chat was never told of looks for the chat first."""
    vault = world.bridge.engine.vault
    bot = _subject(world).bot_id
    kept = vault.create(Link("acme", "10001", "telegram", bot, "4711", project="support"))
    world.bridge.engine.queue.add(kept.key)
    world.run(1)
    assert None is vault.read_key(Link, kept.key)
    assert [] == [request.url for request, _ in world.calls if "sendMessage" in request.url]


def test_news_of_an_unknown_chat_keeps_nothing(world, looks):
    """Somebody who blocks the bot after an erasure is not written down."""
    world.telegram.control("message", {"chat": CHAT, "text": "hello"})
    world.run(2)
    world.bridge.privacy.erase(_subject(world))
    world.telegram.control("block", {"chat": CHAT})
    world.run(2)
    found = looks.everything(world.storage, world.root)
    assert [] == [key for key in found if key.startswith(("link", "conversation"))]


def test_what_the_customer_writes_afterwards_begins_anew(world):
    """The erased customer is greeted and served like a stranger."""
    world.says("help")
    world.run(2)
    first = world.requests()[0]["key"]
    proof = world.bridge.privacy.erase(_subject(world))
    assert proof.holds
    world.says("hello again")
    world.run(2)
    assert ["help", "hello again"] == [each["summary"] for each in world.requests()]
    world.agent(first, "for the erased one")
    world.run(2)
    assert 0 == world.shown("for the erased one")


def test_a_removed_project_makes_no_conversation(world, looks):
    """A message that comes while its project goes is not written down."""
    engine = world.bridge.engine
    world.bridge.admin.set_state("support", ProjectState.PAUSED)
    bot = _subject(world).bot_id
    with pytest.raises(RetryLaterError):
        conversation_of(engine.vault, engine.roster, ("telegram", bot, "1"))
    found = looks.everything(world.storage, world.root)
    assert [] == [key for key in found if key.startswith("conversation")]


@pytest.mark.fault("F59", "F79")
@pytest.mark.invariant("I17")
@pytest.mark.parametrize("who", ["old chat", "new chat", "request"])
def test_a_chat_that_joins_meanwhile_brings_nothing_back(interrupted, looks, who):
    """Whatever is erased while a chat joins a request by a link stays erased."""
    words = []

    def prepare(world):
        world.says("help")
        world.run(2)
        (link,) = world.bridge.links.invite("HELP-1")
        words[:] = [link.url.rpartition("=")[2]]

    def act(world):
        world.says(f"/start {words[0]}", chat=1002)
        world.run(2)

    chats = {"old chat": str(CHAT), "new chat": "1002"}
    for at, world in _every_place(interrupted, prepare, act):
        (request,) = world.requests()
        subject = _subject(world)
        if who == "request":
            subject = RequestSubject("acme", request["id"])
        else:
            subject = evolve(subject, chat=chats[who])
        _erase_at(world, at, subject)
        act(world)
        gone = request["id"] if who == "request" else chats[who]
        kept = _kept(world, looks)
        if who == "new chat":
            # What it was told of before is gone; the tap on the link may have begun anew.
            links = [values for key, values in kept.items() if key.startswith("link")]
            talks = [values for key, values in kept.items() if key.startswith("conversation")]
            has_link = any(gone in values for values in links)
            assert not has_link or any(gone in values for values in talks), f"operation {at}"
        else:
            assert not any(gone in values for values in kept.values()), f"operation {at}"
