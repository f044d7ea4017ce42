"""What a platform does not take in one form it is given in another; an edit is never forced."""

from __future__ import annotations

import pytest
from attrs import evolve

from chatbridge.capabilities import FileLimit
from chatbridge.content import Attachment, FileKind
from chatbridge.errors import (
    ContentError,
    Refusal,
    RefusedError,
    RetryLaterError,
    UnsupportedFeatureError,
)
from chatbridge.links import Link, Shown
from chatbridge.outgoing import Receipt

FILES = tuple(Attachment(FileKind.PHOTO, name, "image/png", 10, name) for name in ("a", "b"))
TAKES = {FileKind.PHOTO: FileLimit(1000, max_caption=100), FileKind.DOCUMENT: FileLimit(1000)}
SHOWN = Shown(100, "mark", ("5",), 0)


@pytest.fixture
def kept(stage):
    """Return a link."""
    return stage.link()


@pytest.fixture
def sent(stage, monkeypatch):
    """Let the platform take albums; return the texts and files that were sent, taken or not."""
    adapter, tried = type(stage.job().bot.adapter), []
    send = adapter.send

    def noted(self, message):
        tried.append((message.text.plain(), "".join(file.name for file in message.attachments)))
        return (yield from send(self, message))

    takes = evolve(adapter.capabilities, files="upload", file_limits=TAKES, albums=10)
    monkeypatch.setattr(adapter, "capabilities", takes)
    monkeypatch.setattr(adapter, "send", noted)
    return tried


@pytest.fixture
def edits(stage):
    """Return how the next edits end, what was changed, and jobs of a platform that can."""
    bot, changed, outcome = stage.job().bot, [], [None]

    class Editing(type(bot.adapter)):
        """The same platform, on which messages can be changed."""

        def edit(self, message_id, message):
            """See `EditsMessages.edit`."""
            yield from ()
            if outcome[0] is not None:
                raise outcome[0]
            changed.append((message_id, message.text.plain()))
            return Receipt((message_id,))

    editing = evolve(bot, adapter=Editing(bot.adapter.settings))
    return outcome, changed, lambda text: evolve(stage.job(text), bot=editing)


def deliver(stage, kept, files=(), text="look", **more):
    """Deliver a text with files to the link as it is kept now."""
    job = stage.job(text, **more)
    job = evolve(job, draft=evolve(job.draft, files=files))
    return stage.delivery.deliver(stage.vault.read_key(Link, kept.key), job)


@pytest.mark.fault("F26")
def test_an_album_that_is_refused_is_sent_one_by_one(stage, kept, sent, refused):
    """Its text, then each file; the one that is refused again as a file comes by its name."""
    bad = refused("bad_file")
    stage.transport.then("send", bad, None, None, bad, bad)
    done = deliver(stage, kept, FILES)
    wanted = [("look", "ab"), ("look", ""), ("", "a"), ("", "b"), ("", "b"), ("b", "")]
    assert wanted == sent
    assert (frozenset({100}), True) == (done.record.seen, "file_not_shown" in done.record.note)


@pytest.mark.fault("F4", "F26")
@pytest.mark.invariant("I3")
def test_what_was_sent_by_itself_does_not_come_twice(stage, kept, sent, refused):
    """A failure between the files of a refused album goes on with the next file."""
    stage.transport.then("send", refused("bad_file"), None, None, RetryLaterError("down"))
    with pytest.raises(RetryLaterError):
        deliver(stage, kept, FILES)
    before = len(sent)
    stage.transport.then("send", refused("bad_file"))
    deliver(stage, kept, FILES)
    assert [("look", "ab"), ("", "b")] == sent[before:]


@pytest.mark.fault("F26")
def test_a_caption_that_is_too_long_stands_before_its_file(stage, kept, sent, refused):
    """Only the platform knows its limit; nothing of the text is lost for it."""
    stage.transport.then("send", refused("too_long"))
    deliver(stage, kept, FILES[:1])
    assert [("look", "a"), ("look", ""), ("", "a")] == sent


@pytest.mark.fault("F26")
@pytest.mark.invariant("I27")
def test_a_part_that_the_platform_cannot_even_weaken_is_told(stage, kept, sent, monkeypatch):
    """A feature that is missing altogether ends in the stand-in, and agents are told."""
    adapter, tried = type(stage.job().bot.adapter), []

    def lacking(self, message):
        yield from ()
        tried.append(message.plain)
        raise UnsupportedFeatureError("no such thing")

    monkeypatch.setattr(adapter, "send", lacking)
    done = deliver(stage, kept)
    assert ([False, True, True], frozenset({100})) == (tried, done.record.seen)
    assert "not_shown" in done.record.note


@pytest.mark.fault("F25")
def test_a_chat_that_is_lost_while_weaker_forms_are_tried_is_told(stage, kept, sent, refused):
    """A block is no matter of form: the caller hears of it and nothing counts as sent."""
    stage.transport.then("send", refused("bad_markup"), refused("blocked"))
    with pytest.raises(RefusedError) as caught:
        deliver(stage, kept)
    assert (Refusal.BLOCKED, frozenset()) == (caught.value.reason, stage.now(kept).seen)


@pytest.mark.fault("F33")
def test_a_file_that_can_be_read_later_waits(stage, kept, sent):
    """Nothing is counted against it, and it is told how long."""
    stage.transport.then("send", ContentError("no source"))
    with pytest.raises(RetryLaterError) as caught:
        deliver(stage, kept, FILES[:1], lost={"a": 7.0})
    assert (7.0, 0) == (caught.value.retry_after, stage.now(kept).inflight.attempts)


@pytest.mark.fault("F14")
def test_an_edit_that_the_chat_cannot_take_is_left_to_a_new_message(stage, kept, edits):
    """A message that is gone, or a form that is refused: the record says nothing of an edit."""
    outcome, changed, job = edits
    for error in (
        RefusedError(Refusal.NOT_FOUND), RefusedError(Refusal.BAD_MARKUP),
        UnsupportedFeatureError("not that"),
    ):  # fmt: skip
        outcome[0] = error
        fresh = stage.vault.read_key(Link, kept.key)
        after, done = stage.delivery.edit(fresh, job("new"), SHOWN)
        assert (False, frozenset(), []) == (done, after.record.seen, changed)


@pytest.mark.fault("F14", "F25")
def test_an_edit_in_a_chat_that_cannot_be_reached_is_told(stage, kept, edits):
    """No other message is tried where the chat itself is lost."""
    outcome, _, job = edits
    outcome[0] = RefusedError(Refusal.BLOCKED)
    with pytest.raises(RefusedError):
        stage.delivery.edit(kept, job("new"), SHOWN)


@pytest.mark.fault("F14")
def test_an_edit_is_done_in_place_where_it_can_be(stage, kept, edits):
    """One message changes; what became longer than one message, or has no such way, does not."""
    _, changed, job = edits
    longer = " ".join(["word"] * 60)
    assert False is stage.delivery.edit(kept, job(longer), SHOWN)[1]
    after, done = stage.delivery.edit(kept, job("new"), SHOWN)
    assert (True, [("5", "new")], None) == (done, changed, after.record.inflight)


def test_without_a_way_to_edit_nothing_is_claimed(stage, kept):
    """A platform that changes no messages is not asked, and the record stays as it was."""
    after, done = stage.delivery.edit(kept, stage.job("new"), SHOWN)
    assert (False, kept.record) == (done, after.record)
    assert kept.record == stage.now(kept)
