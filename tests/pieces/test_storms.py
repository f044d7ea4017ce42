"""A record that somebody else changes all the time: a few tries, then later, and no effect."""

from __future__ import annotations

import pytest

from chatbridge.erasure import Eraser
from chatbridge.errors import ConflictError, RetryLaterError, StorageUnavailableError
from chatbridge.records import Conversation
from chatbridge.storage import ANY
from chatbridge.subjects import ChatSubject, RequestSubject

BOT = ("acme", "7")


@pytest.fixture
def storm(stage, monkeypatch):
    """Let somebody else write each conversation right before we do; return how often that was."""
    stage.link()
    put, count = stage.storage.put, []

    def overtaken(key, value, *, expect=ANY, ttl=None):
        if key.startswith("conversation:") and isinstance(expect, str):
            count.append(key)
            put(key, stage.storage.get(key).value)
        return put(key, value, expect=expect, ttl=ttl)

    monkeypatch.setattr(stage.storage, "put", overtaken)
    return count


@pytest.mark.fault("F61")
@pytest.mark.invariant("I9")
def test_no_message_is_written_without_its_intent(stage, storm):
    """The event comes again later; in Jira there is nothing of it yet."""
    with pytest.raises(RetryLaterError):
        stage.inbound.receive(BOT, stage.event())
    assert (True, True) == (1 < len(storm) < 50, "add_comment" not in stage.desk.calls)


@pytest.mark.fault("F61", "F79")
def test_an_erasure_that_cannot_win_says_so(stage, storm):
    """It is not reported as done: whoever asked calls again."""
    with pytest.raises(StorageUnavailableError, match="changes all the time"):
        list(Eraser(stage.vault).erase(RequestSubject("site", "1")))
    assert ("1",) == stage.talk().issues


@pytest.mark.fault("F66", "F79")
def test_a_damaged_conversation_is_erased_all_the_same(stage):
    """What nobody can read any more is still somebody's record."""
    stage.link()
    key = stage.vault.key(Conversation, *BOT, "c1")
    stage.storage.put(key, b"damaged" * 20)
    traces = [trace.kind for trace in Eraser(stage.vault).erase(ChatSubject(*BOT, "c1"))]
    assert ("conversation" in traces, None) == (True, stage.storage.get(key))


@pytest.mark.fault("F61")
def test_a_conflict_is_no_answer_of_the_storage(stage, storm):
    """The vault tells who lost, so that nobody takes a lost write for done."""
    kept = stage.vault.read(Conversation, *BOT, "c1")
    with pytest.raises(ConflictError):
        stage.vault.replace(kept, kept.record)
