"""`chatbridge doctor --prove-p1` and `--loop`: what they write, see, say and remove."""

from __future__ import annotations

import json

import pytest

from chatbridge.configuration import open_bridge, read_configuration
from chatbridge.testing.simulator import Fault


@pytest.fixture
def issue(world, set_up) -> str:
    """Return the key of a request that was made in Jira, without a chat."""
    from chatbridge.desk import NewRequest
    from chatbridge.richtext import Document

    with open_bridge(read_configuration()) as bridge:
        desk = bridge.engine.roster.desk("127.0.0.1")
        draft = NewRequest(
            service_desk="10",
            request_type="25",
            summary="A test",
            description=Document.from_plain("Nothing"),
            marker="cbmarker",
        )
        return desk.call(desk.desk.open_request(draft)).issue_key


def _trial(shell, *arguments: str) -> dict[str, dict]:
    told = json.loads(shell("doctor", "--json", *arguments).stdout)
    return {each["subject"]: each for each in told["findings"] if "trial" in each["subject"]}


def _left(world) -> list[str]:
    return [
        comment["text"]
        for each in world.desk.control("requests", {})
        for comment in each["comments"]
    ]


def test_notes_are_proved_to_be_kept_back(world, set_up, issue):
    """Both notes are kept back, the public comment would be shown, and nothing stays behind."""
    told = _trial(set_up, "--prove-p1", issue)
    assert {
        "trial: an internal note": "is kept back, by both APIs",
        "trial: a comment for one role": "is kept back, by the platform API alone",
        "trial: a public comment": "would be shown",
        "trial: what a customer's message sets off": (
            "nothing of the status and clocks (SLA) changed within these seconds"
        ),
        "trial": "its comments are removed again (3)",
    } == {subject: each["text"] for subject, each in told.items()}
    assert ({"ok"}, []) == ({each["level"] for each in told.values()}, _left(world))


def test_a_site_that_lies_is_found_out(world, set_up, issue):
    """Where both APIs call a note public, the doctor says so, and what to do at once."""
    world.desk.control("behaviour", {"lie_to_agents": True})
    told = _trial(set_up, "--prove-p1", issue)
    assert not told["trial: an internal note"]["ok"]
    assert "chatbridge project pause NAME" in told["trial: an internal note"]["mend"]
    assert [] == _left(world)


def test_with_a_reader_the_lie_changes_nothing(world, set_up, issue, monkeypatch):
    """The customer API keeps the note from the reader account, whatever it tells agents."""
    known = world.desk.credentials()
    monkeypatch.setenv("CHATBRIDGE_SITE_READER_ACCOUNT", known["reader_account"])
    monkeypatch.setenv("CHATBRIDGE_SITE_READER_TOKEN", known["reader_token"])
    world.desk.control("behaviour", {"lie_to_agents": True})
    told = _trial(set_up, "--prove-p1", issue)
    assert "is kept back, by the customer API alone" == told["trial: an internal note"]["text"]
    findings = json.loads(set_up("doctor", "--json").stdout)["findings"]
    reader = {each["subject"]: each["text"] for each in findings}
    assert "is no agent" in reader["reader account in project support"]


def test_a_clock_that_stops_is_told(world, set_up, issue):
    """To Jira the bot's comments are an agent's answers: it is told what that sets off."""
    world.desk.control("behaviour", {"answers_count": True})
    told = _trial(set_up, "--prove-p1", issue)["trial: what a customer's message sets off"]
    assert ("hint", "the clock 'Time to first response' changed (none, 1 rounds ended)") == (
        told["level"],
        told["text"],
    )


def test_what_was_written_is_removed_though_the_trial_fails(world, set_up, issue):
    """A failure in the middle leaves no comment, and is told."""
    world.desk.switch_fault(Fault(kind="status", match="comment/list$", status=500, times=None))
    told = _trial(set_up, "--prove-p1", issue)
    assert "its comments are removed again (3)" == told["trial"]["text"]
    assert [] == _left(world)


def test_what_cannot_be_removed_is_told(world, set_up, issue):
    """Without the permission to delete, the administrator learns what to look for."""
    world.desk.switch_fault(Fault(kind="status", match="comment/[0-9]+$", status=403, times=None))
    told = _trial(set_up, "--prove-p1", issue)
    assert not told["trial"]["ok"]
    assert "'chatbridge doctor:'" in told["trial"]["mend"]
    assert {True} == {text.startswith("chatbridge doctor:") for text in _left(world)}


def test_an_issue_with_a_chat_is_not_tried(world, linked):
    """No customer is ever shown a trial: a linked request is refused before anything is written."""
    told = _trial(linked, "--prove-p1", "HELP-1", "--loop", "HELP-1")
    assert "a chat is linked with this issue" == told["trial"]["text"]
    assert [] == _left(world)


def test_an_issue_that_is_not_there(set_up):
    """A wrong key is told as such."""
    assert "cannot be read" in _trial(set_up, "--prove-p1", "HELP-99")["trial"]["text"]


def test_the_feed_is_seen_to_tell(world, set_up, issue):
    """A comment is written, heard of by the change feed, and removed."""
    told = _trial(set_up, "--loop", issue)
    assert "told of a new comment after 0 s" == told["trial: the change feed"]["text"]
    assert ([], "trial: the webhook" in told) == (_left(world), False)


def test_a_feed_that_tells_nothing(world, set_up, issue, monkeypatch):
    """A search whose index stands still is a problem that is named, after a while."""
    monkeypatch.setattr("chatbridge.cli.trial_checks._PATIENCE", -1.0)
    world.desk.control("behaviour", {"index_lag": 3600.0})
    told = _trial(set_up, "--loop", issue)["trial: the change feed"]
    assert "did not tell of a new comment" in told["text"] and "index" in told["mend"]


def test_two_issues_are_too_many(set_up):
    """Both trials take one issue; the command was written wrongly otherwise."""
    assert "same test issue" in set_up.bad(
        "doctor", "--prove-p1", "HELP-1", "--loop", "HELP-2", status=2
    )


def test_a_webhook_that_is_taken_in_is_seen(world, set_up, issue, monkeypatch):
    """Beside the feed, the doctor asks the running bridge when it had Jira's last webhook."""
    moments = iter([100.0, 100.0, 200.0])
    monkeypatch.setattr("chatbridge.cli.trial_checks._PAUSE", 0.0)
    monkeypatch.setenv("CHATBRIDGE_PUBLIC_URL", "https://chat.example.com")
    monkeypatch.setattr("chatbridge.cli.diagnosis.check_web", lambda _url: iter(()))
    monkeypatch.setattr(
        "chatbridge.cli.trial_checks.read_health",
        lambda _url: (200, {"last_webhook": {"site 127.0.0.1": next(moments)}}),
    )
    told = _trial(set_up, "--loop", issue)["trial: the webhook"]
    assert ("ok", "of a new comment was taken in") == (told["level"], told["text"])
