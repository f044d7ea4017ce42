"""Faults on the way from the desk to the chat that no other test names."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import pytest

from chatbridge.http_types import WebhookRequest
from chatbridge.links import Link
from chatbridge.vault import Vault


def _hint_everything(world: Any) -> None:
    """Let the site send webhooks, and its feed fail, so that only they bring news."""
    secret = world.desk.credentials()["hint_secret"]
    url = "https://bridge.example/hints/acme"
    world.desk.control("register_hint", {"url": url, "secret": secret})


def _owed(world: Any) -> list[WebhookRequest]:
    return [WebhookRequest(owed.headers, owed.body) for owed in world.desk.owed_webhooks()]


@pytest.mark.fault("F7")
@pytest.mark.invariant("I3", "I4", "I21")
@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_hints_in_any_order_and_number_change_nothing(make_world: Any, order: Any) -> None:
    """However often and in which order hints come, the chat shows each answer once, in order."""
    world = make_world()
    world.says("My printer is on fire")
    world.run()
    _hint_everything(world)
    key = world.requests()[0]["key"]
    for word in ("first", "second", "third"):
        world.agent(key, f"{word} answer")
        world.clock.advance(1)
    hints = _owed(world)
    assert 3 == len(hints)
    for at in (*order, order[0], order[0]):
        assert 200 == world.bridge.receive_hint("acme", hints[at]).status
        world.bridge.run_once(30.0)
    world.clock.advance(86_400)
    for hint in hints:
        assert 200 == world.bridge.receive_hint("acme", hint).status
    world.run()
    shown = [text for text in world.transcript() if "answer" in text]
    assert [1, 1, 1] == ["first" in shown[0], "second" in shown[1], "third" in shown[2]]
    assert 3 == len(shown)


@pytest.mark.fault("F9")
@pytest.mark.invariant("I18", "I21")
def test_hint_of_an_issue_that_is_not_ours_makes_no_call(world: Any, opened: str) -> None:
    """News of another issue is answered 200 and costs nothing."""
    _hint_everything(world)
    world.agent(opened, "so that a genuine hint is there")
    (hint,) = _owed(world)
    world.run()
    body = json.loads(hint.body)
    body["issue"].update(id="999999", key="OTHER-1")
    body["comment"]["self"] = "https://acme.atlassian.net/rest/api/2/issue/999999/comment/1"
    foreign = _signed(world, body)
    before = len(world.calls)
    assert 200 == world.bridge.receive_hint("acme", foreign).status
    assert (before, 0) == (len(world.calls), len(world.bridge.engine.queue))


def _signed(world: Any, body: Any) -> WebhookRequest:
    import hashlib
    import hmac

    raw = json.dumps(body).encode()
    secret = world.desk.credentials()["hint_secret"].encode()
    digest = hmac.new(secret, raw, hashlib.sha256).hexdigest()
    return WebhookRequest({"X-Hub-Signature": f"sha256={digest}"}, raw)


@pytest.mark.fault("F13")
@pytest.mark.parametrize("action", ["flip", "delete_comment"])
def test_what_was_shown_stays_when_it_is_withdrawn(world: Any, opened: str, action: str) -> None:
    """A comment that is made internal or deleted after it was sent is not told of again."""
    said = world.agent(opened, "the password is swordfish")
    world.run()
    before = world.transcript()
    world.desk.control(action, {"issue": opened, "comment": said["id"]})
    world.run()
    assert before == world.transcript()
    world.agent(opened, "and what comes after arrives")
    world.run()
    assert 1 == world.shown("and what comes after arrives")


@pytest.mark.fault("F14")
def test_an_edit_after_the_sending_changes_the_message(world: Any, opened: str) -> None:
    """An answer that is changed later does not come twice: the message that shows it changes."""
    said = world.agent(opened, "Have you tried water?")
    world.run()
    before = world.transcript()
    changed = {"issue": opened, "comment": said["id"], "text": "Have you tried sand?"}
    world.desk.control("edit_comment", changed)
    world.run()
    assert [text.replace("water", "sand") for text in before] == world.transcript()


@pytest.mark.fault("F17")
def test_a_new_key_breaks_nothing(world: Any, opened: str) -> None:
    """Where a request gets another key in the same desk, both ways go on, under the new key."""
    issue = next(each for each in world.desk.state.issues.values() if each.key == opened)
    issue.key = "HELP-4711"
    world.says("It is still burning")
    world.run()
    world.agent("HELP-4711", "Have you tried water?")
    world.run()
    (request,) = world.requests()
    assert 1 == sum("still burning" in each["text"] for each in request["comments"])
    (shown,) = [text for text in world.transcript() if "tried water" in text]
    assert "HELP-4711" in shown


@pytest.mark.fault("F67")
@pytest.mark.invariant("I2", "I15")
def test_one_record_that_is_set_back_repeats_ten_answers_at_most(world: Any, opened: str) -> None:
    """Whoever writes an old record into the storage makes answers come twice, ten at most."""
    vault: Vault = world.bridge.engine.vault
    (kept,) = vault.scan(Link)
    old = world.storage.get(kept.key).value
    for number in range(12):
        world.agent(opened, f"answer {number}.")
        world.run(1)
    world.agent(opened, "between us", public=False)
    world.storage.put(kept.key, old)
    world.clock.advance(700_000)
    world.run()
    again = sum(world.shown(f"answer {number}.") - 1 for number in range(12))
    assert (True, 0) == (0 <= again <= 10, world.shown("between us"))
    assert 1 == sum("Shall I show them all" in text for text in world.transcript())
