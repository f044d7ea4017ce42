"""What people can do in the playground, with the real bridge between the simulators."""

from __future__ import annotations

import base64
import hashlib
import json
from itertools import pairwise

import pytest

from chatbridge import ConfigurationError
from chatbridge.errors import UnknownPluginError
from chatbridge.playground.example import tell_example
from chatbridge.playground.play import Playground

TOKEN = "token-of-this-run"


@pytest.mark.parametrize("platform", ["telegram", "viber"])
def test_a_conversation_goes_both_ways(people, platform):
    """A message becomes a request, an answer a message, and a note stays inside."""
    key = people.opened(platform)
    people.do("comment", issue=key, text="We are on our way", public=True)
    people.do("comment", issue=key, text="What a mess", public=False)
    people.later(5)
    people.do("say", platform=platform, text="Thank you")
    people.later(5)
    assert (1, 0) == (people.shown(platform, "on our way"), people.shown(platform, "What a mess"))
    assert ([True], [False]) == (people.in_jira("Thank you"), people.in_jira("What a mess"))


@pytest.mark.parametrize("platform", ["telegram", "viber"])
def test_pictures_go_both_ways_unchanged(people, caller, sample, platform):
    """What arrives on the other side is what was sent, and the page can show it."""
    key = people.opened(platform)
    people.do("picture", platform=platform, text="Look", content=sample("hearts"))
    people.do("comment", issue=key, text="", public=True, content=sample("lever"))
    people.later(5)
    comments = people.seen["requests"][0]["comments"]
    in_jira = [file["picture"] for comment in comments for file in comment["files"]]
    on_phone = [each["file"]["picture"] for each in people.chat(platform) if each["file"]]
    raw = {name: base64.b64decode(sample(name)) for name in ("hearts", "lever")}
    digests = {hashlib.sha256(data).hexdigest() for data in raw.values()}
    assert (digests, digests) == (set(in_jira), set(on_phone))
    assert (200, raw["lever"]) == caller("GET", f"/{TOKEN}/pictures/{on_phone[-1]}")
    assert "image/png" == caller.fields["Content-Type"]
    assert 404 == caller("GET", f"/{TOKEN}/pictures/{'0' * 64}")[0]


@pytest.mark.parametrize("platform", ["telegram", "viber"])
def test_customers_of_one_platform_have_chats_of_their_own(people, sample, platform):
    """A second phone opens its own request, and answers, pictures and blocks stay apart."""
    people.do("customer", platform=platform)
    mine = people.opened(platform, "My printer burns")
    people.do("say", platform=platform, customer=2, text="Do you repair pianos?")
    people.do("picture", platform=platform, customer=2, text="This", content=sample("hearts"))
    people.later(5)
    theirs = people.seen["requests"][0]["key"]
    people.do("comment", issue=theirs, text="We do", public=True)
    people.do("fault", place=platform, kind="blocked-1", on=True)
    people.do("comment", issue=mine, text="Leave the house", public=True)
    people.later(5)
    first, second = (each for each in people.seen["phones"] if each["platform"] == platform)
    texts = [" ".join(m["text"] for m in each["messages"]) for each in (first, second)]
    assert [False, True] == ["We do" in text for text in texts]
    assert [False, False] == ["Leave the house" in text for text in texts]
    assert [0, 1] == [sum(bool(m["file"]) for m in each["messages"]) for each in (first, second)]
    assert (mine != theirs, first["person"] != second["person"]) == (True, True)


def test_a_platform_has_room_for_four_customers(people, caller):
    """The last phone offers another one until there are four; a phone that is not there is told."""
    for number in (2, 3, 4):
        people.do("customer", platform="viber")
        phones = [each for each in people.seen["phones"] if each["platform"] == "viber"]
        assert [False] * (number - 1) + [number < 4] == [each["more"] for each in phones]
    assert len(people.seen["phones"]) == len({each["person"] for each in people.seen["phones"]})
    status, told = caller.post("do/customer", {"platform": "viber"})
    assert (400, True) == (status, "at most 4 customers" in told["error"])
    for customer, wanted in ((5, 404), (0, 404), ("2", 400), (True, 400)):
        status, _ = caller.post("do/say", {"platform": "viber", "customer": customer, "text": "a"})
        assert (customer, wanted) == (customer, status)


def test_agents_change_what_they_wrote(people):
    """An edit and a comment made public reach the chat, and a new status is announced."""
    key = people.opened()
    people.do("comment", issue=key, text="At 15:00", public=True)
    people.do("comment", issue=key, text="For you alone", public=False)
    people.later(5)
    said, note = (comment["id"] for comment in people.seen["requests"][0]["comments"])
    people.do("change", issue=key, comment=said, text="At 16:00")
    people.do("show", issue=key, comment=note, public=True)
    people.do("status", issue=key, status="Resolved")
    people.later(5)
    shown = [people.shown("telegram", text) for text in ("15:00", "16:00", "For you", "Resolved")]
    assert [0, 1, 1, 1] == shown


def test_a_reply_leads_to_the_request_that_it_answers(people):
    """Where a platform has replies, a phone can answer an older request."""
    first = people.opened(text="My printer burns")
    about_first = people.chat("telegram")[-1]["id"]
    people.do("say", platform="telegram", text="/new")
    people.later(5)
    second = people.opened(text="My chair, too")
    people.do("say", platform="telegram", text="It is out now", reply_to=about_first)
    people.later(5)
    texts = {each["key"]: str(each["comments"]) for each in people.seen["requests"]}
    found = ("out now" in texts[first], "out now" in texts[second])
    assert (True, True, False) == (first != second, *found)


def test_a_killed_bridge_loses_nothing(people):
    """What both sides write meanwhile arrives after the start, once."""
    key = people.opened()
    people.do("kill")
    assert not people.seen["bridge"]["runs"]
    people.do("say", platform="telegram", text="Are you there?")
    people.do("comment", issue=key, text="Here we are", public=True)
    people.later(60)
    assert ([], 0) == (people.in_jira("Are you there"), people.shown("telegram", "Here we are"))
    people.do("start")
    people.later(180)
    assert (True, 2) == (people.seen["bridge"]["runs"], people.seen["bridge"]["starts"])
    assert ([True], 1) == (people.in_jira("Are you there"), people.shown("telegram", "Here we are"))


@pytest.mark.parametrize("platform", ["telegram", "viber"])
def test_a_bridge_killed_in_the_middle_of_a_write_repeats_nothing(people, platform):
    """Jira has taken the message when the bridge dies; the next process sees that it has."""
    people.opened(platform)
    people.do("kill", later=True)
    assert people.seen["bridge"]["dies"]
    people.do("say", platform=platform, text="Only once, please")
    people.later(5)
    bridge = people.seen["bridge"]
    assert (False, False, [True]) == (bridge["runs"], bridge["dies"], people.in_jira("Only once"))
    people.do("start")
    people.later(300)
    assert [True] == people.in_jira("Only once")


def test_a_wanted_death_can_be_called_off(people):
    """Then the next write goes on."""
    people.opened()
    people.do("kill", later=True)
    people.do("kill", later=False)
    people.do("say", platform="telegram", text="Still there?")
    people.later(5)
    assert (True, [True]) == (people.seen["bridge"]["runs"], people.in_jira("Still there?"))


@pytest.mark.parametrize("kind", ["busy", "down", "lost", "slow"])
def test_faults_of_jira_delay_and_double_nothing(people, kind):
    """Each switch lets something fail that is told, and all is well when it is over."""
    people.opened()
    people.do("fault", place="desk", kind=kind, on=True)
    people.do("say", platform="telegram", text="Patience")
    people.later(5)
    failed = [call for call in people.seen["bridge"]["calls"] if not call["good"]]
    assert {"Jira"} == {call["place"] for call in failed}
    people.do("fault", place="desk", kind=kind, on=False)
    people.later(600)
    assert [True] == people.in_jira("Patience")


def test_a_customer_is_told_after_a_day_without_jira(people):
    """What could not be passed on in half of the platform's patience is not lost silently."""
    people.opened()
    people.do("fault", place="desk", kind="down", on=True)
    people.do("say", platform="telegram", text="Patience")
    people.later(3600)
    assert 0 == people.shown("telegram", "Sorry")
    people.later(86_400)
    assert 1 == people.shown("telegram", "Sorry")


def test_only_a_lost_answer_of_a_platform_shows_a_message_twice(people):
    """Nobody can know whether it arrived, so it is sent again: the honest limit, to be seen."""
    key = people.opened()
    people.do("fault", place="telegram", kind="lost", on=True)
    people.do("comment", issue=key, text="Twice, perhaps", public=True)
    people.later(300)
    assert 2 == people.shown("telegram", "Twice, perhaps")
    outcomes = [call["outcome"] for call in people.seen["bridge"]["calls"]]
    assert "no answer: taken or not?" in outcomes


@pytest.mark.parametrize("platform", ["telegram", "viber"])
def test_buttons_of_a_message_can_be_pressed(people, platform):
    """A flood of comments is asked about first; the phone shows what to press."""
    key = people.opened(platform)
    people.do("kill")
    for number in range(12):
        people.do("comment", issue=key, text=f"Try {number}.", public=True)
    people.do("start")
    people.later(180)
    asked = people.chat(platform)[-1]
    assert (["Show them"], 0) == (asked["choices"], people.shown(platform, "Try "))
    people.do("press", platform=platform, choice="Show them", message_id=asked["id"])
    people.later(60)
    assert 12 == people.shown(platform, "Try ")


def test_a_switch_shows_whether_it_is_on(people):
    """Of those that last only one is on at a time; those that hit once go off by themselves."""
    people.opened()

    def on() -> list[str]:
        jira = people.seen["faults"][0]["switches"]
        return [each["kind"] for each in jira if each["on"]]

    people.do("fault", place="desk", kind="busy", on=True)
    people.do("fault", place="desk", kind="down", on=True)
    assert ["down"] == on()
    people.do("fault", place="desk", kind="down", on=False)
    people.do("fault", place="desk", kind="lost", on=True)
    assert ["lost"] == on()
    people.do("say", platform="telegram", text="Hello?")
    people.later(5)
    assert [] == on()


@pytest.mark.parametrize("platform", ["telegram", "viber"])
def test_agents_read_that_a_customer_has_blocked_the_bot(people, platform):
    """One internal note says so; after that the customer can come back."""
    key = people.opened(platform)
    people.do("fault", place=platform, kind="blocked-1", on=True)
    people.do("comment", issue=key, text="Hello?", public=True)
    people.later(60)
    notes = [each for each in people.seen["requests"][0]["comments"] if not each["public"]]
    assert (0, 1) == (people.shown(platform, "Hello?"), len(notes))
    people.do("fault", place=platform, kind="blocked-1", on=False)
    people.do("say", platform=platform, text="Back again")
    people.later(60)
    assert [True] == people.in_jira("Back again")


def test_time_passes_while_somebody_looks(caller, real_time):
    """As fast as real time, but not at all when it is stopped, nor for hours that nobody looked."""
    times = []
    for passed, runs in ((0.0, True), (2.0, True), (3600.0, True), (0.0, False), (2.0, False)):
        real_time[0] += passed
        _, seen = caller.post("do/clock", {"runs": runs})
        times.append(seen["time"]["now"])
    steps = [after - before for before, after in pairwise(times)]
    assert [2.0, 5.0, 0.0, 0.0] == pytest.approx(steps, abs=0.01)


def test_a_day_can_be_skipped(people):
    """The bridge works all along."""
    people.opened()
    before = people.seen["time"]["now"]
    people.later(86_400)
    assert 86_400 <= people.seen["time"]["now"] - before < 86_500
    assert people.seen["time"]["moved"] >= 86_400


def test_records_are_shown_sealed_and_unsealed(people):
    """All kinds are there; sealed bytes hold no word, and secrets are withheld even unsealed."""
    people.opened()
    records = people.seen["records"]
    kinds = {record["kind"] for record in records}
    assert {"project", "conversation", "link", "claim", "keyset"} <= kinds
    link = next(record for record in records if record["kind"] == "link")
    assert ("telegram", "1001") == (link["inside"]["platform"], link["inside"]["chat"])
    assert "1001" not in bytes.fromhex(link["sealed"]).decode("latin-1")
    told = json.dumps(records)
    assert "printer" not in told
    assert "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw" not in told
    assert [None] == [record["inside"] for record in records if record["kind"] == "keyset"]


def test_calls_are_told_without_what_they_carry(people):
    """Neither a word, a key of a request, a chat nor a token stands in the list."""
    key = people.opened()
    people.do("comment", issue=key, text="We are on our way", public=True)
    people.do("say", platform="telegram", text="Thank you")
    people.later(5)
    told = json.dumps(people.seen["bridge"]["calls"])
    assert "sendMessage" in told
    assert [] == [w for w in (key, "1001", "110201543", "way", "Thank", "10001") if w in told]


def test_the_example_tells_a_whole_conversation(play):
    """It shows both platforms, a note that stays inside, and pictures both ways."""
    tell_example(play)
    seen = play.look()
    assert 2 == len(seen["requests"])
    files = [each["file"] for phone in seen["phones"] for each in phone["messages"] if each["file"]]
    assert [True, True] == [file["picture"] is not None for file in files]
    assert "prank" not in json.dumps(seen["phones"])
    assert "prank" in json.dumps(seen["requests"])


def test_platforms_can_be_chosen():
    """Only the wanted ones are there; an unknown one is named with what to install."""
    seen = Playground(["viber"]).look()
    assert ["viber"] == [phone["platform"] for phone in seen["phones"]]
    with pytest.raises(UnknownPluginError, match="no installed package"):
        Playground(["fax"])


def test_nothing_to_play_with_says_what_to_install(monkeypatch):
    """Without an adapter there is no playground."""
    monkeypatch.setenv("CHATBRIDGE_PLUGINS", "none")
    with pytest.raises(ConfigurationError, match="pip install chatbridge-telegram"):
        Playground()
