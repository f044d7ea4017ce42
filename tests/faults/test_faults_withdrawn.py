"""A comment that the chat shows and that is then made internal or deleted (F13)."""

from __future__ import annotations

from typing import Any

import pytest

from chatbridge.observation import Observer
from chatbridge.withdrawals import Withdrawals


def _told(world: Any) -> int:
    """Return how often the host was told that an answer was withdrawn."""
    return sum(each.kind == "answer_withdrawn" for each in world.notices)


def _is_made(world: Any, issue: str, comment: str, *, public: bool) -> None:
    """Let an agent make a comment internal or public, and the bridge look."""
    world.desk.control("flip", {"issue": issue, "comment": comment, "public": public})
    world.run()


@pytest.fixture
def said(world: Any, opened: str) -> str:
    """Return the id of a comment that the chat shows."""
    comment = world.agent(opened, "the password is swordfish")["id"]
    world.run()
    assert (1, 0) == (world.shown("swordfish"), _told(world))
    return str(comment)


@pytest.mark.both_editions
@pytest.mark.fault("F13")
@pytest.mark.parametrize("action", ["flip", "delete_comment"])
def test_a_withdrawn_answer_stays_and_the_host_is_told_once(
    world: Any, opened: str, said: str, action: str
) -> None:
    """However often it is looked at, the chat stays as it was and the operator hears of it once."""
    before = world.transcript()
    world.desk.control(action, {"issue": opened, "comment": said})
    world.run()
    for number in range(3):
        world.agent(opened, f"between us {number}", public=False)
        world.clock.advance(86_400)
        world.run()
    assert (before, 1) == (world.transcript(), _told(world))


@pytest.mark.fault("F13")
def test_the_notice_names_neither_chat_nor_request(world: Any, opened: str, said: str) -> None:
    """It says on which platform, and nothing by which a person is found."""
    _is_made(world, opened, said, public=False)
    (notice,) = [each for each in world.notices if each.kind == "answer_withdrawn"]
    assert "a chat on telegram" == notice.subject
    assert not [word for word in (opened, said, "1001", "swordfish") if word in notice.reason]


@pytest.mark.fault("F13", "F11")
@pytest.mark.invariant("I3")
def test_what_is_public_again_does_not_come_twice(world: Any, opened: str, said: str) -> None:
    """Withdrawn for a while only: nothing is shown again, and another time is told anew."""
    before = world.transcript()
    _is_made(world, opened, said, public=False)
    _is_made(world, opened, said, public=True)
    assert (before, 1) == (world.transcript(), _told(world))
    _is_made(world, opened, said, public=False)
    assert (before, 2) == (world.transcript(), _told(world))


@pytest.mark.fault("F13", "F14")
@pytest.mark.invariant("I2")
def test_what_is_mended_behind_the_scenes_is_shown_once_it_is_public(
    world: Any, opened: str, said: str
) -> None:
    """Words that a withdrawn comment gets are not shown before it is public again, and then are."""
    _is_made(world, opened, said, public=False)
    world.desk.control("edit_comment", {"issue": opened, "comment": said, "text": "ask Ann"})
    world.run()
    assert (1, 0) == (world.shown("swordfish"), world.shown("ask Ann"))
    _is_made(world, opened, said, public=True)
    assert (0, 1) == (world.shown("swordfish"), world.shown("ask Ann"))


@pytest.mark.fault("F13", "F82")
def test_what_was_told_longest_ago_is_forgotten(
    world: Any, opened: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only so many links are remembered; one that is forgotten is told of once more at most."""
    monkeypatch.setattr("chatbridge.withdrawals._REMEMBERED", 1)
    observer = Observer(world.clock, world.notices.append)
    withdrawals, (link,) = Withdrawals(observer), world.bridge.links.all()
    for key in ("a", "b", "b", "a"):
        withdrawals.tell(key, link, frozenset({int(said)}))
    assert 3 == _told(world)


@pytest.mark.fault("F13", "F18")
def test_a_request_that_cannot_be_read_withdraws_nothing(
    world: Any, opened: str, said: str
) -> None:
    """Lost access is not taken for comments that were withdrawn."""
    world.desk.control("behaviour", {"access": False})
    world.clock.advance(700_000)
    world.run(4)
    assert 0 == _told(world)


@pytest.mark.fault("F13")
def test_nothing_in_the_chat_is_touched(world: Any, opened: str, said: str) -> None:
    """No message is deleted or changed for it: what was read cannot be unread."""
    _is_made(world, opened, said, public=False)
    ways = [request.url.rsplit("/", 1)[1] for request, _ in world.calls]
    touching = ("deleteMessage", "editMessage")
    assert [] == [way for way in ways if way.startswith(touching)]
