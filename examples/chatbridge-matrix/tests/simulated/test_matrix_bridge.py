"""The real bridge between the simulated homeserver and a simulated desk, under virtual time."""

from __future__ import annotations

from typing import Any

import pytest

from chatbridge.testing.simulator import Fault, OwedWebhook
from chatbridge_matrix.simulator import BOT, HS_TOKEN


def test_a_conversation_over_restarts(town: Any) -> None:
    """What is written while no process runs is carried by the next one, once."""
    town.says("My printer is on fire")
    town.work()
    (request,) = town.desk.control("requests", {})
    town.restart()
    town.says("It smokes")
    town.desk.control("comment", {"issue": request["key"], "text": "Have you tried water?"})
    town.desk.control("comment", {"issue": request["key"], "text": "odd customer", "public": False})
    town.work()
    town.restart()
    town.work()
    shown = town.shown()
    assert 1 == sum("tried water" in text for text in shown)
    assert not any("odd customer" in text for text in shown)
    assert [1, 1] == [sum(word in text for text in town.told()) for word in ("printer", "smokes")]


def test_a_long_gap_is_filled(town: Any) -> None:
    """More than one page of messages between two polls: each arrives once, in order."""
    town.says("opening")
    town.work()
    words = [f"word-{number:03d}." for number in range(60)]
    for word in words:
        town.says(word)
    while words[-1] not in "".join(town.told()):
        town.work()
    told = "\n".join(town.told())
    assert words == sorted(words, key=told.index)
    assert dict.fromkeys(words, 1) == {word: told.count(word) for word in words}


def test_what_was_before_the_invitation_stays_out(town: Any) -> None:
    """Of a room with a history, the bot carries what was written from its invitation on."""
    name = "!old:simulated.example"
    person = "@personold:simulated.example"
    town.matrix._member(name, person, person, "join")
    for number in range(130):
        town.says(f"private-{number}", chat="old")
    town.matrix._member(name, person, BOT, "invite")
    for number in range(55):
        town.says(f"public-{number:02d}.", chat="old")
    while "public-54." not in "".join(town.told()):
        town.work()
    told = "\n".join(town.told())
    assert 0 == told.count("private-")
    assert [1] * 55 == [told.count(f"public-{number:02d}.") for number in range(55)]


def test_an_invitation_from_before_the_first_poll_is_accepted(empty: Any) -> None:
    """Rooms that invited the bot before it was set up are joined, and nothing is lost."""
    empty.says("early")
    empty.set_up()
    for _ in range(2):
        empty.work()
    empty.says("in time")
    empty.work()
    told = "\n".join(empty.told())
    assert [1, 1] == [told.count(word) for word in ("early", "in time")]


@pytest.mark.parametrize("word", ["!more", "1"])
def test_a_word_lets_held_answers_be_shown(town: Any, word: str) -> None:
    """Many answers at once are asked about first; a command or a number is the answer."""
    town.says("My printer is on fire")
    town.work()
    (request,) = town.desk.control("requests", {})
    for number in range(11):
        town.desk.control("comment", {"issue": request["key"], "text": f"answer-{number}."})
    town.work()
    assert [0, 1] == [
        sum(each in text for text in town.shown()) for each in ("answer-", "Send 1 or /more")
    ]
    town.says(word)
    for _ in range(8):  # Rooms take only so much at once.
        town.work()
    assert 11 == sum("answer-" in text for text in town.shown())


@pytest.mark.parametrize("empty", ["webhook"], indirect=True)
def test_a_transaction_is_taken_when_all_of_it_is_done(town: Any) -> None:
    """While Jira is down it is refused, and comes again under its number; nothing is doubled."""
    town.says("My printer is on fire")
    town.desk.switch_fault(Fault(kind="status", status=503, match="POST", times=None))
    (owed,) = town.matrix.owed_webhooks()
    assert 503 == town.taken(owed).status
    town.matrix.webhook_answered(owed.webhook_id, 503, None)
    town.desk.clear_faults()
    for _ in range(20):
        town.clock.advance(60.0)
        town.work()
    answers = [town.taken(owed) for _ in range(2)]
    assert [(200, b"{}", "application/json")] * 2 == [
        (each.status, each.body, each.media_type) for each in answers
    ]
    assert 1 == "".join(town.told()).count("on fire")


@pytest.mark.parametrize("empty", ["webhook"], indirect=True)
def test_a_lost_look_up_is_made_again(town: Any) -> None:
    """Where the homeserver does not say what a reply answers, the transaction is not taken."""
    town.says("first printer")
    town.work()
    asked = town.matrix.control("transcript", {"chat": "c1"})[-1]["message_id"]
    town.says("the blue one", reply_to=asked)
    town.matrix.switch_fault(Fault(kind="lost_before", match="/event/"))
    (owed,) = town.matrix.owed_webhooks()
    assert [503, 200] == [town.taken(owed).status for _ in range(2)]
    assert 1 == "".join(town.told()).count("the blue one")


@pytest.mark.parametrize("empty", ["webhook"], indirect=True)
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/_matrix/app/v1/ping", 200),
        ("GET", "/_matrix/app/v1/users/@somebody:simulated.example", 404),
        ("GET", "/_matrix/app/v1/rooms/#support:simulated.example", 404),
        ("GET", "/_matrix/app/v1/transactions/7", 405),
        ("PUT", "/_matrix/app/v1/transactions", 404),
        ("POST", "", 404),
    ],
)
def test_what_else_a_homeserver_asks(town: Any, method: str, path: str, status: int) -> None:
    """A ping is answered, no account or room is made on demand, and there is nothing else."""
    owed = OwedWebhook(
        webhook_id="1", url=town.bridge.webhook_url(("matrix", BOT)) + path, due=0.0, body=b"{}",
        headers={"Authorization": f"Bearer {HS_TOKEN}"}, method=method,
    )  # fmt: skip
    assert status == town.taken(owed).status
    proved = {200: 403, 404: 403 if method == "GET" else 404, 405: 405}
    owed.headers = {"Authorization": "Bearer another"}
    assert proved[status] == town.taken(owed).status


@pytest.mark.parametrize("empty", ["webhook"], indirect=True)
def test_an_older_homeserver_proves_itself_in_the_query(town: Any) -> None:
    """Where there is no header, the token may stand in the query."""
    place = town.bridge.webhook_url(("matrix", BOT)) + "/_matrix/app/v1/ping"
    answers = [
        town.taken(OwedWebhook(
            webhook_id="1", url=f"{place}?access_token={token}", due=0.0, body=b"{}", headers={},
        ))
        for token in (HS_TOKEN, "another")
    ]  # fmt: skip
    assert [200, 403] == [each.status for each in answers]
